"""The figures beside the trends: what finished by day, by week, by type, over a day, a week or a month."""

from collections.abc import Iterable
from typing import ClassVar, Final

import msgspec
from textual import work
from textual.binding import BindingType
from textual.widget import Widget

from core.domain.figures import FigureBy, Figures
from core.domain.snapshot import LinkWord, Snapshot
from core.history.trends import Window
from core.resilience.reading import Reading, Source
from tui.actions.ui import Ui
from tui.base.error_boundary import within_error_boundary
from tui.base.key import Key, bindings
from tui.lists.figures import FigureList
from tui.panels.head_lines import HeadLines
from tui.rendering.figures import COUNTED, UNMARKED, left_out
from tui.rendering.text import Line, ago, choice_of, origin
from tui.screens.keys import FIGURE_KEYS, LIST_KEYS, TIME_KEYS
from tui.screens.list_view import ListView
from tui.time_travel.recorded import Moment

_WINDOWS: Final = (Window.DAY, Window.WEEK, Window.MONTH)
_KEYS: Final = (*FIGURE_KEYS, *(key for key in LIST_KEYS if key.name in {"open", "back"}))
_NOW_KEY: Final = next(key for key in TIME_KEYS if key.name == "now")

READ_EVERY_S: Final = 300.0
"""The period in which the project is asked again while the view is open; of many tasks each costs megabytes."""
_MANY: Final = 2_000
_MANY_EVERY_S: Final = 1800.0
_FAILED_EVERY_S: Final = 30.0


class FiguresView(ListView):
    """Reads the figures of a window when it is chosen, and seldom after that."""

    KEPT = False
    OWN_KEYS: ClassVar[tuple[Key, ...]] = _KEYS
    BINDINGS: ClassVar[list[BindingType]] = bindings(FIGURE_KEYS)
    listed: FigureList

    def __init__(self, ui: Ui) -> None:
        super().__init__(ui, FigureList(ui))
        self._window = Window.WEEK
        self._known: dict[Window, Reading[Figures]] = {}
        self._read_at: float | None = None
        self._reading = False
        self._unforeseen = ""

    def body(self) -> Iterable[Widget]:
        """Yield the lines about the figures, then the list."""
        yield HeadLines(*self._style, id="figures-head")
        yield from super().body()

    @property
    def window(self) -> Window:
        """The time that the figures are of."""
        return self._window

    def unavailable(self, moment: Moment) -> str:
        """Return that figures always end now, and the key that goes back to the present."""
        return f"figures exist only for the present; {_NOW_KEY.shown(self.ui.appearance.keymap)} goes back to now"

    def show(self, snapshot: Snapshot, banner: Line = ()) -> None:
        """Draw what was read last; read again when that is due, but not while frozen or hidden."""
        known = self._known.get(self._window)
        self.listed.reading = reading = _as_shown(known, snapshot)
        self.list.columns = self.listed.columns
        for head in self.panels(HeadLines):
            head.said = (self._chosen(reading, snapshot), self._origin(reading, snapshot))
        super().show(snapshot, banner)
        elapsed = self.ui.clock.elapsed()
        due = self._read_at is None or (elapsed - self._read_at >= _pause_s(known) and not self._reading)
        if due and self.is_current and (reading is None or not self.ui.frozen):
            self._read_at = elapsed
            self._read()

    def action_by(self) -> None:
        """Show the figures by the next: day, week, type."""
        each = tuple(FigureBy)
        self.listed.by = each[(each.index(self.listed.by) + 1) % len(each)]
        self.list.to(0)
        self.ui.repaint()

    def action_window(self, by: int) -> None:
        """Choose the next shorter or longer window."""
        at = _WINDOWS.index(self._window) + by
        if 0 <= at < len(_WINDOWS):
            self._window, self._read_at = _WINDOWS[at], None
            self.ui.repaint()

    def _not_read(self, why: str) -> None:
        self._reading, self._unforeseen = False, why
        self.ui.repaint()

    @work(group="read", exclusive=True)
    @within_error_boundary("reading the figures", _not_read)
    async def _read(self) -> None:
        window, self._reading = self._window, True
        self.ui.repaint()
        self._known[window] = await self.ui.monitor.figures_over(window)
        self._reading, self._unforeseen = False, ""
        self.ui.repaint()

    def _chosen(self, reading: Reading[Figures] | None, snapshot: Snapshot) -> Line:
        """Return what may be shown and what is, and how old that is."""
        at = None if reading is None else reading.at
        read = "  reading …" if self._reading else "" if at is None else f"  read {ago(at, snapshot.at)}"
        kinds = choice_of(tuple(FigureBy), self.listed.by)
        return ((" by ", "dim"), *kinds, ("   over ", "dim"), *choice_of(_WINDOWS, self._window), (read, "dim"))

    def _origin(self, reading: Reading[Figures] | None, snapshot: Snapshot) -> Line:
        """Return what is not known or not of now, else what is counted."""
        if self._unforeseen:
            return ((f" {self._unforeseen}", "critical"),)
        if reading is None or reading.value is None:
            return ((f" {COUNTED}", "dim"),)
        if not reading.live:
            why = f": {reading.fault.sentence()}" if reading.fault is not None else ""
            return ((f"{origin(reading, snapshot.at)}{why}", "warning"),)
        unmarked = "" if reading.value.all.simulated is not None else UNMARKED
        said = left_out(reading.value) or unmarked
        return ((f" {said}", "warning"),) if said else ((f" {COUNTED}", "dim"),)

    def _none(self) -> Line:
        reading = self._known.get(self._window)
        if reading is None:
            return ((f"  {self._unforeseen}", "critical"),) if self._unforeseen else (("  reading …", "dim"),)
        if reading.value is None and reading.fault is not None:
            return ((f"  cannot be read now: {reading.fault.sentence()}", "warning"),)
        return super()._none()


def _as_shown(reading: Reading[Figures] | None, snapshot: Snapshot) -> Reading[Figures] | None:
    """Return what was read last, as last known where the link is not live."""
    if reading is None or not reading.live or snapshot.link.word is LinkWord.LIVE:
        return reading
    return msgspec.structs.replace(reading, source=Source.CACHED)


def _pause_s(reading: Reading[Figures] | None) -> float:
    """Return the seconds from one read to the next."""
    if reading is None or reading.value is None or not reading.live:
        return _FAILED_EVERY_S
    return READ_EVERY_S if reading.value.looked < _MANY else _MANY_EVERY_S
