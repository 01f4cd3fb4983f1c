"""What may follow in a filter while it is typed: its keys, and behind one the values that are known of it."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

from core.domain.queries import FILTER_KEYS, ONCE, VERDICTS, Table, filter_value
from core.domain.records import STATUSES, ChosenTask, LogEntry, SafetyCheck, Task
from core.domain.task_groups import sought

MOST: Final = 40
"""The most values that are offered; more of them nobody reads."""


class Completion(msgspec.Struct, frozen=True):
    """What may follow: the word that is shown, and the whole text with it."""

    word: str
    text: str


_TIMES: Final = ("15min", "1h", "2h", "24h", "7d")
_SPANS: Final = (">1min", ">5min", ">1h", "<1h", "<1min")
_LOGGED: Final = ("started", "completed", "failed", "skipped")
_STATUSES: Final[dict[Table, tuple[str, ...]]] = {
    Table.TASKS: tuple(STATUSES),
    Table.LOGS: _LOGGED,
    Table.ORDERS: _LOGGED,
    Table.SAFETY: VERDICTS,
}
_KNOWN: Final[dict[str, tuple[str, ...]]] = {
    "risk": ("high", "medium", "low"),
    "since": _TIMES,
    "until": _TIMES,
    "age": _SPANS,
    "took": _SPANS,
}


def completions(text: str, table: Table, rows: Sequence[Any]) -> tuple[Completion, ...]:
    """Return what may follow `text`: keys, or values of a key, those that occur in `rows` among them.

    Nothing follows within quotes, nor what is complete already.
    """
    begin, quoted = 0, False
    for at, char in enumerate(text):
        quoted ^= char == '"'
        begin = at + 1 if char.isspace() and not quoted else begin
    if quoted:
        return ()
    before, word = text[:begin], text[begin:]
    sign = "-" if word.startswith("-") else ""
    key, colon, value = word[len(sign) :].partition(":")
    keys = FILTER_KEYS[table]
    if not colon:
        names = (f"{sign}{name}:" for name, field in keys.items() if not (sign and field in ONCE))
        return tuple(Completion(name, before + name) for name in names if name.startswith(f"{sign}{key.lower()}"))
    field = keys.get(key.lower(), "")
    if not field or (sign and field in ONCE):
        return ()
    begun, comma, partial = ("", "", value) if field in ONCE else value.rpartition(",")
    taken = set(begun.split(","))
    fit = [
        one
        for one in values_of(field, table, rows)
        if one.lower().startswith(partial.lower()) and filter_value(one) not in taken
    ]
    head = f"{before}{sign}{key}:{begun}{comma}"
    return tuple(Completion(one, head + filter_value(one)) for one in fit[:MOST] if one != partial)


def values_of(field: str, table: Table, rows: Iterable[Any]) -> tuple[str, ...]:
    """Return the values of a filter's field: those that are known, and those that occur in rows."""
    known = _STATUSES.get(table, ()) if field == "status" else _KNOWN.get(field, ())
    found = {_value(field, table, row.task if isinstance(row, ChosenTask) else row) for row in rows}
    return tuple(dict.fromkeys((*known, *sorted(one for one in found if one))))


def _value(field: str, table: Table, row: Any) -> str | None:
    match field, row:
        case "kind", Task():
            return row.task_type
        case "kind", LogEntry():
            return row.order if table is Table.ORDERS else row.step
        case "kind", SafetyCheck():
            return row.check_type
        case "who", Task():
            return row.assigned_to
        case "who", LogEntry():
            return row.actor
        case "error", Task():
            return sought(row.error)
        case "risk", Task():
            return row.risk_level
        case "task", Task():
            return row.id
        case "task", LogEntry() | SafetyCheck():
            return row.task_id
    return None
