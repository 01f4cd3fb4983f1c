"""One reading, one number, one age: on every panel, the wall, the page of `status`, and among the key figures."""

from datetime import timedelta
from typing import Final

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from core.base.text import in_steps
from core.domain.counts import Simulated, SuccessRate, TaskCounts
from core.domain.records import Task
from core.domain.snapshot import Snapshot
from core.history.kpis import with_day
from core.resilience.reading import Reading, Source
from tests.tui.well import ACTIVE, changed, tasks_of
from tui.cli.status_page import as_json, page
from tui.panels.kpis import KpisPanel
from tui.panels.tasks import TasksPanel
from tui.panels.throughput import ThroughputPanel
from tui.panels.topline import TopLine
from tui.rendering.text import Signs, plain
from tui.rendering.themes import palette
from tui.rendering.waiting import oldest_review
from tui.wall import view_model

DAY: Final = timedelta(hours=24)
STATUSES: Final = ("pending", "in_progress", "failed", "completed")


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    counts = {status: draw(st.integers(0, 9_999)) for status in STATUSES}
    rate = SuccessRate(completed=draw(st.integers(0, 9_999)), failed=draw(st.integers(0, 50)), window=DAY)
    source, old_s = Source.LIVE, 0.0
    if draw(st.booleans()):
        source, old_s = Source.CACHED, draw(st.floats(10, 86_400))
    at = ACTIVE.at - timedelta(seconds=old_s)
    tasks = tasks_of(
        ACTIVE,
        counts=Reading(value=TaskCounts(counts), source=source, at=at),
        success_24h=Reading(value=rate, source=source, at=at),
    )
    return changed(ACTIVE, tasks=tasks, kpis=with_day(ACTIVE.kpis, rate, at))


def lines(kind: type, snapshot: Snapshot) -> str:
    panel = kind(Signs(), palette("dark"))
    return "\n".join(plain(line) for line in panel.lines(snapshot, 200, 30))


@settings(deadline=None)
@given(snapshots())
def test_the_same_quantity_is_the_same_everywhere(snapshot: Snapshot) -> None:
    rate, counts = snapshot.tasks.success_24h, snapshot.tasks.counts
    assert rate.value is not None
    assert counts.value is not None
    panel, status, data = lines(TasksPanel, snapshot), page(snapshot), as_json(snapshot)
    figures = {one.label.split(",")[0]: one for one in view_model.figures(snapshot)}
    for name, label in (("pending", "pending"), ("in_progress", "running")):
        count = counts.value.of(name)
        assert f"{count:,} {name.replace('_', ' ')}" in panel
        assert (f"{count:,} {name.replace('_', ' ')}" in status) == bool(count)
        assert data["tasks"]["counts"][name] == count
        assert figures[label].texts == (str(count),)
    assert figures["failed 24 h"].texts == (str(rate.value.failed),)
    percent = rate.value.percent
    assert data["success_rate_24h"]["value"] == percent
    throughput = plain(ThroughputPanel(Signs(), palette("dark")).title(snapshot))
    assert f"{rate.value.completed:,} completed  {rate.value.failed:,} failed" in throughput
    if percent is not None:
        assert f"success 24 h {rate.value.shown}" in panel
        assert f"success 24 h: {rate.value.shown}" in status
        assert figures["success % 24 h"].texts[0] == rate.value.shown.removesuffix(" %").replace("100.0", "100")
        assert ("100" in rate.value.shown) == (rate.value.failed == 0)
        kpi = next(one for one in snapshot.kpis if one.name == "success_24h")
        assert kpi.value is None or (kpi.text == rate.value.shown and kpi.text in lines(KpisPanel, snapshot))


@given(snapshots())
def test_the_same_age_is_the_same_everywhere(snapshot: Snapshot) -> None:
    rate = snapshot.tasks.success_24h
    if rate.live:
        return
    assert rate.at is not None
    age = in_steps(snapshot.at - rate.at)
    assert f"last known, {age} old" in lines(TasksPanel, snapshot)
    assert f"(last known, {age} old)" in page(snapshot)
    assert all(one.label.endswith(f", {age} old") for one in view_model.figures(snapshot)[:4])


@given(snapshots(), st.integers(0, 40), st.integers(60, 200), st.integers(0, 90_000))
def test_what_was_only_simulated_is_told_beside_what_it_is_counted_in(
    snapshot: Snapshot, many: int, width: int, ago_s: int
) -> None:
    simulated = Reading(value=Simulated(many), source=Source.LIVE, at=ACTIVE.at)
    last = Reading(value=ACTIVE.at - timedelta(seconds=ago_s), source=Source.LIVE, at=ACTIVE.at)
    tasks = msgspec.structs.replace(snapshot.tasks, simulated_24h=simulated, last_completed_at=last)
    told = changed(snapshot, tasks=tasks)
    counts, rates, *_ = map(plain, TasksPanel(Signs(), palette("dark")).lines(told, width, 30))
    assert f"{counts} {rates}".count(f"{many} simulated in 24 h") == bool(many)
    if width == 200 and many:
        assert f"completed ({many} simulated in 24 h)" in counts
    assert rates.count("completed") == rates.count("last completed") + rates.count(" completed, ")
    assert (f"simulated 24 h: {many}, in dry-run: counted as completed" in page(told)) == bool(many)
    assert (f"  {many} simulated" in plain(ThroughputPanel(Signs(), palette("dark")).title(told))) == bool(many)


def test_the_oldest_review_is_by_the_rows_where_those_are_all_that_count() -> None:
    """Approved just now, it is none of the rows any more, while what is read seldom still has it."""
    at = ACTIVE.at
    waiting = tuple(
        Task(
            id=f"{age}", task_type="", description="", status="awaiting_review", created_at=at - timedelta(minutes=age)
        )
        for age in (30, 5)
    )
    for counted, told in ((2, "30 min"), (3, "50 min")):
        tasks = tasks_of(
            ACTIVE,
            counts=Reading(value=TaskCounts({"awaiting_review": counted}), source=Source.LIVE, at=at),
            newest=Reading(value=waiting, source=Source.LIVE, at=at),
            oldest_review_at=Reading(value=at - timedelta(minutes=50), source=Source.LIVE, at=at),
            urgent=(),
        )
        assert oldest_review(changed(ACTIVE, tasks=tasks)) == told


@given(st.integers(0, 40), st.integers(1, 200_000))
def test_how_long_the_oldest_review_waits_is_the_same_everywhere(many: int, waited_s: int) -> None:
    counts = Reading(value=TaskCounts({"awaiting_review": many}), source=Source.LIVE, at=ACTIVE.at)
    oldest = Reading(value=ACTIVE.at - timedelta(seconds=waited_s), source=Source.LIVE, at=ACTIVE.at)
    newest = msgspec.structs.replace(ACTIVE.tasks.newest, value=())
    snapshot = changed(ACTIVE, tasks=tasks_of(ACTIVE, counts=counts, oldest_review_at=oldest, newest=newest))
    age = in_steps(waited_s).replace("<10 s", "now")
    assert (f"{many} to review ({age})" in lines(TopLine, snapshot)) == bool(many)
