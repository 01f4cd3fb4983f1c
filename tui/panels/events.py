"""The events panel: who did what, newest first."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Final

from core.base.text import short
from core.domain.actors import short_of
from core.domain.events import BreakerChanged, Event
from core.domain.snapshot import Snapshot
from tui.panels.layout import DashboardColumn, Wish
from tui.panels.long_texts import with_long_texts
from tui.panels.panel import Panel
from tui.rendering.table import TableColumn
from tui.rendering.text import CLOCK_CELLS, Line, Span, clock_time, oldness, written

_COLUMNS: Final = (TableColumn(most=CLOCK_CELLS), TableColumn())
_NAMES_IN_FULL: Final = 60
_TALL: Final = 28
_SPAN: Final = timedelta(minutes=10)
"""What the agents' failures of one kind are told together within."""


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
        rows = [self._row(run, snapshot, width) for run in folded(snapshot.events)[:height]]
        return with_long_texts(_COLUMNS, rows, width, height, steady=self._widths.at(snapshot.at, width))

    def _row(self, run: Sequence[Event], snapshot: Snapshot, width: int) -> tuple[Span, ...]:
        event = run[0]
        role = event.level.value if event.level != "ok" else "text"
        who = event.who if width >= _NAMES_IN_FULL else short_of(event.who)
        told = f"{who}: {_text(run)}{written(event.written_at, snapshot.at)}"
        return ((clock_time(event.at, snapshot.at), "dim"), (told, role))


def folded(events: Iterable[Event]) -> list[list[Event]]:
    """Return runs of equal events, the newest of each first; breakers that change alike are equal.

    Failures of one kind need not be neighbours: in a storm others lie between. Probes are left out.
    """
    runs = list[list[Event]]()
    last = dict[tuple[str, str], list[Event]]()
    for event in events:
        if isinstance(event.what, BreakerChanged) and event.what.probes:
            continue
        kind = _kind(event)
        run = last.get(kind)
        if run is not None and (runs[-1] is run or (event.failure and run[0].at - event.at <= _SPAN)):
            run.append(event)
        else:
            last[kind] = [event]
            runs.append(last[kind])
    return runs


def _kind(event: Event) -> tuple[str, str]:
    what = event.what
    if isinstance(what, BreakerChanged) and not what.by:
        return event.who, f"breaker {what.state}"
    return event.who, event.failure or event.text


def _text(run: Sequence[Event]) -> str:
    event, many = run[0], len(run)
    if many == 1:
        return event.text
    if isinstance(event.what, BreakerChanged) and not event.what.by:
        return f"{many} breakers {event.what.state}, the last one {event.what.key}: {event.what.why}"
    if all(other.text == event.text for other in run):
        return f"{event.text} (×{many})"
    told = event.text.removeprefix(event.failure)
    return f"{event.failure} (×{many} in {short(event.at - run[-1].at)}), the last one{told}"
