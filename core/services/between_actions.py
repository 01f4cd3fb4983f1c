"""When to read again what hardly anything but an action changes: after one of anybody's, else seldom."""

from typing import Final

from core.base.clock import Clock
from core.services.readings import Readings

EVERY_S: Final = 900.0
"""The age, in seconds, at which such a value is read again although no action was seen: a hand may have changed it."""


class BetweenActions:
    """Remembers when one such value was read, and how many actions had been seen by then."""

    def __init__(self, clock: Clock, readings: Readings) -> None:
        self._clock = clock
        self._readings = readings
        self._read: tuple[float, int] | None = None

    def due(self) -> bool:
        """Return whether the value is to be read."""
        if self._read is None:
            return True
        at, actions = self._read
        return actions != self._readings.actions or self._clock.elapsed() - at >= EVERY_S

    def read(self) -> None:
        """Record that the value is being read."""
        self._read = (self._clock.elapsed(), self._readings.actions)

    def failed(self) -> None:
        """Record that it could not be read: it is due at once."""
        self._read = None
