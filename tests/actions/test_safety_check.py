"""Safety checks are enabled and disabled where they are settings: only as they were shown, read back, taken back."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from core.actions.approve import APPROVE
from core.actions.safety_check import DISABLE_CHECK, ENABLE_CHECK, NO_SETTINGS
from core.actions.undo import UNDO
from core.domain.actions import Action, ResultPhase, Tier, must_type
from core.domain.plans import PlanChanged
from core.domain.queries import Listing, Table
from core.domain.records import ChosenTask
from core.monitor import Monitor
from core.resilience import NotLive
from tests.actions.test_task_changes import add as in_review
from tests.actions.test_task_changes import at, between, monitor
from tests.hostile import CONTROL, HOSTILE
from tests.running import Command, Running
from tests.wire import Wire, answer, reset

__all__ = ["between", "monitor"]

CHECKS = "/rest/v1/autonomous_safety_checks"
SETTINGS = pytest.mark.parametrize("session_sandbox", ["documented"], indirect=True)
"""For what only the shape has in which safety checks are settings."""
RESULTS = pytest.mark.parametrize("session_sandbox", ["deployed"], indirect=True)

SWITCHES = (ENABLE_CHECK, DISABLE_CHECK)


def add(sandbox: Running, enabled: bool | None = True, *, blocking: bool = True, name: str = "build") -> str:
    """A safety check as a setting; its id."""
    ((found,),) = sandbox.sql(
        "INSERT INTO autonomous_safety_checks (check_type, check_name, is_blocking, enabled)"
        " VALUES ('build_validation', %s, %s, %s) RETURNING id",
        *(name, blocking, enabled),
    )
    return str(found)


def enabled(sandbox: Running, name: str) -> Any:
    return sandbox.sql("SELECT enabled FROM autonomous_safety_checks WHERE id = %s", name)[0][0]


async def switch(monitor: Monitor, action: Action, check: str, plan: Any = None) -> Any:
    return await monitor.run(action, plan or await monitor.plan(action, check=check), check=check)


@SETTINGS
@pytest.mark.parametrize("action", SWITCHES, ids=lambda action: action.name)
@pytest.mark.parametrize("by", ["id", "name"])
async def test_one_is_switched_and_read_back(action: Action, by: str, sandbox: Running, monitor: Monitor) -> None:
    after = action is ENABLE_CHECK
    before = not after
    check, other = add(sandbox, before), add(sandbox, before, name="lint")
    named = check if by == "id" else "build"
    plan = await monitor.plan(action, check=named)
    word = "enabled" if after else "disabled"
    assert f"build (build_validation) is {'enabled' if before else 'disabled'}; becomes {word}." in plan.text
    assert "It is blocking." in plan.text
    result = await switch(monitor, action, named, plan)
    assert (result.phase, result.changed) == (ResultPhase.VERIFIED, 1), result
    assert result.text.startswith(f"build (build_validation) is {word} (read back)")
    assert (enabled(sandbox, check), enabled(sandbox, other)) == (after, before)
    again = await switch(monitor, action, named)
    assert (again.phase, again.already) == (ResultPhase.UNCHANGED, True)
    audit = sandbox.sql(
        "SELECT step_status, input_data->'plan'->>'check' FROM autonomous_execution_logs"
        f" WHERE input_data->>'order' = %s ORDER BY {sandbox.time_column}, step_status DESC",
        action.name,
    )
    assert [status for status, _ in audit] == ["started", "completed"]
    assert audit[0][1] == "build (build_validation)"


@SETTINGS
async def test_what_lets_the_agents_through_is_typed(sandbox: Running, monitor: Monitor) -> None:
    add(sandbox, name="blocks")
    add(sandbox, blocking=False, name="warns")
    add(sandbox, False, name="off")
    for action, name, typed in (
        (DISABLE_CHECK, "blocks", True),
        (DISABLE_CHECK, "warns", False),
        (ENABLE_CHECK, "off", False),
    ):
        plan = await monitor.plan(action, check=name)
        assert (plan.action is not None and plan.action.tier is Tier.TYPED) is typed, name


@SETTINGS
@pytest.mark.parametrize(
    "change", ["enabled = false", "is_blocking = false", "check_name = 'another'"], ids=["switched", "warns", "renamed"]
)
async def test_one_that_somebody_changed_meanwhile(change: str, sandbox: Running, monitor: Monitor) -> None:
    check = add(sandbox)
    plan = await monitor.plan(DISABLE_CHECK, check=check)
    sandbox.sql(f"UPDATE autonomous_safety_checks SET {change}")
    if change == "enabled = false":
        assert (await switch(monitor, DISABLE_CHECK, check, plan)).already
    else:
        with pytest.raises(PlanChanged):
            await switch(monitor, DISABLE_CHECK, check, plan)
        assert enabled(sandbox, check) is True


@SETTINGS
async def test_one_that_is_gone_meanwhile(sandbox: Running, monitor: Monitor) -> None:
    check, _ = add(sandbox), add(sandbox, name="other")
    plan = await monitor.plan(DISABLE_CHECK, check=check)
    sandbox.sql("DELETE FROM autonomous_safety_checks WHERE id = %s", check)
    result = await switch(monitor, DISABLE_CHECK, check, plan)
    assert result.phase is ResultPhase.REFUSED
    assert "is not a safety check of this project" in result.text


@SETTINGS
async def test_the_condition_is_repeated_in_the_write(sandbox: Running, monitor: Monitor) -> None:
    check = add(sandbox)
    writes = monitor.parts.context.writes
    assert await writes.switch_safety_check((check,), enabled=False, before=False) == ()
    assert enabled(sandbox, check) is True
    assert await writes.switch_safety_check((check,), enabled=False, before=True) == (check,)


@SETTINGS
@pytest.mark.parametrize("arrived", [True, False], ids=["it arrived", "it did not"])
async def test_a_lost_answer_is_read_back(arrived: bool, sandbox: Running, between: Wire, monitor: Monitor) -> None:
    check = add(sandbox)
    plan = await monitor.plan(DISABLE_CHECK, check=check)
    if arrived:
        between.lost.append(f"PATCH {CHECKS}")
    else:
        between.once.append((f"{CHECKS}?id=in", reset))
    result = await switch(monitor, DISABLE_CHECK, check, plan)
    assert (enabled(sandbox, check) is False) is arrived
    assert result.done is arrived, result
    assert arrived or result.phase in {ResultPhase.UNCHANGED, ResultPhase.UNKNOWN, ResultPhase.UNREACHABLE}


@SETTINGS
async def test_two_at_once_switch_it_once(sandbox: Running, tmp_path: Path) -> None:
    check = add(sandbox)
    two = [at(sandbox.url, sandbox, tmp_path / name) for name in "ab"]
    for one in two:
        await one.discover()
    plans = [await one.plan(DISABLE_CHECK, check=check) for one in two]
    results = await asyncio.gather(
        *(switch(one, DISABLE_CHECK, check, plan) for one, plan in zip(two, plans, strict=True))
    )
    for one in two:
        await one.close()
    assert enabled(sandbox, check) is False
    assert sum(result.changed for result in results) == 1
    assert all(result.done or result.phase is ResultPhase.UNCHANGED for result in results)


@SETTINGS
@pytest.mark.parametrize("account", ["service_role", "master", "viewer"])
async def test_as_every_account(account: str, sandbox: Running, tmp_path: Path) -> None:
    check = add(sandbox)
    one = at(sandbox.url, sandbox, tmp_path, account)
    await one.discover()
    if account == "viewer":
        with pytest.raises(NotLive, match="no row of autonomous_safety_checks is visible to this account"):
            await switch(one, DISABLE_CHECK, check)
    else:
        assert (await switch(one, DISABLE_CHECK, check)).done
    await one.close()
    assert (enabled(sandbox, check) is False) is (account != "viewer")


@SETTINGS
async def test_who_may_read_and_not_write_is_refused(sandbox: Running, tmp_path: Path) -> None:
    check = add(sandbox)
    sandbox.sql("CREATE POLICY looks ON autonomous_safety_checks FOR SELECT USING (true)")
    try:
        one = at(sandbox.url, sandbox, tmp_path, "viewer")
        await one.discover()
        result = await switch(one, DISABLE_CHECK, check)
        await one.close()
    finally:
        sandbox.sql("DROP POLICY looks ON autonomous_safety_checks")
    assert result.phase is ResultPhase.REFUSED, result
    assert enabled(sandbox, check) is True


@SETTINGS
async def test_the_undo_enables_what_was_disabled_and_nothing_else(sandbox: Running, monitor: Monitor) -> None:
    check, other = add(sandbox), add(sandbox, False, name="other")
    result = await switch(monitor, DISABLE_CHECK, check)
    plan = await monitor.plan(UNDO, run=result.run)
    assert "1 safety check enabled again" in plan.text
    undone = await monitor.run(UNDO, plan, run=result.run)
    assert (undone.phase, undone.changed) == (ResultPhase.VERIFIED, 1), undone
    assert (enabled(sandbox, check), enabled(sandbox, other)) == (True, False)
    assert "nothing of it stands any more" in (await monitor.plan(UNDO, run=result.run)).text
    on = await switch(monitor, ENABLE_CHECK, other)
    assert "watchdesk disable-check" in (await monitor.plan(UNDO, run=on.run)).refused


@SETTINGS
async def test_odd_names_and_values(sandbox: Running, monitor: Monitor) -> None:
    add(sandbox, name="twice")
    add(sandbox, name="twice")
    sandbox.sql("ALTER TABLE autonomous_safety_checks ALTER enabled DROP NOT NULL")
    try:
        unset = add(sandbox, None, name="unset")
        assert (
            "is neither enabled nor disabled; becomes enabled" in (await monitor.plan(ENABLE_CHECK, check="unset")).text
        )
        assert (await switch(monitor, ENABLE_CHECK, "unset")).done
        assert enabled(sandbox, unset) is True
    finally:
        sandbox.sql("DELETE FROM autonomous_safety_checks WHERE enabled IS NULL")
        sandbox.sql("ALTER TABLE autonomous_safety_checks ALTER enabled SET NOT NULL")
    assert "2 safety checks have that name; give an id" in (await monitor.plan(DISABLE_CHECK, check="twice")).refused
    for text in (*HOSTILE.values(), "", "0", "5" * 40):
        plan = await monitor.plan(DISABLE_CHECK, check=text)
        assert "is not a safety check of this project" in plan.refused
        assert not CONTROL.search(plan.refused)
    for text in HOSTILE.values():
        check = add(sandbox, name=text[:1_000].replace("\x00", ""))
        plan = await monitor.plan(DISABLE_CHECK, check=check)
        assert plan.check is not None
        assert not CONTROL.search(plan.text.replace("\n", ""))


@RESULTS
async def test_where_they_are_results_that_is_said(sandbox: Running, monitor: Monitor) -> None:
    for action in SWITCHES:
        result = await switch(monitor, action, "build_validation")
        assert (result.phase, result.text) == (ResultPhase.REFUSED, NO_SETTINGS)
    assert sandbox.sql("SELECT count(*) FROM autonomous_execution_logs") == [(0,)]


def test_on_the_command_line(sandbox: Running, command: Command) -> None:
    if sandbox.shape == "deployed":
        done = command("disable-check", "build", "--yes", sandbox=sandbox)
        assert (done.returncode, done.stdout) == (2, "")
        assert NO_SETTINGS in done.stderr
        return
    check = add(sandbox)
    done = command("disable-check", "build", sandbox=sandbox)
    assert done.returncode == 2  # nobody to type the word
    shown = command("disable-check", "build", "--dry-run", sandbox=sandbox)
    assert (shown.returncode, enabled(sandbox, check)) == (1, True)
    done = command("disable-check", "build", "--yes", "--json", sandbox=sandbox)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["result"]["phase"] == "verified"
    assert enabled(sandbox, check) is False
    assert command("undo", json.loads(done.stdout)["result"]["run"], "--yes", sandbox=sandbox).returncode == 0
    assert enabled(sandbox, check) is True
    assert command("enable-check", check, "--yes", sandbox=sandbox).returncode == 0
    wrong = command("enable-check", "nothing of that name", "--yes", sandbox=sandbox)
    assert wrong.returncode == 2
    assert "Traceback" not in wrong.stderr
    assert command("enable-check", sandbox=sandbox).returncode == 2


def result(sandbox: Running, task: str, kind: str, passed: bool, minutes: int = 0) -> None:
    sandbox.sql(
        "INSERT INTO autonomous_safety_checks (task_id, check_type, passed, checked_at)"
        " VALUES (%s, %s, %s, now() - %s * interval '1 minute')",
        *(task, kind, passed, minutes),
    )


@RESULTS
async def test_an_approval_says_first_which_checks_failed(sandbox: Running, monitor: Monitor) -> None:
    fails, passes, other = in_review(sandbox, count=3)
    result(sandbox, fails, "build_validation", False)
    result(sandbox, fails, "test_validation", True)
    result(sandbox, fails, "type_check", False, 3)
    result(sandbox, passes, "build_validation", False, 9)
    result(sandbox, passes, "build_validation", True, 2)
    plan = await monitor.plan(APPROVE, tasks=(fails,))
    assert plan.text.splitlines()[0] == "2 safety checks failed: type_check, build_validation"
    assert "safety check" not in (await monitor.plan(APPROVE, tasks=(passes,))).text
    both = await monitor.plan(APPROVE, tasks=(fails, passes, other))
    assert both.text.splitlines()[0] == "1 of them fails safety checks: type_check (1), build_validation (1)"
    assert (await monitor.run(APPROVE, plan, tasks=(fails,))).done


@RESULTS
async def test_a_failed_check_is_overruled_by_a_word(sandbox: Running, monitor: Monitor, command: Command) -> None:
    """Results do not say whether their check is blocking: each may be."""
    fails, passes = in_review(sandbox, count=2)
    result(sandbox, fails, "build_validation", False)
    result(sandbox, passes, "build_validation", True)
    for tasks, typed in (((fails,), True), ((passes,), False), ((fails, passes), True)):
        plan = await monitor.plan(APPROVE, tasks=tasks)
        assert (plan.action is not None and plan.action.tier is Tier.TYPED) is typed, tasks
        assert (must_type(plan.action or APPROVE, plan.rows, "prod") == "prod") is typed
    page = await monitor.page(Listing(table=Table.INBOX), 0, 50)
    assert {row.id: row.failed_checks for row in page.rows if isinstance(row, ChosenTask)} == {fails: 1, passes: 0}
    assert command("approve", fails, sandbox=sandbox).returncode == 2  # nobody to type the word
    assert command("approve", fails, "--yes", sandbox=sandbox).returncode == 0


@RESULTS
async def test_a_check_that_failed_since_it_was_shown_is_shown_before(sandbox: Running, monitor: Monitor) -> None:
    (task,) = in_review(sandbox)
    plan = await monitor.plan(APPROVE, tasks=(task,))
    result(sandbox, task, "test_validation", False)
    with pytest.raises(PlanChanged) as changed:
        await monitor.run(APPROVE, plan, tasks=(task,))
    assert "1 safety check failed: test_validation" in changed.value.plan.text
    assert (await monitor.run(APPROVE, changed.value.plan, tasks=(task,))).done


async def test_where_no_check_belongs_to_a_task_the_inbox_knows_of_none(
    sandbox: Running, monitor: Monitor, between: Wire
) -> None:
    in_review(sandbox)
    if sandbox.shape == "deployed":
        between.acts[CHECKS] = answer(b'{"code": "42501", "message": "permission denied"}', "403 Forbidden")
    page = await monitor.page(Listing(table=Table.INBOX), 0, 50)
    assert [row.failed_checks for row in page.rows if isinstance(row, ChosenTask)] == [None]


@RESULTS
async def test_neither_a_cut_page_nor_many_results_hide_a_failure(sandbox: Running, monitor: Monitor) -> None:
    (task,) = in_review(sandbox)
    result(sandbox, task, "lint_check", False, 600)
    sandbox.sql(
        "INSERT INTO autonomous_safety_checks (task_id, check_type, passed)"
        " SELECT %s, 'build_validation', true FROM generate_series(1, 700)",
        task,
    )
    sandbox.limits(max_rows=60)
    assert "1 safety check failed: lint_check" in (await monitor.plan(APPROVE, tasks=(task,))).text


async def test_checks_that_cannot_be_read_hinder_no_approval(sandbox: Running, monitor: Monitor, between: Wire) -> None:
    (task,) = in_review(sandbox)
    between.acts[CHECKS] = answer(b'{"code": "42501", "message": "permission denied"}', "403 Forbidden")
    plan = await monitor.plan(APPROVE, tasks=(task,))
    assert plan.text.startswith("whether a safety check failed is not known: permission denied")
    assert (await monitor.run(APPROVE, plan, tasks=(task,))).done


@RESULTS
def test_the_task_itself_says_what_it_fails(sandbox: Running, command: Command) -> None:
    (task,) = in_review(sandbox)
    result(sandbox, task, "build_validation", False)
    result(sandbox, task, "lint_check", True)
    told = command("task", task, sandbox=sandbox).stdout
    assert told.splitlines()[1] == "1 safety check failed: build_validation"
    checks = told[told.index("safety checks:") :].splitlines()
    assert checks[1].startswith("  failed  build_validation")
    found = json.loads(command("task", task, "--json", sandbox=sandbox).stdout)
    assert [one["check_type"] for one in found["failing_checks"]] == ["build_validation"]
