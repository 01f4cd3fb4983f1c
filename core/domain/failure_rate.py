"""The failure rate of finished work, and whether it is fresh enough to act upon. For the check and for healing."""

from collections.abc import Awaitable
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from core.base.bounds import Count, Hours, Percent, Span
from core.domain.counts import SuccessRate


class FailureRules(msgspec.Struct, frozen=True, kw_only=True):
    """The shares of failed tasks that are a warning, and critical. Section `failures` of the settings."""

    window_h: Hours = 24.0
    """The time within which finished tasks are counted."""
    few_finished: Count = 5
    """A rate of fewer finished tasks says nothing."""
    warning_percent: Percent = 50.0
    """The rate above which the check warns and healing turns dry-run on."""
    critical_percent: Percent = 80.0
    """Above this the check is critical, and counts for the emergency stop."""
    recent_s: Span = 900.0
    """The greatest age of the newest failure at which automatic actions go by the rate."""


class FinishedReads(Protocol):
    """The reads this judgement needs."""

    def success_rate(self, since: datetime, now: datetime, *, without_ours: bool = False) -> Awaitable[SuccessRate]: ...

    def last_failed_at(self, now: datetime) -> Awaitable[datetime | None]: ...


async def failure_rate(reads: FinishedReads, now: datetime, rules: FailureRules) -> SuccessRate:
    """Return the success rate within the window. Raises whatever the reads raise."""
    return await reads.success_rate(now - timedelta(hours=rules.window_h), now)


async def fresh_failure_rate(
    reads: FinishedReads, now: datetime, rules: FailureRules, lifted_at: datetime | None
) -> SuccessRate | None:
    """Return the rate for automatic actions: since the last resume, without what this product failed itself.

    `None` when the newest failure is too old to act upon. Raises whatever the reads raise.
    """
    failed_at = await reads.last_failed_at(now)
    if failed_at is None or now - failed_at > timedelta(seconds=rules.recent_s):
        return None
    since = now - timedelta(hours=rules.window_h)
    since = since if lifted_at is None else max(since, lifted_at)
    return await reads.success_rate(since, now, without_ours=True)


def fails_above(rate: SuccessRate | None, percent: float, rules: FailureRules) -> bool:
    """Return whether enough finished to tell, and more than `percent` of it failed."""
    failed = None if rate is None else rate.failed_percent
    return rate is not None and failed is not None and rate.finished >= rules.few_finished and failed > percent
