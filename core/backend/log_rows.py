"""Rows of the execution log into records: of its JSON columns only the values by path that somebody reads.

An agent's input or output may be megabytes: no list, panel or report asks for such a column as a whole.
"""

from datetime import timedelta
from typing import Final

import msgspec

from core.backend.columns import Columns, Row, moment, whole
from core.backend.json_paths import text_in, text_paths
from core.backend.selection import Selection, taken_apart
from core.backend.tables import LOGS
from core.base.text import clean
from core.domain.alerts import key_of
from core.domain.log_steps import LATE_S, about_alert
from core.domain.records import AlertNews, AuditedAction, EndedAction, LogEntry, WatchdogEntry

_SUMMED_UP: Final = {"e": "error_data", "o": "output_data", "i": "input_data"}
"""The columns that a row is summed up by, the best first, each by the letter that its values are called by."""

_PATHS: Final = {
    "order": "input_data->order",
    "who": "input_data->who",
    "run": "input_data->run",
    "reason": "input_data->plan->reason",
    "note": "input_data->plan->note",
    "alert": "input_data->alert",
    "subject": "input_data->subject",
    "phase": "input_data->phase",
    "changed": "output_data->changed",
    "late": "output_data->late_s",
    **text_paths(_SUMMED_UP),
}

_AUDITED: Final = {
    "steps": "input_data->plan->steps",
    "done": "output_data->steps",
    "config_at": "output_data->config_at",
}

_VERDICTS: Final = {"verdicts": "output_data->verdicts"}
_MOST_VERDICTS: Final = 50
_LATEST_S: Final = 30 * 86_400
"""The longest, in seconds, that a row is believed to have waited to be written."""


def log_selection(time_column: str, paths: dict[str, str] = _PATHS) -> Selection:
    """Return the columns that `log_of` reads; `time_column`: this shape's name for a row's time."""
    return Selection(
        table=LOGS,
        needed=("id", time_column, "execution_step", "step_status"),
        wanted=("task_id", "duration_ms", *(f"{name}:{path}" for name, path in paths.items())),
    )


def audited_selection(time_column: str) -> Selection:
    """Return the columns that `audited_of` reads."""
    return log_selection(time_column, _PATHS | _AUDITED)


def watchdog_selection(time_column: str) -> Selection:
    """Return the columns that `watchdog_entry_of` reads."""
    return log_selection(time_column, _PATHS | _VERDICTS)


def narrowed(row: Row) -> Row:
    """Return what `log_selection` and `audited_selection` ask for, of a row that was read in full."""
    return taken_apart(row, (f"{name}:{path}" for name, path in (_PATHS | _AUDITED).items()))


def log_of(row: Row, time_column: str) -> LogEntry:
    """Return a row of `log_selection` as a record. Raises Failed where it lacks a column it cannot do without."""
    read = Columns(row, "id", time_column, "execution_step", "step_status")
    reason = row.get("reason") or row.get("note")
    return LogEntry(
        id=read.id(),
        at=read.moment(time_column),
        step=read.text("execution_step"),
        status=read.status("step_status"),
        task_id=read.text("task_id") or None,
        duration_ms=read.milliseconds("duration_ms"),
        summary=text_in(row, _SUMMED_UP),
        order=_word(row.get("order")),
        actor=_word(row.get("who")),
        run=_word(row.get("run")),
        changed=whole(row.get("changed")),
        reason=clean(reason, 200) if isinstance(reason, str) else "",
        alert=_alert_news(row) if about_alert(read.text("execution_step")) else None,
        late_s=_late(row.get("late")),
        odd=read.oddities(),
    )


def watchdog_entry_of(row: Row, time_column: str) -> WatchdogEntry:
    """Return a row of `watchdog_selection` as a record. Raises Failed where it lacks a column."""
    value = row.get("verdicts")
    told = list(value.items())[:_MOST_VERDICTS] if isinstance(value, dict) else []
    verdicts = {clean(name, 40): _word(level)[:20] for name, level in told}
    return WatchdogEntry(**msgspec.structs.asdict(log_of(row, time_column)), verdicts=verdicts)


def _word(value: object) -> str:
    """Return a single value as text, empty for a list or an object."""
    return "" if isinstance(value, list | dict) else clean(value)


def _late(value: object) -> int | None:
    """Return for how long a row waited; `None` for one that did not, or says what cannot be."""
    waited = whole(value)
    return waited if waited is not None and LATE_S <= waited <= _LATEST_S else None


def _alert_news(row: Row) -> AlertNews | None:
    """Return which alert a row is about and its phase; `None` where it does not say."""
    rule, phase = clean(row.get("alert"), 120), clean(row.get("phase"), 20)
    return AlertNews(key_of(rule, clean(row.get("subject"), 120)), phase) if rule and phase else None


def audited_of(rows: list[Row], time_column: str) -> AuditedAction | None:
    """Return one run's rows, oldest first, as one record; `None` where the first names no action."""
    entries = [log_of(row, time_column) for row in rows]
    if not entries or not entries[0].order:
        return None
    last, steps = entries[-1], rows[0].get("steps")
    named = steps if isinstance(steps, list) else []
    return AuditedAction(
        run=entries[0].run,
        order=entries[0].order,
        actor=entries[0].actor,
        at=entries[0].at,
        status=last.status,
        summary=last.summary,
        steps=tuple(clean(step.get("name")) for step in named if isinstance(step, dict)),
        done=_counts(rows[-1].get("done")),
        config_at=moment(rows[-1].get("config_at")),
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


CHANGED_IDS: Final = "ids:output_data->ids"
"""The part of a closing audit row that `ids_of` reads."""


def ids_of(value: object) -> tuple[str, ...]:
    """Return the ids of rows that an audit row's outcome names."""
    return tuple(clean(name, 64) for name in value) if isinstance(value, list) else ()
