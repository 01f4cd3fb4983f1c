"""The events panel: who did what, newest first."""

from collections.abc import Sequence
from typing import Final

from core.domain.actors import short_of
from core.domain.events import Event
from core.domain.snapshot import Snapshot
from tui.panels.layout import DashboardColumn, Wish
from tui.panels.panel import Panel
from tui.rendering.table import TableColumn, table
from tui.rendering.text import CLOCK_CELLS, Line, Span, clock_time, oldness

_COLUMNS: Final = (TableColumn(most=CLOCK_CELLS), TableColumn())
_NAMES_IN_FULL: Final = 60
_TALL: Final = 28


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
        rows = [self._row(event, many, snapshot, width) for event, many in folded(snapshot.events)[:height]]
        return table(_COLUMNS, rows, width, headed=False)

    def _row(self, event: Event, many: int, snapshot: Snapshot, width: int) -> tuple[Span, ...]:
        role = event.level.value if event.level != "ok" else "text"
        who = event.who if width >= _NAMES_IN_FULL else short_of(event.who)
        times = f" (×{many})" if many > 1 else ""
        return ((clock_time(event.at, snapshot.at), "dim"), (f"{who}: {event.text}{times}", role))


def folded(events: Sequence[Event]) -> list[tuple[Event, int]]:
    """Return each event with how often it happened: what follows itself is one, that of the newest."""
    found = list[tuple[Event, int]]()
    for event in events:
        last = found[-1] if found else None
        if last is not None and (last[0].who, last[0].text) == (event.who, event.text):
            found[-1] = (last[0], last[1] + 1)
        else:
            found.append((event, 1))
    return found
