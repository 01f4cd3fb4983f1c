"""The past of a real project: the tables fill what this machine did not see, in few requests; samples are kept."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from core.backend.client import RequestLimits
from core.backend.reads import trends as trend_reads
from core.backend.target import Target
from core.checks.settings import WatchRules
from core.history.trends import CUTS, SLOT, Finished, Queued, TimeSeries, Trends, Window, floor, grid
from core.monitor import Config, Monitor, Places
from core.services import trends as trending
from core.services.config import RefreshRules
from core.services.past_events import PastEvents
from core.services.trends import TrendService
from tests.running import Running
from tests.wire import answer, reset, wire

QUICK = RefreshRules(period_s=0.2)


@contextlib.asynccontextmanager
async def looking(url: str, key: str, home: Path) -> AsyncIterator[Monitor]:
    """A monitor that looks when it is asked."""
    target = Target(name="probe", url=url, key=key)
    monitor = Monitor(Config(target=target, limits=RequestLimits(), refresh=QUICK), places=Places.within(home))
    try:
        yield monitor
    finally:
        await monitor.close()


async def filled(monitor: Monitor, window: Window) -> Trends:
    await monitor.fill_trends(window)
    return await monitor.trends(window)


def finished(sandbox: Running, status: str, count: int, ago: str, every: str = "0 seconds") -> None:
    sandbox.sql(
        "INSERT INTO autonomous_tasks (description, status, created_at, completed_at)"
        f" SELECT '{status} ' || i, '{status}', now() - interval '60 days',"
        f" now() - interval '{ago}' + i * interval '{every}' FROM generate_series(1, {count}) AS i"
    )


def checked(sandbox: Running, took_ms: str, count: int, ago: str, every: str) -> None:
    sandbox.sql(
        f"INSERT INTO autonomous_execution_logs (execution_step, step_status, duration_ms, {sandbox.time_column})"
        f" SELECT 'watchdog_health_check', 'completed', {took_ms}, now() - interval '{ago}' + i * interval '{every}'"
        f" FROM generate_series(1, {count}) AS i"
    )


def total(course: TimeSeries) -> float:
    return sum(value for value in course.told if value is not None)


async def test_more_rows_than_an_answer_may_have_are_all_counted(sandbox: Running, tmp_path: Path) -> None:
    finished(sandbox, "completed", 2300, "20 hours", "20 seconds")
    finished(sandbox, "failed", 1200, "20 hours", "40 seconds")
    finished(sandbox, "failed", 7, "2 days")
    async with wire(sandbox.url) as line, looking(line.url, sandbox.service_key, tmp_path) as monitor:
        await monitor.discover()
        line.seen.clear()
        shown = await filled(monitor, Window.DAY)
        assert total(shown.of("failures")) == 1200
        assert len(line.seen) <= 12, line.seen
        assert not any(value is not None for value in shown.of("failures").own)
        shares = [value for value in shown.of("success").told if value is not None]
        assert sum(shares) / len(shares) == pytest.approx(65, abs=4)
        week = await filled(monitor, Window.WEEK)
        assert total(week.of("failures")) == 1207


async def test_of_too_many_tasks_the_rows_are_not_read_but_counted(sandbox: Running, tmp_path: Path) -> None:
    finished(sandbox, "completed", trend_reads.MOST_TASKS, "23 hours", "20 seconds")
    finished(sandbox, "failed", 500, "23 hours", "160 seconds")
    async with wire(sandbox.url) as line, looking(line.url, sandbox.service_key, tmp_path) as monitor:
        await monitor.discover()
        line.seen.clear()
        shown = await filled(monitor, Window.DAY)
        assert len(line.seen) <= 2 + 2 * 24 + 3
        assert total(shown.of("failures")) == 500
        assert shown.of("failures").grid.bucket == timedelta(hours=1)
        assert shown.of("queue").grid.bucket == timedelta(minutes=15)


async def test_once_there_are_fewer_tasks_again_each_is_read_again(
    sandbox: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trending, "MOST_TASKS", 50)
    monkeypatch.setattr(trending, "_FEW_AGAIN", 40)
    finished(sandbox, "completed", 30, "20 hours")
    finished(sandbox, "failed", 21, "5 hours")
    async with looking(sandbox.url, sandbox.service_key, tmp_path) as monitor:
        for gone, bucket in ((0, 60), (10, 60), (2, 15), (0, 15)):
            sandbox.sql(
                "DELETE FROM autonomous_tasks WHERE id IN"
                " (SELECT id FROM autonomous_tasks WHERE status = 'completed' LIMIT %s)",
                gone,
            )
            monitor._parts.trends._filled.clear()  # five minutes later
            shown = (await filled(monitor, Window.DAY)).of("failures")
            assert shown.grid.bucket == timedelta(minutes=bucket)
            assert total(shown) == 21


async def test_a_task_that_never_said_when_it_ended_counts_where_it_was_created(
    sandbox: Running, tmp_path: Path
) -> None:
    sandbox.sql(
        "INSERT INTO autonomous_tasks (description, status, created_at)"
        " VALUES ('x', 'failed', now() - interval '3 hours'), ('y', 'completed', now() - interval '3 hours')"
    )
    async with looking(sandbox.url, sandbox.service_key, tmp_path) as monitor:
        shown = await filled(monitor, Window.DAY)
        assert [value for value in shown.of("success").told if value is not None] == [50.0]


async def test_checks_are_medians_of_the_logs_rows_all_of_them(sandbox: Running, tmp_path: Path) -> None:
    checked(sandbox, "CASE WHEN i % 9 = 0 THEN 60000 ELSE 400 END", 2000, "6 days 23 hours", "300 seconds")
    checked(sandbox, "NULL", 5, "3 hours", "60 seconds")
    checked(sandbox, "-7", 5, "3 hours", "60 seconds")
    async with looking(sandbox.url, sandbox.service_key, tmp_path) as monitor:
        shown = (await filled(monitor, Window.WEEK)).of("checks")
        known = [value for value in shown.told if value is not None]
        assert set(known) == {0.4}
        assert len(known) >= 166


async def test_the_throughput_of_a_day_is_there_at_once_and_asked_for_once(sandbox: Running, tmp_path: Path) -> None:
    finished(sandbox, "completed", 40, "5 hours", "1 millisecond")
    finished(sandbox, "failed", 3, "5 hours", "1 millisecond")
    finished(sandbox, "failed", 2, "1 second")
    async with wire(sandbox.url) as line, looking(line.url, sandbox.service_key, tmp_path) as monitor:
        await monitor._parts.trends.count_period()
        day = monitor._parts.trends.throughput
        assert day.since is not None
        assert day.until is not None
        assert day.bucket == timedelta(minutes=15)
        completed, failed, _ = day.with_running
        counted = [both for both in zip(completed, failed, strict=True) if any(both)]
        assert counted == [(40, 3), (0, 2)]  # the two of just now are in the bucket that is not over
        assert set(day.completed) == {0, 40}
        assert timedelta(0) <= datetime.now(UTC) - day.until < timedelta(minutes=15, seconds=20)
        line.seen.clear()
        await monitor._parts.trends.count_period()
        if monitor._parts.trends.throughput.until == day.until:  # else a quarter of an hour has just ended
            assert len(line.seen) <= 3, line.seen  # what is not over is counted anew: completed, failed, simulated


async def test_a_storm_is_in_the_bars_before_its_quarter_of_an_hour_is_over(
    sandbox: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finished(sandbox, "completed", 4, "5 hours", "1 second")
    async with wire(sandbox.url) as line, looking(line.url, sandbox.service_key, tmp_path) as monitor:
        trends = monitor.parts.trends
        await monitor.refresh(everything=True)
        await trends.count_period()
        assert trends.throughput.sums == (4, 0, 0)
        finished(sandbox, "failed", 7, "1 second", "1 millisecond")
        await monitor.refresh(everything=True)
        assert not trends.due, "counted a moment ago"
        monkeypatch.setattr(trending, "_COUNTED_AGAIN_S", 0.0)
        assert trends.due
        await trends.count_period()
        assert trends.throughput.sums == (4, 7, 0)
        assert not trends.due, "none failed since"


@pytest.mark.parametrize("again", [{}, {"finished_until": None}, {"simulated_until": None}])
async def test_what_had_no_answer_is_counted_again_within_a_minute(
    again: dict[str, None], sandbox: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finished(sandbox, "completed", 4, "5 hours", "1 second")
    async with wire(sandbox.url) as line, looking(line.url, sandbox.service_key, tmp_path) as monitor:
        trends = monitor.parts.trends
        await monitor.refresh(everything=True)
        await trends.count_period()
        finished(sandbox, "completed", 3, "1 second", "1 millisecond")
        line.acts["/rest/v1/autonomous_tasks"] = reset
        monkeypatch.setattr(TrendService, "_none_simulated", False)
        trends._told[Window.DAY] = msgspec.structs.replace(trends._told[Window.DAY], **again)
        await trends.count_period()
        line.acts.clear()
        assert not trends.due
        monkeypatch.setattr(trending, "_COUNTED_AGAIN_S", 0.0)
        assert trends.due
        await trends.count_period()
        assert trends.throughput.sums == (7, 0, 0)
        assert not trends.due


async def test_a_count_that_is_refused_or_under_way_is_not_repeated_before_the_next_check(
    sandbox: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with wire(sandbox.url) as line, looking(line.url, sandbox.service_key, tmp_path) as monitor:
        trends = monitor.parts.trends
        await monitor.refresh(everything=True)
        await trends.count_period()
        monkeypatch.setattr(TrendService, "_none_simulated", False)
        monkeypatch.setattr(trending, "_COUNTED_AGAIN_S", 0.0)
        line.acts["/rest/v1/autonomous_tasks"] = answer(b'{"code": "42501", "message": "denied"}', "403 Forbidden")
        await trends.count_period()
        assert not trends.due
        line.acts["/rest/v1/autonomous_tasks"] = reset
        await trends.count_period()
        assert trends.due
        async with trends._filling:
            assert not trends.due


async def test_the_rate_of_a_week_follows_a_storm_with_the_next_check(sandbox: Running, tmp_path: Path) -> None:
    finished(sandbox, "completed", 40, "5 hours", "1 second")
    async with looking(sandbox.url, sandbox.service_key, tmp_path) as monitor:
        parts = monitor.parts

        async def week() -> str:
            await monitor.refresh(everything=True)
            await monitor.check()
            await parts.kpis.checked(await parts.checks.check())
            return next(kpi.text for kpi in parts.kpis.kpis if kpi.name == "success_7d")

        assert await week() == "100.0 %"
        finished(sandbox, "completed", 5, "1 minute")
        assert parts.kpis._more_failed() is False
        finished(sandbox, "failed", 45, "1 minute")
        assert await week() == "50.0 %"


async def test_what_was_only_simulated_is_counted_apart(sandbox: Running, tmp_path: Path) -> None:
    finished(sandbox, "completed", 4, "5 hours", "1 second")
    finished(sandbox, "completed", 70, "7 hours", "1 second")
    sandbox.sql(
        "UPDATE autonomous_tasks SET result = '\"DRY RUN: would have done it\"'"
        " WHERE completed_at < now() - interval '6 hours'"
    )
    finished(sandbox, "failed", 1, "5 hours", "1 second")
    async with wire(sandbox.url) as line, looking(line.url, sandbox.service_key, tmp_path) as monitor:
        trends = monitor.parts.trends
        await trends.count_period()
        assert trends.throughput.sums == (4, 1, 70)
        shown = await filled(monitor, Window.DAY)
        assert total(shown.of("simulated")) == 70
        assert total(shown.of("completed")) == 4
        line.seen.clear()
        trends.period = Window.SIX_HOURS
        await trends.count_period()
        assert trends.throughput.sums == (4, 1, 0)
        assert trends.throughput.length == timedelta(hours=6)
        assert len(line.seen) <= 6, line.seen  # a quarter of an hour may just have ended
        trends.period = Window.WEEK
        await trends.count_period()
        assert trends.throughput.sums == (4, 1, 70)
        assert trends.throughput.length == timedelta(days=7)


async def test_no_throughput_is_invented_where_no_row_is_visible_or_nobody_answers(
    sandbox: Running, tmp_path: Path
) -> None:
    async with looking(sandbox.url, sandbox.service_key, tmp_path) as monitor:
        await monitor._parts.trends.count_period()
        assert not monitor._parts.trends.throughput.known
        finished(sandbox, "completed", 4, "5 hours")
        sandbox.fault("errors", True)
        monitor._parts.trends._told.clear()
        await monitor._parts.trends.count_period()
        assert not monitor._parts.trends.throughput.known
        assert monitor._parts.trends.throughput.why
        sandbox.fault("errors", False)
        await monitor._parts.trends.count_period()
        assert sum(count or 0 for count in monitor._parts.trends.throughput.completed) == 4
        assert monitor._parts.trends.throughput.why == ""


async def test_what_was_asked_is_not_asked_again(sandbox: Running, tmp_path: Path) -> None:
    finished(sandbox, "failed", 3, "5 hours")
    async with wire(sandbox.url) as line, looking(line.url, sandbox.service_key, tmp_path) as monitor:
        await filled(monitor, Window.DAY)
        line.seen.clear()
        assert total((await filled(monitor, Window.DAY)).of("failures")) == 3
        assert line.seen == []
        monitor._parts.trends._filled.clear()  # five minutes later
        finished(sandbox, "failed", 900, "5 hours")
        await asyncio.gather(*(monitor.fill_trends(Window.DAY) for _ in range(5)))
        assert total((await monitor.trends(Window.DAY)).of("failures")) == 3
        assert len(line.seen) <= 6  # two counts, a page of rows, then checks, events and what was simulated


async def test_nobody_answers_and_what_was_seen_stays(sandbox: Running, tmp_path: Path) -> None:
    at = floor(datetime.now(UTC), SLOT) - timedelta(hours=2)
    async with looking(sandbox.url, sandbox.service_key, tmp_path) as monitor:
        await monitor.parts.store.append("queue", at, Queued(12))
        sandbox.fault("database_down", True)
        shown = await filled(monitor, Window.DAY)
        assert [value for value in shown.of("queue").own if value is not None] == [12]
        assert shown.of("success").why.startswith("nothing known: ")
        assert len(shown.faults) == 1
        assert shown.told_at is None
        sandbox.fault("database_down", False)
        finished(sandbox, "failed", 2, "5 hours")
        monitor.parts.breakers.make_all_due()
        shown = await filled(monitor, Window.DAY)
        assert shown.faults == ()
        assert total(shown.of("failures")) == 2


async def test_in_an_outage_the_tables_are_as_old_as_they_are(sandbox: Running, tmp_path: Path) -> None:
    finished(sandbox, "failed", 3, "5 hours")
    async with looking(sandbox.url, sandbox.service_key, tmp_path) as monitor:
        before = (await filled(monitor, Window.DAY)).told_at
        assert before is not None
        trends = monitor.parts.trends
        sandbox.fault("database_down", True)
        trends._filled.clear()  # five minutes later
        known = trends._told[Window.DAY]
        trends._told[Window.DAY] = msgspec.structs.replace(known, finished_until=known.at + timedelta(days=1))
        shown = await filled(monitor, Window.DAY)  # no finished task is to be read: that alone proves no answer
        assert shown.faults
        assert shown.told_at == before


@pytest.mark.parametrize("table", ["autonomous_tasks", "autonomous_execution_logs"])
async def test_a_table_that_is_not_there_takes_only_its_own_courses(
    table: str, sandbox: Running, tmp_path: Path
) -> None:
    finished(sandbox, "failed", 2, "5 hours")
    checked(sandbox, "700", 2, "5 hours", "60 seconds")
    sandbox.sql(f"ALTER TABLE {table} RENAME TO gone; NOTIFY pgrst, 'reload schema'")
    try:
        async with looking(sandbox.url, sandbox.service_key, tmp_path) as monitor:
            shown = await filled(monitor, Window.DAY)
    finally:
        sandbox.sql(f"ALTER TABLE gone RENAME TO {table}; NOTIFY pgrst, 'reload schema'")
    gone, there = ("failures", "checks") if table == "autonomous_tasks" else ("checks", "failures")
    assert shown.of(gone).why.startswith("nothing known: ")
    assert table in shown.of(gone).why
    assert any(value is not None for value in shown.of(there).told)


async def test_a_key_that_sees_no_row_is_not_told_that_nothing_failed(sandbox: Running, tmp_path: Path) -> None:
    finished(sandbox, "failed", 9, "5 hours")
    sandbox.sql("CREATE POLICY hidden ON autonomous_tasks AS RESTRICTIVE FOR SELECT USING (false)")
    try:
        async with looking(sandbox.url, sandbox.publishable_key, tmp_path) as monitor:
            shown = await filled(monitor, Window.DAY)
    finally:
        sandbox.sql("DROP POLICY hidden ON autonomous_tasks")
    failures = shown.of("failures")
    assert not any(value is not None for value in (*failures.own, *failures.told))
    assert "is visible to this account" in failures.why or "nothing known: " in failures.why


async def test_a_monitor_samples_and_another_one_goes_on_where_it_was(
    sandbox: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(UTC)
    slot = floor(now, CUTS[Window.DAY].bucket) - SLOT
    sandbox.sql(
        "INSERT INTO autonomous_tasks (description, status, completed_at)"
        " SELECT 'x', CASE WHEN i > 4 THEN 'failed' ELSE 'completed' END, %s::timestamptz"
        " FROM generate_series(1, 6) AS i",
        slot + timedelta(seconds=30),
    )
    sandbox.sql("INSERT INTO autonomous_tasks (description) SELECT 'waits' FROM generate_series(1, 11)")
    config = Config(
        target=Target(name="probe", url=sandbox.url, key=sandbox.service_key),
        refresh=QUICK,
        watch=WatchRules(interval_s=0.5),
    )
    for _ in range(2):
        monitor = Monitor(config, places=Places.within(tmp_path))
        await monitor.start()
        async with asyncio.timeout(30):
            while True:
                shown = await monitor.trends(Window.DAY)
                kept = await monitor.parts.store.samples("finished", now - timedelta(hours=1), now, Finished)
                if shown.of("queue").last is not None and shown.of("checks").last is not None and kept:
                    break
                await asyncio.sleep(0.1)
        assert shown.of("queue").last == 11
        assert (slot, Finished(4, 2)) in kept
        assert len({at for at, _ in kept}) == len(kept)
        await monitor.close()
    async with looking("http://127.0.0.1:9", sandbox.service_key, tmp_path) as later:
        # Another project: nothing of the first one is its past.
        assert (await later.trends(Window.DAY)).of("queue").last is None
    async with looking(sandbox.url, sandbox.service_key, tmp_path) as later:
        shown = await later.trends(Window.DAY)
        assert shown.of("queue").last == 11
        assert shown.of("checks").last is not None


def service(monitor: Monitor, *, keeps: bool) -> TrendService:
    parts = monitor.parts
    past = PastEvents(parts.context, parts.box, parts.kpis.spans)
    return TrendService(parts.context, parts.readings, past, monitor.discover, keeps=lambda: keeps)


async def test_what_is_older_than_thirty_days_goes(sandbox: Running, tmp_path: Path) -> None:
    async with looking(sandbox.url, sandbox.service_key, tmp_path) as monitor:
        state, now = monitor.parts.store, datetime.now(UTC)
        await state.append("queue", now - timedelta(days=31), Queued(1))
        await monitor.parts.readings.refresh(everything=True)
        room = service(monitor, keeps=True)
        await room.refreshed()
        await room.close()
        kept = await state.samples("queue", now - timedelta(days=99), now + timedelta(days=1), Queued)
        assert [one.pending for _, one in kept] == [0]


async def test_who_does_not_own_the_state_keeps_no_sample(sandbox: Running, tmp_path: Path) -> None:
    async with looking(sandbox.url, sandbox.service_key, tmp_path) as monitor:
        state, now = monitor.parts.store, datetime.now(UTC)
        await monitor.parts.readings.refresh(everything=True)
        room = service(monitor, keeps=False)
        await room.refreshed()
        await room.checked()
        assert (await room.trends(Window.DAY)).of("queue").last == 0
        await room.close()
        for series, kind in (("queue", Queued), ("finished", Finished)):
            assert await state.samples(series, now - timedelta(days=1), now + timedelta(days=1), kind) == ()


def test_thirty_days_are_few_enough_rows() -> None:
    """One check in five minutes is within what is read."""
    month = grid(timedelta(days=30), timedelta(hours=6), datetime(2026, 3, 1, tzinfo=UTC))
    assert month.count * month.bucket / SLOT < trend_reads.MOST_CHECKS
