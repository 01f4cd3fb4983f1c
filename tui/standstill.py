"""A picture that does not move because nothing new comes any more."""

from datetime import datetime
from typing import Final

from core.clock import Clock
from tui.text import Line, age

STILL_S: Final = 90.0
"""A monitor says something every few seconds, however its backend is; one that was silent for so long hangs, or was
stopped together with us, or the machine slept."""


class Standstill:
    """Hears when a snapshot came; knows since when the picture stands."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heard: tuple[float, datetime] | None = None

    def heard(self) -> None:
        """A snapshot came."""
        self._heard = (self._clock.elapsed(), self._clock.now())

    def banner(self) -> Line:
        """What must be said of it; empty while it moves."""
        now = self._clock.now()
        if self._heard is None or self._clock.elapsed() - self._heard[0] < STILL_S:
            return ()
        at = self._heard[1]
        since = f"STANDS STILL since {at.astimezone():%H:%M:%S}, {age(at, now)} old"
        return ((f"{since} · if it stays so: q, and start it anew", "banner"),)
