"""A time series as a plot: its name, unit and newest value, or the reason why it is empty."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec
from rich.style import Style

from core.base.text import short
from core.domain.snapshot import Snapshot
from core.history.trend_events import TrendEvent
from core.history.trends import Grid, TimeSeries
from tui.panels.panel import Panel
from tui.panels.reader import wrap
from tui.rendering.axes import value_label
from tui.rendering.plots import (
    LEAST,
    AxisScale,
    PlotArea,
    PlotSigns,
    area_of,
    by_column,
    event_sign,
    overlaid,
    plotted,
)
from tui.rendering.text import Line, Signs


class PlotFigure(msgspec.Struct, frozen=True, kw_only=True):
    """The texts and scale of a plot. `unit` follows a value; `per_bucket`: a value counts one bucket.

    `aim`: the target in words, where it is too far off for a line.
    """

    title: str
    unit: str
    scale: AxisScale
    per_bucket: bool = False
    aim: str = ""


FIGURES: Final = {
    "success": PlotFigure(
        title="Success rate", unit=" %", scale=AxisScale(low=80, high=100, target=95, open_top=False), per_bucket=True
    ),
    "failures": PlotFigure(
        title="Failures", unit="", scale=AxisScale(low=0, high=4, whole=True, bars=True), per_bucket=True
    ),
    "checks": PlotFigure(title="Check latency", unit=" s", scale=AxisScale(low=0, high=2.2, target=2)),
    "queue": PlotFigure(title="Queue length", unit=" pending", scale=AxisScale(low=0, high=5, whole=True)),
}

_QUICK: Final = PlotFigure(title="Check latency", unit=" ms", scale=AxisScale(low=0, high=100), aim="< 2 s")
_QUICK_S: Final = 0.9
"""The latency in seconds up to which the axis is of milliseconds."""

_ROOMY: Final = 50
"""The width in cells from which the title says that a value is a median."""

_TO_COME: Final[Line] = (("  reading …", "dim"),)
_TOO_SMALL: Final[Line] = (("  too small for a plot", "dim"),)


class PlotPanel(Panel):
    """One plot, with marks on its time axis and a cursor; drawn anew only when its series or its size changes."""

    TITLE = "plot"

    def __init__(self, signs: Signs, styles: dict[str, Style], marks: PlotSigns, name: str) -> None:
        super().__init__(signs, styles, id=name)
        self._of = name
        self._figure = FIGURES[name]
        self._marks = marks
        self._series: TimeSeries | None = None
        self._plotted: tuple[TimeSeries, int, int] | None = None
        self._lines: list[Line] = []
        self._events: tuple[TrendEvent, ...] = ()
        self._cursor: tuple[Grid, datetime] | None = None

    def mark(self, events: tuple[TrendEvent, ...], cursor: tuple[Grid, datetime] | None) -> None:
        """Set what happened, and the grid and the bucket that the cursor is on; `None`: there is no cursor."""
        self._events, self._cursor = events, cursor

    @property
    def under_cursor(self) -> tuple[TrendEvent, ...]:
        """Return the events in the cell that the cursor is on."""
        area = self._area
        column = None if area is None else self._column(area)
        return () if area is None or column is None else by_column(self._events, area).get(column, ())

    def bucket_at(self, column: int, grid: Grid) -> datetime | None:
        """Return the bucket of a grid that is drawn at a cell of the panel; `None` where none is."""
        area = self._area
        return None if area is None or column < area.left else area.nearest(column, grid)

    def put(self, series: TimeSeries | None) -> None:
        """Set the series; `None`: it is being read."""
        self._series, self._figure = series, FIGURES[self._of]
        known = [value for value in (*series.own, *series.told) if value is not None] if series is not None else []
        if self._of == "checks" and known and max(known) < _QUICK_S and series is not None:
            self._series, self._figure = in_milliseconds(series), _QUICK

    def title(self, snapshot: Snapshot) -> Line:
        """Return the name, the newest value with its unit, the length of a bucket, and the target."""
        figure, series = self._figure, self._series
        if series is None:
            return ((figure.title, "title"),)
        last = self._signs.none if series.last is None else f"{self._label(series.last)}{figure.unit}"
        target = self._target()
        long = short(series.grid.bucket)
        per = f" median of {long}" if self.size.width >= _ROOMY else ""
        if figure.per_bucket:  # one that is not over may be seconds old
            begun = series.grid.until - series.grid.bucket
            per = f" in {long}" if series.last_is_over else f" since {begun.astimezone():%H:%M}"
        return ((figure.title, "title"), (f" {last}", "text"), (per, "dim"), (target, "dim"))

    def lines(self, snapshot: Snapshot, width: int, height: int) -> list[Line]:
        """Return the plot, or in words why there is none."""
        series = self._series
        if series is None:
            return [_TO_COME]
        if series.why:
            return wrap(((f"  {series.why}", "dim"),), width)[:height]
        if width < LEAST[0] or height < LEAST[1]:
            return [_TOO_SMALL][:height]
        if self._plotted != (series, width, height):
            self._plotted = (series, width, height)
            self._lines = plotted(series, self._figure.scale, self._marks, width, height)
        area = area_of(series, self._figure.scale, width, height)
        signs = {at: event_sign(events, self._marks) for at, events in by_column(self._events, area).items()}
        return overlaid(self._lines, signs, self._column(area), self._marks)

    @property
    def _area(self) -> PlotArea | None:
        """Return where the values are drawn now; `None` where none are."""
        width, height = self.size.width, self.size.height - 1
        if self._series is None or self._series.why or width < LEAST[0] or height < LEAST[1]:
            return None
        return area_of(self._series, self._figure.scale, width, height)

    def _column(self, area: PlotArea) -> int | None:
        if self._cursor is None:
            return None
        grid, begin = self._cursor
        return area.column_of(begin + grid.bucket / 2)

    def _label(self, value: float) -> str:
        return f"{value:,.0f}" if self._figure.scale.whole or self._figure is _QUICK else value_label(value)

    def _target(self) -> str:
        figure = self._figure
        if figure.scale.target is None:
            return f" target {figure.aim}" if figure.aim else ""
        return f" {self._marks.target} {value_label(figure.scale.target)}{figure.unit}"


def in_milliseconds(series: TimeSeries) -> TimeSeries:
    """Return a series of seconds in milliseconds."""

    def scaled(values: Sequence[float | None]) -> tuple[float | None, ...]:
        return tuple(None if value is None else 1000 * value for value in values)

    return msgspec.structs.replace(series, own=scaled(series.own), told=scaled(series.told))
