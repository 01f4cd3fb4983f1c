"""Paused task types: what is pending of them is set aside, so that no agent takes it up."""

import uuid
from collections.abc import Iterable
from datetime import datetime

import msgspec

from core.base.text import plural
from core.domain.counts import TaskCounts
from core.domain.markers import PAUSED


class Pause(msgspec.Struct, frozen=True, kw_only=True):
    """One task type that is paused, as its row in the execution log tells. `run`: of the action that paused it."""

    task_type: str
    run: str
    who: str = ""
    reason: str = ""
    at: datetime | None = None
    tasks: int | None = None
    """How many tasks of it are set aside; `None`: not counted."""

    @property
    def text(self) -> str:
        """Return which type is paused since when, by whom, why, and how many tasks are set aside."""
        since = f" since {self.at.astimezone():%Y-%m-%d %H:%M}" if self.at is not None else ""
        by = f" by {self.who}" if self.who else ""
        why = f": {self.reason}" if self.reason else ""
        aside = f" ({plural(self.tasks, 'task')} held back)" if self.tasks else ""
        return f"{self.task_type} is paused{since}{by}{why}{aside}"


def paused_in_short(pauses: Iterable[Pause]) -> str:
    """Return which types are paused and how many tasks of each are set aside, in one phrase; empty for none."""
    said = [f"{one.task_type} ({one.tasks:,})" if one.tasks else one.task_type for one in pauses]
    return f"paused: {', '.join(said)}" if said else ""


def pause_id(task_type: str) -> str:
    """Return the id of the row that says that a type is paused: one for each type, so that there is never a second."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"watchdesk-pause:{task_type}"))


def pause_mark(task_type: str) -> str:
    """Return the beginning of the error text of tasks that were set aside because this type is paused."""
    return f"{PAUSED}{pause_id(task_type)}:"


def in_review(counts: TaskCounts, pauses: Iterable[Pause]) -> int:
    """Return how many tasks wait for a review, without those that are set aside."""
    return max(0, counts.of("awaiting_review") - sum(one.tasks or 0 for one in pauses))
