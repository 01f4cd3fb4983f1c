"""The event log, newest first: events of this process, and of others as far as the project's log has them."""

from collections import deque
from typing import Final

from core.base.clock import Clock
from core.domain.events import ActionEnded, Event, Happening, Remark, event_of
from core.domain.records import LogEntry
from core.domain.status import Level

KEPT: Final = 200


class EventLog:
    """Keeps the last events of this process, in bounded number."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._events: deque[Event] = deque(maxlen=KEPT)
        self._runs: set[str] = set()

    def add(self, what: Happening) -> None:
        """Add an event that happened now. The log's rows of an action that this process ran are no news."""
        if isinstance(what, ActionEnded) and what.run:
            self.ours(what.run)
        self._events.appendleft(Event.of(what, self._clock.now()))

    def say(self, who: str, text: str, level: Level = Level.OK, *, run: str = "") -> None:
        """Add a remark as of now: a text on whose words nothing depends."""
        self.add(Remark(text=text, who=who, level=level, run=run))

    def ours(self, run: str) -> None:
        """Mark a run as this process's own, so that the log's rows about it give no second event."""
        self._runs.add(run)

    @property
    def own(self) -> tuple[Event, ...]:
        """Return the events of this process, newest first."""
        return tuple(self._events)

    def events(self, logs: tuple[LogEntry, ...]) -> tuple[Event, ...]:
        """Return our events and those in rows of the project's log, newest first."""
        told = [event for entry in logs if entry.run not in self._runs and (event := event_of(entry)) is not None]
        return tuple(sorted((*self._events, *told), key=lambda event: event.at, reverse=True)[:KEPT])
