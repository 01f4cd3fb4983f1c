"""What the log rows that refreshes read already tell: so that nobody asks the project for it again."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from core.base.clock import Clock
from core.domain.log_steps import is_ours
from core.domain.records import LogEntry
from core.services.readings import Readings

_FRESH: Final = timedelta(seconds=60)
"""The greatest age of a reading that tells."""

_KEPT: Final = timedelta(minutes=15)
"""The time for which rows of monitors are remembered."""


class RecentLog:
    """The monitors' rows of the last minutes as evidence: those on the newest pages of the log, one after the other.

    A page that shares a row with the one before it leaves no gap. A row that is stamped later than `likely_now` proves
    nothing of that. They tell nothing where the newest page is not live, or one of its rows has no time.
    """

    def __init__(self, clock: Clock, readings: Readings, likely_now: Callable[[], datetime]) -> None:
        self._clock = clock
        self._readings = readings
        self._likely_now = likely_now
        self._page: set[str] = set()
        self._since: datetime | None = None
        """The time since which no row went by unseen."""
        self._ours: dict[str, tuple[str, datetime]] = {}
        """Steps and times of the monitors' rows since, by their ids."""

    def none_since(self, since: datetime, such: Callable[[str], bool]) -> bool:
        """Return whether it is certain that monitors wrote no row since `since` whose step is `such`."""
        self.refreshed()
        if self._since is None or self._since >= since:
            return False
        return not any(such(step) and at >= since for step, at in self._ours.values())

    def newest_at(self, step: str, until: datetime) -> datetime | None:
        """Return when the newest row of a monitor's step was written, no later than `until`; `None` if not known."""
        self.refreshed()
        return max((at for own, at in self._ours.values() if own == step and at <= until), default=None)

    def refreshed(self) -> None:
        """Take in the newest page."""
        entries = self._entries()
        now = self._likely_now()
        page = {entry.id for entry, at in entries if at <= now}
        oldest = min((at for _, at in entries), default=None)
        if oldest is None or self._since is None or not page & self._page:
            self._since, self._ours = oldest, {}
        self._page = page
        self._ours |= {entry.id: (entry.step, at) for entry, at in entries if is_ours(entry.step)}
        if self._since is not None:
            self._since = max(self._since, now - _KEPT)
            self._ours = {name: (step, at) for name, (step, at) in self._ours.items() if at >= self._since}

    def _entries(self) -> list[tuple[LogEntry, datetime]]:
        reading = self._readings.values["logs"]
        fresh = reading.at is not None and self._clock.now() - reading.at < _FRESH
        entries: tuple[LogEntry, ...] = reading.value if reading.live and fresh and reading.value else ()
        timed = [(entry, entry.at) for entry in entries if entry.at is not None]
        return timed if len(timed) == len(entries) else []
