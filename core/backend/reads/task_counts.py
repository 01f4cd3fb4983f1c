"""Reads of how many tasks there are: by status, begun since a moment, failed by this product."""

import itertools
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final

from core.backend.conditions import filed_by, quoted
from core.backend.faults import Failed, garbage
from core.backend.reads.read import PAGE, Read, Subject, read
from core.backend.tables import TASKS
from core.backend.timestamps import stamp, until
from core.base.text import clean
from core.domain.actors import By
from core.domain.counts import Amount, TaskCounts
from core.domain.markers import STUCK
from core.domain.records import ENDED, NO_STATUS, STATUSES

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
        sizes = self._calls.sizes
        found, apart, rest = dict[str | None, Amount](), sizes.crowds, 0
        while True:
            for status in apart.difference(found):
                found[status] = await self._amount(status)
            ranges = sizes.status_ranges
            total, page = await self._page_of_statuses(apart, ranges=ranges)
            if page.keys() & {*ENDED, *apart}:  # the column sorts its values in another order
                if not ranges:
                    raise Failed(garbage("statuses that were not asked for"))
                sizes.status_ranges = False
                continue
            if total == page.total():
                break
            if not page or len(apart) == _MOST_APART:
                # Too many kinds of too many: those that are known are counted each by itself, the rest is told as one.
                for status in {None, *STATUSES}.difference(ENDED, found):
                    found[status] = await self._amount(status)
                rest = max(0, total - sum(one.rows for status, one in found.items() if status not in apart))
                page.clear()
                break
            apart |= {max(page, key=lambda status: page[status])}
        sizes.crowds = frozenset(status for status in apart if found[status].rows >= PAGE // 2)
        counts = dict.fromkeys((one for one in STATUSES if one not in ENDED), 0)
        counts |= by_name({**page, **{status: one.rows for status, one in found.items()}}, rest)
        estimated = tuple(shown_name(status) for status, one in found.items() if not one.exact)
        return await self._proven(TASKS, TaskCounts(counts, estimated), empty=not any(counts.values()))

    def in_status(self, status: str) -> Read[Amount]:
        """Return how many tasks are in one status: exactly, or as the planner puts it where they are very many."""
        return self._read("db:count_finished_tasks", partial(self._proven_amount, status))

    def exactly(self, status: str, *, until: datetime | None = None) -> Read[int]:
        """Return how many tasks are in one status, exactly, whatever it costs. `until`: of those filed by then."""
        return self._read(f"db:count_{status}", partial(self._count, status, until))

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

    async def _amount(self, status: str | None) -> Amount:
        def build(c: Any, how: str | None) -> Any:
            query = c.table(TASKS).select("id", count=how)
            return query.is_("status", "null") if status is None else query.eq("status", status)

        return await self._calls.amount(counting(status), build)

    async def _count(self, status: str, until: datetime | None) -> int:
        def build(c: Any) -> Any:
            query = c.table(TASKS).select("id", count="exact").eq("status", status)
            return (query if until is None else query.or_(filed_by(until))).limit(1)

        return await self._calls.count(f"count {status}", build)

    async def _page_of_statuses(
        self, apart: Collection[str | None], *, ranges: bool
    ) -> tuple[int, Counter[str | None]]:
        """Return how many tasks are in no status of `ENDED` nor of `apart`, and the statuses of at most a page."""
        known = sorted((*ENDED, *(one for one in apart if one in STATUSES)))
        strangers = [one for one in apart if one is not None and one not in STATUSES]
        others = _between(known) if ranges else f"status.not.in.({','.join(map(quoted, known))})"
        others += "" if None in apart else ",status.is.null"

        def build(c: Any) -> Any:
            query = c.table(TASKS).select("status", count="exact").or_(others)
            for one in strangers:
                query = query.or_(f"status.is.null,status.neq.{quoted(one)}")
            return query.limit(PAGE)

        total, rows = await self._calls.counted("read the statuses of open tasks", build, "status")
        return total, Counter(None if row["status"] is None else str(row["status"]) for row in rows)


def _between(known: Sequence[str]) -> str:
    """Return the condition that a status is none of `known`, as ranges: an index is no help for a list of others.

    Any collation sorts these names alike: they differ in letters.
    """
    inner = (f"and(status.gt.{before},status.lt.{after})" for before, after in itertools.pairwise(known))
    return ",".join((f"status.lt.{known[0]}", *inner, f"status.gt.{known[-1]}"))


def counting(status: str | None) -> str:
    """Return the operation that counts a status, by which its size is remembered."""
    return f"count {NO_STATUS if status is None else status}"


def by_name(found: Mapping[str | None, int], rest: int = 0) -> dict[str, int]:
    """Return counts by the names under which statuses are shown; two that look alike are added.

    Of unknown ones the most frequent are named, the others and `rest` are `other`.
    """
    counts: Counter[str] = Counter()
    strangers: Counter[str] = Counter()
    for status, tasks in found.items():
        name = shown_name(status)
        (counts if name in STATUSES or status is None else strangers)[name] += tasks
    named = strangers.most_common(MOST_OTHERS)
    rest += strangers.total() - sum(tasks for _, tasks in named)
    return (
        {name: tasks for name, tasks in counts.items() if tasks or name in STATUSES}
        | dict(named)
        | ({"other": rest} if rest else {})
    )


def shown_name(status: str | None) -> str:
    """Return the name under which a status is shown."""
    return NO_STATUS if status is None else clean(status, _NAME_CHARS) or "empty"
