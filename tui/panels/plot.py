"""A time series as a plot: its name, unit and newest value, or the reason why it is empty."""

from typing import Final

import msgspec
from rich.style import Style

from core.base.text import short
from core.domain.snapshot import Snapshot
from core.history.trends import TimeSeries
from tui.panels.panel import Panel
from tui.panels.reader import wrap
from tui.rendering.axes import value_label
from tui.rendering.plots import LEAST, AxisScale, PlotSigns, plotted
from tui.rendering.text import Line, Signs


class PlotFigure(msgspec.Struct, frozen=True, kw_only=True):
    """The texts and scale of a plot. `unit` follows a value; `per_bucket`: a value counts one bucket."""

    title: str
    unit: str
    scale: AxisScale
    per_bucket: bool = False


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


_ROOMY: Final = 50
"""The width in cells from which the title says that a value is a median."""

_TO_COME: Final[Line] = (("  reading …", "dim"),)
_TOO_SMALL: Final[Line] = (("  too small for a plot", "dim"),)


class PlotPanel(Panel):
    """One plot; drawn anew only when its series or its size changes."""

    TITLE = "plot"

    def __init__(self, signs: Signs, styles: dict[str, Style], marks: PlotSigns, name: str) -> None:
        super().__init__(signs, styles, id=name)
        self._figure = FIGURES[name]
        self._marks = marks
        self._series: TimeSeries | None = None
        self._plotted: tuple[TimeSeries, int, int] | None = None
        self._lines: list[Line] = []

    def put(self, series: TimeSeries | None) -> None:
        """Set the series; `None`: it is being read."""
        self._series = series

    def title(self, snapshot: Snapshot) -> Line:
        """Return the name, the newest value with its unit, the length of a bucket, and the target."""
        figure, series = self._figure, self._series
        if series is None:
            return ((figure.title, "title"),)
        last = self._signs.none if series.last is None else f"{value_label(series.last)}{figure.unit}"
        target = self._target() if figure.scale.target is not None else ""
        long = short(series.grid.bucket)
        per = f" in {long}" if figure.per_bucket else f" median of {long}" if self.size.width >= _ROOMY else ""
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
        return self._lines

    def _target(self) -> str:
        target = self._figure.scale.target or 0.0
        return f" {self._marks.target} {value_label(target)}{self._figure.unit}"
