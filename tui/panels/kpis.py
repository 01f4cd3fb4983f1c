"""The panel of key figures: each with its target, its course over the last day, and its basis."""

from datetime import datetime, timedelta
from typing import Final

from core.domain.kpis import DAY, Kpi
from core.domain.snapshot import LinkWord, Snapshot
from core.domain.status import Truth
from tui.panels.layout import DashboardColumn, Wish
from tui.panels.panel import Panel
from tui.rendering.kpi_age import is_last_known, noted, tells_age
from tui.rendering.table import TableColumn, table
from tui.rendering.text import Line, Span, oldness, spark

_ROLE: Final = {Truth.TRUE: "ok", Truth.FALSE: "warning", Truth.UNKNOWN: "text"}

_SCALE: Final = {
    "uptime": (99.0, 100.0),
    "error_budget": (0.0, 100.0),
    DAY: (80.0, 100.0),
    "success_7d": (80.0, 100.0),
    "mttr": (0.0, 600.0),
    "check_p50": (0.0, 0.5),
    "check_p95": (0.0, 0.5),
    "healing": (0.0, 10.0),
    "false_rescues": (0.0, 4.0),
}
"""The least span of each sparkline, so that a small change looks small."""

_TOGETHER: Final = timedelta(seconds=30)
"""The time within which figures were read that share an age."""

_MOVES: Final = {DAY: 0, "uptime": 2, "error_budget": 2}
"""The order in one line: what moves comes first, what needs weeks of watching last."""

_HEADED: Final = 4
"""The height in lines, title included, from which on the figures are a table."""

_COLUMNS: Final = (
    TableColumn(most=1),
    TableColumn(title="figure", most=16),
    TableColumn(title="value", most=12, right=True),
    TableColumn(title="target", most=8),
    TableColumn(title="24 h", most=24, drops=1),
    TableColumn(title="of"),
)


class KpisPanel(Panel):
    """A line per figure."""

    NAME = OPENS = "kpis"
    STEADY = True
    COLUMN, RANK, FILLS = DashboardColumn.RIGHT, 20, 62
    TITLE = "Key figures"

    def wish(self, snapshot: Snapshot, width: int, height: int) -> Wish:
        """Ask for one line with the first figures in it, better for a table of all."""
        return Wish(1, 2 + len(snapshot.kpis) if snapshot.kpis else 1)

    def title(self, snapshot: Snapshot) -> Line:
        """Return the title; without room for a table with the first figures, and their age where the link is down."""
        head: Line = ((self.TITLE, "title"),)
        if not snapshot.kpis:
            return (*head, (" not measured yet", "dim"))
        if self.size.height >= _HEADED:
            return head
        lost = snapshot.link.word is not LinkWord.LIVE
        told = [kpi.at for kpi in snapshot.kpis if lost and kpi.at is not None]
        old = f" last known, {oldness(max(told), snapshot.at)}" if told else ""
        since = max(told) - _TOGETHER if old else None
        return (*head, (old, "warning"), *self._in_line(snapshot, self.size.width - len(old), since))

    def lines(self, snapshot: Snapshot, width: int, height: int) -> list[Line]:
        """Return the figures in order under their headings; a dash where nothing was measured."""
        if not snapshot.kpis or height < _HEADED - 1:
            return []
        cells = 24 if width >= 80 else 12 if width >= 68 else 7
        rows = [self._row(kpi, snapshot, cells) for kpi in snapshot.kpis]
        return table(_COLUMNS, rows, width, steady=self._widths.at(snapshot.at, width))[:height]

    def _in_line(self, snapshot: Snapshot, width: int, since: datetime | None) -> Line:
        """Return as many figures as fit into one line, name and value; none that was read before `since`.

        Nor one whose age would have to be told, where one line for all has none.
        """
        spans, room = list[Span](), width - len(self.TITLE) - 6
        known = [one for one in snapshot.kpis if one.value is not None]
        known = [one for one in known if since is None or one.at is None or one.at >= since]
        known = [one for one in known if since is not None or not tells_age(one, snapshot)]
        for kpi in sorted(known, key=lambda one: _MOVES.get(one.name, 1)):
            value, role = self._value(kpi, old=is_last_known(kpi, snapshot))
            room -= len(kpi.title) + len(value) + 3
            if room < 0:
                break
            spans += [(f"  {kpi.title} ", "dim"), (value, role)]
        return tuple(spans)

    def _value(self, kpi: Kpi, *, old: bool) -> Span:
        if kpi.value is None:
            return self._signs.none, "dim"
        return kpi.text, "dim" if old else _ROLE[kpi.good]

    def _row(self, kpi: Kpi, snapshot: Snapshot, cells: int) -> tuple[Span, ...]:
        old = is_last_known(kpi, snapshot)
        signs = {Truth.TRUE: self._signs.ok, Truth.FALSE: self._signs.warning, Truth.UNKNOWN: ""}
        value = self._value(kpi, old=old)
        course = self._course(kpi, cells)
        return (
            (signs[kpi.good], "dim" if old else _ROLE[kpi.good]),
            (kpi.title, "text"),
            value,
            (kpi.target, "dim"),
            (course, "dim" if old else "spark"),
            (noted(kpi, snapshot), "dim"),
        )

    def _course(self, kpi: Kpi, cells: int) -> str:
        """Return the sparkline; empty if no value is known."""
        known = [value for value in kpi.recent[-cells:] if value is not None]
        if not known:
            return ""
        low, high = _SCALE.get(kpi.name, (min(known), max(known)))
        bounds = {"low": min(low, *known), "high": max(high, *known)}
        return spark(kpi.recent, cells, levels=self._signs.levels, **bounds)
