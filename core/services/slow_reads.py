"""When what seldom changes is read: one value at a time, and more seldom where the project takes long for it."""

from collections.abc import Collection, Iterable
from typing import Final

from core.base.clock import Clock
from core.services.config import RefreshRules

_SHARE: Final = 0.01
"""The share of the time that the project may work for one value."""

LONGEST_PAUSE_S: Final = 300.0
"""The longest that a value is not read for that."""


class SlowReads:
    """Remembers when each value was read, and how long that took."""

    def __init__(self, clock: Clock, rules: RefreshRules) -> None:
        self._clock = clock
        self._rules = rules
        self._read_at: dict[str, float] = {}
        self._took_s: dict[str, float] = {}

    def took(self, name: str, seconds: float) -> None:
        """Record how long a read took. The machine may have slept meanwhile, which is no fault of the project."""
        self._took_s[name] = min(seconds, self._rules.total_s)

    def read(self, names: Iterable[str], age_s: float = 0.0) -> None:
        """Record that values were read `age_s` seconds ago."""
        self._read_at |= dict.fromkeys(names, self._clock.elapsed() - age_s)

    def make_all_due(self) -> None:
        """Let every value be read the next time."""
        self._read_at.clear()

    def due(self, names: Collection[str], live: Collection[str]) -> tuple[str, ...]:
        """Return which of `names` are read now: all that are not `live`, else the one that is due longest, if any is.

        One at a time: so a refresh makes as few requests as any other.
        """
        if unread := [name for name in names if name not in live or name not in self._read_at]:
            return tuple(unread)
        first = min(names, key=self.due_at)
        return (first,) if self._clock.elapsed() >= self.due_at(first) else ()

    def due_at(self, name: str) -> float:
        """Return when a value that was read is to be read again, on the elapsed clock."""
        spared_s = min(LONGEST_PAUSE_S, self._took_s.get(name, 0.0) / _SHARE)
        return self._read_at[name] + max(self._rules.slow_period_s * (1 - self._rules.jitter), spared_s)
