"""When what seldom changes is read: one value at a time, and more seldom where the project takes long for it."""

from collections.abc import Collection, Iterable
from typing import Final

from core.base.clock import Clock
from core.services.config import RefreshRules

_SHARE: Final = 0.01
"""The share of the time that the project may work for one value."""

_SLOW_S: Final = 1.0
"""A read that failed sooner than this, in seconds, cost the project next to nothing."""

LONGEST_PAUSE_S: Final = 300.0
"""The longest that a value is not read because the project takes long for it."""

FIRST_PAUSE_S: Final = 60.0
"""The longest after the first read that took long: the project may be slow for a moment only. Then twice the last."""

LONGEST_FAILING_S: Final = 900.0
"""The same for one that the project could not tell the last times, although it took long."""


class SlowReads:
    """Knows when each value is read again, by how long its read took and whether it failed."""

    def __init__(self, clock: Clock, rules: RefreshRules) -> None:
        self._clock = clock
        self._rules = rules
        self._due_at: dict[str, float] = {}
        """The times of the values that are not due at once, on the elapsed clock."""
        self._took_s: dict[str, float] = {}
        self._spared_s: dict[str, float] = {}
        """The last pause of each value that is for how long its read took."""
        self._failed: dict[str, int] = {}
        """The number of slow failures of each value since it was last read."""

    @property
    def failing(self) -> tuple[str, ...]:
        """Return the values whose reads fail although the project works long for them."""
        return tuple(self._failed)

    def took(self, name: str, seconds: float) -> None:
        """Record how long a read took. The machine may have slept meanwhile, which is no fault of the project."""
        self._took_s[name] = min(seconds, self._rules.total_s)

    def read(self, names: Iterable[str], age_s: float = 0.0) -> None:
        """Record that values were read `age_s` seconds ago."""
        for name in names:
            self._failed.pop(name, None)
            most_s = min(LONGEST_PAUSE_S, max(FIRST_PAUSE_S, 2 * self._spared_s.get(name, 0.0)))
            spared_s = self._spared_s[name] = min(most_s, self._took_s.pop(name, 0.0) / _SHARE)
            pause_s = max(self._rules.slow_period_s * (1 - self._rules.jitter), spared_s)
            self._due_at[name] = self._clock.elapsed() - age_s + pause_s

    def failed(self, name: str) -> None:
        """Record that a value could not be read: at once again, but after twice the time if that took long."""
        self._due_at.pop(name, None)
        took_s = self._took_s.pop(name, 0.0)
        if took_s >= _SLOW_S:
            times = self._failed[name] = min(self._failed.get(name, 0) + 1, 10)
            self._due_at[name] = self._clock.elapsed() + min(LONGEST_FAILING_S, took_s * 2**times)

    def make_all_due(self) -> None:
        """Let every value be read the next time."""
        self._due_at.clear()

    def waits(self, name: str) -> bool:
        """Return whether a value was read so lately that it is not to be read yet."""
        return name in self._due_at and self._clock.elapsed() < self._due_at[name]

    def due(self, names: Collection[str]) -> tuple[str, ...]:
        """Return which of `names` are read now: all that wait for nothing, else the one that is due longest, if any is.

        One at a time: so a refresh makes as few requests as any other.
        """
        if unread := [name for name in names if name not in self._due_at]:
            return tuple(unread)
        if not names:
            return ()
        first = min(names, key=self._due_at.__getitem__)
        return (first,) if self._clock.elapsed() >= self._due_at[first] else ()
