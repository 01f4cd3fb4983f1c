"""Judging the failure rate: at which share something is to be done, of how many, and of which failures."""

from datetime import UTC, datetime, timedelta

import pytest

from core.domain.counts import SuccessRate
from core.domain.failure_rate import FailureRules, fails_above, failure_rate, fresh_failure_rate

NOW = datetime(2026, 11, 29, 3, 10, tzinfo=UTC)
DAY, HOUR = timedelta(hours=24), timedelta(hours=1)
RULES = FailureRules(few_finished=10, window_h=24, recent_s=900)


@pytest.mark.parametrize(
    ("completed", "failed", "percent", "above"),
    [
        (5, 5, 50.0, False),
        (4, 6, 50.0, True),
        (2, 8, 80.0, False),
        (1, 9, 80.0, True),
        (0, 9, 50.0, False),
        (0, 10, 50.0, True),
        (0, 0, 0.0, False),
    ],
    ids=["at the bound", "above it", "at the other", "above the other", "too few", "just enough", "none"],
)
def test_a_rate_is_too_high_above_its_bound_and_of_enough(
    completed: int, failed: int, percent: float, above: bool
) -> None:
    assert fails_above(SuccessRate(completed=completed, failed=failed, window=DAY), percent, RULES) is above


def test_a_rate_that_is_not_known_is_none() -> None:
    assert not fails_above(None, 0.0, RULES)


class Finished:
    """Reads that note what they were asked."""

    def __init__(self, failed_ago_s: float | None) -> None:
        self._failed_at = None if failed_ago_s is None else NOW - timedelta(seconds=failed_ago_s)
        self.asked: list[tuple[datetime, datetime, bool]] = []

    async def success_rate(self, since: datetime, now: datetime, *, without_ours: bool = False) -> SuccessRate:
        self.asked.append((since, now, without_ours))
        return SuccessRate(completed=0, failed=20, window=DAY)

    async def last_failed_at(self, now: datetime) -> datetime | None:
        return self._failed_at


async def test_a_person_is_shown_all_that_failed_within_the_window() -> None:
    reads = Finished(None)
    await failure_rate(reads, NOW, RULES)
    assert reads.asked == [(NOW - DAY, NOW, False)]


@pytest.mark.parametrize("failed_ago_s", [None, 901.0])
async def test_nothing_is_done_about_failures_that_are_over(failed_ago_s: float | None) -> None:
    reads = Finished(failed_ago_s)
    assert await fresh_failure_rate(reads, NOW, RULES, None) is None
    assert reads.asked == []


@pytest.mark.parametrize(
    ("resumed_at", "since"), [(None, NOW - DAY), (NOW - HOUR, NOW - HOUR), (NOW - 2 * DAY, NOW - DAY)]
)
async def test_what_acts_by_itself_goes_by_fresh_failures_that_are_not_its_own(
    resumed_at: datetime | None, since: datetime
) -> None:
    reads = Finished(900.0)
    assert await fresh_failure_rate(reads, NOW, RULES, resumed_at) == SuccessRate(completed=0, failed=20, window=DAY)
    assert reads.asked == [(since, NOW, True)]
