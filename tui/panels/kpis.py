"""The KPIs panel: each figure with its target, its course over the last day, and its basis."""

from typing import Final

from core.domain.kpis import Kpi
from core.domain.snapshot import LinkWord, Snapshot
from core.domain.status import Truth
from tui.panels.layout import DashboardColumn, Wish
from tui.panels.panel import Panel
from tui.rendering.text import Line, oldness, spark

_ROLE: Final = {Truth.TRUE: "ok", Truth.FALSE: "warning", Truth.UNKNOWN: "text"}

_SCALE: Final = {
    "uptime": (99.0, 100.0),
    "error_budget": (0.0, 100.0),
    "success_24h": (80.0, 100.0),
    "success_7d": (80.0, 100.0),
    "mttr": (0.0, 600.0),
    "check_p50": (0.0, 0.5),
    "check_p95": (0.0, 0.5),
    "healing": (0.0, 10.0),
    "false_rescues": (0.0, 4.0),
}
"""The least span of each sparkline, so that a small change looks small."""

_VALUE_ENDS: Final = 22
"""Where the values end, in cells from where the title begins: what stands in a column is said above it."""

_NOTED: Final = 44
"""The width in cells from which a figure's note is shown."""


class KpisPanel(Panel):
    """A line per figure."""

    NAME = OPENS = "kpis"
    COLUMN, RANK, FILLS = DashboardColumn.MIDDLE, 10, 50
    TITLE = "KPIs"

    def wish(self, snapshot: Snapshot, height: int) -> Wish:
        """Ask for all figures, at least for the first three."""
        return Wish(min(4, 1 + max(1, len(snapshot.kpis))), 1 + max(1, len(snapshot.kpis)))

    def title(self, snapshot: Snapshot) -> Line:
        """Return the title with the columns' names, and the age of the project's figures while the link is not live."""
        told = [kpi.at for kpi in snapshot.kpis if kpi.at is not None]
        old = f" last known, {oldness(min(told), snapshot.at)}" if told and not _live(snapshot) else ""
        return ((self.TITLE, "title"), (f"{'value':>{_VALUE_ENDS - len(self.TITLE)}} target", "dim"), (old, "warning"))

    def lines(self, snapshot: Snapshot, width: int, height: int) -> list[Line]:
        """Return the figures in order; a dash where nothing was measured."""
        if not snapshot.kpis:
            return [(("  not measured yet", "dim"),)]
        return [self._kpi(kpi, width, old=kpi.at is not None and not _live(snapshot)) for kpi in snapshot.kpis]

    def _kpi(self, kpi: Kpi, width: int, *, old: bool) -> Line:
        signs = {Truth.TRUE: self._signs.ok, Truth.FALSE: self._signs.warning, Truth.UNKNOWN: " "}
        text = self._signs.none if kpi.value is None else kpi.text
        role = "dim" if old else _ROLE[kpi.good]
        figure: Line = (
            (f"{signs[kpi.good]} ", role),
            (f"{kpi.title:<14}", "text"),
            (f"{text:>10} ", role if kpi.value is not None else "dim"),
            (f"{kpi.target:<7}", "dim"),
        )
        if width < _NOTED:
            return figure
        course = self._course(kpi, width)
        return (*figure, (f" {course}", "dim" if old else "spark"), (kpi.note, "dim"))

    def _course(self, kpi: Kpi, width: int) -> str:
        """Return the sparkline; empty if no value is known, so that the note has its place."""
        cells = 24 if width >= 80 else 12 if width >= 68 else 7 if width >= 55 else 0
        known = [value for value in kpi.recent[-cells:] if value is not None] if cells else []
        if not known:
            return ""
        low, high = _SCALE.get(kpi.name, (min(known), max(known)))
        bounds = {"low": min(low, *known), "high": max(high, *known)}
        return spark(kpi.recent, cells, levels=self._signs.levels, **bounds) + " "


def _live(snapshot: Snapshot) -> bool:
    return snapshot.link.word is LinkWord.LIVE
