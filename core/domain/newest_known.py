"""What the newest tasks prove beyond a statistic that is read more seldom, so that both say the same. Pure."""

from datetime import datetime, timedelta
from typing import Any, Final

from core.domain.counts import Simulated
from core.domain.records import SystemConfig, Task
from core.domain.snapshot import Tasks
from core.resilience.reading import Reading

_AHEAD: Final = timedelta(minutes=5)
"""A time further in the future than this is no completion."""

_APART: Final = timedelta(seconds=30)
_GRAIN: Final = timedelta(seconds=5)
"""What ended less than this after a count began may be in it."""


def last_completed(
    told: Reading[datetime],
    newest: Reading[tuple[Task, ...]],
    *,
    simulated: Reading[Simulated],
    config: Reading[SystemConfig],
    now: datetime,
) -> Reading[datetime]:
    """Return when a task was last completed: as `told`, or by a row of the newest tasks that ended later.

    A row does not tell whether it was only simulated: while the agents are in dry-run, or up to the last task that was
    known to be simulated, none of them counts.
    """
    if config.value is None or config.value.dry_run:
        return told
    last = simulated.value.last_at if simulated.value is not None else None
    for task in newest.value or ():
        at = task.completed_at
        if task.status != "completed" or at is None or at > now + _AHEAD or (last is not None and at <= last):
            continue
        if told.value is None or at > told.value:
            told = Reading(value=at, source=newest.source, at=newest.at, fault=newest.fault)
    return told


def is_older(one: Reading[Any], other: Reading[Any]) -> bool:
    """Return whether one reading is so much older than another that both cannot be told by one age."""
    return one.at is not None and other.at is not None and other.at - one.at >= _APART


def lags(reading: Reading[Any], tasks: Tasks, now: datetime) -> bool:
    """Return whether one of the newest tasks ended since a live reading: that cannot know of it."""
    if not reading.live or reading.at is None:
        return False
    ended = (task.ended_at for task in tasks.newest.value or ())
    return any(at is not None and reading.at + _GRAIN < at <= now + _AHEAD for at in ended)
