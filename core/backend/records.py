"""Rows of either schema shape into the product's records: checked, cleaned, never trusted."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from core.backend.faults import Failed
from core.backend.faults import garbage as _garbage
from core.model import AuditedOrder, EndedOrder, LeaseRow, LogEntry, SafetyCheck, SpoiltLease, SystemConfig, Task
from core.text import clean

Row = dict[str, Any]

SUMMARY_KEYS = ("text", "message", "reason", "error", "order")


def config_of(row: Row) -> SystemConfig:
    """The config row, whichever shape its id has. Raises Failed when it is none."""
    return SystemConfig(
        id=_id(row),
        enabled=_flag(row, "enabled", default=True),
        dry_run=_flag(row, "dry_run_mode", default=True),
        autonomy_level=whole(row.get("autonomy_level")) or 0,
        max_parallel_tasks=whole(row.get("max_parallel_tasks")) or 0,
        min_interval_minutes=whole(row.get("min_interval_minutes")) or 0,
        max_daily_tasks=whole(row.get("max_daily_tasks")),
        emergency_stop=_flag(row, "emergency_stop", default=False),
        stop_reason=clean(row.get("emergency_stop_reason")),
        stop_until=moment(row.get("emergency_stop_until")),
        notification_email=clean(row.get("notification_email")),
        muted_kinds=tuple(sorted(_kind(name) for name in row if _kind(name) and row[name] is False)),
        updated_at=moment(row.get("updated_at")),
        updated_by=clean(row.get("updated_by")),
    )


def task_of(row: Row) -> Task:
    """A task row. Raises Failed when it has no id or no status."""
    status = row.get("status")
    if not isinstance(status, str):
        raise Failed(_garbage("a task without a status"))
    return Task(
        id=_id(row),
        task_type=clean(row.get("task_type")),
        description=clean(row.get("description")),
        status=clean(status),
        priority=whole(row.get("priority")) or 0,
        risk_level=clean(row.get("risk_level")),
        assigned_to=clean(row.get("assigned_to")),
        estimated_minutes=whole(row.get("estimated_duration_minutes")),
        error=clean(row.get("error_message", row.get("error"))),
        created_at=moment(row.get("created_at")),
        started_at=moment(row.get("started_at")),
        completed_at=moment(row.get("completed_at")),
    )


_TOKEN_CHARS: Final = 200
"""No token of ours is longer."""


def lease_of(row: Row, time_column: str) -> LeaseRow | SpoiltLease:
    """The lease's row, or that somebody else's hand was in it. `time_column` is what this shape calls its time."""
    at = row.get(time_column)
    spoilt = SpoiltLease(value=row.get("input_data"), at=at if isinstance(at, str) else None)
    try:
        told = msgspec.convert(row.get("input_data"), LeaseRow)
    except msgspec.ValidationError:
        return spoilt
    if row.get("execution_step") != "lease" or not 0 < len(told.token) <= _TOKEN_CHARS or told.term != whole(told.term):
        return spoilt
    return msgspec.structs.replace(told, holder=clean(told.holder, 80), host=clean(told.host, 60))


def log_of(row: Row, time_column: str) -> LogEntry:
    """A row of the execution log; `time_column` is what this shape calls its time."""
    given = row.get("input_data")
    told = given if isinstance(given, dict) else {}
    task = row.get("task_id")
    return LogEntry(
        id=_id(row),
        at=moment(row.get(time_column)),
        step=clean(row.get("execution_step")),
        status=clean(row.get("step_status")),
        task_id=clean(task) if task is not None else None,
        duration_ms=whole(row.get("duration_ms")),
        summary=_summary(row),
        order=clean(told.get("order")),
        actor=clean(told.get("who")),
        run=clean(told.get("run")),
        changed=whole(came.get("changed")) if isinstance(came := row.get("output_data"), dict) else None,
        reason=_reason(told.get("plan")),
    )


def safety_of(row: Row) -> SafetyCheck:
    """A safety check of either shape, by the columns it has. Raises Failed when it has no id."""
    task, blocking = row.get("task_id"), row.get("is_blocking")
    return SafetyCheck(
        id=_id(row),
        at=moment(row.get("checked_at", row.get("created_at"))),
        check_type=clean(row.get("check_type")),
        name=clean(row.get("check_name")),
        verdict=_verdict(row),
        blocking=blocking if isinstance(blocking, bool) else None,
        task_id=clean(task) if task is not None else None,
        text=clean(row.get("error_message"), 200) or _told(row.get("details")),
        duration_ms=whole(row.get("duration_ms")),
    )


def audited_of(rows: list[Row], time_column: str) -> AuditedOrder | None:
    """What the rows of one run say together, the oldest first."""
    entries = [log_of(row, time_column) for row in rows]
    if not entries or not entries[0].order:
        return None
    last = entries[-1]
    given = rows[0].get("input_data")
    plan = given.get("plan") if isinstance(given, dict) else None
    steps = plan.get("steps") if isinstance(plan, dict) else None
    named = steps if isinstance(steps, list) else []
    return AuditedOrder(
        run=entries[0].run,
        order=entries[0].order,
        actor=entries[0].actor,
        at=entries[0].at,
        status=last.status,
        summary=last.summary,
        steps=tuple(clean(step.get("name")) for step in named if isinstance(step, dict)),
    )


_DAY_MS: Final = 86_400_000
_FIRST: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""Before it nothing of ours was written; a day further back there may be no calendar."""

ENDED: Final = (
    "duration_ms,order:input_data->>order,run:input_data->>run,by:input_data->>by,who:input_data->>who,"
    "steps:output_data->steps,undoes:output_data->>undoes,stopped:output_data->>stopped,lifted:output_data->>lifted"
)
"""What `ended_of` reads of a closing audit row: not the ids, which may be a thousand."""


def ended_of(row: Row, time_column: str) -> EndedOrder | None:
    """An order that ended; `None` for a row that names none, or no time."""
    at, run, order = moment(row.get(time_column)), clean(row.get("run"), 64), clean(row.get("order"), 64)
    if at is None or not run or not order:
        return None
    steps = row.get("steps")
    counts = steps if isinstance(steps, dict) else {}
    said = row.get("lifted") if order == "lift" else row.get("stopped") if order == "emergency_stop" else None
    return EndedOrder(
        run=run,
        order=order,
        by=clean(row.get("by"), 20),
        actor=clean(row.get("who"), 160),
        began_at=max(at, _FIRST) - timedelta(milliseconds=max(0, min(whole(row.get("duration_ms")) or 0, _DAY_MS))),
        at=at,
        holds=row.get("step_status") == "completed" or said == "true",
        steps={clean(name, 80): count for name, value in counts.items() if (count := whole(value)) is not None},
        undoes=clean(row.get("undoes"), 64),
    )


def ids_of(told: object) -> tuple[str, ...]:
    """The ids that an audit row's outcome names."""
    ids = told.get("ids") if isinstance(told, dict) else None
    return tuple(clean(name, 64) for name in ids) if isinstance(ids, list) else ()


def row_id(row: Row) -> str:
    """The id of a row read for its id alone. Raises Failed."""
    value = row.get("id")
    if not isinstance(value, str | int):
        raise Failed(_garbage("a row without an id"))
    return str(value)


def whole(value: object) -> int | None:
    """A whole number of 64 bits, `None` for anything else: JSON has longer ones, columns and files do not."""
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if -(2**63) <= value < 2**63 else None


def moment(value: object) -> datetime | None:
    """A timestamptz as an aware UTC datetime; `None` for null, `infinity` and what is no time at all."""
    if not isinstance(value, str):
        return None
    try:
        parsed = msgspec.convert(value, datetime)
    except msgspec.ValidationError:
        return None
    try:
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:  # a year at the edge of the calendar
        return None


def _verdict(row: Row) -> str:
    flag, yes, no = (
        (row["passed"], "passed", "failed") if "passed" in row else (row.get("enabled"), "enabled", "disabled")
    )
    return yes if flag is True else no if flag is False else ""


def _summary(row: Row) -> str:
    for column in ("error_data", "output_data", "input_data"):
        if told := _told(row.get(column)):
            return told
    return ""


def _told(data: object) -> str:
    """The words for people in a JSON value, if it has any."""
    if isinstance(data, str):
        return clean(data, 200)
    if isinstance(data, dict):
        for key in SUMMARY_KEYS:
            if isinstance(data.get(key), str) and data[key]:
                return clean(data[key], 200)
    return ""


def _reason(plan: object) -> str:
    """Why an order was given; of an acknowledgement, what was noted."""
    given = (plan.get("reason") or plan.get("note")) if isinstance(plan, dict) else None
    return clean(given, 200) if isinstance(given, str) else ""


def told_of(row: Row) -> dict[str, Any]:
    """What a row of ours tells others, every text in it cleaned; empty when it is not a document."""
    told = cleaned(row.get("input_data"))
    return told if isinstance(told, dict) else {}


def cleaned(value: Any, levels: int = 50) -> Any:
    """JSON with every text in it made harmless, names included; what is nested deeper than `levels` is `…`."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [cleaned(one, levels - 1) for one in value] if levels else "…"
    if isinstance(value, dict):
        return {clean(name, 80): cleaned(one, levels - 1) for name, one in value.items()} if levels else "…"
    return value


def _kind(column: str) -> str:
    return column.removeprefix("notify_on_") if column.startswith("notify_on_") else ""


def _id(row: Row) -> str:
    value = row.get("id")
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise Failed(_garbage("a row without an id"))
    return clean(value)


def _flag(row: Row, name: str, *, default: bool) -> bool:
    value = row.get(name)
    return value if isinstance(value, bool) else default
