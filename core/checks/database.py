"""Checks that the database answers. Down needs proof; not reaching it is none, unless the control address answers."""

from core.backend.faults import NOT_REACHED, PROXY
from core.checks.context import CheckContext
from core.domain.checks import UNREACHABLE
from core.domain.status import Verdict
from core.resilience import NotLive
from core.resilience.fault import Evidence, Fault


async def database(context: CheckContext) -> Verdict:
    """Check that the database answers: ok, proven down, or blind.

    An answer to all questions at once is one. None proves nothing: the lightest question decides.
    """
    if await context.overview() is not None:
        return Verdict.ok("answers")
    try:
        await context.live.probes.database(context.rules.hanging_s, context.trace)
    except NotLive as not_live:
        fault = not_live.fault
        if fault.kind in NOT_REACHED and context.control is not None and await context.control():
            return Verdict.critical(f"down: {fault.sentence()}, while the control address answers").unanswered()
        return proof(fault)
    return Verdict.ok("answers")


def outage_in_words(fault: Fault) -> str:
    """Return the fault as one line: a proxy that answers for the API says nothing of the database behind it."""
    return f"{UNREACHABLE if fault.kind == PROXY else ''}{fault.sentence()}"


def proof(fault: Fault) -> Verdict:
    """Return the verdict that a fault proves about the database."""
    match fault.evidence:
        case Evidence.DOWN:
            said = outage_in_words(fault)
            return Verdict.critical(said if said.startswith(UNREACHABLE) else f"down: {said}").unanswered()
        case Evidence.SILENT:
            return Verdict.critical("hanging: connected, but no answer for 10 s").unanswered()
        case Evidence.ALIVE:
            return Verdict.ok(f"answers, but refuses: {fault.sentence()}")
        case Evidence.NONE:
            return Verdict.unknown(f"blind: {fault.sentence()}")
