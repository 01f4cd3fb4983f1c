"""What the newest log rows, which every refresh reads, already tell: so that nobody asks the project for it again."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from core.base.clock import Clock
from core.domain.records import LogEntry
from core.services.readings import Readings

_FRESH: Final = timedelta(seconds=60)
"""The greatest age of a reading that tells."""


class RecentLog:
    """The newest log rows as evidence. They tell nothing where they are not live, or one of them has no time."""

    def __init__(self, clock: Clock, readings: Readings) -> None:
        self._clock = clock
        self._readings = readings

    def none_since(self, since: datetime, such: Callable[[str], bool]) -> bool:
        """Return whether it is certain that no row was written since `since` whose step is `such`."""
        entries = self._entries()
        older = [entry for entry in entries if entry.at is not None and entry.at < since]
        return bool(older) and not any(such(entry.step) for entry in entries if entry not in older)

    def newest_at(self, step: str, until: datetime) -> datetime | None:
        """Return when the newest row of a step was written, no later than `until`; `None` where they do not tell."""
        found = [entry.at for entry in self._entries() if entry.step == step and entry.at is not None]
        return max((at for at in found if at <= until), default=None)

    def _entries(self) -> tuple[LogEntry, ...]:
        reading = self._readings.values["logs"]
        fresh = reading.at is not None and self._clock.now() - reading.at < _FRESH
        entries: tuple[LogEntry, ...] = reading.value if reading.live and fresh and reading.value else ()
        return entries if all(entry.at is not None for entry in entries) else ()
