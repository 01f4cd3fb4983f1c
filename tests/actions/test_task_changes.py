"""Approve, reject, cancel: chosen tasks, each only if it is as it was shown; read back, audited, taken back."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from core.actions.approve import APPROVE
from core.actions.cancel import CANCEL
from core.actions.reject import REJECT
from core.actions.requeue_tasks import REQUEUE_TASKS
from core.actions.run_pending import RUN_PENDING
from core.actions.undo import UNDO
from core.backend.target import Target
from core.domain.actions import Action, ResultPhase, Tier, must_type
from core.domain.chosen_tasks import TasksPlan
from core.domain.plans import PlanChanged
from core.monitor import Config, Monitor, Places
from tests.hostile import HOSTILE
from tests.running import ONE_SHAPE, Command, Running
from tests.wire import Wire, reset, wire

TASKS = "/rest/v1/autonomous_tasks"
WHY = "not now"
CHANGES: dict[str, tuple[Action, str, str]] = {
    "approve": (APPROVE, "awaiting_review", "pending"),
    "reject": (REJECT, "awaiting_review", "rejected"),
    "cancel": (CANCEL, "pending", "rejected"),
    "cancel a running one": (CANCEL, "in_progress", "rejected"),
    "requeue": (REQUEUE_TASKS, "rejected", "pending"),
    "requeue what was rolled back": (REQUEUE_TASKS, "rolled_back", "pending"),
}
"""Each change, with the status of what it changes and the one that it sets."""

ACCOUNTS = {"master": ("user", "password"), "viewer": ("viewer", "viewer_password"), "anybody": ()}
"""Who signs in by which entries of the sandbox's line; nobody does with the publishable key alone."""


@pytest.fixture
async def between(sandbox: Running) -> AsyncIterator[Wire]:
    async with wire(sandbox.url) as one:
        yield one


@pytest.fixture
async def monitor(sandbox: Running, between: Wire, tmp_path: Path) -> AsyncIterator[Monitor]:
    one = at(between.url, sandbox, tmp_path)
    await one.discover()
    yield one
    await one.close()


def at(url: str, sandbox: Running, home: Path, account: str = "service_role") -> Monitor:
    if account == "service_role":
        target = Target(name="probe", url=url, key=sandbox.service_key, function_key=sandbox.function_key)
    else:
        user = {key: sandbox.info[name] for key, name in zip(("email", "password"), ACCOUNTS[account], strict=False)}
        target = Target(name="probe", url=url, key=sandbox.publishable_key, **user)
    return Monitor(Config(target=target), places=Places.within(home))


def add(sandbox: Running, status: str = "awaiting_review", count: int = 1, **columns: Any) -> list[str]:
    """Tasks in a status; their ids, oldest first."""
    given = {"description": "do it", "status": status, "requires_approval": status == "awaiting_review"} | columns
    rows = sandbox.sql(
        f"INSERT INTO autonomous_tasks ({', '.join(given)}, created_at)"
        f" SELECT {', '.join('%s' for _ in given)}, now() - i * interval '1 minute'"
        f" FROM generate_series({count}, 1, -1) AS i RETURNING id",
        *given.values(),
    )
    return [str(name) for (name,) in rows]


def row(sandbox: Running, name: str) -> tuple[Any, ...]:
    """Status, whether it requires approval, its error text, whether it was reviewed, by whom."""
    columns = "status, requires_approval, error_message, reviewed_at IS NOT NULL, reviewed_by"
    ((*found,),) = sandbox.sql(f"SELECT {columns} FROM autonomous_tasks WHERE id = %s", name)
    return tuple(found)


def statuses(sandbox: Running) -> dict[str, int]:
    return dict(sandbox.sql("SELECT status, count(*) FROM autonomous_tasks GROUP BY 1"))


async def change(monitor: Monitor, action: Action, *tasks: str, plan: Any = None) -> Any:
    plan = plan or await monitor.plan(action, tasks=tasks)
    return await monitor.run(action, plan, tasks=tasks, reason=WHY)


async def test_an_approved_task_is_what_the_agents_run(sandbox: Running, monitor: Monitor) -> None:
    (name,) = add(sandbox)
    result = await change(monitor, APPROVE, name)
    assert (result.phase, result.changed) == (ResultPhase.VERIFIED, 1), result
    assert "the task is pending (read back)" in result.text
    status, approval, error, reviewed, by = row(sandbox, name)
    assert (status, approval, error, reviewed) == ("pending", False, None, True)
    assert by is None if sandbox.shape == "documented" else "@" in by  # there it is a user's id
    audit = sandbox.sql(
        "SELECT step_status, input_data->>'order', output_data->'ids' FROM autonomous_execution_logs"
        f" WHERE execution_step = 'watchdog_healing' ORDER BY {sandbox.time_column}, step_status DESC"
    )
    assert audit == [("started", "approve", None), ("completed", "approve", [name])]


async def test_a_rejected_one_says_by_whom_and_why(sandbox: Running, monitor: Monitor) -> None:
    (name,) = add(sandbox)
    result = await change(monitor, REJECT, name)
    assert result.phase is ResultPhase.VERIFIED
    status, _, error, reviewed, _ = row(sandbox, name)
    assert (status, reviewed) == ("rejected", True)
    assert error.startswith(f"watchdesk:rejected:{result.run}: by ")
    assert error.endswith(f": {WHY}")


async def test_what_is_running_is_cancelled_too_and_it_is_said_what_that_means(
    sandbox: Running, monitor: Monitor
) -> None:
    waiting, running = add(sandbox, "pending"), add(sandbox, "in_progress")
    plan = await monitor.plan(CANCEL, tasks=(*waiting, *running))
    assert "an agent is at work on it and may go on" in plan.text
    result = await change(monitor, CANCEL, *waiting, *running, plan=plan)
    assert (result.phase, result.changed, statuses(sandbox)) == (ResultPhase.VERIFIED, 2, {"rejected": 2})
    assert "an agent is" not in (await monitor.plan(CANCEL, tasks=tuple(add(sandbox, "pending")))).text


@pytest.mark.parametrize("account", ["service_role", *ACCOUNTS])
@pytest.mark.parametrize("case", CHANGES)
async def test_as_every_account(case: str, account: str, sandbox: Running, tmp_path: Path) -> None:
    action, before, after = CHANGES[case]
    ids = add(sandbox, before, 3)
    one = at(sandbox.url, sandbox, tmp_path, account)
    await one.discover()
    try:
        result = await change(one, action, *ids)
    finally:
        await one.close()
    # The policies of the deployed shape let everybody write.
    may = account in {"service_role", "master"} or sandbox.shape == "deployed"
    assert (result.phase is ResultPhase.VERIFIED) is may, result
    assert statuses(sandbox) == {after if may else before: 3}


@pytest.mark.parametrize("case", CHANGES)
async def test_whose_condition_is_lost_meanwhile_is_left_alone(case: str, sandbox: Running, monitor: Monitor) -> None:
    action, before, _ = CHANGES[case]
    ids = add(sandbox, before, 3)
    plan = await monitor.plan(action, tasks=ids)
    sandbox.sql("UPDATE autonomous_tasks SET status = 'completed' WHERE id = %s", ids[1])
    result = await change(monitor, action, *ids, plan=plan)
    assert (result.changed, result.skipped, result.refused) == (2, 1, 0), result
    assert row(sandbox, ids[1])[0] == "completed"
    again = await change(monitor, action, *ids, plan=plan)
    assert (again.phase, again.changed) == (ResultPhase.UNCHANGED, 0), again


@pytest.mark.parametrize("case", CHANGES)
async def test_one_that_is_not_what_was_shown_is_shown_again(case: str, sandbox: Running, monitor: Monitor) -> None:
    action, before, _ = CHANGES[case]
    ids = add(sandbox, before, 2)
    plan = await monitor.plan(action, tasks=ids)
    sandbox.sql("UPDATE autonomous_tasks SET risk_level = 'high' WHERE id = %s", ids[0])
    with pytest.raises(PlanChanged) as changed:
        await change(monitor, action, *ids, plan=plan)
    assert "high" in changed.value.plan.text
    assert statuses(sandbox) == {before: 2}
    result = await change(monitor, action, *ids, plan=changed.value.plan)
    assert result.changed == 2


@pytest.mark.parametrize("arrived", [True, False], ids=["it arrived", "it did not"])
@pytest.mark.parametrize("case", CHANGES)
async def test_a_lost_answer_is_read_back(
    case: str, arrived: bool, sandbox: Running, between: Wire, monitor: Monitor
) -> None:
    action, before, after = CHANGES[case]
    ids = add(sandbox, before, 3)
    plan = await monitor.plan(action, tasks=ids)
    if arrived:
        between.lost.append(f"PATCH {TASKS}")
    else:
        between.once.append((f"{TASKS}?id=in", reset))  # the look before it, then
        between.once.append((f"{TASKS}?id=in", reset))
    result = await change(monitor, action, *ids, plan=plan)
    if arrived:
        assert (result.phase, result.changed) == (ResultPhase.VERIFIED, 3), result
        assert statuses(sandbox) == {after: 3}
    else:
        assert result.phase in {ResultPhase.UNKNOWN, ResultPhase.UNREACHABLE}, result
        assert statuses(sandbox) == {before: 3}


@pytest.mark.parametrize("case", CHANGES)
async def test_two_at_once_change_each_task_once(case: str, sandbox: Running, monitor: Monitor, tmp_path: Path) -> None:
    action, before, after = CHANGES[case]
    ids = add(sandbox, before, 20)
    other = at(sandbox.url, sandbox, tmp_path / "other")
    await other.discover()
    plans = [await one.plan(action, tasks=ids) for one in (monitor, other)]
    results = await asyncio.gather(
        *(change(one, action, *ids, plan=plan) for one, plan in zip((monitor, other), plans, strict=True))
    )
    await other.close()
    assert sum(result.changed for result in results) == 20, results
    assert statuses(sandbox) == {after: 20}


async def test_it_is_taken_back_where_it_still_stands(sandbox: Running, monitor: Monitor) -> None:
    for case in ("approve", "reject", "cancel"):
        action, before, _ = CHANGES[case]
        ids = add(sandbox, before, 3)
        done = await change(monitor, action, *ids)
        sandbox.sql("UPDATE autonomous_tasks SET status = 'in_progress', started_at = now() WHERE id = %s", ids[0])
        plan = await monitor.plan(UNDO, run=done.run)
        assert plan.rows == 2, plan
        undone = await monitor.run(UNDO, plan, run=done.run)
        assert (undone.phase, undone.changed) == (ResultPhase.VERIFIED, 2), undone
        assert [row(sandbox, name)[0] for name in ids] == ["in_progress", before, before]
        assert row(sandbox, ids[1])[1] is (before == "awaiting_review")
        assert row(sandbox, ids[1])[3:] == (False, None)
        again = await monitor.plan(UNDO, run=done.run)
        assert "nothing of it stands" in again.text
        sandbox.sql("DELETE FROM autonomous_tasks")


async def test_of_what_was_cancelled_only_what_was_pending_goes_back(sandbox: Running, monitor: Monitor) -> None:
    waiting, running = add(sandbox, "pending"), add(sandbox, "in_progress")
    done = await change(monitor, CANCEL, *waiting, *running)
    plan = await monitor.plan(UNDO, run=done.run)
    assert plan.rows == 1
    assert (await monitor.run(UNDO, plan, run=done.run)).changed == 1
    assert [row(sandbox, name)[0] for name in (*waiting, *running)] == ["pending", "rejected"]


async def test_what_another_run_approved_since_is_left_alone(sandbox: Running, monitor: Monitor) -> None:
    ids = add(sandbox, count=3)
    first = await change(monitor, APPROVE, *ids)
    undone = await monitor.run(UNDO, await monitor.plan(UNDO, run=first.run), run=first.run)
    assert undone.changed == 3
    assert row(sandbox, ids[0]) == ("awaiting_review", True, None, False, None)
    await change(monitor, APPROVE, *ids[:2])
    assert "nothing of it stands any more" in (await monitor.plan(UNDO, run=first.run)).text


async def test_what_a_killed_run_approved_is_taken_back(sandbox: Running, monitor: Monitor) -> None:
    ids = add(sandbox, count=3)
    done = await change(monitor, APPROVE, *ids)
    sandbox.sql("DELETE FROM autonomous_execution_logs WHERE step_status = 'completed'")  # it never closed its audit
    assert (await monitor.plan(UNDO, run=done.run)).rows == 3


async def test_of_more_than_one_run_takes_the_rest_is_said_and_reached(
    sandbox: Running, monitor: Monitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.actions.task_change.MOST_TASKS", 4)
    ids = add(sandbox, count=10)
    for meant, done, left in ((ids, 4, 6), (["status:awaiting_review"], 4, 2), (ids, 2, 0)):
        plan = await monitor.plan(APPROVE, tasks=meant)
        assert (plan.rows, plan.more) == (done, left)
        result = await change(monitor, APPROVE, *ids, plan=plan)
        assert result.phase is (ResultPhase.PARTLY if left else ResultPhase.VERIFIED)
        assert (f"{left} more are left: run it again" in result.text) is bool(left)
    assert statuses(sandbox) == {"pending": 10}


async def test_many_are_chosen_by_a_filter_and_named_by_kind(sandbox: Running, monitor: Monitor) -> None:
    add(sandbox, count=8, task_type="bug_fix")
    add(sandbox, count=3, task_type="refactoring")
    add(sandbox, "pending", 2, task_type="bug_fix")
    plan = await monitor.plan(APPROVE, tasks=("type:bug_fix",))
    assert isinstance(plan, TasksPlan)
    assert plan.text.startswith("8 tasks (8 bug_fix; risk 8 low), the oldest of ")
    assert plan.action is None
    result = await change(monitor, APPROVE, "type:bug_fix", plan=plan)
    assert (result.changed, statuses(sandbox)) == (8, {"pending": 10, "awaiting_review": 3})


@ONE_SHAPE
async def test_more_than_ten_or_a_risky_one_must_be_typed(sandbox: Running, monitor: Monitor) -> None:
    ids = add(sandbox, count=11)
    (risky,) = add(sandbox, risk_level="high")
    for tasks, typed in ((ids[:10], False), (ids, True), ([risky], True), ([ids[0], risky], True)):
        plan = await monitor.plan(APPROVE, tasks=tasks)
        assert (plan.action is not None and plan.action.tier is Tier.TYPED) is typed
        assert (must_type(plan.action or APPROVE, plan.rows, "probe") == "probe") is typed


@ONE_SHAPE
async def test_what_cannot_be_meant_is_said_in_a_sentence(sandbox: Running, monitor: Monitor) -> None:
    (pending,), (failed,) = add(sandbox, "pending"), add(sandbox, "failed")
    missing = "00000000-0000-4000-8000-000000000000"
    for tasks, words in (
        ((pending,), f"task {pending} is pending already"),
        ((failed,), f"task {failed} is failed: it must wait for a review"),
        ((missing,), f"no task {missing} is visible to this account"),
        (
            (pending, missing),
            "2 tasks (1 pending, 1 not visible to this account): each must wait for a review",
        ),
        (("status:failed",), "status:failed: only tasks that are awaiting review can be chosen"),
        (("type:nothing",), "no task that matches status:awaiting_review type:nothing is visible to this account"),
        (("since:never",), "since:never is no time: 03:10, yesterday 22:00, 2026-11-24 03:10 or 2h ago"),
        ((), "name tasks by their ids, or by a filter such as type:bug_fix"),
    ):
        plan = await monitor.plan(APPROVE, tasks=tasks)
        assert plan.text == words
        result = await monitor.run(APPROVE, plan, tasks=tasks)
        is_there = pending in tasks or failed in tasks or "matches" in words
        phase = ResultPhase.UNCHANGED if is_there else ResultPhase.REFUSED
        assert (result.phase, result.text, result.already) == (phase, words, "already" in words)
    (name,) = add(sandbox)
    plan = await monitor.plan(REJECT, tasks=(name,))
    assert (await monitor.run(REJECT, plan, tasks=(name,), reason="  ")).phase is ResultPhase.REFUSED
    assert statuses(sandbox) == {"pending": 1, "failed": 1, "awaiting_review": 1}


async def test_what_keeps_the_agents_from_it_is_said(sandbox: Running, monitor: Monitor) -> None:
    (name,) = add(sandbox)
    sandbox.sql("UPDATE autonomous_system_config SET enabled = false, dry_run_mode = true")
    text = (await monitor.plan(APPROVE, tasks=(name,))).text
    assert "the agents are disabled" in text
    assert "dry-run is on: the agents will mark it as completed without doing anything" in text
    sandbox.sql("UPDATE autonomous_system_config SET enabled = true, dry_run_mode = false, emergency_stop = true")
    assert "an emergency stop is set" in (await monitor.plan(APPROVE, tasks=(name,))).text
    sandbox.sql("UPDATE autonomous_system_config SET emergency_stop = false")
    assert "\n" not in (await monitor.plan(APPROVE, tasks=(name,))).text.rpartition("priority")[2]


@ONE_SHAPE
async def test_hostile_text_and_long_lists_are_shown_as_lines(sandbox: Running, monitor: Monitor) -> None:
    bad = "".join(HOSTILE.values()).replace("\0", "")
    files = [bad, *(f"src/{n}.py" for n in range(400))]
    (name,) = add(sandbox, description=bad, files_affected=files, github_pr_url=f"https://x/{bad}")
    plan = await monitor.plan(APPROVE, tasks=(name,))
    assert not any(sign < " " for sign in plan.text.replace("\n", ""))
    assert "and 396 more" in plan.text
    assert "pull request: https://x/" in plan.text


def test_on_the_command_line(sandbox: Running, command: Command) -> None:
    ids = add(sandbox, count=4)
    done = command("approve", ids[0], "--yes", sandbox=sandbox)
    assert (done.returncode, done.stderr) == (0, ""), done
    assert done.stdout.startswith("1 changed, 0 skipped, 0 refused; the task is pending (read back)")
    assert command("reject", ids[1], "--yes", sandbox=sandbox).returncode == 2  # no reason
    assert command("reject", ids[1], "--reason", WHY, sandbox=sandbox).returncode == 2  # nobody to ask
    assert command("reject", ids[1], ids[2], "--reason", WHY, "--yes", "--json", sandbox=sandbox).returncode == 0
    add(sandbox, "pending", task_type="refactoring")
    assert command("cancel", "type:refactoring", "--reason", WHY, "--yes", sandbox=sandbox).returncode == 0
    preview = command("approve", ids[3], "--dry-run", sandbox=sandbox)
    assert preview.returncode == 1
    assert ids[3] in preview.stdout
    assert statuses(sandbox) == {"pending": 1, "rejected": 3, "awaiting_review": 1}
    assert command("approve", "nonsense:1", "--yes", sandbox=sandbox).returncode == 2


async def test_with_the_agents_function_it_runs_what_was_approved_and_nothing_else(
    sandbox: Running, monitor: Monitor
) -> None:
    sandbox.sql("UPDATE autonomous_system_config SET enabled = true, dry_run_mode = false, max_parallel_tasks = 9")
    approved, rejected, left = add(sandbox, "pending", 3, requires_approval=True)
    first = await monitor.run(RUN_PENDING)
    assert "3 tasks processed (3 awaiting review)" in first.text
    assert statuses(sandbox) == {"awaiting_review": 3}
    assert (await change(monitor, APPROVE, approved)).changed == 1
    assert (await change(monitor, REJECT, rejected)).changed == 1
    second = await monitor.run(RUN_PENDING)
    assert "1 task processed (1 completed)" in second.text
    assert [row(sandbox, name)[0] for name in (approved, rejected, left)] == [
        "completed",
        "rejected",
        "awaiting_review",
    ]


@ONE_SHAPE
async def test_who_sees_no_config_row_can_approve_all_the_same(sandbox: Running, tmp_path: Path) -> None:
    (name,) = add(sandbox)
    sandbox.sql("DELETE FROM autonomous_system_config")
    one = at(sandbox.url, sandbox, tmp_path, "viewer")
    await one.discover()
    result = await change(one, APPROVE, name)
    await one.close()
    assert result.changed == 1
