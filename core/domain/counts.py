"""What is counted of the project's rows: numbers of them, rates, and what they add up to. Pure."""

from datetime import datetime, timedelta

import msgspec

from core.base.text import amount, percentage


class Amount(msgspec.Struct, frozen=True):
    """A number of rows. `exact` is false where it is the planner's estimate, of more than are counted."""

    rows: int
    exact: bool = True


class TaskCounts(msgspec.Struct, frozen=True):
    """The number of tasks in each status. `estimated`: the statuses whose tasks are too many to be counted."""

    counts: dict[str, int]
    estimated: tuple[str, ...] = ()

    @property
    def exact(self) -> bool:
        """Return whether all of it was counted."""
        return not self.estimated

    def of(self, status: str) -> int:
        """Return the count of one status, 0 if it has none."""
        return self.counts.get(status, 0)

    def shown(self, status: str) -> str:
        """Return the count of one status for people, an estimate marked as one."""
        return amount(self.of(status), exact=status not in self.estimated)

    def __str__(self) -> str:
        named = ", ".join(f"{self.shown(one)} {one.replace('_', ' ')}" for one, count in self.counts.items() if count)
        return named or "none"


class SuccessRate(msgspec.Struct, frozen=True):
    """Finished work in a window: its amount, and the share that completed in percent (`None`: nothing finished)."""

    completed: int
    failed: int
    window: timedelta
    exact: bool = True
    """Both were counted; of very many the planner estimates."""

    @property
    def finished(self) -> int:
        """The number of completed and failed together."""
        return self.completed + self.failed

    @property
    def percent(self) -> float | None:
        """The share of completed in finished, 0..100."""
        return None if not self.finished else 100.0 * self.completed / self.finished

    @property
    def shown(self) -> str:
        """The share of completed for people, an estimate marked as one; empty where nothing finished."""
        return "" if self.percent is None else f"{'' if self.exact else '≈'}{percentage(self.percent)} %"

    @property
    def failed_percent(self) -> float | None:
        """The share of failed in finished, 0..100."""
        return None if not self.finished else 100.0 * self.failed / self.finished


class Simulated(msgspec.Struct, frozen=True):
    """Work that was marked completed in dry-run and never done: its amount within a window, and the last time."""

    count: int
    last_at: datetime | None = None


class Statistics(msgspec.Struct, frozen=True, kw_only=True):
    """Results of tasks since a moment, their number by status, and the average duration of a heal.

    `healing_s` is `None` where none was completed; `heals` is their number.
    """

    since: datetime
    success: SuccessRate
    counts: TaskCounts
    heals: int
    healing_s: float | None
