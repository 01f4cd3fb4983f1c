"""An action ordered a second time: what is as ordered is left so, which is neither wrong use nor a lack of rights."""

import json
from typing import Any, Final, NamedTuple

import pytest

from core.actions.catalogue import ACTIONS
from tests.running import SHAPES, Command, Running


class Twice(NamedTuple):
    """A command that is given twice. `sql`: what it is about; its id stands for `ID`."""

    words: tuple[str, ...]
    sql: str = ""
    code: int = 0
    """The exit code of the second one: 0 as ordered already, 1 where that cannot be told."""


def _task(status: str, **columns: str) -> str:
    given = {"description": "'do it'", "status": f"'{status}'"} | columns
    return f"INSERT INTO autonomous_tasks ({', '.join(given)}) VALUES ({', '.join(given.values())}) RETURNING id"


_CHECK: Final = (
    "INSERT INTO autonomous_safety_checks (check_name, check_type, is_blocking, enabled)"
    " VALUES ('types', 'type_check', false, {}) RETURNING id"
)
_SIMULATED: Final = {"result": '\'{"message": "DRY RUN: nothing was done"}\'', "completed_at": "now()"}
_WHY: Final = ("--reason", "because")

TWICE: Final = {
    "emergency_stop": Twice(("stop", *_WHY)),
    "lift": Twice(("resume",)),
    "dry_run_on": Twice(("dry-run", "on")),
    "dry_run_off": Twice(("dry-run", "off")),
    "enable": Twice(("enable",)),
    "disable": Twice(("disable",)),
    "set_config": Twice(("set", "max_daily_tasks", "20")),
    "heal": Twice(("heal", "--only", "stuck")),
    "approve": Twice(("approve", "ID"), _task("awaiting_review", requires_approval="true")),
    "reject": Twice(("reject", "ID", *_WHY), _task("awaiting_review", requires_approval="true")),
    "cancel": Twice(("cancel", "ID", *_WHY), _task("pending")),
    "retry_matching": Twice(("retry", "ID", *_WHY), _task("failed", completed_at="now()")),
    "requeue_tasks": Twice(("requeue", "ID"), _task("rejected")),
    "requeue_simulated": Twice(("requeue-simulated", "ID"), _task("completed", **_SIMULATED)),
    "set_priority": Twice(("priority", "ID", "--to", "7"), _task("pending", priority="2")),
    "assign": Twice(("assign", "ID", "--to", "ann"), _task("pending")),
    "pause_type": Twice(("pause", "bug_fix", *_WHY), _task("pending", task_type="'bug_fix'")),
    "unpause_type": Twice(("unpause", "bug_fix")),
    "enable_check": Twice(("enable-check", "ID"), _CHECK.format("false")),
    "disable_check": Twice(("disable-check", "ID"), _CHECK.format("true")),
    "undo": Twice(("undo", "RUN"), _task("pending"), code=1),
}
"""Each action of the catalogue that has a command and leaves a state behind."""

ANEW: Final = {
    "create_task": "each makes a task",
    "run_pending": "each is a run",
    "silence": "each is a silence of its own, with its own end",
    "acknowledge": "of what fires; tried with the alerts",
}
"""Those that do it anew each time, and why."""

_OF_SETTINGS: Final = {"enable_check", "disable_check"}
"""Those that there is nothing for in the deployed shape, whose safety checks are results, no settings."""


def test_every_action_with_a_command_is_given_twice() -> None:
    commanded = {action.name for action in ACTIONS.values() if action.command is not None}
    assert commanded | {"dry_run_on", "dry_run_off"} == TWICE.keys() | ANEW.keys()  # of one command


@pytest.mark.parametrize(
    ("name", "session_sandbox"),
    [(name, shape) for name in TWICE for shape in SHAPES if name not in _OF_SETTINGS or shape == "documented"],
    indirect=["session_sandbox"],
)
def test_what_is_as_ordered_is_no_wrong_use(name: str, sandbox: Running, command: Command) -> None:
    given = TWICE[name]
    ids = sandbox.sql(given.sql) if given.sql else []
    words = tuple(str(ids[0][0]) if word == "ID" else word for word in given.words)
    if "RUN" in words:
        cancelled = _json(command("cancel", f"{ids[0][0]}", *_WHY, "--yes", "--json", sandbox=sandbox).stdout)
        words = tuple(cancelled["result"]["run"] if word == "RUN" else word for word in words)
    asked = (*words, "--yes", "--json")
    first = command(*asked, sandbox=sandbox)
    assert first.returncode == 0, first
    before = _state(sandbox)
    again = command(*asked, sandbox=sandbox)
    assert again.returncode == given.code, again
    result = _json(again.stdout)["result"]
    assert (result["phase"], result["already"], result["changed"]) == ("unchanged", given.code == 0, 0)
    assert _state(sandbox) == before


@pytest.mark.parametrize("words", [("cancel", "type:testing", *_WHY), ("retry", "type:testing", *_WHY)], ids=" ".join)
def test_a_filter_that_matches_nothing_changes_nothing(
    words: tuple[str, ...], sandbox: Running, command: Command
) -> None:
    sandbox.completed(1)
    done = command(*words, "--yes", "--json", sandbox=sandbox)
    result = _json(done.stdout)["result"]
    assert (done.returncode, result["phase"], result["already"]) == (1, "unchanged", False)


@pytest.mark.parametrize("name", ["approve", "reject", "requeue_tasks", "set_priority", "retry_matching"])
def test_what_does_not_fit_is_left_alone_and_said(name: str, sandbox: Running, command: Command) -> None:
    ((task,),) = sandbox.sql(_task("completed", completed_at="now()"))
    words = tuple(str(task) if word == "ID" else word for word in TWICE[name].words)
    done = command(*words, "--yes", sandbox=sandbox)
    assert done.returncode == 1, done
    assert f"task {task} is completed" in done.stdout


@pytest.mark.parametrize("words", [("approve",), ("cancel", *_WHY), ("retry", *_WHY), ("undo",)], ids=" ".join)
def test_what_is_not_there_is_wrong_use(words: tuple[str, ...], sandbox: Running, command: Command) -> None:
    sandbox.completed(1)
    done = command(words[0], "00000000-0000-4000-8000-000000000001", *words[1:], "--yes", sandbox=sandbox)
    assert done.returncode == 2, done
    assert "visible to this account" in done.stderr


def _json(text: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(text)
    return told


def _state(sandbox: Running) -> list[Any]:
    """What the agents go by, row by row."""
    tables = ("autonomous_tasks", "autonomous_system_config", "autonomous_safety_checks")
    return [sandbox.sql(f"SELECT to_jsonb(t) - 'updated_at' FROM {table} AS t ORDER BY 1") for table in tables]
