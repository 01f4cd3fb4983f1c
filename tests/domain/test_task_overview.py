"""What one answer tells of all tasks: a rate only where it was counted; none overdue where the first began too late."""

from datetime import UTC, datetime, timedelta

import pytest

from core.domain.counts import SuccessRate
from core.domain.stuck import Overdue, StuckRules, none_overdue
from core.domain.task_overview import TaskOverview

DAY = timedelta(hours=24)
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("success", "hours", "known"),
    [
        (SuccessRate(3, 1, DAY), 24, True),
        (SuccessRate(3, 1, DAY), 12, False),
        (SuccessRate(90_000, 1, DAY, exact=False), 24, False),
    ],
)
def test_a_rate_tells_of_its_own_window_and_only_where_it_was_counted(
    success: SuccessRate, hours: int, known: bool
) -> None:
    told = TaskOverview(proven=True, running=(0, None), oldest_pending_at=None, last_completed_at=None, success=success)
    assert told.success_within(timedelta(hours=hours)) == (success if known else None)


@pytest.mark.parametrize(
    ("running", "since", "none"),
    [
        (0, None, True),
        (3, NOW - timedelta(seconds=3600), True),
        (3, NOW - timedelta(seconds=3601), False),
        (3, NOW + DAY, True),
        (3, None, False),
    ],
)
def test_none_is_overdue_where_the_first_has_not_run_for_long(running: int, since: datetime | None, none: bool) -> None:
    assert none_overdue(running, since, NOW, StuckRules()) == (Overdue(running=running) if none else None)


def test_a_limit_of_years_is_that_of_each_task() -> None:
    rules = StuckRules(after_s=10 * 366 * 86_400.0)
    assert none_overdue(1, NOW - timedelta(days=400), NOW, rules) is None
