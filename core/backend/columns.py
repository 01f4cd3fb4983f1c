"""Reads one raw row column by column: each value as its type, bounded, with oddities noted by column."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from core.backend.faults import Failed, garbage
from core.base.text import LINE_CHARS, clean
from core.domain.periods import LONGEST_WORK
from core.domain.records import NO_STATUS

Row = dict[str, Any]

YEARS: Final = range(1970, 2200)
"""The years a time may have: nearer to the calendar's edge nothing could be added to it or taken from it."""

_VALUE_CHARS: Final = 40


class Columns:
    """Reads one row, and collects what had to be read as something else.

    Raises Failed for a row that lacks a column of `needed`: those were asked for, so it is no row of that table.
    """

    __slots__ = ("_odd", "row")

    def __init__(self, row: Row, *needed: str) -> None:
        lacking(row, *needed)
        self.row = row
        self._odd: dict[str, str] = {}

    def oddities(self) -> tuple[str, ...]:
        """The oddities found so far, each beginning with its column."""
        return tuple(f"{name} {words}" for name, words in self._odd.items())

    def id(self) -> str:
        """Return the row's id as text. Raises Failed when it has none."""
        return clean(row_id(self.row))

    def text(self, name: str, limit: int = LINE_CHARS) -> str:
        """Return a text of at most `limit` characters, empty for null."""
        value = self.row.get(name)
        if value is not None and not isinstance(value, str):
            self._odd[name] = f"is {_shown(value)}, which is no text"
        return clean(value, limit)

    def status(self, name: str) -> str:
        """Return a status as its own name; for null `NO_STATUS`, and a real status of that name in parentheses."""
        value = self.row.get(name)
        if value is None or value == "":
            self._odd[name] = "is null" if value is None else "is empty"
            return f"({NO_STATUS})" if value is None else "(empty)"
        return self.text(name)

    def whole(self, name: str, *, least: int | None = None, most: int | None = None) -> int | None:
        """Return a whole number, brought within `least` and `most`; `None` for null and for anything else."""
        value = self.row.get(name)
        number = whole(value)
        if number is None:
            if value is not None:
                self._odd[name] = f"is {_shown(value)}, which is no whole number"
            return None
        kept = max(number, least) if least is not None else number
        kept = min(kept, most) if most is not None else kept
        if kept != number:
            self._odd[name] = f"is {number:,}, taken as {kept:,}"
        return kept

    def milliseconds(self, name: str) -> int | None:
        """Return a duration, 0 to 30 days."""
        return self.whole(name, least=0, most=LONGEST_WORK // timedelta(milliseconds=1))

    def minutes(self, name: str) -> int | None:
        """Return a duration, 0 to 30 days."""
        return self.whole(name, least=0, most=LONGEST_WORK // timedelta(minutes=1))

    def moment(self, name: str) -> datetime | None:
        """Return a time, UTC, within `YEARS`; `None` for null and for any other."""
        value = self.row.get(name)
        at = moment(value)
        if at is None and value is not None:
            self._odd[name] = f"is {_shown(value)}, which is no time of the years {YEARS[0]} to {YEARS[-1]}"
        return at

    def flag(self, name: str) -> bool:
        """Return a boolean; null is false, as the agents read it. Raises Failed for anything else."""
        value = self.row.get(name)
        if value is None:
            self._odd[name] = "is null, which the agents read as false"
            return False
        if not isinstance(value, bool):
            raise Failed(garbage(f"{name} is neither true nor false"))
        return value


def lacking(row: Row, *needed: str) -> None:
    """Raise Failed for a row that lacks a column which was asked for."""
    for name in needed:
        if name not in row:
            raise Failed(garbage(f"a row without {name}"))


def each(rows: list[Row], *needed: str) -> list[Row]:
    """Return the rows, checked to have the columns that were asked for. Raises Failed."""
    for row in rows:
        lacking(row, *needed)
    return rows


def of_only(rows: list[Row], name: str) -> Any:
    """Return column `name` of the only row, `None` without a row. Raises Failed for two rows, or one that lacks it."""
    if len(rows) > 1:
        raise Failed(garbage("expected one row, got several"))
    return each(rows, name)[0][name] if rows else None


def moment_of_only(rows: list[Row], name: str) -> datetime | None:
    """Return the time in the only row, `None` without a row. Raises Failed where it is no time: such are not read."""
    value = of_only(rows, name)
    at = moment(value)
    if at is None and rows:
        raise Failed(garbage(f"{name} is no time"))
    return at


def needed_moment(row: Row, name: str) -> datetime:
    """Return a time by which the row was found. Raises Failed where it is no time."""
    at = moment(row[name])
    if at is None:
        raise Failed(garbage(f"{name} is no time"))
    return at


def row_id(row: Row) -> str:
    """Return the id of a row read for its id alone. Raises Failed."""
    value = row.get("id")
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise Failed(garbage("a row without an id"))
    return str(value)


def whole(value: object) -> int | None:
    """Return a whole number of 64 bits, `None` for anything else: JSON has longer ones, columns and files do not."""
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if -(2**63) <= value < 2**63 else None


def moment(value: object) -> datetime | None:
    """Return a timestamptz as an aware UTC datetime; a naive one is read as UTC.

    `None` for null, `infinity`, a year not in `YEARS`, and what is no time at all.
    """
    if not isinstance(value, str):
        return None
    try:
        parsed = msgspec.convert(value, datetime)
        at = (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).astimezone(UTC)
    except (msgspec.ValidationError, UnicodeError, OverflowError):
        return None
    return at if at.year in YEARS else None


def _shown(value: object) -> str:
    return clean(value if isinstance(value, str) else repr(value)[:_VALUE_CHARS], _VALUE_CHARS) or '""'
