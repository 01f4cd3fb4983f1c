"""Counts scheduled checks in a row that were critical, over restarts: ten trigger an emergency stop."""

from datetime import datetime, timedelta
from typing import Final

import msgspec

from core.base.clock import Clock
from core.base.store import NotKept, Store
from core.domain.status import Level

_KIND: Final = "streak"
_KEY: Final = "critical"


class StreakRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The count, and the wall times a scheduled check was last noted and last counted. It outlives the process."""

    count: int
    noted_at: datetime
    counted_at: datetime | None = None


class CriticalStreak:
    """Counts critical checks. A good one clears the count, an unknown one does neither; a gap of two intervals clears.

    Within one process all is measured in elapsed time. A restart goes by wall time, once: set back meanwhile it
    counts as no gap, set forward as a long one.
    """

    def __init__(self, clock: Clock, store: Store, interval_s: float) -> None:
        self._clock = clock
        self._store = store
        self._interval_s = interval_s
        self._noted: float | None = None
        self._counted: float | None = None
        self.count = 0

    async def restore(self) -> None:
        """Continue from the count that the last process stored."""
        kept = await self._store.get(_KIND, _KEY, StreakRecord)
        if kept is None:
            return
        self.count = kept.count
        self._noted = self._elapsed_of(kept.noted_at)
        self._counted = self._elapsed_of(kept.counted_at) if kept.counted_at is not None else None

    async def note(self, database: Level, rate: Level, *, may_count: bool) -> int:
        """Record a scheduled check. `may_count`: we hold the lease, or the database is proven down."""
        now = self._clock.elapsed()
        if self._noted is not None and now - self._noted > 2 * self._interval_s:
            self.count = 0
        self._noted = now
        if Level.CRITICAL in {database, rate}:
            # One per interval: however often it is restarted or asked, with some room for jitter.
            due = self._counted is None or now - self._counted >= 0.85 * self._interval_s
            if may_count and due:
                self.count += 1
                self._counted = now
        elif Level.UNKNOWN not in {database, rate}:
            self.count = 0
        await self._keep()
        return self.count

    async def clear(self) -> None:
        """Reset the count, after it was acted upon."""
        self.count = 0
        await self._keep()

    async def _keep(self) -> None:
        kept = StreakRecord(
            count=self.count,
            noted_at=self._clock.now(),
            counted_at=None if self._counted is None else self._wall_of(self._counted),
        )
        try:
            await self._store.put(_KIND, _KEY, kept)
        except NotKept:
            return  # the store reports it; the count goes on in memory

    def _elapsed_of(self, at: datetime) -> float:
        return self._clock.elapsed() - max(0.0, (self._clock.now() - at).total_seconds())

    def _wall_of(self, elapsed: float) -> datetime:
        return self._clock.now() - timedelta(seconds=self._clock.elapsed() - elapsed)
