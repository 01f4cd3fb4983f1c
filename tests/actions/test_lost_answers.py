"""A write whose answer is lost is neither failed nor repeated blindly: it is read back, and told as it is."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest

from core.actions.emergency_stop import EMERGENCY_STOP
from core.actions.heal import HEAL
from core.actions.resume import RESUME
from core.backend.client import RequestLimits
from core.backend.target import Target
from core.domain.actions import ResultPhase
from core.monitor import Config, Monitor, Places
from tests.running import ONE_SHAPE, Running
from tests.wire import Wire, wire

LOGS, TASKS = "/rest/v1/autonomous_execution_logs", "/rest/v1/autonomous_tasks"
CONFIG, RPC = "/rest/v1/autonomous_system_config", "/rest/v1/rpc/emergency_stop_autonomous_system"


@pytest.fixture
async def between(sandbox: Running) -> AsyncIterator[Wire]:
    async with wire(sandbox.url) as one:
        yield one


@pytest.fixture
async def monitor(sandbox: Running, between: Wire, tmp_path: Path) -> AsyncIterator[Monitor]:
    config = Config(target=Target(name="probe", url=between.url, key=sandbox.service_key))
    one = Monitor(config, places=Places.within(tmp_path))
    await one.discover()
    yield one
    await one.close()


def audit(sandbox: Running) -> list[tuple[str, str]]:
    return sandbox.sql(  # type: ignore[return-value]  # two texts each
        "SELECT input_data->>'order', step_status FROM autonomous_execution_logs"
        f" WHERE execution_step = 'watchdog_healing' ORDER BY {sandbox.time_column}, step_status DESC"
    )


async def test_an_audit_row_whose_answer_was_lost_is_there_once(
    sandbox: Running, between: Wire, monitor: Monitor
) -> None:
    sandbox.stuck(3)
    plan = await monitor.plan(HEAL)
    between.lost = [f"POST {LOGS}"]
    result = await monitor.run(HEAL, plan)
    assert (result.phase, result.changed) == (ResultPhase.VERIFIED, 3)
    assert len([line for line in between.seen if line.startswith(f"POST {LOGS}")]) == 3  # two rows, one sent twice
    assert audit(sandbox) == [("heal", "started"), ("heal", "completed")]


async def test_healed_tasks_whose_answer_was_lost_are_counted_by_reading(
    sandbox: Running, between: Wire, monitor: Monitor
) -> None:
    sandbox.stuck(3)
    plan = await monitor.plan(HEAL)
    between.lost = [f"PATCH {TASKS}"]
    result = await monitor.run(HEAL, plan)
    assert (result.phase, result.changed, result.skipped) == (ResultPhase.VERIFIED, 3, 0)
    assert len([line for line in between.seen if line.startswith(f"PATCH {TASKS}")]) == 1  # not repeated blindly
    assert sandbox.sql("SELECT DISTINCT status FROM autonomous_tasks") == [("failed",)]


async def test_a_stop_whose_answers_were_lost_is_seen_by_reading(
    sandbox: Running, between: Wire, monitor: Monitor
) -> None:
    sandbox.sql("INSERT INTO autonomous_tasks (description) SELECT 'p' FROM generate_series(1, 4)")
    between.lost = [f"POST {LOGS}", f"POST {RPC}", f"PATCH {CONFIG}", f"PATCH {TASKS}"]
    result = await monitor.run(EMERGENCY_STOP, reason="losing answers")
    assert result.phase in {ResultPhase.VERIFIED, ResultPhase.PARTLY}
    assert "stopped" in result.text
    assert sandbox.sql("SELECT emergency_stop FROM autonomous_system_config") == [(True,)]
    assert sandbox.sql("SELECT DISTINCT status FROM autonomous_tasks") == [("rejected",)]


@ONE_SHAPE
async def test_a_lift_whose_answer_was_lost_is_seen_by_reading(
    sandbox: Running, between: Wire, monitor: Monitor
) -> None:
    sandbox.sql("UPDATE autonomous_system_config SET emergency_stop = true")
    between.lost = [f"PATCH {CONFIG}"]
    result = await monitor.run(RESUME)
    assert (result.phase, result.text) == (ResultPhase.VERIFIED, "resumed (read back)")
    assert sandbox.sql("SELECT emergency_stop FROM autonomous_system_config") == [(False,)]


async def test_a_resume_that_requeues_whose_answers_were_lost_is_counted_by_reading(
    sandbox: Running, between: Wire, monitor: Monitor
) -> None:
    sandbox.sql("INSERT INTO autonomous_tasks (description) SELECT 'p' FROM generate_series(1, 4)")
    assert (await monitor.run(EMERGENCY_STOP, reason="for a moment")).done
    between.lost = [f"POST {LOGS}", f"PATCH {CONFIG}", f"PATCH {TASKS}"]
    result = await monitor.run(RESUME, requeue=True)
    assert between.lost == []
    assert result.phase is ResultPhase.VERIFIED, result
    assert "4" in result.text
    assert sandbox.sql("SELECT status, count(*) FROM autonomous_tasks GROUP BY 1") == [("pending", 4)]
    assert sandbox.sql("SELECT emergency_stop FROM autonomous_system_config") == [(False,)]
    assert sorted(audit(sandbox)[2:]) == [
        (name, status) for name in ("lift", "requeue") for status in ("completed", "started")
    ]


@ONE_SHAPE
async def test_a_stop_that_cannot_be_read_back_is_not_known_and_says_so(
    sandbox: Running, between: Wire, monitor: Monitor
) -> None:
    async def gone() -> None:
        while not any(RPC in line or line.startswith(f"PATCH {CONFIG}") for line in between.seen):
            await asyncio.sleep(0.001)
        between.acts["/rest/"] = _reset

    from tests.wire import reset as _reset

    between.delays[RPC] = between.delays[CONFIG] = 0.05
    breaking = asyncio.create_task(gone())
    result = await monitor.run(EMERGENCY_STOP, reason="losing it all")
    await breaking
    assert result.phase in {ResultPhase.UNKNOWN, ResultPhase.UNREACHABLE}
    assert "not known whether stopped" in result.text


@ONE_SHAPE
async def test_a_dry_run_of_a_heal_whose_answer_was_lost_is_seen_by_reading(
    sandbox: Running, between: Wire, monitor: Monitor
) -> None:
    sandbox.sql("UPDATE autonomous_system_config SET dry_run_mode = false")
    sandbox.sql(
        "INSERT INTO autonomous_tasks (description, status, started_at, completed_at)"
        " SELECT 'f', 'failed', now(), now() FROM generate_series(1, 20)"
    )
    plan = await monitor.plan(HEAL)
    between.lost = [f"PATCH {CONFIG}"]
    result = await monitor.run(HEAL, plan)
    assert between.lost == []
    assert (result.phase, result.changed) == (ResultPhase.VERIFIED, 1)
    assert sandbox.sql("SELECT dry_run_mode FROM autonomous_system_config") == [(True,)]


@ONE_SHAPE
async def test_a_config_row_whose_answer_was_lost_is_seen_by_reading(
    sandbox: Running, between: Wire, monitor: Monitor
) -> None:
    sandbox.sql("DELETE FROM autonomous_system_config")
    plan = await monitor.plan(HEAL)
    between.lost = [f"POST {CONFIG}"]
    result = await monitor.run(HEAL, plan)
    assert between.lost == []
    assert (result.phase, result.changed) == (ResultPhase.VERIFIED, 1)
    assert sandbox.sql("SELECT count(*) FROM autonomous_system_config") == [(1,)]


@ONE_SHAPE
async def test_a_heal_that_waits_for_a_row_longer_than_a_request_is_not_called_refused(
    sandbox: Running, monitor: Monitor
) -> None:
    """Somebody holds the row's lock: the write may be carried out once it is given up."""
    sandbox.stuck(1)
    plan = await monitor.plan(HEAL)
    monitor.parts.backend.limits = RequestLimits(request_s=1.0)
    with psycopg.connect(sandbox.database_url) as other:
        other.execute("SELECT id FROM autonomous_tasks FOR UPDATE")
        result = await monitor.run(HEAL, plan)
        other.rollback()
    assert (result.phase, result.changed, result.refused) == (ResultPhase.UNKNOWN, 0, 0)
    assert "1 with unknown outcome (response lost)" in result.text
