"""Checks that all calls go out."""

from collections.abc import Iterable

from core.checks.context import CheckContext
from core.domain.status import Verdict
from core.resilience import BreakerRecord, BreakerState

FINE = (BreakerState.CLOSED, BreakerState.DUE)


async def breakers(context: CheckContext) -> Verdict:
    """Check that all breakers are closed, or merely due."""
    return judge(context.breakers())


def judge(records: Iterable[BreakerRecord]) -> Verdict:
    """Return the verdict on all breakers as they stand."""
    bad = [record for record in records if record.state not in FINE]
    if not bad:
        return Verdict.ok("all closed")  # how many there are changes by the minute, and is said beside
    more = f" and {len(bad) - 1} more" if len(bad) > 1 else ""
    return Verdict.warning(f"{bad[0].key} {bad[0].state.replace('_', '-')}{more}")
