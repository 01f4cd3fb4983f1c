"""The plan of a change of chosen tasks: each as it was seen, and what becomes of them."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Final

import msgspec

from core.base.text import clean, plural
from core.domain.actions import Action
from core.domain.plans import Plan
from core.domain.records import ChosenTask, ColumnValue

_EXAMPLES: Final = 3
_KINDS: Final = 5


class Beside(msgspec.Struct, frozen=True, kw_only=True):
    """What tasks must be beside matching a filter. `simulated`: completed in dry-run alone.

    `set_aside`: those that a pause set aside count too. `other_than`: a column, and the value that it does not have.
    """

    simulated: bool = False
    set_aside: bool = True
    other_than: tuple[str, ColumnValue] | None = None


class TasksPlan(Plan, frozen=True, kw_only=True):
    """The tasks to be changed, as they were seen. `left`: why others that were named are left alone; `more`: how many
    of those are left for another run.

    `nothing`: why none of them would change; `stands`: each is as ordered. `warnings`: what speaks against it, told
    first. `notes`: what becomes of them, given how the agents are set.
    `action`: as which it is confirmed.
    """

    chosen: tuple[ChosenTask, ...] = ()
    left: tuple[str, ...] = ()
    more: int = 0
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    refused: str = ""
    nothing: str = ""
    stands: bool = False
    action: Action | None = None

    @property
    def idle(self) -> bool:
        """Return whether none of them would change."""
        return bool(self.nothing)

    @property
    def ids(self) -> tuple[str, ...]:
        """Return the ids of the tasks, in order."""
        return tuple(one.id for one in self.chosen)

    @property
    def rows(self) -> int:
        """Return how many tasks are to be changed."""
        return len(self.chosen)

    @property
    def oldest_at(self) -> datetime | None:
        """Return when the oldest of them was created."""
        return min((at for one in self.chosen if (at := one.task.created_at) is not None), default=None)

    @property
    def text(self) -> str:
        """Return the one task in full, of several how many of which kind, the oldest, and the first ones."""
        if self.refused or self.nothing:
            return self.refused or self.nothing
        if self.rows == 1:
            return "\n".join((*self.warnings, *self.chosen[0].lines, *self.left, *self.notes))
        types = _counted(one.task.task_type for one in self.chosen)
        risks = _counted(one.task.risk_level for one in self.chosen)
        oldest = f", the oldest of {self.oldest_at:%Y-%m-%d %H:%M} UTC" if self.oldest_at is not None else ""
        examples = [
            f"- {one.task.task_type or 'no type'}: {clean(one.task.description, 60)}" for one in self.chosen[:_EXAMPLES]
        ]
        more = [f"- and {self.rows - _EXAMPLES:,} more"] if self.rows > _EXAMPLES else []
        first = f"{plural(self.rows, 'task')} ({types}; risk {risks}){oldest}"
        return "\n".join((*self.warnings, first, *examples, *more, *self.left, *self.notes))


def _counted(names: Iterable[str]) -> str:
    found = Counter(names).most_common()
    said = [f"{many:,} {name or 'not set'}" for name, many in found[:_KINDS]]
    rest = sum(many for _, many in found[_KINDS:])
    return ", ".join((*said, *((f"{rest:,} of {len(found) - _KINDS:,} other kinds",) if rest else ())))
