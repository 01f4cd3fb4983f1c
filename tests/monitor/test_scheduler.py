"""The watchdog's loop: jitter, no overlap, watched and restarted, sleep- and jump-proof, heard by others."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

import core.base.clock
import core.monitor.scheduler
import core.services.trends
from core.alerting.settings import AlertRules
from core.backend.target import Target
from core.base.clock import SystemClock
from core.checks.settings import WatchRules
from core.domain.alerts import STOP_RULE
from core.domain.events import DegradationChanged, Event
from core.domain.snapshot import LinkWord, State
from core.domain.status import Level
from core.monitor import Config, Monitor, Places
from core.services.config import RefreshRules
from core.services.supervised_loop import SupervisedLoop
from tests.actions.driving import Driven, Watchdog, failures
from tests.clock import FakeClock
from tests.running import ONE_SHAPE, Running
from tests.until import until
from tests.wire import Wire, answer, hang, wire


class Sleeper(SystemClock):
    """The real clock, and a machine that can be put to sleep: all its timers stand still, and time goes on."""

    def __init__(self) -> None:
        super().__init__()
        real = self.elapsed
        self.slept = 0.0
        self.elapsed = lambda: real() + self.slept


@pytest.fixture
async def between(sandbox: Running) -> AsyncIterator[Wire]:
    async with wire(sandbox.url) as one:
        yield one


def config(url: str, key: str, interval_s: float = 300.0, **more: object) -> Config:
    return Config(
        target=Target(name="probe", url=url, key=key),
        watch=WatchRules(interval_s=interval_s, **more),  # type: ignore[arg-type]  # passed on as they are
        refresh=RefreshRules(period_s=60),
    )


async def test_a_loop_that_hangs_is_dead_after_two_intervals_and_begun_anew() -> None:
    clock, turns, said = FakeClock(), 0, list[str]()
    forever = asyncio.Event()

    async def turn() -> None:
        nonlocal turns
        turns += 1
        if turns == 1:
            await forever.wait()
        await asyncio.sleep(0.01)

    keeper = SupervisedLoop("watchdog", turn, clock, say=said.append, dead_after_s=600)
    keeper.start()
    await asyncio.sleep(0.01)
    clock.advance(599)
    keeper.revive()
    assert (keeper.dead, keeper.restarts, turns) == (False, 0, 1)
    clock.advance(2)
    assert keeper.dead
    keeper.revive()
    await asyncio.sleep(0.05)
    assert turns > 1
    assert (keeper.dead, keeper.restarts) == (False, 1)
    assert said == ["the watchdog loop was dead for 10 min: restarted"]
    task = keeper.stop()
    assert task is not None
    await asyncio.gather(task, return_exceptions=True)


async def test_a_loop_that_fails_says_so_and_goes_on() -> None:
    clock, said, turns = FakeClock(), list[str](), 0

    async def turn() -> None:
        nonlocal turns
        turns += 1
        if turns < 3:
            raise RuntimeError("boom")
        await asyncio.sleep(3600)

    keeper = SupervisedLoop("refresh", turn, clock, say=said.append)
    keeper.start()
    await until(lambda: turns == 3)
    assert said == ["the refresh loop failed (RuntimeError) and goes on; see the log file"] * 2
    keeper.stop()


@ONE_SHAPE
async def test_the_supervisor_restarts_a_hung_watchdog_and_says_so(sandbox: Running, tmp_path: Path) -> None:
    monitor = Monitor(config(sandbox.url, sandbox.service_key, 0.5), places=Places.within(tmp_path))
    await monitor.start()
    await until(lambda: monitor.snapshot.ready)
    scheduler = monitor._scheduler
    hung = asyncio.Event()
    whole = scheduler._parts.checks.check

    async def hangs() -> None:
        await hung.wait()

    scheduler._parts.checks.check = hangs  # type: ignore[method-assign,assignment]  # a check that never comes back
    await until(lambda: scheduler.watchdog_dead)
    monitor._publish()
    assert not monitor.snapshot.health.running
    assert any("has stopped working: press w to restart it" in notice for notice in monitor.snapshot.notices)
    scheduler._parts.checks.check = whole  # type: ignore[method-assign]  # as it was
    last = monitor.snapshot.health.last_at
    await until(lambda: monitor.snapshot.health.restarts == 1)
    await until(lambda: monitor.snapshot.health.last_at != last)
    assert any("watchdog loop was dead" in event.text for event in monitor.snapshot.events)
    assert monitor.snapshot.health.running
    await monitor.close()


@ONE_SHAPE
async def test_a_check_due_while_the_machine_slept_runs_once(
    sandbox: Running, between: Wire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(core.base.clock, "_SLICE_S", 0.2)
    clock = Sleeper()
    monitor = Monitor(config(between.url, sandbox.service_key, 300.0), clock=clock, places=Places.within(tmp_path))
    await monitor.start()
    await until(lambda: monitor.snapshot.ready)
    asked = -1
    while asked != len(between.seen):  # a request under way would be over its time when it wakes, and call for a check
        asked = len(between.seen)
        await asyncio.sleep(0.5)

    def checks() -> int:
        return sum("OPTIONS /functions/" in line for line in between.seen)

    assert checks() == 1
    clock.slept += 8 * 3600  # a night
    await until(lambda: checks() == 2)
    await asyncio.sleep(1.0)
    assert checks() <= 3  # once, not ninety-six times; and once more where a request was cut by the waking
    assert monitor.snapshot.health.restarts == 0  # all of it slept: nothing was dead
    await monitor.close()


@ONE_SHAPE
async def test_a_wall_clock_set_back_or_forward_changes_no_period(sandbox: Running, tmp_path: Path) -> None:
    driven = await Watchdog(sandbox.url, sandbox.service_key, tmp_path, FakeClock(datetime.now(UTC))).begin()
    await driven.round(20)
    for jump in (-86400.0, 2 * 86400.0):
        driven.clock.jump_wall(jump)
        driven.clock.advance(20)
        await driven.parts.lease.round()
        assert driven.parts.lease.valid()
        assert abs((datetime.now(UTC) - driven.parts.time.cut_off()).total_seconds()) < 60
    await driven.monitor.close()


@ONE_SHAPE
async def test_periods_are_spread_and_never_two_checks_at_once(sandbox: Running, between: Wire, tmp_path: Path) -> None:
    monitor = Monitor(config(between.url, sandbox.service_key), places=Places.within(tmp_path))
    await monitor.discover()
    drawn = [monitor._scheduler._pace.spread(300.0, 0.1) for _ in range(1000)]
    assert 270 <= min(drawn) < 280
    assert 320 < max(drawn) <= 330
    under_way = most = 0
    look = monitor.parts.check_runner.run

    async def counted(about: object) -> object:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        try:
            return await look(about)  # type: ignore[arg-type]  # passed on as it is
        finally:
            under_way -= 1

    monitor.parts.check_runner.run = counted  # type: ignore[method-assign,assignment]  # counts, and looks
    between.delays["/rest/v1/"] = 0.05
    await asyncio.gather(*(monitor.check() for _ in range(5)), monitor.check_now())
    assert most == 1
    await monitor.close()


@ONE_SHAPE
async def test_each_completed_check_is_told_to_the_heartbeat_and_a_dead_one_blocks_nothing(
    sandbox: Running, tmp_path: Path
) -> None:
    async with wire() as heart:
        heart.acts["/beat"] = answer(b"ok")
        more = {"heartbeat_url": f"{heart.url}/beat?token=secret"}
        monitor = Monitor(config(sandbox.url, sandbox.service_key, 0.3, **more), places=Places.within(tmp_path))
        await monitor.start()
        await until(lambda: len(heart.seen) >= 3)
        assert heart.seen[0] == "GET /beat?token=secret"
        heart.acts["/beat"] = hang
        last = monitor.snapshot.health.last_at
        await until(lambda: monitor.snapshot.health.last_at != last)
        heart.acts["/beat"] = answer(b"", "500 Internal Server Error")
        await until(lambda: any("heartbeat address answers 500" in notice for notice in monitor.snapshot.notices))
        assert "secret" not in str(monitor.snapshot)
        await monitor.close()


async def test_what_cannot_be_reached_is_down_when_the_control_address_answers(tmp_path: Path) -> None:
    async with wire() as control:
        control.acts["/"] = answer(b"")
        for url, level in ((control.url, Level.CRITICAL), ("http://127.0.0.1:9", Level.UNKNOWN)):
            told = config("http://nobody.invalid", "sb_secret_x", control_url=url)
            monitor = Monitor(told, places=Places.within(tmp_path))
            began = time.monotonic()
            database = (await monitor.check()).of("database")
            assert database.level is level
            assert time.monotonic() - began < 2.3
            assert ("while the control address answers" in database.text) is (level is Level.CRITICAL)
            await monitor.close()


async def test_checks_of_four_monitors_at_once_never_invoke_the_agents(sandbox: Running, tmp_path: Path) -> None:
    sandbox.sql("INSERT INTO autonomous_tasks (description) VALUES ('waits')")
    before = sandbox.functions()
    four = [
        Monitor(config(sandbox.url, sandbox.service_key), places=Places.within(tmp_path / str(n))) for n in range(4)
    ]
    await asyncio.gather(*(monitor.discover() for monitor in four))

    async def check(monitor: Monitor) -> None:
        for _ in range(5):
            checkup = await monitor.check()
            assert checkup.of("edge_function").level is Level.OK

    await asyncio.gather(*map(check, four))
    for monitor in four:
        await monitor.close()
    assert sandbox.functions() == before
    assert sandbox.sql("SELECT status FROM autonomous_tasks") == [("pending",)]


async def test_a_task_that_is_past_its_time_is_checked_once_it_is_on_the_screen(
    sandbox: Running, tmp_path: Path
) -> None:
    every = msgspec.structs.replace(config(sandbox.url, sandbox.service_key, 3600), refresh=RefreshRules(period_s=0.2))
    monitor = Monitor(every, places=Places.within(tmp_path))
    await monitor.start()
    try:
        await until(lambda: monitor.snapshot.ready and monitor.snapshot.health.last_at)
        sandbox.stuck(2)
        await until(lambda: len(monitor.snapshot.tasks.stuck) == 2)
    finally:
        await monitor.close()


@ONE_SHAPE
async def test_a_stop_and_a_resume_are_alerts_at_once_however_seldom_those_are_evaluated(
    sandbox: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(core.monitor.scheduler, "_EVALUATED_AGAIN_S", 0.01)
    seldom = msgspec.structs.replace(
        config(sandbox.url, sandbox.service_key, 3600.0),
        alerts=AlertRules(evaluate_s=3600.0),
        refresh=RefreshRules(period_s=1),
        observe=True,
    )
    monitor = Monitor(seldom, places=Places.within(tmp_path))
    await monitor.start()
    await until(lambda: monitor.snapshot.ready)

    def stop() -> str:
        return next((one.word for one in monitor.snapshot.alerts if one.rule == STOP_RULE), "")

    def activity() -> str:
        return next(check.text for check in monitor.snapshot.health.checks if check.name == "activity")

    for set_now, word in ((True, "firing"), (False, "resolving"), (True, "firing")):
        sandbox.sql("UPDATE autonomous_system_config SET emergency_stop = %s", set_now)
        await until(lambda word=word: stop() == word)
        await until(lambda set_now=set_now: ("emergency stop" in activity()) is set_now)
    await monitor.close()


@ONE_SHAPE
async def test_a_storm_is_counted_between_two_checks(
    sandbox: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(core.services.trends, "_COUNTED_AGAIN_S", 0.0)
    sandbox.completed(4)
    refresh = RefreshRules(period_s=0.2, slow_period_s=0.2)
    monitor = Monitor(
        msgspec.structs.replace(config(sandbox.url, sandbox.service_key, 3600), refresh=refresh),
        places=Places.within(tmp_path),
    )
    await monitor.start()
    await until(lambda: monitor.snapshot.throughput.sums[0] == 4, "counted after the start's check")
    sandbox.sql(
        "INSERT INTO autonomous_tasks (description, status, created_at, completed_at)"
        " SELECT 'f', 'failed', now(), now() FROM generate_series(1, 7)"
    )
    await until(lambda: monitor.snapshot.throughput.sums[1] == 7, "counted again")
    await monitor.close()


@ONE_SHAPE
async def test_waking_up_is_no_degradation_though_nothing_is_live_until_it_was_read_again(
    sandbox: Running, tmp_path: Path
) -> None:
    driven = await Driven(
        sandbox.url, sandbox.service_key, tmp_path, FakeClock(datetime.now(UTC)), observe=True
    ).begin()
    driven.scheduler.ready = True
    await driven.monitor.refresh(everything=True)

    def degraded() -> list[Event]:
        return [one for one in driven.monitor.snapshot.events if isinstance(one.what, DegradationChanged)]

    before = degraded()
    for _ in range(2):
        driven.clock.advance(301.0)
        driven.monitor._publish()
        assert driven.monitor.snapshot.link.word is LinkWord.STALE
        assert not driven.monitor.snapshot.tasks.counts.live
        await driven.monitor.refresh(everything=True)
        assert driven.monitor.snapshot.tasks.counts.live
    assert degraded() == before
    await driven.monitor.close()


@ONE_SHAPE
async def test_what_only_a_person_can_mend_is_not_asked_for_again_and_again_while_something_is_wrong(
    sandbox: Running, between: Wire, tmp_path: Path
) -> None:
    failures(sandbox, 30)
    usual = msgspec.structs.replace(config(between.url, sandbox.service_key), refresh=RefreshRules())
    monitor = Monitor(usual, places=Places.within(tmp_path))
    await monitor.start()
    await until(lambda: monitor.snapshot.ready and monitor.snapshot.state is State.CRITICAL)
    denied = b'{"code": "42501", "message": "permission denied for table autonomous_execution_logs"}'
    between.acts["/rest/v1/autonomous_execution_logs"] = answer(denied, "403 Forbidden")
    scheduler = monitor._scheduler
    refreshed: list[float] = []
    refresh = scheduler._refresh_once

    async def noted(**given: Any) -> None:
        refreshed.append(time.monotonic())
        await refresh(**given)

    scheduler._refresh_once = noted  # type: ignore[method-assign]  # the same, counted
    scheduler.refresh_soon()
    await until(lambda: any(fault.person for fault in monitor.faults()) and scheduler._refresh_due_s() > 30)
    for _ in range(3):
        asked = len(refreshed)
        scheduler._hurry_if_due()  # as after each check and each evaluation
        await asyncio.sleep(1.0)
        assert len(refreshed) <= asked + 1
    await monitor.close()
