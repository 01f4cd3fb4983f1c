"""The tables as lists: the columns read, filtered and sorted by, in both shapes."""

from collections.abc import Callable
from typing import Any, Final, TypeAlias

import msgspec

from core.backend.columns import Row
from core.backend.conditions import Searched
from core.backend.log_rows import log_of, log_selection
from core.backend.reads.chosen_tasks import chosen_of, chosen_selection
from core.backend.rows import safety_of, safety_selection, task_of, task_selection
from core.backend.schema import Schema, Shape
from core.backend.selection import Selection
from core.domain.log_steps import AUDIT
from core.domain.markers import PAUSED
from core.domain.queries import ListedRow
from core.domain.sorting import Sort

Order: TypeAlias = tuple[tuple[str, dict[str, bool]], ...]
"""Columns, each with the sort options of the official client."""


class ListTable(msgspec.Struct, frozen=True, kw_only=True):
    """One list's table: its columns, those it is sorted by, by name, and the function that makes a record of a row.

    `noun`: the name for one of its rows. `only`: a column and the value that rows of this list have there; `None`: all
    rows of the table.
    """

    noun: str
    record: Callable[[Row], ListedRow]
    searched: Searched
    sorted_by: dict[str, str]
    selection: Selection
    only: tuple[str, str] | None = None
    without: str = ""
    """The beginning of the error text of rows that are none of this list."""

    def order(self, sort: Sort) -> Order:
        """Return the columns of a sort order, down to one that is no row's twice.

        The age of a row is sorted by its time, in the order of that column's index: the newest first, and before it
        rows without a time. Rows without another value are last.
        """
        time, down = self.searched.time, sort.descending
        if sort.column == "age":
            return ((time, {"desc": not down}), ("id", {"desc": not down}))
        column = self.sorted_by[sort.column]
        desc = down != (sort.column == "ended")  # the later, the younger
        return ((column, {"desc": desc, "nullsfirst": False}), (time, {"desc": True}), ("id", {"desc": True}))


def tasks(schema: Schema) -> ListTable:
    """Return the list of tasks, without the agents' JSON, which may be long and is shown with a single row."""
    error = schema.error_column
    return ListTable(
        noun="task",
        record=task_of,
        selection=task_selection(error),
        searched=Searched(
            status="status",
            kind="task_type",
            words=("description", "task_type", "assigned_to", error),
            ids=("id",),
            of_task=("id.eq.{task}",),
            time="created_at",
            who="assigned_to",
            risk="risk_level",
            error=error,
        ),
        sorted_by={
            "status": "status",
            "ended": "completed_at",
            "priority": "priority",
            "type": "task_type",
            "description": "description",
            "who": "assigned_to",
            "id": "id",
        },
    )


def inbox(schema: Schema) -> ListTable:
    """Return the list of tasks in review, with what a reviewer decides by."""
    return msgspec.structs.replace(
        tasks(schema),
        record=chosen_of,
        selection=chosen_selection(schema.error_column),
        only=("status", "awaiting_review"),
        without=PAUSED,
    )


def logs(schema: Schema) -> ListTable:
    """Return the list of the execution log."""
    return ListTable(
        noun="log row",
        record=lambda row: log_of(row, schema.log_time),
        selection=log_selection(schema.log_time),
        searched=Searched(
            status="step_status",
            kind="execution_step",
            words=("execution_step",),
            ids=_LOG_IDS,
            of_task=("task_id.eq.{task}",),
            time=schema.log_time,
            took="duration_ms",
        ),
        sorted_by=_LOG_SORTS | {"step": "execution_step", "task": "task_id"},
    )


def orders(schema: Schema) -> ListTable:
    """Return the list of the audit trail. A task's actions are those that name it, before or after it was changed."""
    return ListTable(
        noun="log row",
        record=lambda row: log_of(row, schema.log_time),
        selection=log_selection(schema.log_time),
        only=("execution_step", AUDIT),
        searched=Searched(
            status="step_status",
            kind="input_data->>order",
            words=("execution_step", "input_data->>who", "input_data->>order"),
            ids=_LOG_IDS,
            of_task=(
                "task_id.eq.{task}",
                "input_data->plan->>task.eq.{task}",
                r'input_data.cs."{\"plan\":{\"ids\":[\"{task}\"]}}"',
                r'output_data.cs."{\"ids\":[\"{task}\"]}"',
            ),
            time=schema.log_time,
            who="input_data->>who",
            took="duration_ms",
        ),
        sorted_by=_LOG_SORTS,
    )


def safety_checks(shape: Shape) -> ListTable:
    """Return the list of safety checks: results in the deployed shape, settings in the documented one."""
    deployed = shape is Shape.DEPLOYED
    time = "checked_at" if deployed else "created_at"
    return ListTable(
        noun="safety check",
        record=safety_of,
        selection=safety_selection(deployed=deployed),
        searched=Searched(
            status="passed" if deployed else "enabled",
            statuses={"passed": "true", "failed": "false"} if deployed else {"enabled": "true", "disabled": "false"},
            kind="check_type",
            words=("check_type",) if deployed else ("check_type", "check_name"),
            ids=("id", "task_id") if deployed else ("id",),
            of_task=("task_id.eq.{task}",) if deployed else (),
            time=time,
        ),
        sorted_by={"check": "check_type"},
    )


_LOG_SORTS: Final = {"status": "step_status", "took": "duration_ms"}
_LOG_IDS: Final = ("id", "task_id", "input_data->>run")


def ordered(query: Any, order: Order) -> Any:
    """Return `query`, sorted."""
    for column, direction in order:
        query = query.order(column, **direction)
    return query
