"""KPIs: each figure beside its target, and what it rests on."""

from typing import Final

from core.facts import Truth
from core.snapshot import Kpi, Snapshot
from tui.panels.arrangement import Wish
from tui.panels.panel import Panel
from tui.text import Line

_ROLE: Final = {Truth.TRUE: "ok", Truth.FALSE: "warning", Truth.UNKNOWN: "text"}


class KpisPanel(Panel):
    """A line a figure."""

    NAME = OPENS = "kpis"
    TITLE = "KPIs"

    def wish(self, snapshot: Snapshot, height: int) -> Wish:
        """All figures, or the first few."""
        return Wish(min(4, 1 + max(1, len(snapshot.kpis))), 1 + max(1, len(snapshot.kpis)))

    def lines(self, snapshot: Snapshot, width: int, height: int) -> list[Line]:
        """In their order; a dash is what was not measured."""
        if not snapshot.kpis:
            return [(("  not measured yet", "dim"),)]
        return [self._kpi(kpi) for kpi in snapshot.kpis]

    def _kpi(self, kpi: Kpi) -> Line:
        signs = {Truth.TRUE: self._signs.ok, Truth.FALSE: self._signs.warning, Truth.UNKNOWN: " "}
        text = self._signs.none if kpi.value is None else kpi.text
        return (
            (f"{signs[kpi.good]} ", _ROLE[kpi.good]),
            (f"{kpi.title:<14}", "text"),
            (f"{text:>12} ", _ROLE[kpi.good] if kpi.value is not None else "dim"),
            (f"{kpi.target:<9} ", "dim"),
            (kpi.note, "dim"),
        )
