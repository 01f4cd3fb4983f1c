"""Orders that wait: begun again by the monitor they go on where they were; meant no more, they lapse."""

from pathlib import Path

import pytest

from core.act.orders import Phase
from tests.act.driving import Driven, audited, failures, statuses
from tests.running import Running
from tests.wire import reset, wire

BOUND = 12


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
