"""Ten critical checks in a row: what counts, what waits, what lapses; on real PostgreSQL, both shapes, a told clock."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from core.actions.emergency_stop import EMERGENCY_STOP
from core.actions.resume import RESUME
from core.actions.withdraw import CONFIRM_WAITING, WITHDRAW
from core.base.clock import SystemClock
from core.base.store import Store
from core.checks.settings import WatchRules
from core.domain.actions import ResultPhase
from core.domain.snapshot import Snapshot
from core.domain.status import Level
from core.history.report import RecordedWindow, compose
from core.services.critical_streak import CriticalStreak
from tests.actions.driving import Driven, Watchdog, audited, failures, statuses
from tests.clock import FakeClock
from tests.running import ONE_SHAPE, ROOT, Running
from tests.wire import Wire, hang, reset, wire

INTERVAL_S = 300.0
CRITICAL, OK, UNKNOWN = Level.CRITICAL, Level.OK, Level.UNKNOWN


@pytest.fixture
async def between(sandbox: Running) -> AsyncIterator[Wire]:
    async with wire(sandbox.url) as one:
        yield one


def flag(sandbox: Running) -> bool:
    return bool(sandbox.sql("SELECT emergency_stop FROM autonomous_system_config")[0][0])


async def state_at(home: Path) -> Store:
    state = Store(home, "s")
    await state.open()
    return state


async def test_the_count_goes_on_after_a_restart_and_a_gap_of_two_intervals_clears_it(tmp_path: Path) -> None:
    clock = FakeClock()
    state = await state_at(tmp_path)
    streak = CriticalStreak(clock, state, INTERVAL_S)
    for _ in range(4):
        clock.advance(INTERVAL_S)
        await streak.note(CRITICAL, UNKNOWN, may_count=True)
    again = CriticalStreak(clock, state, INTERVAL_S)
    await again.restore()
    assert again.count == 4
    clock.advance(2 * INTERVAL_S)
    assert await again.note(CRITICAL, UNKNOWN, may_count=True) == 5
    late = CriticalStreak(clock, state, INTERVAL_S)
    await late.restore()
    clock.advance(2 * INTERVAL_S + 1)
    assert await late.note(CRITICAL, UNKNOWN, may_count=True) == 1
    await state.close()


async def test_one_counts_per_interval_however_often_it_is_restarted(tmp_path: Path) -> None:
    clock = FakeClock()
    state = await state_at(tmp_path)
    for _ in range(20):
        clock.advance(5)
        streak = CriticalStreak(clock, state, INTERVAL_S)
        await streak.restore()
        await streak.note(CRITICAL, UNKNOWN, may_count=True)
    assert streak.count == 1
    await state.close()


async def test_blind_neither_counts_nor_clears_and_a_good_check_clears(tmp_path: Path) -> None:
    clock = FakeClock()
    state = await state_at(tmp_path)
    streak = CriticalStreak(clock, state, INTERVAL_S)
    for database, rate, count in (
        (CRITICAL, UNKNOWN, 1),
        (UNKNOWN, UNKNOWN, 1),
        (UNKNOWN, UNKNOWN, 1),
        (UNKNOWN, UNKNOWN, 1),
        (OK, CRITICAL, 2),
        (OK, UNKNOWN, 2),
        (OK, OK, 0),
    ):
        clock.advance(INTERVAL_S)
        assert await streak.note(database, rate, may_count=True) == count
    clock.advance(INTERVAL_S)
    assert await streak.note(OK, CRITICAL, may_count=False) == 0
    await state.close()


async def test_a_wall_clock_that_jumps_neither_counts_nor_clears(tmp_path: Path) -> None:
    clock = FakeClock()
    state = await state_at(tmp_path)
    streak = CriticalStreak(clock, state, INTERVAL_S)
    for jump in (0.0, 86400.0, -86400.0, 7200.0):
        clock.advance(INTERVAL_S)
        clock.jump_wall(jump)
        await streak.note(CRITICAL, UNKNOWN, may_count=True)
    assert streak.count == 4
    await state.close()


async def test_ten_checks_above_eighty_percent_stop_and_nine_do_not(
    account: str, sandbox: Running, tmp_path: Path
) -> None:
    failures(sandbox)
    sandbox.sql("INSERT INTO autonomous_tasks (description) VALUES ('pending')")
    driven = await Watchdog.as_(account, sandbox, tmp_path).begin()
    for number in range(1, 10):
        checkup, _ = await driven.round()
        assert checkup.of("failure_rate").level is CRITICAL
        assert driven.monitor.snapshot.health.critical_in_a_row == number
    assert not flag(sandbox)
    _, done = await driven.round()
    assert done.startswith("stopped (read back)")
    assert flag(sandbox)
    assert statuses(sandbox) == {"failed": 20, "rejected": 1}
    reason, who = sandbox.sql(
        "SELECT input_data->'plan'->>'reason', input_data->>'by' FROM autonomous_execution_logs"
        " WHERE input_data->>'order' = 'emergency_stop' AND step_status = 'started'"
    )[0]
    assert (reason, who) == ("10 critical checks in a row: 100 % of 20 tasks failed", "watchdog")
    await driven.monitor.close()


@ONE_SHAPE
@pytest.mark.parametrize("lift", ["by us", "by somebody else's hand"])
async def test_a_lifted_stop_is_not_set_again_by_the_same_old_failures(
    lift: str, account: str, sandbox: Running, tmp_path: Path
) -> None:
    failures(sandbox)
    driven = await Watchdog.as_(account, sandbox, tmp_path).begin()
    for _ in range(10):
        await driven.round()
    assert flag(sandbox)
    if lift == "by us":
        assert (await driven.monitor.run(RESUME)).phase is ResultPhase.VERIFIED
    else:
        await driven.round()  # it is seen to stand, and later to stand no more
        sandbox.sql("UPDATE autonomous_system_config SET emergency_stop = false")
    for _ in range(12):
        checkup, _ = await driven.round()
        assert checkup.of("failure_rate").level is CRITICAL  # the check goes by the whole day
    assert not flag(sandbox)
    failures(sandbox, 7, "now() + interval '2 seconds'")  # the database's clock is real
    await driven.round()
    assert flag(sandbox)  # these are new
    await driven.monitor.close()


@ONE_SHAPE
async def test_old_failures_and_our_own_order_nothing(account: str, sandbox: Running, tmp_path: Path) -> None:
    sandbox.sql(
        "INSERT INTO autonomous_tasks (description, status, completed_at, error_message)"
        " SELECT 'old', 'failed', now() - interval '20 minutes', NULL FROM generate_series(1, 10)"
        " UNION ALL SELECT 'ours', 'failed', now(), 'watchdesk:stuck:x: by watchdog' FROM generate_series(1, 10)"
    )
    driven = await Watchdog.as_(account, sandbox, tmp_path).begin()
    for _ in range(11):
        _, done = await driven.round()
    assert "the failures are old or caused by watchdesk itself: no automatic stop" in done
    assert not flag(sandbox)
    await driven.monitor.close()


@ONE_SHAPE
async def test_ten_presses_of_c_order_nothing(sandbox: Running, tmp_path: Path) -> None:
    failures(sandbox)
    driven = await Watchdog(sandbox.url, sandbox.service_key, tmp_path).begin()
    for _ in range(12):
        driven.clock.advance(INTERVAL_S)
        await driven.parts.lease.round()
        await driven.monitor.check_now()
        await driven.autopilot.after(await driven.monitor.check(), scheduled=False)
    assert driven.monitor.snapshot.health.critical_in_a_row == 0
    assert not flag(sandbox)
    await driven.monitor.close()


async def test_an_hour_of_blindness_orders_nothing(tmp_path: Path) -> None:
    driven = await Watchdog("http://nobody.invalid", "sb_secret_x", tmp_path).begin()
    for _ in range(11):
        checkup, _ = await driven.round(look_around=False)
        assert checkup.of("database").level is UNKNOWN
    assert await driven.monitor.waiting() == ()
    assert driven.monitor.snapshot.health.critical_in_a_row == 0
    await driven.monitor.close()


@ONE_SHAPE
async def test_who_only_looks_counts_nothing_of_the_rate_without_the_lease(sandbox: Running, tmp_path: Path) -> None:
    failures(sandbox)
    clock = FakeClock(SystemClock().now())
    acts = await Watchdog(sandbox.url, sandbox.service_key, tmp_path / "a", clock).begin()
    other = await Watchdog(sandbox.url, sandbox.service_key, tmp_path / "b", clock).begin()
    for _ in range(5):
        clock.advance(20)
        await acts.parts.lease.round()
        await other.round(0)
    assert (acts.parts.lease.view().term, other.parts.streak.count) == (1, 0)
    for one in (acts, other):
        await one.monitor.close()


async def down(driven: Driven, between: Wire, rounds: int = 10) -> None:
    between.acts["/rest/"] = reset
    for _ in range(rounds):
        checkup, _ = await driven.round()
        assert checkup.of("database").level is CRITICAL


@ONE_SHAPE
async def test_proven_down_for_ten_checks_the_order_waits_and_is_carried_out_once_on_return(
    sandbox: Running, between: Wire, tmp_path: Path
) -> None:
    failures(sandbox)
    driven = await Watchdog(between.url, sandbox.service_key, tmp_path).begin()
    await down(driven, between, 9)
    assert await driven.monitor.waiting() == ()
    await down(driven, between, 1)
    (one,) = await driven.monitor.waiting()
    assert (one.order, one.actor.by) == ("emergency_stop", "watchdog")
    assert "NOT carried out yet" in driven.monitor.snapshot.notices[0]
    await down(driven, between, 10)
    assert [waiting.id for waiting in await driven.monitor.waiting()] == [one.id]  # never a second
    await driven.kill()
    again = await Watchdog(between.url, sandbox.service_key, tmp_path, driven.clock).begin()
    assert [waiting.id for waiting in again.monitor.snapshot.waiting] == [one.id]
    between.acts.clear()
    again.clock.advance(100)  # the lease of the killed one runs out
    for _ in range(3):
        await again.round(60)
    assert flag(sandbox)
    assert await again.monitor.waiting() == ()
    assert audited(sandbox, "emergency_stop") == [(one.id, "started"), (one.id, "completed")]
    await again.monitor.close()


def told_as_done(snapshot: Snapshot) -> list[tuple[str, str]]:
    """Return by whom what was done, as a report of the time has it, without the names."""
    since, until = snapshot.at - timedelta(days=2), snapshot.at + timedelta(minutes=1)
    report = compose(RecordedWindow((snapshot,)), since=since, until=until, made_at=until, host="h")
    return [(one.origin, one.text.partition(" by ")[0]) for one in report.timeline if one.order]


@ONE_SHAPE
async def test_it_lapses_when_the_project_answers_and_is_well(sandbox: Running, between: Wire, tmp_path: Path) -> None:
    sandbox.completed(20)
    driven = await Watchdog(between.url, sandbox.service_key, tmp_path).begin()
    await down(driven, between)
    assert len(await driven.monitor.waiting()) == 1
    between.acts.clear()
    await driven.round()
    assert await driven.monitor.waiting() == ()
    dropped = ("watchdog", "dropped, the project answers, and the failure rate is not critical: emergency stop")
    assert told_as_done(driven.monitor.snapshot)[1:] == [dropped]
    assert not flag(sandbox)
    await driven.monitor.close()


@ONE_SHAPE
async def test_it_lapses_after_a_day(sandbox: Running, between: Wire, tmp_path: Path) -> None:
    failures(sandbox)
    driven = await Watchdog(between.url, sandbox.service_key, tmp_path).begin()
    await down(driven, between)
    between.acts.clear()
    driven.clock.advance(86401)
    await driven.round()
    assert await driven.monitor.waiting() == ()
    assert any("dropped, it waited" in event.text for event in driven.monitor.snapshot.events)
    assert not flag(sandbox)
    await driven.monitor.close()


@ONE_SHAPE
async def test_it_can_be_withdrawn_before(sandbox: Running, between: Wire, tmp_path: Path) -> None:
    failures(sandbox)
    driven = await Watchdog(between.url, sandbox.service_key, tmp_path).begin()
    await down(driven, between)
    (one,) = await driven.monitor.waiting()
    driven.clock.advance(5)
    assert (await driven.monitor.run(WITHDRAW, waiting=one.id)).phase is ResultPhase.VERIFIED
    assert told_as_done(driven.monitor.snapshot) == [
        ("watchdog", "waits for the project to answer: emergency stop"),
        ("operator", "withdraw: withdrawn: emergency stop"),
    ]
    between.acts.clear()
    for _ in range(3):
        await driven.round()
    assert not flag(sandbox)
    await driven.monitor.close()


@ONE_SHAPE
async def test_without_permission_nothing_is_ordered(sandbox: Running, between: Wire, tmp_path: Path) -> None:
    for name, settings in {
        "off": {"autonomous": False},
        "dry": {"dry_run": True},
        "observing": {"observe": True},
    }.items():
        driven = await Watchdog(between.url, sandbox.service_key, tmp_path / name, **settings).begin()
        await down(driven, between, 11)
        assert await driven.monitor.waiting() == ()
        between.acts.clear()
        await driven.monitor.close()


@ONE_SHAPE
async def test_hanging_counts_when_its_time_is_over(sandbox: Running, between: Wire, tmp_path: Path) -> None:
    rules = WatchRules(hanging_s=0.6, limit_s=0.4, probe_s=0.3)
    driven = await Watchdog(between.url, sandbox.service_key, tmp_path, watch=rules).begin()
    between.acts["/rest/"] = hang
    checkup = await driven.monitor.check()
    assert checkup.of("database").level is Level.WARNING
    driven.autopilot._scheduled = checkup
    await driven.autopilot._count(checkup.of("database"))
    assert driven.parts.streak.count == 0
    async with asyncio.timeout(60):
        while driven.monitor._parts.checks.checks[0].level is not CRITICAL:
            await asyncio.sleep(0.02)
    await driven.autopilot.after_late(driven.monitor._parts.checks.checks[0])
    assert driven.parts.streak.count == 1
    await driven.monitor.close()


@ONE_SHAPE
async def test_a_stop_that_was_broken_off_is_taken_up_where_it_was_left(
    sandbox: Running, between: Wire, tmp_path: Path
) -> None:
    sandbox.sql("INSERT INTO autonomous_tasks (description) SELECT 'p' FROM generate_series(1, 5)")
    driven = await Watchdog(between.url, sandbox.service_key, tmp_path).begin()
    between.acts["/rest/"] = reset
    driven.scheduler.ready = True  # it runs, so what nobody hears is kept
    result = await driven.monitor.run(EMERGENCY_STOP, reason="fire")
    assert result.phase is ResultPhase.WAITING
    (one,) = await driven.monitor.waiting()
    assert await driven.parts.waiting.begin(one)
    # Killed after the flag and before the work: what the rows say then.
    sandbox.sql("UPDATE autonomous_system_config SET emergency_stop = true, emergency_stop_reason = 'fire'")
    sandbox.sql(
        "INSERT INTO autonomous_execution_logs (execution_step, step_status, input_data) VALUES"
        " ('watchdog_healing', 'started', jsonb_build_object('order', 'emergency_stop', 'run', %s::text))",
        one.id,
    )
    between.acts.clear()
    await driven.round()
    assert statuses(sandbox) == {"rejected": 5}
    assert await driven.monitor.waiting() == ()
    # It was carried out; lifted since, a leftover of the order does not set it again.
    sandbox.sql("UPDATE autonomous_system_config SET emergency_stop = false")
    await driven.parts.store.put("pending_order", one.id, one)
    await driven.parts.waiting.begin(one)
    await driven.round()
    assert not flag(sandbox)
    assert await driven.monitor.waiting() == ()
    await driven.monitor.close()


@ONE_SHAPE
async def test_an_operators_order_waits_and_is_asked_about_again_after_a_day(
    sandbox: Running, between: Wire, tmp_path: Path
) -> None:
    driven = await Watchdog(between.url, sandbox.service_key, tmp_path, autonomous=False).begin()
    between.acts["/rest/"] = reset
    driven.scheduler.ready = True
    assert (await driven.monitor.run(EMERGENCY_STOP, reason="fire")).phase is ResultPhase.WAITING
    assert (await driven.monitor.run(EMERGENCY_STOP, reason="fire again")).phase is ResultPhase.WAITING
    (one,) = await driven.monitor.waiting()
    driven.clock.advance(86401)
    between.acts.clear()
    await driven.round()
    assert not flag(sandbox)
    assert [waiting.asks for waiting in driven.monitor.snapshot.waiting] == [True]
    meant = await driven.monitor.run(CONFIRM_WAITING, waiting=one.id)
    assert meant.phase is ResultPhase.WAITING
    await driven.round()
    assert flag(sandbox)
    assert audited(sandbox, "emergency_stop") == [(one.id, "started"), (one.id, "completed")]
    await driven.monitor.close()


KILLED = """
import asyncio, sys
from pathlib import Path
from core.backend.target import Target
from core.monitor import Config, Monitor, Places
from core.services.config import RefreshRules
from core.checks.settings import WatchRules

async def main():
    config = Config(target=Target(name="probe", url=sys.argv[1], key=sys.argv[2]), autonomous=True, dry_run=False,
                    watch=WatchRules(interval_s=0.2), refresh=RefreshRules(period_s=0.2))
    monitor = Monitor(config, places=Places.within(Path(sys.argv[3])))
    await monitor.start()
    while not monitor.snapshot.waiting:
        await asyncio.sleep(0.02)
    print(monitor.snapshot.waiting[0].id, flush=True)
    await asyncio.sleep(3600)

asyncio.run(main())
"""


@ONE_SHAPE
async def test_a_process_killed_with_minus_nine_leaves_its_order_to_the_next(
    sandbox: Running, between: Wire, tmp_path: Path
) -> None:
    failures(sandbox)
    between.acts["/rest/"] = reset
    process = await asyncio.to_thread(
        subprocess.Popen,
        [sys.executable, "-c", KILLED, between.url, sandbox.service_key, str(tmp_path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    run = (await asyncio.to_thread(process.stdout.readline)).strip()
    process.send_signal(signal.SIGKILL)
    await asyncio.to_thread(process.wait)
    process.stdout.close()
    assert run
    between.acts.clear()
    driven = await Watchdog(between.url, sandbox.service_key, tmp_path).begin()
    assert [one.id for one in driven.monitor.snapshot.waiting] == [run]
    await driven.round(1)
    assert flag(sandbox)
    assert audited(sandbox, "emergency_stop") == [(run, "started"), (run, "completed")]
    await driven.monitor.close()


async def test_an_ordinary_user_stops_nothing_he_may_not_and_says_why(sandbox: Running, tmp_path: Path) -> None:
    failures(sandbox)
    driven = await Watchdog.as_("viewer", sandbox, tmp_path).begin()
    for _ in range(11):
        await driven.round()
    if sandbox.shape == "deployed":  # its policies let everybody write
        assert flag(sandbox)
    else:
        assert not flag(sandbox)
        assert await driven.monitor.waiting() == ()
        assert "stop" in driven.monitor.snapshot.may_act.missing  # whether one is set is not visible
        told = await driven.monitor.run(EMERGENCY_STOP, reason="fire")
        assert told.phase is ResultPhase.REFUSED
        assert "sign in as the master account or use a secret key" in told.text
    await driven.monitor.close()


@ONE_SHAPE
async def test_an_automatic_order_waits_on_until_we_may_act_and_hold_the_lease(
    sandbox: Running, between: Wire, tmp_path: Path
) -> None:
    failures(sandbox)
    driven = await Watchdog(between.url, sandbox.service_key, tmp_path).begin()
    await down(driven, between)
    await driven.kill()
    between.acts.clear()
    for settings in ({"autonomous": False}, {"dry_run": True}, {"observe": True}):
        forbidden = await Watchdog(between.url, sandbox.service_key, tmp_path, driven.clock, **settings).begin()
        await forbidden.round(1)
        assert len(await forbidden.monitor.waiting()) == 1
        assert not flag(sandbox)
        await forbidden.monitor.close()
    other = await Watchdog(between.url, sandbox.service_key, tmp_path / "other", driven.clock).begin()
    driven.clock.advance(95)
    await other.parts.lease.round()
    assert other.parts.lease.valid()
    again = await Watchdog(between.url, sandbox.service_key, tmp_path, driven.clock).begin()
    await again.round(1)
    assert not again.parts.lease.valid()
    assert len(await again.monitor.waiting()) == 1
    assert not flag(sandbox)
    await other.monitor.close()  # which gives the lease up
    await again.round(1)
    assert flag(sandbox)
    assert await again.monitor.waiting() == ()
    await again.monitor.close()
