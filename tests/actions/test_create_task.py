"""A task is created by the project's own function: its refusals in words, a lost answer found by what it says."""

from pathlib import Path
from typing import Any

import pytest

from core.actions.approve import APPROVE
from core.actions.create_task import CREATE_TASK
from core.actions.run_pending import RUN_PENDING
from core.actions.undo import UNDO
from core.domain.actions import ResultPhase
from core.monitor import Monitor
from tests.actions.test_task_changes import ACCOUNTS, add, at, between, monitor
from tests.hostile import HOSTILE
from tests.running import ONE_SHAPE, Command, Running
from tests.wire import Wire, reset

__all__ = ["between", "monitor"]

RPC = "/rest/v1/rpc/create_autonomous_task"
GIVEN: dict[str, Any] = {"task_type": "bug_fix", "description": "mend it", "level": 2, "priority": 5}


async def create(monitor: Monitor, **given: Any) -> Any:
    given = GIVEN | given
    return await monitor.run(CREATE_TASK, await monitor.plan(CREATE_TASK, **given), **given)


def tasks(sandbox: Running) -> list[tuple[Any, ...]]:
    return sandbox.sql("SELECT task_type, description, priority, status, requires_approval FROM autonomous_tasks")


@ONE_SHAPE
@pytest.mark.parametrize("account", ["service_role", *ACCOUNTS])
async def test_it_is_created_and_seen(account: str, sandbox: Running, tmp_path: Path) -> None:
    one = at(sandbox.url, sandbox, tmp_path, account)
    await one.discover()
    try:
        result = await create(one, description="mend it")
        assert (result.phase, result.changed) == (ResultPhase.VERIFIED, 1), result
        assert "is pending (read back)" in result.text
        assert tasks(sandbox) == [("bug_fix", "mend it", 5, "pending", False)]
        assert "watchdesk cancel ID" in (await one.plan(UNDO, run=result.run)).refused
    finally:
        await one.close()


@ONE_SHAPE
async def test_what_needs_an_approval_is_said(sandbox: Running, monitor: Monitor) -> None:
    for given, needs in (({"level": 3}, True), ({"priority": 8}, True), ({"priority": 7}, False)):
        plan = await monitor.plan(CREATE_TASK, **(GIVEN | given))
        assert ("it needs an approval first" in plan.text) is needs
        await create(monitor, **given)
    assert [approval for *_, approval in tasks(sandbox)] == [True, True, False]


@ONE_SHAPE
@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("enabled = false", "Autonomous system is disabled"),
        ("emergency_stop = true, emergency_stop_reason = 'stop it'", "Emergency stop is active: stop it"),
        ("max_daily_tasks = 0", "Daily task limit reached: 0"),
    ],
)
async def test_the_functions_refusal_is_told_in_its_words(
    change: str, says: str, sandbox: Running, monitor: Monitor
) -> None:
    sandbox.sql(f"UPDATE autonomous_system_config SET {change}")
    result = await create(monitor)
    assert (result.phase, tasks(sandbox)) == (ResultPhase.REFUSED, []), result
    assert result.text.startswith("nothing was created: ")
    assert says in result.text


@ONE_SHAPE
async def test_a_type_that_the_table_does_not_take_is_refused(sandbox: Running, monitor: Monitor) -> None:
    result = await create(monitor, task_type="magic")
    assert (result.phase, tasks(sandbox)) == (ResultPhase.REFUSED, []), result
    assert "nothing was created: " in result.text


async def test_a_project_without_the_function_says_so(sandbox: Running, monitor: Monitor) -> None:
    if sandbox.shape == "deployed":
        return
    result = await create(monitor)
    assert result.phase is ResultPhase.REFUSED
    assert result.text == "nothing was created: this project has no create_autonomous_task"


@ONE_SHAPE
@pytest.mark.parametrize("arrived", [True, False], ids=["it arrived", "it did not"])
async def test_a_lost_answer_is_looked_for(arrived: bool, sandbox: Running, between: Wire, monitor: Monitor) -> None:
    await create(monitor)  # one that says the same, from before
    if arrived:
        between.lost.append(f"POST {RPC}")
    else:
        between.acts[RPC] = reset
    result = await create(monitor)
    assert (result.phase is ResultPhase.VERIFIED) is arrived, result
    assert len(tasks(sandbox)) == 1 + arrived


@ONE_SHAPE
async def test_hostile_text_is_kept_as_it_is_and_shown_clean(sandbox: Running, monitor: Monitor) -> None:
    for text in HOSTILE.values():
        if "\x00" in text or not text.strip():
            continue
        result = await create(monitor, description=text)
        assert result.done, (text, result)
        assert "\x1b" not in (await monitor.plan(CREATE_TASK, **(GIVEN | {"description": text}))).text


@ONE_SHAPE
def test_from_the_command_line(sandbox: Running, command: Command) -> None:
    ran = command("create", "bug_fix", "mend it", "--priority", "9", "--yes", "--json", sandbox=sandbox)
    assert (ran.returncode, tasks(sandbox)) == (0, [("bug_fix", "mend it", 9, "pending", True)]), ran
    ran = command("create", "bug_fix", "mend it", "--level", "4", "--yes", sandbox=sandbox)
    assert ran.returncode == 2
    sandbox.sql("UPDATE autonomous_system_config SET enabled = false")
    ran = command("create", "bug_fix", "mend it", "--yes", sandbox=sandbox)
    assert (ran.returncode, "Traceback" in ran.stderr) == (2, False)
    assert "Autonomous system is disabled" in ran.stderr


@ONE_SHAPE
async def test_of_several_config_rows_nobody_knows_which_one_counts(sandbox: Running, monitor: Monitor) -> None:
    assert "config rows" not in (await monitor.plan(CREATE_TASK, **GIVEN)).text
    sandbox.sql(
        "INSERT INTO autonomous_system_config (enabled, dry_run_mode, emergency_stop) VALUES (true, false, true)"
    )
    (pending,) = add(sandbox)
    for action, given in ((CREATE_TASK, GIVEN), (APPROVE, {"tasks": (pending,)}), (RUN_PENDING, {})):
        text = (await monitor.plan(action, **given)).text
        assert "2 config rows instead of one, and each agent reads any of them" in text, action.name
        assert "they differ in dry run, emergency stop" in text, action.name
    assert "the function may refuse" in (await monitor.plan(CREATE_TASK, **GIVEN)).text
