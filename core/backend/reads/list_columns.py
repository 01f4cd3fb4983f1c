"""The tables as lists: the columns read and filtered, and the sort orders, in both shapes."""

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

Order: TypeAlias = tuple[tuple[str, dict[str, bool]], ...]
"""Columns, each with the sort options of the official client."""

_DESC: Final = {"desc": True}
_ASC: Final = {"desc": False}  # nulls come last
_DESC_NULLS_LAST: Final = {"desc": True, "nullsfirst": False}
_BY_ID: Final = ("id", _DESC)


class ListTable(msgspec.Struct, frozen=True, kw_only=True):
    """One list's table: its columns, its sort orders by name, and the function that makes a record of a row.

    `noun`: the name for one of its rows. `only`: a column and the value that rows of this list have there; `None`: all
    rows of the table.
    """

    noun: str
    record: Callable[[Row], ListedRow]
    searched: Searched
    orders: dict[str, Order]
    selection: Selection
    only: tuple[str, str] | None = None
    without: str = ""
    """The beginning of the error text of rows that are none of this list."""


def tasks(schema: Schema) -> ListTable:
    """Return the list of tasks, without the agents' JSON, which may be long and is shown with a single row."""
    error = schema.error_column
    newest = ("created_at", _DESC)
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
        orders={
            **_by_time("created_at"),
            "completed": (("completed_at", _DESC_NULLS_LAST), _BY_ID),
            "longest": (("started_at", _ASC), ("id", _ASC)),
            "priority": (("priority", _DESC), newest, _BY_ID),
            "status": (("status", _ASC), newest, _BY_ID),
            "type": (("task_type", _ASC), newest, _BY_ID),
        },
    )


def inbox(schema: Schema) -> ListTable:
    """Return the list of tasks in review, with what a reviewer decides by."""
    base = tasks(schema)
    orders = {name: base.orders[name] for name in ("oldest", "newest", "priority", "type")}
    risk = (("risk_level", _ASC), ("created_at", _ASC), ("id", _ASC))  # high, low, medium: by their letters
    return msgspec.structs.replace(
        base,
        record=chosen_of,
        selection=chosen_selection(schema.error_column),
        only=("status", "awaiting_review"),
        without=PAUSED,
        orders=orders | {"risk": risk},
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
        orders={**_by_time(schema.log_time), "slowest": (("duration_ms", _DESC_NULLS_LAST), _BY_ID)},
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
        orders=_by_time(schema.log_time),
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
        orders=_by_time(time),
    )


_LOG_IDS: Final = ("id", "task_id", "input_data->>run")


def _by_time(column: str) -> dict[str, Order]:
    return {"newest": ((column, _DESC), _BY_ID), "oldest": ((column, _ASC), ("id", _ASC))}


def ordered(query: Any, order: Order) -> Any:
    """Return `query`, sorted."""
    for column, direction in order:
        query = query.order(column, **direction)
    return query
