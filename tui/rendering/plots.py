"""Draw a time series as lines of cells, with plotext: axes, own measurements, the tables' values, and the target.

Only the figure of `textual_plotext` is used, which does not share plotext's global state; its widget would bypass our
themes and repaint the whole plot each time. Imported only when the trends screen is first opened.
"""

import math
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from textual_plotext.plot import Plot

from core.history.trends import TimeSeries
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
    """The signs of a plot, all different, so that no colour is needed. `…_none`: a bar of no height."""

    own: str = _FINE
    own_bar: str = "█"
    own_none: str = "▁"
    told: str = "•"
    told_bar: str = "░"
    told_none: str = "·"
    target: str = "╌"

    def of(self, source: str, *, bars: bool) -> str:
        """Return the sign of the source `own` or `told` in a plot, for the legend."""
        line = "⠒" if self.own == _FINE else self.own
        return {"own": self.own_bar if bars else line, "told": self.told_bar if bars else self.told}[source]


UNICODE: Final = PlotSigns()
ASCII: Final = PlotSigns(own="*", own_bar="#", own_none="_", told="o", told_bar=":", told_none=".", target="-")

_TARGET, _TOLD, _OWN, _OWN_BARS = 1, 2, 3, 4
ROLES: Final = {_TARGET: "dim", _TOLD: "told", _OWN: "title", _OWN_BARS: "spark"}
"""Plotext's colour numbers, used here as names of roles: a thin line needs more light than a bar."""

_COLOUR: Final = re.compile(r"\x1b\[(?:38;5;(\d+)|[\d;]*)m")


def plotted(series: TimeSeries, scale: AxisScale, marks: PlotSigns, width: int, height: int) -> list[Line]:
    """Return the plot in `width` cells and `height` lines, of `LEAST` at least."""
    low, high = _bounds(series, scale)
    ticks = values(low, high, max(2, height // 3), whole=scale.whole)
    cells = width - 1 - max(len(value_label(tick)) for tick in ticks)
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
        _bars(figure, series.told, (marks.told_bar, marks.told_none), _TOLD, cells)
        _bars(figure, series.own, (marks.own_bar, marks.own_none), _OWN_BARS, cells)
    else:
        _line(figure, series.told, marks.told, _TOLD)
        _line(figure, series.own, marks.own, _OWN)
    text: str = figure.build()
    return [_painted(line) for line in text.splitlines()[:height]]


def _line(figure: Any, known: Sequence[float | None], marker: str, colour: int) -> None:
    """Join adjacent values if the marker is fine enough for a line; otherwise draw each by itself."""
    draw = figure.plot if marker == _FINE else figure.scatter
    for begin, run in _runs(known):
        draw([begin + n + 0.5 for n in range(len(run))], run, marker=marker, color=colour)


def _bars(figure: Any, known: Sequence[float | None], markers: tuple[str, str], colour: int, cells: int) -> None:
    """Draw a bar for each value; one of no height has a sign of its own, so that it does not look like a gap."""
    wide = max(1, math.ceil(cells / len(known)))
    places = [(n + (k + 0.5) / wide, value) for n, value in enumerate(known) if value is not None for k in range(wide)]
    for marker, high in ((markers[1], False), (markers[0], True)):
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
