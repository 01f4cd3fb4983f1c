"""The connections panel: circuit breakers that are not closed, and components whose data is not live."""

from collections.abc import Sequence
from typing import Final

from core.base.text import left_in_steps, plural
from core.domain.snapshot import Component, LinkWord, Snapshot
from core.resilience import BreakerRecord, BreakerState
from core.resilience.reading import Source
from tui.panels.layout import DashboardColumn, Wish
from tui.panels.panel import Panel, as_many_as_fit
from tui.rendering.table import TableColumn, table
from tui.rendering.text import Line, Span, age, latencies, oldness, took

BREAKER_ROLE: Final = {
    BreakerState.CLOSED: "ok",
    BreakerState.DUE: "warning",
    BreakerState.HALF_OPEN: "warning",
    BreakerState.OPEN: "critical",
    BreakerState.HELD: "critical",
}

DEGRADATION_LEVEL: Final = {"normal": "ok", "partial": "warning", "severe": "critical"}

_COLUMNS: Final = (TableColumn(most=1), TableColumn(most=10), TableColumn(most=30), TableColumn())
"""Sign, state, what it is, and more."""

_CELLS: Final = 12
"""The width of the sparkline of refreshes."""

_ROOMY: Final = 84
"""The width in cells from which on the title tells how much of the data is not live."""

_MOST: Final = 5
"""The most breakers that are not closed for which other panels give way."""


class ConnectionsPanel(Panel):
    """One line while all breakers are closed and all data is live. The title shows how long refreshes take."""

    NAME = "connections"
    STEADY = True
    OPENS = "breakers"
    COLUMN, RANK, FILLS = DashboardColumn.MIDDLE, 30, 45
    TITLE = "Connections"

    def wish(self, snapshot: Snapshot, width: int, height: int) -> Wish:
        """Ask for a line for each that is not well."""
        bad = len(self._breakers(snapshot)) + len(of_service(snapshot)) + len(self._components(snapshot))
        return Wish(1 + min(bad, _MOST if height >= 28 else 2), 1 + bad)

    def title(self, snapshot: Snapshot) -> Line:
        """Return the title with the number of open breakers, the level, and how long the last refreshes took."""
        bad, total = len(self._breakers(snapshot)), len(snapshot.breakers)
        every = plural(total, "breaker")
        told = f" {bad} of {every} not closed" if bad else f" {'all ' * (total > 1)}{every} closed" if total else ""
        theirs = len(of_service(snapshot))
        there: Line = ((f", {theirs} in the service", "critical"),) if theirs else ()
        level, lost = snapshot.degradation.level.value, len(self._components(snapshot))
        data = f", {snapshot.degradation.level.words}"
        of_parts = f"{data}: {lost} of {len(snapshot.degradation.components)} not live"
        data = ", data live" if level == "normal" else of_parts if self.size.width >= _ROOMY else data
        head: Line = (
            (self.TITLE, "title"),
            (told or " no breaker used yet", "critical" if bad else "dim"),
            *there,
            (data, "dim" if level == "normal" else DEGRADATION_LEVEL[level]),
        )
        link = snapshot.link
        last = f", refresh {took(link.latency_s)}" if link.latency_s is not None and link.word is LinkWord.LIVE else ""
        if self.size.width < sum(len(text) for text, _ in head) + len(last) + _CELLS + 8 or link.latency_s is None:
            return head
        course = latencies(link.recent, _CELLS, levels=self._signs.levels)
        live = link.word is LinkWord.LIVE
        return (*head, (f"{last} ", "dim"), (course, "spark" if live else "dim"))

    def lines(self, snapshot: Snapshot, width: int, height: int) -> list[Line]:
        """Return the breakers that are not closed, the worst first, then the components that are not live."""
        rows = [self._breaker(record, snapshot) for record in self._breakers(snapshot)]
        rows += [self._breaker(one, snapshot, "in the service, ") for one in worst_first(of_service(snapshot))]
        rows += [self._component(component, snapshot) for component in self._components(snapshot)]
        return as_many_as_fit(table(_COLUMNS, rows, width, headed=False), height)

    def _breakers(self, snapshot: Snapshot) -> list[BreakerRecord]:
        return [record for record in worst_first(snapshot.breakers) if record.state is not BreakerState.CLOSED]

    def _components(self, snapshot: Snapshot) -> list[Component]:
        return [one for one in snapshot.degradation.components if one.source is not Source.LIVE]

    def _breaker(self, record: BreakerRecord, snapshot: Snapshot, where: str = "") -> tuple[Span, ...]:
        role = BREAKER_ROLE[record.state]
        more = f"{age(record.since, snapshot.at)}: {record.last_error}"
        if record.state is BreakerState.OPEN and record.due_at is not None:
            more = f"probe in {left_in_steps((record.due_at - snapshot.at).total_seconds())}, {more}"
        elif record.state is BreakerState.HELD:
            more = f"{age(record.since, snapshot.at)} by {record.held_by}: {record.held_why}"
        word = record.state.value.replace("_", "-")
        return ((self._signs.level(role), role), (word, role), (record.key, "text"), (f"{where}{more}", "dim"))

    def _component(self, component: Component, snapshot: Snapshot) -> tuple[Span, ...]:
        cached = component.source is Source.CACHED
        more = f"{oldness(component.at, snapshot.at)} {component.why}" if cached else component.why
        name = component.name.replace("_", " ")
        return (
            (self._signs.warning, "warning"),
            ("last known" if cached else "no data", "warning"),
            (name, "text"),
            (more, "dim"),
        )


def of_service(snapshot: Snapshot) -> tuple[BreakerRecord, ...]:
    """Return the breakers of the service beside this screen that are not closed."""
    return snapshot.service.breakers if snapshot.service is not None else ()


def worst_first(records: Sequence[BreakerRecord]) -> list[BreakerRecord]:
    """Return breakers that are not closed first, then by failures, then by name."""
    return sorted(records, key=lambda one: (one.state is BreakerState.CLOSED, -one.failures, one.key))
