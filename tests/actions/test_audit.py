"""Audit rows we did not write, or not so: a run that is no id, a process that is none, another's closing row."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.actions.catalogue import AUDITED
from core.actions.dry_run import DRY_RUN_OFF
from core.actions.emergency_stop import EMERGENCY_STOP
from core.actions.heal import HEAL
from core.actions.resume import RESUME
from core.actions.retry_task import RETRY
from core.backend.client import RequestLimits
from core.domain.actions import ResultPhase
from tests.actions.conftest import Begin
from tests.actions.driving import audited, statuses
from tests.actions.others import begun, failed_task, flag, pending, stopped_elsewhere
from tests.clock import FakeClock
from tests.running import ONE_SHAPE, Command, Running
from tests.wire import hang, reset, wire

STOP_FUNCTION = "/rest/v1/rpc/emergency_stop"
STOP_WRITE = "/rest/v1/autonomous_system_config?id=in"


def open_orders(sandbox: Running) -> list[tuple[str, ...]]:
    return sandbox.sql("SELECT DISTINCT input_data->>'order' FROM autonomous_execution_logs WHERE input_data ? 'order'")


async def closed_by_another(sandbox: Running, begin: Begin) -> None:
    """Hours later, as it looks, the upkeep of a monitor on another host closes what nothing closed."""
    sandbox.sql(
        f"UPDATE autonomous_execution_logs SET {sandbox.time_column} = now() - interval '2 hours',"
        " input_data = jsonb_set(input_data, '{host}', '\"elsewhere\"')"
    )
    other = await begin("another")
    for action in (one for one in AUDITED if one.name in {order for (order,) in open_orders(sandbox)}):
        await other.parts.runner.settle(action, other.parts.operator)


@pytest.mark.parametrize(
    ("run", "more"),
    [("not-an-id", {}), ("", {"pid": 2**40, "ago": "1 minute"})],
    ids=["a run that is no id", "a process that is none"],
)
async def test_an_odd_row_of_an_order_does_not_keep_it_from_being_given(
    run: str, more: dict[str, Any], sandbox: Running, begin: Begin
) -> None:
    driven = await begin()
    begun(sandbox, "dry_run_off", run, host=driven.parts.operator.host, **more)
    assert (await driven.monitor.run(DRY_RUN_OFF)).phase is ResultPhase.VERIFIED


async def test_a_stop_goes_on_with_one_whose_run_is_no_id(sandbox: Running, begin: Begin) -> None:
    stopped_elsewhere(sandbox)
    pending(sandbox)
    begun(sandbox, "emergency_stop", "x", ago="1 minute", plan={"reason": "theirs"})
    driven = await begin()
    assert (await driven.monitor.run(EMERGENCY_STOP, reason="mine")).done
    assert statuses(sandbox) == {"rejected": 4}


async def test_the_clean_up_of_logs_takes_a_run_of_hostile_signs(sandbox: Running, begin: Begin) -> None:
    """The stop that stands is told by the row, so its run goes into the filter of what is kept."""
    stopped_elsewhere(sandbox)
    begun(sandbox, "emergency_stop", 'a)b,"', ago="1 minute", plan={"reason": "theirs"})
    sandbox.sql(
        f"INSERT INTO autonomous_execution_logs (execution_step, step_status, {sandbox.time_column})"
        " VALUES ('task_started', 'started', now() - interval '60 days')"
    )
    driven = await begin()
    assert (await driven.monitor.plan(HEAL, only=frozenset({"old_logs"}))).rows == 1


def test_heal_on_the_command_line_goes_past_a_run_that_is_no_id(sandbox: Running, command: Command) -> None:
    sandbox.stuck(2)
    begun(sandbox, "heal", "legacy-1")
    done = command("heal", "--yes", sandbox=sandbox)
    assert (done.returncode, statuses(sandbox)) == (0, {"failed": 2}), done
    assert "Traceback" not in done.stderr


async def test_autonomous_healing_goes_past_a_run_that_is_no_id(sandbox: Running, begin: Begin) -> None:
    begun(sandbox, "heal", "legacy-1")
    driven = await begin(autonomous=True)
    await driven.round()
    for _ in range(3):
        sandbox.stuck(1)
        await driven.round(90)
    assert statuses(sandbox) == {"failed": 3}


@ONE_SHAPE
async def test_while_only_observing_nothing_of_another_is_closed(sandbox: Running, begin: Begin) -> None:
    task = failed_task(sandbox)
    begun(sandbox, "retry")
    driven = await begin(observe=True)
    await driven.monitor.plan(RETRY, task=task)
    assert len(audited(sandbox, "retry")) == 1


@ONE_SHAPE
async def test_with_our_clock_ahead_a_run_that_lives_is_not_closed(sandbox: Running, begin: Begin) -> None:
    """How old a row is says the database's clock, and by that one it is a minute."""
    begun(sandbox, "dry_run_off", host="another-host", pid=1, ago="1 minute")
    driven = await begin(clock=FakeClock(datetime.now(UTC) + timedelta(hours=2)))
    assert (await driven.monitor.run(DRY_RUN_OFF)).done
    assert "failed" not in [status for _, status in audited(sandbox, "dry_run_off")]


@ONE_SHAPE
async def test_a_waiting_stop_whose_audit_another_closed_is_carried_out(sandbox: Running, begin: Begin) -> None:
    """Killed amid it; hours later the upkeep of another monitor called it broken off."""
    pending(sandbox)
    async with wire(sandbox.url) as between:
        driven = await begin(url=between.url, keeps=True)
        between.acts["/"] = reset
        assert (await driven.monitor.run(EMERGENCY_STOP, reason="one")).phase is ResultPhase.WAITING
        between.acts = {STOP_FUNCTION: hang, STOP_WRITE: hang}
        between.seen.clear()
        round_ = asyncio.create_task(driven.round(30))
        while not any(STOP_FUNCTION in request for request in between.seen):
            await asyncio.sleep(0.01)
        between.acts = {"/": reset}
        round_.cancel()
        await asyncio.gather(round_, return_exceptions=True)
        await driven.parts.runner.close()
        await driven.kill()
        between.acts = {}
        await closed_by_another(sandbox, begin)
        assert [status for _, status in audited(sandbox, "emergency_stop")] == ["started", "failed"]
        again = await begin(url=between.url, keeps=True)
        for _ in range(3):
            await again.round(30)
        assert again.parts.waiting.known == ()
        assert flag(sandbox)
        assert statuses(sandbox) == {"rejected": 4}


@ONE_SHAPE
async def test_an_order_whose_write_hangs_is_not_audited_as_completed(sandbox: Running, begin: Begin) -> None:
    async with wire(sandbox.url) as between:
        driven = await begin(url=between.url)
        between.acts[STOP_WRITE] = hang
        driven.parts.backend.limits = RequestLimits(request_s=1.0)
        assert not (await driven.monitor.run(DRY_RUN_OFF)).done
        between.acts.clear()
    assert [status for _, status in audited(sandbox, "dry_run_off")] == ["started", "failed"]


@ONE_SHAPE
async def test_a_lift_whose_write_hangs_is_not_audited_as_completed(sandbox: Running, begin: Begin) -> None:
    pending(sandbox)
    async with wire(sandbox.url) as between:
        driven = await begin(url=between.url)
        assert (await driven.monitor.run(EMERGENCY_STOP, reason="one")).done
        between.acts[STOP_WRITE] = hang
        driven.parts.backend.limits = RequestLimits(request_s=1.0)
        assert not (await driven.monitor.run(RESUME, requeue=True)).done
        between.acts.clear()
        driven.parts.backend.limits = RequestLimits()
        assert (await driven.monitor.plan(RESUME)).rejected == 4
    assert [status for _, status in audited(sandbox, "lift")] == ["started", "failed"]


@ONE_SHAPE
async def test_what_we_did_is_told_beside_the_row_with_which_another_closed_our_run(
    sandbox: Running, begin: Begin
) -> None:
    """It took so long that the other called it broken off, and it was not."""
    driven = await begin()
    whole = driven.parts.writes.set_dry_run

    async def late(*ids: Any, **more: Any) -> int:
        await closed_by_another(sandbox, begin)
        return await whole(*ids, **more)

    driven.parts.writes.set_dry_run = late  # type: ignore[method-assign]  # amid its write
    result = await driven.monitor.run(DRY_RUN_OFF)
    assert (result.phase, result.text) == (ResultPhase.VERIFIED, "dry-run is off (read back)")
    assert audited(sandbox, "dry_run_off") == [
        (result.run, "started"),
        (result.run, "failed"),
        (result.run, "completed"),
    ]
