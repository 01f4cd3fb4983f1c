"""Raw rows of either schema shape into the product's records: checked, bounded, cleaned, never trusted.

An oddity of a row stands in its record and costs only that value. A row that lacks a column which was asked for, or has
no id, is no row of the table: Failed.
"""

from typing import Any, Final

import msgspec

from core.backend.columns import Columns, Row, lacking, whole
from core.backend.json_paths import text_in, text_paths
from core.backend.selection import Selection, taken_apart
from core.backend.tables import CONFIG, LOGS, SAFETY, TASKS
from core.base.text import clean
from core.domain.config_settings import SETTINGS, ConfigValue
from core.domain.records import LeaseRow, SafetyCheck, SpoiltLease, SystemConfig, Task

_SWITCHES: Final = ("enabled", "dry_run", "emergency_stop")
_NOTIFY: Final = "notify_on_"
_KINDS: Final = {True: ("completion", "failure", "high_risk"), False: ("success", "error", "approval_needed")}
"""The kinds of message that the config row has a switch for, in the deployed shape and in the other one."""


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


def config_selection(*, deployed: bool) -> Selection:
    """Return the columns that `config_of` reads of the deployed shape, or of the documented one."""
    return Selection(
        table=CONFIG,
        needed=("id", "enabled", "dry_run_mode", "emergency_stop"),
        wanted=(
            "autonomy_level",
            "max_parallel_tasks",
            "max_tasks_per_run",
            "max_files_per_task",
            "min_interval_minutes",
            "max_daily_tasks",
            "emergency_stop_reason",
            "emergency_stop_until",
            "notification_email",
            *(f"{_NOTIFY}{kind}" for kind in _KINDS[deployed]),
            "updated_at",
            "updated_by",
        ),
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
        values={name: _setting(row[name]) for name in SETTINGS if name in row},
    )


def _setting(value: object) -> ConfigValue:
    """Return a value as it is shown, whatever it is."""
    return value if value is None or isinstance(value, bool | int) else clean(value)


def task_selection(error_column: str) -> Selection:
    """Return the columns that `task_of` reads; `error_column`: this shape's name for what went wrong."""
    return Selection(
        table=TASKS,
        needed=("id", "status", "created_at", "started_at", "completed_at"),
        wanted=(
            "task_type",
            "description",
            "priority",
            "risk_level",
            "assigned_to",
            "estimated_duration_minutes",
            error_column,
        ),
    )


def task_of(row: Row) -> Task:
    """Return a task row. Raises Failed when it is none."""
    read = Columns(row, "id", "status", "created_at", "started_at", "completed_at")
    return Task(
        id=read.id(),
        task_type=read.text("task_type"),
        description=read.text("description"),
        status=read.status("status"),
        priority=read.whole("priority"),
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


_ALERT_KEYS: Final = (
    *("alert", "subject", "episode", "phase", "severity", "at", "began_at", "fired_at", "told", "messages", "text"),
    *("order", "plan"),
)
"""What rows about alerts tell: of an alert, and of what an operator said about one."""

_DETAILS: Final = {"d": "details"}


def safety_selection(*, deployed: bool) -> Selection:
    """Return the columns that `safety_of` reads of the deployed shape, or of the documented one."""
    if not deployed:
        return Selection(
            table=SAFETY, needed=("id", "created_at", "check_type"), wanted=("check_name", "is_blocking", "enabled")
        )
    texts = (f"{name}:{path}" for name, path in text_paths(_DETAILS).items())
    return Selection(
        table=SAFETY,
        needed=("id", "checked_at", "check_type"),
        wanted=("task_id", "passed", "error_message", "duration_ms", *texts),
    )


def safety_narrowed(row: Row) -> Row:
    """Return what `safety_selection` asks for, of a row that was read in full."""
    return taken_apart(row, (f"{name}:{path}" for name, path in text_paths(_DETAILS).items()))


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
        text=read.text("error_message", 200) or text_in(row, _DETAILS),
        duration_ms=read.milliseconds("duration_ms"),
        odd=read.oddities(),
    )


def _verdict(row: Row) -> str:
    flag, yes, no = (
        (row["passed"], "passed", "failed") if "passed" in row else (row.get("enabled"), "enabled", "disabled")
    )
    return yes if flag is True else no if flag is False else ""


def alert_selection() -> Selection:
    """Return the columns that `alert_row_of` reads."""
    return Selection(table=LOGS, needed=tuple(f"{name}:input_data->{name}" for name in _ALERT_KEYS))


def alert_row_of(row: Row) -> dict[str, Any]:
    """Return what a monitor's row tells of an alert, an acknowledgement or a silence, every text in it cleaned."""
    lacking(row, *_ALERT_KEYS)
    return {name: cleaned(row[name]) for name in _ALERT_KEYS if row[name] is not None}


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
    return column.removeprefix(_NOTIFY) if column.startswith(_NOTIFY) else ""
