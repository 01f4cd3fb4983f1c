"""What was learned of a project's sizes: what is counted exactly, what is only planned, what no single page holds."""

import contextlib
from collections.abc import Iterator
from typing import Final

from core.base.clock import Clock

EXACT_UP_TO: Final = 50_000
"""The number of rows up to which they are counted; of more the database's planner is asked."""

_PROVEN_S: Final = 600.0
"""The time for which a row beyond so many proves that there are more."""

_SLOW_JOIN_S: Final = 3.0


class Sizes:
    """Remembers how large things were when they were last looked at, each by its name."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._small: set[str] = set()
        self._proven: dict[str, float] = {}
        self.crowds: frozenset[str | None] = frozenset()
        """The statuses whose tasks one page does not hold: each is counted by itself."""
        self.status_ranges = True
        """Statuses are sorted by their letters, so that the ones between some of them can be asked for."""
        self.slow_joins = False
        """The project took too long to look at the log rows of each task (no index leads to them)."""
        self.windows: set[str] = set()
        """The windows within which more tasks finished than one page holds."""

    @contextlib.contextmanager
    def joining(self) -> Iterator[None]:
        """Run a read of tasks with their log rows: what fails after seconds is not tried again."""
        began = self._clock.elapsed()
        try:
            yield
        except BaseException:  # also where nobody waits for it any longer
            self.slow_joins = self.slow_joins or self._clock.elapsed() - began >= _SLOW_JOIN_S
            raise

    def counted(self, name: str, rows: int) -> None:
        """Record an exact count."""
        self._proven.pop(name, None)
        (self._small.add if rows <= EXACT_UP_TO else self._small.discard)(name)

    def small(self, name: str) -> bool:
        """Return whether it was few enough to be counted again; false for what was never counted."""
        return name in self._small

    def prove_large(self, name: str) -> None:
        """Record that a row beyond `EXACT_UP_TO` was seen."""
        self._proven[name] = self._clock.elapsed()

    def large(self, name: str) -> bool:
        """Return whether it is proven to be more than are counted: a planner may be wrong, and knows no policies."""
        at = self._proven.get(name)
        return at is not None and self._clock.elapsed() - at < _PROVEN_S
