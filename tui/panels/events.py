"""The events panel: who did what, newest first."""

from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from typing import Final

from core.domain.actors import short_of
from core.domain.events import BreakerChanged, Event
from core.domain.snapshot import Snapshot
from core.resilience import BreakerCause
from tui.panels.layout import DashboardColumn, Wish
from tui.panels.panel import Panel
from tui.rendering.table import TableColumn, table
from tui.rendering.text import CLOCK_CELLS, Line, Span, clock_time, oldness

_COLUMNS: Final = (TableColumn(most=CLOCK_CELLS), TableColumn())
_NAMES_IN_FULL: Final = 60
_TALL: Final = 28
_PROBES: Final = {
    *(BreakerCause.DUE, BreakerCause.HURRIED, BreakerCause.ASKED),
    *(BreakerCause.PROBE_FAILED, BreakerCause.EXPIRED),
}
"""The causes of changes of a breaker that stays open."""


class EventsPanel(Panel):
    """Actions of operators, of the watchdog and of other hosts, and the agents' failures."""

    NAME = OPENS = "events"
    STEADY = True
    COLUMN, RANK, FILLS, GREEDY = DashboardColumn.BELOW, 40, 60, True
    TITLE = "Events"

    def wish(self, snapshot: Snapshot, width: int, height: int) -> Wish:
        """Ask for a few events at least, and for all free room."""
        return Wish(4 if height >= _TALL else 3, height)

    def title(self, snapshot: Snapshot) -> Line:
        """Return the title with the age of the project's log, where it is not live."""
        logs = snapshot.logs
        old = "" if logs.live or logs.at is None else f" others' last known, {oldness(logs.at, snapshot.at)}"
        return ((self.TITLE, "title"), (old, "warning"))

    def lines(self, snapshot: Snapshot, width: int, height: int) -> list[Line]:
        """Return a line per event, with its time or, if it is old, its age; while starting, the start's steps."""
        steps: list[Line] = [
            ((f"{self._signs.level(step.level)} ", step.level.value), (f"{step.name} ", "text"), (step.text, "dim"))
            for step in snapshot.start
        ]
        if not snapshot.ready:
            return steps[-height:]
        if not snapshot.events:
            return [(("nothing has happened yet", "dim"),)]
        runs = islice(folded(snapshot.events), height)
        rows = [self._row(event, many, snapshot, width) for event, many in runs]
        return table(_COLUMNS, rows, width, headed=False)

    def _row(self, event: Event, many: int, snapshot: Snapshot, width: int) -> tuple[Span, ...]:
        role = event.level.value if event.level != "ok" else "text"
        who = event.who if width >= _NAMES_IN_FULL else short_of(event.who)
        return ((clock_time(event.at, snapshot.at), "dim"), (f"{who}: {_text(event, many)}", role))


def folded(events: Iterable[Event]) -> Iterator[tuple[Event, int]]:
    """Yield the newest of each run of equal events, and how many they are; breakers that change alike are equal.

    Probes are left out: of a breaker that stays open there is one a minute.
    """
    for _, run in groupby((event for event in events if not _is_probe(event)), key=_kind):
        alike = list(run)
        yield alike[0], len(alike)


def _is_probe(event: Event) -> bool:
    return isinstance(event.what, BreakerChanged) and event.what.cause in _PROBES


def _kind(event: Event) -> tuple[str, str]:
    what = event.what
    return (event.who, f"breaker {what.state}" if isinstance(what, BreakerChanged) and not what.by else event.text)


def _text(event: Event, many: int) -> str:
    if many == 1:
        return event.text
    if isinstance(event.what, BreakerChanged) and not event.what.by:
        return f"{many} breakers {event.what.state}, the last one {event.what.key}: {event.what.why}"
    return f"{event.text} (×{many})"
