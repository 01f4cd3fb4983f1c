"""Operators' orders on breakers: a hold outlives the process, everything is audited, nothing needs the database."""

import asyncio
from datetime import timedelta
from pathlib import Path

from core.actions.breaker_holds import KIND
from core.actions.breakers import HOLD_BREAKER, RELEASE_BREAKER, RESET_BREAKER
from core.backend.target import Target
from core.base.clock import SystemClock
from core.base.store import Store
from core.domain.actions import ResultPhase
from core.monitor import Config, Monitor, Places
from core.resilience import BreakerState
from tests.running import ONE_SHAPE, Running

TASKS = "db:fetch_tasks"


def monitor_on(sandbox: Running, home: Path, *, observe: bool = False) -> Monitor:
    target = Target(name="probe", url=sandbox.url, key=sandbox.service_key)
    return Monitor(Config(target=target, observe=observe), places=Places.within(home))


async def started(monitor: Monitor) -> Monitor:
    await monitor.start()
    async with asyncio.timeout(60):
        while not monitor.snapshot.ready:
            await asyncio.sleep(0.02)
    return monitor


def state_of(monitor: Monitor, key: str) -> BreakerState:
    return next(record.state for record in monitor.snapshot.breakers if record.key == key)


async def audited(sandbox: Running, count: int) -> list[tuple[str, str]]:
    query = (
        "SELECT input_data->>'order', step_status FROM autonomous_execution_logs"
        f" WHERE execution_step = 'watchdog_healing' ORDER BY {sandbox.time_column}, step_status DESC"
    )
    async with asyncio.timeout(60):
        while len(rows := await asyncio.to_thread(sandbox.sql, query)) < count:
            await asyncio.sleep(0.05)
    return [(str(order), str(status)) for order, status in rows]


@ONE_SHAPE
async def test_a_hold_survives_a_restart_until_it_is_released(sandbox: Running, tmp_path: Path) -> None:
    monitor = await started(monitor_on(sandbox, tmp_path))
    held = await monitor.run(HOLD_BREAKER, breaker=TASKS, reason="replaying the log")
    assert (held.phase, held.text) == (ResultPhase.VERIFIED, f"{TASKS} held open: replaying the log")
    assert state_of(monitor, TASKS) is BreakerState.HELD
    assert await audited(sandbox, 2) == [("hold_breaker", "started"), ("hold_breaker", "completed")]
    await monitor.close()

    monitor = await started(monitor_on(sandbox, tmp_path))
    record = next(record for record in monitor.snapshot.breakers if record.key == TASKS)
    assert (record.state, record.held_why) == (BreakerState.HELD, "replaying the log")
    assert "operator" in (record.held_by or "")
    assert monitor.snapshot.tasks.newest.source != "live"
    assert "1 breaker held open" in [step.text for step in monitor.snapshot.start]
    assert (await monitor.run(RELEASE_BREAKER, breaker=TASKS)).done
    assert state_of(monitor, TASKS) is not BreakerState.HELD
    await monitor.close()

    monitor = await started(monitor_on(sandbox, tmp_path))
    assert state_of(monitor, TASKS) is BreakerState.CLOSED
    await monitor.close()


@ONE_SHAPE
async def test_a_reset_ends_a_hold_for_good(sandbox: Running, tmp_path: Path) -> None:
    monitor = await started(monitor_on(sandbox, tmp_path))
    await monitor.run(HOLD_BREAKER, breaker=TASKS, reason="a reason")
    assert (await monitor.run(RESET_BREAKER)).done
    await monitor.close()
    state = Store(tmp_path / "state", Target(name="probe", url=sandbox.url, key=sandbox.service_key).space)
    assert await state.all(KIND, object) == {}
    await state.close()


@ONE_SHAPE
async def test_a_hold_that_ended_meanwhile_is_not_taken_up_again(sandbox: Running, tmp_path: Path) -> None:
    monitor = await started(monitor_on(sandbox, tmp_path))
    await monitor.run(
        HOLD_BREAKER, breaker=TASKS, reason="for a moment", until=SystemClock().now() + timedelta(seconds=0.2)
    )
    await monitor.close()
    await asyncio.sleep(0.3)
    monitor = await started(monitor_on(sandbox, tmp_path))
    assert state_of(monitor, TASKS) is BreakerState.CLOSED
    await monitor.close()


@ONE_SHAPE
async def test_a_hold_that_cannot_be_kept_is_refused_in_words(sandbox: Running, tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where the directory should be")
    monitor = await started(monitor_on(sandbox, tmp_path))
    refused = await monitor.run(HOLD_BREAKER, breaker=TASKS, reason="a reason")
    assert refused.phase is ResultPhase.REFUSED
    assert "is a file, not a directory" in refused.text
    assert state_of(monitor, TASKS) is BreakerState.CLOSED
    assert any("is a file, not a directory" in notice for notice in monitor.snapshot.notices)
    await monitor.close()


@ONE_SHAPE
async def test_observing_refuses_and_an_unknown_breaker_is_said(sandbox: Running, tmp_path: Path) -> None:
    monitor = monitor_on(sandbox, tmp_path, observe=True)
    assert (await monitor.run(HOLD_BREAKER, breaker=TASKS, reason="x")).phase is ResultPhase.REFUSED
    await monitor.close()
    monitor = monitor_on(sandbox, tmp_path)
    assert "no breaker db:nothing" in (await monitor.run(RESET_BREAKER, breaker="db:nothing")).text
    await monitor.close()


@ONE_SHAPE
async def test_a_reset_needs_no_database_and_says_that_it_is_not_audited(sandbox: Running, tmp_path: Path) -> None:
    monitor = await started(monitor_on(sandbox, tmp_path))
    await asyncio.to_thread(sandbox.fault, "database_down", True)
    try:
        assert (await monitor.run(RESET_BREAKER, breaker=TASKS)).done
        async with asyncio.timeout(60):
            while not any("not in the audit log" in event.text for event in monitor.snapshot.events):
                await asyncio.sleep(0.1)
                await monitor.refresh()
    finally:
        await asyncio.to_thread(sandbox.fault, "database_down", False)
        await monitor.close()


@ONE_SHAPE
async def test_of_two_processes_one_acts_and_the_other_takes_over_when_it_is_gone(
    sandbox: Running, tmp_path: Path
) -> None:
    first = await started(monitor_on(sandbox, tmp_path))
    second = await started(monitor_on(sandbox, tmp_path))  # the same lock, as another process would find it
    said = [notice for notice in second.snapshot.notices if "acts for this project on this machine" in notice]
    assert len(said) == 1
    assert said[0].startswith("pid ")
    assert first.snapshot.notices == ()
    await first.close()
    async with asyncio.timeout(60):
        while second.snapshot.notices:
            await asyncio.sleep(0.1)
            await second.check_now()
    await second.close()


@ONE_SHAPE
async def test_a_start_runs_once_however_often_it_is_asked_for(sandbox: Running, tmp_path: Path) -> None:
    monitor = monitor_on(sandbox, tmp_path)
    await asyncio.gather(*(monitor.start() for _ in range(5)))
    await started(monitor)
    await monitor.start()
    async with asyncio.timeout(60):
        while monitor.snapshot.start[-1].name != "heal":
            await asyncio.sleep(0.02)
    names = [step.name for step in monitor.snapshot.start]
    assert names == [
        *("cache", "last-known data", "state", "connect", "schema"),
        *("first refresh", "first check", "policies", "watchdog", "heal"),
    ]
    assert all(step.text for step in monitor.snapshot.start if step.name != "first refresh")
    await monitor.close()
