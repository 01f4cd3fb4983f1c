"""The rows of the dashboard's tasks: which come first, how many are left out, and what waits longest."""

from datetime import datetime, timedelta
from typing import Final

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.counts import TaskCounts
from core.domain.records import Task
from core.domain.snapshot import Snapshot
from core.resilience.reading import Reading, Source
from tests.tui.well import ACTIVE, changed, tasks_of
from tui.panels.tasks import TasksPanel, left_out, share_used, urgent_first
from tui.rendering.text import Signs, plain
from tui.rendering.themes import palette
from tui.rendering.waiting import oldest_pending

NOW: Final = ACTIVE.at
STATUSES: Final = ("in_progress", "failed", "pending", "awaiting_review", "completed")


@st.composite
def tasks(draw: st.DrawFn) -> list[Task]:
    """Tasks as they are read, newest first."""
    many = draw(st.integers(0, 50))
    return [
        Task(
            id=f"t{number}",
            task_type="content",
            description="words",
            status=draw(st.sampled_from(STATUSES)),
            estimated_minutes=draw(st.sampled_from([None, 5, 500])),
            created_at=NOW - timedelta(minutes=number),
        )
        for number in range(many)
    ]


@given(tasks(), st.integers(0, 40), st.sets(st.integers(0, 50)))
def test_what_failed_in_a_storm_leaves_room_for_what_runs(found: list[Task], rows: int, hang: set[int]) -> None:
    runs = {task.id for task in found if task.status == "in_progress"}
    stuck = {f"t{number}" for number in hang} & runs
    order = urgent_first(found, stuck, NOW, rows)
    assert len(order) == min(rows, len(found))
    assert len({task.id for task in order}) == len(order)
    assert sum(task.id in runs for task in order) >= min(len(runs), rows // 3)
    over = [task.id in stuck or (share_used(task, NOW) or 0) >= 1 for task in order]
    assert over == sorted(over, reverse=True)  # what is past its time stands first


@given(tasks(), st.integers(1, 40))
def test_of_what_waits_the_oldest_stand_first(found: list[Task], rows: int) -> None:
    shown = [task for task in urgent_first(found, (), NOW, rows) if task.status == "pending"]
    oldest = [task for task in reversed(found) if task.status == "pending"]
    assert shown == oldest[: len(shown)]


@pytest.mark.parametrize(
    ("status", "known", "minutes", "word"),
    [
        ("rejected", {"started_at": 50, "completed_at": 5}, 5, "ended"),
        ("rejected", {"started_at": 50}, 90, "filed"),  # nobody knows when
        ("failed", {}, 90, "filed"),
        ("pending", {"started_at": 50, "completed_at": 5}, 90, "filed"),  # by an earlier run of it
        ("awaiting_review", {"started_at": 50, "completed_at": 5}, 90, "filed"),
        ("in_progress", {"started_at": 50, "completed_at": 5}, 50, "began"),
        ("in_progress", {}, 90, "filed"),
    ],
)
def test_the_age_of_a_task_is_told_from_one_moment_by_its_state(
    status: str, known: dict[str, int], minutes: int, word: str
) -> None:
    times = {name: NOW - timedelta(minutes=before) for name, before in ({"created_at": 90} | known).items()}
    task = Task(id="t", task_type="x", description="words", status=status, **times)  # type: ignore[arg-type]  # as given
    assert task.since == (NOW - timedelta(minutes=minutes), word)


def test_what_ended_last_stands_first_whenever_it_was_created() -> None:
    def ended(name: str, created_min: int, took_min: int) -> Task:
        created = NOW - timedelta(minutes=created_min)
        return Task(
            id=name,
            task_type="content",
            description="words",
            status="completed",
            created_at=created,
            completed_at=created + timedelta(minutes=took_min),
        )

    found = [
        ended("new", 10, 1),
        ended("slow", 60, 58),
        ended("old", 90, 1),
    ]  # as they are read
    assert [task.id for task in urgent_first(found, (), NOW, 3)] == ["slow", "new", "old"]


def test_what_is_known_of_before_goes_on_no_further() -> None:
    runs = Task(
        id="t1",
        task_type="content",
        description="words",
        status="in_progress",
        estimated_minutes=60,
        created_at=NOW - timedelta(minutes=30),
        started_at=NOW - timedelta(minutes=30),
    )
    counts = TaskCounts({"in_progress": 1})
    panel = TasksPanel(Signs(), palette("dark"))

    def drawn(snapshot: Snapshot) -> str:
        return plain(panel.lines(snapshot, 100, 10)[-1])

    then = snapshot_of([runs], counts)
    last_known = msgspec.structs.replace(then.tasks.newest, source=Source.CACHED)
    later = msgspec.structs.replace(
        then,
        at=NOW + timedelta(hours=5),
        tasks=msgspec.structs.replace(then.tasks, newest=last_known),
    )
    assert "▆▆▆▆▁▁▁▁" in drawn(then)
    assert "▆▆▆▆▁▁▁▁" in drawn(later)  # live it would be 5.5x over


def test_a_task_that_runs_once_more_tells_of_this_run_whatever_the_last_one_left_in_its_row() -> None:
    again = Task(
        id="t1",
        task_type="content",
        description="words",
        status="in_progress",
        estimated_minutes=60,
        created_at=NOW - timedelta(hours=9),
        started_at=NOW - timedelta(minutes=30),
        completed_at=NOW - timedelta(hours=2),
    )
    snapshot = snapshot_of([again], TaskCounts({"in_progress": 1}))
    row = plain(TasksPanel(Signs(), palette("dark")).lines(snapshot, 100, 10)[-1])
    assert " 30 min " in row
    assert "▆▆▆▆▁▁▁▁" in row
    over = msgspec.structs.replace(again, status="completed")
    assert [one.ended_at for one in (again, over)] == [None, again.completed_at]


def snapshot_of(newest: list[Task], counts: TaskCounts, oldest: datetime | None = None) -> Snapshot:
    live = {"source": Source.LIVE, "at": NOW}
    found = tasks_of(
        ACTIVE,
        counts=Reading(value=counts, **live),
        newest=Reading(value=tuple(newest), **live),
        oldest_pending_at=oldest,
    )
    return changed(ACTIVE, tasks=found)


@given(tasks(), st.integers(0, 5_000), st.integers(0, 40), st.booleans())
def test_every_task_has_a_row_or_is_counted(found: list[Task], others: int, rows: int, exact: bool) -> None:
    counts = TaskCounts({"pending": len(found), "completed": others}, () if exact else ("completed",))
    said = left_out(snapshot_of(found, counts), rows)
    more = len(found) + others - min(rows, len(found))
    if not found or not more:
        assert said == ""
    elif exact:
        assert said == f", {more:,} more in the list (t)"
    else:
        assert said.startswith(", ≈")


def task(status: str, minutes: float) -> Task:
    """One that was created so long ago."""
    at = NOW - timedelta(minutes=minutes)
    return Task(id=f"{status} {minutes}", task_type="x", description="", status=status, created_at=at)


def test_what_waits_longest_is_named_though_it_is_none_of_the_newest() -> None:
    checked = NOW - timedelta(hours=30)
    newest = [task("completed", 1), task("pending", 5), task("in_progress", 12)]
    assert oldest_pending(snapshot_of(newest, TaskCounts({"pending": 1}))) == "5 min"
    assert oldest_pending(snapshot_of(newest, TaskCounts({"pending": 9}))) == "≥ 5 min"  # others were not looked at
    assert oldest_pending(snapshot_of(newest, TaskCounts({"pending": 9}), checked)) == "30 h"
    # Since the check it was taken, and all that came since is here.
    assert oldest_pending(snapshot_of(newest, TaskCounts({"pending": 9}), NOW - timedelta(minutes=11))) == "5 min"
    assert oldest_pending(snapshot_of(newest, TaskCounts({"pending": 0}), checked)) == ""
    assert oldest_pending(snapshot_of([task("pending", -5)], TaskCounts({"pending": 2}))) == ""  # from the future


def test_what_is_stuck_has_a_row_though_a_storm_of_newer_tasks_came_since() -> None:
    newest = [task("failed", minutes / 60) for minutes in range(50)]
    stuck = tuple(task("in_progress", 60 * hours) for hours in (5, 4, 3))

    def states(running: int) -> list[str]:
        shown = snapshot_of(newest, TaskCounts({"failed": 900, "in_progress": running}))
        found = tasks_of(shown, overdue=stuck, stuck=tuple(one.id for one in stuck))
        panel = TasksPanel(Signs(), palette("dark"))
        return [plain(line).split()[0] for line in panel.lines(changed(shown, tasks=found), 100, 12)[3:]]

    assert states(3) == ["STUCK"] * 3 + ["failed"] * 6
    assert states(1) == ["STUCK"] + ["failed"] * 8  # the others ended since the check
    assert states(0) == ["failed"] * 9


def test_what_waits_longest_has_a_row_though_newer_tasks_came_since() -> None:
    newest = [task("completed", minutes / 60) for minutes in range(50)]
    urgent = (task("failed", 30), *(task("awaiting_review", age) for age in (40, 30)), task("pending", 20))

    def states(review: int) -> list[str]:
        counts = {"completed": 900, "failed": 80, "awaiting_review": review, "pending": 1}
        shown = snapshot_of(newest, TaskCounts(counts))
        panel = TasksPanel(Signs(), palette("dark"))
        lines = panel.lines(changed(shown, tasks=tasks_of(shown, urgent=urgent)), 100, 9)[3:]
        return [" ".join(plain(line).split()[:2]) for line in lines]

    assert states(2) == [
        "failed 30",
        "awaiting review",
        "awaiting review",
        "pending 20",
        "completed now",
        "completed now",
    ]
    assert states(1)[1:3] == ["awaiting review", "pending 20"]  # somebody decided about one since


@given(st.integers(60, 200))
def test_what_waits_longest_stands_in_the_panel_whole(width: int) -> None:
    shown = snapshot_of([task("completed", 1)], TaskCounts({"pending": 9}), NOW - timedelta(hours=2))
    panel = TasksPanel(Signs(), palette("dark"))
    rates = plain(panel.lines(shown, width, 10)[1])
    assert "oldest pending 2 h" in rates
    assert len(rates) <= width


def test_the_heading_says_whether_ages_or_times_stand_below_it() -> None:
    snapshot = snapshot_of([task("pending", 5), task("completed", 9)], TaskCounts({"pending": 1, "completed": 1}))
    panel = TasksPanel(Signs(), palette("dark"))
    for panel.times, heading in ((False, "age"), (True, "time")):
        head = plain(panel.lines(snapshot, 100, 12)[2]).split()
        assert heading in head, head
        assert len({"age", "time"} & {*head}) == 1
