"""Cases: each states what should be; on the code of 49df34d each of them fails for the reason in its name."""

import asyncio
from pathlib import Path
from typing import Any

import psycopg
import pytest

from core.act.orders import Phase
from core.alert.settings import AlertRules
from core.facts import Level
from tests.act.driving import Driven, agents_write_logs, failures, running, statuses
from tests.alert.post import Alarming, Mailbox, Server, lift, stop
from tests.running import Command, Running
from tests.wire import reset, wire


def flag(sandbox: Running) -> bool:
    return bool(sandbox.sql("SELECT bool_or(emergency_stop) FROM autonomous_system_config")[0][0])


async def test_a_huge_estimate_does_not_kill_the_check(sandbox: Running, tmp_path: Path) -> None:
    sandbox.sql(
        "INSERT INTO autonomous_tasks (description, status, started_at, estimated_duration_minutes)"
        " VALUES ('x', 'in_progress', now(), 2147483647)"
    )
    driven = await Driven(sandbox.url, sandbox.service_key, tmp_path).begin()
    try:
        checkup, _ = await driven.round()
        assert checkup.of("database").level is Level.OK
    finally:
        await driven.monitor.close()


def test_a_huge_estimate_and_status(sandbox: Running, command: Command) -> None:
    sandbox.sql(
        "INSERT INTO autonomous_tasks (description, status, started_at, estimated_duration_minutes)"
        " VALUES ('x', 'in_progress', now(), 2147483647)"
    )
    got = command("status", "--json", sandbox=sandbox)
    assert "Traceback" not in got.stderr and got.returncode in (0, 1, 3), (
        got.returncode,
        got.stdout[-300:],
        got.stderr[-600:],
    )


async def test_a_huge_estimate_and_start(sandbox: Running, tmp_path: Path) -> None:
    sandbox.sql(
        "INSERT INTO autonomous_tasks (description, status, started_at, estimated_duration_minutes)"
        " VALUES ('x', 'in_progress', now(), 2147483647)"
    )
    from core.clock import SystemClock

    driven = Driven(sandbox.url, sandbox.service_key, tmp_path, SystemClock())
    await driven.monitor.start()
    try:
        for _ in range(60):
            await asyncio.sleep(0.1)
            if driven.loops.ready:
                break
        assert driven.loops.ready, [e.text for e in driven.monitor.snapshot.events]
    finally:
        await driven.monitor.close()


async def test_naive_time_in_an_alert_row_does_not_end_alerting(sandbox: Running, tmp_path: Path) -> None:
    sandbox.sql(
        "INSERT INTO autonomous_execution_logs (execution_step, step_status, input_data) VALUES"
        ' (\'watchdog_alert_critical\', \'started\', \'{"alert":"stuck_tasks","subject":"stuck_tasks","episode":"e","phase":"firing","severity":"high","at":"2026-01-01T00:00:00"}\')'
    )
    alarming = await Alarming(sandbox, tmp_path, AlertRules()).begin()
    try:
        await alarming.minutes(2)
    finally:
        await alarming.close()


async def test_naive_time_in_a_silence_row(sandbox: Running, tmp_path: Path) -> None:
    sandbox.sql(
        "INSERT INTO autonomous_execution_logs (execution_step, step_status, input_data) VALUES"
        ' (\'watchdog_healing\', \'completed\', \'{"order":"silence","plan":{"id":"i","matcher":"x","reason":"r","who":"w","at":"2026-01-01T00:00:00","until":"2026-01-01T00:00:00"}}\')'
    )
    alarming = await Alarming(sandbox, tmp_path, AlertRules()).begin()
    try:
        await alarming.minutes(2)
    finally:
        await alarming.close()


async def test_naive_time_in_an_ack_row(sandbox: Running, tmp_path: Path) -> None:
    sandbox.sql(
        "INSERT INTO autonomous_execution_logs (execution_step, step_status, input_data) VALUES"
        ' (\'watchdog_healing\', \'completed\', \'{"order":"acknowledge","plan":{"id":"i","episode":"x","severity":"high","who":"w","at":"2026-01-01T00:00:00"}}\')'
    )
    alarming = await Alarming(sandbox, tmp_path, AlertRules()).begin()
    try:
        await alarming.minutes(2)
    finally:
        await alarming.close()


async def test_a_task_without_status(sandbox: Running, tmp_path: Path) -> None:
    """The real DDL has status TEXT DEFAULT 'pending' CHECK (...), without NOT NULL."""
    sandbox.sql("ALTER TABLE autonomous_tasks ALTER COLUMN status DROP NOT NULL")
    try:
        sandbox.sql("INSERT INTO autonomous_tasks (description, status) VALUES ('x', NULL), ('y', 'pending')")
        driven = await Driven(sandbox.url, sandbox.service_key, tmp_path).begin()
        for _ in range(6):
            await driven.round()
        newest = driven.rooms.readings.values["tasks"]
        bad = [(b.key, b.state.value, b.last_error) for b in driven.rooms.breakers.all() if b.state.value != "closed"]
        await driven.monitor.close()
        assert newest.live and not bad, (newest.fault, bad)
    finally:
        sandbox.sql(
            "DELETE FROM autonomous_tasks WHERE status IS NULL; ALTER TABLE autonomous_tasks ALTER COLUMN status SET NOT NULL"
        )


async def test_null_modes_are_read_as_agents_read_them(sandbox: Running, tmp_path: Path) -> None:
    sandbox.sql(
        "ALTER TABLE autonomous_system_config ALTER COLUMN dry_run_mode DROP NOT NULL, ALTER COLUMN enabled DROP NOT NULL"
    )
    try:
        sandbox.sql("UPDATE autonomous_system_config SET dry_run_mode = NULL, enabled = NULL")
        failures(sandbox)
        driven = await Driven(sandbox.url, sandbox.service_key, tmp_path).begin()
        _, done = await driven.round()
        config = driven.rooms.readings.config.value
        plan = await driven.monitor.plan_heal()
        await driven.monitor.close()
        assert (config.dry_run, config.enabled, sandbox.sql("SELECT dry_run_mode FROM autonomous_system_config")) == (
            False,
            False,
            [(True,)],
        ), (done, plan)
    finally:
        sandbox.sql(
            "UPDATE autonomous_system_config SET dry_run_mode = true, enabled = true; ALTER TABLE autonomous_system_config ALTER COLUMN dry_run_mode SET NOT NULL, ALTER COLUMN enabled SET NOT NULL"
        )


async def test_two_config_rows(sandbox: Running, command: Command) -> None:
    """The real migration inserts a row with a random uuid ON CONFLICT DO NOTHING: run twice, there are two."""
    if sandbox.shape != "deployed":
        pytest.skip("id = 1")
    sandbox.sql("INSERT INTO autonomous_system_config DEFAULT VALUES")
    got = await asyncio.to_thread(command, "stop", "--reason", "r", "--yes", sandbox=sandbox)
    rows = sandbox.sql("SELECT emergency_stop FROM autonomous_system_config")
    assert got.returncode == 0 and rows.count((True,)) == 2, (got.returncode, got.stdout, got.stderr, rows)


async def test_an_old_operators_stop_does_not_acknowledge_somebody_elses(sandbox: Running, tmp_path: Path) -> None:
    """Stop by us, lifted as the seed documents it (SQL), set again by another hand: somebody must be told."""
    with Server(Mailbox()) as server:
        alarming = await Alarming(sandbox, tmp_path, server.rules()).begin()
        result = await alarming.driven.monitor.stop("maintenance")
        assert result.done
        await alarming.minutes(2)
        lift(sandbox)
        await alarming.minutes(15)
        stop(sandbox, "everything burns")
        await alarming.minutes(5)
        alarm = next(a for a in alarming.driven.monitor.snapshot.alerts if a.rule == "emergency_stop")
        mails = len(server.box.mails) if hasattr(server.box, "mails") else None
        await alarming.close()
        assert not alarm.acked, (alarm.acked, alarm.text, alarm.told, mails)


async def test_a_refused_stop_does_not_acknowledge_somebody_elses(sandbox: Running, tmp_path: Path) -> None:
    """An operator's stop whose closing row says failed."""
    alarming = await Alarming(sandbox, tmp_path, AlertRules()).begin()
    sandbox.sql(
        "INSERT INTO autonomous_execution_logs (execution_step, step_status, input_data, output_data) VALUES"
        ' (\'watchdog_healing\', \'failed\', \'{"order":"emergency_stop","run":"6f0bb4c9-7b0c-4d4c-8e4f-5d6f0a2f9b11","by":"operator","who":"operator anna@h"}\', \'{"stopped":false}\')'
    )
    stop(sandbox, "everything burns")
    await alarming.minutes(3)
    alarm = next(a for a in alarming.driven.monitor.snapshot.alerts if a.rule == "emergency_stop")
    await alarming.close()
    assert not alarm.acked, (alarm.acked, alarm.text)


async def test_a_waiting_lift_lifts_only_the_stop_it_was_meant_for(sandbox: Running, tmp_path: Path) -> None:
    async with wire(sandbox.url) as between:
        stop(sandbox, "the first stop")
        driven = await Driven(between.url, sandbox.service_key, tmp_path, autonomous=False).begin()
        driven.loops.ready = True  # a monitor that runs keeps its orders
        between.acts["/"] = reset
        result = await driven.monitor.lift(requeue=False)
        assert result.phase is Phase.WAITING, result
        lift(sandbox)  # somebody else lifts it
        stop(sandbox, "a second stop, of another cause")  # and somebody stops again
        between.acts.clear()
        await driven.round(3600)
        reason = sandbox.sql("SELECT emergency_stop, emergency_stop_reason FROM autonomous_system_config")
        driven.loops.ready = False
        await driven.monitor.close()
        assert reason == [(True, "a second stop, of another cause")], reason


async def test_a_stop_that_held_and_was_lifted_is_not_carried_out_again(sandbox: Running, tmp_path: Path) -> None:
    """Its flag was set, its read-back was lost; somebody saw it, and lifted it. Later our machine is back."""
    async with wire(sandbox.url) as between:
        driven = await Driven(between.url, sandbox.service_key, tmp_path, autonomous=False).begin()
        driven.loops.ready = True
        live = driven.rooms.live
        original = live.config
        calls = 0

        async def config() -> Any:
            nonlocal calls
            calls += 1
            if flag(sandbox):
                between.acts["/"] = reset
            return await original()

        live.config = config  # type: ignore[method-assign]
        result = await driven.monitor.stop("burning")
        live.config = original  # type: ignore[method-assign]
        assert result.phase is Phase.WAITING, result
        assert flag(sandbox)
        other = await Driven(
            sandbox.url, sandbox.service_key, tmp_path / "other", driven.clock, autonomous=False
        ).begin()
        assert (await other.monitor.lift(requeue=False)).done
        await other.monitor.close()
        assert not flag(sandbox)
        between.acts.clear()
        await driven.round(3600)
        driven.loops.ready = False
        said = [e.text for e in driven.monitor.snapshot.events][:6]
        await driven.monitor.close()
        assert not flag(sandbox), said


async def test_a_failure_stamped_in_the_future_is_not_fresh_for_ever(sandbox: Running, tmp_path: Path) -> None:
    """One row of a broken clock; all real failures are 20 h old: nobody acts by itself on those."""
    sandbox.sql("UPDATE autonomous_system_config SET dry_run_mode = false")
    sandbox.sql(
        "INSERT INTO autonomous_tasks (description, status, started_at, completed_at)"
        " SELECT 'f', 'failed', now() - interval '20 hours', now() - interval '20 hours' FROM generate_series(1, 9)"
    )
    sandbox.sql(
        "INSERT INTO autonomous_tasks (description, status, started_at, completed_at) VALUES ('g', 'failed', now(), now() + interval '3 years')"
    )
    driven = await Driven(sandbox.url, sandbox.service_key, tmp_path).begin()
    _, done = await driven.round()
    await driven.monitor.close()
    assert sandbox.sql("SELECT dry_run_mode FROM autonomous_system_config") == [(False,)], done


async def test_a_completion_stamped_in_the_future_hides_no_standstill(sandbox: Running, tmp_path: Path) -> None:
    sandbox.sql(
        "INSERT INTO autonomous_tasks (description, status, created_at) VALUES ('p', 'pending', now() - interval '3 days')"
    )
    sandbox.sql(
        "INSERT INTO autonomous_tasks (description, status, completed_at) VALUES ('c', 'completed', now() + interval '3 years')"
    )
    driven = await Driven(sandbox.url, sandbox.service_key, tmp_path).begin()
    checkup, _ = await driven.round()
    await driven.monitor.close()
    assert checkup.of("activity").level is Level.WARNING, checkup.of("activity").text


async def test_one_repair_that_cannot_plan_does_not_hinder_the_others(sandbox: Running, tmp_path: Path) -> None:
    """Counting old log rows takes the server too long (57014): stuck tasks are healed all the same."""
    agents_write_logs(sandbox)
    running(sandbox, 5)
    sandbox.stuck(2)
    async with wire(sandbox.url) as between:
        driven = await Driven(between.url, sandbox.service_key, tmp_path).begin()
        from core.backend.faults import Failed, Trace, answer_fault

        async def slow(*_: Any) -> int:
            raise Failed(
                answer_fault(Trace(status=500), code="57014", message="canceling statement due to statement timeout")
            )

        driven.rooms.urgent_queries.count_old_logs = slow
        _, done = await driven.round()
        await driven.monitor.close()
    assert statuses(sandbox).get("failed") == 2, (done, statuses(sandbox))


async def test_lost_answer_of_a_heal_is_not_called_refused(sandbox: Running, tmp_path: Path) -> None:
    """Somebody holds the row's lock for longer than a request waits; the write is carried out after it."""
    agents_write_logs(sandbox)
    sandbox.stuck(1)
    driven = await Driven(sandbox.url, sandbox.service_key, tmp_path, autonomous=False).begin()
    plan = await driven.monitor.plan_heal()
    with psycopg.connect(sandbox.database_url) as other:
        other.execute("SELECT id FROM autonomous_tasks FOR UPDATE")
        result = await driven.monitor.heal(plan)
        other.rollback()
    await asyncio.sleep(1)
    now = statuses(sandbox)
    await driven.monitor.close()
    assert result.phase is Phase.UNKNOWN and not result.refused, (result, now)


async def test_a_retry_that_changed_nothing_says_so(sandbox: Running, tmp_path: Path) -> None:
    (name,) = sandbox.sql(
        "INSERT INTO autonomous_tasks (description, status, completed_at) VALUES ('f', 'failed', now() - interval '1 hour') RETURNING id"
    )[0]
    driven = await Driven(sandbox.url, sandbox.service_key, tmp_path, autonomous=False).begin()
    plan = await driven.monitor.plan_retry(str(name))
    sandbox.sql("UPDATE autonomous_tasks SET completed_at = now()")  # somebody else retried it, and it failed anew
    result = await driven.monitor.retry(plan)
    await driven.monitor.close()
    assert (result.changed, result.phase) == (0, Phase.REFUSED), result


async def test_undo_of_a_heal_whose_dry_run_step_failed_leaves_an_operators_dry_run(
    sandbox: Running, tmp_path: Path
) -> None:
    """Dry-run turned on by a person after it was turned off again: it is not the heal's."""
    sandbox.sql("UPDATE autonomous_system_config SET dry_run_mode = false")
    failures(sandbox)
    sandbox.stuck(1)
    driven = await Driven(sandbox.url, sandbox.service_key, tmp_path, autonomous=False).begin()
    result = await driven.monitor.heal(await driven.monitor.plan_heal())
    assert result.changed == 2, result
    assert (await driven.monitor.set_dry_run(False)).done
    assert (await driven.monitor.set_dry_run(True)).done  # a person's own decision, later
    plan = await driven.monitor.plan_undo(result.run)
    undone = await driven.monitor.undo(plan)
    await driven.monitor.close()
    assert sandbox.sql("SELECT dry_run_mode FROM autonomous_system_config") == [(True,)], (plan.text, undone.text)


async def test_a_lift_whose_requeue_was_partial_is_a_lift(sandbox: Running, tmp_path: Path) -> None:
    driven = await Driven(sandbox.url, sandbox.service_key, tmp_path, autonomous=False).begin()
    sandbox.sql("INSERT INTO autonomous_tasks (description) VALUES ('p')")
    assert (await driven.monitor.stop("r")).done
    original = driven.rooms.live.marked

    async def none(*_: Any) -> tuple[str, ...]:
        return ()

    driven.rooms.live.marked = none
    result = await driven.monitor.lift(requeue=True)
    driven.rooms.live.marked = original
    at = await driven.rooms.live.last_lift_at()
    await driven.monitor.close()
    assert not flag(sandbox) and at is not None, (result, at)


async def test_look_on_forgets_an_old_why(sandbox: Running, tmp_path: Path) -> None:
    async with wire(sandbox.url) as between:
        driven = await Driven(between.url, sandbox.service_key, tmp_path, observe=True).begin()
        between.acts["/"] = reset
        await driven.rooms.lease.look_on()
        assert driven.rooms.lease.view().why
        between.acts.clear()
        await driven.rooms.lease.look_on()
        why = driven.rooms.lease.view().why
        await driven.monitor.close()
    assert not why, why


async def test_in_observe_lifted_a_kept_stop_is_carried_out_or_not_promised(sandbox: Running, tmp_path: Path) -> None:
    async with wire(sandbox.url) as between:
        driven = await Driven(between.url, sandbox.service_key, tmp_path, observe=True).begin()
        driven.loops.ready = True
        driven.monitor.lift_observe()
        between.acts["/"] = reset
        result = await driven.monitor.stop("burning")
        between.acts.clear()
        await driven.round(10)
        driven.loops.ready = False
        await driven.monitor.close()
        assert result.phase is not Phase.WAITING or flag(sandbox), result


async def test_a_brake_is_not_released_by_a_check_that_got_no_answer(sandbox: Running, tmp_path: Path) -> None:
    agents_write_logs(sandbox)
    sandbox.stuck(60)
    driven = await Driven(sandbox.url, sandbox.service_key, tmp_path).begin()
    await driven.round()
    assert driven.autonomy.braked
    checkup = await driven.monitor.check()
    import msgspec

    checks = tuple(
        msgspec.structs.replace(c, level=Level.UNKNOWN) if c.name == "stuck_tasks" else c for c in checkup.checks
    )
    await driven.autonomy.after(msgspec.structs.replace(checkup, checks=checks), scheduled=True)
    braked = driven.autonomy.braked
    await driven.monitor.close()
    assert braked
