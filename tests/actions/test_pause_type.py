"""A paused type: what is pending of it is set aside, new ones too; exactly those are given back."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from core.actions.approve import APPROVE
from core.actions.emergency_stop import EMERGENCY_STOP
from core.actions.pause_type import PAUSE_TYPE
from core.actions.resume import RESUME
from core.actions.retry_matching import RETRY_MATCHING
from core.actions.undo import UNDO
from core.actions.unpause_type import UNPAUSE_TYPE
from core.domain.actions import Action, ResultPhase
from core.domain.queries import Listing, Table
from core.domain.snapshot import State
from core.monitor import Monitor
from core.resilience import NotLive
from tests.actions.driving import Driven
from tests.actions.test_task_changes import ACCOUNTS, TASKS, add, at, between, monitor
from tests.running import ONE_SHAPE, Command, Running
from tests.wire import Wire, reset

__all__ = ["between", "monitor"]

LOGS = "/rest/v1/autonomous_execution_logs"
WHY = "the tests are broken"


def by_type(sandbox: Running) -> dict[tuple[str, str], int]:
    rows = sandbox.sql("SELECT task_type, status, count(*) FROM autonomous_tasks GROUP BY 1, 2")
    return {(kind, status): count for kind, status, count in rows}


def pauses(sandbox: Running) -> int:
    return int(sandbox.sql("SELECT count(*) FROM autonomous_execution_logs WHERE execution_step = 'pause'")[0][0])


async def give(monitor: Monitor, action: Action, task_type: str = "bug_fix", plan: Any = None) -> Any:
    given = {"task_type": task_type} | ({"reason": WHY} if action is PAUSE_TYPE else {})
    return await monitor.run(action, plan or await monitor.plan(action, **given), **given)


async def test_a_paused_type_does_not_run_and_everything_else_does(sandbox: Running, monitor: Monitor) -> None:
    add(sandbox, "pending", 3, task_type="bug_fix")
    add(sandbox, "pending", 2, task_type="refactoring")
    (waiting,) = add(sandbox, "awaiting_review", task_type="bug_fix")
    sandbox.sql("UPDATE autonomous_system_config SET enabled = true, dry_run_mode = false, max_parallel_tasks = 99")
    plan = await monitor.plan(PAUSE_TYPE, task_type="bug_fix", reason=WHY)
    assert plan.text.startswith("3 pending tasks of type bug_fix held back (status: in review, marked as paused)")
    paused = await give(monitor, PAUSE_TYPE, plan=plan)
    assert (paused.phase, paused.changed) == (ResultPhase.VERIFIED, 3), paused
    sandbox.poll()
    assert by_type(sandbox) == {("bug_fix", "awaiting_review"): 4, ("refactoring", "completed"): 2}
    again = await give(monitor, PAUSE_TYPE)
    assert again.already, again
    assert "bug_fix is paused since " in again.text
    unpaused = await give(monitor, UNPAUSE_TYPE)
    assert (unpaused.phase, unpaused.changed) == (ResultPhase.VERIFIED, 3), unpaused
    assert by_type(sandbox)["bug_fix", "pending"] == 3
    assert sandbox.sql("SELECT status FROM autonomous_tasks WHERE id = %s", waiting) == [("awaiting_review",)]
    assert sandbox.sql("SELECT count(*) FROM autonomous_tasks WHERE error_message IS NOT NULL") == [(0,)]
    sandbox.poll()
    assert by_type(sandbox)["bug_fix", "completed"] == 3
    assert pauses(sandbox) == 0
    assert "bug_fix is not paused" in (await monitor.plan(UNPAUSE_TYPE, task_type="bug_fix")).text


@pytest.mark.parametrize("account", ["service_role", *ACCOUNTS])
async def test_as_every_account(account: str, sandbox: Running, tmp_path: Path) -> None:
    add(sandbox, "pending", 3, task_type="bug_fix")
    one = at(sandbox.url, sandbox, tmp_path, account)
    await one.discover()
    try:
        if account in {"viewer", "anybody"} and sandbox.shape == "documented":  # there it sees no task
            with pytest.raises(NotLive, match="no row of autonomous_tasks is visible"):
                await give(one, PAUSE_TYPE)
        else:
            paused = await give(one, PAUSE_TYPE)
            assert (paused.phase, paused.changed) == (ResultPhase.VERIFIED, 3), paused
            assert by_type(sandbox) == {("bug_fix", "awaiting_review"): 3}
            assert (await give(one, UNPAUSE_TYPE)).done
    finally:
        await one.close()
    assert (by_type(sandbox), pauses(sandbox)) == ({("bug_fix", "pending"): 3}, 0)


@pytest.mark.parametrize(("which", "arrived"), [("pause", True), ("tasks", True), ("tasks", False)])
async def test_a_lost_answer_is_read_back(
    which: str, arrived: bool, sandbox: Running, between: Wire, monitor: Monitor
) -> None:
    add(sandbox, "pending", 3, task_type="bug_fix")
    plan = await monitor.plan(PAUSE_TYPE, task_type="bug_fix", reason=WHY)
    path = f"PATCH {TASKS}" if which == "tasks" else f"POST {LOGS}"
    if arrived:
        between.lost.append(path)
    else:
        between.acts[f"{TASKS}?id=in"] = reset
    result = await give(monitor, PAUSE_TYPE, plan=plan)
    if arrived:
        assert (result.phase, result.changed) == (ResultPhase.VERIFIED, 3), result
    else:
        between.acts.clear()
        assert not result.done, result
        assert by_type(sandbox) == {("bug_fix", "pending"): 3}
        assert (await give(monitor, PAUSE_TYPE)).done  # it goes on with it
    assert (by_type(sandbox), pauses(sandbox)) == ({("bug_fix", "awaiting_review"): 3}, 1)


async def test_two_at_once_pause_and_give_back_each_task_once(
    sandbox: Running, monitor: Monitor, tmp_path: Path
) -> None:
    add(sandbox, "pending", 20, task_type="bug_fix")
    other = at(sandbox.url, sandbox, tmp_path / "other")
    await other.discover()
    for action, status in ((PAUSE_TYPE, "awaiting_review"), (UNPAUSE_TYPE, "pending")):
        results = await asyncio.gather(give(monitor, action), give(other, action))
        assert sum(result.changed for result in results) == 20, results
        assert by_type(sandbox) == {("bug_fix", status): 20}
    await other.close()


async def test_what_an_unpause_that_was_killed_left_is_given_back(sandbox: Running, monitor: Monitor) -> None:
    add(sandbox, "pending", 3, task_type="bug_fix")
    await give(monitor, PAUSE_TYPE)
    sandbox.sql("DELETE FROM autonomous_execution_logs WHERE execution_step = 'pause'")
    plan = await monitor.plan(UNPAUSE_TYPE, task_type="bug_fix")
    assert plan.text == "the pause of bug_fix has ended\n3 tasks back to pending"
    assert (await give(monitor, UNPAUSE_TYPE, plan=plan)).changed == 3


async def test_what_comes_meanwhile_is_set_aside_by_the_monitor_that_leads(sandbox: Running, tmp_path: Path) -> None:
    add(sandbox, "pending", 2, task_type="bug_fix")
    driven = await Driven(sandbox.url, sandbox.service_key, tmp_path).begin()
    monitor = driven.monitor
    await give(monitor, PAUSE_TYPE)
    add(sandbox, "pending", 2, task_type="bug_fix")
    add(sandbox, "pending", 1, task_type="refactoring")
    await driven.parts.lease.round()
    await driven.parts.paused.look()
    await monitor.refresh()
    assert driven.parts.paused.bites
    await driven.parts.autopilot.after(await driven.parts.checks.check(), scheduled=True)
    assert by_type(sandbox) == {("bug_fix", "awaiting_review"): 4, ("refactoring", "pending"): 1}
    assert not driven.parts.paused.bites
    assert [(one.task_type, one.tasks, one.reason) for one in monitor.snapshot.pauses] == [("bug_fix", 4, WHY)]
    audit = sandbox.sql("SELECT count(*) FROM autonomous_execution_logs WHERE input_data->>'by' = 'watchdog'")
    assert audit[0][0] >= 2
    unpaused = await give(monitor, UNPAUSE_TYPE)
    assert unpaused.changed == 4
    await driven.parts.autopilot.after(await driven.parts.checks.check(), scheduled=True)
    assert by_type(sandbox) == {("bug_fix", "pending"): 4, ("refactoring", "pending"): 1}
    await monitor.close()


async def test_without_the_lease_nothing_is_set_aside_by_itself(sandbox: Running, tmp_path: Path) -> None:
    driven = await Driven(sandbox.url, sandbox.service_key, tmp_path).begin()
    await give(driven.monitor, PAUSE_TYPE)
    add(sandbox, "pending", 2, task_type="bug_fix")
    await driven.parts.lease.release()
    await driven.parts.paused.look()
    await driven.monitor.refresh()
    assert [one.task_type for one in driven.monitor.snapshot.pauses] == ["bug_fix"]
    assert not driven.parts.paused.bites
    await driven.parts.paused.keep()
    assert by_type(sandbox) == {("bug_fix", "pending"): 2}
    await driven.monitor.close()


@ONE_SHAPE
async def test_who_may_not_change_tasks_tries_it_seldom(sandbox: Running, tmp_path: Path) -> None:
    add(sandbox, "completed")
    driven = await Driven.as_("viewer", sandbox, tmp_path).begin()
    await give(driven.monitor, PAUSE_TYPE)
    add(sandbox, "pending", 2, task_type="bug_fix")
    sandbox.sql("CREATE POLICY nobody ON autonomous_tasks AS RESTRICTIVE FOR UPDATE TO authenticated USING (false)")
    try:
        await driven.parts.lease.round()
        await driven.parts.paused.look()
        await driven.monitor.refresh()
        for _ in range(3):
            await driven.parts.paused.keep()
        rows = sandbox.sql("SELECT count(*) FROM autonomous_execution_logs WHERE input_data->>'by' = 'watchdog'")
        assert (rows[0][0], by_type(sandbox)["bug_fix", "pending"]) == (2, 2)
        assert not driven.parts.paused.bites
    finally:
        sandbox.sql("DROP POLICY nobody ON autonomous_tasks")
        await driven.monitor.close()


async def test_the_write_names_type_and_status_once_more(sandbox: Running, monitor: Monitor) -> None:
    (other,) = add(sandbox, "pending", task_type="refactoring")
    (begun,) = add(sandbox, "in_progress", task_type="bug_fix")
    aside = monitor._parts.writes.tasks.set_aside
    assert await aside((other, begun), task_type="bug_fix", error="x") == ()


async def test_it_is_shown_where_it_bites_and_waits_for_no_review(sandbox: Running, tmp_path: Path) -> None:
    add(sandbox, "pending", 3, task_type="bug_fix")
    (review,) = add(sandbox, "awaiting_review", task_type="refactoring")
    driven = await Driven(sandbox.url, sandbox.service_key, tmp_path, observe=False).begin()
    monitor = driven.monitor
    await give(monitor, PAUSE_TYPE)
    driven.clock.advance(40)
    await driven.parts.paused.look()
    await monitor.refresh()
    snapshot = monitor.snapshot
    assert snapshot.in_review == 1
    oldest = await driven.parts.panel_reads.tasks.oldest_in_review_at(driven.parts.time.likely())
    assert oldest == sandbox.sql("SELECT created_at FROM autonomous_tasks WHERE id = %s", review)[0][0]
    page = await monitor.page(Listing(table=Table.INBOX), 0, 50)
    assert [one.id for one in page.rows] == [review]
    plan = await monitor.plan(APPROVE, tasks=("type:bug_fix",))
    assert plan.text == "no task that matches status:awaiting_review type:bug_fix is visible to this account"
    name = sandbox.sql("SELECT id FROM autonomous_tasks WHERE task_type = 'bug_fix' LIMIT 1")[0][0]
    refused = (await monitor.plan(APPROVE, tasks=(str(name),))).text
    assert refused.endswith("is paused: it must wait for a review; return it to pending with watchdesk unpause")
    sandbox.sql("DELETE FROM autonomous_tasks WHERE id = %s", review)
    driven.clock.advance(40)
    await monitor.refresh()
    await driven.parts.autopilot.after(await driven.parts.checks.check(), scheduled=True)
    if monitor.snapshot.state is State.IDLE:
        assert "bug_fix is paused" in monitor.snapshot.state_why
    await monitor.close()


async def test_approving_one_of_a_paused_type_says_what_becomes_of_it(sandbox: Running, monitor: Monitor) -> None:
    await give(monitor, PAUSE_TYPE)
    (name,) = add(sandbox, "awaiting_review", task_type="bug_fix")
    text = (await monitor.plan(APPROVE, tasks=(name,))).text
    assert "bug_fix is paused" in text
    assert "they are held back again" in text


async def test_a_resume_and_a_retry_say_what_is_paused(sandbox: Running, monitor: Monitor) -> None:
    add(sandbox, "pending", 2, task_type="bug_fix")
    await monitor.run(EMERGENCY_STOP, reason="burning")
    await give(monitor, PAUSE_TYPE)
    plan = await monitor.plan(RESUME, requeue=True)
    assert plan.text.endswith("What is requeued of these is held back again: bug_fix.")
    (failed,) = add(sandbox, "failed", task_type="bug_fix")
    text = (await monitor.plan(RETRY_MATCHING, tasks=(failed,))).text
    assert text.endswith("tasks of that type are held back again")


async def test_its_row_outlives_the_clean_up_of_the_log(sandbox: Running, monitor: Monitor) -> None:
    done = await give(monitor, PAUSE_TYPE)
    sandbox.sql(f"UPDATE autonomous_execution_logs SET {sandbox.time_column} = now() - interval '400 days'")
    logs, now = monitor._parts.reads.logs, monitor._parts.time.likely()
    old = await logs.old(now, now, "", 100)
    row = sandbox.sql("SELECT id FROM autonomous_execution_logs WHERE execution_step = 'pause'")[0][0]
    assert old
    assert str(row) not in old
    await monitor._parts.writes.delete_logs((str(row),), before=now)
    assert pauses(sandbox) == 1
    assert "cannot be undone here: use watchdesk unpause TYPE" in (await monitor.plan(UNDO, run=done.run)).refused


@ONE_SHAPE
@pytest.mark.parametrize("odd", ["null", "7", '"x"', "[]", "{}", '{"task_type": 5}', '{"task_type": "a", "run": "b"}'])
async def test_an_odd_row_pauses_nothing(odd: str, sandbox: Running, monitor: Monitor) -> None:
    sandbox.sql(
        "INSERT INTO autonomous_execution_logs (execution_step, step_status, input_data)"
        f" VALUES ('pause', 'started', '{odd}'::jsonb)"
    )
    assert await monitor._parts.reads.pauses.standing() == ()
    assert (await give(monitor, PAUSE_TYPE)).done


@ONE_SHAPE
async def test_any_number_of_other_rows_hides_no_pause(sandbox: Running, monitor: Monitor) -> None:
    sandbox.sql(
        "INSERT INTO autonomous_execution_logs (execution_step, step_status) SELECT 'pause', 'started'"
        " FROM generate_series(1, 300)"
    )
    add(sandbox, "pending", 2, task_type="bug_fix")
    assert (await give(monitor, PAUSE_TYPE)).changed == 2
    assert [one.task_type for one in await monitor._parts.reads.pauses.standing()] == ["bug_fix"]
    assert (await give(monitor, UNPAUSE_TYPE)).changed == 2


async def test_what_is_paused_takes_no_reviews_place(
    sandbox: Running, monitor: Monitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.actions.task_change.MOST_TASKS", 4)
    add(sandbox, "pending", 10, task_type="bug_fix")
    await give(monitor, PAUSE_TYPE)
    add(sandbox, "awaiting_review", 5, task_type="bug_fix")
    plan = await monitor.plan(APPROVE, tasks=("type:bug_fix",))
    assert (plan.rows, plan.more) == (4, 1)


@ONE_SHAPE
def test_from_the_command_line(sandbox: Running, command: Command) -> None:
    add(sandbox, "pending", 3, task_type="bug_fix")
    ran = command("pause", "bug_fix", "--yes", sandbox=sandbox)
    assert ran.returncode == 2
    assert "--reason" in ran.stderr
    ran = command("pause", "bug_fix", "--reason", WHY, "--yes", "--json", sandbox=sandbox)
    assert (ran.returncode, by_type(sandbox)) == (0, {("bug_fix", "awaiting_review"): 3}), ran
    ran = command("status", sandbox=sandbox)
    assert "paused: bug_fix is paused since " in ran.stdout
    assert f"{WHY} (3 tasks held back)" in ran.stdout
    ran = command("unpause", "bug_fix", "--yes", sandbox=sandbox)
    assert (ran.returncode, by_type(sandbox)) == (0, {("bug_fix", "pending"): 3}), ran
    ran = command("unpause", "bug_fix", "--yes", sandbox=sandbox)
    assert (ran.returncode, ran.stdout.strip()) == (0, "bug_fix is not paused"), ran
