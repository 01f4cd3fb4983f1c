"""The connections panel: circuit breakers that are not closed, and components whose data is not live."""

from collections.abc import Sequence
from typing import Final

from core.base.text import left_in_steps, plural
from core.domain.snapshot import Component, LinkWord, Snapshot
from core.resilience import PROBED_BY_NEXT_CALL, BreakerRecord, BreakerState
from core.resilience.reading import Source
from tui.panels.layout import DashboardColumn, Wish
from tui.panels.long_texts import with_long_texts
from tui.panels.panel import Panel, as_many_as_fit
from tui.rendering.table import TableColumn
from tui.rendering.text import Line, Signs, Span, age, latencies, oldness, plain, took

BREAKER_ROLE: Final = {
    BreakerState.CLOSED: "ok",
    BreakerState.DUE: "text",
    BreakerState.HALF_OPEN: "warning",
    BreakerState.OPEN: "critical",
    BreakerState.HELD: "critical",
}

DEGRADATION_LEVEL: Final = {"normal": "ok", "partial": "warning", "severe": "critical"}

_COLUMNS: Final = (TableColumn(most=1), TableColumn(most=10), TableColumn(most=30), TableColumn())
"""Sign, state, what it is, and more."""

_CELLS: Final = 12
"""The width of the sparkline of refreshes."""

_FRAME: Final = 4
"""The cells around title and shortcut in the rule."""

_MOST: Final = 5
"""The most breakers that are not closed for which other panels give way."""


class ConnectionsPanel(Panel):
    """One line while all breakers are closed and all data is live. The title shows how long refreshes take."""

    NAME = "connections"
    STEADY = True
    OPENS = "breakers"
    BESIDE = "components"
    COLUMN, RANK, FILLS = DashboardColumn.MIDDLE, 30, 45
    TITLE = "Connections"

    def wish(self, snapshot: Snapshot, width: int, height: int) -> Wish:
        """Ask for a line for each that is not well."""
        rows = self._rows(snapshot)
        every = len(with_long_texts(_COLUMNS, rows, width, height))
        return Wish(1 + min(len(rows), _MOST if height >= 28 else 2), 1 + every, part=True)

    def title(self, snapshot: Snapshot) -> Line:
        """Return the title with the number of open breakers, the level, and how long the last refreshes took."""
        theirs = len(of_service(snapshot))
        there: Line = ((f", {theirs} in the service", "critical"),) if theirs else ()
        level = snapshot.degradation.level.value
        room = self.size.width - _FRAME - len(self.shortcut) - len(self.TITLE) - len(plain(there))
        said = [(told, data) for told in self._counted(snapshot) for data in self._data(snapshot)]
        alone = (said[-1][0], "") if level == "normal" else ("", said[-1][1].removeprefix(","))
        told, data = next((one for one in said if sum(map(len, one)) <= room), alone)
        known: Line = ((self.TITLE, "title"), (told, not_closed_role(snapshot.breakers)), *there)
        head: Line = (*known, (data, "dim" if level == "normal" else DEGRADATION_LEVEL[level]))
        link = snapshot.link
        if link.word is not LinkWord.LIVE or link.latency_s is None:
            return head
        last = f", refresh {took(link.latency_s)} "
        if room < len(told) + len(data) + len(last) + _CELLS:
            return head
        return (*head, (last, "dim"), (latencies(link.recent, _CELLS, levels=self._signs.levels), "spark"))

    def _counted(self, snapshot: Snapshot) -> tuple[str, ...]:
        """Return how many breakers are not closed, in full and shorter."""
        bad, total = len(self._breakers(snapshot)), len(snapshot.breakers)
        every = plural(total, "breaker")
        if bad:
            return (f" {bad} of {every} not closed", f" {bad} of {total} not closed")
        return (f" {'all ' * (total > 1)}{every} closed" if total else " no breaker used yet",)

    def _data(self, snapshot: Snapshot) -> tuple[str, ...]:
        """Return how much of the data is live, in full and shorter."""
        degradation = snapshot.degradation
        if degradation.level.value == "normal":
            return (", data live",)
        lost, every = len(self._components(snapshot)), len(degradation.components)
        words = f", {degradation.level.words}"
        return (f"{words}: {lost} of {every} not live", words)

    def lines(self, snapshot: Snapshot, width: int, height: int) -> list[Line]:
        """Return the breakers that are not closed, the worst first, then the components that are not live."""
        return as_many_as_fit(with_long_texts(_COLUMNS, self._rows(snapshot), width, height), height)

    def _rows(self, snapshot: Snapshot) -> list[tuple[Span, ...]]:
        rows = [self._breaker(record, snapshot) for record in self._breakers(snapshot)]
        rows += [self._breaker(one, snapshot, "in the service, ") for one in worst_first(of_service(snapshot))]
        alike = dict[tuple[Source, str], list[Component]]()
        for one in self._components(snapshot):
            alike.setdefault((one.source, one.why), []).append(one)
        rows += [self._of_components(some, snapshot) for some in alike.values()]
        return rows

    def _breakers(self, snapshot: Snapshot) -> list[BreakerRecord]:
        return [record for record in worst_first(snapshot.breakers) if record.state is not BreakerState.CLOSED]

    def _components(self, snapshot: Snapshot) -> list[Component]:
        return [one for one in snapshot.degradation.components if one.source is not Source.LIVE]

    def _breaker(self, record: BreakerRecord, snapshot: Snapshot, where: str = "") -> tuple[Span, ...]:
        role = BREAKER_ROLE[record.state]
        more = f"{age(record.since, snapshot.at)}: {record.last_error}"
        if record.state is BreakerState.DUE:
            more = f"{PROBED_BY_NEXT_CALL}, {more}"
        elif record.state is BreakerState.OPEN and record.due_at is not None:
            more = f"probe in {left_in_steps((record.due_at - snapshot.at).total_seconds())}, {more}"
        elif record.state is BreakerState.HELD:
            more = f"{age(record.since, snapshot.at)} by {record.held_by}: {record.held_why}"
        word = record.state.value.replace("_", "-")
        return (breaker_sign(self._signs, record.state), (word, role), (record.key, "text"), (f"{where}{more}", "dim"))

    def _of_components(self, some: Sequence[Component], snapshot: Snapshot) -> tuple[Span, ...]:
        """Return the row of components that are not live for one reason, with the age of the oldest."""
        first, cached = some[0], some[0].source is Source.CACHED
        names = [one.name.replace("_", " ") for one in some]
        oldest = min((one.at for one in some if one.at is not None), default=None)
        more = f"{oldness(oldest, snapshot.at)} {first.why}" if cached else first.why
        return (
            (self._signs.warning, "warning"),
            ("last known" if cached else "no data", "warning"),
            (names[0] if len(names) == 1 else f"{len(names)} components", "text"),
            (more if len(names) == 1 else f"{more}: {', '.join(names)}", "dim"),
        )


def of_service(snapshot: Snapshot) -> tuple[BreakerRecord, ...]:
    """Return the breakers of the service beside this screen that are not closed."""
    return snapshot.service.breakers if snapshot.service is not None else ()


def breaker_sign(signs: Signs, state: BreakerState) -> Span:
    """Return the sign of a breaker's state; none for one that is due, of which nothing is known until its next call."""
    role = BREAKER_ROLE[state]
    return ("" if state is BreakerState.DUE else signs.level(role), role)


def not_closed_role(records: Sequence[BreakerRecord]) -> str:
    """Return the role of the number of breakers that are not closed: one that is due refuses no call."""
    if any(one.state.refuses for one in records):
        return "critical"
    return "dim" if all(one.state is BreakerState.CLOSED for one in records) else "text"


def worst_first(records: Sequence[BreakerRecord]) -> list[BreakerRecord]:
    """Return breakers that are not closed first, those that refuse calls before others, then by failures and name."""
    return sorted(
        records,
        key=lambda one: (one.state is BreakerState.CLOSED, not one.state.refuses, -one.failures, one.key),
    )
