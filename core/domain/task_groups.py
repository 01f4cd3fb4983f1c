"""Tasks grouped by what they have in common: status, type, who has them, or the cause of their failure."""

import re
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Final

import msgspec

from core.base.text import clean
from core.domain.markers import CANCELLED, PAUSED, REJECTED, STOPPED, STUCK
from core.domain.prefixes import exactly
from core.domain.queries import Filter, FilterError
from core.domain.records import STATUSES, Task

_CAUSE_CHARS: Final = 160
_READ_CHARS: Final = 2_000
"""The beginning of an error text by which its cause is told."""

_PARTS: Final = tuple(
    (re.compile(pattern), name)
    for pattern, name in (
        (r"\b[a-z][a-z0-9+.-]{0,20}://\S+", "<url>"),
        (r"(?i)\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b", "<id>"),
        (r"\"[^\"\n]{1,300}\"|(?<!\w)'[^'\n]{1,300}'(?!\w)|`[^`\n]{1,300}`", "<text>"),
        (r"(?<![\w.@~+/\\-])(?:[A-Za-z]:)?(?:[\w.@~+-]{0,80}[/\\]){1,30}[\w.@~+-]{1,80}(?::\d+)*", "<path>"),
        (
            r"(?<![\w.-])[\w.-]{1,80}\.(?:tsx?|jsx?|py|sql|json|md|css|html|ya?ml|toml|go|rs|java|rb|sh|vue)\b(?::\d+)*",
            "<path>",
        ),
        (r"\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,}\b", "<id>"),
        (r"\d+(?:[.,:]\d+)*", "<n>"),
    )
)
"""What differs between errors of one cause, and what stands for it; in the order in which it is looked for."""

PLACEHOLDERS: Final = tuple(dict.fromkeys(name for _, name in _PARTS))
"""What stands in a cause for what differs."""

_SOUGHT_CHARS: Final = 120
_OURS: Final = (
    (PAUSED, "paused: held back by an operator"),
    (REJECTED, "rejected by a reviewer"),
    (CANCELLED, "cancelled by an operator"),
    (STOPPED, "rejected by an emergency stop"),
    (STUCK, "stuck: failed by a heal"),
)
"""The marks that monitors write, and the words for each."""


class GroupBy(StrEnum):
    """What tasks of one group have in common."""

    STATUS = "status"
    TYPE = "type"
    WHO = "who"
    ERROR = "error"


class TaskGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Tasks of one group: when the first and the last of them came to their end or began, and their ids by status."""

    name: str
    by_status: dict[str, tuple[str, ...]]
    first_at: datetime | None = None
    last_at: datetime | None = None

    @property
    def count(self) -> int:
        """Return how many they are."""
        return sum(map(len, self.by_status.values()))

    @property
    def ids(self) -> tuple[str, ...]:
        """Return the ids of all of them."""
        return self.ids_in(tuple(self.by_status))

    def ids_in(self, statuses: tuple[str, ...]) -> tuple[str, ...]:
        """Return the ids of those in one of these statuses."""
        return tuple(name for status in statuses for name in self.by_status.get(status, ()))


class TaskGroups(msgspec.Struct, frozen=True, kw_only=True):
    """The groups of the tasks that were looked at, the largest first. `whole`: those are all that match."""

    by: GroupBy
    groups: tuple[TaskGroup, ...]
    looked: int
    whole: bool


@lru_cache(maxsize=20_000)
def cause(error: str) -> str:
    """Return an error text without what differs from one failure to the next: ids, numbers, paths, quoted parts."""
    text = " ".join(error[:_READ_CHARS].split())
    for pattern, name in _PARTS:
        text = pattern.sub(name, text)
    return clean(text, _CAUSE_CHARS)


def sought(error: str) -> str:
    """Return the cause of an error text as filters look for it, shorter where it is long; empty for our own marks."""
    if any(error.startswith(mark) for mark, _ in _OURS):
        return ""
    return cause(error).removesuffix("…")[:_SOUGHT_CHARS].strip()


def grouped(tasks: Iterable[Task], by: GroupBy, *, whole: bool) -> TaskGroups:
    """Return tasks in groups. By error only those that have one are in a group."""
    members: dict[str, list[Task]] = {}
    looked = 0
    for task in tasks:
        looked += 1
        name = _name(task, by)
        if name or by is not GroupBy.ERROR:
            members.setdefault(name, []).append(task)
    groups = [_group(name, found) for name, found in members.items()]
    groups.sort(key=lambda one: (-one.count, one.name))
    return TaskGroups(by=by, groups=tuple(groups), looked=looked, whole=whole)


def filter_of(name: str, by: GroupBy, given: Filter) -> Filter | None:
    """Return the filter of the tasks of one group among those that match `given`; `None` where no filter is of them."""
    fields: dict[str, tuple[str, ...]] = {}
    match by:
        case GroupBy.STATUS:
            fields = {"status": (status,)} if (status := name.replace(" ", "_")) in STATUSES else {}
        case GroupBy.TYPE if name:
            fields = {"kind": (exactly(name),)}
        case GroupBy.WHO if name:
            fields = {"who": (exactly(name),)}
        case GroupBy.ERROR if text := sought(name):
            fields = {"error": tuple(dict.fromkeys((*given.error, text)))}
    if not fields or name in {words for _, words in _OURS}:
        return None
    try:
        return msgspec.structs.replace(given, **fields)
    except FilterError:
        return None  # it would be too long


def _group(name: str, tasks: list[Task]) -> TaskGroup:
    by_status: dict[str, list[str]] = {}
    for task in tasks:
        by_status.setdefault(task.state, []).append(task.id)
    times = [at for task in tasks if (at := task.ended_at or task.created_at) is not None]
    return TaskGroup(
        name=name,
        by_status={status: tuple(map(str, names)) for status, names in sorted(by_status.items())},
        first_at=min(times, default=None),
        last_at=max(times, default=None),
    )


def _name(task: Task, by: GroupBy) -> str:
    match by:
        case GroupBy.STATUS:
            return task.state.replace("_", " ")
        case GroupBy.TYPE:
            return task.task_type
        case GroupBy.WHO:
            return task.assigned_to
        case GroupBy.ERROR:
            return next((words for mark, words in _OURS if task.error.startswith(mark)), "") or cause(task.error)
