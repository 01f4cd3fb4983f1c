"""What was completed only in dry-run is sent back and runs for real; taken back until an agent begins."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from core.actions.requeue_simulated import REQUEUE_SIMULATED
from core.actions.undo import UNDO
from core.domain.actions import ResultPhase, must_type
from core.domain.plans import PlanChanged
from core.monitor import Monitor
from tests.actions.test_task_changes import ACCOUNTS, TASKS, add, at, between, monitor, statuses
from tests.running import ONE_SHAPE, Command, Running
from tests.wire import Wire, reset

__all__ = ["between", "monitor"]


def simulated(sandbox: Running, count: int = 3, **columns: Any) -> list[str]:
    """Tasks that the agents completed in dry-run; their ids."""
    ids = add(sandbox, "pending", count, requires_approval=False, **columns)
    sandbox.sql("UPDATE autonomous_system_config SET enabled = true, dry_run_mode = true, max_parallel_tasks = 99")
    sandbox.poll()
    sandbox.sql("UPDATE autonomous_system_config SET dry_run_mode = false")
    return ids


async def counted(monitor: Monitor) -> tuple[int, int]:
    """How many were completed within a day for real, and how many only in dry-run."""
    outcomes, now = monitor._parts.panel_reads.outcomes, datetime.now(UTC)
    rate = await outcomes.success_rate(now - timedelta(days=1), now)
    return rate.completed, (await outcomes.simulated(now - timedelta(days=1), now)).count


async def requeue(monitor: Monitor, *tasks: str, plan: Any = None) -> Any:
    plan = plan or await monitor.plan(REQUEUE_SIMULATED, tasks=tasks)
    return await monitor.run(REQUEUE_SIMULATED, plan, tasks=tasks)


async def test_they_run_for_real_and_count_from_then_on(sandbox: Running, monitor: Monitor) -> None:
    ids = simulated(sandbox)
    assert await counted(monitor) == (0, 3)
    result = await requeue(monitor, *ids)
    assert (result.phase, result.changed) == (ResultPhase.VERIFIED, 3), result
    assert statuses(sandbox) == {"pending": 3}
    assert await counted(monitor) == (0, 0)
    sandbox.poll()
    assert statuses(sandbox) == {"completed": 3}
    assert await counted(monitor) == (3, 0)
    again = await monitor.plan(REQUEUE_SIMULATED, tasks=ids)
    assert again.text == "3 tasks (3 completed): each must have been completed only in dry-run"


async def test_all_that_match_and_none_that_was_done(sandbox: Running, monitor: Monitor) -> None:
    add(sandbox, "completed", 5, result='"done"', completed_at="now")
    simulated(sandbox, task_type="bug_fix")
    simulated(sandbox, 9, task_type="refactoring")
    plan = await monitor.plan(REQUEUE_SIMULATED, tasks=("status:completed",))
    assert plan.rows == 12
    assert must_type(plan.action or REQUEUE_SIMULATED, plan.rows, "probe") == "probe"
    result = await requeue(monitor, "type:bug_fix")
    assert (result.changed, statuses(sandbox)) == (3, {"completed": 14, "pending": 3})


@pytest.mark.parametrize("account", ACCOUNTS)
async def test_as_other_accounts(account: str, sandbox: Running, tmp_path: Path) -> None:
    ids = simulated(sandbox)
    one = at(sandbox.url, sandbox, tmp_path, account)
    await one.discover()
    try:
        result = await requeue(one, *ids)
    finally:
        await one.close()
    may = account == "master" or sandbox.shape == "deployed"
    assert (result.phase is ResultPhase.VERIFIED) is may, result
    assert statuses(sandbox) == {"pending" if may else "completed": 3}


async def test_one_that_was_done_meanwhile_is_left_alone(sandbox: Running, monitor: Monitor) -> None:
    ids = simulated(sandbox)
    plan = await monitor.plan(REQUEUE_SIMULATED, tasks=ids)
    sandbox.sql("UPDATE autonomous_tasks SET status = 'pending' WHERE id = %s", ids[0])
    sandbox.poll()
    assert statuses(sandbox) == {"completed": 3}
    result = await requeue(monitor, *ids, plan=plan)
    assert (result.changed, result.skipped, result.refused) == (2, 1, 0), result
    assert statuses(sandbox) == {"completed": 1, "pending": 2}
    assert (await requeue(monitor, *ids, plan=plan)).phase is ResultPhase.UNCHANGED


async def test_one_that_is_not_what_was_shown_is_shown_again(sandbox: Running, monitor: Monitor) -> None:
    ids = simulated(sandbox)
    plan = await monitor.plan(REQUEUE_SIMULATED, tasks=ids)
    sandbox.sql("UPDATE autonomous_tasks SET risk_level = 'high' WHERE id = %s", ids[0])
    with pytest.raises(PlanChanged):
        await requeue(monitor, *ids, plan=plan)
    assert statuses(sandbox) == {"completed": 3}


@pytest.mark.parametrize("arrived", [True, False], ids=["it arrived", "it did not"])
async def test_a_lost_answer_is_read_back(arrived: bool, sandbox: Running, between: Wire, monitor: Monitor) -> None:
    ids = simulated(sandbox)
    plan = await monitor.plan(REQUEUE_SIMULATED, tasks=ids)
    if arrived:
        between.lost.append(f"PATCH {TASKS}")
    else:
        between.acts[f"{TASKS}?id=in"] = reset
    result = await requeue(monitor, *ids, plan=plan)
    if arrived:
        assert (result.phase, result.changed, statuses(sandbox)) == (ResultPhase.VERIFIED, 3, {"pending": 3}), result
    else:
        assert result.phase in {ResultPhase.UNKNOWN, ResultPhase.UNREACHABLE}, result
        assert statuses(sandbox) == {"completed": 3}


async def test_the_write_leaves_a_later_completion_alone(sandbox: Running, monitor: Monitor) -> None:
    ids = tuple(simulated(sandbox))
    write = monitor._parts.writes.tasks.requeue_completed
    assert await write(ids, until=datetime.now(UTC) - timedelta(hours=1)) == ()
    assert statuses(sandbox) == {"completed": 3}


async def test_two_at_once_requeue_each_once(sandbox: Running, monitor: Monitor, tmp_path: Path) -> None:
    ids = simulated(sandbox, 20)
    other = at(sandbox.url, sandbox, tmp_path / "other")
    await other.discover()
    plans = [await one.plan(REQUEUE_SIMULATED, tasks=ids) for one in (monitor, other)]
    both = zip((monitor, other), plans, strict=True)
    results = await asyncio.gather(*(requeue(one, *ids, plan=plan) for one, plan in both))
    await other.close()
    assert (sum(result.changed for result in results), statuses(sandbox)) == (20, {"pending": 20}), results


async def test_it_is_taken_back_where_no_agent_began(sandbox: Running, monitor: Monitor) -> None:
    ids = simulated(sandbox)
    rows = sandbox.sql("SELECT * FROM autonomous_tasks WHERE id <> %s ORDER BY id", ids[0])
    first = await requeue(monitor, *ids)
    sandbox.sql("UPDATE autonomous_tasks SET status = 'in_progress', started_at = now() WHERE id = %s", ids[0])
    plan = await monitor.plan(UNDO, run=first.run)
    assert "2 tasks that wait for an agent back to completed" in plan.text
    assert (await monitor.run(UNDO, plan, run=first.run)).changed == 2
    assert sandbox.sql("SELECT * FROM autonomous_tasks WHERE id <> %s ORDER BY id", ids[0]) == rows
    second = await requeue(monitor, *ids[1:])
    assert "nothing of it stands any more" in (await monitor.plan(UNDO, run=first.run)).text
    assert (await monitor.plan(UNDO, run=second.run)).rows == 2


async def test_what_keeps_them_from_running_is_said(sandbox: Running, monitor: Monitor) -> None:
    (name,) = simulated(sandbox, 1)
    sandbox.sql("UPDATE autonomous_system_config SET dry_run_mode = true")
    plan = await monitor.plan(REQUEUE_SIMULATED, tasks=(name,))
    assert "dry-run is on: the agents will mark it as completed without doing anything" in plan.text


@ONE_SHAPE
def test_from_the_command_line(sandbox: Running, command: Command) -> None:
    simulated(sandbox)
    ran = command("requeue-simulated", "status:completed", "--yes", "--json", sandbox=sandbox)
    assert (ran.returncode, statuses(sandbox)) == (0, {"pending": 3}), ran
    ran = command("requeue-simulated", "status:failed", "--yes", sandbox=sandbox)
    assert ran.returncode == 2
    assert "only tasks that are completed can be chosen" in ran.stderr
