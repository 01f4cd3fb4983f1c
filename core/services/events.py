"""The event log, newest first: events of this process, and of others as far as the project's log has them."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from core.base.clock import Clock
from core.domain.events import ActionEnded, Event, Happening, Remark, event_of
from core.domain.records import LogEntry
from core.domain.status import Level

KEPT: Final = 500
_ALWAYS: Final = 100
"""The newest events stay, however dull."""

_DAY: Final = timedelta(hours=24)
"""The age beyond which an event goes before every younger one."""


class EventLog:
    """Keeps events of this process and what live rows of the log told, in bounded number: dull ones go first."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._own: tuple[Event, ...] = ()
        self._told: dict[str, Event] = {}
        """What rows of the log told that were live once, by their ids: newer rows push them off the page."""
        self._runs: set[str] = set()
        self._made: tuple[object, ...] = ()
        """What the last answer was made of."""
        self._all: tuple[Event, ...] = ()

    def add(self, what: Happening) -> None:
        """Add an event that happened now. The log's rows of an action that this process ran are no news."""
        if isinstance(what, ActionEnded) and what.run:
            self.ours(what.run)
        self._own = kept((Event.of(what, self._clock.now()), *self._own))

    def say(self, who: str, text: str, level: Level = Level.OK, *, run: str = "") -> None:
        """Add a remark as of now: a text on whose words nothing depends."""
        self.add(Remark(text=text, who=who, level=level, run=run))

    def ours(self, run: str) -> None:
        """Mark a run as this process's own, so that the log's rows about it give no second event."""
        self._runs.add(run)

    @property
    def own(self) -> tuple[Event, ...]:
        """Return the events of this process, newest first."""
        return self._own

    def events(self, logs: tuple[LogEntry, ...], *, live: bool = False) -> tuple[Event, ...]:
        """Return our events and those in rows of the project's log, newest first. What `live` rows told is kept."""
        made = (self._own, logs, live, len(self._runs))
        if len(self._made) == len(made) and all(map(_same, made, self._made)):
            return self._all
        told = {entry.id: event for entry in logs if (event := event_of(entry)) is not None}
        told = {
            row: event for row, event in (self._told | told).items() if event.run not in self._runs or not event.run
        }
        self._all = kept(sorted((*self._own, *told.values()), key=lambda event: event.at, reverse=True))
        self._made = made
        if live:
            stay = {event.row for event in self._all}
            self._told = {row: event for row, event in told.items() if row in stay}
        return self._all


def kept(events: Iterable[Event]) -> tuple[Event, ...]:
    """Return as many events, newest first, as there is room for: the newest, of the others those of most weight."""
    found = tuple(events)
    if len(found) <= KEPT:
        return found
    since = found[0].at - _DAY

    def worth(index: int) -> tuple[bool, int, int]:
        return found[index].at >= since, found[index].weight, -index

    older = sorted(range(_ALWAYS, len(found)), key=worth, reverse=True)[: KEPT - _ALWAYS]
    return (*found[:_ALWAYS], *(found[index] for index in sorted(older)))


def _same(one: object, other: object) -> bool:
    return one is other or (isinstance(one, int) and one == other)
