"""Sort orders of lists: the columns of each, what a row has there, and rows sorted here where the server cannot."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, TypeVar

import msgspec

from core.domain.records import ChosenTask, LogEntry, SafetyCheck, Task

R = TypeVar("R")

SORTED_HERE: Final = 500
"""The most rows that are sorted here: the first ones of the list's own order."""


class SortedBy(StrEnum):
    """What a column is sorted by: an index, the server without one, or this program, as the value is in no column."""

    INDEX = "index"
    SERVER = "server"
    HERE = "here"


class Sort(msgspec.Struct, frozen=True):
    """A sort order: the column by name, and whether the largest comes first. The youngest has the smallest age.

    Rows of equal value stand the newest first; those without a value come last, whichever the direction.
    """

    column: str
    descending: bool = False

    def __str__(self) -> str:
        return f"{'-' if self.descending else ''}{self.column}"

    @property
    def turned(self) -> "Sort":
        """Return the other direction."""
        return Sort(self.column, not self.descending)


YOUNGEST: Final = Sort("age")
"""The order of most lists: the newest row first."""
OLDEST: Final = YOUNGEST.turned


class SortColumn(msgspec.Struct, frozen=True):
    """One column: its name, the value of a row at a time, and what sorts by it. `None` is no value."""

    name: str
    value: Callable[[Any, datetime], Any]
    by: SortedBy = SortedBy.SERVER


def _age(at: datetime | None, now: datetime) -> timedelta | None:
    return None if at is None else now - at


def _took(task: Task, now: datetime) -> timedelta | None:
    """Return how long it took, or has taken up to now."""
    ended = task.ended_at or (now if task.status == "in_progress" else None)
    return None if ended is None or task.started_at is None else ended - task.started_at


_RISKS: Final = {"high": 0, "medium": 1, "low": 2}

TASK_COLUMNS: Final[tuple[SortColumn, ...]] = (
    SortColumn("status", lambda task, _: task.status),
    SortColumn("age", lambda task, now: _age(task.created_at, now), SortedBy.INDEX),
    SortColumn("ended", lambda task, now: _age(task.completed_at, now)),
    SortColumn("priority", lambda task, _: task.priority),
    SortColumn("type", lambda task, _: task.task_type or None),
    SortColumn("description", lambda task, _: task.description),
    SortColumn("took", _took, SortedBy.HERE),
    SortColumn("who", lambda task, _: task.assigned_to or None),
    SortColumn("id", lambda task, _: task.id),
)


def _of_task(column: SortColumn) -> SortColumn:
    def value(chosen: ChosenTask, now: datetime) -> Any:
        return column.value(chosen.task, now)

    return SortColumn(column.name, value, column.by)


INBOX_COLUMNS: Final[tuple[SortColumn, ...]] = (
    *(_of_task(one) for one in TASK_COLUMNS if one.name in {"age", "priority", "type", "description", "id"}),
    SortColumn("risk", lambda one, _: _RISKS.get(one.task.risk_level, -1 if one.risky else 3), SortedBy.HERE),
    SortColumn("fails", lambda one, _: one.failed_checks, SortedBy.HERE),
    SortColumn("level", lambda one, _: one.level, SortedBy.HERE),
    SortColumn("files", lambda one, _: one.file_count, SortedBy.HERE),
    SortColumn("estimate", lambda one, _: one.task.estimated_minutes, SortedBy.HERE),
)


def _at(row: LogEntry | SafetyCheck, now: datetime) -> timedelta | None:
    return _age(row.at, now)


_LOGGED: Final = (
    SortColumn("status", lambda row, _: row.status),
    SortColumn("age", _at, SortedBy.INDEX),
    SortColumn("took", lambda row, _: row.duration_ms),
    SortColumn("text", lambda row, _: row.summary or None, SortedBy.HERE),
)
LOG_COLUMNS: Final[tuple[SortColumn, ...]] = (
    *_LOGGED,
    SortColumn("step", lambda row, _: row.step),
    SortColumn("task", lambda row, _: row.task_id),
)
TRAIL_COLUMNS: Final[tuple[SortColumn, ...]] = (
    *_LOGGED,
    SortColumn("action", lambda row, _: row.order or None, SortedBy.HERE),
    SortColumn("who", lambda row, _: row.actor or None, SortedBy.HERE),
)
SAFETY_COLUMNS: Final[tuple[SortColumn, ...]] = (
    SortColumn("verdict", lambda row, _: row.verdict or None, SortedBy.HERE),
    SortColumn("age", _at, SortedBy.INDEX),
    SortColumn("check", lambda row, _: f"{row.check_type} {row.name}".strip() or None),
    SortColumn("blocking", lambda row, _: row.blocking, SortedBy.HERE),
    SortColumn("text", lambda row, _: row.text or None, SortedBy.HERE),
    SortColumn("task", lambda row, _: row.task_id, SortedBy.HERE),
)


def in_order(rows: Sequence[R], value: Callable[[R], Any], *, descending: bool) -> list[R]:
    """Return rows sorted by a value, those without one last; rows of equal value stay as they are."""
    valued = [(value(row), row) for row in rows]
    known = sorted((one for one in valued if one[0] is not None), key=lambda one: one[0], reverse=descending)
    return [*(row for _, row in known), *(row for found, row in valued if found is None)]
