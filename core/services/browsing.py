"""Looking at rows: pages of lists, how many match, one row in full. On the panels' connections, and never kept."""

from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

from core.backend.reads import Reads
from core.domain.queries import PAGE_ROWS, ListedRow, Listing, Page, Table
from core.domain.row_details import LogDetail, SafetyDetail, TaskDetail
from core.resilience import Policy
from core.services.context import Context

T = TypeVar("T")

_LIST_KEYS: Final = {
    Table.TASKS: "db:list_tasks",
    Table.LOGS: "db:list_logs",
    Table.ORDERS: "db:list_orders",
    Table.SAFETY: "db:list_safety_checks",
}


class RowReader:
    """Asks once each, within `total_s` of the live panels, the discovery of the schema included.

    As with panels, an open breaker refuses. All raise NotLive.
    """

    def __init__(self, context: Context, discover: Callable[[], Awaitable[Any]]) -> None:
        self._context = context
        self._discover = discover

    async def page(self, listing: Listing, offset: int, limit: int) -> Page[ListedRow]:
        """Up to `limit` rows (500 at most) of a list from `offset` on. Raises ValueError for other numbers."""
        if offset < 0 or not 1 <= limit <= PAGE_ROWS:
            raise ValueError(f"a page has 1 to {PAGE_ROWS} rows, not {limit} from {offset}")
        return await self._ask(_LIST_KEYS[listing.table], lambda q: q.lists.page(listing, offset, limit))

    async def total(self, listing: Listing) -> tuple[int, bool]:
        """How many rows match, and whether that is exact."""
        return await self._ask("db:count_listed", lambda q: q.lists.total(listing))

    async def task_detail(self, name: str) -> TaskDetail | None:
        """One task in full; `None` when none is visible to us."""
        return await self._ask("db:fetch_task_detail", lambda q: q.lists.task_detail(name))

    async def log_detail(self, name: str) -> LogDetail | None:
        """One row of the log in full; `None` when none is visible to us."""
        return await self._ask("db:fetch_log_detail", lambda q: q.lists.log_detail(name))

    async def safety_detail(self, name: str) -> SafetyDetail | None:
        """One safety check in full; `None` when none is visible to us."""
        return await self._ask("db:fetch_safety_detail", lambda q: q.lists.safety_detail(name))

    async def _ask(self, key: str, ask: Callable[[Reads], Awaitable[T]]) -> T:
        context = self._context
        until = context.clock.elapsed() + context.config.refresh.total_s
        await self._discover()
        policy = Policy(total_s=until - context.clock.elapsed(), retry=None)
        return await context.guard.live(key, lambda: ask(context.panel_reads), policy=policy)
