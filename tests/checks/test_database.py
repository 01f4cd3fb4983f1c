"""A hanging database stays proven down until something answers: on screen, in the count of ten, in an alert's `for`."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from core.alerting.conditions import Facts, database_down
from core.alerting.settings import AlertRules
from core.backend.client import RequestLimits
from core.backend.faults import down
from core.checks.database import proof
from core.checks.settings import WatchRules
from core.domain.alerts import AlertState
from core.domain.checks import Check, verdict_in_words
from core.domain.snapshot import LinkWord
from core.domain.status import Level
from core.resilience import Policy
from core.resilience.fault import Counts, Evidence, Fault
from core.services.connection import ConnectionState
from core.services.critical_streak import CriticalStreak
from tests.actions.driving import Driven
from tests.alerting.mail_server import Alarming
from tests.clock import FakeClock
from tests.running import ONE_SHAPE, Running
from tests.wire import Wire, hang, wire

SLOW = {"limit_s": 0.3, "probe_s": 0.2, "hanging_s": 0.9}
"""What is waited out where something hangs."""


@pytest.fixture
async def between(sandbox: Running) -> AsyncIterator[Wire]:
    async with wire(sandbox.url) as one:
        yield one


async def driven_at(between: Wire, sandbox: Running, home: Path) -> Driven:
    """One with all the time it may want, until something hangs."""
    rules = WatchRules(interval_s=300, limit_s=60.0, probe_s=50.0)
    driven = await Driven(between.url, sandbox.service_key, home, watch=rules, autonomous=False).begin()
    await driven.parts.alerts.restore()
    return driven


def hangs(driven: Driven, between: Wire) -> None:
    """Let all hang from now on; then it is not waited for long."""
    between.acts["/"] = hang
    for name, seconds in SLOW.items():
        msgspec.structs.force_setattr(driven.parts.config.watch, name, seconds)
    driven.parts.readings._policy = Policy(total_s=0.5, retry=None)
    driven.parts.backend.limits = RequestLimits(request_s=1.0)


def answers(driven: Driven, between: Wire) -> None:
    """Let all be answered again, however long that takes here."""
    between.acts.clear()
    driven.parts.backend.limits = RequestLimits()
    msgspec.structs.force_setattr(driven.parts.config.watch, "limit_s", 60.0)


async def ended(driven: Driven) -> None:
    """The question that hangs has ended, and who is told of that has been told."""
    async with asyncio.timeout(60):
        while driven.parts.checks.asking or any(task.get_name() == "watchdesk-late" for task in asyncio.all_tasks()):
            await asyncio.sleep(0.01)


async def hung(driven: Driven, between: Wire) -> None:
    """The database hangs, and that is proven."""
    hangs(driven, between)
    driven.clock.advance(300)
    await driven.monitor.check()
    await ended(driven)
    assert driven.parts.connection.down


@ONE_SHAPE
async def test_it_stays_down_while_a_new_question_is_slow_so_far(
    sandbox: Running, between: Wire, tmp_path: Path
) -> None:
    driven = await driven_at(between, sandbox, tmp_path)
    await hung(driven, between)
    for _ in range(3):
        driven.clock.advance(60)
        checkup = await driven.monitor.check()
        assert driven.parts.connection.down
        assert checkup.of("database").level is Level.CRITICAL
        assert checkup.of("database").text.startswith("hanging: connected, but no answer for 10 s; asked anew: ")
        assert driven.monitor.snapshot.link.word is LinkWord.OFFLINE
    answers(driven, between)
    checkup = await driven.monitor.check()
    assert checkup.of("database").level is Level.OK
    assert not driven.parts.connection.down
    await driven.monitor.close()


@ONE_SHAPE
async def test_it_stays_down_while_a_new_question_has_not_even_left_this_machine(
    sandbox: Running, between: Wire, tmp_path: Path
) -> None:
    driven = await driven_at(between, sandbox, tmp_path)
    await hung(driven, between)
    msgspec.structs.force_setattr(driven.parts.config.watch, "limit_s", 0.0)
    driven.clock.advance(60)
    checkup = await driven.monitor.check()
    assert checkup.of("database").level is Level.CRITICAL
    assert checkup.of("database").text.startswith("hanging: connected, but no answer for 10 s; asked anew: no answer")
    assert driven.parts.connection.down
    assert driven.monitor.snapshot.link.word is LinkWord.OFFLINE
    await ended(driven)
    await driven.monitor.close()


@ONE_SHAPE
async def test_its_alert_goes_on_and_rises(sandbox: Running, between: Wire, tmp_path: Path) -> None:
    driven = await driven_at(between, sandbox, tmp_path)
    alarms = driven.parts.alerts
    await hung(driven, between)
    await driven.monitor.refresh(everything=True)
    words, held = [], []
    for minute in range(1, 13):
        driven.clock.advance(60)
        if minute in (4, 9):
            await driven.monitor.check()  # slow for the moment
        await alarms.evaluate()
        one = alarms._state_machine.alerts["database_down:db"]
        held.append(one.held_s)
        words.append(driven.parts.connection.link(None).word)
        if minute in (4, 9):
            await ended(driven)
            words.append(driven.parts.connection.link(None).word)
    assert held == sorted(held)
    assert one.stage is AlertState.FIRING
    assert set(words) == {LinkWord.OFFLINE}
    between.acts.clear()
    await driven.monitor.close()


@ONE_SHAPE
async def test_a_scheduled_check_counts_although_somebody_looks_meanwhile(
    sandbox: Running, between: Wire, tmp_path: Path
) -> None:
    driven = await driven_at(between, sandbox, tmp_path)
    driven.scheduler.ready = True
    hangs(driven, between)
    for _ in range(3):
        driven.clock.advance(300)
        await driven.autopilot.after(await driven.monitor.check(), scheduled=True)
        await driven.autopilot.after(await driven.monitor.check(), scheduled=False)  # `c`
        await ended(driven)
    assert driven.parts.streak.count == 3
    driven.scheduler.ready = False
    between.acts.clear()
    await driven.monitor.close()


@ONE_SHAPE
async def test_whoever_looks_again_and_again_does_not_keep_it_from_being_proven(
    sandbox: Running, between: Wire, tmp_path: Path
) -> None:
    driven = await driven_at(between, sandbox, tmp_path)
    hangs(driven, between)
    for _ in range(6):
        await driven.monitor.check()  # each of them shorter than it takes to prove it
    assert driven.parts.connection.down
    between.acts.clear()
    await driven.monitor.close()


@ONE_SHAPE
async def test_the_late_end_of_a_check_nobody_scheduled_does_not_count(
    sandbox: Running, between: Wire, tmp_path: Path
) -> None:
    driven = await driven_at(between, sandbox, tmp_path)
    driven.scheduler.ready = True
    driven.clock.advance(300)
    await driven.autopilot.after(await driven.monitor.check(), scheduled=True)
    hangs(driven, between)
    driven.clock.advance(100)
    await driven.autopilot.after(await driven.monitor.check(), scheduled=False)
    await ended(driven)
    assert driven.parts.connection.down
    assert driven.parts.streak.count == 0
    driven.scheduler.ready = False
    between.acts.clear()
    await driven.monitor.close()


@ONE_SHAPE
async def test_a_scheduled_check_that_is_slow_so_far_clears_no_count(sandbox: Running, tmp_path: Path) -> None:
    """Only the database's own question hangs; the failure rate is known, and well."""
    async with wire(sandbox.url) as between:
        driven = await driven_at(between, sandbox, tmp_path)
        driven.parts.streak.count = 4
        checkup = await driven.monitor.check()
        slow = Check(name="database", level=Level.WARNING, text="slow: connected, no answer within 2 s yet")
        driven.autopilot._scheduled = checkup
        await driven.autopilot._count(slow)
        assert driven.parts.streak.count == 4
        await driven.autopilot._count(checkup.of("database"))
        assert driven.parts.streak.count == 0
        await driven.monitor.close()


@ONE_SHAPE
async def test_a_process_that_does_not_own_the_state_does_not_count(sandbox: Running, tmp_path: Path) -> None:
    """Two screens on one machine: each scheduled check would count twice in the one file."""
    driven = await Driven(sandbox.url, sandbox.service_key, tmp_path).begin()
    down = Check(name="database", level=Level.CRITICAL, text="down: refused")
    driven.parts.ownership.mine = False
    await driven.autopilot._count(down)
    assert driven.parts.streak.count == 0
    driven.parts.ownership.mine = True
    await driven.autopilot._count(down)
    assert driven.parts.streak.count == 1
    await driven.monitor.close()


@ONE_SHAPE
async def test_two_scheduled_checks_at_half_an_interval_count_once(sandbox: Running, tmp_path: Path) -> None:
    driven = await Driven(sandbox.url, sandbox.service_key, tmp_path).begin()
    clock = FakeClock()
    streak = CriticalStreak(clock, driven.parts.store, 300.0)
    counts = []
    for after_s in (0, 150, 150, 150, 254, 255):  # 300 s apart less its jitter is one interval; half of it is none
        clock.advance(after_s)
        counts.append(await streak.note(Level.CRITICAL, Level.UNKNOWN, may_count=True))
    assert counts == [1, 1, 2, 2, 3, 4]
    await driven.monitor.close()


def _refused() -> Fault:
    return Fault(kind="refused_by_breaker", counts=Counts.NEUTRAL, evidence=Evidence.NONE, message="not asked")


def test_refusals_by_our_own_breakers_keep_it_offline() -> None:
    """They are no evidence: a verdict stays what the last real answer proved."""
    link = ConnectionState(FakeClock(), stale_after_s=10, blind_after_s=15)
    link.answered(0.1)
    link.failed((Fault(kind="refused", counts=Counts.FAILURE, evidence=Evidence.DOWN, message="nobody answers"),))
    before = link.link(None)
    link.failed((_refused(), _refused()))
    assert link.link(None) == before
    assert (before.word, before.why) == (LinkWord.OFFLINE, "nobody answers")


def test_a_proxy_that_answers_for_the_api_is_an_outage_but_says_nothing_of_the_database() -> None:
    fault = down("proxy", "a proxy answered 503 instead of the API")
    verdict = proof(fault)
    said = "API unreachable: a proxy answered 503 instead of the API"
    assert (verdict.level, verdict.text, verdict_in_words("database", verdict.text)) == (Level.CRITICAL, said, said)
    link = ConnectionState(FakeClock(), stale_after_s=10, blind_after_s=15)
    link.answered(0.1)
    link.failed((fault,))
    assert (link.link(None).word, link.link(None).why) == (LinkWord.OFFLINE, said)
    alert = database_down(Facts(at=FakeClock().now(), verdicts={"database": verdict}))
    assert (alert.title, alert.text) == ("API unreachable", "a proxy answered 503 instead of the API")
    refused = proof(down("refused", "connection refused"))
    alert = database_down(Facts(at=FakeClock().now(), verdicts={"database": refused}))
    assert (refused.text, alert.title, alert.text) == ("down: connection refused", "", "connection refused")


def test_it_knows_for_how_long_it_was_answered_since_an_outage() -> None:
    clock = FakeClock()
    link = ConnectionState(clock, stale_after_s=10, blind_after_s=15)
    down = (Fault(kind="refused", counts=Counts.FAILURE, evidence=Evidence.DOWN, message="nobody answers"),)
    link.answered(0.1)
    clock.advance(9)
    link.answered(0.1)
    assert link.answers_for_s() is None  # none was seen
    link.failed(down)
    assert link.answers_for_s() == 0.0
    clock.advance(300)
    link.answered(0.1)
    clock.advance(55)
    link.answered(0.1)  # nothing failed meanwhile
    clock.advance(5)
    silent = Fault(kind="read_timeout", counts=Counts.FAILURE, evidence=Evidence.NONE, message="no answer")
    link.failed((silent,))  # one miss is no outage
    link.answered(0.1)
    assert link.answers_for_s() == 60.0
    clock.advance(8 * 3600)  # it slept
    link.answered(0.1)
    assert link.answers_for_s() == 0.0


def test_it_knows_the_quickest_of_the_last_answers() -> None:
    clock = FakeClock()
    link = ConnectionState(clock, stale_after_s=10, blind_after_s=15)
    assert link.quickest_s() is None
    for took_s in (0.1, 3.2, 2.9, 3.1):
        link.answered(took_s)
        clock.advance(20)
    assert link.quickest_s() == 2.9  # the quick one was before the last three
    link.failed((Fault(kind="x", counts=Counts.FAILURE, evidence=Evidence.SILENT, message="no answer"),))
    assert link.quickest_s() == 2.9
    link.answered(0.2)
    assert link.quickest_s() == 0.2
    clock.advance(121)
    assert link.quickest_s() is None
    assert link.link(None).recent == (0.1, 3.2, 2.9, 3.1, None, 0.2)


def test_a_question_that_hung_while_others_were_answered_proves_nothing() -> None:
    clock = FakeClock()
    link = ConnectionState(clock, stale_after_s=10, blind_after_s=15)
    clock.advance(10)
    link.answered(0.1)
    clock.advance(1)
    link.checked(Level.CRITICAL, "hanging", answered=False, took_s=10.0)
    assert not link.down
    link.checked(Level.CRITICAL, "hanging", answered=False, took_s=0.5)
    assert link.down


def test_the_time_a_machine_slept_is_no_time_of_blindness() -> None:
    clock = FakeClock()
    link = ConnectionState(clock, stale_after_s=10, blind_after_s=15)
    link.answered(0.1)
    clock.advance(8 * 3600)
    assert link.blind_for_s() is None
    assert link.link(None).word is LinkWord.STALE  # nobody has looked yet
    away = Fault(
        kind="no_dns", counts=Counts.FAILURE, evidence=Evidence.NONE, message="the host name could not be resolved"
    )
    link.failed((away,))
    for _ in range(12):
        clock.advance(60)
        link.failed((away,))
    assert link.blind_for_s() == 720.0
    assert link.link(None).word is LinkWord.BLIND


@pytest.mark.parametrize("before", [True, False], ids=["was-live", "never-live"])
def test_who_gets_an_answer_to_a_check_is_not_blind_whatever_the_panels_read(before: bool) -> None:
    clock = FakeClock()
    link = ConnectionState(clock, stale_after_s=10, blind_after_s=15)
    if before:
        link.answered(0.1)
    slow = Fault(kind="timeout", counts=Counts.FAILURE, evidence=Evidence.NONE, message="no answer in time")
    for _ in range(6):
        clock.advance(12)
        link.failed((slow,))
        link.checked(Level.OK, "answered")
        assert link.blind_for_s() is None
        assert link.link(None).word is (LinkWord.STALE if before else LinkWord.CONNECTING)
    clock.advance(16)
    link.failed((slow,))
    assert link.link(None).word is LinkWord.BLIND


def test_a_check_that_is_answered_ends_an_outage_for_who_was_never_live() -> None:
    link = ConnectionState(FakeClock(), stale_after_s=10, blind_after_s=15)
    link.checked(Level.CRITICAL, "hanging", answered=False)
    assert link.down
    link.checked(Level.OK, "answered")
    assert not link.down


@ONE_SHAPE
async def test_a_machine_that_slept_is_not_blind_before_it_has_looked(sandbox: Running, tmp_path: Path) -> None:
    alarming = await Alarming(sandbox, tmp_path, AlertRules()).begin()
    await alarming.minutes(2)
    alarming.clock.advance(8 * 3600)  # the machine slept; the alerts' loop wakes first
    await alarming.alarms.evaluate()
    assert "blind" not in {alert.rule for alert in alarming.alarms.firing()}
    await alarming.close()


def test_a_command_that_asks_no_more_keeps_the_link_as_it_found_it() -> None:
    clock = FakeClock()
    live, never = (ConnectionState(clock, stale_after_s=30, blind_after_s=15) for _ in range(2))
    live.answered(3.0)
    for connection in (live, never):
        clock.advance(1)
        connection.looked_once()
    clock.advance(100)  # an evaluation of the alerts on a slow line
    assert [one.link(None).word for one in (live, never)] == [LinkWord.LIVE, LinkWord.CONNECTING]
