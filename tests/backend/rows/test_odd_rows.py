"""One odd row at a time, in both shapes: what is said of it, and that it decides nothing."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from core.actions.heal import HEAL
from core.backend.optional_sql import script
from core.backend.reads import Reads
from core.backend.schema import Shape
from core.base.clock import SystemClock
from core.domain.queries import Listing, Table
from core.domain.records import STATUSES
from core.domain.snapshot import State
from core.domain.status import Level
from core.resilience import BreakerState
from tests.actions.driving import Driven, agents_write_logs, failures, running, statuses
from tests.backend.rows.spoiling import lenient
from tests.running import ONE_SHAPE, Command, Running

HUGE = (
    "INSERT INTO autonomous_tasks (description, status, started_at, estimated_duration_minutes)"
    " VALUES ('x', 'in_progress', now(), {})"
)


def closed(driven: Driven) -> bool:
    return all(one.state is BreakerState.CLOSED for one in driven.parts.breakers.all())


@ONE_SHAPE
@pytest.mark.parametrize("minutes", [2**31 - 1, 355_000_000, -(2**31)])
async def test_a_huge_estimate_ends_no_check(minutes: int, sandbox: Running, tmp_path: Path) -> None:
    sandbox.sql(HUGE.format(minutes))
    driven = await Driven(sandbox.url, sandbox.service_key, tmp_path).begin()
    checkup, _ = await driven.round()
    said = [event.text for event in driven.monitor.snapshot.events]
    await driven.monitor.close()
    assert {check.level for check in checkup.checks} == {Level.OK}
    assert [text for text in said if "estimated_duration_minutes" in text]


@ONE_SHAPE
async def test_a_huge_estimate_ends_no_start(sandbox: Running, tmp_path: Path) -> None:
    sandbox.sql(HUGE.format(2**31 - 1))
    clock = SystemClock()
    driven = Driven(sandbox.url, sandbox.service_key, tmp_path, clock)  # type: ignore[arg-type]  # the real one
    await driven.monitor.start()
    for _ in range(200):
        await clock.sleep(0.05)
        if driven.scheduler.ready:
            break
    ready = driven.scheduler.ready
    await driven.monitor.close()
    assert ready


@ONE_SHAPE
def test_a_huge_estimate_and_status_on_the_command_line(sandbox: Running, command: Command) -> None:
    sandbox.sql(HUGE.format(2**31 - 1))
    done = command("status", "--json", sandbox=sandbox)
    assert (done.returncode, json.loads(done.stdout)["state"]) == (0, "active")
    assert not done.stderr


@pytest.mark.parametrize("ours", [False, True], ids=["counted one by one", "by our function"])
async def test_a_task_whose_status_nobody_knows_is_counted_under_its_own_name(
    ours: bool, sandbox: Running, command: Command, tmp_path: Path
) -> None:
    with lenient(sandbox):
        if ours:
            sandbox.sql(script("stats", Shape(sandbox.shape)))
        try:
            sandbox.sql(
                "INSERT INTO autonomous_tasks (description, status) VALUES ('a', NULL), ('b', NULL), ('c', 'dreaming'),"
                " ('d', ''), ('e', 'x\",y)'), ('f', repeat('long ', 50)), ('g', 'pending')"
            )
            driven = await Driven(sandbox.url, sandbox.service_key, tmp_path).begin()
            for _ in range(6):
                await driven.round()
            snapshot = driven.monitor.snapshot
            page = await driven.monitor.page(Listing(table=Table.TASKS), 0, 50)
            live, well = driven.parts.readings.values["tasks"].live, closed(driven)
            await driven.monitor.close()
            counts = json.loads(command("status", "--json", sandbox=sandbox).stdout)["tasks"]["counts"]
        finally:
            sandbox.sql("DROP FUNCTION IF EXISTS public.watchdesk_overview(jsonb)")
    assert live
    assert well
    assert {row.status for row in page.rows if hasattr(row, "status")} >= {"(none)", "(empty)", "dreaming", "pending"}
    others = {name: count for name, count in counts.items() if name not in STATUSES}
    long = next(name for name in others if name not in {"none", "empty", "dreaming", 'x",y)'})
    assert others == {"none": 2, "dreaming": 1, "empty": 1, 'x",y)': 1, long: 1}
    assert any("status is null" in event.text for event in snapshot.events)


@ONE_SHAPE
async def test_more_unknown_statuses_than_have_a_name_are_counted_together(sandbox: Running, tmp_path: Path) -> None:
    with lenient(sandbox):
        sandbox.sql(
            "INSERT INTO autonomous_tasks (description, status) SELECT 'x', 's' || i FROM generate_series(1, 30) i"
        )
        driven = await Driven(sandbox.url, sandbox.service_key, tmp_path).begin()
        counts = driven.monitor.snapshot.tasks.counts.value
        await driven.monitor.close()
    assert counts is not None
    assert (sum(counts.counts.values()), counts.of("other")) == (30, 20)


async def test_null_modes_are_read_as_the_agents_read_them_and_said(sandbox: Running, tmp_path: Path) -> None:
    with lenient(sandbox):
        sandbox.sql("UPDATE autonomous_system_config SET dry_run_mode = NULL, enabled = NULL, emergency_stop = NULL")
        failures(sandbox)
        driven = await Driven(sandbox.url, sandbox.service_key, tmp_path).begin()
        config = driven.parts.readings.config.value
        await driven.round()
        said = [event.text for event in driven.monitor.snapshot.events]
        healed = sandbox.sql("SELECT dry_run_mode FROM autonomous_system_config")
        await driven.monitor.close()
    assert config is not None
    assert (config.dry_run, config.enabled, config.emergency_stop) == (False, False, False)
    assert healed == [(True,)]  # it was off, so the many failures turn it on
    for column in ("dry_run_mode", "enabled"):
        assert [text for text in said if f"{column} is null, which the agents read as false" in text]


@ONE_SHAPE
async def test_a_failure_stamped_in_the_future_is_not_fresh_for_ever(sandbox: Running, tmp_path: Path) -> None:
    sandbox.sql("UPDATE autonomous_system_config SET dry_run_mode = false")
    sandbox.sql(
        "INSERT INTO autonomous_tasks (description, status, started_at, completed_at)"
        " SELECT 'f', 'failed', now() - interval '20 h', now() - interval '20 h' FROM generate_series(1, 9)"
    )
    future(sandbox, "failed", "now() + interval '3 years'", "'infinity'", "'-infinity'", "now() + interval '6 min'")
    driven = await Driven(sandbox.url, sandbox.service_key, tmp_path).begin()
    await driven.round()
    at = await driven.parts.reads.outcomes.last_failed_at(datetime.now(UTC))
    rate = driven.monitor.snapshot.tasks.success_24h.value
    await driven.monitor.close()
    assert sandbox.sql("SELECT dry_run_mode FROM autonomous_system_config") == [(False,)]
    assert at is not None
    assert at < datetime.now(UTC)
    assert rate is not None
    assert rate.failed == 9


@ONE_SHAPE
async def test_a_completion_stamped_in_the_future_hides_no_standstill(sandbox: Running, tmp_path: Path) -> None:
    sandbox.sql(
        "INSERT INTO autonomous_tasks (description, status, created_at)"
        " VALUES ('p', 'pending', now() - interval '73 h'), ('q', 'pending', '-infinity'), ('r', 'pending', 'infinity')"
    )
    future(sandbox, "completed", "now() + interval '3 years'", "'infinity'")
    driven = await Driven(sandbox.url, sandbox.service_key, tmp_path).begin()
    checkup, _ = await driven.round()
    snapshot = driven.monitor.snapshot
    await driven.monitor.close()
    assert checkup.of("activity").level is Level.WARNING
    assert checkup.of("activity").text.startswith("oldest waits over 3 d")
    assert snapshot.tasks.last_completed_at.value is None
    assert snapshot.tasks.success_24h.value is not None
    assert snapshot.tasks.success_24h.value.completed == 0


@ONE_SHAPE
async def test_a_clock_that_is_a_few_minutes_ahead_is_believed(sandbox: Running, tmp_path: Path) -> None:
    future(sandbox, "completed", "now() + interval '4 min'")
    driven = await Driven(sandbox.url, sandbox.service_key, tmp_path).begin()
    snapshot = driven.monitor.snapshot
    await driven.monitor.close()
    assert snapshot.tasks.last_completed_at.value is not None
    assert snapshot.state is State.HEALTHY


@ONE_SHAPE
async def test_starts_of_the_future_excuse_no_standstill(sandbox: Running, tmp_path: Path) -> None:
    sandbox.sql("UPDATE autonomous_system_config SET max_daily_tasks = 3")
    sandbox.sql(
        "INSERT INTO autonomous_tasks (description, status, created_at)"
        " VALUES ('p', 'pending', now() - interval '3 days');"
        "INSERT INTO autonomous_tasks (description, status, started_at)"
        " SELECT 's', 'rejected', now() + interval '1 year' FROM generate_series(1, 5)"
    )
    driven = await Driven(sandbox.url, sandbox.service_key, tmp_path).begin()
    checkup, _ = await driven.round()
    await driven.monitor.close()
    assert checkup.of("activity").level is Level.WARNING


async def test_a_log_row_of_the_future_is_no_sign_of_life(sandbox: Running, tmp_path: Path) -> None:
    agents_write_logs(sandbox)
    running(sandbox, 5)
    sandbox.stuck(1)
    sandbox.sql(
        f"INSERT INTO autonomous_execution_logs (task_id, execution_step, step_status, {sandbox.time_column})"
        " SELECT id, 'step', 'started', at::timestamptz FROM autonomous_tasks,"
        " unnest(ARRAY['infinity', (now() + interval '1 year')::text]) AS at WHERE description LIKE 'stuck%%'"
    )
    driven = await Driven(sandbox.url, sandbox.service_key, tmp_path).begin()
    await driven.round()
    await driven.monitor.close()
    assert statuses(sandbox)["failed"] == 1


async def test_a_lift_of_the_future_hides_no_failures(sandbox: Running, tmp_path: Path) -> None:
    sandbox.sql("UPDATE autonomous_system_config SET dry_run_mode = false")
    sandbox.sql(
        f"INSERT INTO autonomous_execution_logs (execution_step, step_status, input_data, {sandbox.time_column})"
        " VALUES ('watchdog_healing', 'completed', '{\"order\": \"lift\"}', now() + interval '1 year')"
    )
    failures(sandbox)
    driven = await Driven(sandbox.url, sandbox.service_key, tmp_path).begin()
    await driven.round()
    await driven.monitor.close()
    assert sandbox.sql("SELECT dry_run_mode FROM autonomous_system_config") == [(True,)]


async def test_tasks_that_started_at_no_possible_time_are_not_healed(sandbox: Running, tmp_path: Path) -> None:
    agents_write_logs(sandbox)
    times = ("'infinity'", "'-infinity'", "'0001-01-01'", "'9999-12-31'", "now() + interval '1 year'")
    for at in times:
        sandbox.sql(
            "INSERT INTO autonomous_tasks (description, status, started_at, created_at)"
            f" VALUES ('x', 'in_progress', {at}, now() - interval '2 hours')"
        )
    driven = await Driven(sandbox.url, sandbox.service_key, tmp_path).begin()
    await driven.round()
    await driven.monitor.close()
    assert statuses(sandbox) == {"in_progress": len(times)}


@ONE_SHAPE
@pytest.mark.parametrize("count", [100, 101, 250])
async def test_all_running_are_seen_where_the_api_caps_reads_below_our_page(
    count: int, sandbox: Running, tmp_path: Path
) -> None:
    running(sandbox, count)
    driven = await Driven(sandbox.url, sandbox.service_key, tmp_path, autonomous=False).begin()
    cap(driven.parts.reads, 100)
    cap(driven.parts.panel_reads, 100)
    found = await driven.parts.reads.tasks.running()
    page = await driven.monitor.page(Listing(table=Table.TASKS), 0, 200)
    await driven.monitor.close()
    assert len(found) == len({task.id for task in found}) == count
    assert (len(page.rows), page.more) == (min(count, 200), count > 200)
    assert page.total == (count if count <= 200 else None)


def cap(reads: Reads, rows_at_most: int) -> None:
    """Let an API give no more rows at once than so many."""
    calls = reads._access.calls
    original = calls.rows

    async def rows(operation: str, build: Any, **more: Any) -> Any:
        return (await original(operation, build, **more))[:rows_at_most]

    calls.rows = rows  # type: ignore[method-assign]  # as the client's, but for what it gives


def future(sandbox: Running, status: str, *times: str) -> None:
    """Tasks that were over at `times`, as SQL."""
    for at in times:
        sandbox.sql(
            "INSERT INTO autonomous_tasks (description, status, started_at, completed_at)"
            f" VALUES ('x', '{status}', now(), {at})"
        )


async def test_odd_rows_all_at_once_end_nothing(sandbox: Running, tmp_path: Path) -> None:
    odd_tasks(sandbox)
    odd_logs(sandbox)
    sandbox.sql(
        "UPDATE autonomous_system_config"
        " SET emergency_stop_until = 'infinity', max_daily_tasks = -1, min_interval_minutes = 2147483647"
    )
    driven = await Driven(sandbox.url, sandbox.service_key, tmp_path).begin()
    await driven.parts.alerts.restore()
    for _ in range(2):
        checkup, _ = await driven.round()
        assert Level.UNKNOWN not in {check.level for check in checkup.checks}
        await driven.parts.alerts.evaluate()
    await driven.parts.kpis.measure()
    result = await driven.monitor.run(HEAL, await driven.monitor.plan(HEAL))
    dead = [name for name, reading in driven.parts.readings.values.items() if not reading.live]
    well = closed(driven)
    await driven.monitor.close()
    assert result.done
    assert dead == []
    assert well


def odd_tasks(sandbox: Running) -> None:
    """Tasks that never began, begin in years or began before all time; their estimates and their ends are no better."""
    sandbox.sql(
        """
        INSERT INTO autonomous_tasks (description, status, started_at, created_at, estimated_duration_minutes) VALUES
            ('a', 'in_progress', NULL, now() - interval '2 hours', -5),
            ('b', 'in_progress', now() + interval '3 years', now(), NULL),
            ('c', 'in_progress', 'infinity', now() - interval '2 hours', 1),
            ('d', 'in_progress', '-infinity', now(), 1),
            ('e', 'in_progress', '9999-12-31', now(), 0);
        INSERT INTO autonomous_tasks (description, status, created_at, completed_at) VALUES
            ('f', 'completed', now(), 'infinity'),
            ('g', 'failed', now(), '-infinity'),
            ('h', 'pending', 'infinity', NULL)
        """
    )


def odd_logs(sandbox: Running) -> None:
    """Rows of ours and of agents with durations below zero, impossible times and JSON of the wrong kind."""
    sandbox.sql(
        f"""
        INSERT INTO autonomous_execution_logs
            (execution_step, step_status, duration_ms, {sandbox.time_column}, input_data, output_data) VALUES
            ('watchdog_healing', 'completed', -2147483648, now(),
                '{{"order": "heal", "run": "x", "by": "operator", "who": 5}}',
                '{{"ids": [1, null, {{}}], "steps": []}}'),
            ('watchdog_healing', 'completed', -1, 'infinity', '{{"order": "undo", "run": 5}}', '{{"ids": {{"a": 1}}}}'),
            ('watchdog_health_check', 'completed', -5, '9999-12-31', '[]', '"x"'),
            ('lease', 'started', 0, '-infinity', NULL, NULL),
            ('task_x', 'started', NULL, '0001-01-01', '5', 'null')
        """
    )


async def test_audit_rows_of_the_future_decide_nothing(sandbox: Running, tmp_path: Path) -> None:
    """An undo that names a stuck task keeps it from being healed, a heal of fifty brakes: not when they are to come."""
    agents_write_logs(sandbox)
    running(sandbox, 5)
    sandbox.stuck(1)
    (name,) = sandbox.sql("SELECT id FROM autonomous_tasks WHERE description LIKE 'stuck%%'")[0]
    sandbox.sql(
        "INSERT INTO autonomous_execution_logs (execution_step, step_status, input_data, output_data,"
        f" {sandbox.time_column}) VALUES ('watchdog_healing', 'completed', %s, %s, now() + interval '1 year')",
        json.dumps({"order": "undo", "run": "r"}),
        json.dumps({"ids": [str(name)]}),
    )
    sandbox.sql(
        "INSERT INTO autonomous_tasks (description, status, completed_at, error_message) SELECT 'x', 'failed',"
        " now() + interval '1 year', 'watchdesk:stuck:r: by watchdog' FROM generate_series(1, 60)"
    )
    driven = await Driven(sandbox.url, sandbox.service_key, tmp_path).begin()
    await driven.round()
    await driven.monitor.close()
    assert sandbox.sql("SELECT status FROM autonomous_tasks WHERE id = %s", name) == [("failed",)]
