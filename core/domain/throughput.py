"""How many tasks were completed, failed, and were only simulated, over time."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

_DAY: Final = timedelta(days=1)


class RunningBucket(msgspec.Struct, frozen=True, kw_only=True):
    """What finished in the bucket that is not over, up to `at`. `simulated`: as there; `None` is not known."""

    at: datetime
    completed: int = 0
    failed: int = 0
    simulated: int | None = None


class Throughput(msgspec.Struct, frozen=True, kw_only=True):
    """Finished tasks by bucket, the oldest first; `None` is not known. `simulated`: completed in dry-run alone, apart.

    `since`: when the first bucket begins. The last one is the newest that is over; `running`: what is known of the one
    behind it. `why`: why nothing is known.
    """

    since: datetime | None = None
    bucket_min: int = 15
    completed: tuple[int | None, ...] = ()
    failed: tuple[int | None, ...] = ()
    simulated: tuple[int | None, ...] = ()
    running: RunningBucket | None = None
    why: str = ""

    @property
    def known(self) -> bool:
        """Return whether anything was counted."""
        return any(count is not None for count in self.completed)

    @property
    def length(self) -> timedelta:
        """Return the time that the buckets are of, with the one that is not over; a day where there are none."""
        return self.bucket * (len(self.completed) + 1) if self.completed else _DAY

    @property
    def sums(self) -> tuple[int, int, int]:
        """Return what was completed, failed, and simulated in all buckets that are known."""
        completed, failed, simulated = (sum(count or 0 for count in counts) for counts in self.with_running)
        return completed, failed, simulated

    @property
    def with_running(self) -> tuple[tuple[int | None, ...], tuple[int | None, ...], tuple[int | None, ...]]:
        """Return what was completed, failed and simulated in each bucket, the one that is not over the last."""
        now, none = self.running, (None,) * len(self.completed)
        last = (None, None, None) if now is None else (now.completed, now.failed, now.simulated)
        return (*self.completed, last[0]), (*self.failed, last[1]), (*(self.simulated or none), last[2])

    @property
    def as_of(self) -> datetime | None:
        """Return up to when it counts."""
        return self.until if self.running is None else self.running.at

    @property
    def until(self) -> datetime | None:
        """Return the end of the last bucket."""
        return None if self.since is None else self.since + self.bucket * len(self.completed)

    @property
    def bucket(self) -> timedelta:
        """Return the length of a bucket."""
        return timedelta(minutes=self.bucket_min)

    def newest(self, span: timedelta) -> "Throughput":
        """Return the newest buckets: those within `span` that are over, and the current one."""
        left = max(0, len(self.completed) - max(1, span // self.bucket - 1))
        return msgspec.structs.replace(
            self,
            since=None if self.since is None else self.since + left * self.bucket,
            completed=self.completed[left:],
            failed=self.failed[left:],
            simulated=self.simulated[left:],
        )

    def last(self, span: timedelta) -> tuple[datetime, datetime, int, int] | None:
        """Return what was completed and failed within the newest buckets of `span`: since when, until when, how many.

        The one that is not over is the last of them where it is known. `None` unless all are known.
        """
        many = span // self.bucket
        completed, failed, _ = self.with_running if self.running is not None else (self.completed, self.failed, None)
        known = [count for count in (*completed[-many:], *failed[-many:]) if count is not None] if many else []
        if not many or len(known) < 2 * many or self.until is None or self.as_of is None:
            return None
        whole = many if self.running is None else many - 1
        return self.until - whole * self.bucket, self.as_of, sum(known[:many]), sum(known[many:])


def merged(counts: Sequence[int | None], each: int) -> tuple[int | None, ...]:
    """Return the sums of `each` neighbours, counted from the newest; `None` where one of them is not known.

    The oldest that are fewer than `each` are left out.
    """
    parts = [counts[begin : begin + each] for begin in range(len(counts) % each, len(counts), each)]
    return tuple(None if None in part else sum(count or 0 for count in part) for part in parts)
