"""The one way an action goes: where nothing can be kept, when it fails unforeseen, when it is ended from outside."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from core.actions.dry_run import DRY_RUN_OFF
from core.actions.emergency_stop import EMERGENCY_STOP
from core.actions.heal import HEAL
from core.actions.resume import RESUME
from core.actions.retry_task import RETRY
from core.backend.answers import answer_fault
from core.backend.faults import Failed, Trace
from core.domain.actions import ResultPhase
from core.domain.failure_rate import FailureRules
from core.domain.plans import PlanChanged
from core.resilience import NotLive
from tests.actions.driving import Watchdog, agents_write_logs, audited, failures, running, statuses
from tests.clock import FakeClock
from tests.running import ONE_SHAPE, Command, Running
from tests.wire import answer, reset, wire

CONFIG, TASKS = "/rest/v1/autonomous_system_config", "/rest/v1/autonomous_tasks"


@ONE_SHAPE
async def test_where_the_state_cannot_be_written_only_a_stop_is_taken(sandbox: Running, tmp_path: Path) -> None:
    failures(sandbox, 1)
    (task,) = sandbox.sql("SELECT id FROM autonomous_tasks")[0]
    driven = await Watchdog(sandbox.url, sandbox.service_key, tmp_path, autonomous=False).begin()
    plan = await driven.monitor.plan(RETRY, task=str(task))
    await driven.parts.store.close()
    (tmp_path / "state").rename(tmp_path / "gone")
    (tmp_path / "state").write_text("no directory")
    again = await Watchdog(sandbox.url, sandbox.service_key, tmp_path, autonomous=False).begin()
    for result in (
        await again.monitor.run(RETRY, plan),
        await again.monitor.run(DRY_RUN_OFF),
        await again.monitor.run(RESUME),
    ):
        assert result.phase is ResultPhase.REFUSED
        assert result.text.startswith("nothing but an emergency stop is possible: state not ")
    assert again.monitor.may(HEAL)
    assert not again.monitor.may(EMERGENCY_STOP)
    assert (await again.monitor.run(EMERGENCY_STOP, reason="fire")).phase is ResultPhase.VERIFIED
    await again.monitor.close()
    await driven.monitor.close()


@ONE_SHAPE
async def test_an_action_that_fails_unforeseen_is_closed_and_the_next_goes_on(sandbox: Running, tmp_path: Path) -> None:
    sandbox.stuck(3)
    driven = await Watchdog(sandbox.url, sandbox.service_key, tmp_path, autonomous=False).begin()
    repair = driven.parts.healer.repairs["stuck_tasks"]

    async def breaks(*_: Any) -> None:
        raise ZeroDivisionError("on purpose")

    whole, repair.apply = repair.apply, breaks  # type: ignore[method-assign]  # a step that fails
    result = await driven.monitor.run(HEAL, await driven.monitor.plan(HEAL))
    assert result.phase is not ResultPhase.VERIFIED
    assert "unexpected error ZeroDivisionError" in result.text
    assert [status for _, status in audited(sandbox, "heal")] == ["started", "failed"]
    repair.apply = whole  # type: ignore[method-assign]  # as it was
    assert (await driven.monitor.run(HEAL, await driven.monitor.plan(HEAL))).changed == 3
    await driven.monitor.close()


@ONE_SHAPE
async def test_a_plan_that_fails_unforeseen_is_a_note_and_the_others_are_carried_out(
    sandbox: Running, tmp_path: Path
) -> None:
    sandbox.stuck(2)
    driven = await Watchdog(sandbox.url, sandbox.service_key, tmp_path, autonomous=False).begin()

    async def breaks(*_: Any) -> None:
        raise ZeroDivisionError("on purpose")

    driven.parts.healer.repairs["dry_run"].plan = breaks  # type: ignore[method-assign,assignment]  # a plan that fails
    plan = await driven.monitor.plan(HEAL)
    assert any("dry run: could not be planned: failed (ZeroDivisionError)" in note for note in plan.notes)
    assert (await driven.monitor.run(HEAL, plan)).changed == 2
    await driven.monitor.close()


async def test_a_config_row_that_cannot_be_read_is_not_called_missing(sandbox: Running, tmp_path: Path) -> None:
    sandbox.stuck(2)
    async with wire(sandbox.url) as between:
        driven = await Watchdog(between.url, sandbox.service_key, tmp_path, autonomous=False).begin()
        between.acts[CONFIG] = answer(b'{"code": "57014", "message": "too long"}', "500 Internal Server Error")
        plan = await driven.monitor.plan(HEAL)
        assert [step.name for step in plan.steps] == ["stuck_tasks"]
        assert any(note.startswith("the config row could not be read: ") for note in plan.notes)
        between.acts.clear()
        between.acts["/"] = reset
        with pytest.raises(NotLive):
            await driven.monitor.plan(HEAL)
        between.acts.clear()
        await driven.monitor.close()


@ONE_SHAPE
async def test_what_changed_between_showing_and_confirming_is_asked_again(sandbox: Running, tmp_path: Path) -> None:
    sandbox.stuck(2)
    driven = await Watchdog(sandbox.url, sandbox.service_key, tmp_path, autonomous=False).begin()
    plan = await driven.monitor.plan(HEAL)
    sandbox.stuck(1)
    with pytest.raises(PlanChanged) as changed:
        await driven.monitor.run(HEAL, plan)
    assert changed.value.plan.rows == 3
    assert audited(sandbox, "heal") == []
    await driven.monitor.close()


async def test_the_opening_audit_row_gives_the_databases_time(sandbox: Running, tmp_path: Path) -> None:
    """Our clock is an hour ahead: what is written and compared goes by the database's own."""
    running(sandbox, 1)
    sandbox.sql("UPDATE autonomous_tasks SET started_at = now() - interval '50 minutes'")
    driven = await Watchdog(sandbox.url, sandbox.service_key, tmp_path, autonomous=False).begin()
    ahead = await driven.parts.healer.plan(driven.clock.now() + timedelta(hours=1))
    assert ahead.plan.rows == 1
    result = await driven.heal(ahead)
    await driven.monitor.close()
    assert (result.changed, result.skipped) == (0, 1)
    assert result.phase is ResultPhase.UNCHANGED
    assert statuses(sandbox) == {"in_progress": 1}


async def test_what_is_healed_ends_at_the_databases_time_whatever_our_clock_says(
    sandbox: Running, tmp_path: Path
) -> None:
    sandbox.stuck(2)
    behind = FakeClock(datetime.now(UTC) - timedelta(hours=2))
    driven = await Watchdog(sandbox.url, sandbox.service_key, tmp_path, behind, autonomous=False).begin()
    found = await driven.parts.healer.plan(datetime.now(UTC))
    assert (await driven.heal(found)).changed == 2
    await driven.monitor.close()
    ages = sandbox.sql("SELECT DISTINCT now() - completed_at < interval '1 minute' FROM autonomous_tasks")
    assert ages == [(True,)]


@ONE_SHAPE
async def test_an_automatic_heal_waits_for_no_other_order(sandbox: Running, tmp_path: Path) -> None:
    sandbox.stuck(2)
    running(sandbox, 10)
    agents_write_logs(sandbox)
    driven = await Watchdog(sandbox.url, sandbox.service_key, tmp_path).begin()

    async def yes(_found: Any) -> bool:
        return True

    async def by_itself() -> Any:
        return await driven.autopilot.heals.heal_if(HEAL, yes)

    async with driven.parts.runner.lane(HEAL):
        async with asyncio.timeout(60):
            assert await by_itself() is None
        assert statuses(sandbox) == {"in_progress": 12}
    assert (await by_itself()).changed == 2
    await driven.monitor.close()


async def test_a_dry_run_cleared_by_another_hand_is_a_resume(account: str, sandbox: Running, tmp_path: Path) -> None:
    """What failed before it was cleared turns it on no more."""
    sandbox.sql("UPDATE autonomous_system_config SET dry_run_mode = false")
    failures(sandbox)
    rules = FailureRules(recent_s=86_400)
    driven = await Watchdog.as_(account, sandbox, tmp_path, failures=rules).begin()
    await driven.round()
    assert sandbox.sql("SELECT dry_run_mode FROM autonomous_system_config") == [(True,)]
    await driven.round()
    sandbox.sql("UPDATE autonomous_system_config SET dry_run_mode = false")
    for _ in range(3):
        await driven.round(30)
    assert sandbox.sql("SELECT dry_run_mode FROM autonomous_system_config") == [(False,)]
    await driven.monitor.close()


async def test_an_action_ended_from_outside_counts_what_was_on_its_way_and_closes_its_audit(
    sandbox: Running, tmp_path: Path
) -> None:
    sandbox.stuck(150)
    driven = await Watchdog(sandbox.url, sandbox.service_key, tmp_path, autonomous=False).begin()
    plan = await driven.monitor.plan(HEAL)
    begun = asyncio.Event()
    healing = asyncio.create_task(driven.monitor.run(HEAL, plan, progress=lambda *_: begun.set()))
    await begun.wait()
    healing.cancel()
    await asyncio.gather(healing, return_exceptions=True)
    await driven.monitor.close()
    told = sandbox.sql(
        "SELECT output_data->>'text', (output_data->>'changed')::int FROM autonomous_execution_logs"
        " WHERE input_data->>'order' = 'heal' AND step_status = 'failed'"
    )
    assert len(told) == 1
    assert told[0][0].startswith("ended from outside; ")
    assert statuses(sandbox)["failed"] == told[0][1]


@ONE_SHAPE
async def test_restarting_the_watchdog_amid_a_heal_leaves_a_closed_audit(sandbox: Running, tmp_path: Path) -> None:
    agents_write_logs(sandbox)
    running(sandbox, 10)
    sandbox.stuck(3)
    async with wire(sandbox.url) as between:
        driven = await Watchdog(between.url, sandbox.service_key, tmp_path).begin()
        driven.clock.advance(1)
        await driven._look_around()
        checkup = await driven.monitor.check()
        between.delays[f"{TASKS}?id=in"] = 0.5
        healing = asyncio.create_task(driven.autopilot.after(checkup, scheduled=True))
        async with asyncio.timeout(60):
            while not any(line.startswith(f"PATCH {TASKS}") for line in between.seen):
                await asyncio.sleep(0.01)
        healing.cancel()  # as the restart does it
        await asyncio.gather(healing, return_exceptions=True)
        async with asyncio.timeout(60):
            while len(audited(sandbox, "heal")) < 2:
                await asyncio.sleep(0.05)
            while not statuses(sandbox).get("failed"):  # the write that was on its way arrives all the same
                await asyncio.sleep(0.05)
        await driven.monitor.close()
    assert [status for _, status in audited(sandbox, "heal")] == ["started", "failed"]
    ((changed, text),) = sandbox.sql(
        "SELECT (output_data->>'changed')::int, output_data->>'text' FROM autonomous_execution_logs"
        " WHERE input_data->>'order' = 'heal' AND step_status = 'failed'"
    )
    assert changed == 3 or "3 with unknown outcome (response lost)" in text


@ONE_SHAPE
@pytest.mark.parametrize(("subject", "question"), [("logs", "count_old"), ("outcomes", "success_rate")])
async def test_a_repair_whose_question_takes_the_server_too_long_does_not_hinder_the_others(
    subject: str, question: str, sandbox: Running, tmp_path: Path
) -> None:
    agents_write_logs(sandbox)
    running(sandbox, 5)
    sandbox.stuck(2)
    sandbox.sql("UPDATE autonomous_system_config SET dry_run_mode = false")
    failures(sandbox, 3)
    driven = await Watchdog(sandbox.url, sandbox.service_key, tmp_path).begin()
    asked = 0

    async def slow(*_: Any, **__: Any) -> Any:
        nonlocal asked
        asked += 1
        fault = answer_fault(Trace(status=500), code="57014", message="canceling statement due to statement timeout")
        assert fault is not None
        raise Failed(fault)

    reads = getattr(driven.parts.reads, subject)
    setattr(reads, question, lambda *_, **__: reads._read("db:slow", slow))
    await driven.round()
    await driven.autopilot.heals.cleaned()
    await driven.monitor.close()
    assert asked
    assert statuses(sandbox)["failed"] == 2 + 3


@ONE_SHAPE
def test_a_command_whose_state_cannot_be_written_is_refused_but_for_the_stop(
    sandbox: Running, command: Command
) -> None:
    """It has not tried to write anything before: it tries, and then says so."""
    place = command.home / "state" / "watchdesk"
    place.mkdir(parents=True)
    (place / "state").write_text("no directory")
    refused = command("dry-run", "off", "--yes", sandbox=sandbox)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith("nothing but an emergency stop is possible: state not ")
    assert sandbox.sql("SELECT dry_run_mode FROM autonomous_system_config") == [(True,)]
    assert command("stop", "--reason", "fire", "--yes", sandbox=sandbox).returncode == 0


@ONE_SHAPE
async def test_a_heal_that_was_halted_before_it_changed_anything_is_not_audited_as_completed(
    sandbox: Running, tmp_path: Path
) -> None:
    sandbox.stuck(2)
    driven = await Watchdog(sandbox.url, sandbox.service_key, tmp_path, autonomous=False).begin()
    found = await driven.parts.healer.plan(driven.parts.time.cut_off())
    result = await driven.heal(found, go_on=lambda: "enough")
    await driven.monitor.close()
    assert (result.phase, result.done) == (ResultPhase.UNCHANGED, False)
    assert result.text.endswith("halted: enough")
    assert [status for _, status in audited(sandbox, "heal")] == ["started", "failed"]
    assert statuses(sandbox) == {"in_progress": 2}


async def test_while_it_is_not_known_whom_an_operator_spared_nobody_is_failed(sandbox: Running, tmp_path: Path) -> None:
    agents_write_logs(sandbox)
    running(sandbox, 10)
    sandbox.stuck(2)
    driven = await Watchdog(sandbox.url, sandbox.service_key, tmp_path).begin()
    fault = answer_fault(Trace(status=500), code="57014", message="canceling statement due to statement timeout")
    assert fault is not None

    async def slow(*_: Any) -> Any:
        raise Failed(fault)

    audit = driven.parts.reads.audit
    audit.given_back = lambda _: audit._read("db:fetch_given_back", slow)  # type: ignore[method-assign,assignment]  # too slow
    await driven.round()
    assert statuses(sandbox) == {"in_progress": 12}
    del audit.given_back
    await driven.round(30)
    await driven.monitor.close()
    assert statuses(sandbox) == {"in_progress": 10, "failed": 2}
