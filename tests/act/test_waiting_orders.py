"""Orders that wait: begun again by the monitor they go on where they were; meant no more, they lapse."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from core.act.orders import Phase
from tests.act.driving import Driven, audited, failures, statuses
from tests.alert.post import lift, stop
from tests.running import Running
from tests.wire import Wire, reset, wire

BOUND = 12


@pytest.fixture
async def between(sandbox: Running) -> AsyncIterator[Wire]:
    async with wire(sandbox.url) as one:
        yield one


def flag(sandbox: Running) -> bool:
    return bool(sandbox.sql("SELECT bool_or(emergency_stop) FROM autonomous_system_config")[0][0])


def pending(sandbox: Running, count: int = 130) -> None:
    sandbox.sql(f"INSERT INTO autonomous_tasks (description) SELECT 'p' FROM generate_series(1, {count})")


@pytest.mark.parametrize("arrives", [True, False])
@pytest.mark.parametrize("order", ["stop", "resume"])
async def test_broken_off_at_any_write_the_monitor_finishes_it_once_the_project_answers(
    order: str, arrives: bool, sandbox: Running, tmp_path: Path
) -> None:
    for write in range(1, BOUND):
        sandbox.reset()
        pending(sandbox)
        async with wire(sandbox.url) as between:
            driven = await Driven(between.url, sandbox.service_key, tmp_path / str(write), autonomous=False).begin()
            driven.loops.ready = True  # a monitor that runs keeps its orders
            if order == "resume":
                assert (await driven.monitor.stop("burning")).done
            between.writes, between.end_at, between.arrives = 0, write, arrives
            result = await (driven.monitor.stop("burning") if order == "stop" else driven.monitor.lift(requeue=True))
            reached = between.writes >= write
            between.end_at = 0
            for _ in range(3):
                await driven.round(30)
            left = driven.rooms.pending.known
            assert result.done or result.phase in {Phase.WAITING, Phase.PARTLY, Phase.UNKNOWN}, (write, result)
            driven.loops.ready = False
            await driven.monitor.close()
        done = (flag(sandbox), statuses(sandbox))
        assert done == ((True, {"rejected": 130}) if order == "stop" else (False, {"pending": 130})), (write, result)
        assert left == (), write
        if not reached:
            break
    else:
        pytest.fail("it writes more often than was tried")


async def test_a_stop_that_another_set_meanwhile_lapses_ours(sandbox: Running, tmp_path: Path) -> None:
    failures(sandbox)
    async with wire(sandbox.url) as between:
        driven = await Driven(between.url, sandbox.service_key, tmp_path).begin()
        await driven.round()
        between.acts["/"] = reset
        await driven.rooms.pending.keep("emergency_stop", driven.rooms.itself, reason="ten in a row")
        between.acts.clear()
        sandbox.sql("UPDATE autonomous_system_config SET emergency_stop = true, emergency_stop_reason = 'theirs'")
        await driven.round(30)
        said = [event.text for event in driven.monitor.snapshot.events]
        assert driven.rooms.pending.known == ()
        await driven.monitor.close()
    assert any(text.startswith("lapsed, an emergency stop is set already") for text in said), said
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
    driven = await Driven(sandbox.url, sandbox.service_key, tmp_path, autonomous=False).begin()
    plan = await driven.monitor.plan_lift()
    assert (plan.rejected, plan.requeueable) == (5, 4)
    result = await driven.monitor.lift(requeue=True, stop=plan.stop)
    await driven.monitor.close()
    assert (result.phase, result.text) == (Phase.VERIFIED, "lifted, seen; 4 of 4 tasks given back to pending")
    assert statuses(sandbox) == {"pending": 4, "rejected": 1}


async def test_a_stop_that_was_shown_is_not_lifted_when_another_stands_in_its_place(
    sandbox: Running, tmp_path: Path
) -> None:
    driven = await Driven(sandbox.url, sandbox.service_key, tmp_path, autonomous=False).begin()
    assert (await driven.monitor.stop("first")).done
    plan = await driven.monitor.plan_lift()
    sandbox.sql("UPDATE autonomous_system_config SET emergency_stop_reason = 'second'")
    result = await driven.monitor.lift(requeue=False, stop=plan.stop)
    await driven.monitor.close()
    assert (result.phase, flag(sandbox)) == (Phase.REFUSED, True)
    assert "another stop is set than the one that was meant: second" in result.text


async def keeping(between: Wire, sandbox: Running, home: Path, **more: Any) -> Driven:
    """A monitor that keeps its orders, as one that runs does."""
    driven = await Driven(between.url, sandbox.service_key, home, **more).begin()
    driven.loops.ready = True
    return driven


async def closed(driven: Driven) -> None:
    driven.loops.ready = False
    await driven.monitor.close()


async def test_a_waiting_lift_lifts_only_the_stop_it_was_meant_for(
    sandbox: Running, between: Wire, tmp_path: Path
) -> None:
    stop(sandbox, "the first stop")
    driven = await keeping(between, sandbox, tmp_path, autonomous=False)
    between.acts["/"] = reset
    assert (await driven.monitor.lift(requeue=False)).phase is Phase.WAITING
    lift(sandbox)  # somebody else does it
    stop(sandbox, "a second stop, of another cause")
    between.acts.clear()
    await driven.round(3600)
    waiting = await driven.monitor.waiting()
    await closed(driven)
    told = sandbox.sql("SELECT emergency_stop, emergency_stop_reason FROM autonomous_system_config")
    assert told == [(True, "a second stop, of another cause")]
    assert waiting == ()


async def test_a_stop_that_held_and_was_lifted_is_not_carried_out_again(
    sandbox: Running, between: Wire, tmp_path: Path
) -> None:
    """Its flag was set and nobody could read that back; another saw it and lifted it before our line was back."""
    driven = await keeping(between, sandbox, tmp_path, autonomous=False)
    live = driven.rooms.live
    whole = live.config

    async def config() -> Any:
        if flag(sandbox):
            between.acts["/"] = reset
        return await whole()

    live.config = config  # type: ignore[method-assign]  # the line breaks once the flag is set
    result = await driven.monitor.stop("burning")
    live.config = whole  # type: ignore[method-assign]  # as it was
    assert result.phase is Phase.WAITING
    assert flag(sandbox)
    other = await Driven(sandbox.url, sandbox.service_key, tmp_path / "other", driven.clock, autonomous=False).begin()
    assert (await other.monitor.lift(requeue=False)).done
    await other.monitor.close()
    between.acts.clear()
    await driven.round(3600)
    said = [event.text for event in driven.monitor.snapshot.events]
    waiting = await driven.monitor.waiting()
    await closed(driven)
    assert not flag(sandbox), said
    assert waiting == ()


async def test_with_observing_lifted_a_stop_that_waits_is_carried_out(
    sandbox: Running, between: Wire, tmp_path: Path
) -> None:
    driven = await keeping(between, sandbox, tmp_path, observe=True)
    driven.monitor.lift_observe()
    between.acts["/"] = reset
    assert (await driven.monitor.stop("burning")).phase is Phase.WAITING
    between.acts.clear()
    await driven.round(10)
    await closed(driven)
    assert flag(sandbox)
