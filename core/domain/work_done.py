"""What became of the tasks of a period, as the task table tells it when it is asked."""

from datetime import datetime

import msgspec


class TaskFailure(msgspec.Struct, frozen=True, kw_only=True):
    """A failed task: when it ended, or was created where that is not known, and its error text."""

    at: datetime
    error: str


class WorkDone(msgspec.Struct, frozen=True, kw_only=True):
    """The tasks that ended in a period and still stand so: one that was retried since counts as what it is now.

    `simulated`: completed in dry-run only, not in `completed`; `None` where the project does not mark them. `failures`:
    the first failed ones, a page at most, the oldest first.
    """

    completed: int
    failed: int
    simulated: int | None = None
    failures: tuple[TaskFailure, ...] = ()
