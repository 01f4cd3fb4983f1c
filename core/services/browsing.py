"""Reads of rows: pages of lists, the number of matches, one row in full. Over the panels' connections; not cached."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from core.backend.reads import Read
from core.resilience import Policy
from core.services.context import Context

T = TypeVar("T")


class RowReader:
    """Reads rows, one try each within the panels' `total_s`, the discovery of the schema included."""

    def __init__(self, context: Context, discover: Callable[[], Awaitable[Any]]) -> None:
        self._context = context
        self._discover = discover

    async def ask(self, read: Read[T]) -> T:
        """Return the rows as they are now. As with panels, an open breaker refuses. Raises NotLive."""
        context = self._context
        until = context.clock.elapsed() + context.config.refresh.total_s
        await self._discover()
        policy = Policy(total_s=until - context.clock.elapsed(), retry=None)
        return await context.guard.live(read.key, read.ask, policy=policy)
