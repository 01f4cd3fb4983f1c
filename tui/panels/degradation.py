"""Degradation: the level, and what each component currently lives on."""

from typing import Final

from core.facts import Source
from core.snapshot import Component, Snapshot
from tui.panels.panel import Panel
from tui.text import Line, age

_LEVEL: Final = {"normal": "ok", "partial": "warning", "severe": "critical"}


class DegradationPanel(Panel):
    """Five components, live, cached or on defaults."""

    TITLE = "Degradation"

    def title(self, snapshot: Snapshot) -> Line:
        """With the level."""
        level = snapshot.degradation.level.value
        return ((self.TITLE, "title"), (f" {level}", _LEVEL[level]))

    def lines(self, snapshot: Snapshot, width: int, height: int) -> list[Line]:
        """A line a component."""
        return [self._component(component, snapshot) for component in snapshot.degradation.components]

    def _component(self, component: Component, snapshot: Snapshot) -> Line:
        name = f"{component.name.replace('_', ' '):<15}"
        if component.source is Source.LIVE:
            return ((f"{self._signs.ok} ", "ok"), (name, "text"), ("live", "ok"))
        old = f"last known, {age(component.at, snapshot.at)}" if component.source is Source.CACHED else "no data"
        return ((f"{self._signs.warning} ", "warning"), (name, "dim"), (old, "warning"), (f" {component.why}", "dim"))
