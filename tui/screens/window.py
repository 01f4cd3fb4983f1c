"""The loaded rows of a long list: a few hundred around the cursor; the rest stays on the server."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from core.domain.queries import Page

PAGE: Final = 150
MOST: Final = 450
"""Rows per request, and the most that are kept."""

_NEAR: Final = 30
"""The distance in rows from an end at which the next page is read."""

Read = Callable[[int, int], Awaitable[Page[Any]]]
"""A function that reads a page from an offset on, of at most so many rows. Raises NotLive."""


class RowWindow:
    """Consecutive loaded rows of one list.

    `offset`: the number of rows before the first; `more`: whether others follow the last.
    """

    def __init__(self) -> None:
        self.records: list[Any] = []
        self.offset = 0
        self.more = False

    async def begin(self, read: Read, size: int = PAGE) -> Page[Any]:
        """Read the first page, of `size` rows, and drop all other rows. Raises NotLive."""
        page = await read(0, size)
        self.records, self.offset, self.more = list(page.rows), 0, page.more
        return page

    async def extend(self, read: Read, at: int) -> bool:
        """Read a page if the cursor, at index `at`, is near an end; return whether it was. Raises NotLive."""
        if self.more and at >= len(self.records) - _NEAR:
            await self._below(read)
            return True
        if self.offset and at < _NEAR:
            await self._above(read)
            return True
        return False

    async def renew(self, read: Read, first: int, count: int) -> None:
        """Read `count` rows again, from index `first` of the loaded ones on. Raises NotLive."""
        page = await read(self.offset + first, count)
        fresh = {record.id for record in page.rows}
        below = [record for record in self.records[first + count :] if record.id not in fresh]
        above = [record for record in self.records[:first] if record.id not in fresh]
        if not page.more:
            below = []
        self.offset += first - len(above)
        self.records = [*above, *page.rows, *below]
        self.more = page.more if not below else self.more
        self._trim_end()

    async def _below(self, read: Read) -> None:
        page = await read(self.offset + len(self.records), PAGE)
        known = {record.id for record in self.records}
        self.records += [record for record in page.rows if record.id not in known]
        self.more = page.more
        surplus = max(0, len(self.records) - MOST)
        self.offset += surplus
        del self.records[:surplus]

    async def _above(self, read: Read) -> None:
        start = max(0, self.offset - PAGE)
        page = await read(start, self.offset - start)
        known = {record.id for record in self.records}
        self.records = [record for record in page.rows if record.id not in known] + self.records
        self.offset = start
        self._trim_end()

    def _trim_end(self) -> None:
        if len(self.records) > MOST:
            del self.records[MOST:]
            self.more = True
