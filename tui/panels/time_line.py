"""The time line of the past: the course of the state under the top lines, to walk and to click in."""

from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

from rich.cells import cell_len
from textual import events
from textual.message import Message

from core.domain.snapshot import Snapshot
from core.domain.status import Level
from core.history.blackbox import Cell, Course, MarkKind, Stretch
from tui.panels.panel import Panel
from tui.rendering.axes import times
from tui.rendering.text import Line, Span

_FEWEST: Final = 10
"""The fewest cells beside which the ends are labelled."""

_SECONDS_BELOW: Final = timedelta(minutes=20)
_BETWEEN: Final = 2
_RUN: Final = 8


class TimeLine(Panel):
    """Each cell has the sign and colour of the worst state in its span, and leads there by a click.

    The cursor stands where the screen is. It, and the sign of what was done or noted, stand in the colours and
    attributes of the state. On one line the ends are labelled beside the cells, on two below them, with hours or days.
    """

    class Picked(Message):
        """Sent when a cell was clicked."""

        def __init__(self, at: datetime) -> None:
            super().__init__()
            self.at = at

    _course: Course | None = None
    _at: datetime | None = None
    _cells: tuple[Cell, ...] = ()
    _first = 0
    """The cells, and the column of the first of them."""
    _cut: tuple[Course, int] | None = None

    def put(self, course: Course | None, at: datetime) -> None:
        """Set the course, `None` while it is not read yet, and the moment that the screen shows."""
        self._course, self._at = course, at

    def lines(self, snapshot: Snapshot, width: int, height: int) -> list[Line]:
        """Return one line, or two with the labels below."""
        course = self._course
        if course is None:
            self._cells, self._cut = (), None
            return [((" reading the black box …", "dim"),)]
        left, right = ends(course.stretch)
        room = width - 2 if height > 1 else width - 4 - cell_len(left) - cell_len(right)
        labelled = room >= _FEWEST
        count = max(1, room if labelled else width)
        self._first = 0 if not labelled else 1 if height > 1 else cell_len(left) + 2
        if self._cut != (course, count):
            self._cut, self._cells = (course, count), course.cells(count)
        cursor = None if self._at is None else course.stretch.cell_of(self._at, count)
        drawn = self._drawn_cells(cursor)
        if not labelled:
            return [drawn]
        if height < 2:
            return [((f" {left} ", "dim"), *drawn, (f" {right} ", "dim"))]
        return [((" ", "text"), *drawn), ((f" {self._labels(course, left, right, count)}", "dim"),)]

    def on_click(self, event: events.Click) -> None:
        """Tell which moment the clicked cell leads to."""
        event.stop()
        cell = event.x - self._first
        if self._course is not None and 0 <= cell < len(self._cells):
            self.post_message(self.Picked(self._cells[cell].at))

    def _drawn_cells(self, cursor: int | None) -> Line:
        """Return the cells in short runs: a step of the cursor redraws no more than the runs it leaves and enters."""
        signs = [self._sign(cell, at_cursor=n == cursor) for n, cell in enumerate(self._cells)]
        runs = groupby(enumerate(signs), key=lambda one: (one[1][1], one[0] // _RUN))
        return tuple(("".join(sign for _, (sign, _) in run), role) for (role, _), run in runs)

    def _sign(self, cell: Cell, *, at_cursor: bool) -> Span:
        signs, level = self._signs, cell.level
        block = f"state-{level}" if level else "past"
        if at_cursor:
            return signs.cursor, block
        if cell.mark is not None:
            return signs.noted if cell.mark is MarkKind.NOTE else signs.acted, block
        if level is None:
            return signs.unseen, "dim"
        return signs.calm if level is Level.OK else signs.level(level), level.value

    def _labels(self, course: Course, left: str, right: str, count: int) -> str:
        """Return the labels below the cells: both ends, what the marks mean, and hours or days as far as they fit."""
        stretch = course.stretch
        kinds = {cell.mark for cell in self._cells}
        told = [f"{self._signs.acted} action"] if MarkKind.ACTION in kinds else []
        told += [f"{self._signs.noted} note"] if MarkKind.NOTE in kinds else []
        told += [f"{self._signs.unseen} nothing kept"] if any(cell.level is None for cell in self._cells) else []
        right = "  ".join((*told, f"zoom {stretch.zoom}", right))
        line = left
        for at, label in times(stretch.since, stretch.until, count):
            begin = (stretch.cell_of(at, count) or 0) - cell_len(label) // 2
            if begin >= cell_len(line) + _BETWEEN and begin + cell_len(label) + _BETWEEN <= count - cell_len(right):
                line = line.ljust(begin) + label
        return line.ljust(max(0, count - cell_len(right))) + right


def ends(stretch: Stretch) -> tuple[str, str]:
    """Return the labels of both ends, in local time: with seconds where it is short, with the day where it is long."""
    since, until = stretch.since.astimezone(), stretch.until.astimezone()
    clock = "%H:%M:%S" if until - since < _SECONDS_BELOW else "%H:%M"
    day = "" if since.date() == until.date() else "%-d %b "
    zone = " %Z" if since.utcoffset() != until.utcoffset() else ""
    return f"{since:{day}{clock}{zone}}", f"{until:{day}{clock}{zone}}"
