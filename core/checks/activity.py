"""Checks that waiting work gets done."""

from datetime import timedelta

from core.base.text import over
from core.checks.context import CheckContext
from core.domain.status import Verdict


async def activity(context: CheckContext) -> Verdict:
    """Check that waiting work moves: something completed since the oldest pending task was created."""
    config = context.config
    if config is not None and config.emergency_stop:
        return Verdict.ok("nothing expected: an emergency stop is set")
    if config is not None and not config.enabled:
        return Verdict.ok("nothing expected: the system is disabled")
    now, told = context.now, await context.told()
    oldest = told.oldest_pending_at if told is not None else await context.live.tasks.oldest_pending_at(now)
    context.oldest_pending_at = oldest
    if oldest is None:
        return Verdict.ok("nothing is waiting")
    interval_s = 60.0 * config.min_interval_minutes if config is not None else 0.0
    patience = timedelta(seconds=max(context.rules.patience_s, 2 * interval_s))
    waited = now - oldest
    if waited <= patience:
        return Verdict.ok("nothing waits too long")  # how long is said beside, and changes by the second
    last = told.last_completed_at if told is not None else await context.live.outcomes.last_completed_at(now)
    if last is not None and now - last <= patience:
        return Verdict.ok("tasks are being completed")  # when the last one was is said beside
    if config is not None and config.max_daily_tasks:
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        if await context.live.counts.started(midnight, now) >= config.max_daily_tasks:
            return Verdict.ok(f"nothing expected: the daily limit of {config.max_daily_tasks} is reached")
    return Verdict.warning(f"oldest waits {over(waited)}, nothing completed since")
