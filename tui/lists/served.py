"""The base of lists whose rows stay on the server: read page by page, filtered and sorted there."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

import msgspec

from core.domain.actions import Action
from core.domain.queries import Page, Table
from core.domain.row_details import DetailColumn as Field
from core.domain.row_details import RowDetail
from core.domain.snapshot import Snapshot
from tui.actions.choice import Choices
from tui.lists.listed import Listed
from tui.panels.row_list import Row
from tui.rendering.text import Line


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """One row as a text: heading, lines, and the choices of what to do with it, as key and text."""

    heading: str
    lines: tuple[Line, ...]
    choices: Choices = ()


class Known(msgspec.Struct, frozen=True):
    """Rows that are known before any was read, and when they were live; `None` for never."""

    records: Sequence[Any] = ()
    at: datetime | None = None


class Served(Listed):
    """Rows of one table. A subclass implements how one is shown, and reads one in full."""

    TABLE: ClassVar[Table]
    HINT: ClassVar[str]
    """An example of the filters that it accepts."""
    RETRIES: ClassVar[bool] = False
    """True if all matching rows can be requeued."""
    GROUPED: ClassVar[bool] = False
    """True if its rows can be shown in groups."""
    SWITCHED: ClassVar[bool] = False
    """True if the row under the cursor may be one that is switched on and off."""
    PREVIEWED: ClassVar[bool] = False
    """True if what is to be known of the row under the cursor stands below the rows."""
    MANY: ClassVar[tuple[Action, ...]] = ()
    """What can be done with all matching tasks at once."""
    ACTS: ClassVar[tuple[Action, ...]] = ()
    """Those of them that are mostly done with the row under the cursor: their keys come first."""

    def rows(self, snapshot: Snapshot) -> Sequence[Row]:
        """Return no row: they come from the server, not from the snapshot."""
        return ()

    def row(self, record: Any, snapshot: Snapshot, *, live: bool) -> Row:
        """Return one record as a row; `live`: read just now."""
        raise NotImplementedError

    def switch(self, record: Any) -> Action | None:
        """Return the action that switches a record on or off; `None` where it cannot be."""
        return None

    def preview(self, record: Any) -> Sequence[Line]:
        """Return what is to be known of one row, as far as it is in hand."""
        return ()

    def known(self, snapshot: Snapshot) -> Known:
        """Return the rows in the snapshot: shown until the first page is there, and while none can be read."""
        return Known()

    async def read(self, key: str) -> Document | None:
        """Read one row in full; `None` when it no longer exists. Raises NotLive."""
        raise NotImplementedError


def columns_of(row: RowDetail, *, but: frozenset[str] = frozenset()) -> list[Line]:
    """Return every column of a row: short values beside their name, long ones below it."""
    shown = [column for column in row.columns if column.name not in but]
    wide = max((len(column.name) for column in shown if len(column.lines) < 2), default=0)
    lines: list[Line] = []
    for column in shown:
        lines += _column(column, wide)
    return lines


def odd_lines(odd: tuple[str, ...]) -> list[Line]:
    """Return the oddities of a row, one per line."""
    return [((f"odd: {words}", "warning"),) for words in odd]


def heading(text: str) -> Line:
    """Return the heading of a part of a document."""
    return ((text, "title"),)


def part(title: str, page: Page[Any], rows: Sequence[Line], none: str) -> list[Line]:
    """Return the part of a document that lists rows of another table; `none`: the text where there is no row."""
    more = f", the newest {len(rows)}" if page.more else ""
    return [(), heading(title + more), *(rows or [((f"  {none}", "dim"),)])]


def _column(column: Field, wide: int) -> list[Line]:
    if not column.lines:
        return [((f"{column.name:<{wide}}  ", "dim"), ("not set", "dim"))]
    if len(column.lines) == 1:
        return [((f"{column.name:<{wide}}  ", "dim"), (column.lines[0], "text"))]
    return [((column.name, "dim"),), *(((f"  {line}", "text"),) for line in column.lines)]
