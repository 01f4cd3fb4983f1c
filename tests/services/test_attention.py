"""The project is read as often as somebody looks or something is wrong, and a longer pause is no silence."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from core.backend.target import Target
from core.checks.settings import WatchRules
from core.domain.snapshot import LinkWord, Snapshot
from core.domain.status import Level
from core.monitor import Config, Monitor, Places
from core.monitor.snapshot_builder import compose
from core.resilience import BreakerRules
from core.resilience.fault import Counts, Evidence, Fault
from core.services.attention import Attention
from core.services.config import RefreshRules
from core.services.connection import ConnectionState
from tests.clock import FakeClock
from tests.running import ONE_SHAPE, Running
from tests.until import PATIENCE_S, until

RULES = RefreshRules()


def test_the_period_follows_keys_focus_and_trouble() -> None:
    clock = FakeClock()
    attention = Attention(clock, RULES)
    assert attention.period_s(well=True) == RULES.period_s  # who starts it looks
    clock.advance(RULES.attention_s)
    assert attention.period_s(well=True) == RULES.idle_period_s
    assert attention.period_s(well=False) == RULES.period_s
    attention.looked()
    assert attention.period_s(well=True) == RULES.period_s
    attention.focused(False)
    assert attention.period_s(well=True) == RULES.unfocused_period_s
    assert attention.period_s(well=False) == RULES.period_s
    clock.advance(2 * RULES.attention_s)
    attention.focused(True)
    assert attention.period_s(well=True) == RULES.period_s
    clock.advance(RULES.attention_s)
    assert attention.period_s(well=True) == RULES.idle_period_s  # a focused terminal, and nobody at it


def test_a_period_that_is_set_longer_is_never_shortened() -> None:
    clock = FakeClock()
    attention = Attention(clock, RefreshRules(period_s=120))
    clock.advance(3600)
    assert attention.period_s(well=True) == 120
    attention.focused(False)
    assert attention.period_s(well=True) == 120


def test_data_is_neither_stale_nor_blind_before_the_next_try_is_due_and_both_after_it_failed() -> None:
    clock = FakeClock()
    link = ConnectionState(clock, stale_after_s=10, blind_after_s=15)
    silent = Fault(kind="timeout", counts=Counts.NEUTRAL, evidence=Evidence.NONE, message="no answer")
    link.answered(0.1)
    link.next_try_in(30, 5)
    clock.advance(30)
    assert link.link(None).word is LinkWord.LIVE
    assert link.blind_for_s() is None
    link.failed((silent,))
    assert link.link(None).word is LinkWord.LIVE  # one lost answer, as at the usual period
    link.next_try_in(5, 5)
    assert link.link(None).word is LinkWord.BLIND  # nothing for 30 s, and now that counts
    link.answered(0.1)
    clock.advance(5)
    link.failed((silent,))
    clock.advance(6)
    assert link.link(None).word is LinkWord.STALE


@ONE_SHAPE
@pytest.mark.parametrize("comes_back", [Monitor.looked, lambda monitor: monitor.focused(True)])
async def test_left_alone_it_reads_seldom_and_shows_what_changed_at_once_when_somebody_is_back(
    comes_back: Callable[[Monitor], None], sandbox: Running, tmp_path: Path
) -> None:
    refresh = RefreshRules(period_s=0.1, attention_s=1.5, idle_period_s=3600, unfocused_period_s=3600, jitter=0)
    target = Target(name="probe", url=sandbox.url, key=sandbox.service_key, function_key=sandbox.function_key)
    monitor = Monitor(
        Config(target=target, refresh=refresh, watch=WatchRules(interval_s=3600)), places=Places.within(tmp_path)
    )
    scheduler = monitor._scheduler

    def due_s() -> float:
        return (scheduler.next_refresh or 0.0) - monitor._parts.clock.elapsed()

    await monitor.start()
    try:
        await until(lambda: due_s() > 60)
        assert monitor.snapshot.link.word is LinkWord.LIVE
        sandbox.sql("UPDATE autonomous_system_config SET autonomy_level = 1")
        assert monitor.snapshot.config.value is not None
        assert monitor.snapshot.config.value.autonomy_level == 2
        comes_back(monitor)
        await until(
            lambda: monitor.snapshot.config.value is not None and monitor.snapshot.config.value.autonomy_level == 1
        )
        await until(lambda: due_s() > 60)
        sandbox.sql("UPDATE autonomous_system_config SET emergency_stop = true")
        await monitor.check_now()
        await until(lambda: due_s() < 60 and monitor.snapshot.config.value.emergency_stop)
    finally:
        await monitor.close()


@ONE_SHAPE
async def test_in_an_outage_the_next_try_is_when_a_breaker_lets_one_through(sandbox: Running, tmp_path: Path) -> None:
    refresh = RefreshRules(period_s=0.1, jitter=0)
    target = Target(name="probe", url=sandbox.url, key=sandbox.service_key, function_key=sandbox.function_key)
    watch, breaker = WatchRules(interval_s=3600), BreakerRules(open_jitter=0)
    config = Config(target=target, refresh=refresh, watch=watch, breaker=breaker)
    monitor = Monitor(config, places=Places.within(tmp_path))

    def now() -> Snapshot:
        return compose(monitor._parts, monitor._scheduler)

    def next_s() -> float:
        snapshot = now()
        assert snapshot.link.next_at is not None
        return (snapshot.link.next_at - snapshot.at).total_seconds()

    await monitor.start()
    try:
        await until(lambda: monitor.snapshot.ready and monitor.snapshot.link.word is LinkWord.LIVE)
        assert next_s() <= 0.1
        sandbox.fault("errors", True)
        await until(lambda: next_s() > 30)
        await until(lambda: now().link.word is LinkWord.OFFLINE)
        tries = 0
        async with asyncio.timeout(PATIENCE_S):
            while tries != now().link.tries:  # one that was under way as the breaker opened may end yet
                tries = now().link.tries
                await asyncio.sleep(0.5)
        assert 30 < next_s() < 60  # it counts down, and none is made meanwhile
    finally:
        sandbox.fault("errors", False)
        await monitor.close()


def test_it_is_down_since_it_was_first_found_so_not_since_it_last_answered() -> None:
    clock = FakeClock()
    link = ConnectionState(clock, stale_after_s=10, blind_after_s=15)
    down = Fault(kind="no_connection", counts=Counts.FAILURE, evidence=Evidence.DOWN, message="refused")
    link.answered(0.1)
    last = clock.now()
    assert link.link(None).down_since == last
    clock.advance(30)
    link.failed((down,))
    began = clock.now()
    for _ in range(3):
        clock.advance(5)
        link.failed((down,))
    now = link.link(None)
    assert (now.word, now.since, now.down_since) == (LinkWord.OFFLINE, last, began)
    link.answered(0.1)
    clock.advance(30)
    link.checked(Level.CRITICAL, "database down")
    assert link.link(None).down_since == clock.now()


def test_a_check_that_is_answered_proves_a_line_before_the_next_refresh_does() -> None:
    clock = FakeClock()
    link = ConnectionState(clock, stale_after_s=10, blind_after_s=15)
    down = Fault(kind="proxy", counts=Counts.FAILURE, evidence=Evidence.DOWN, message="a proxy answered 503")
    link.answered(0.1)
    clock.advance(60)
    link.failed((down,))
    assert link.link(None).word is LinkWord.OFFLINE
    link.checked(Level.OK, "answers")
    assert link.link(None).word is LinkWord.STALE  # never BLIND: something answered just now
    assert link.blind_for_s() is None
    clock.advance(16)
    assert link.link(None).word is LinkWord.BLIND


def test_a_night_before_a_check_was_answered_does_not_keep_it_from_being_blind() -> None:
    silent = Fault(kind="no_dns", counts=Counts.FAILURE, evidence=Evidence.NONE, message="no name")
    for refreshed_first in (True, False):
        clock = FakeClock()
        link = ConnectionState(clock, stale_after_s=10, blind_after_s=15)
        link.answered(0.1)
        clock.advance(8 * 3600)  # it slept
        if refreshed_first:
            link.failed((silent,))
        link.checked(Level.OK, "answers")
        clock.advance(10)
        link.failed((silent,))
        assert link.link(None).word is LinkWord.STALE
        clock.advance(6)
        assert link.blind_for_s() == 16.0
        assert link.link(None).word is LinkWord.BLIND


def test_what_only_a_check_found_down_and_found_up_again_is_no_part_of_the_next_outage() -> None:
    clock = FakeClock()
    link = ConnectionState(clock, stale_after_s=10, blind_after_s=15)
    link.answered(0.1)
    clock.advance(5)
    link.checked(Level.CRITICAL, "hanging", answered=False)
    link.checked(Level.OK, "answers")  # late
    assert link.link(None).word is LinkWord.LIVE
    assert link.link(None).failing_since is None
    clock.advance(5)
    link.told_by_another(1.0)
    clock.advance(3600)
    link.told_by_another(1.0)
    link.checked(Level.CRITICAL, "database down")
    assert link.link(None).down_since == clock.now()
