"""What one answer tells of all tasks: those that run, unless one is older than the newest; rates, where it counted."""

from datetime import UTC, datetime, timedelta

import pytest

from core.domain.records import SuccessRate, Task
from core.domain.task_overview import TaskOverview

DAY = timedelta(hours=24)


def told(*statuses: str, oldest_running: str | None = None, success: SuccessRate | None = None) -> TaskOverview:
    """The newest tasks by their statuses; their ids are their places."""
    newest = tuple(
        Task(id=str(place), task_type="", description="", status=status) for place, status in enumerate(statuses)
    )
    return TaskOverview(
        proven=True,
        newest=newest,
        oldest_running=oldest_running,
        oldest_pending_at=None,
        last_completed_at=datetime(2026, 11, 24, tzinfo=UTC),
        success=success or SuccessRate(1, 0, DAY),
    )


@pytest.mark.parametrize(
    ("statuses", "oldest_running", "running"),
    [
        ((), None, ()),
        (("pending", "completed"), None, ()),
        (("in_progress", "completed", "in_progress"), "2", ("0", "2")),
        (("in_progress", "completed"), "elsewhere", None),  # one that was created before all of these
        ((), "elsewhere", None),
        (("in_progress",), None, ()),  # it has ended since
        (("in_progress", "pending"), "1", ("0",)),  # it has begun since: nothing older runs
    ],
)
def test_all_that_run_are_known_once_the_oldest_of_them_is_seen(
    statuses: tuple[str, ...], oldest_running: str | None, running: tuple[str, ...] | None
) -> None:
    found = told(*statuses, oldest_running=oldest_running).running()
    assert (None if found is None else tuple(task.id for task in found)) == running


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
    assert told(success=success).success_within(timedelta(hours=hours)) == (success if known else None)
