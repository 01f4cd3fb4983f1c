"""Checks that all calls go out."""

from collections.abc import Iterable

from core.checks.context import CheckContext
from core.domain.status import Verdict
from core.resilience import BreakerRecord, BreakerState


async def breakers(context: CheckContext) -> Verdict:
    """Check that all breakers are closed, or merely due."""
    return judge(context.breakers())


def judge(records: Iterable[BreakerRecord]) -> Verdict:
    """Return the verdict on all breakers as they stand; it counts all that are not closed, as every panel does."""
    not_closed = [record for record in records if record.state is not BreakerState.CLOSED]
    if not not_closed:
        return Verdict.ok("all closed")  # how many there are changes by the minute, and is said beside
    worst = next((record for record in not_closed if record.state.refuses), not_closed[0])
    more = f" and {len(not_closed) - 1} more" if len(not_closed) > 1 else ""
    text = f"{worst.key} {worst.state.replace('_', '-')}{more}"
    return Verdict.warning(text) if worst.state.refuses else Verdict.ok(text)
