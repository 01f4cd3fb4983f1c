"""Raw rows of either schema shape into the product's records: checked, bounded, cleaned, never trusted.

An oddity of a row stands in its record and costs only that value. A row that lacks a column which was asked for, or has
no id, is no row of the table: Failed.
"""

from datetime import timedelta
from typing import Any, Final

import msgspec

from core.backend.columns import Columns, Row, each, lacking, moment, moment_of_only, of_only, row_id, whole
from core.base.text import clean
from core.domain.alerts import key_of
from core.domain.log_steps import about_alert
from core.domain.records import (
    AlertNews,
    AuditedAction,
    EndedAction,
    LeaseRow,
    LogEntry,
    SafetyCheck,
    SpoiltLease,
    SystemConfig,
    Task,
)

__all__ = [
    "ENDED",
    "Row",
    "audited_of",
    "cleaned",
    "config_of",
    "each",
    "ended_of",
    "ids_of",
    "lacking",
    "lease_of",
    "log_of",
    "merged",
    "moment",
    "moment_of_only",
    "of_only",
    "row_id",
    "safety_of",
    "task_of",
    "told_of",
    "whole",
]

SUMMARY_KEYS = ("text", "message", "reason", "error", "order")


_SWITCHES: Final = ("enabled", "dry_run", "emergency_stop")


def merged(rows: tuple[SystemConfig, ...]) -> SystemConfig | None:
    """Return all config rows merged, `None` without one.

    There should be one. Of several, agents may each read another: any that is stopped or enabled counts, and dry-run
    only where all say so.
    """
    if not rows:
        return None
    stopped = next((one for one in rows if one.emergency_stop), None)
    steering = stopped or rows[0]
    stamps = [one.updated_at for one in rows if one.updated_at is not None]
    return msgspec.structs.replace(
        rows[0],
        ids=tuple(one.id for one in rows),
        mixed=tuple(name for name in _SWITCHES if len({getattr(one, name) for one in rows}) > 1),
        enabled=any(one.enabled for one in rows),
        dry_run=all(one.dry_run for one in rows),
        emergency_stop=stopped is not None,
        stop_reason=steering.stop_reason,
        stop_until=steering.stop_until,
        muted_kinds=tuple(sorted(set.intersection(*(set(one.muted_kinds) for one in rows)))),
        updated_at=steering.updated_at if stopped is not None else max(stamps, default=None),
        updated_by=steering.updated_by,
        odd=tuple(dict.fromkeys(words for one in rows for words in one.odd)),
    )


def config_of(row: Row) -> SystemConfig:
    """Return one config row, whichever shape its id has. Raises Failed when it is none."""
    read = Columns(row, "id", "enabled", "dry_run_mode", "emergency_stop")
    name = read.id()
    return SystemConfig(
        id=name,
        ids=(name,),
        enabled=read.flag("enabled"),
        dry_run=read.flag("dry_run_mode"),
        autonomy_level=read.whole("autonomy_level") or 0,
        max_parallel_tasks=read.whole("max_parallel_tasks", least=0) or 0,
        min_interval_minutes=read.minutes("min_interval_minutes") or 0,
        max_daily_tasks=read.whole("max_daily_tasks", least=0),
        emergency_stop=read.flag("emergency_stop"),
        stop_reason=read.text("emergency_stop_reason"),
        stop_until=read.moment("emergency_stop_until"),
        notification_email=read.text("notification_email"),
        muted_kinds=tuple(sorted(_kind(name) for name in row if _kind(name) and row[name] is False)),
        updated_at=read.moment("updated_at"),
        updated_by=read.text("updated_by"),
        odd=read.oddities(),
    )


def task_of(row: Row) -> Task:
    """Return a task row. Raises Failed when it is none."""
    read = Columns(row, "id", "status", "created_at", "started_at", "completed_at")
    return Task(
        id=read.id(),
        task_type=read.text("task_type"),
        description=read.text("description"),
        status=read.status("status"),
        priority=read.whole("priority") or 0,
        risk_level=read.text("risk_level"),
        assigned_to=read.text("assigned_to"),
        estimated_minutes=read.minutes("estimated_duration_minutes"),
        error=read.text("error_message" if "error_message" in row else "error"),
        created_at=read.moment("created_at"),
        started_at=read.moment("started_at"),
        completed_at=read.moment("completed_at"),
        odd=read.oddities(),
    )


_TOKEN_CHARS: Final = 200
"""The longest token; we write none that is longer."""


def lease_of(row: Row, time_column: str) -> LeaseRow | SpoiltLease:
    """Return the lease's row, spoilt where something else changed it. `time_column`: this shape's name for its time.

    Raises Failed when it lacks what was asked for.
    """
    lacking(row, "execution_step", "input_data", time_column)
    at = row[time_column]
    spoilt = SpoiltLease(value=row["input_data"], at=at if isinstance(at, str) else None)
    try:
        told = msgspec.convert(row["input_data"], LeaseRow)
    except (msgspec.ValidationError, UnicodeError):
        return spoilt
    if row["execution_step"] != "lease" or not 0 < len(told.token) <= _TOKEN_CHARS or told.term != whole(told.term):
        return spoilt
    return msgspec.structs.replace(told, holder=clean(told.holder, 80), host=clean(told.host, 60))


def log_of(row: Row, time_column: str) -> LogEntry:
    """Return a row of the execution log; `time_column`: this shape's name for its time. Raises Failed for no row."""
    read = Columns(row, "id", time_column, "execution_step", "step_status")
    given = row.get("input_data")
    told = given if isinstance(given, dict) else {}
    return LogEntry(
        id=read.id(),
        at=read.moment(time_column),
        step=read.text("execution_step"),
        status=read.status("step_status"),
        task_id=read.text("task_id") or None,
        duration_ms=read.milliseconds("duration_ms"),
        summary=_summary(row),
        order=clean(told.get("order")),
        actor=clean(told.get("who")),
        run=clean(told.get("run")),
        changed=whole(came.get("changed")) if isinstance(came := row.get("output_data"), dict) else None,
        reason=_reason(told.get("plan")),
        alert=_alert_news(told) if about_alert(read.text("execution_step")) else None,
        odd=read.oddities(),
    )


def _alert_news(told: dict[str, Any]) -> AlertNews | None:
    """Of which alert a row tells and what; `None` where it does not say."""
    rule, phase = clean(told.get("alert"), 120), clean(told.get("phase"), 20)
    return AlertNews(key_of(rule, clean(told.get("subject"), 120)), phase) if rule and phase else None


def safety_of(row: Row) -> SafetyCheck:
    """Return a safety check of either shape, by the columns it has. Raises Failed when it is none."""
    at = "checked_at" if "checked_at" in row else "created_at"
    read = Columns(row, "id", at, "check_type")
    blocking = row.get("is_blocking")
    return SafetyCheck(
        id=read.id(),
        at=read.moment(at),
        check_type=read.text("check_type"),
        name=read.text("check_name"),
        verdict=_verdict(row),
        blocking=blocking if isinstance(blocking, bool) else None,
        task_id=read.text("task_id") or None,
        text=read.text("error_message", 200) or _text_of(row.get("details")),
        duration_ms=read.milliseconds("duration_ms"),
        odd=read.oddities(),
    )


def audited_of(rows: list[Row], time_column: str) -> AuditedAction | None:
    """Return one run's audit rows, given oldest first, as one record; `None` if the first names no action."""
    entries = [log_of(row, time_column) for row in rows]
    if not entries or not entries[0].order:
        return None
    last = entries[-1]
    given = rows[0].get("input_data")
    plan = given.get("plan") if isinstance(given, dict) else None
    steps = plan.get("steps") if isinstance(plan, dict) else None
    named = steps if isinstance(steps, list) else []
    came = rows[-1].get("output_data")
    outcome = came if isinstance(came, dict) else {}
    counts = outcome.get("steps")
    return AuditedAction(
        run=entries[0].run,
        order=entries[0].order,
        actor=entries[0].actor,
        at=entries[0].at,
        status=last.status,
        summary=last.summary,
        steps=tuple(clean(step.get("name")) for step in named if isinstance(step, dict)),
        done=_counts(counts),
        config_at=moment(outcome.get("config_at")),
    )


def _counts(value: object) -> dict[str, int]:
    counts = value if isinstance(value, dict) else {}
    return {clean(name, 80): count for name, one in counts.items() if (count := whole(one)) is not None}


ENDED: Final = (
    "duration_ms,order:input_data->>order,run:input_data->>run,by:input_data->>by,who:input_data->>who,"
    "steps:output_data->steps,undoes:output_data->>undoes,stopped:output_data->>stopped,lifted:output_data->>lifted"
)
"""The part of a closing audit row that `ended_of` reads: not the ids, which may be a thousand."""


def ended_of(row: Row, time_column: str) -> EndedAction | None:
    """Return an action that ended; `None` for a row without its name or a time. Raises Failed for no such row."""
    read = Columns(row, time_column, "step_status", "order", "run", "duration_ms", "steps")
    at, run, order = read.moment(time_column), clean(row.get("run"), 64), clean(row.get("order"), 64)
    if at is None or not run or not order:
        return None
    said = row.get("lifted") if order == "lift" else row.get("stopped") if order == "emergency_stop" else None
    return EndedAction(
        run=run,
        order=order,
        by=clean(row.get("by"), 20),
        actor=clean(row.get("who"), 160),
        began_at=at - timedelta(milliseconds=read.milliseconds("duration_ms") or 0),
        at=at,
        holds=row.get("step_status") == "completed" or said == "true",
        steps=_counts(row.get("steps")),
        undoes=clean(row.get("undoes"), 64),
    )


def ids_of(told: object) -> tuple[str, ...]:
    """Return the ids that an audit row's outcome names."""
    ids = told.get("ids") if isinstance(told, dict) else None
    return tuple(clean(name, 64) for name in ids) if isinstance(ids, list) else ()


def _verdict(row: Row) -> str:
    flag, yes, no = (
        (row["passed"], "passed", "failed") if "passed" in row else (row.get("enabled"), "enabled", "disabled")
    )
    return yes if flag is True else no if flag is False else ""


def _summary(row: Row) -> str:
    for column in ("error_data", "output_data", "input_data"):
        if told := _text_of(row.get(column)):
            return told
    return ""


def _text_of(data: object) -> str:
    """Return the words for people in a JSON value, if it has any."""
    if isinstance(data, str):
        return clean(data, 200)
    if isinstance(data, dict):
        for key in SUMMARY_KEYS:
            if isinstance(data.get(key), str) and data[key]:
                return clean(data[key], 200)
    return ""


def _reason(plan: object) -> str:
    """Return the reason of an action, or the note of an acknowledgement."""
    given = (plan.get("reason") or plan.get("note")) if isinstance(plan, dict) else None
    return clean(given, 200) if isinstance(given, str) else ""


def told_of(row: Row) -> dict[str, Any]:
    """Return the document in a row of ours, every text in it cleaned; empty when it is no document."""
    told = cleaned(row.get("input_data"))
    return told if isinstance(told, dict) else {}


def cleaned(value: Any, levels: int = 50) -> Any:
    """Return JSON with every text in it made harmless, names included; what is nested deeper than `levels` is `…`."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [cleaned(one, levels - 1) for one in value] if levels else "…"
    if isinstance(value, dict):
        return {clean(name, 80): cleaned(one, levels - 1) for name, one in value.items()} if levels else "…"
    return value


def _kind(column: str) -> str:
    return column.removeprefix("notify_on_") if column.startswith("notify_on_") else ""
