"""Values of the config row: within bounds, only if they are what was shown, read back; the grave ones are typed."""

from pathlib import Path
from typing import Any

import pytest

from core.actions.set_config import DISABLE, ENABLE, SET_CONFIG
from core.actions.undo import UNDO
from core.domain.actions import ResultPhase, Tier
from core.domain.config_settings import SETTINGS
from core.domain.plans import PlanChanged
from core.monitor import Monitor
from tests.actions.test_task_changes import ACCOUNTS, at, between, monitor
from tests.running import ONE_SHAPE, Command, Running
from tests.wire import Wire, reset

__all__ = ["between", "monitor"]

CONFIG = "/rest/v1/autonomous_system_config"


def value(sandbox: Running, name: str) -> Any:
    return sandbox.sql(f"SELECT {name} FROM autonomous_system_config")[0][0]


async def set_to(monitor: Monitor, name: str, typed: str, plan: Any = None) -> Any:
    plan = plan or await monitor.plan(SET_CONFIG, name=name, value=typed)
    return await monitor.run(SET_CONFIG, plan, name=name, value=typed)


async def test_a_limit_is_set_and_read_back(sandbox: Running, monitor: Monitor) -> None:
    plan = await monitor.plan(SET_CONFIG, name="max_parallel_tasks", value="7")
    assert plan.text.startswith("max_parallel_tasks is ")
    assert "; becomes 7.\nMost tasks that one poll of the agents picks up." in plan.text
    assert plan.action is None
    result = await set_to(monitor, "max_parallel_tasks", "7", plan)
    assert (result.phase, result.changed) == (ResultPhase.VERIFIED, 1)
    assert "max_parallel_tasks is 7 (read back); it was " in result.text
    assert value(sandbox, "max_parallel_tasks") == 7
    again = await set_to(monitor, "max_parallel_tasks", "7")
    assert (again.phase, again.already) == (ResultPhase.UNCHANGED, True)
    audit = sandbox.sql(
        "SELECT step_status, input_data->'plan'->>'value' FROM autonomous_execution_logs"
        f" WHERE input_data->>'order' = 'set_config' ORDER BY {sandbox.time_column}, step_status DESC"
    )
    assert [status for status, _ in audit][:2] == ["started", "completed"]
    assert audit[0][1] == "7"


@pytest.mark.parametrize(
    ("name", "typed", "kept"),
    [
        ("autonomy_level", "1", 1),
        ("notification_email", "ops@example.org; night@example.org", "ops@example.org, night@example.org"),
        ("notification_email", "-", None),
        ("max_daily_tasks", "100000", 100_000),
    ],
)
async def test_each_kind_of_value(name: str, typed: str, kept: Any, sandbox: Running, monitor: Monitor) -> None:
    assert (await set_to(monitor, name, typed)).done
    assert value(sandbox, name) == kept


@pytest.mark.parametrize(
    ("name", "typed", "says"),
    [
        ("max_parallel_tasks", "0", "a number from 1 to 100"),
        ("max_parallel_tasks", "-1", "a number from 1 to 100"),
        ("max_parallel_tasks", "1e3", "a number from 1 to 100"),
        ("autonomy_level", "4", "a number from 1 to 3"),
        ("enabled", "maybe", "is on or off"),
        ("notification_email", "nobody", "is one address or several"),
        ("notification_email", "", "is one address or several"),
        ("colour", "red", "is not a config value: enabled, autonomy_level"),
    ],
)
@ONE_SHAPE
async def test_what_may_not_be_is_said_in_a_sentence(
    name: str, typed: str, says: str, sandbox: Running, monitor: Monitor
) -> None:
    before = sandbox.sql("SELECT * FROM autonomous_system_config")
    result = await set_to(monitor, name, typed)
    assert result.phase is ResultPhase.REFUSED
    assert says in result.text
    assert sandbox.sql("SELECT * FROM autonomous_system_config") == before


async def test_what_frees_the_agents_is_typed(sandbox: Running, monitor: Monitor) -> None:
    sandbox.sql("UPDATE autonomous_system_config SET enabled = false, autonomy_level = 2")
    for name, typed, graver in (
        *(("enabled", "on", True), ("autonomy_level", "3", True), ("autonomy_level", "1", False)),
        ("max_daily_tasks", "99999", False),
    ):
        plan = await monitor.plan(SET_CONFIG, name=name, value=typed)
        assert (plan.action is not None and plan.action.tier is Tier.TYPED) is graver, name
    assert ENABLE.tier is Tier.TYPED
    assert (await monitor.run(ENABLE, await monitor.plan(ENABLE))).done
    assert value(sandbox, "enabled") is True
    assert (await monitor.run(DISABLE, await monitor.plan(DISABLE))).done
    assert value(sandbox, "enabled") is False


async def test_one_that_somebody_set_meanwhile_is_shown_again(sandbox: Running, monitor: Monitor) -> None:
    plan = await monitor.plan(SET_CONFIG, name="max_parallel_tasks", value="7")
    sandbox.sql("UPDATE autonomous_system_config SET max_parallel_tasks = 9")
    with pytest.raises(PlanChanged) as changed:
        await set_to(monitor, "max_parallel_tasks", "7", plan)
    assert "max_parallel_tasks is 9; becomes 7" in changed.value.plan.text
    assert value(sandbox, "max_parallel_tasks") == 9


@pytest.mark.parametrize("arrived", [True, False], ids=["it arrived", "it did not"])
async def test_a_lost_answer_is_read_back(arrived: bool, sandbox: Running, between: Wire, monitor: Monitor) -> None:
    plan = await monitor.plan(SET_CONFIG, name="max_parallel_tasks", value="7")
    if arrived:
        between.lost.append(f"PATCH {CONFIG}")
    else:
        between.once.append((f"{CONFIG}?id=in", reset))
    result = await set_to(monitor, "max_parallel_tasks", "7", plan)
    assert (value(sandbox, "max_parallel_tasks") == 7) is arrived
    assert result.done is arrived, result
    assert arrived or (result.phase is ResultPhase.UNCHANGED and "it was not carried out" in result.text)


@pytest.mark.parametrize("account", ["service_role", *ACCOUNTS])
async def test_as_every_account(account: str, sandbox: Running, tmp_path: Path) -> None:
    one = at(sandbox.url, sandbox, tmp_path, account)
    await one.discover()
    result = await set_to(one, "max_daily_tasks", "77")
    await one.close()
    may = account in {"service_role", "master"} or sandbox.shape == "deployed"  # there the policies let everybody write
    assert result.done is may, result
    assert (value(sandbox, "max_daily_tasks") == 77) is may
    assert may or result.phase is ResultPhase.REFUSED


@ONE_SHAPE
async def test_several_rows_all_get_it_and_null_is_a_value(sandbox: Running, monitor: Monitor) -> None:
    sandbox.sql("UPDATE autonomous_system_config SET max_parallel_tasks = NULL")
    assert (await set_to(monitor, "max_parallel_tasks", "4")).done
    sandbox.sql("INSERT INTO autonomous_system_config (max_parallel_tasks) VALUES (8)")
    plan = await monitor.plan(SET_CONFIG, name="max_parallel_tasks", value="4")
    assert "2 config rows have different values" in plan.text
    assert (await set_to(monitor, "max_parallel_tasks", "4", plan)).done
    assert sandbox.sql("SELECT DISTINCT max_parallel_tasks FROM autonomous_system_config") == [(4,)]


async def test_a_value_that_the_project_lacks_is_said(sandbox: Running, monitor: Monitor) -> None:
    missing = "notify_on_success" if sandbox.shape == "deployed" else "notify_on_failure"
    assert f"this project's config row has no {missing}" in (await set_to(monitor, missing, "off")).text
    other = "notify_on_failure" if sandbox.shape == "deployed" else "notify_on_success"
    assert (await set_to(monitor, other, "off")).done


def test_on_the_command_line(sandbox: Running, command: Command) -> None:
    done = command("set", "max_parallel_tasks", "6", "--yes", sandbox=sandbox)
    assert (done.returncode, done.stderr) == (0, "")
    assert value(sandbox, "max_parallel_tasks") == 6
    assert command("set", "max_parallel_tasks", "0", "--yes", sandbox=sandbox).returncode == 2
    assert command("set", "max_parallel_tasks", sandbox=sandbox).returncode == 2
    assert command("set", "max_parallel_tasks", "9", "--dry-run", sandbox=sandbox).returncode == 1
    assert command("disable", "--yes", sandbox=sandbox).returncode == 0
    assert value(sandbox, "enabled") is False
    assert command("enable", sandbox=sandbox).returncode == 2  # nobody to type the word
    assert command("enable", "--yes", sandbox=sandbox).returncode == 0
    assert command("set", "notification_email", "-", "--yes", sandbox=sandbox).returncode == 0


def test_every_setting_says_what_it_means() -> None:
    for setting in SETTINGS.values():
        assert setting.means
        assert (setting.kind == "number") is (setting.most > 0)


@ONE_SHAPE
async def test_an_odd_value_beside_it_stands_in_nobodys_way(sandbox: Running, monitor: Monitor) -> None:
    long = "night@example.org, " * 300 + "\u202eodd"
    sandbox.sql("UPDATE autonomous_system_config SET notification_email = %s", long)
    assert (await set_to(monitor, "max_parallel_tasks", "6")).done
    assert (await set_to(monitor, "notification_email", "ops@example.org")).done
    assert value(sandbox, "notification_email") == "ops@example.org"


@pytest.mark.parametrize(
    ("name", "typed", "grave"),
    [
        ("max_parallel_tasks", "7", False),
        ("notification_email", "ops@example.org", False),
        ("autonomy_level", "1", True),
        ("enabled", "off", True),
    ],
)
async def test_it_is_undone_while_it_still_is_what_was_set(
    name: str, typed: str, grave: bool, sandbox: Running, monitor: Monitor
) -> None:
    was = value(sandbox, name)
    done = await set_to(monitor, name, typed)
    assert done.changed == 1, done
    plan = await monitor.plan(UNDO, run=done.run)
    assert (plan.rows, plan.refused) == (1, "")
    assert (plan.action is not None and plan.action.tier is Tier.TYPED) is grave
    undone = await monitor.run(UNDO, plan, run=done.run)
    assert (undone.phase, undone.changed, value(sandbox, name)) == (ResultPhase.VERIFIED, 1, was), undone
    assert "nothing of it stands" in (await monitor.plan(UNDO, run=done.run)).text


async def test_what_was_set_since_is_not_undone(sandbox: Running, monitor: Monitor) -> None:
    first = await set_to(monitor, "max_parallel_tasks", "7")
    plan = await monitor.plan(UNDO, run=first.run)
    await set_to(monitor, "max_parallel_tasks", "9")
    assert "nothing of it stands" in (await monitor.plan(UNDO, run=first.run)).text
    assert not (await monitor.run(UNDO, plan, run=first.run)).done
    assert value(sandbox, "max_parallel_tasks") == 9
