"""The course of the state over a stretch of time, cut into the cells of one line. Pure, but for `read_course`."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Final

import msgspec

from core.domain.status import Level
from core.history.blackbox.epoch import LevelSpan
from core.history.blackbox.marks import Mark, MarkKind
from core.history.blackbox.reader import Box

_RANK: Final[dict[Level | None, int]] = {
    level: rank for rank, level in enumerate((Level.CRITICAL, Level.UNKNOWN, Level.WARNING, Level.OK, None))
}
"""The worst first; last that nothing is known at all."""

_MARKED: Final = (MarkKind.NOTE, MarkKind.ACTION)
"""The kinds that a cell shows; where it has both, the first."""

_MICROSECOND: Final = timedelta(microseconds=1)
_LEAST: Final = timedelta(minutes=1)


class Zoom(StrEnum):
    """The length of the past in the time line."""

    HOUR = "1 h"
    SIX_HOURS = "6 h"
    DAY = "24 h"
    ALL = "all"


_LENGTHS: Final = {Zoom.HOUR: timedelta(hours=1), Zoom.SIX_HOURS: timedelta(hours=6), Zoom.DAY: timedelta(hours=24)}


class Stretch(msgspec.Struct, frozen=True):
    """A part of the past. `whole`: it is all that is kept, and shorter than its zoom."""

    zoom: Zoom
    since: datetime
    until: datetime
    whole: bool = False

    def serves(self, at: datetime, zoom: Zoom) -> bool:
        """Return whether it holds a moment, at that zoom."""
        return self.zoom is zoom and self.since <= at <= self.until

    def cell_of(self, at: datetime, count: int) -> int | None:
        """Return the index of the cell that a moment is in, of `count` cells; `None` outside of them."""
        found = (at - self.since) // _MICROSECOND * count // self._microseconds
        return found if 0 <= found < count else count - 1 if at == self.until else None

    def begin_of(self, cell: int, count: int) -> datetime:
        """Return the first moment of a cell, of `count` cells."""
        return self.since - cell * -self._microseconds // count * _MICROSECOND

    @property
    def _microseconds(self) -> int:
        return (self.until - self.since) // _MICROSECOND


class Cell(msgspec.Struct, frozen=True):
    """One cell: the worst level within its span; `None` where nothing was recorded. `mark`: what was done or noted.

    `at`: the moment in it that it leads to: that of the mark, else where it is first so bad, else its middle.
    """

    level: Level | None
    at: datetime
    mark: MarkKind | None = None


class Course(msgspec.Struct, frozen=True):
    """The levels and marks of a stretch, all of them within it."""

    stretch: Stretch
    levels: tuple[LevelSpan, ...] = ()
    marks: tuple[Mark, ...] = ()

    def cells(self, count: int) -> tuple[Cell, ...]:
        """Return the stretch in `count` cells of equal length."""
        stretch = self.stretch
        begins = [stretch.begin_of(cell, count) for cell in range(count + 1)]
        worst: list[Level | None] = [None] * count
        at = [begin + (end - begin) / 2 for begin, end in pairwise(begins)]
        for span in self.levels:
            for cell in _covered(begins, span):
                if _RANK[span.level] < _RANK[worst[cell]]:
                    worst[cell], at[cell] = span.level, max(span.since, begins[cell])
        marks: list[MarkKind | None] = [None] * count
        for mark in self.marks:
            kind = next((kind for kind in _MARKED if kind in mark.kinds), None)
            place = min(bisect_right(begins, mark.at), count) - 1
            if kind is not None and marks[place] is not _MARKED[0]:
                marks[place], at[place] = kind, mark.at
        return tuple(map(Cell, worst, at, marks))


def stretch_around(
    at: datetime, zoom: Zoom, span: tuple[datetime, datetime], now: datetime, before: Stretch | None = None
) -> Stretch:
    """Return the stretch to show a moment in: the one before for as long as the moment is in it, else one around it.

    It never reaches beyond now, nor before what is kept; `span` is the first and last moment of that.
    """
    if before is not None and before.serves(at, zoom):
        return before
    first = min(span[0], at, now - _LEAST)
    length = _LENGTHS.get(zoom, now - first)
    if length >= now - first:
        return Stretch(zoom, first, now, whole=True)
    since = max(first, min(at - length / 2, now - length))
    return Stretch(zoom, since, since + length)


def read_course(box: Box, at: datetime, zoom: Zoom, now: datetime, before: Stretch | None = None) -> Course | None:
    """Return the course around a moment: over the stretch before, if that still does. `None`: nothing is kept.

    It reads the indexes of files and blocks; call it in a thread.
    """
    span = box.span()
    if span is None:
        return None
    stretch = stretch_around(at, zoom, span, now, before)
    until = stretch.until + _MICROSECOND
    return Course(stretch, box.levels(stretch.since, until), box.marks(stretch.since, until, of=_MARKED))


def _covered(begins: Sequence[datetime], span: LevelSpan) -> range:
    """Return the cells that a period reaches into, by where each begins; one that begins as it ends is not."""
    first = bisect_right(begins, span.since) - 1
    last = first if span.until <= span.since else bisect_left(begins, span.until) - 1
    return range(max(0, first), min(last, len(begins) - 2) + 1)
