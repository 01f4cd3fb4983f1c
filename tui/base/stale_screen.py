"""Detect a screen that is stale because no new snapshot comes any more."""

from datetime import datetime
from typing import Final

from msgspec.structs import replace

from core.base.clock import Clock
from core.domain.last_known import last_known
from core.domain.snapshot import LinkWord, Snapshot
from tui.rendering.text import Line, oldness

STILL_S: Final = 90.0
"""Seconds without a snapshot after which the screen is stale. A monitor publishes one every few seconds, whatever the
state of its backend; after so long it hangs, or the process was stopped, or the machine slept."""


class StaleScreen:
    """Notes when a snapshot came, and tells since when none has come."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heard: tuple[float, datetime] | None = None

    def heard(self) -> None:
        """Take note that a snapshot came."""
        self._heard = (self._clock.elapsed(), self._clock.now())

    @property
    def since(self) -> datetime | None:
        """Return the time of the last snapshot; `None` while new ones come."""
        if self._heard is None or self._clock.elapsed() - self._heard[0] < STILL_S:
            return None
        return self._heard[1]

    def banner(self) -> Line:
        """Return the warning about it; empty while new snapshots come."""
        at = self.since
        if at is None:
            return ()
        since = f"NOT UPDATING since {at.astimezone():%H:%M:%S}, {oldness(at, self._clock.now())}"
        return ((f"{since} · if this persists: q, and restart it", "banner"),)

    def aged(self, snapshot: Snapshot) -> Snapshot:
        """Return the snapshot as it may be shown: once it is stale, nothing in it is live."""
        at = self.since
        return snapshot if at is None else _last_known(snapshot, at)


def _last_known(snapshot: Snapshot, at: datetime) -> Snapshot:
    link = replace(snapshot.link, next_at=None)
    if link.word is LinkWord.LIVE:
        link = replace(link, word=LinkWord.STALE, since=link.since or at)
    kpis = tuple(replace(kpi, at=kpi.at or at) for kpi in snapshot.kpis)
    return last_known(replace(snapshot, link=link, kpis=kpis), at)
