"""A list whose rows the project's server holds: read page by page, filtered and sorted there."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

import msgspec

from core.domain.queries import Page, Table
from core.domain.row_details import DetailColumn as Field
from core.domain.row_details import RowDetail
from core.domain.snapshot import Snapshot
from tui.lists.listed import Listed
from tui.panels.row_list import Row
from tui.rendering.text import Line


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """One row as something to read: heading, lines, and what can be done with it."""

    heading: str
    lines: tuple[Line, ...]
    choices: tuple[tuple[str, str], ...] = ()


class Known(msgspec.Struct, frozen=True):
    """Rows that are in hand before any was read, and when they were live; `None` for never."""

    records: Sequence[Any] = ()
    at: datetime | None = None


class Served(Listed):
    """Rows of one table. A subclass lays one out, and reads one in full."""

    TABLE: ClassVar[Table]
    HINT: ClassVar[str]
    """What its filter understands."""
    RETRIES: ClassVar[bool] = False
    """Whether all that match can be sent back to pending."""

    def rows(self, snapshot: Snapshot) -> Sequence[Row]:
        """The server's, not the snapshot's."""
        return ()

    def row(self, record: Any, snapshot: Snapshot, *, live: bool) -> Row:
        """One record as a row; `live`: read just now."""
        raise NotImplementedError

    def known(self, snapshot: Snapshot) -> Known:
        """What the snapshot knows of them: shown until the first page is there, and while none can be read."""
        return Known()

    async def read(self, key: str) -> Document | None:
        """One row in full; `None` when it is there no more. Raises NotLive."""
        raise NotImplementedError


def columns_of(row: RowDetail, *, but: frozenset[str] = frozenset()) -> list[Line]:
    """Every column of a row: short ones beside their name, long ones below it."""
    shown = [column for column in row.columns if column.name not in but]
    wide = max((len(column.name) for column in shown if len(column.lines) < 2), default=0)
    lines: list[Line] = []
    for column in shown:
        lines += _column(column, wide)
    return lines


def odd_lines(odd: tuple[str, ...]) -> list[Line]:
    """What is odd about a row, a line each."""
    return [((f"odd: {words}", "warning"),) for words in odd]


def heading(text: str) -> Line:
    """A line above a part of a document."""
    return ((text, "title"),)


def part(title: str, page: Page[Any] | None, rows: Sequence[Line], none: str) -> list[Line]:
    """A part of a document that lists rows of another table."""
    more = f", the newest {len(rows)}" if page is not None and page.more else ""
    return [(), heading(title + more), *(rows or [((f"  {none}", "dim"),)])]


def _column(column: Field, wide: int) -> list[Line]:
    if not column.lines:
        return [((f"{column.name:<{wide}}  ", "dim"), ("not set", "dim"))]
    if len(column.lines) == 1:
        return [((f"{column.name:<{wide}}  ", "dim"), (column.lines[0], "text"))]
    return [((column.name, "dim"),), *(((f"  {line}", "text"),) for line in column.lines)]
