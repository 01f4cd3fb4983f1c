"""Stuck and slow tasks: one judgement for the check and for healing."""

from collections.abc import Awaitable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

import msgspec

from core.base.bounds import Factor, Span
from core.domain.periods import LONGEST_WORK
from core.domain.records import Task

FUTURE: Final = timedelta(minutes=5)
"""The furthest that a row's time may be ahead of the database's clock to count as a sign of life."""

_LONGEST_ESTIMATE_MIN: Final = LONGEST_WORK // timedelta(minutes=1)
_LONGEST_S: Final = 366 * 86400.0


class StuckRules(msgspec.Struct, frozen=True, kw_only=True):
    """Stuck: began more than max(`after_s`, `estimate_factor` × estimate) ago and silent for `quiet_s`."""

    after_s: Span = 3600.0
    """The least time since its start after which a task is stuck."""
    estimate_factor: Factor = 3.0
    """The multiple of its own estimate that a task must be past, too."""
    quiet_s: Span = 900.0
    """The silence of its log that is needed, too, seconds."""


class Overdue(msgspec.Struct, frozen=True, kw_only=True):
    """Running tasks past their time, each kind longest running first.

    `stuck` are proven silent; `slow` still write logs; no log row of the `unproven` is visible, so that their
    silence proves nothing: an operator may call them stuck, the watchdog may not.
    """

    running: int = 0
    stuck: tuple[Task, ...] = ()
    slow: tuple[Task, ...] = ()
    unproven: tuple[Task, ...] = ()

    @property
    def silent(self) -> tuple[Task, ...]:
        """All silent tasks, proven or not, longest running first."""
        return tuple(sorted((*self.stuck, *self.unproven), key=_began))


class RunningReads(Protocol):
    """The reads this judgement needs."""

    @property
    def sees_all(self) -> bool:
        """Return whether no row is hidden from us, so that an empty answer is proof."""
        ...

    def running(self) -> Awaitable[tuple[Task, ...]]: ...

    async def with_signs_of_life(
        self, ids: tuple[str, ...], since: datetime, now: datetime | None = None
    ) -> frozenset[str]: ...

    async def with_visible_logs(self, ids: tuple[str, ...]) -> frozenset[str]: ...


def cutoff(task: Task, now: datetime, rules: StuckRules) -> datetime:
    """Return the time before which an overdue task began. Never raises: estimates are capped at 30 days."""
    estimate_s = 60.0 * min(max(0, task.estimated_minutes or 0), _LONGEST_ESTIMATE_MIN)
    past_s = max(rules.after_s, rules.estimate_factor * estimate_s)
    return now - timedelta(seconds=min(past_s, _LONGEST_S))


def past_their_time(tasks: Iterable[Task], now: datetime, rules: StuckRules) -> tuple[Task, ...]:
    """Return the running tasks that began before their cutoff."""
    running = (task for task in tasks if task.status == "in_progress" and task.began_at is not None)
    return tuple(task for task in running if _began(task)[0] < cutoff(task, now, rules))


def none_overdue(running: int, since: datetime | None, now: datetime, rules: StuckRules) -> Overdue | None:
    """Return that no task is past its time, as the first of all that run began at `since`; `None`: it may be.

    Nothing is overdue before `after_s`, whatever it was estimated at.
    """
    soonest = now - timedelta(seconds=min(rules.after_s, _LONGEST_S))
    return Overdue(running=running) if not running or (since is not None and since >= soonest) else None


async def find_overdue(reads: RunningReads, now: datetime, rules: StuckRules) -> Overdue:
    """Check every running task, by the server's `now`. Raises whatever the reads raise.

    Silence must be provable: to a key that sees all an empty answer is proof, to any other account only for a task of
    which at least one log row is visible.
    """
    running = await reads.running()
    late = tuple(sorted(past_their_time(running, now, rules), key=_began))
    if not late:
        return Overdue(running=len(running))
    quiet_since = now - timedelta(seconds=rules.quiet_s)
    alive = await reads.with_signs_of_life(tuple(t.id for t in late), quiet_since, now)
    silent = tuple(t for t in late if t.id not in alive)
    proven = (
        frozenset(t.id for t in silent)
        if reads.sees_all or not silent
        else await reads.with_visible_logs(tuple(t.id for t in silent))
    )
    return Overdue(
        running=len(running),
        stuck=tuple(t for t in silent if t.id in proven),
        slow=tuple(t for t in late if t.id in alive),
        unproven=tuple(t for t in silent if t.id not in proven),
    )


def _began(task: Task) -> tuple[datetime, str]:
    return task.began_at or datetime.max.replace(tzinfo=UTC), task.id
