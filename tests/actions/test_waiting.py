"""Orders that wait: begun again by the monitor they go on where they were; meant no more, they lapse."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from core.actions.emergency_stop import EMERGENCY_STOP
from core.actions.process import OBSERVE_OFF
from core.actions.resume import RESUME
from core.backend.client import RequestLimits
from core.domain.actions import ResultPhase
from tests.actions.driving import Driven, Watchdog, audited, failures, statuses
from tests.actions.kept import kept
from tests.actions.others import without_the_stop_function
from tests.alerting.mail_server import lift, stop
from tests.clock import FakeClock
from tests.running import ONE_SHAPE, Running
from tests.wire import Wire, answer, hang, reset, wire

BOUND = 12
STOP_FUNCTION = "/rest/v1/rpc/emergency_stop"
STOP_WRITE = "/rest/v1/autonomous_system_config?id=in"


@pytest.fixture
async def between(sandbox: Running) -> AsyncIterator[Wire]:
    async with wire(sandbox.url) as one:
        yield one


def flag(sandbox: Running) -> bool:
    return bool(sandbox.sql("SELECT bool_or(emergency_stop) FROM autonomous_system_config")[0][0])


def pending(sandbox: Running, count: int = 130) -> None:
    sandbox.sql(f"INSERT INTO autonomous_tasks (description) SELECT 'p' FROM generate_series(1, {count})")


@ONE_SHAPE
@pytest.mark.parametrize("arrives", [True, False])
@pytest.mark.parametrize("order", ["stop", "resume"])
async def test_broken_off_at_any_write_the_monitor_finishes_it_once_the_project_answers(
    order: str, arrives: bool, sandbox: Running, tmp_path: Path
) -> None:
    pending(sandbox)
    before = await Watchdog(sandbox.url, sandbox.service_key, tmp_path / "before", autonomous=False).begin()
    if order == "resume":
        assert (await before.monitor.run(EMERGENCY_STOP, reason="burning")).done
    await before.monitor.close()
    restore = kept(sandbox)
    for write in range(1, BOUND):
        restore()
        async with wire(sandbox.url) as between:
            driven = Watchdog(between.url, sandbox.service_key, tmp_path / str(write), autonomous=False)
            await driven.begin(before.parts.checks.schema)
            driven.scheduler.ready = True  # a monitor that runs keeps its orders
            between.writes, between.end_at, between.arrives = 0, write, arrives
            result = await (
                driven.monitor.run(EMERGENCY_STOP, reason="burning")
                if order == "stop"
                else driven.monitor.run(RESUME, requeue=True)
            )
            reached = between.writes >= write
            between.end_at = 0
            for _ in range(3):
                await driven.round(30)
                if not driven.parts.waiting.known:
                    break
            left = driven.parts.waiting.known
            assert result.done or result.phase in {ResultPhase.WAITING, ResultPhase.PARTLY, ResultPhase.UNKNOWN}, (
                write,
                result,
            )
            driven.scheduler.ready = False
            await driven.monitor.close()
        done = (flag(sandbox), statuses(sandbox))
        assert done == ((True, {"rejected": 130}) if order == "stop" else (False, {"pending": 130})), (write, result)
        assert left == (), write
        if not reached:
            break
    else:
        pytest.fail("it writes more often than was tried")


@ONE_SHAPE
async def test_a_stop_that_another_set_meanwhile_lapses_ours(sandbox: Running, tmp_path: Path) -> None:
    failures(sandbox)
    async with wire(sandbox.url) as between:
        driven = await Watchdog(between.url, sandbox.service_key, tmp_path).begin()
        await driven.round()
        between.acts["/"] = reset
        await driven.parts.waiting.keep("emergency_stop", driven.parts.itself, reason="ten in a row")
        between.acts.clear()
        sandbox.sql("UPDATE autonomous_system_config SET emergency_stop = true, emergency_stop_reason = 'theirs'")
        await driven.round(30)
        said = [event.text for event in driven.monitor.snapshot.events]
        assert driven.parts.waiting.known == ()
        await driven.monitor.close()
    assert any(text.startswith("dropped, an emergency stop is set already") for text in said), said
    assert sandbox.sql("SELECT emergency_stop_reason FROM autonomous_system_config") == [("theirs",)]
    assert audited(sandbox, "emergency_stop") == []


async def test_a_resume_of_a_stop_from_elsewhere_gives_back_what_its_function_rejected(
    sandbox: Running, tmp_path: Path
) -> None:
    """As the dashboard's button does it: the flag, and the open tasks rejected with the function's own words."""
    sandbox.sql("INSERT INTO autonomous_tasks (description, status, started_at) VALUES ('r', 'in_progress', now())")
    pending(sandbox, 4)
    sandbox.sql("UPDATE autonomous_system_config SET emergency_stop = true, emergency_stop_reason = 'theirs'")
    error = sandbox.sql(
        "SELECT column_name FROM information_schema.columns WHERE table_name = 'autonomous_tasks'"
        " AND column_name IN ('error', 'error_message')"
    )[0][0]
    sandbox.sql(f"UPDATE autonomous_tasks SET status = 'rejected', {error} = 'Emergency stop: theirs'")
    driven = await Watchdog(sandbox.url, sandbox.service_key, tmp_path, autonomous=False).begin()
    plan = await driven.monitor.plan(RESUME)
    assert (plan.rejected, plan.requeueable) == (5, 4)
    result = await driven.monitor.run(RESUME, requeue=True, stop=plan.stop)
    await driven.monitor.close()
    assert (result.phase, result.text) == (ResultPhase.VERIFIED, "resumed (read back); 4 of 4 tasks requeued")
    assert statuses(sandbox) == {"pending": 4, "rejected": 1}


@ONE_SHAPE
async def test_a_stop_that_was_shown_is_not_lifted_when_another_stands_in_its_place(
    sandbox: Running, tmp_path: Path
) -> None:
    driven = await Watchdog(sandbox.url, sandbox.service_key, tmp_path, autonomous=False).begin()
    assert (await driven.monitor.run(EMERGENCY_STOP, reason="first")).done
    plan = await driven.monitor.plan(RESUME)
    sandbox.sql("UPDATE autonomous_system_config SET emergency_stop_reason = 'second'")
    result = await driven.monitor.run(RESUME, stop=plan.stop)
    await driven.monitor.close()
    assert (result.phase, flag(sandbox)) == (ResultPhase.REFUSED, True)
    assert "another stop is set than the one that was meant: second" in result.text


async def keeping(between: Wire, sandbox: Running, home: Path, **more: Any) -> Driven:
    """A monitor that keeps its orders, as one that runs does."""
    driven = await Watchdog(between.url, sandbox.service_key, home, **more).begin()
    driven.scheduler.ready = True
    return driven


async def closed(driven: Driven) -> None:
    driven.scheduler.ready = False
    await driven.monitor.close()


@ONE_SHAPE
async def test_a_waiting_lift_lifts_only_the_stop_it_was_meant_for(
    sandbox: Running, between: Wire, tmp_path: Path
) -> None:
    stop(sandbox, "the first stop")
    driven = await keeping(between, sandbox, tmp_path, autonomous=False)
    between.acts["/"] = reset
    assert (await driven.monitor.run(RESUME)).phase is ResultPhase.WAITING
    lift(sandbox)  # somebody else does it
    stop(sandbox, "a second stop, of another cause")
    between.acts.clear()
    await driven.round(3600)
    waiting = await driven.monitor.waiting()
    await closed(driven)
    told = sandbox.sql("SELECT emergency_stop, emergency_stop_reason FROM autonomous_system_config")
    assert told == [(True, "a second stop, of another cause")]
    assert waiting == ()


@ONE_SHAPE
async def test_a_stop_that_held_and_was_lifted_is_not_carried_out_again(
    sandbox: Running, between: Wire, tmp_path: Path
) -> None:
    """Its flag was set and nobody could read that back; another saw it and lifted it before our line was back."""
    driven = await keeping(between, sandbox, tmp_path, autonomous=False)
    reads = driven.parts.reads.config
    whole = reads.fetch

    async def config() -> Any:
        if flag(sandbox):
            between.acts["/"] = reset
        return await whole()

    reads.fetch = config  # type: ignore[method-assign,assignment]  # the line breaks once the flag is set
    result = await driven.monitor.run(EMERGENCY_STOP, reason="burning")
    reads.fetch = whole  # type: ignore[method-assign]  # as it was
    assert result.phase is ResultPhase.WAITING
    assert flag(sandbox)
    other = await Watchdog(sandbox.url, sandbox.service_key, tmp_path / "other", driven.clock, autonomous=False).begin()
    assert (await other.monitor.run(RESUME)).done
    await other.monitor.close()
    between.acts.clear()
    await driven.round(3600)
    said = [event.text for event in driven.monitor.snapshot.events]
    waiting = await driven.monitor.waiting()
    await closed(driven)
    assert not flag(sandbox), said
    assert waiting == ()
    rows = audited(sandbox, "emergency_stop")
    assert [status for run, status in rows if run == result.run][-1] != "started"  # its audit is closed, too


@ONE_SHAPE
async def test_with_observing_lifted_a_stop_that_waits_is_carried_out(
    sandbox: Running, between: Wire, tmp_path: Path
) -> None:
    driven = await keeping(between, sandbox, tmp_path, observe=True)
    await driven.monitor.run(OBSERVE_OFF)
    between.acts["/"] = reset
    assert (await driven.monitor.run(EMERGENCY_STOP, reason="burning")).phase is ResultPhase.WAITING
    between.acts.clear()
    await driven.round(10)
    await closed(driven)
    assert flag(sandbox)


@ONE_SHAPE
async def test_a_stop_whose_writes_hang_is_kept_and_carried_out(
    sandbox: Running, between: Wire, tmp_path: Path
) -> None:
    """What hangs may yet arrive, so it is neither called set nor completed."""
    pending(sandbox, 4)
    driven = await keeping(between, sandbox, tmp_path, autonomous=False)
    between.acts = {STOP_FUNCTION: hang, STOP_WRITE: hang}
    driven.parts.backend.limits = RequestLimits(request_s=1.0)
    result = await driven.monitor.run(EMERGENCY_STOP, reason="burning")
    driven.parts.backend.limits = RequestLimits()
    assert not result.done, result
    assert "completed" not in [status for _, status in audited(sandbox, "emergency_stop")]
    between.acts = {}
    for _ in range(3):
        await driven.round(30)
    waiting = await driven.monitor.waiting()
    await closed(driven)
    assert (flag(sandbox), statuses(sandbox), waiting) == (True, {"rejected": 4}, ())


@ONE_SHAPE
async def test_quit_while_a_waiting_stop_is_carried_out_the_next_monitor_carries_it_out(
    sandbox: Running, between: Wire, tmp_path: Path
) -> None:
    pending(sandbox, 4)
    driven = await keeping(between, sandbox, tmp_path, autonomous=False)
    between.acts = {"/": reset}
    assert (await driven.monitor.run(EMERGENCY_STOP, reason="burning")).phase is ResultPhase.WAITING
    between.acts = {STOP_FUNCTION: hang, STOP_WRITE: hang}
    between.seen.clear()
    round_ = asyncio.create_task(driven.round(30))
    while not any(STOP_FUNCTION in request for request in between.seen):
        await asyncio.sleep(0.05)
    round_.cancel()
    await asyncio.gather(round_, return_exceptions=True)
    await closed(driven)
    between.acts = {}
    again = await keeping(between, sandbox, tmp_path, autonomous=False)
    for _ in range(3):
        await again.round(30)
    waiting = await again.monitor.waiting()
    await closed(again)
    assert (flag(sandbox), statuses(sandbox), waiting) == (True, {"rejected": 4}, ())


@ONE_SHAPE
@pytest.mark.parametrize("hours", [-2, 2])
async def test_however_wrong_our_clock_a_waiting_stop_is_carried_out_unless_one_was_lifted_since(
    hours: int, sandbox: Running, between: Wire, tmp_path: Path
) -> None:
    """Behind, a lift from before it was ordered looks later; ahead, one from after it looks earlier."""
    clock = FakeClock(datetime.now(UTC) + timedelta(hours=hours))
    driven = await Watchdog(between.url, sandbox.service_key, tmp_path / "one", clock, autonomous=False).begin()
    driven.scheduler.ready = True
    if hours < 0:
        assert (await driven.monitor.run(EMERGENCY_STOP, reason="old")).done
        assert (await driven.monitor.run(RESUME)).done
        await asyncio.sleep(0.1)
    between.acts["/"] = reset
    assert (await driven.monitor.run(EMERGENCY_STOP, reason="burning")).phase is ResultPhase.WAITING
    if hours > 0:
        other = await Watchdog(sandbox.url, sandbox.service_key, tmp_path / "other", autonomous=False).begin()
        assert (await other.monitor.run(EMERGENCY_STOP, reason="other")).done
        assert (await other.monitor.run(RESUME)).done
        await other.monitor.close()
    between.acts.clear()
    for _ in range(3):
        await driven.round(30)
    await closed(driven)
    assert flag(sandbox) is (hours < 0)


@ONE_SHAPE
async def test_a_waiting_lift_that_names_no_stop_leaves_one_that_was_set_later(
    sandbox: Running, between: Wire, tmp_path: Path
) -> None:
    driven = await keeping(between, sandbox, tmp_path, autonomous=False)
    between.acts["/"] = reset
    assert (await driven.monitor.run(RESUME, requeue=True)).phase is ResultPhase.WAITING
    stop(sandbox, "set later")
    between.acts.clear()
    for _ in range(3):
        await driven.round(30)
    await closed(driven)
    assert flag(sandbox)


@ONE_SHAPE
async def test_a_stop_ordered_anew_while_one_of_yesterday_waits_is_carried_out(
    sandbox: Running, between: Wire, tmp_path: Path
) -> None:
    """What waited a day is asked about before it is done; what is ordered now is not."""
    driven = await keeping(between, sandbox, tmp_path, autonomous=False)
    between.acts["/"] = reset
    assert (await driven.monitor.run(EMERGENCY_STOP, reason="yesterday")).phase is ResultPhase.WAITING
    driven.clock.advance(25 * 3600)
    await driven.monitor.run(EMERGENCY_STOP, reason="today")
    between.acts.clear()
    for _ in range(3):
        await driven.round(30)
    await closed(driven)
    assert sandbox.sql("SELECT emergency_stop, emergency_stop_reason FROM autonomous_system_config") == [
        (True, "today")
    ]


@ONE_SHAPE
async def test_a_stop_ordered_anew_after_another_was_lifted_is_meant_and_carried_out(
    sandbox: Running, between: Wire, tmp_path: Path
) -> None:
    """The first order would lapse, for a stop was lifted since; the second one came later."""
    driven = await keeping(between, sandbox, tmp_path / "one", autonomous=False)
    between.acts["/"] = reset
    assert (await driven.monitor.run(EMERGENCY_STOP, reason="burning")).phase is ResultPhase.WAITING
    other = await Watchdog(sandbox.url, sandbox.service_key, tmp_path / "other", autonomous=False).begin()
    assert (await other.monitor.run(EMERGENCY_STOP, reason="other")).done
    assert (await other.monitor.run(RESUME)).done
    await other.monitor.close()
    driven.clock.advance(60)
    assert (await driven.monitor.run(EMERGENCY_STOP, reason="burning again")).phase is ResultPhase.WAITING
    between.acts.clear()
    for _ in range(3):
        await driven.round(30)
    await closed(driven)
    assert flag(sandbox)


@ONE_SHAPE
async def test_a_waiting_lift_ordered_again_with_requeue_gives_back(
    sandbox: Running, between: Wire, tmp_path: Path
) -> None:
    pending(sandbox, 4)
    driven = await keeping(between, sandbox, tmp_path, autonomous=False)
    assert (await driven.monitor.run(EMERGENCY_STOP, reason="burning")).done
    await driven.monitor.refresh(everything=True)
    between.acts["/"] = reset
    assert (await driven.monitor.run(RESUME)).phase is ResultPhase.WAITING
    await driven.monitor.run(RESUME, requeue=True)
    between.acts.clear()
    for _ in range(3):
        await driven.round(30)
    await closed(driven)
    assert (flag(sandbox), statuses(sandbox)) == (False, {"pending": 4})


@ONE_SHAPE
async def test_broken_off_after_its_lift_a_waiting_requeue_goes_on_with_an_old_reading_of_the_config(
    sandbox: Running, between: Wire, tmp_path: Path
) -> None:
    pending(sandbox)
    driven = await keeping(between, sandbox, tmp_path, autonomous=False)
    assert (await driven.monitor.run(EMERGENCY_STOP, reason="burning")).done
    await driven.monitor.refresh(everything=True)
    between.acts["/"] = reset
    assert (await driven.monitor.run(RESUME, requeue=True)).phase is ResultPhase.WAITING
    between.acts.clear()
    between.writes, between.end_at, between.arrives = 0, 4, False
    await driven.round(30, look_around=False)
    between.end_at = 0
    await driven.round(30, look_around=False)
    for _ in range(3):
        await driven.round(30)
    await closed(driven)
    assert statuses(sandbox) == {"pending": 130}


@ONE_SHAPE
async def test_a_waiting_requeue_is_kept_while_the_audit_of_stops_cannot_be_read(
    sandbox: Running, between: Wire, tmp_path: Path
) -> None:
    pending(sandbox)
    driven = await keeping(between, sandbox, tmp_path, autonomous=False)
    assert (await driven.monitor.run(EMERGENCY_STOP, reason="burning")).done
    await driven.monitor.refresh(everything=True)
    between.acts = {"/": reset}
    assert (await driven.monitor.run(RESUME, requeue=True)).phase is ResultPhase.WAITING
    between.acts = {"/rest/v1/autonomous_tasks?id=in": reset}  # not one batch comes through
    await driven.round(30)
    between.acts = {
        "/rest/v1/autonomous_execution_logs?select=step_status": answer(
            b'{"code":"57014","message":"x","details":null,"hint":null}', "500 Internal Server Error"
        )
    }
    await driven.round(30)
    between.acts = {}
    for _ in range(3):
        await driven.round(30)
    await closed(driven)
    assert statuses(sandbox) == {"pending": 130}


@ONE_SHAPE
async def test_a_stop_of_which_one_batch_was_refused_is_not_called_whole(
    sandbox: Running, between: Wire, tmp_path: Path
) -> None:
    pending(sandbox)
    unavailable = answer(b'{"code":"PGRST001","message":"x"}', "503 Service Unavailable")
    async with without_the_stop_function(sandbox):
        driven = await keeping(between, sandbox, tmp_path, autonomous=False)
        between.once.append(("/rest/v1/autonomous_tasks?id=in", unavailable))
        result = await driven.monitor.run(EMERGENCY_STOP, reason="burning")
        left = statuses(sandbox)
        for _ in range(3):
            await driven.round(30)
        await closed(driven)
    assert result.done is (left == {"rejected": 130}), (result, left)
    assert flag(sandbox)


@ONE_SHAPE
async def test_a_waiting_order_that_this_version_does_not_know_stops_nothing(
    sandbox: Running, between: Wire, tmp_path: Path
) -> None:
    """Kept by a newer version; it is no stop for that."""
    driven = await keeping(between, sandbox, tmp_path, autonomous=False)
    await driven.parts.waiting.keep("an_order_of_tomorrow", driven.parts.operator, reason="x")
    await driven.round()
    said = [event.text for event in driven.monitor.snapshot.events]
    await closed(driven)
    assert not flag(sandbox)
    assert driven.parts.waiting.known == ()
    assert any("dropped, this version does not know that action: an order of tomorrow" in text for text in said)


@ONE_SHAPE
async def test_a_stop_that_waited_and_whose_outcome_is_not_known_waits_on(
    sandbox: Running, between: Wire, tmp_path: Path
) -> None:
    """Its write came to nothing, and nobody could read that: it is not forgotten."""
    pending(sandbox, 4)
    driven = await keeping(between, sandbox, tmp_path, autonomous=False)

    async def gone(writer: asyncio.StreamWriter) -> None:
        between.acts["/"] = reset
        await reset(writer)

    await driven.parts.waiting.keep("emergency_stop", driven.parts.operator, reason="burning")
    between.acts[STOP_FUNCTION] = gone
    await driven.round(30)
    said = [event.text for event in driven.monitor.snapshot.events]
    waits = [one.reason for one in driven.parts.waiting.known]
    between.acts.clear()
    for _ in range(3):
        await driven.round(30)
    left = driven.parts.waiting.known
    await closed(driven)
    assert any("not known whether stopped" in text for text in said), said
    assert waits == ["burning"]
    assert (left, flag(sandbox), statuses(sandbox)) == ((), True, {"rejected": 4})
