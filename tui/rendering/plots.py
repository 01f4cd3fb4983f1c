"""Draw a time series as lines of cells, with plotext: axes, own measurements, the tables' values, and the target.

Only the figure of `textual_plotext` is used, which does not share plotext's global state; its widget would bypass our
themes and repaint the whole plot each time. Imported only when the trends screen is first opened.
"""

import math
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final

import msgspec
from textual_plotext.plot import Plot

from core.history.trend_events import TrendEvent, TrendEventKind
from core.history.trends import Grid, TimeSeries
from tui.rendering.axes import times, value_label, values
from tui.rendering.text import Line, Span

LEAST: Final = (20, 4)
"""The smallest size, in cells and lines, at which a plot is legible."""


class AxisScale(msgspec.Struct, frozen=True, kw_only=True):
    """The least span of the value axis, the target, and whether values are whole numbers.

    `open_top`: whether higher values extend the axis; `bars`: whether each bucket is a bar.
    """

    low: float
    high: float
    target: float | None = None
    whole: bool = False
    bars: bool = False
    open_top: bool = True


_FINE: Final = "braille"
"""Plotext's marker with two by four dots per cell."""


class PlotSigns(msgspec.Struct, frozen=True, kw_only=True):
    """The signs of a plot, all different, so that no colour is needed. `…_none`: a bar of no height.

    `crossed`: the axis below the cursor. `events`: the sign of each kind on the axis; `many`: more than nine in a cell.
    """

    own: str = _FINE
    own_bar: str = "█"
    own_none: str = "▁"
    told: str = "•"
    told_bar: str = "▒"
    told_none: str = "·"
    target: str = "╌"
    cursor: str = "│"
    crossed: str = "┼"
    many: str = "∗"
    events: str = "✖■▲▶✚◆▼¶"

    def event(self, kind: TrendEventKind) -> str:
        """Return the sign of a kind of event."""
        return self.events[tuple(TrendEventKind).index(kind)]

    def of(self, source: str, *, bars: bool) -> str:
        """Return the sign of the source `own` or `told` in a plot, for the legend."""
        line = "⠒" if self.own == _FINE else self.own
        return {"own": self.own_bar if bars else line, "told": self.told_bar if bars else self.told}[source]


UNICODE: Final = PlotSigns()
ASCII: Final = PlotSigns(
    own="*", own_bar="#", own_none="_", told="o", told_bar=":", told_none=".", target="-",
    cursor="|", crossed="+", many="%", events="XSARHBDN",
)  # fmt: skip

EVENT_ROLES: Final = {
    TrendEventKind.OUTAGE: "critical",
    TrendEventKind.STOP: "critical",
    TrendEventKind.ALERT: "warning",
    TrendEventKind.RESUME: "ok",
    TrendEventKind.HEAL: "title",
    TrendEventKind.BREAKER: "warning",
    TrendEventKind.DEPLOY: "strong",
    TrendEventKind.NOTE: "text",
}

_TARGET, _TOLD, _OWN, _BAD, _BELOW = range(1, 6)
ROLES: Final = {_TARGET: "dim", _TOLD: "text", _OWN: "title", _BAD: "critical", _BELOW: "warning"}
"""Plotext's colour numbers, used here as names of roles. Bars are of failures, as on the dashboard."""

_COLOUR: Final = re.compile(r"\x1b\[(?:38;5;(\d+)|[\d;]*)m")


def plotted(series: TimeSeries, scale: AxisScale, marks: PlotSigns, width: int, height: int) -> list[Line]:
    """Return the plot in `width` cells and `height` lines, of `LEAST` at least."""
    low, high = _bounds(series, scale)
    ticks = _ticks(low, high, scale, height)
    cells = width - _axis_cells(ticks)
    count = series.grid.count
    figure: Any = Plot()
    figure.theme("clear")
    figure.plotsize(width, height)
    figure._set_size(width, height)  # as its own widget does: plotsize alone is forgotten
    figure.xaxes(True, False)
    figure.yaxes(True, False)
    figure.xlim(0, count)
    figure.ylim(low, high)
    figure.yticks(ticks, [value_label(tick) for tick in ticks])
    begins = [(_place(series, at), label) for at, label in times(series.grid.since, series.grid.until, cells)]
    figure.xticks([place for place, _ in begins], [label for _, label in begins])
    if scale.target is not None:
        figure.plot([0, count], [scale.target] * 2, marker=marks.target, color=_TARGET)
    if scale.bars:
        _bars(figure, series.told, (marks.told_bar, marks.told_none), cells)
        _bars(figure, series.own, (marks.own_bar, marks.own_none), cells)
    else:
        _line(figure, series.told, marks.told, _TOLD)
        _line(figure, series.own, marks.own, _OWN)
        if not scale.open_top and scale.target is not None:  # a share: what is below its target stands out
            for known, marker in ((series.told, marks.told), (series.own, marks.own)):
                _points(figure, [one if one is not None and one < scale.target else None for one in known], marker)
    text: str = figure.build()
    return [_painted(line) for line in text.splitlines()[:height]]


class PlotArea(msgspec.Struct, frozen=True, kw_only=True):
    """The part of a plot between its axes: the cells before it, and its width in cells."""

    left: int
    cells: int
    grid: Grid

    def column_of(self, at: datetime) -> int | None:
        """Return the cell of the plot at which a moment is; `None` outside of it."""
        if self.grid.index_of(at) is None:
            return None
        return self.left + self._cell((at - self.grid.since) / self.grid.bucket)

    def columns(self, grid: Grid) -> list[int]:
        """Return the cell of the middle of each bucket of a grid over the same time."""
        return [
            self.left + self._cell((at + grid.bucket / 2 - self.grid.since) / self.grid.bucket) for at in grid.begins
        ]

    def nearest(self, column: int, grid: Grid) -> datetime:
        """Return the beginning of the bucket of a grid that is drawn nearest to a cell, the middle one of several."""
        apart = [abs(one - column) for one in self.columns(grid)]
        least = min(apart)
        near = [n for n, cells in enumerate(apart) if cells == least]
        return grid.since + near[len(near) // 2] * grid.bucket

    def _cell(self, place: float) -> int:
        return min(self.cells - 1, max(0, int(0.5 + (self.cells - 1) * place / self.grid.count)))


def area_of(series: TimeSeries, scale: AxisScale, width: int, height: int) -> PlotArea:
    """Return where `plotted` draws the values."""
    left = _axis_cells(_ticks(*_bounds(series, scale), scale, height))
    return PlotArea(left=left, cells=width - left, grid=series.grid)


def by_column(events: Sequence[TrendEvent], area: PlotArea) -> dict[int, tuple[TrendEvent, ...]]:
    """Return the events by the cell of the plot at which they are."""
    found: dict[int, tuple[TrendEvent, ...]] = {}
    for event in events:
        if (column := area.column_of(event.at)) is not None:
            found[column] = (*found.get(column, ()), event)
    return found


def event_sign(events: Sequence[TrendEvent], marks: PlotSigns) -> Span:
    """Return the sign of the events in one cell: of one its kind's, of more how many they are."""
    worst = min(events, key=lambda event: tuple(TrendEventKind).index(event.kind))
    many = f"{len(events)}" if len(events) < 10 else marks.many
    return (marks.event(worst.kind) if len(events) == 1 else many), EVENT_ROLES[worst.kind]


def overlaid(lines: Sequence[Line], signs: dict[int, Span], cursor: int | None, marks: PlotSigns) -> list[Line]:
    """Return a plot with signs on its time axis, by their cells, and the cursor: a line where nothing is drawn."""
    axis = len(lines) - 2
    drawn = list(lines)
    for column, sign in signs.items():
        drawn[axis] = _with(drawn[axis], column, partial(_instead, sign))
    if cursor is not None:
        for row in range(axis):
            drawn[row] = _with(drawn[row], cursor, lambda there: _crossed(there, marks))
        below = signs.get(cursor)
        drawn[axis] = _with(drawn[axis], cursor, partial(_instead, (below[0] if below else marks.crossed, "cursor")))
    return drawn


def _instead(sign: Span, _: str) -> Span:
    return sign


def _crossed(there: str, marks: PlotSigns) -> Span:
    return (marks.cursor, "strong") if there in {" ", marks.target} else (there, "cursor")


def _with(line: Line, column: int, change: Callable[[str], Span]) -> Line:
    """Return the line with another sign at one cell; it is padded up to there. Every sign is one cell wide."""
    short = column + 1 - sum(len(text) for text, _ in line)
    spans = list[Span]()
    at = 0
    for text, role in (*line, (" " * max(0, short), "dim")):
        here = column - at
        if 0 <= here < len(text):
            parts = ((text[:here], role), change(text[here]), (text[here + 1 :], role))
            spans += [part for part in parts if part[0]]
        elif text:
            spans.append((text, role))
        at += len(text)
    return tuple(spans)


def _ticks(low: float, high: float, scale: AxisScale, height: int) -> tuple[float, ...]:
    return values(low, high, max(2, height // 3), whole=scale.whole)


def _axis_cells(ticks: Sequence[float]) -> int:
    return 1 + max(len(value_label(tick)) for tick in ticks)


def _line(figure: Any, known: Sequence[float | None], marker: str, colour: int) -> None:
    """Join adjacent values if the marker is fine enough for a line; otherwise draw each by itself."""
    draw = figure.plot if marker == _FINE else figure.scatter
    for begin, run in _runs(known):
        draw([begin + n + 0.5 for n in range(len(run))], run, marker=marker, color=colour)


def _points(figure: Any, known: Sequence[float | None], marker: str) -> None:
    """Draw the values by themselves, where there are any."""
    places = [(n + 0.5, value) for n, value in enumerate(known) if value is not None]
    if places:
        figure.scatter([x for x, _ in places], [y for _, y in places], marker=marker, color=_BELOW)


def _bars(figure: Any, known: Sequence[float | None], markers: tuple[str, str], cells: int) -> None:
    """Draw a bar for each value; one of no height has a sign of its own, so that it does not look like a gap."""
    wide = max(1, math.ceil(cells / len(known)))
    places = [(n + (k + 0.5) / wide, value) for n, value in enumerate(known) if value is not None for k in range(wide)]
    for marker, high, colour in ((markers[1], False, _TARGET), (markers[0], True, _BAD)):
        drawn = [(x, value) for x, value in places if (value > 0) is high]
        if drawn:
            figure.scatter([x for x, _ in drawn], [y for _, y in drawn], marker=marker, color=colour, fillx=True)


def _runs(known: Sequence[float | None]) -> list[tuple[int, list[float]]]:
    """Return the runs of adjacent values, each with its first index; between two runs there is a gap."""
    runs: list[tuple[int, list[float]]] = []
    for n, value in enumerate(known):
        if value is None:
            continue
        if runs and runs[-1][0] + len(runs[-1][1]) == n:
            runs[-1][1].append(value)
        else:
            runs.append((n, [value]))
    return runs


def _bounds(series: TimeSeries, scale: AxisScale) -> tuple[float, float]:
    known = [value for value in (*series.own, *series.told) if value is not None]
    top = max([scale.high, *known]) if scale.open_top else scale.high
    return min([scale.low, *known]), top


def _place(series: TimeSeries, at: datetime) -> float:
    return (at - series.grid.since) / series.grid.bucket


def _painted(line: str) -> Line:
    """Return the line with roles in place of colours; adjacent text in one role becomes one span."""
    spans: list[Span] = []
    role, at = "dim", 0
    for found in (*_COLOUR.finditer(line), None):
        text = line[at : found.start() if found is not None else None]
        if text and spans and role == spans[-1][1]:
            spans[-1] = (spans[-1][0] + text, spans[-1][1])
        elif text:
            spans.append((text, role))
        if found is not None:
            role, at = ROLES[int(found[1])] if found[1] else "dim", found.end()
    return tuple(spans)
