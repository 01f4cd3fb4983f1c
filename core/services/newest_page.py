"""The newest rows of a table, kept up to date by asking only for what may have changed."""

from collections.abc import Callable, Collection
from datetime import UTC, datetime
from typing import Final, Generic, NamedTuple, Protocol, TypeVar

from core.backend.conditions import Place
from core.backend.reads import Read
from core.base.clock import Clock
from core.domain.queries import is_uuid

FULL_EVERY_S: Final = 60.0
"""The longest time without a look at all rows of the page."""

MOST_IDS: Final = 100
"""The most ids that fit into the URL of a request."""

_BEFORE_ALL: Final = datetime.min.replace(tzinfo=UTC)


class PageRow(Protocol):
    """A record of a row with an id."""

    @property
    def id(self) -> str: ...


R = TypeVar("R", bound=PageRow)


class NewestPage(Generic[R]):
    """The newest rows of one table, newest first, as many as `limit`.

    `at` gives a row's time, by which the table is sorted. `settled` says of a row that it is final: it is not asked for
    again until the next full page. Rows that are added late, anywhere within the page, are found at once, as those are
    asked for whose ids are not known. A settled row that was changed or deleted all the same is noticed within
    `FULL_EVERY_S`, or after `distrust`.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        full: Callable[[], Read[tuple[R, ...]]],
        newer: Callable[[Place | None, tuple[str, ...]], Read[tuple[R, ...]]],
        at: Callable[[R], datetime | None],
        settled: Callable[[R], bool],
        limit: int,
    ) -> None:
        self._clock = clock
        self._full, self._newer = full, newer
        self._at, self._settled = at, settled
        self._limit = limit
        self._rows: tuple[R, ...] = ()
        self._known: _Known[R] | None = None
        """What is known by the rows, once it was asked for: a page that stays as it is asks the same again."""
        self._full_at: float | None = None
        self._full_rows = 0
        """The rows of the last full page: an API may have cut it off."""
        self._distrusted = 0

    def distrust(self) -> None:
        """Read the whole page the next time: a row may have changed that was settled. A read under way is too early."""
        self._full_at = None
        self._distrusted += 1

    def read(self) -> Read[tuple[R, ...]]:
        """Return the read of the page as it is now."""
        whole = self._full()
        return Read(whole.key, self._page, whole.guard, whole.policy)

    async def _page(self) -> tuple[R, ...]:
        rows, full_at, distrusted = self._rows, self._full_at, self._distrusted
        self._full_at = None  # until this read has succeeded
        began = self._clock.elapsed()
        page = None if full_at is None or began - full_at >= FULL_EVERY_S else await self._updated(rows)
        if page is None:
            page, full_at = await self._full().ask(), began
            self._full_rows = len(page)
        self._rows = page
        if distrusted == self._distrusted:
            self._full_at = full_at
        return page

    async def _updated(self, rows: tuple[R, ...]) -> tuple[R, ...] | None:
        """Return the page by what is new, `None` where that cannot be told from what is new alone."""
        if self._known is None or self._known.rows is not rows:
            self._known = self._known_by(rows)
        known = self._known
        if known.odd or not len(rows) // 2 < len(known.settled) <= MOST_IDS:
            return None
        found = await self._newer(known.last, known.ids).ask()
        if not found and len(known.settled) == len(rows):
            return rows
        merged = known.settled | {row.id: row for row in found}
        missing = any(row.id not in merged for row in rows)  # deleted, so older ones move up
        if missing or len(found) >= min(self._limit, self._full_rows) or self._odd(merged.values()):
            return None  # it may have been cut off, or cannot be sorted here
        return tuple(sorted(merged.values(), key=self._place, reverse=True)[: self._limit])

    def _known_by(self, rows: tuple[R, ...]) -> "_Known[R]":
        settled = {row.id: row for row in rows if self._settled(row)}
        at = self._at(rows[-1]) if rows else None
        last = (at, rows[-1].id) if at is not None and len(rows) >= self._limit else None
        return _Known(rows, settled, tuple(settled), last, not rows or self._odd(rows))

    def _odd(self, rows: Collection[R]) -> bool:
        """Return whether rows cannot be sorted as the database does it.

        One has no time that counts, or two have the same and ids that do not sort by their letters.
        """
        times = [self._at(row) for row in rows]
        return None in times or (len(set(times)) < len(times) and not all(is_uuid(row.id) for row in rows))

    def _place(self, row: R) -> tuple[datetime, str]:
        """Return what the page is sorted by."""
        return self._at(row) or _BEFORE_ALL, row.id


class _Known(NamedTuple, Generic[R]):
    """What is known by the rows of a page: those that are settled, the place of its last row where it is full."""

    rows: tuple[R, ...]
    settled: dict[str, R]
    ids: tuple[str, ...]
    last: Place | None
    odd: bool
