"""What stands above the tasks agrees with their rows: the last completion, the oldest pending one, the counts."""

from datetime import datetime, timedelta
from typing import Final

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from core.domain.counts import Simulated, TaskCounts
from core.domain.newest_known import lags, last_completed
from core.domain.records import SystemConfig, Task
from core.domain.snapshot import Snapshot, Tasks
from core.resilience.reading import Reading, Source
from tests.tui.well import ACTIVE, changed, tasks_of
from tui.panels import TasksPanel
from tui.rendering.text import Signs, age, ago, plain
from tui.rendering.themes import palette

NOW: Final = ACTIVE.at
DONE: Final = Reading(value=SystemConfig(dry_run=False), source=Source.LIVE, at=NOW)
NONE: Final = Reading[Simulated]()


def moments(most_s: float) -> st.SearchStrategy[datetime]:
    return st.floats(0, most_s).map(lambda s: NOW - timedelta(seconds=s))


@st.composite
def tasks(draw: st.DrawFn) -> Task:
    status = draw(st.sampled_from(["completed", "failed", "pending", "in_progress"]))
    created = draw(moments(90_000))
    ended = None
    if status in {"completed", "failed"}:
        ended = draw(st.none() | st.floats(0, 1).map(lambda share: created + share * (NOW - created)))
    return Task(
        id=str(draw(st.integers())),
        task_type="x",
        description="x",
        status=status,
        created_at=created,
        completed_at=ended,
    )


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    """Counts, the last completion and the oldest pending one may each be of another moment than the rows."""
    found = draw(st.lists(tasks(), min_size=1, max_size=8, unique_by=lambda one: one.id))
    read_at = draw(moments(300))
    # Whoever reads the last completion reads what was completed by then.
    done = [one.completed_at for one in found if one.status == "completed" and one.completed_at is not None]
    known = max((at for at in done if at <= read_at), default=draw(st.none() | moments(90_000)))
    newest = Reading(value=tuple(found), source=Source.LIVE, at=NOW)
    told = Reading(value=known, source=Source.LIVE, at=read_at)
    pending = sum(one.status == "pending" for one in found)
    counts = TaskCounts({"pending": pending + draw(st.integers(0, 3)), "completed": len(done), "in_progress": 0})
    return changed(
        ACTIVE,
        tasks=tasks_of(
            ACTIVE,
            counts=Reading(value=counts, source=Source.LIVE, at=read_at),
            newest=newest,
            last_completed_at=last_completed(told, newest, simulated=NONE, config=DONE, now=NOW),
            oldest_pending_at=draw(st.none() | moments(90_000)),
        ),
    )


def panel(snapshot: Snapshot) -> tuple[str, str]:
    one = TasksPanel(Signs(), palette("dark"))
    return plain(one.title(snapshot)), plain(one.lines(snapshot, 200, 30)[1])


@given(snapshots())
def test_the_last_completion_is_no_older_than_a_row_below_it(snapshot: Snapshot) -> None:
    rows = [one.completed_at for one in snapshot.tasks.newest.value or () if one.status == "completed"]
    done = [at for at in rows if at is not None]
    last = snapshot.tasks.last_completed_at.value
    assert last is not None or not done
    assert all(last is not None and last >= at for at in done)
    if last is not None:
        assert f"last completed {ago(last, NOW)}" in panel(snapshot)[1]


@given(snapshots())
def test_the_oldest_pending_is_no_younger_than_a_row_below_it(snapshot: Snapshot) -> None:
    waiting = [one.created_at for one in snapshot.tasks.newest.value or () if one.status == "pending"]
    _, rates = panel(snapshot)
    if "oldest pending " not in rates:
        return
    known = snapshot.tasks.oldest_pending_at
    oldest = min((at for at in (*waiting, known) if at is not None), default=NOW)
    said = {age(at, NOW) for at in (min(filter(None, waiting), default=oldest), oldest)}
    assert any(f"oldest pending {least}{one}" in rates for one in said for least in ("", "≥ "))


@given(snapshots())
def test_counts_tell_their_age_where_a_row_ended_since(snapshot: Snapshot) -> None:
    counts = snapshot.tasks.counts
    assert counts.at is not None
    rows = [one.completed_at for one in snapshot.tasks.newest.value or () if one.completed_at is not None]
    newer = any(at > counts.at + timedelta(seconds=5) for at in rows)
    assert ("counts " in panel(snapshot)[0]) == newer


def test_a_row_stamped_in_the_future_makes_no_counts_lag_for_ever() -> None:
    for days, expected in ((400, False), (0, True)):
        ended = NOW + timedelta(days=days)
        task = Task(id="1", task_type="x", description="x", status="completed", completed_at=ended)
        newest = Reading(value=(task,), source=Source.LIVE, at=NOW)
        counts = Reading(value=TaskCounts({}), source=Source.LIVE, at=NOW - timedelta(seconds=9))
        assert lags(counts, Tasks(counts=counts, newest=newest), NOW) is expected


def test_what_may_only_be_simulated_is_no_completion() -> None:
    def found(dry_run: bool, simulated: Reading[Simulated], *minutes: float) -> datetime | None:
        rows = tuple(
            Task(id=str(n), task_type="x", description="x", status="completed", completed_at=NOW - timedelta(minutes=n))
            for n in minutes
        )
        config = msgspec.structs.replace(DONE, value=SystemConfig(dry_run=dry_run))
        newest = Reading(value=rows, source=Source.LIVE, at=NOW)
        return last_completed(Reading(), newest, simulated=simulated, config=config, now=NOW).value

    some = Reading(value=Simulated(2, NOW - timedelta(minutes=5)), source=Source.LIVE, at=NOW)
    assert found(False, NONE, 2, 9) == NOW - timedelta(minutes=2)
    assert found(True, NONE, 2, 9) is None
    assert found(False, some, 2, 9) == NOW - timedelta(minutes=2)
    assert found(False, some, 6, 9) is None
    assert found(False, NONE, -6) is None  # stamped in the future


def test_in_an_outage_the_rows_and_their_counts_each_tell_their_own_age() -> None:
    at, known = ACTIVE.at, ACTIVE.tasks
    cut = {"source": Source.CACHED, "fault": None}
    rows = "last known, <1 min old"
    for counts_s, told in ((84, f"{rows} counts 1.4 min old"), (62, f"{rows} counts 1 min old"), (45, rows)):
        tasks = tasks_of(
            ACTIVE,
            newest=msgspec.structs.replace(known.newest, at=at - timedelta(seconds=40), **cut),
            counts=msgspec.structs.replace(known.counts, at=at - timedelta(seconds=counts_s), **cut),
        )
        title = plain(TasksPanel(Signs(), palette("dark")).title(changed(ACTIVE, tasks=tasks)))
        assert told in title
        assert ("counts" in title) is ("counts" in told)
