"""Checks the agents' function by OPTIONS: a health check must never run tasks."""

from core.backend.answers import FUNCTION_WANTS_JWT
from core.checks.context import CheckContext
from core.domain.status import Verdict
from core.resilience import NotLive
from core.resilience.fault import Evidence, Fault


async def edge_function(context: CheckContext) -> Verdict:
    """Check that the function answers: ok, not deployed, unavailable, or unknown."""
    try:
        await context.live.probes.edge_function(context.rules.probe_s)
    except NotLive as not_live:
        return without_answer(not_live.fault)
    return Verdict.ok("answers")


def without_answer(fault: Fault) -> Verdict:
    """Return the verdict on a function whose question failed."""
    if fault.evidence is Evidence.NONE:
        return Verdict.unknown(f"blind: {fault.message}")
    if fault.kind == FUNCTION_WANTS_JWT:
        return Verdict.warning(f"answers, but would refuse us: {fault.remedy}")
    if fault.evidence is Evidence.ALIVE:
        missing = fault.kind in {"refused_request", "missing_function"}
        return Verdict.warning(f"not deployed: {fault.message}" if missing else f"refuses: {fault.sentence()}")
    return Verdict.warning(f"unavailable: {fault.message}").unanswered()
