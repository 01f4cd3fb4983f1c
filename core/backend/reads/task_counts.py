"""Reads of how many tasks there are: by status, begun since a moment, failed by this product."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final

from core.backend.columns import each
from core.backend.conditions import quoted
from core.backend.reads.read import PAGE, Read, Subject, read
from core.backend.tables import TASKS
from core.backend.timestamps import stamp, until
from core.base.text import clean
from core.domain.actors import By
from core.domain.markers import STUCK
from core.domain.records import ENDED, NO_STATUS, STATUSES, Amount, TaskCounts

MOST_OTHERS: Final = 10
"""The most unknown statuses that are counted by name."""

_NAME_CHARS: Final = 40
_MOST_APART: Final = 6
"""The most statuses that are counted each by itself because a page does not hold their tasks."""


class TaskCountReads(Subject):
    """Typed counts of one project's tasks."""

    @read("db:count_open_tasks")
    async def open(self) -> TaskCounts:
        """Return how many tasks are in each status but those of `ENDED`, unknown ones and `NO_STATUS` included.

        One request for their statuses alone, one more for each status that has more tasks than a page.
        """
        apart = self._calls.sizes.apart
        while True:
            crowds = {status: await self._amount(status) for status in sorted(apart)}
            total, statuses = await self._page_of_statuses(apart)
            if total == len(statuses):
                break
            crowd = next((name for name, _ in Counter(statuses).most_common() if name), None)
            if crowd is None or len(apart) == _MOST_APART:
                statuses = ["other"] * total  # too many kinds of too many: their sum is all that is told
                break
            apart.add(crowd)
        for status, amount in crowds.items():
            if amount.exact and amount.rows < PAGE // 2:
                apart.discard(status)
        counts = dict.fromkeys((one for one in STATUSES if one not in ENDED), 0)
        counts |= by_name(Counter(statuses)) | {clean(name, _NAME_CHARS): one.rows for name, one in crowds.items()}
        estimated = tuple(name for name, one in crowds.items() if not one.exact)
        return await self._proven(TASKS, TaskCounts(counts, estimated), empty=not any(counts.values()))

    def in_status(self, status: str) -> Read[Amount]:
        """Return how many tasks are in one status: exactly, or as the planner puts it where they are very many."""
        return self._read("db:count_finished_tasks", partial(self._proven_amount, status))

    def exactly(self, status: str) -> Read[int]:
        """Return how many tasks are in one status, exactly, whatever it costs."""
        return self._read(f"db:count_{status}", partial(self._count, status))

    @read("db:count_by_status")
    async def by_status(self) -> TaskCounts:
        """Return how many tasks are in each status."""
        found = await self.open().ask()
        ended = {status: await self._amount(status) for status in ENDED}
        counts = found.counts | {status: one.rows for status, one in ended.items()}
        return TaskCounts(
            {status: counts[status] for status in (*STATUSES, *found.counts) if status in counts},
            (*found.estimated, *(status for status, one in ended.items() if not one.exact)),
        )

    @read("db:count_started")
    async def started(self, since: datetime, now: datetime) -> int:
        """Return how many tasks were started since `since`, exactly; starts in the future are left out."""

        def build(c: Any) -> Any:
            query = c.table(TASKS).select("id", count="exact").gte("started_at", stamp(since))
            return query.lte("started_at", until(now)).limit(1)

        return await self._calls.count("count started", build)

    @read("db:count_healed")
    async def healed(self, since: datetime) -> int:
        """Return how many stuck tasks a watchdog of ours failed since `since` that are still failed, exactly."""
        error = self._schema.error_column

        def build(c: Any) -> Any:
            query = c.table(TASKS).select("id", count="exact").eq("status", "failed")
            query = query.gte("completed_at", stamp(since)).lte("completed_at", until(None))
            query = query.like(error, f"{STUCK}*: by {By.WATCHDOG}*")
            return query.limit(1)

        return await self._calls.count("count healed tasks", build)

    async def _proven_amount(self, status: str) -> Amount:
        amount = await self._amount(status)
        return await self._proven(TASKS, amount, empty=not amount.rows)

    async def _amount(self, status: str) -> Amount:
        def build(c: Any, how: str) -> Any:
            return c.table(TASKS).select("id", count=how).eq("status", status).limit(1)

        return await self._calls.amount(f"count {status}", build)

    async def _count(self, status: str) -> int:
        return await self._calls.count(
            f"count {status}", lambda c: c.table(TASKS).select("id", count="exact").eq("status", status).limit(1)
        )

    async def _page_of_statuses(self, apart: Iterable[str]) -> tuple[int, list[str | None]]:
        """Return how many tasks are in no status of `ENDED` nor of `apart`, and the status of each, at most a page."""
        others = f"status.is.null,{_between((*ENDED, *(one for one in apart if one in STATUSES)))}"
        strangers = [one for one in apart if one not in STATUSES]

        def build(c: Any) -> Any:
            query = c.table(TASKS).select("status", count="exact").or_(others)
            for one in strangers:
                query = query.or_(f"status.is.null,status.neq.{quoted(one)}")
            return query.limit(PAGE)

        total, rows = await self._calls.counted("read the statuses of open tasks", build, "status")
        return total, [row["status"] for row in each(rows, "status")]


def _between(known: Iterable[str]) -> str:
    """Return the condition that a status is none of `known`, as ranges: an index is no help for a list of others.

    Any collation sorts these names alike: they differ in letters.
    """
    first, *rest = sorted(known)
    bounds = zip((first, *rest), rest, strict=False)
    inner = (f"and(status.gt.{before},status.lt.{after})" for before, after in bounds)
    return ",".join((f"status.lt.{first}", *inner, f"status.gt.{rest[-1] if rest else first}"))


def by_name(found: Mapping[str | None, int]) -> dict[str, int]:
    """Return counts by the names under which statuses are shown; two that look alike are added.

    Of unknown ones the most frequent are named, the rest is `other`.
    """
    counts: Counter[str] = Counter()
    strangers: Counter[str] = Counter()
    for status, tasks in found.items():
        name = NO_STATUS if status is None else clean(status, _NAME_CHARS) or "empty"
        (counts if name in STATUSES or status is None else strangers)[name] += tasks
    named = strangers.most_common(MOST_OTHERS)
    rest = strangers.total() - sum(tasks for _, tasks in named)
    return dict(counts) | dict(named) | ({"other": rest} if rest else {})
