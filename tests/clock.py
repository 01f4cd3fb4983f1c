"""A clock that moves only when told."""

import asyncio
from datetime import UTC, datetime, timedelta


class FakeClock:
    """Elapsed and wall time under a test's control; `sleep` moves both at once and yields."""

    def __init__(self, start: datetime | None = None) -> None:
        self._elapsed = 1000.0
        self._now = start or datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

    def elapsed(self) -> float:
        return self._elapsed

    def now(self) -> datetime:
        return self._now

    async def sleep(self, seconds: float) -> None:
        self.advance(max(0.0, seconds))
        await asyncio.sleep(0)

    def advance(self, seconds: float) -> None:
        """Both clocks move on."""
        self._elapsed += seconds
        self._now += timedelta(seconds=seconds)

    def jump_wall(self, seconds: float) -> None:
        """Only the wall clock moves, as it does when somebody sets it."""
        self._now += timedelta(seconds=seconds)
