"""When a running task counts as stuck, and when only as slow. One judgement for the check and for healing."""

from datetime import datetime, timedelta
from typing import Final, Protocol

import msgspec

from core.model import Task


class StuckRules(msgspec.Struct, frozen=True, kw_only=True):
    """Stuck: began more than max(`after_s`, `estimate_factor` x estimate) ago and silent for `quiet_s`. Seconds."""

    after_s: float = 3600.0
    estimate_factor: float = 3.0
    quiet_s: float = 900.0


class Overdue(msgspec.Struct, frozen=True, kw_only=True):
    """Running tasks past their time: `stuck` are silent, `slow` still write logs. Longest running first.

    `logs_visible` is false when no log row at all shows itself to us: then silence proves nothing.
    """

    running: int = 0
    stuck: tuple[Task, ...] = ()
    slow: tuple[Task, ...] = ()
    logs_visible: bool = True


_FOR_EVER_S: Final = 10 * 365 * 86400.0


class RunningReads(Protocol):
    """The reads this judgement needs."""

    async def running_tasks(self) -> tuple[Task, ...]: ...

    async def with_signs_of_life(
        self, ids: tuple[str, ...], since: datetime, now: datetime | None = None
    ) -> frozenset[str]: ...

    async def logs_visible(self) -> bool: ...


def cutoff(task: Task, now: datetime, rules: StuckRules) -> datetime:
    """A task that began before this is overdue. Never raises: what no task can take is as good as for ever."""
    estimate_s = 60.0 * (task.estimated_minutes or 0)
    return now - timedelta(seconds=min(max(rules.after_s, rules.estimate_factor * estimate_s), _FOR_EVER_S))


async def find_overdue(reads: RunningReads, now: datetime, rules: StuckRules) -> Overdue:
    """Look at every running task, by the server's `now`. Raises whatever the reads raise."""
    running = await reads.running_tasks()
    late = tuple(t for t in running if t.began_at is not None and t.began_at < cutoff(t, now, rules))
    if not late:
        return Overdue(running=len(running))
    alive = await reads.with_signs_of_life(tuple(t.id for t in late), now - timedelta(seconds=rules.quiet_s), now)
    return Overdue(
        running=len(running),
        stuck=tuple(t for t in late if t.id not in alive),
        slow=tuple(t for t in late if t.id in alive),
        logs_visible=bool(alive) or await reads.logs_visible(),
    )
