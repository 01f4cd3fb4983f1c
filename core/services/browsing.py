"""Reads of rows: pages of lists, the number of matches, one row in full. Over the panels' connections; not cached."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

import msgspec

from core.backend.reads import Read
from core.domain.queries import ListedRow, Listing, Page
from core.domain.records import Task
from core.domain.row_details import LogDetail, SafetyDetail, TaskDetail
from core.domain.sorting import SortedBy
from core.domain.task_groups import GroupBy, TaskGroups, grouped
from core.resilience import Policy
from core.services.context import Context

T = TypeVar("T")
D = TypeVar("D")


FULL_EVERY_S: Final = 60.0
"""The longest time without a look at all columns of a row that is open."""

MOST_GROUPED: Final = 10_000
"""The most tasks that are looked at for groups, the newest."""

_GROUPING_S: Final = 1.5


class RowReader:
    """Reads rows, one try each within the panels' `total_s`, the discovery of the schema included."""

    def __init__(self, context: Context, discover: Callable[[], Awaitable[Any]]) -> None:
        self._context = context
        self._discover = discover
        self._grouping_s = _GROUPING_S
        self._opened: tuple[tuple[str, str], float, Any] | None = None
        """The row that was read in full last: by which read, its id, when that was, and what came."""

    async def in_full(self, name: str, full: Read[D | None], record: Read[T | None], of: Callable[[D], T]) -> D | None:
        """Return one row in full. One that is read again and again is so only where its record is another one.

        `record` reads the columns that lists show, `of` has them from what was read in full. Raises NotLive.
        """
        now = self._context.clock.elapsed()
        key = (full.key, name)
        if self._opened is not None and self._opened[0] == key and now - self._opened[1] < FULL_EVERY_S:
            known: D = self._opened[2]
            if await self.ask(record) == of(known):
                return known
        self._opened = None
        found = await self.ask(full)
        if found is not None:
            self._opened = (key, now, found)
        return found

    async def task(self, name: str) -> TaskDetail | None:
        """Return one task in full; `None` when none is visible to this account. Raises NotLive."""
        reads = self._context.panel_reads
        return await self.in_full(name, reads.lists.task_detail(name), reads.tasks.fetch(name), lambda one: one.task)

    async def log_entry(self, name: str) -> LogDetail | None:
        """Return one row of the log in full; `None` when none is visible to this account. Raises NotLive."""
        lists = self._context.panel_reads.lists
        return await self.in_full(name, lists.log_detail(name), lists.log_entry(name), lambda one: one.entry)

    async def safety_check(self, name: str) -> SafetyDetail | None:
        """Return one safety check in full; `None` when none is visible to this account. Raises NotLive."""
        lists = self._context.panel_reads.lists
        return await self.in_full(name, lists.safety_detail(name), lists.safety_check(name), lambda one: one.check)

    async def sortable(self, listing: Listing) -> Listing:
        """Return a list as it can be sorted within seconds, however large its table is. Raises NotLive.

        What no column holds is sorted here, among the first rows alone; so is what the server would have to sort all
        of a large table for, and has no index for.
        """
        by, total = listing.column.by, self._context.panel_reads.lists.total
        counted = by is SortedBy.INDEX or (by is SortedBy.SERVER and (await self.ask(total(listing)))[1])
        return msgspec.structs.replace(listing, within=not counted)

    async def ask(self, read: Read[T]) -> T:
        """Return the rows as they are now. As with panels, an open breaker refuses. Raises NotLive."""
        context = self._context
        until = context.clock.elapsed() + context.config.refresh.total_s
        await self._discover()
        policy = Policy(total_s=until - context.clock.elapsed(), retry=None)
        return await context.guard.live(read.key, read.ask, policy=policy)

    async def groups(self, page: Callable[[int], Read[Page[ListedRow]]], by: GroupBy) -> TaskGroups:
        """Return tasks in groups, the newest `MOST_GROUPED` at most, and no more than can be read within seconds.

        `page` gives the read of the rows from an offset on. Raises NotLive.
        """
        clock = self._context.clock
        began, found, more, offset = clock.elapsed(), dict[str, Task](), True, 0
        while more and offset < MOST_GROUPED and clock.elapsed() - began < self._grouping_s:
            rows = await self.ask(page(offset))
            found |= {row.id: row for row in rows.rows if isinstance(row, Task)}
            more, offset = rows.more, offset + len(rows.rows)
        return await asyncio.to_thread(grouped, tuple(found.values()), by, whole=not more)
