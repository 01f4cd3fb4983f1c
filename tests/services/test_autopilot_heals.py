"""What the watchdog heals by itself, and what keeps it from doing so; on real PostgreSQL, both shapes."""

import asyncio
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from core.actions.dry_run import DRY_RUN_OFF, DRY_RUN_ON
from core.actions.emergency_stop import EMERGENCY_STOP
from core.actions.heal import CLEANING, HEAL
from core.actions.undo import UNDO
from core.domain.actions import ResultPhase
from core.domain.status import Level
from tests.actions.driving import Watchdog, agents_write_logs, audited, failures, running, statuses
from tests.clock import FakeClock
from tests.running import ONE_SHAPE, Running
from tui.cli.status_page import page


def alerts(sandbox: Running) -> list[str]:
    rows = sandbox.sql(
        "SELECT output_data->>'text' FROM autonomous_execution_logs WHERE execution_step = 'watchdog_alert_warning'"
    )
    return [row[0] for row in rows]


@ONE_SHAPE
async def test_three_stuck_of_many_are_healed_with_one_audited_run(
    account: str, sandbox: Running, tmp_path: Path
) -> None:
    agents_write_logs(sandbox)
    running(sandbox, 10)
    sandbox.stuck(3)
    driven = await Watchdog.as_(account, sandbox, tmp_path).begin()
    _, done = await driven.round()
    assert done.startswith("3 changed")
    assert statuses(sandbox) == {"failed": 3, "in_progress": 10}
    assert [status for _, status in audited(sandbox, "heal")] == ["started", "completed"]
    told = sandbox.sql(
        "SELECT jsonb_array_length(output_data->'ids'), input_data->>'by', input_data->>'host', duration_ms"
        " FROM autonomous_execution_logs WHERE step_status = 'completed' AND input_data->>'order' = 'heal'"
    )
    assert told[0][:2] == (3, "watchdog")
    assert told[0][2]
    assert told[0][3] >= 0
    _, done = await driven.round()
    assert done == "nothing to heal"
    await driven.monitor.close()


@ONE_SHAPE
async def test_sixty_of_eighty_are_braked_said_and_left_to_a_person(
    account: str, sandbox: Running, tmp_path: Path
) -> None:
    agents_write_logs(sandbox)
    running(sandbox, 20)
    sandbox.stuck(60)
    driven = await Watchdog.as_(account, sandbox, tmp_path).begin()
    for _ in range(3):
        _, done = await driven.round()
        assert done == "60 stuck tasks, more than 50"
    assert statuses(sandbox) == {"in_progress": 80}
    assert audited(sandbox, "heal") == []
    snapshot = driven.monitor.snapshot
    assert snapshot.may_act.missing == ("brake",)
    assert any("auto-heal paused: 60 stuck tasks" in notice for notice in snapshot.notices)
    for _ in range(4):
        driven.clock.advance(60)
        await driven.parts.lease.round()
        await driven.parts.alerts.evaluate()
    told = "firing: auto-heal is paused: 60 stuck tasks, more than 50"
    assert [text for text in alerts(sandbox) if "auto-heal is paused" in text] == [told]  # once
    plan = await driven.monitor.plan(HEAL)
    result = await driven.monitor.run(HEAL, plan)
    assert (result.phase, result.changed) == (ResultPhase.VERIFIED, 60)  # an operator is never braked
    await driven.round()
    assert driven.monitor.snapshot.may_act.allowed
    await driven.monitor.close()


@ONE_SHAPE
async def test_more_than_half_of_ten_or_more_are_braked_and_of_fewer_are_not(sandbox: Running, tmp_path: Path) -> None:
    agents_write_logs(sandbox)
    running(sandbox, 4)
    sandbox.stuck(6)
    driven = await Watchdog(sandbox.url, sandbox.service_key, tmp_path).begin()
    _, done = await driven.round()
    assert done == "6 of 10 running are stuck"
    sandbox.sql("DELETE FROM autonomous_tasks WHERE started_at > now() - interval '1 hour'")
    _, done = await driven.round()
    assert done.startswith("6 changed")
    await driven.monitor.close()


@ONE_SHAPE
async def test_forty_nine_healed_and_forty_nine_more_within_the_hour_are_braked(
    account: str, sandbox: Running, tmp_path: Path
) -> None:
    agents_write_logs(sandbox)
    running(sandbox, 200)
    sandbox.stuck(49)
    driven = await Watchdog.as_(account, sandbox, tmp_path).begin()
    _, done = await driven.round()
    assert done.startswith("49 changed")
    sandbox.stuck(49)
    _, done = await driven.round()
    assert done == "49 stuck tasks and 49 healed within the hour, more than 50"
    again = await Watchdog.as_(account, sandbox, tmp_path / "other", driven.clock).begin()
    found = await again.parts.healer.plan(again.parts.time.cut_off(), automatic=True)
    assert await again.parts.healer.brake(found)  # summed over all monitors: the rows themselves tell
    await again.monitor.close()
    sandbox.sql("UPDATE autonomous_tasks SET completed_at = now() - interval '61 minutes' WHERE status = 'failed'")
    _, done = await driven.round()
    assert done.startswith("49 changed")
    await driven.monitor.close()


@ONE_SHAPE
async def test_what_an_operator_healed_does_not_brake(sandbox: Running, tmp_path: Path) -> None:
    agents_write_logs(sandbox)
    running(sandbox, 200)
    sandbox.stuck(60)
    driven = await Watchdog(sandbox.url, sandbox.service_key, tmp_path).begin()
    assert (await driven.monitor.run(HEAL, await driven.monitor.plan(HEAL))).changed == 60
    sandbox.stuck(2)
    _, done = await driven.round()
    assert done.startswith("2 changed")
    await driven.monitor.close()


@ONE_SHAPE
async def test_in_dry_run_a_plan_is_shown_and_audited_once_and_nothing_is_changed(
    account: str, sandbox: Running, tmp_path: Path
) -> None:
    agents_write_logs(sandbox)
    running(sandbox, 10)
    sandbox.stuck(2)
    driven = await Watchdog.as_(account, sandbox, tmp_path, dry_run=True).begin()
    for _ in range(3):
        _, done = await driven.round()
        assert done == "shown, not applied: dry-run"
    assert statuses(sandbox) == {"in_progress": 12}
    assert [status for _, status in audited(sandbox, "heal")] == ["skipped"]
    assert any("would heal, but for dry-run" in event.text for event in driven.monitor.snapshot.events)
    sandbox.stuck(1)
    await driven.round()
    assert [status for _, status in audited(sandbox, "heal")] == ["skipped", "skipped"]
    await driven.monitor.close()


@ONE_SHAPE
async def test_who_only_looks_writes_its_rows_and_changes_nothing(sandbox: Running, tmp_path: Path) -> None:
    agents_write_logs(sandbox)
    running(sandbox, 10)
    sandbox.stuck(2)
    driven = await Watchdog(sandbox.url, sandbox.service_key, tmp_path, autonomous=False).begin()
    await driven.round()
    rows = sandbox.sql("SELECT execution_step FROM autonomous_execution_logs ORDER BY 1")
    assert rows == [("lease",), *[("task_started",)] * 3, ("watchdog_health_check",)]
    assert statuses(sandbox) == {"in_progress": 12}
    assert driven.monitor.snapshot.may_act.missing == ("autonomous",)
    await driven.monitor.close()


@ONE_SHAPE
async def test_observing_writes_nothing_at_all(account: str, sandbox: Running, tmp_path: Path) -> None:
    agents_write_logs(sandbox)
    sandbox.stuck(2)
    failures(sandbox)
    sandbox.sql("UPDATE autonomous_system_config SET dry_run_mode = false")
    driven = await Watchdog.as_(account, sandbox, tmp_path, observe=True).begin()
    for _ in range(12):
        await driven.round()
    rows = sandbox.sql("SELECT execution_step FROM autonomous_execution_logs")
    assert rows == [("task_started",)] * 3
    assert statuses(sandbox) == {"in_progress": 2, "failed": 20}
    assert driven.monitor.snapshot.lease.holder == ""
    await driven.monitor.close()


@ONE_SHAPE
async def test_one_that_acts_takes_the_lease_from_one_that_only_looks_at_once(sandbox: Running, tmp_path: Path) -> None:
    clock = FakeClock()
    looks = await Watchdog(sandbox.url, sandbox.service_key, tmp_path / "a", clock, autonomous=False).begin()
    assert looks.parts.lease.valid()
    acts = await Watchdog(sandbox.url, sandbox.service_key, tmp_path / "b", clock).begin()
    assert acts.parts.lease.valid()
    clock.advance(20)
    await looks.parts.lease.round()
    assert not looks.parts.lease.valid()
    assert looks.parts.lease.view().acts
    third = await Watchdog(sandbox.url, sandbox.service_key, tmp_path / "c", clock).begin()
    assert not third.parts.lease.valid()  # between two that act it is as ever
    for one in (looks, acts, third):
        await one.monitor.close()


@ONE_SHAPE
async def test_what_an_undo_gave_back_is_left_alone(account: str, sandbox: Running, tmp_path: Path) -> None:
    agents_write_logs(sandbox)
    running(sandbox, 10)
    sandbox.stuck(2)
    driven = await Watchdog.as_(account, sandbox, tmp_path).begin()
    await driven.round()
    (run, _), _ = audited(sandbox, "heal")
    undone = await driven.monitor.run(UNDO, await driven.monitor.plan(UNDO, run=run))
    assert (undone.phase, undone.changed) == (ResultPhase.VERIFIED, 2)
    assert statuses(sandbox) == {"in_progress": 12}
    sandbox.stuck(1)
    _, done = await driven.round()
    assert done.startswith("1 changed")
    assert statuses(sandbox) == {"in_progress": 12, "failed": 1}
    await driven.monitor.close()


async def test_a_task_completed_after_it_was_failed_is_a_false_rescue(sandbox: Running, tmp_path: Path) -> None:
    agents_write_logs(sandbox)
    running(sandbox, 20)
    sandbox.stuck(4)
    driven = await Watchdog(sandbox.url, sandbox.service_key, tmp_path).begin()
    await driven.round()
    since = driven.parts.clock.now().replace(year=2020)
    assert await driven.parts.reads.audit.false_rescues(since) == 0
    sandbox.sql(
        "UPDATE autonomous_tasks SET status = 'completed', error_message = NULL"
        " WHERE id IN (SELECT id FROM autonomous_tasks WHERE status = 'failed' LIMIT 3)"
    )
    assert await driven.parts.reads.audit.false_rescues(since) == 3
    await driven.monitor.close()


@ONE_SHAPE
async def test_failures_turn_dry_run_on_once_and_an_operator_who_lifts_it_is_not_fought(
    account: str, sandbox: Running, tmp_path: Path
) -> None:
    agents_write_logs(sandbox)
    sandbox.sql("UPDATE autonomous_system_config SET dry_run_mode = false")
    failures(sandbox, 7)
    sandbox.completed(3)
    driven = await Watchdog.as_(account, sandbox, tmp_path).begin()
    await driven.round()
    assert sandbox.sql("SELECT dry_run_mode FROM autonomous_system_config") == [(True,)]
    assert (await driven.monitor.run(DRY_RUN_OFF)).phase is ResultPhase.VERIFIED
    for _ in range(3):
        await driven.round()
    assert sandbox.sql("SELECT dry_run_mode FROM autonomous_system_config") == [(False,)]
    failures(sandbox, 7, "now() + interval '2 seconds'")  # the database's clock is real
    await driven.round()
    assert sandbox.sql("SELECT dry_run_mode FROM autonomous_system_config") == [(True,)]
    await driven.monitor.close()


@ONE_SHAPE
async def test_the_databases_own_time_decides_the_cut_offs(sandbox: Running, tmp_path: Path) -> None:
    wrong = FakeClock()  # months away from the database's time
    driven = await Watchdog(sandbox.url, sandbox.service_key, tmp_path, wrong).begin()
    await driven.round()
    (now,) = sandbox.sql("SELECT now()")[0]
    behind = (now - driven.parts.time.cut_off()).total_seconds()
    assert 0 <= behind < 2
    stamp = sandbox.sql(
        f"SELECT {sandbox.time_column} FROM autonomous_execution_logs WHERE execution_step = 'watchdog_health_check'"
    )
    assert abs((stamp[0][0] - now).total_seconds()) < 5
    await driven.monitor.close()


async def test_who_writes_no_row_goes_by_the_date_header_five_seconds_later(sandbox: Running, tmp_path: Path) -> None:
    driven = await Watchdog(sandbox.url, sandbox.service_key, tmp_path, observe=True).begin()
    await driven.round()
    (now,) = sandbox.sql("SELECT now()")[0]
    assert 4.5 < (now - driven.parts.time.cut_off()).total_seconds() < 8
    await driven.monitor.close()


@pytest.mark.parametrize("account", ["service_role", "master", "viewer"])
async def test_as_each_kind_of_user(account: str, sandbox: Running, tmp_path: Path) -> None:
    """The secret key and the master account heal; an ordinary user's screen says why it does not."""
    agents_write_logs(sandbox)
    running(sandbox, 10)
    sandbox.stuck(3)
    driven = await Watchdog.as_(account, sandbox, tmp_path).begin()
    _, done = await driven.round()
    may_write = account != "viewer" or sandbox.shape == "deployed"  # whose policies let everybody write
    if may_write:
        assert done.startswith("3 changed")
        assert statuses(sandbox) == {"failed": 3, "in_progress": 10}
        who = sandbox.sql(
            "SELECT DISTINCT input_data->>'who' FROM autonomous_execution_logs WHERE input_data ? 'order'"
        )
        assert account != "master" or sandbox.info["user"] in who[0][0]
    else:
        assert statuses(sandbox) == {"in_progress": 13}
        assert audited(sandbox, "heal") == []
        assert driven.monitor.snapshot.may_act.missing
        assert "this account cannot see the config row" in page(driven.monitor.snapshot)
    assert sandbox.sql("SELECT count(*) FROM autonomous_system_config") == [(1,)]
    await driven.monitor.close()


async def hide(sandbox: Running, table: str, *, hidden: bool) -> None:
    """Row level security that shows no row of a table to who is signed in, and lets them write all the same."""
    if hidden:
        sandbox.sql(f"CREATE POLICY hidden ON {table} AS RESTRICTIVE FOR SELECT USING (auth.role() <> 'authenticated')")
    else:
        sandbox.sql(f"DROP POLICY hidden ON {table}")


async def test_as_a_user_who_sees_no_log_rows_nothing_is_healed_and_the_screen_says_why(
    sandbox: Running, tmp_path: Path
) -> None:
    agents_write_logs(sandbox)
    running(sandbox, 10)
    sandbox.stuck(3)
    await hide(sandbox, "autonomous_execution_logs", hidden=True)
    try:
        user = {"email": sandbox.info["user"], "password": sandbox.info["password"]}
        driven = await Watchdog(sandbox.url, sandbox.publishable_key, tmp_path, **user).begin()
        checkup, _ = await driven.round()
        stuck = checkup.of("stuck_tasks")
        assert (
            stuck.level,
            "the logs are not visible to this account, so they are not healed automatically" in stuck.text,
        ) == (
            Level.WARNING,
            True,
        )
        assert statuses(sandbox) == {"in_progress": 13}
        assert not driven.monitor.snapshot.may_act.allowed
        # Nor would it if it held the lease: silence that cannot be seen proves nothing.
        found = await driven.parts.healer.plan(driven.parts.time.cut_off(), automatic=True)
        assert found.plan.empty
        assert "so it cannot tell whether they are stuck: left alone" in found.plan.notes[0]
        plan = await driven.monitor.plan(HEAL)
        assert (
            "the logs are not visible to this account" in plan.steps[0].effect
        )  # an operator's heal includes them and says so
        await driven.monitor.close()
    finally:
        await hide(sandbox, "autonomous_execution_logs", hidden=False)


async def test_as_a_user_who_sees_no_config_row_no_second_one_appears(sandbox: Running, tmp_path: Path) -> None:
    await hide(sandbox, "autonomous_system_config", hidden=True)
    try:
        user = {"email": sandbox.info["user"], "password": sandbox.info["password"]}
        driven = await Watchdog(sandbox.url, sandbox.publishable_key, tmp_path, **user).begin()
        for _ in range(3):
            await driven.round()
        plan = await driven.monitor.plan(HEAL)
        assert plan.empty
        assert any("use a secret key to find out" in note for note in plan.notes)
        assert plan.unknown
        assert any("this account cannot see the config row" in notice for notice in driven.monitor.snapshot.notices)
        await driven.monitor.close()
    finally:
        await hide(sandbox, "autonomous_system_config", hidden=False)
    assert sandbox.sql("SELECT count(*) FROM autonomous_system_config") == [(1,)]


@ONE_SHAPE
async def test_a_missing_config_row_is_created_disabled_and_in_dry_run_once(sandbox: Running, tmp_path: Path) -> None:
    sandbox.sql("DELETE FROM autonomous_system_config")
    clock = FakeClock()
    driven = await Watchdog(sandbox.url, sandbox.service_key, tmp_path, clock).begin()
    found = await driven.parts.healer.plan(driven.parts.time.cut_off())
    results = await asyncio.gather(
        *(driven.heal(found) for _ in range(3)),
    )
    assert sorted(result.changed for result in results) == [0, 0, 1]
    assert sandbox.sql("SELECT enabled, dry_run_mode FROM autonomous_system_config") == [(False, True)]
    await driven.monitor.close()


@ONE_SHAPE
async def test_a_task_claimed_again_between_plan_and_apply_is_untouched(
    account: str, sandbox: Running, tmp_path: Path
) -> None:
    sandbox.stuck(4)
    driven = await Watchdog.as_(account, sandbox, tmp_path).begin()
    found = await driven.parts.healer.plan(driven.parts.time.cut_off())
    sandbox.sql("UPDATE autonomous_tasks SET started_at = now() WHERE description = 'stuck 1'")
    sandbox.sql("UPDATE autonomous_tasks SET status = 'completed' WHERE description = 'stuck 2'")
    sandbox.sql("UPDATE autonomous_tasks SET started_at = NULL WHERE description = 'stuck 3'")
    result = await driven.heal(found)
    assert (result.planned, result.changed, result.skipped, result.refused) == (4, 2, 2, 0)
    told = dict(sandbox.sql("SELECT description, status FROM autonomous_tasks"))
    assert told == {
        "stuck 1": "in_progress",
        "stuck 2": "completed",
        "stuck 3": "failed",
        "stuck 4": "failed",
    }
    await driven.monitor.close()


@ONE_SHAPE
async def test_two_that_heal_at_the_same_moment_change_each_task_once(
    account: str, sandbox: Running, tmp_path: Path
) -> None:
    sandbox.stuck(250)
    pair = [await Watchdog.as_(account, sandbox, tmp_path / name).begin() for name in ("a", "b")]
    plans = [await one.parts.healer.plan(one.parts.time.cut_off()) for one in pair]
    results = await asyncio.gather(*(one.heal(plan) for one, plan in zip(pair, plans, strict=True)))
    assert sum(result.changed for result in results) == 250
    assert sum(result.skipped for result in results) == 250
    assert statuses(sandbox) == {"failed": 250}
    for one in pair:
        await one.monitor.close()


@ONE_SHAPE
async def test_a_holder_killed_with_minus_nine_is_followed_after_ninety_seconds_and_never_both(
    account: str, sandbox: Running, tmp_path: Path
) -> None:
    agents_write_logs(sandbox)
    running(sandbox, 10)
    clock = FakeClock()
    holder = await Watchdog.as_(account, sandbox, tmp_path / "a", clock).begin()
    other = await Watchdog.as_(account, sandbox, tmp_path / "b", clock).begin()
    await holder.kill()
    sandbox.stuck(2)
    for second in range(0, 110, 10):
        clock.advance(10)
        await other.parts.lease.round()
        await other.monitor.refresh()
        assert not (holder.parts.lease.valid() and other.parts.lease.valid())
        checkup = await other.monitor.check()
        await other.autopilot.after(checkup, scheduled=False)
        acted = statuses(sandbox) == {"failed": 2, "in_progress": 10}
        assert acted is (second + 10 >= 90), second
    await other.monitor.close()


async def test_a_log_row_exactly_thirty_days_old_is_kept(sandbox: Running, tmp_path: Path) -> None:
    driven = await Watchdog(sandbox.url, sandbox.service_key, tmp_path, autonomous=False).begin()
    now = driven.parts.time.cut_off()
    edge = now - timedelta(days=30)
    for step, at in (("kept", edge), ("old", edge - timedelta(microseconds=1)), ("lease", edge - timedelta(days=9))):
        sandbox.sql(
            f"INSERT INTO autonomous_execution_logs (execution_step, step_status, {sandbox.time_column})"
            " VALUES (%s, 'completed', %s)",
            step,
            at,
        )
    found = await driven.parts.healer.plan(now, only=CLEANING)
    assert found.plan.rows == 1
    await driven.heal(found)
    left = sandbox.sql("SELECT execution_step FROM autonomous_execution_logs WHERE NOT execution_step LIKE 'watchdog%'")
    assert sorted(left) == [("kept",), ("lease",), ("lease",)]  # the second is the one we hold
    await driven.monitor.close()


@ONE_SHAPE
async def test_an_emergency_stop_waits_for_no_heal_and_ends_it_after_its_batch(
    sandbox: Running, tmp_path: Path
) -> None:
    sandbox.stuck(600)
    driven = await Watchdog(sandbox.url, sandbox.service_key, tmp_path, autonomous=False).begin()
    begun = asyncio.Event()
    plan = await driven.monitor.plan(HEAL)
    healing = asyncio.create_task(driven.monitor.run(HEAL, plan, progress=lambda *_: begun.set()))
    await begun.wait()
    stopped = await driven.monitor.run(EMERGENCY_STOP, reason="fire")
    healed = await healing
    assert "halted: an emergency stop was requested" in healed.text
    assert healed.changed < 600
    assert stopped.phase is ResultPhase.VERIFIED
    assert statuses(sandbox) == {"failed": healed.changed, "rejected": 600 - healed.changed}
    await driven.monitor.close()


@ONE_SHAPE
async def test_a_brake_is_not_released_by_a_check_that_got_no_answer(sandbox: Running, tmp_path: Path) -> None:
    agents_write_logs(sandbox)
    sandbox.stuck(60)
    driven = await Watchdog(sandbox.url, sandbox.service_key, tmp_path).begin()
    checkup, _ = await driven.round()
    assert driven.parts.autonomy.braked
    checks = tuple(
        msgspec.structs.replace(check, level=Level.UNKNOWN) if check.name == "stuck_tasks" else check
        for check in checkup.checks
    )
    await driven.autopilot.after(msgspec.structs.replace(checkup, checks=checks), scheduled=True)
    assert driven.parts.autonomy.braked
    await driven.monitor.close()


@ONE_SHAPE
async def test_dry_run_that_a_heal_turned_on_is_an_alert_and_in_the_plan_for_as_long_as_it_stands(
    sandbox: Running, tmp_path: Path
) -> None:
    failures(sandbox)
    sandbox.sql("UPDATE autonomous_system_config SET dry_run_mode = false")
    driven = await Watchdog(sandbox.url, sandbox.service_key, tmp_path).begin()

    async def told() -> list[str]:
        driven.clock.advance(60)
        await driven.monitor.refresh(everything=True)
        await driven.parts.alerts.evaluate()
        driven.monitor._publish()
        return [one.text for one in driven.monitor.snapshot.alerts if one.rule == "dry_run_on" and one.is_so]

    assert await told() == []
    await driven.round()
    (text,) = await told()
    assert text.endswith("by a heal of the watchdog: 100 % of 20 failed; the agents only simulate")
    assert any("dry-run was turned on by a heal" in event.text for event in driven.monitor.snapshot.events)
    plan = await driven.monitor.plan(DRY_RUN_OFF)
    assert plan.text.startswith("Dry-run is on since ")
    assert "a watchdog turns it on again if tasks still fail" in plan.text
    assert await told() == [text]
    assert (await driven.monitor.run(DRY_RUN_OFF)).phase is ResultPhase.VERIFIED
    assert await told() == []
    assert (await driven.monitor.run(DRY_RUN_ON)).phase is ResultPhase.VERIFIED
    assert await told() == []  # that is a person's own
    assert (await driven.monitor.plan(DRY_RUN_OFF)).text == "Dry-run is on."
    await driven.monitor.close()


@ONE_SHAPE
async def test_dry_run_by_another_monitors_heal_is_an_alert_though_its_end_was_read_before_the_config_row(
    sandbox: Running, tmp_path: Path
) -> None:
    failures(sandbox)
    sandbox.sql("UPDATE autonomous_system_config SET dry_run_mode = false")
    looks = await Watchdog(sandbox.url, sandbox.service_key, tmp_path / "a", observe=True).begin()
    heals = await Watchdog(sandbox.url, sandbox.service_key, tmp_path / "b").begin()
    await looks.monitor.refresh(everything=True)
    await heals.round()
    for _ in range(2):
        await looks.parts.alerts.evaluate()
        looks.clock.advance(60)
        await looks.monitor.refresh(everything=True)
    await looks.parts.alerts.evaluate()
    looks.monitor._publish()
    assert [one.rule for one in looks.monitor.snapshot.alerts if one.rule == "dry_run_on" and one.is_so]
    for driven in (looks, heals):
        await driven.monitor.close()
