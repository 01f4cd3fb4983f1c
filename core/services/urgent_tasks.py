"""The tasks that somebody must see although they are none of the newest: what runs, waits longest, failed of late.

They are read only where what is counted tells that some are missing among the newest, one kind after a refresh.
"""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any, Final

from core.backend.reads import Read
from core.domain.pauses import in_review
from core.domain.records import Task
from core.resilience import NotLive
from core.resilience.reading import Reading
from core.services.context import Context
from core.services.readings import Readings

_MOST: Final = 10
"""The most tasks of a kind."""

_LATELY: Final = timedelta(hours=1)
_DAY: Final = timedelta(hours=24)
_KINDS: Final = ("in_progress", "awaiting_review", "pending", "failed")


class UrgentTasks:
    """Reads the oldest that run, are in review or pending, and the last failures of an hour, where they are missing."""

    def __init__(self, context: Context, readings: Readings) -> None:
        self._context = context
        self._readings = readings
        self._found: dict[str, tuple[Task, ...]] = {}
        self._read_at: dict[str, float] = {}
        self._failures = 0
        """The failures of a day that were counted when the last ones were read."""

    @property
    def tasks(self) -> tuple[Task, ...]:
        """Return those that are none of the newest, as they were read last."""
        newest = {task.id for task in self._readings.values["tasks"].value or ()}
        found = {task.id: task for tasks in self._found.values() for task in tasks if task.id not in newest}
        return tuple(found.values())

    async def look_if_due(self) -> None:
        """Read the kind of which some are missing and that was read longest ago. Never raises for a fault."""
        lacking = self._lacking()
        self._found = {kind: tasks for kind, tasks in self._found.items() if kind in lacking}
        now, period_s = self._context.clock.elapsed(), self._context.config.refresh.slow_period_s
        due = [kind for kind in lacking if kind not in self._read_at or now - self._read_at[kind] >= period_s]
        failures = _failed(self._readings.values["success_24h"])
        if failures == self._failures and "failed" in due and "failed" in self._found:
            due.remove("failed")  # none failed since
        if not due:
            return
        kind = min(due, key=lambda one: self._read_at.get(one, 0.0))
        self._read_at[kind] = now
        try:
            self._found[kind] = await self._read(kind)
        except NotLive:
            return  # what was found stands until it can be read again
        if kind == "failed":
            self._failures = failures

    def _read(self, kind: str) -> Read[tuple[Task, ...]]:
        reads = self._context.reads.tasks
        if kind == "failed":
            return reads.failed_since(self._context.time.likely() - _LATELY, _MOST)
        return reads.oldest(kind, _MOST)

    def _lacking(self) -> tuple[str, ...]:
        """Return the kinds of which more are counted than are among the newest; where it is not known, those of old."""
        newest, counts, rate = (self._readings.values[name] for name in ("tasks", "open_counts", "success_24h"))
        if not newest.live or not counts.live or newest.value is None or counts.value is None:
            return tuple(self._found)
        shown = Counter(task.state for task in newest.value if task.status != "failed")
        counted = {
            "awaiting_review": in_review(counts.value, self._readings.pauses),
            "pending": counts.value.of("pending"),
            "in_progress": counts.value.of("in_progress"),
            "failed": _failed(rate),
        }
        since = self._context.time.likely() - _DAY
        shown["failed"] = sum(task.status == "failed" and _ended_since(task, since) for task in newest.value)
        return tuple(kind for kind in _KINDS if counted[kind] > shown[kind])


def _failed(rate: Reading[Any]) -> int:
    return rate.value.failed if rate.value is not None else 0


def _ended_since(task: Task, since: datetime) -> bool:
    return task.completed_at is not None and task.completed_at >= since
