"""Does the database answer? Down needs proof; not reaching it proves nothing."""

from core.facts import Evidence, Fault, Verdict
from core.resilience import NotLive
from core.watch.look import Look


async def database(look: Look) -> Verdict:
    """It answered; or it is proven down; or we are blind."""
    try:
        await look.live.ping(look.rules.hanging_s, look.trace)
    except NotLive as not_live:
        return proof(not_live.fault)
    return Verdict.ok("answers")


def proof(fault: Fault) -> Verdict:
    """What a fault proves about the database."""
    match fault.evidence:
        case Evidence.DOWN:
            return Verdict.critical(f"down: {fault.sentence()}")
        case Evidence.SILENT:
            return Verdict.critical("hanging: connected, and silent for 10 s")
        case Evidence.ALIVE:
            return Verdict.ok(f"answers, but refuses: {fault.sentence()}")
        case Evidence.NONE:
            return Verdict.unknown(f"blind: {fault.sentence()}")
