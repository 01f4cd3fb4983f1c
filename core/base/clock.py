"""Time as a dependency: elapsed seconds that never jump, wall time for rows and for display, and sleep.

Everything that needs time takes a `Clock`; tests pass one that moves only when told to.
"""

import asyncio
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, Protocol


class Clock(Protocol):
    """The time source of the whole product."""

    def elapsed(self) -> float:
        """Return seconds since some fixed point. Counts the time the machine sleeps; never jumps, never goes back."""
        ...

    def now(self) -> datetime:
        """Return the wall time, aware, UTC. For rows, for display, and for what survives a restart."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait `seconds` of elapsed time; zero or less only yields."""
        ...


def _elapsed_source() -> Callable[[], float]:
    """Return the platform's clock that also counts the time the machine sleeps, or `time.monotonic` without one."""
    # macOS's CLOCK_MONOTONIC runs through sleep, Linux's does not; Windows has neither name.
    name = "CLOCK_BOOTTIME" if sys.platform.startswith("linux") else "CLOCK_MONOTONIC"
    clock_id: int | None = getattr(time, name, None)
    if clock_id is None:
        return time.monotonic
    return lambda: time.clock_gettime(clock_id)


_SLICE_S: Final = 10.0


class SystemClock:
    """The machine's own time."""

    __slots__ = ("elapsed",)

    def __init__(self) -> None:
        self.elapsed = _elapsed_source()

    def now(self) -> datetime:
        """Return the wall time, aware, UTC."""
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        """Wait `seconds` on the running event loop; the time the machine sleeps counts."""
        until = self.elapsed() + seconds
        rest = seconds
        while True:
            # The loop's own timers stand still while the machine sleeps: short waits, and a look at our clock.
            await asyncio.sleep(min(max(0.0, rest), _SLICE_S))
            rest = until - self.elapsed()
            if rest <= 0:
                return
