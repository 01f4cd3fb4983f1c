"""What was learned of a project's sizes: what is counted exactly, what is only planned, what no single page holds."""

from typing import Final

EXACT_UP_TO: Final = 50_000
"""The number of rows up to which they are counted; of more the database's planner is asked."""


LEAST_CAP: Final = 50
"""The smallest page size of an API: none returns fewer rows than this where there are more."""


class Sizes:
    """Remembers how large things were when they were last counted, each by its name."""

    def __init__(self) -> None:
        self._last: dict[str, int] = {}
        self.apart: set[str] = set()
        """What one page of rows does not hold: it is counted by itself."""
        self._page = LEAST_CAP

    def saw(self, name: str, rows: int) -> None:
        """Record an exact count."""
        self._last[name] = rows

    def came(self, rows: int) -> None:
        """Record that an answer had so many rows: the API does not cut pages off before that."""
        self._page = max(self._page, rows)

    def fits(self, name: str) -> bool:
        """Return whether what was counted last will come in one answer that cannot have been cut off."""
        return self.complete(self._last.get(name, self._page))

    def complete(self, rows: int) -> bool:
        """Return whether an answer of so many rows, of a larger page that was asked for, cannot have been cut off."""
        return rows < self._page

    def small(self, name: str) -> bool:
        """Return whether it was few enough to be counted again; false for what was never counted."""
        return self._last.get(name, EXACT_UP_TO + 1) <= EXACT_UP_TO
