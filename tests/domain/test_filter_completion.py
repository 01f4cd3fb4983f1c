"""What may follow in a filter: its keys, then values, and each can be read as a filter again."""

import pytest

from core.domain.filter_completion import MOST, completions
from core.domain.prefixes import exactly
from core.domain.queries import FILTER_KEYS, Filter, Table, parse_filter
from core.domain.records import ChosenTask, LogEntry, SafetyCheck, Task
from tests.hostile import HOSTILE

UUID, OTHER = "0b5e1a52-55a2-4f3c-9f43-2d1f0c5d7a11", "9f43a1b2-55a2-4f3c-9f43-2d1f0c5d7a12"
TASKS = (
    Task(id=UUID, task_type="bug_fix", description="", status="failed", error=f"row {UUID} is locked"),
    Task(
        id="b",
        task_type="build",
        description="",
        status="failed",
        error=f"row {OTHER}\n is locked",
        assigned_to="agent 1, the first",
    ),
    Task(id="c", task_type="type*", description="", status="failed", assigned_to="agent-2", risk_level="odd"),
)
LOGS = (LogEntry(id="l", at=None, step="watchdog_healing", status="failed", order="heal", actor="jana@bastion"),)
SAFETY = (SafetyCheck(id="s", at=None, check_type="lint_check"),)


def words(text: str, table: Table = Table.TASKS, rows: tuple[object, ...] = TASKS) -> list[str]:
    return [one.word for one in completions(text, table, rows)]


@pytest.mark.parametrize(
    ("text", "table", "rows", "follows"),
    [
        ("", Table.LOGS, (), ["status:", "step:", "task:", "since:", "until:", "age:", "took:"]),
        ("s", Table.TASKS, TASKS, ["status:", "since:"]),
        ("S", Table.TASKS, TASKS, ["status:", "since:"]),
        ("-s", Table.TASKS, TASKS, ["-status:"]),
        ("-since:", Table.TASKS, TASKS, []),
        ("status:f", Table.TASKS, TASKS, ["failed"]),
        ("status:failed", Table.TASKS, TASKS, []),
        ("status:failed,", Table.INBOX, TASKS, []),
        ("status:e", Table.SAFETY, SAFETY, ["enabled"]),
        ("login type:bu", Table.TASKS, TASKS, ["bug_fix", "build"]),
        ("type:bug_fix,bu", Table.TASKS, TASKS, ["build"]),
        ("-type:", Table.TASKS, TASKS, ["bug_fix", "build", "type*"]),
        ('type:"type*",b', Table.TASKS, TASKS, ["bug_fix", "build"]),
        ('type:"type*",t', Table.TASKS, TASKS, []),
        ("who:", Table.TASKS, TASKS, ["agent 1, the first", "agent-2"]),
        ("risk:", Table.TASKS, TASKS, ["high", "medium", "low", "odd"]),
        ("step:", Table.LOGS, LOGS, ["watchdog_healing"]),
        ("action:", Table.ORDERS, LOGS, ["heal"]),
        ("who:j", Table.ORDERS, LOGS, ["jana@bastion"]),
        ("check:", Table.SAFETY, SAFETY, ["lint_check"]),
        ("took:>", Table.LOGS, LOGS, [">1min", ">5min", ">1h"]),
        ("error:", Table.TASKS, TASKS, ["row <id> is locked"]),
        ("error:ro", Table.TASKS, TASKS, ["row <id> is locked"]),
        ("colour:", Table.TASKS, TASKS, []),
        ('"sta', Table.TASKS, TASKS, []),
        ('"a b" st', Table.TASKS, TASKS, ["status:"]),
    ],
)
def test_what_follows(text: str, table: Table, rows: tuple[object, ...], follows: list[str]) -> None:
    assert words(text, table, rows) == follows


def test_rows_in_review_are_tasks() -> None:
    chosen = ChosenTask(task=TASKS[0], digest="", level=None, requires_approval=True)
    assert words("type:", Table.INBOX, (chosen,)) == ["bug_fix"]


@pytest.mark.parametrize("table", Table)
def test_all_that_is_offered_is_a_filter(table: Table) -> None:
    rows = (*TASKS, *LOGS, *SAFETY)
    for key in FILTER_KEYS[table]:
        for one in completions(f"word {key}:", table, rows):
            if key == "task" and len(one.word) < 36:
                continue
            assert parse_filter(one.text, table) != Filter(words=("word",)), one.text


def test_whatever_is_in_a_row_is_offered_as_what_finds_it() -> None:
    rows = [Task(id="x", task_type=text, description="", status="failed") for text in HOSTILE]
    for one in completions("type:", Table.TASKS, rows):
        assert parse_filter(one.text, Table.TASKS).kind == (exactly(one.word),)


def test_no_more_is_offered_than_can_be_read() -> None:
    rows = [Task(id="x", task_type=f"type_{n:03}", description="", status="failed") for n in range(500)]
    assert len(completions("type:", Table.TASKS, rows)) == MOST
