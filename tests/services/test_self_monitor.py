"""The monitor watches itself: figures in steps, bounds with hysteresis, and time in which nothing turned."""

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.domain.status import Level
from core.monitor import Config, Monitor, Places
from core.services.self_limits import Bound, Lags, SelfRules, coarse_mb, coarse_ms
from core.services.self_monitor import SelfMonitor, elsewhere_resident, resident
from tests.actions.driving import Driven
from tests.clock import FakeClock
from tests.monitor.test_scheduler import Sleeper, config
from tests.running import ONE_SHAPE, Running
from tests.until import until

RULES = SelfRules()


def test_a_lag_is_known_from_half_a_window_on_and_old_ones_go() -> None:
    lags = Lags(RULES)
    for _ in range(59):
        lags.note(0.001)
    assert lags.p99_ms() is None
    lags.note(0.001)
    assert lags.p99_ms() == 1.0
    for _ in range(3):
        lags.note(0.2)
    assert lags.p99_ms() == 200.0
    for _ in range(120):
        lags.note(0.002)
    assert lags.p99_ms() == 2.0


def test_a_loop_that_was_blocked_counts_for_every_turn_it_missed() -> None:
    lags = Lags(RULES)
    for _ in range(116):
        lags.note(0.0)
    lags.note(4.0)  # one turn late, and three that did not come at all
    assert lags.p99_ms() == 3000.0


@pytest.mark.parametrize(("ms", "step"), [(0.0, 5), (5.0, 5), (5.1, 10), (49.0, 50), (51.0, 100), (9e9, 5000)])
def test_figures_come_in_steps(ms: float, step: int) -> None:
    assert coarse_ms(ms) == step
    assert [coarse_mb(mb) for mb in (62.4, 62.6, 63.9)] == [60, 65, 65]


def test_out_of_bounds_takes_three_measures_and_back_takes_five_minutes_well_within() -> None:
    bound = Bound(100.0, RULES)
    changes = [bound.see(value, now) for now, value in enumerate((101.0, 101.0, 100.0, 101.0, 101.0, 101.0))]
    assert changes == [False] * 5 + [True]
    assert bound.out
    assert not bound.see(None, 6)
    assert not any(bound.see(80.0, now) for now in range(10, 310, 5))
    assert not bound.see(81.0, 311)  # not that well
    assert not any(bound.see(80.0, now) for now in range(315, 615, 5))
    assert bound.see(80.0, 615)
    assert not bound.out


def test_what_goes_to_and_fro_for_a_day_changes_once() -> None:
    bound = Bound(100.0, RULES)
    values = [150.0 if (n // 30) % 2 else 50.0 for n in range(86400 // 5)]  # every two and a half minutes
    assert sum(bound.see(value, 5.0 * n) for n, value in enumerate(values)) == 1


def test_the_notice_ends_before_the_check_calls_it_recovered() -> None:
    bound = Bound(100.0, RULES)
    for now in (0, 5, 10):
        bound.see(150.0, now)
    assert bound.told(10)
    bound.see(50.0, 15)
    assert bound.told(40)
    bound.see(50.0, 45)
    assert (bound.told(45), bound.out) == (False, True)
    assert not bound.see(150.0, 50)  # it goes to and fro: no second event, yet it is to be known
    assert bound.told(50)


async def watching(sandbox: Running, home: Path) -> tuple[Driven, SelfMonitor]:
    driven = await Driven(sandbox.url, sandbox.service_key, home, FakeClock(datetime.now(UTC))).begin()
    return driven, driven.parts.self_monitor


def said(monitor: Monitor) -> list[str]:
    return [event.text for event in monitor.snapshot.events if event.text.startswith(OURS)]


OURS = ("this monitor", "monitor slow")


@ONE_SHAPE
async def test_what_is_out_of_bounds_is_a_notice_with_the_next_step_and_an_event_and_ends_with_one(
    sandbox: Running, tmp_path: Path
) -> None:
    driven, watch = await watching(sandbox, tmp_path)
    for _ in range(5):
        driven.clock.advance(5)
        watch.measured(memory_mb=131.0, lag_ms=70.0, refresh_s=6.2)
    notices = [text for text in driven.monitor.snapshot.notices if text.startswith(OURS)]
    assert notices == [
        "this monitor uses 130 MB of memory, more than 120 MB: quit (q) and restart watchdesk",
        "monitor slow: its event loop lags up to 100 ms: check what else is using this machine's CPU (top)",
        "monitor slow: a refresh takes 6.2 s, longer than its period of 5 s: increase [refresh] period_s",
    ]
    assert sorted(said(driven.monitor)) == sorted(notices)
    levels = {event.level for event in driven.monitor.snapshot.events if event.text in notices}
    assert levels == {Level.WARNING}
    for _ in range(70):
        driven.clock.advance(5)
        watch.measured(memory_mb=70.0, lag_ms=3.0, refresh_s=0.1)
    assert [text for text in driven.monitor.snapshot.notices if text.startswith(OURS)] == []
    assert len(said(driven.monitor)) == 6
    own = watch.own
    assert (own.memory_mb, own.lag_ms, own.out) == (70, 5, ())
    await driven.monitor.close()


def test_memory_is_the_same_by_either_way_to_read_it() -> None:
    assert resident()() == pytest.approx(elsewhere_resident()(), rel=0.1)


@ONE_SHAPE
async def test_a_turn_measures_this_process_and_the_last_two_refreshes(sandbox: Running, tmp_path: Path) -> None:
    driven, watch = await watching(sandbox, tmp_path)
    driven.parts.connection.answered(7.0)
    driven.parts.connection.answered(9.0)
    await watch.turn()
    assert 20 < (watch.own.memory_mb or 0) < 2000
    assert not any("a refresh takes" in text for text in watch.own.out)
    for _ in range(2):
        await watch.turn()
    assert any("a refresh takes 7 s" in text for text in watch.own.out)
    await driven.monitor.close()


@ONE_SHAPE
async def test_a_blocked_loop_is_lag_and_a_long_standstill_is_said_instead(sandbox: Running, tmp_path: Path) -> None:
    clock = Sleeper()
    given = config(sandbox.url, sandbox.service_key)
    rules = SelfRules(tick_s=0.01, lag_window_s=0.4, still_s=5.0)
    monitor = Monitor(
        Config(target=given.target, refresh=given.refresh, self_monitoring=rules),
        clock=clock,
        places=Places.within(tmp_path),
    )
    await monitor.start()
    await until(lambda: monitor.snapshot.ready)
    lags = monitor._parts.self_monitor._lags
    await until(lambda: lags.p99_ms() is not None)
    time.sleep(0.2)  # noqa: ASYNC251 - this is what is tried: nothing turns meanwhile
    await until(lambda: (lags.p99_ms() or 0.0) > 100.0)
    assert said(monitor) == []
    clock.slept += 4 * 3600.0
    await until(lambda: bool(said(monitor)))
    (text,) = said(monitor)
    assert text.startswith("this monitor was not running for 4 h, from ")
    assert text.endswith(": the machine slept; nothing was recorded in that time")
    await monitor.close()
    await asyncio.sleep(0.05)
    assert monitor._parts.self_monitor._timer is None
