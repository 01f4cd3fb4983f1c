"""Figures from the project: the same as its tables say, whatever the API cuts off and whatever changes meanwhile."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from core.backend.reads import figures as reads
from core.backend.simulated import Telltale
from core.domain.figures import Figure
from core.history.trends import Window
from core.monitor import Monitor
from core.resilience import NotLive
from core.resilience.reading import Source
from core.services import figures as service
from tests.actions.test_task_changes import at
from tests.hostile import CONTROL, HOSTILE
from tests.running import ONE_SHAPE, Running
from tests.wire import answer, wire

WEEK = timedelta(days=7)
DRY_RUN = "'\"DRY RUN: would change 3 files\"'"


def put(
    sandbox: Running, status: str, count: int, task_type: str = "bug_fix", result: str = "NULL", **when: str
) -> None:
    """Finished tasks, the first of them an hour ago, each a minute before the other; of five minutes each."""
    done = when.get("completed_at", "now() - interval '1 hour' - i * interval '1 minute'")
    began = when.get("started_at", f"{done} - interval '5 minutes'")
    sandbox.sql(
        "INSERT INTO autonomous_tasks (task_type, description, status, created_at, started_at, completed_at, result)"
        f" SELECT %s, 'x', %s, now() - interval '2 days', {began}, {done}, {result}"
        f" FROM generate_series(1, {count}) AS i",
        task_type,
        status,
    )


def counts(row: Figure) -> tuple[Any, ...]:
    return row.completed, row.failed, row.rejected, row.simulated


@pytest.fixture
async def monitor(sandbox: Running, tmp_path: Path) -> AsyncIterator[Monitor]:
    one = at(sandbox.url, sandbox, tmp_path)
    one.parts.figures._reading_s = 60.0  # however busy this machine is
    await one.discover()
    yield one
    await one.close()


async def figures(monitor: Monitor, back: timedelta = WEEK) -> Any:
    return await monitor.figures(datetime.now(UTC) - back)


async def test_they_are_what_the_tables_say(sandbox: Running, monitor: Monitor) -> None:
    put(sandbox, "completed", 40)
    put(sandbox, "completed", 30, "refactoring", DRY_RUN)
    put(sandbox, "failed", 20, "refactoring", started_at="NULL")
    put(sandbox, "rejected", 10, completed_at="NULL", started_at="NULL")
    put(sandbox, "completed", 5, completed_at="now() - interval '8 days'")
    put(sandbox, "completed", 5, completed_at="now() + interval '1 hour'")
    put(sandbox, "pending", 5)
    found = await figures(monitor)
    assert found.whole
    assert (counts(found.all), found.looked) == ((40, 20, 10, 30), 100)
    assert {row.name: counts(row) for row in found.types} == {"bug_fix": (40, 0, 10, 0), "refactoring": (0, 20, 0, 30)}
    assert (found.all.mean_s, found.all.p95_s) == (300.0, 300.0)
    assert sum(row.tasks for row in found.days) == sum(row.tasks for row in found.weeks) == 100
    assert (found.types[1].success_percent, found.types[1].mean_s) == (0.0, None)


async def test_a_log_row_tells_of_a_simulated_one_too(sandbox: Running, monitor: Monitor) -> None:
    put(sandbox, "completed", 6)
    sandbox.sql(
        "INSERT INTO autonomous_execution_logs (task_id, execution_step, step_status, environment)"
        " SELECT id, 'task_completed', 'completed',"
        "  CASE WHEN row_number() OVER () > 2 THEN 'production' ELSE 'dry_run' END"
        " FROM autonomous_tasks"
    )
    assert counts((await figures(monitor)).all) == (4, 0, 0, 2)
    monitor.parts.backend.sizes.slow_joins = True
    assert counts((await figures(monitor)).all) == (4, 0, 0, 2)


@ONE_SHAPE
@pytest.mark.parametrize("cap", [50, 70, 1000])
@pytest.mark.parametrize("joined", [True, False])
async def test_pages_that_the_api_cuts_off_falsify_nothing(
    cap: int, joined: bool, sandbox: Running, monitor: Monitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reads, "ROWS", 130)
    put(sandbox, "completed", 150, completed_at="now() - interval '1 hour'")  # all at the same moment
    put(sandbox, "completed", 160, result=DRY_RUN, completed_at="now() - interval '1 hour'")
    put(sandbox, "failed", 170)
    put(sandbox, "rejected", 120, completed_at="NULL", started_at="NULL")
    sandbox.limits(max_rows=cap)
    monitor.parts.backend.sizes.slow_joins = not joined
    found = await figures(monitor)
    assert (counts(found.all), found.whole) == ((150, 170, 120, 160), True)


async def test_what_changes_while_it_is_read_counts_once(
    sandbox: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reads, "ROWS", 60)
    put(sandbox, "completed", 200)
    put(sandbox, "failed", 100)
    async with wire(sandbox.url) as between:
        monitor = at(between.url, sandbox, tmp_path)
        monitor.parts.figures._reading_s = 60.0
        await monitor.discover()
        page = monitor.parts.panel_reads.figures.page
        seen = 0

        def changing(*asked: Any) -> Any:
            nonlocal seen
            seen += 1
            if seen == 6:  # retried and done, and new ones above those that were read
                sandbox.sql(
                    "UPDATE autonomous_tasks SET status = 'completed', completed_at = now() WHERE status = 'failed'"
                )
                put(sandbox, "completed", 40, completed_at="now()")
            return page(*asked)

        monkeypatch.setattr(monitor.parts.panel_reads.figures, "page", changing)
        found = await figures(monitor)
        await monitor.close()
    assert found.all.completed == 200
    assert found.all.failed <= 100
    assert found.looked == found.all.tasks


@ONE_SHAPE
async def test_of_too_many_the_newest_and_that_is_said(
    sandbox: Running, monitor: Monitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reads, "ROWS", 100)
    monkeypatch.setattr(service, "MOST_FIGURED", 500)
    put(sandbox, "completed", 900)
    put(sandbox, "failed", 900)
    put(sandbox, "rejected", 20)
    sandbox.sql("ANALYZE autonomous_tasks")
    found = await figures(monitor)
    assert not found.whole
    assert found.reached is not None
    newest = sandbox.sql(
        "SELECT count(*) FILTER (WHERE status = 'completed'), count(*) FILTER (WHERE status = 'failed'),"
        " count(*) FILTER (WHERE status = 'rejected'), 0 FROM autonomous_tasks WHERE completed_at >= %s",
        found.reached,
    )[0]
    assert counts(found.all) == newest
    assert 400 <= found.looked <= 600
    assert found.about == pytest.approx(1820, rel=0.5)


async def test_odd_rows_cost_nothing_but_themselves(sandbox: Running, monitor: Monitor) -> None:
    put(sandbox, "completed", 1, started_at="now() + interval '1 year'")
    put(sandbox, "completed", 1, started_at="'infinity'")
    put(sandbox, "completed", 1, started_at="now() - interval '20 years'")
    put(sandbox, "completed", 1, completed_at="'infinity'", started_at="now()")
    put(sandbox, "completed", 1, completed_at="'-infinity'", started_at="now()")
    found = await figures(monitor)
    assert found.all.completed == 3
    assert found.all.mean_s == timedelta(days=30).total_seconds()  # the one that is possible, cut to the longest


async def test_hostile_types_are_only_names(sandbox: Running, monitor: Monitor) -> None:
    allowed = sandbox.sql(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'autonomous_tasks'::regclass"
        " AND contype = 'c' AND pg_get_constraintdef(oid) LIKE '%%task_type%%'"
    )
    for name, _ in allowed:
        sandbox.sql(f"ALTER TABLE autonomous_tasks DROP CONSTRAINT {name}")
    try:
        for text in HOSTILE.values():
            put(sandbox, "completed", 1, text[:1_000])
        found = await figures(monitor)
    finally:
        sandbox.sql("DELETE FROM autonomous_tasks")
        for name, words in allowed:
            sandbox.sql(f"ALTER TABLE autonomous_tasks ADD CONSTRAINT {name} {words}")
    assert found.all.completed == len(HOSTILE)
    assert all(len(row.name) <= 60 and not CONTROL.search(row.name) for row in found.types)


async def test_as_every_account(sandbox: Running, tmp_path: Path) -> None:
    put(sandbox, "completed", 3)
    for account in ("master", "viewer"):
        one = at(sandbox.url, sandbox, tmp_path / account, account)
        await one.discover()
        if account == "viewer" and sandbox.shape == "documented":
            with pytest.raises(NotLive, match="is visible to this account"):
                await figures(one)
        else:
            assert (await figures(one)).all.completed == 3
        await one.close()


async def test_nothing_finished_is_nought_where_nothing_is_hidden(monitor: Monitor) -> None:
    found = await figures(monitor)
    assert (found.looked, found.whole, found.types) == (0, True, ())
    assert found.all.success_percent is None


async def test_where_simulated_ones_cannot_be_told_their_number_is_unknown(sandbox: Running, monitor: Monitor) -> None:
    put(sandbox, "completed", 2, result=DRY_RUN)
    for one in (monitor.parts.reads, monitor.parts.panel_reads):
        one.schema = type(one.schema)(shape=one.schema.shape, log_time=one.schema.log_time, telltale=Telltale())
    assert (await figures(monitor)).all.simulated is None


@ONE_SHAPE
async def test_the_last_ones_are_kept_for_when_the_project_does_not_answer(sandbox: Running, tmp_path: Path) -> None:
    put(sandbox, "completed", 3)
    async with wire(sandbox.url) as between:
        monitor = at(between.url, sandbox, tmp_path)
        read = await monitor.figures_over(Window.WEEK)
        assert read.live
        assert read.value is not None
        between.acts["/rest/"] = answer(json.dumps({}).encode(), "503 Service Unavailable")
        assert await monitor.figures_over(Window.WEEK) == read  # not asked for again at once
        monitor.parts.figures._read.clear()
        kept = await monitor.figures_over(Window.WEEK)
        assert (kept.source, kept.value) == (Source.CACHED, read.value)
        assert kept.fault is not None
        assert (await monitor.figures_over(Window.DAY)).value is None
        await monitor.close()


@ONE_SHAPE
async def test_a_join_that_takes_too_long_is_done_without(sandbox: Running, tmp_path: Path) -> None:
    put(sandbox, "completed", 3, result=DRY_RUN)
    put(sandbox, "completed", 3)
    async with wire(sandbox.url) as between:
        monitor = at(between.url, sandbox, tmp_path)
        await monitor.discover()
        monitor.parts.backend.sizes.slow_joins = False
        joining = monitor.parts.backend.sizes

        async def too_slow(writer: asyncio.StreamWriter) -> None:
            joining.slow_joins = True  # as after three seconds
            await answer(b'{"code": "57014", "message": "canceled"}', "500 Internal Server Error")(writer)

        between.once.append(("id%2Ccompleted_at%2Cautonomous_execution_logs", too_slow))
        assert counts((await figures(monitor)).all) == (3, 0, 0, 3)
        await monitor.close()
