"""Priority and assignment of chosen tasks: set where they are what was shown, read back, given back by an undo."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from core.actions.assign import ASSIGN
from core.actions.set_priority import SET_PRIORITY
from core.actions.undo import UNDO
from core.domain.actions import Action, ResultPhase
from core.domain.plans import PlanChanged
from core.monitor import Monitor
from tests.actions.test_task_changes import ACCOUNTS, TASKS, add, at, between, monitor
from tests.running import ONE_SHAPE, Command, Running
from tests.wire import Wire, reset

__all__ = ["between", "monitor"]

CASES: dict[str, tuple[Action, str, Any, Any]] = {
    "priority": (SET_PRIORITY, "priority", 3, 7),
    "to zero": (SET_PRIORITY, "priority", 3, 0),
    "assign": (ASSIGN, "assigned_to", "agent-1", 'jana, "ops" & co.'),
}
"""Each with its column, a value, and the new one."""

OTHER = {"priority": 1, "assigned_to": None}


def values(sandbox: Running, column: str) -> list[Any]:
    return [one for (one,) in sandbox.sql(f"SELECT {column} FROM autonomous_tasks ORDER BY created_at")]


async def set_to(monitor: Monitor, action: Action, to: Any, *tasks: str, plan: Any = None) -> Any:
    plan = plan or await monitor.plan(action, tasks=tasks, to=to)
    return await monitor.run(action, plan, tasks=tasks, to=to)


@pytest.mark.parametrize("account", ["service_role", *ACCOUNTS])
@pytest.mark.parametrize("case", CASES)
async def test_it_is_set_read_back_and_undone(case: str, account: str, sandbox: Running, tmp_path: Path) -> None:
    action, column, before, after = CASES[case]
    ids = add(sandbox, "pending", 2, **{column: before}) + add(sandbox, **{column: OTHER[column]})
    was = values(sandbox, column)
    one = at(sandbox.url, sandbox, tmp_path, account)
    await one.discover()
    try:
        plan = await one.plan(action, tasks=ids, to=after)
        if account in {"viewer", "anybody"} and sandbox.shape == "documented":  # there it sees no task
            assert "3 not visible to this account" in plan.refused
            return
        assert f"{column.replace('_', ' ')} is {before} (2)" in plan.text
        assert plan.text.endswith(f"; becomes {after}")
        done = await set_to(one, action, after, *ids, plan=plan)
        assert (done.phase, values(sandbox, column)) == (ResultPhase.VERIFIED, [after] * 3), done
        again = await one.plan(action, tasks=ids, to=after)
        assert " already" in again.text
        sandbox.sql("UPDATE autonomous_tasks SET status = 'in_progress' WHERE id = %s", ids[0])
        undone = await one.run(UNDO, await one.plan(UNDO, run=done.run), run=done.run)
        assert (undone.phase, undone.changed) == (ResultPhase.VERIFIED, 2), undone
        assert sorted(map(str, values(sandbox, column))) == sorted(map(str, [after, *was[1:]]))
        assert "nothing of it stands" in (await one.plan(UNDO, run=done.run)).text
    finally:
        await one.close()


@pytest.mark.parametrize("case", CASES)
async def test_what_changed_meanwhile_is_left_alone_or_shown_again(
    case: str, sandbox: Running, monitor: Monitor
) -> None:
    action, column, before, after = CASES[case]
    ids = add(sandbox, "pending", 3, **{column: before})
    plan = await monitor.plan(action, tasks=ids, to=after)
    sandbox.sql("UPDATE autonomous_tasks SET status = 'in_progress' WHERE id = %s", ids[0])
    result = await set_to(monitor, action, after, *ids, plan=plan)
    assert (result.changed, result.skipped, result.refused) == (2, 1, 0), result
    assert values(sandbox, column) == [before, after, after]
    sandbox.sql(f"UPDATE autonomous_tasks SET {column} = %s, status = 'pending'", before)
    plan = await monitor.plan(action, tasks=ids, to=after)
    sandbox.sql("UPDATE autonomous_tasks SET description = 'another' WHERE id = %s", ids[1])
    with pytest.raises(PlanChanged):
        await set_to(monitor, action, after, *ids, plan=plan)
    assert values(sandbox, column) == [before] * 3


@pytest.mark.parametrize("arrived", [True, False], ids=["it arrived", "it did not"])
@pytest.mark.parametrize("case", CASES)
async def test_a_lost_answer_is_read_back(
    case: str, arrived: bool, sandbox: Running, between: Wire, monitor: Monitor
) -> None:
    action, column, before, after = CASES[case]
    ids = add(sandbox, "pending", 3, **{column: before})
    plan = await monitor.plan(action, tasks=ids, to=after)
    if arrived:
        between.lost.append(f"PATCH {TASKS}")
    else:
        between.acts[f"{TASKS}?id=in"] = reset
    result = await set_to(monitor, action, after, *ids, plan=plan)
    assert (result.phase is ResultPhase.VERIFIED) is arrived, result
    assert values(sandbox, column) == [after if arrived else before] * 3


@pytest.mark.parametrize("case", CASES)
async def test_more_than_one_run_takes_are_reached(
    case: str, sandbox: Running, monitor: Monitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.actions.task_change.MOST_TASKS", 4)
    action, column, before, after = CASES[case]
    add(sandbox, "pending", 6, **{column: before})
    add(sandbox, "pending", 3, **{column: OTHER[column]})
    for left in (5, 1, 0):
        plan = await monitor.plan(action, tasks=("status:pending",), to=after)
        assert plan.more == left
        await set_to(monitor, action, after, "status:pending", plan=plan)
    assert values(sandbox, column) == [after] * 9
    assert "no task that matches" in (await monitor.plan(action, tasks=("status:pending",), to=after)).text


WAS = {"priority": [None, 0, 3], "assigned_to": [None, "", "a\x1b[31mb", "x" * 150, "jana "]}
"""Values as rows may have them, each another one."""


@pytest.mark.parametrize("case", CASES)
async def test_an_undo_gives_back_what_was_not_set_and_what_is_odd(
    case: str, sandbox: Running, monitor: Monitor
) -> None:
    action, column, _, after = CASES[case]
    was = WAS[column] if (sandbox.shape, column) != ("documented", "priority") else [0, 3]  # there it is always set
    ids = [add(sandbox, "pending", **{column: value})[0] for value in was]
    done = await set_to(monitor, action, after, *ids)
    assert done.changed == len(ids) - (after in was), done
    plan = await monitor.plan(UNDO, run=done.run)
    assert ("not set" in plan.text) is (None in was)
    assert "\x1b" not in plan.text
    undone = await monitor.run(UNDO, plan, run=done.run)
    assert (undone.phase, undone.changed) == (ResultPhase.VERIFIED, done.changed), undone
    found = dict(sandbox.sql(f"SELECT id::text, {column} FROM autonomous_tasks"))
    assert [found[name] for name in ids] == was


async def test_the_write_names_the_status_once_more(sandbox: Running, monitor: Monitor) -> None:
    (begun,) = add(sandbox, "in_progress", priority=3)
    write = monitor._parts.writes.tasks.set_value
    assert await write((begun,), column="priority", value=7, statuses=("pending",)) == ()
    assert values(sandbox, "priority") == [3]


async def test_two_at_once_end_in_one_value(sandbox: Running, monitor: Monitor, tmp_path: Path) -> None:
    ids = add(sandbox, "pending", 20, priority=3)
    other = at(sandbox.url, sandbox, tmp_path / "other")
    await other.discover()
    plans = [await one.plan(SET_PRIORITY, tasks=ids, to=7) for one in (monitor, other)]
    both = zip((monitor, other), plans, strict=True)
    results = await asyncio.gather(*(set_to(one, SET_PRIORITY, 7, *ids, plan=plan) for one, plan in both))
    await other.close()
    assert values(sandbox, "priority") == [7] * 20
    assert all(result.refused == 0 for result in results), results


@ONE_SHAPE
def test_from_the_command_line(sandbox: Running, command: Command) -> None:
    add(sandbox, "pending", 3, priority=3)
    ran = command("priority", "status:pending", "--to", "9", "--yes", sandbox=sandbox)
    assert (ran.returncode, values(sandbox, "priority")) == (0, [9] * 3), ran
    ran = command("assign", "status:pending", "--to", "jana", "--yes", "--json", sandbox=sandbox)
    assert (ran.returncode, values(sandbox, "assigned_to")) == (0, ["jana"] * 3), ran
    for arguments in (("priority", "status:pending", "--to", "11"), ("priority", "status:pending"), ("assign",)):
        ran = command(*arguments, "--yes", sandbox=sandbox)
        assert ran.returncode == 2
        assert "Traceback" not in ran.stderr
    assert values(sandbox, "priority") == [9] * 3
