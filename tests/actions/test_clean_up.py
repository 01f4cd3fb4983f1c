"""The clean-up of the log: once an hour, in a lane of its own, a batch at a time, and never what is still needed."""

import asyncio
from pathlib import Path

from core.actions.emergency_stop import EMERGENCY_STOP
from core.actions.heal import CLEANING, HEAL
from core.actions.lease import LeaseRules
from core.actions.repairs import HealRules
from core.actions.retry_task import RETRY
from core.domain.actions import ResultPhase
from core.services.automatic_heal import LEASE_LOST
from tests.actions.driving import Watchdog, audited, failures
from tests.running import Running
from tests.wire import wire


def old_rows(sandbox: Running, count: int, days: int = 40) -> None:
    sandbox.sql(
        f"INSERT INTO autonomous_execution_logs (execution_step, step_status, {sandbox.time_column})"
        f" SELECT 'old', 'completed', now() - interval '{days} days' FROM generate_series(1, {count})"
    )


def left(sandbox: Running) -> int:
    return int(sandbox.sql("SELECT count(*) FROM autonomous_execution_logs WHERE execution_step = 'old'")[0][0])


async def test_it_halts_between_two_batches(sandbox: Running, tmp_path: Path) -> None:
    old_rows(sandbox, 350)
    driven = await Watchdog(sandbox.url, sandbox.service_key, tmp_path, autonomous=False).begin()
    found = await driven.parts.healer.plan(driven.parts.time.cut_off(), only=CLEANING)
    answers = iter(["", "", ""])
    result = await driven.heal(found, go_on=lambda: next(answers, "enough"))
    await driven.monitor.close()
    assert (result.phase, result.changed) == (ResultPhase.PARTLY, 100)
    assert left(sandbox) == 250


async def test_by_itself_it_comes_once_an_hour_beside_the_checks(sandbox: Running, tmp_path: Path) -> None:
    driven = await Watchdog(sandbox.url, sandbox.service_key, tmp_path).begin()
    for after_s, rows in ((1.0, 0), (1800.0, 30), (1801.0, 0)):
        old_rows(sandbox, 30)
        rows_before = left(sandbox)
        driven.clock.advance(after_s)
        await driven._look_around()
        await driven.parts.lease.round()
        await driven.autopilot.after(await driven.monitor.check(), scheduled=False)
        await driven.autopilot.heals.cleaned()
        assert left(sandbox) == (rows_before if rows else 0)
    await driven.monitor.close()
    assert audited(sandbox, "heal") == []
    assert [status for _, status in audited(sandbox, "clean_up")] == ["started", "completed"] * 2


async def test_no_other_order_waits_for_it(sandbox: Running, tmp_path: Path) -> None:
    old_rows(sandbox, 3000)
    failures(sandbox, 1)
    (task,) = sandbox.sql("SELECT id FROM autonomous_tasks")[0]
    async with wire(sandbox.url) as between:
        driven = await Watchdog(between.url, sandbox.service_key, tmp_path).begin()
        await driven.round()
        between.delays["/rest/v1/autonomous_execution_logs?id=in"] = 0.2  # each batch of it takes its time
        cleaning = driven.autopilot.heals._cleaning
        assert cleaning is not None
        result = await driven.monitor.run(RETRY, await driven.monitor.plan(RETRY, task=str(task)))
        assert result.phase is ResultPhase.VERIFIED
        assert not cleaning.done()
        assert left(sandbox) > 0
        between.delays.clear()
        await driven.monitor.close()


async def test_the_audit_of_what_may_still_be_undone_is_kept_for_seven_days(sandbox: Running, tmp_path: Path) -> None:
    for days in (6, 8):
        sandbox.sql(
            f"INSERT INTO autonomous_execution_logs (execution_step, step_status, {sandbox.time_column})"
            f" VALUES ('watchdog_healing', 'completed', now() - interval '{days} days')"
        )
    old_rows(sandbox, 1, days=6)
    driven = await Watchdog(
        sandbox.url, sandbox.service_key, tmp_path, autonomous=False, heal=HealRules(keep_logs_days=2)
    ).begin()
    found = await driven.parts.healer.plan(driven.parts.time.cut_off(), only=CLEANING)
    assert found.plan.rows == 2
    await driven.heal(found)
    await driven.monitor.close()
    kept = sandbox.sql(
        f"SELECT round(extract(epoch FROM now() - {sandbox.time_column}) / 86400) FROM autonomous_execution_logs"
        " WHERE execution_step = 'watchdog_healing' AND NOT input_data ? 'order' OR input_data IS NULL"
        " AND execution_step = 'watchdog_healing'"
    )
    assert [int(days) for (days,) in kept] == [6]


async def test_a_stop_ends_it_after_its_batch(sandbox: Running, tmp_path: Path) -> None:
    old_rows(sandbox, 1500)
    driven = await Watchdog(sandbox.url, sandbox.service_key, tmp_path, autonomous=False).begin()
    plan = await driven.monitor.plan(HEAL, only=CLEANING)
    begun = asyncio.Event()
    cleaning = asyncio.create_task(driven.monitor.run(HEAL, plan, progress=lambda *_: begun.set()))
    await begun.wait()
    assert (await driven.monitor.run(EMERGENCY_STOP, reason="fire")).done
    result = await cleaning
    await driven.monitor.close()
    assert result.text.endswith("halted: an emergency stop was requested")
    assert left(sandbox) > 0


async def test_by_itself_it_ends_after_its_batch_once_the_lease_is_no_longer_ours(
    sandbox: Running, tmp_path: Path
) -> None:
    old_rows(sandbox, 3000)
    async with wire(sandbox.url) as between:
        driven = await Watchdog(between.url, sandbox.service_key, tmp_path).begin()
        await driven.round()
        between.delays["/rest/v1/autonomous_execution_logs?id=in"] = 0.2  # each batch of it takes its time
        async with asyncio.timeout(10):
            while not any(line.startswith("DELETE ") for line in between.seen):
                await asyncio.sleep(0.01)
        driven.clock.advance(LeaseRules().hold_s)  # and nobody renewed it
        await driven.autopilot.heals.cleaned()
        between.delays.clear()
        await driven.monitor.close()
    assert left(sandbox) > 0
    ((text,),) = sandbox.sql(
        "SELECT output_data->>'text' FROM autonomous_execution_logs"
        " WHERE input_data->>'order' = 'clean_up' AND step_status = 'failed'"
    )
    assert str(text).endswith(f"halted: {LEASE_LOST}")
