"""The degradation panel: the level, and the source of each component's data."""

from typing import Final

from core.domain.snapshot import Component, LinkWord, Snapshot
from core.resilience.reading import Source
from tui.panels.layout import DashboardColumn, Wish
from tui.panels.panel import Panel
from tui.rendering.text import Line, latencies, oldness, took

DEGRADATION_LEVEL: Final = {"normal": "ok", "partial": "warning", "severe": "critical"}


_CELLS: Final = 12
_ROOM: Final = 52
"""The width in cells from which the title has room for the duration of refreshes."""


class DegradationPanel(Panel):
    """Five components: live, cached or on defaults. The title shows the duration of the last refreshes."""

    NAME = "degradation"
    OPENS = "components"
    COLUMN, RANK, FILLS = DashboardColumn.MIDDLE, 30, 40
    TITLE = "Degradation"

    def wish(self, snapshot: Snapshot, height: int) -> Wish:
        """Ask for at least the components that are not live, and for all if there is room."""
        parts = snapshot.degradation.components
        return Wish(1 + sum(one.source is not Source.LIVE for one in parts), 1 + len(parts))

    def title(self, snapshot: Snapshot) -> Line:
        """Return the title with the level, and the duration of the last refreshes where it fits."""
        level = snapshot.degradation.level.value
        head: Line = ((self.TITLE, "title"), (f" {level}", DEGRADATION_LEVEL[level]))
        link = snapshot.link
        if self.size.width < _ROOM or link.latency_s is None:
            return head
        course = latencies(link.recent, _CELLS, levels=self._signs.levels)
        live = link.word is LinkWord.LIVE
        last = took(link.latency_s) if live else self._signs.none
        return (*head, (f"  refresh {last} ", "dim"), (course, "spark" if live else "dim"))

    def lines(self, snapshot: Snapshot, width: int, height: int) -> list[Line]:
        """Return a line per component; if not all fit, those that are not live first."""
        parts = snapshot.degradation.components
        if len(parts) > height:
            parts = tuple(sorted(parts, key=lambda one: one.source is Source.LIVE))
        return [self._component(component, snapshot) for component in parts]

    def _component(self, component: Component, snapshot: Snapshot) -> Line:
        name = f"{component.name.replace('_', ' '):<15}"
        if component.source is Source.LIVE:
            return ((f"{self._signs.ok} ", "ok"), (name, "text"), ("live", "ok"))
        old = f"last known, {oldness(component.at, snapshot.at)}" if component.source is Source.CACHED else "no data"
        return ((f"{self._signs.warning} ", "warning"), (name, "dim"), (old, "warning"), (f" {component.why}", "dim"))
