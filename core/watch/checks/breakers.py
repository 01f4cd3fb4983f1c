"""Do all our calls go out?"""

from core.facts import Verdict
from core.resilience import BreakerState
from core.watch.look import Look

FINE = (BreakerState.CLOSED, BreakerState.DUE)


async def breakers(look: Look) -> Verdict:
    """All closed, or merely due."""
    records = look.breakers()
    bad = [record for record in records if record.state not in FINE]
    if not bad:
        return Verdict.ok("all closed")  # how many there are changes by the minute, and is said beside
    more = f" and {len(bad) - 1} more" if len(bad) > 1 else ""
    return Verdict.warning(f"{bad[0].key} {bad[0].state.replace('_', '-')}{more}")
