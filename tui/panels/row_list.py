"""A list of rows with a cursor: draws visible rows, and keeps the cursor on its row while others come and go."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from rich.cells import cell_len
from textual import events
from textual.message import Message

from core.domain.snapshot import Snapshot
from core.domain.sorting import Sort
from tui.panels.scrolled import Scrolled
from tui.rendering.table import into_blanks
from tui.rendering.text import CLOCK_CELLS, Line, Span, age, clock_time, fit

_HEAD: Final = 2
"""Lines above the first row: the rule with the title, and the columns' names."""

_LEAST: Final = 24
"""The cells that the widest column must keep."""

_NAME: Final = 16
"""The cells of a column's name that are kept beside a text that would be cut."""

_ROOM: Final = 60
"""The same beside columns that are fitted, if so much stands in it."""


Cell = tuple[str, str] | tuple[str, str, Any] | tuple[datetime | None, str]
"""What stands in one column, and its role; third what it is sorted by, if that is another thing. A moment is drawn as
its age, or as its time."""


_AGE: Final = "age"
"""The title of a column of ages, while those are not shown as times."""


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """One column. `width` in cells; 0 takes what is left. `name`: what it is sorted by; empty: its title is that.

    `drops`: a narrow screen drops the column with the highest first; 0: never. `moment`: its cells are moments.
    `fitted`: it is no wider than what stands in it; where nothing does, it is left out.
    """

    title: str
    name: str = ""
    width: int = 0
    drops: int = 0
    right: bool = False
    moment: bool = False
    fitted: bool = False

    @property
    def sort(self) -> Sort:
        """Return the order in which it is sorted first: of numbers the largest, of moments the youngest."""
        return Sort(self.name or self.title, self.right and not self.moment)


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One row: its key, and a cell for each column."""

    key: str
    cells: tuple[Cell, ...]


def value_of(cell: Cell, now: datetime) -> Any:
    """Return what a cell is sorted by; `None` where it holds nothing."""
    if len(cell) == 3:
        return cell[2]
    shown = cell[0]
    return now - shown if isinstance(shown, datetime) else (shown.lower() if shown else None)


def text_of(cell: Cell, now: datetime, *, times: bool) -> str:
    """Return what stands in a cell; `times`: moments are drawn as times, not as ages."""
    shown = cell[0]
    return shown if isinstance(shown, str) else (clock_time if times else age)(shown, now)


class RowList(Scrolled):
    """Rows below the names of their columns. The cursor belongs to a row, not to a position."""

    TITLE = "rows"

    class Moved(Message):
        """Sent when the cursor has moved to another row."""

    class Chosen(Message):
        """Sent when a row was chosen with the mouse."""

    class Heading(Message):
        """Sent when the name of a column was clicked."""

        def __init__(self, column: Column) -> None:
            super().__init__()
            self.column = column

    columns: tuple[Column, ...] = ()
    head: Line = ()
    """The title in the rule above."""
    empty: Line = ()
    """The line that is shown when there is no row."""
    follows = False
    """True if the cursor stays on the first row as new ones come."""
    left = False
    """True once the cursor was moved away from the first row, until the view has seen it: it follows no longer."""
    sort: Sort | None = None
    """The order of the rows; `None`: their own."""

    _rows: Sequence[Row] = ()
    _top = 0
    _at = 0

    @property
    def cursor(self) -> Row | None:
        """The row that the cursor is on; `None` without rows."""
        return self._rows[self._at] if self._at < len(self._rows) else None

    @property
    def at(self) -> int:
        """The index of the cursor's row, from 0."""
        return self._at

    @property
    def in_sight(self) -> tuple[int, int]:
        """The visible rows: the index of the first, and how many there are."""
        return self._top, self._room()

    @property
    def shown_columns(self) -> tuple[Column, ...]:
        """The columns that there is room for."""
        return tuple(self.columns[number] for number in self._columns(self.size.width))

    def put(self, rows: Sequence[Row]) -> None:
        """Replace the rows. The cursor stays with its row, and that row stays at its line."""
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
        """Move the cursor to a row by its index."""
        before, self._at = self._at, at
        self._settle()
        self.left = self.left or self._at > 0
        self.redraw()
        if self._at != before:
            self.post_message(self.Moved())

    def move(self, by: int) -> None:
        """Move the cursor by so many rows; negative: up."""
        self.to(self._at + by)

    def screenful(self) -> int:
        """Return the rows of a page: all visible ones but one."""
        return self._room() - 1

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to the clicked row, or choose it if the cursor is there already."""
        at = self._top + event.y - _HEAD
        if event.y == _HEAD - 1:
            self._click_heading(event.x)
        if event.y < _HEAD or at >= len(self._rows):
            return
        if at == self._at:
            self.post_message(self.Chosen())
        else:
            self.to(at)

    def on_resize(self) -> None:
        """Keep the cursor visible."""
        self._settle()
        super().on_resize()

    def title(self, snapshot: Snapshot) -> Line:
        """Return the title that was set last."""
        return self.head

    def lines(self, snapshot: Snapshot, width: int, height: int) -> list[Line]:
        """Return the column names and the visible rows, or the line that says why there are none."""
        columns = self._columns(width)
        if not self._rows:
            return [(), self.empty]
        names = tuple(span for number, wide in columns.items() for span in self._named(self.columns[number], wide))
        rows = self._rows[self._top : self._top + height - 1]
        return [
            names,
            *(self._row(row, snapshot.at, columns, width, self._top + n == self._at) for n, row in enumerate(rows)),
        ]

    def _named(self, column: Column, width: int) -> Line:
        """Return the name of a column; of the one that is sorted by, with its direction, if need be in the gap."""
        name, role = "time" if self.times and column.title == _AGE else column.title, "dim"
        if self.sort is not None and self.sort.column == column.sort.column:
            down = self.sort.descending is not (column.moment and self.times)
            name, role = f"{name}{self._signs.down if down else self._signs.up}", "text"
        return fit(((name.rjust(width) if column.right else name, role),), width + 1)

    def _click_heading(self, x: int) -> None:
        for number, wide in self._columns(self.size.width).items():
            x -= wide + 1
            if x < 0:
                self.post_message(self.Heading(self.columns[number]))
                return

    def _row(self, row: Row, now: datetime, columns: dict[int, int], width: int, chosen: bool) -> Line:
        line = self._laid([(text_of(cell, now, times=self.times), cell[1]) for cell in row.cells], columns)
        return tuple((text, "cursor") for text, _ in fit(line, width)) if chosen else line

    def _laid(self, cells: Sequence[Span], columns: dict[int, int]) -> Line:
        line: list[Span] = []
        for number, cells_wide in into_blanks(cells, columns, self._rest).items():
            text, role = cells[number]
            if self.columns[number].right:
                text = text.rjust(cells_wide)
            line += fit(((text, role),), cells_wide)
            line.append((" ", "text"))
        return tuple(line)

    def _columns(self, width: int) -> dict[int, int]:
        """Return the columns that fit, by index, with their width in cells."""
        shown = {number: self._wide(number) for number in range(len(self.columns)) if self._stands(number)}
        least = self._least()
        for number in sorted(shown, key=lambda n: -self.columns[n].drops):
            if sum((wide or least) + 1 for wide in shown.values()) <= width or not self.columns[number].drops:
                break
            del shown[number]
        return self._shared(shown, width)

    def _shared(self, shown: dict[int, int], width: int) -> dict[int, int]:
        """Return the widths, so that nothing is cut while cells stay blank in every row.

        The column that takes what is left gets what others do not need, or gives them what it does not need itself.
        """
        rest = self._rest
        if rest is None:
            return shown
        needed = {number: self._needs(number, wide) for number, wide in shown.items()}
        if self._snapshot is not None:
            needed = self._widths.at(self._snapshot.at, width).held(needed)
        left = max(1, width - sum(wide + 1 for wide in shown.values()))
        for number in sorted(shown, key=lambda n: needed[n] - shown[n]):
            if number == rest:
                continue
            gives = shown[number] - needed[number]
            lacks = needed[rest] - left
            moved = max(0, min(gives, lacks)) if gives > 0 else -max(0, min(-gives, -lacks))
            shown[number] -= moved
            left += moved
        return shown | {rest: left}

    @property
    def _rest(self) -> int | None:
        """The column that takes what is left."""
        return next((number for number, column in enumerate(self.columns) if not column.width), None)

    def _needs(self, number: int, wide: int) -> int:
        """Return the cells in which all of a column stands; its name may be cut where it is long."""
        column = self.columns[number]
        if column.moment:
            return wide
        return max(min(cell_len(column.title), _NAME), *map(cell_len, self._texts(number)), 1)

    def _stands(self, number: int) -> bool:
        return not self.columns[number].fitted or any(row.cells[number][0] for row in self._rows)

    def _wide(self, number: int) -> int:
        column = self.columns[number]
        if column.fitted:
            return min(column.width, max(cell_len(one) for one in (column.title, *self._texts(number))))
        return max(column.width, CLOCK_CELLS) if self.times and column.moment else column.width

    def _least(self) -> int:
        """Return the cells that the column which takes what is left must keep, or others are dropped."""
        if not any(column.fitted for column in self.columns):
            return _LEAST
        return max(_LEAST, min(_ROOM, max(map(cell_len, self._texts(self._rest or 0)), default=0)))

    def _texts(self, number: int) -> list[str]:
        return [text for row in self._rows if isinstance(text := row.cells[number][0], str)]

    def _room(self) -> int:
        return max(1, self.size.height - _HEAD)

    def _settle(self) -> None:
        """Keep the cursor and the visible rows within the list."""
        count, room = len(self._rows), self._room()
        self._at = min(max(0, self._at), max(0, count - 1))
        self._top = min(self._top, self._at, max(0, count - room))
        self._top = max(0, self._top, self._at - room + 1)
