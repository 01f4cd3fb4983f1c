"""Who did what, newest first: what happened here, and what the project's log tells of others."""

from collections import deque
from typing import Final

from core.clock import Clock
from core.facts import Level
from core.model import LogEntry
from core.snapshot import Event

KEPT: Final = 200


class Journal:
    """The last events of this process, bounded."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._events: deque[Event] = deque(maxlen=KEPT)
        self._runs: set[str] = set()

    def say(self, who: str, text: str, level: Level = Level.OK) -> None:
        """Note something that happened now."""
        self._events.appendleft(Event(at=self._clock.now(), who=who, text=text, level=level))

    def ours(self, run: str) -> None:
        """A run this process carried out itself: the log's rows of it are no news."""
        self._runs.add(run)

    def events(self, logs: tuple[LogEntry, ...]) -> tuple[Event, ...]:
        """Ours and what the log tells, newest first."""
        told = [event for entry in logs if (event := self._of(entry)) is not None]
        return tuple(sorted((*self._events, *told), key=lambda event: event.at, reverse=True)[:KEPT])

    def _of(self, entry: LogEntry) -> Event | None:
        if entry.at is None or entry.run in self._runs or entry.step == "watchdog_health_check":
            return None
        failed = entry.status == "failed"
        if entry.order:
            text = f"{entry.order.replace('_', ' ')} {entry.status}" + (f": {entry.summary}" if entry.summary else "")
            return Event(
                at=entry.at,
                who=entry.actor or "another monitor",
                text=text,
                level=Level.WARNING if failed else Level.OK,
            )
        if failed or entry.step.startswith("watchdog"):
            text = entry.step.replace("_", " ") + (f": {entry.summary}" if entry.summary else "")
            who = "watchdog" if entry.step.startswith("watchdog") else "agents"
            return Event(at=entry.at, who=who, text=text, level=Level.WARNING if failed else Level.OK)
        return None
