"""What one answer of the project tells of all its tasks: enough for most checks, which else ask one by one."""

from datetime import datetime, timedelta

import msgspec

from core.domain.counts import SuccessRate


class TaskOverview(msgspec.Struct, frozen=True, kw_only=True):
    """All tasks as one answer tells of them. `proven`: what is empty in it is not merely hidden from us.

    `running`: how many are in progress, and when the first of them began; `None` where that could not be told.
    """

    proven: bool
    running: tuple[int, datetime | None] | None
    oldest_pending_at: datetime | None
    last_completed_at: datetime | None
    success: SuccessRate

    def success_within(self, window: timedelta) -> SuccessRate | None:
        """Return the success rate if all that finished was counted, and within this window."""
        return self.success if self.success.exact and self.success.window == window else None
