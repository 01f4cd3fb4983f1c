"""All values of a refresh by one request, where the project has our function for it (`watchdesk sql stats`)."""

import asyncio
from datetime import datetime
from typing import Any, Final

import msgspec

from core.backend.reads import Reads
from core.backend.reads.overview import Overview, OverviewRequest
from core.base.clock import Clock
from core.domain.counts import SuccessRate
from core.domain.records import ENDED
from core.domain.status import Truth
from core.domain.task_overview import TaskOverview
from core.resilience import Guard, Policy
from core.resilience.fault import Evidence
from core.resilience.guard import Outcome

_REFUSED_S: Final = 600.0
"""The time for which a function that refused is left alone."""

_FAILED_S: Final = 60.0
"""The same for one that did not answer: another read may."""


class Told(msgspec.Struct, frozen=True):
    """What a question led to: each value's outcome by the names of the readings, and all tasks where it was told."""

    outcomes: dict[str, Outcome[Any]]
    tasks: TaskOverview | None = None


class OverviewSource:
    """Asks the function for what changed, and remembers what is known. Each value is asked for by itself without it."""

    def __init__(self, clock: Clock, guard: Guard, reads: Reads, policy: Policy) -> None:
        self._clock = clock
        self._guard = guard
        self._reads = reads
        self._policy = policy
        self._again_at = 0.0
        self._asking = asyncio.Lock()
        self._known: Overview | None = None
        self._success_1h: SuccessRate | None = None
        self._hour_at = 0.0
        self.took_s = 0.0
        """The duration of the last answer with what seldom changes, seconds."""

    def usable(self) -> bool:
        """Return whether the project has the function, and it did not fail just now."""
        return self._reads.schema.overview is Truth.TRUE and self._clock.elapsed() >= self._again_at

    def success_1h(self, younger_than_s: float) -> SuccessRate | None:
        """Return the rate of the last hour; `None` where it was not told, or `younger_than_s` or more seconds ago."""
        return self._success_1h if self._clock.elapsed() - self._hour_at < younger_than_s else None

    async def ask(self, since: datetime, now: datetime, *, tasks: int, logs: int, slow: bool) -> Told | None:
        """Return what the project told, all tasks only with `slow`. Never raises. One at a time.

        `None` where the project refused it, or there was nobody to answer: each value has to be asked for by itself.
        """
        async with self._asking:
            return await self._ask(since, now, tasks=tasks, logs=logs, slow=slow)

    async def _ask(self, since: datetime, now: datetime, *, tasks: int, logs: int, slow: bool) -> Told | None:
        began = self._clock.elapsed()
        asked = OverviewRequest(since=since, now=now, most_tasks=tasks, most_logs=logs, slow=slow)
        if (known := self._known) is not None:
            asked = msgspec.structs.replace(asked, config=known.config, tasks=known.tasks, logs=known.logs)
        read = self._reads.overview.fetch(asked)
        outcome = await self._guard.call(read.key, read.ask, policy=self._policy)
        if outcome.fault is not None or outcome.data is None:
            evidence = Evidence.ALIVE if outcome.fault is None else outcome.fault.evidence
            self._known = None
            self._again_at = self._clock.elapsed() + (_REFUSED_S if evidence is Evidence.ALIVE else _FAILED_S)
            return Told(dict.fromkeys(_names(slow=slow), outcome)) if evidence is Evidence.SILENT else None
        self._known = outcome.data
        faults = await self._reads.overview.proven(outcome.data)
        if slow:
            self._success_1h = None if "success_24h" in faults else outcome.data.success_1h
            self._hour_at = self._clock.elapsed()
            self.took_s = self._hour_at - began
        outcomes = {
            name: Outcome(fault=faults[name].fault) if name in faults else _of(outcome, value)
            for name, value in _values(outcome.data, slow=slow).items()
        }
        return Told(outcomes, _tasks_of(outcome.data, proven="tasks" not in faults))


def _of(outcome: Outcome[Overview], value: object) -> Outcome[Any]:
    return msgspec.structs.replace(outcome, data=value)


def _tasks_of(overview: Overview, *, proven: bool) -> TaskOverview | None:
    """Return all tasks; `None` where only what changes often was asked for."""
    if overview.success is None:
        return None
    return TaskOverview(
        proven=proven,
        running=overview.running,
        oldest_pending_at=overview.oldest_pending_at,
        last_completed_at=overview.last_completed_at,
        success=overview.success,
    )


def _names(*, slow: bool) -> tuple[str, ...]:
    fast = ("config", "open_counts", "tasks", "logs")
    more = (*(f"{status}_count" for status in ENDED), "success_24h", "simulated", "last_completed", "oldest_review")
    return (*fast, *more) if slow else fast


def _values(overview: Overview, *, slow: bool) -> dict[str, object]:
    values = (
        *(next(iter(overview.config.rows), None), overview.open, overview.tasks.rows, overview.logs.rows),
        *(overview.ended.get(status) for status in ENDED),
        *(overview.success, overview.simulated, overview.last_completed_at, overview.oldest_review_at),
    )
    return dict(zip(_names(slow=slow), values, strict=False))
