"""What one answer of the project tells of all its tasks: enough for most checks, which else ask one by one."""

from datetime import datetime, timedelta

import msgspec

from core.domain.records import SuccessRate, Task


class TaskOverview(msgspec.Struct, frozen=True, kw_only=True):
    """All tasks as one answer tells of them. `proven`: what is empty in it is not merely hidden from us.

    `oldest_running` is the id of the task in progress that was created first. It was looked for after `newest`, the
    newest tasks by the same order, so that none which ran all the time is missed by `running`.
    """

    proven: bool
    newest: tuple[Task, ...]
    oldest_running: str | None
    oldest_pending_at: datetime | None
    last_completed_at: datetime | None
    success: SuccessRate

    def running(self) -> tuple[Task, ...] | None:
        """Return every task in progress; `None` where there are some that were created before the newest."""
        if self.oldest_running is None:
            return ()
        if all(task.id != self.oldest_running for task in self.newest):
            return None
        return tuple(task for task in self.newest if task.status == "in_progress")

    def success_within(self, window: timedelta) -> SuccessRate | None:
        """Return the success rate if all that finished was counted, and within this window."""
        return self.success if self.success.exact and self.success.window == window else None
