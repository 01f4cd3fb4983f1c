"""What was learned of a project's sizes: what is counted exactly, what is only planned, what no single page holds."""

from typing import Final

EXACT_UP_TO: Final = 50_000
"""The number of rows up to which they are counted; of more the database's planner is asked."""


class Sizes:
    """Remembers how large things were when they were last counted, each by its name."""

    def __init__(self) -> None:
        self._last: dict[str, int] = {}
        self.apart: set[str] = set()
        """What one page of rows does not hold: it is counted by itself."""

    def saw(self, name: str, rows: int) -> None:
        """Record an exact count."""
        self._last[name] = rows

    def small(self, name: str) -> bool:
        """Return whether it was few enough to be counted again; false for what was never counted."""
        return self._last.get(name, EXACT_UP_TO + 1) <= EXACT_UP_TO
