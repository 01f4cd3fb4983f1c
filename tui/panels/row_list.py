"""A list of rows with a cursor: draws what is in sight, keeps the cursor on its row whatever comes and goes."""

from collections.abc import Sequence
from typing import Final

import msgspec
from textual import events
from textual.message import Message

from core.domain.snapshot import Snapshot
from tui.panels.scrolled import Scrolled
from tui.rendering.text import Line, Span, fit

_HEAD: Final = 2
"""Lines above the first row: the rule with the title, and the columns' names."""


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """One column. `width` 0 takes what is left.

    `drops`: how soon a narrow screen goes without it, the highest first; 0 never.
    """

    title: str
    width: int = 0
    drops: int = 0
    right: bool = False


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One row: what names it, and a span for each column."""

    key: str
    cells: tuple[Span, ...]


class RowList(Scrolled):
    """Rows under the names of their columns. The cursor belongs to a row, not to a place."""

    TITLE = "rows"

    class Moved(Message):
        """The cursor is on another row."""

    class Chosen(Message):
        """A row was chosen with the mouse."""

    columns: tuple[Column, ...] = ()
    head: Line = ()
    """What the rule above says."""
    empty: Line = ()
    """What stands there when there is no row."""
    follows = False
    """Whether the cursor stays on the first row as new ones come."""

    _rows: Sequence[Row] = ()
    _top = 0
    _at = 0

    @property
    def cursor(self) -> Row | None:
        """The row the cursor is on."""
        return self._rows[self._at] if self._at < len(self._rows) else None

    @property
    def at(self) -> int:
        """How many rows stand above the cursor's."""
        return self._at

    @property
    def in_sight(self) -> tuple[int, int]:
        """Which rows are in sight: the first, and how many."""
        return self._top, self._room()

    def put(self, rows: Sequence[Row]) -> None:
        """Other rows, or the same ones changed. The cursor stays with its row, and that row stays where it is."""
        held = self.cursor
        place = self._at - self._top
        found = next((n for n, row in enumerate(rows) if row.key == held.key), None) if held is not None else None
        self._rows = rows
        if self.follows:
            self._at = 0
        elif found is not None:
            self._at, self._top = found, found - place
        self._settle()

    def to(self, at: int) -> None:
        """Put the cursor on a row by its number."""
        before, self._at = self._at, at
        self._settle()
        self.redraw()
        if self._at != before:
            self.post_message(self.Moved())

    def move(self, by: int) -> None:
        """The cursor so many rows down, or up."""
        self.to(self._at + by)

    def screenful(self) -> int:
        """All rows in sight but one."""
        return self._room() - 1

    def on_click(self, event: events.Click) -> None:
        """On a row: go there; on the row the cursor is on: choose it."""
        at = self._top + event.y - _HEAD
        if event.y < _HEAD or at >= len(self._rows):
            return
        if at == self._at:
            self.post_message(self.Chosen())
        else:
            self.to(at)

    def on_resize(self) -> None:
        """The cursor stays in sight."""
        self._settle()
        super().on_resize()

    def title(self, snapshot: Snapshot) -> Line:
        """What was last said of the list."""
        return self.head

    def lines(self, snapshot: Snapshot, width: int, height: int) -> list[Line]:
        """Names of the columns, then rows; or the one line that says why there are none."""
        columns = self._columns(width)
        if not self._rows:
            return [(), self.empty]
        names = self._laid(tuple((column.title, "dim") for column in self.columns), columns, width)
        rows = self._rows[self._top : self._top + height - 1]
        return [names, *(self._row(row, columns, width, self._top + n == self._at) for n, row in enumerate(rows))]

    def _row(self, row: Row, columns: dict[int, int], width: int, chosen: bool) -> Line:
        line = self._laid(row.cells, columns, width)
        return tuple((text, "cursor") for text, _ in fit(line, width)) if chosen else line

    def _laid(self, cells: tuple[Span, ...], columns: dict[int, int], width: int) -> Line:
        line: list[Span] = []
        for number, cells_wide in columns.items():
            text, role = cells[number]
            if self.columns[number].right:
                text = text.rjust(cells_wide)
            line += fit(((text, role),), cells_wide)
            line.append((" ", "text"))
        return tuple(line)

    def _columns(self, width: int) -> dict[int, int]:
        """Which columns there is room for, and how wide each is."""
        shown = dict(enumerate(self.columns))
        least = 25  # what the widest column must keep
        for number in sorted(shown, key=lambda n: -self.columns[n].drops):
            if sum((one.width or least) + 1 for one in shown.values()) <= width or not self.columns[number].drops:
                break
            del shown[number]
        fixed = sum(column.width + 1 for column in shown.values())
        return {number: column.width or max(1, width - fixed) for number, column in shown.items()}

    def _room(self) -> int:
        return max(1, self.size.height - _HEAD)

    def _settle(self) -> None:
        """Cursor and sight within what there is."""
        count, room = len(self._rows), self._room()
        self._at = min(max(0, self._at), max(0, count - 1))
        self._top = min(self._top, self._at, max(0, count - room))
        self._top = max(0, self._top, self._at - room + 1)
