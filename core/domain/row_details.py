"""One row in full: every column of it as lines for people, each harmless and bounded."""

import json
from typing import Any, Final

import msgspec

from core.base.text import clean
from core.domain.records import LogEntry, SafetyCheck, Task

COLUMN_LINES: Final = 400
COLUMN_CHARS: Final = 20_000
"""The most characters of one column that are shown."""


class DetailColumn(msgspec.Struct, frozen=True, kw_only=True):
    """One column of a row. No lines: it is null. `cut`: the last line says how much is not shown."""

    name: str
    lines: tuple[str, ...] = ()
    cut: bool = False


class RowDetail(msgspec.Struct, frozen=True, kw_only=True):
    """Every column of one row, in the order the project gives them."""

    id: str
    columns: tuple[DetailColumn, ...]


class TaskDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A task, and its row in full."""

    task: Task
    row: RowDetail


class LogDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the log, and the same in full."""

    entry: LogEntry
    row: RowDetail


class SafetyDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A safety check, and its row in full."""

    check: SafetyCheck
    row: RowDetail


def row_detail(name: str, row: dict[str, Any]) -> RowDetail:
    """Return the row called `name`, every column as lines."""
    return RowDetail(id=name, columns=tuple(column(key, value) for key, value in row.items()))


def column(name: str, value: object) -> DetailColumn:
    """Return one column: text with its own line breaks, anything else as indented JSON, its keys in their order."""
    if value is None:
        return DetailColumn(name=clean(name, 80))
    text = value if isinstance(value, str) else _pretty(value)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = text[:COLUMN_CHARS].split("\n")[:COLUMN_LINES]
    missing = len(text) - sum(map(len, lines)) - (len(lines) - 1)
    shown = tuple(clean(line, COLUMN_CHARS) for line in lines)
    if missing:
        shown = (*shown, f"… {missing:,} more characters")
    return DetailColumn(name=clean(name, 80), lines=shown, cut=missing > 0)


def _pretty(value: object) -> str:
    compact = json.dumps(value, ensure_ascii=False)
    try:  # tenfold as fast as the standard library's own indentation; lone surrogates pass through both
        return msgspec.json.format(compact.encode("utf-8", "surrogatepass"), indent=2).decode("utf-8", "surrogatepass")
    except msgspec.DecodeError:  # a number too large for JSON
        return compact
