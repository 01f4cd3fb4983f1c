"""The trends: four plots from an hour to a month, or one alone, with a cursor and marks. Imported when first opened."""

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar, Final

from textual import events, work
from textual.binding import BindingType
from textual.geometry import Region
from textual.widget import Widget

from core.domain.snapshot import Snapshot
from core.history.trends import CUTS, Grid, Trends, Window
from tui.actions.ui import Ui
from tui.base.error_boundary import within_error_boundary
from tui.base.key import Key, bindings
from tui.panels.head_lines import HeadLines
from tui.panels.plot import FIGURES, PlotPanel
from tui.rendering.plots import ASCII, UNICODE
from tui.rendering.text import Line, ago, choice_of, plain
from tui.rendering.trend_values import events_in_words, events_legend, values_at
from tui.screens.keys import LIST_KEYS, OPEN_KEYS, TIME_KEYS, TREND_KEYS
from tui.screens.view import View
from tui.time_travel.recorded import Moment

READ_EVERY_S: Final = 30.0

_WINDOWS: Final = tuple(Window)
_KEYS: Final = (*TREND_KEYS, *(key for key in LIST_KEYS if key.name == "back"))
_NOW_KEY: Final = next(key for key in TIME_KEYS if key.name == "now")
_SHORTER_KEY: Final = next(key for key in TREND_KEYS if key.name == "shorter")
_EVENTS_KEY: Final = next(key for key in OPEN_KEYS if key.name == "events")
_ROOM_FOR_LEGEND: Final = 30
_ROOM_FOR_EVENTS: Final = 10
"""The heights, in lines, from which on the signs of events are explained, and what happened at the cursor is told."""

_ROOM_FOR_FOUR: Final = (70, 14)
"""The width and height, in cells, from which four plots fit side by side."""


class TrendsView(View):
    """Reads what is known every 30 seconds at most, and has the monitor fetch what is not."""

    OWN_KEYS: ClassVar[tuple[Key, ...]] = _KEYS
    BINDINGS: ClassVar[list[BindingType]] = bindings(_KEYS)
    AUTO_FOCUS = ""

    def __init__(self, ui: Ui) -> None:
        super().__init__(ui)
        self._window = Window.DAY
        self._alone = 0
        """The number of the plot that is shown alone, from 1; 0: all plots."""
        self._trends: Trends | None = None
        self._read_at: float | None = None
        self._filling = False
        self._wrong = ""
        self._cursor: datetime | None = None
        """A moment in the bucket that the cursor is on; `None`: there is no cursor."""
        self._value_lines = (0, 0)
        """A width, and the lines that values at the cursor needed in it: kept, or the plots would move with it."""
        ascii_only = ui.appearance.signs.rule.isascii()
        self._marks = ASCII if ascii_only else UNICODE
        self._head = HeadLines(*self._style, id="trends-head")

    def body(self) -> Iterable[Widget]:
        """Yield the head, and a plot for each series."""
        yield self._head
        for name in FIGURES:
            yield PlotPanel(*self._style, self._marks, name)

    @property
    def window(self) -> Window:
        """The time window of the plots."""
        return self._window

    @property
    def cursor(self) -> datetime | None:
        """The beginning of the bucket that the cursor is on; `None`: there is no cursor."""
        return None if (grid := self._grid) is None else self._bucket(grid)

    def unavailable(self, moment: Moment) -> str:
        """Return that plots always end now, and the key that goes back to the present."""
        return f"trends exist only for the present; {_NOW_KEY.shown(self.ui.appearance.keymap)} goes back to now"

    def show(self, snapshot: Snapshot, banner: Line = ()) -> None:
        """Draw what was read last; read again when that is due, but not while frozen or hidden."""
        shown = self._trends if self._trends is not None and self._trends.window is self._window else None
        cursor = None if shown is None else self._bucket(shown.grid)
        for plot in self.panels(PlotPanel):
            plot.put(None if shown is None else shown.of(plot.id or ""))
            plot.mark(
                () if shown is None else shown.events, None if cursor is None or shown is None else (shown.grid, cursor)
            )
        width, height = self._body.size
        self._head.said = self._said(shown, snapshot, cursor, width, height)
        self._place()
        super().show(snapshot, banner)
        elapsed = self.ui.clock.elapsed()
        due = self._read_at is None or (elapsed - self._read_at >= _pause_s(shown) and not self._filling)
        if due and self.is_current and (shown is None or not self.ui.frozen):
            self._read_at = elapsed
            self._read()

    def action_back(self) -> None:
        """Take the cursor away, or else go back to the dashboard."""
        if self._cursor is None:
            self.ui.back()
        else:
            self._move(None)

    def action_cursor(self, by: int) -> None:
        """Move the cursor by so many buckets; where there is none, put it on the newest."""
        if (grid := self._grid) is None:
            return
        at = self._bucket(grid)
        number = grid.count - 1 if at is None else (grid.index_of(at) or 0) + by
        self._move(grid.begins[min(grid.count - 1, max(0, number))])

    def action_edge(self, end: int) -> None:
        """Put the cursor on the first bucket (0) or the last one (-1)."""
        if (grid := self._grid) is not None:
            self._move(grid.begins[end])

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where a plot was clicked; take it away where it stands already."""
        if (grid := self._grid) is None or not self.is_current or not isinstance(event.widget, PlotPanel):
            return
        column = event.screen_x - event.widget.region.x
        found = event.widget.bucket_at(column, grid)
        if found is not None:
            self._move(None if found == self._bucket(grid) else found)

    def action_window(self, by: int) -> None:
        """Choose the next shorter or longer window."""
        at = _WINDOWS.index(self._window) + by
        if 0 <= at < len(_WINDOWS):
            self._window, self._read_at = _WINDOWS[at], None
            self.ui.repaint()

    def action_plot(self) -> None:
        """Show one plot alone, then the next; after the last one all of them."""
        fit = self._four_fit()
        shown = self._alone or (0 if fit else 1)
        self._alone = shown + 1 if shown < len(FIGURES) else 0 if fit else 1
        self.ui.repaint()

    @property
    def _grid(self) -> Grid | None:
        """Return the buckets that the cursor may stand on; `None` while nothing is shown."""
        shown = self._trends
        return shown.grid if shown is not None and shown.window is self._window else None

    def _bucket(self, grid: Grid) -> datetime | None:
        """Return the bucket that the cursor is on, the nearest one of this window."""
        if self._cursor is None:
            return None
        return grid.begin_of(min(max(self._cursor, grid.since), grid.begins[-1]))

    def _move(self, to: datetime | None) -> None:
        self._cursor = to
        if to is None:
            self._value_lines = (0, 0)
        self.ui.repaint()

    def _not_read(self, why: str) -> None:
        self._wrong = why
        self.ui.repaint()

    @work(group="read", exclusive=True)
    @within_error_boundary("reading the trends", _not_read)
    async def _read(self) -> None:
        """Show what is known at once, then what is fetched from the project."""
        window, monitor = self._window, self.ui.monitor
        self._trends = await monitor.trends(window)
        self._filling = True
        self.ui.repaint()
        try:
            await monitor.fill_trends(window)
            self._trends = await monitor.trends(window)
        finally:
            self._filling = False
        self._wrong = ""
        self.ui.repaint()

    def _said(
        self, shown: Trends | None, snapshot: Snapshot, cursor: datetime | None, width: int, height: int
    ) -> tuple[Line, ...]:
        marks = self._marks
        windows = choice_of(_WINDOWS, self._window)
        own = f"{marks.of('own', bars=False)}{marks.of('own', bars=True)}"
        told = f"{marks.of('told', bars=False)}{marks.of('told', bars=True)}"
        legend: Line = (
            *((f"  {own} ", "title"), ("seen here", "text"), (f"  {told} ", "told"), ("tables", "text")),
            (self._asked(shown, snapshot), "dim"),
        )
        target: Line = ((f"  {marks.target} ", "dim"), ("target", "text"))
        read: Line = () if shown is None else ((f"  {shown.at.astimezone():%H:%M %Z}", "dim"),)
        first: Line = (*windows, *legend, *target, *read)
        said: list[Line] = [first if len(plain(first)) <= width else (*windows, *legend, *read)]  # the titles have it
        faults = () if shown is None else shown.faults
        wrong = self._wrong or (f"the tables are not read: {'; '.join(faults)}" if faults else "")
        if wrong:
            said.append(((f" {wrong}", "warning"),))
        if shown is None:
            return tuple(said)
        if cursor is not None:
            return (*said, *self._at_cursor(shown, cursor, width, height))
        return (*said, events_legend(shown, marks)) if height >= _ROOM_FOR_LEGEND and shown.events else tuple(said)

    def _at_cursor(self, shown: Trends, cursor: datetime, width: int, height: int) -> tuple[Line, ...]:
        """Return every value at the cursor, and what happened there; never fewer lines, or the plots would move."""
        lines = values_at(shown, cursor, width)
        before = self._value_lines[1] if self._value_lines[0] == width else 0
        self._value_lines = width, max(before, len(lines))
        lines += [()] * (before - len(lines))
        if height < _ROOM_FOR_EVENTS:
            return tuple(lines)
        plots = (plot for plot in self.panels(PlotPanel) if plot.display)
        under = {event for plot in plots for event in plot.under_cursor}
        here = shown.grid.index_of(cursor)  # a bucket may be wider than a cell of the plots, or narrower
        happened = [one for one in shown.events if one in under or shown.grid.index_of(one.at) == here is not None]
        return (*lines, events_in_words(happened, self._marks, width, self._apart))

    @property
    def _apart(self) -> str:
        """Return how events that share a cell can be seen apart."""
        keymap = self.ui.appearance.keymap
        if self._window is not _WINDOWS[0]:
            return f"{_SHORTER_KEY.shown(keymap)} shows less time"
        return f"{_EVENTS_KEY.last_shown(keymap)} lists events"

    def _asked(self, shown: Trends | None, snapshot: Snapshot) -> str:
        """Return the age of the tables' values in words."""
        if shown is None or shown.told_at is None:
            return " reading …" if self._filling else ""
        return f", {ago(shown.told_at, snapshot.at)}"

    def _place(self) -> None:
        width, height = self._body.size
        if not width or not height:
            return
        head = self._head
        top = max(1, min(len(head.said), height - 1))
        _put(head, Region(0, 0, width, top))
        alone = self._alone or (0 if self._four_fit() else 1)
        for number, plot in enumerate(self.panels(PlotPanel)):
            plot.display = alone in {0, number + 1}
            if plot.display:
                _put(plot, _place_of(number, Region(0, top, width, height - top), alone=bool(alone)))

    def _four_fit(self) -> bool:
        width, height = self._body.size
        return width >= _ROOM_FOR_FOUR[0] and height >= _ROOM_FOR_FOUR[1]


def _pause_s(shown: Trends | None) -> float:
    """Return the seconds between two reads: a month changes slowly, and has nine thousand samples of each kind."""
    if shown is None or shown.faults:
        return READ_EVERY_S
    return max(READ_EVERY_S, CUTS[shown.window].bucket.total_seconds() / 60)


def _place_of(number: int, room: Region, *, alone: bool) -> Region:
    """Return a plot's region: one of two by two with a column between them, or all of it."""
    if alone:
        return room
    left, upper = (room.width + 1) // 2, (room.height + 1) // 2
    x, y = (0 if number % 2 == 0 else left), (0 if number < 2 else upper)
    width = left - 1 if number % 2 == 0 else room.width - left
    return Region(room.x + x, room.y + y, width, upper if number < 2 else room.height - upper)


def _put(widget: Widget, place: Region) -> None:
    widget.styles.offset = (place.x, place.y)
    widget.styles.width, widget.styles.height = place.width, place.height
