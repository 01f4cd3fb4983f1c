"""Looking at rows: reads of lists and of single rows, on the panels' connections, and never kept."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from core.backend.reads import Read
from core.resilience import Policy
from core.services.context import Context

T = TypeVar("T")


class RowReader:
    """Asks once each, within `total_s` of the live panels, the discovery of the schema included."""

    def __init__(self, context: Context, discover: Callable[[], Awaitable[Any]]) -> None:
        self._context = context
        self._discover = discover

    async def ask(self, read: Read[T]) -> T:
        """Return what is read now. As with panels, an open breaker refuses. Raises NotLive."""
        context = self._context
        until = context.clock.elapsed() + context.config.refresh.total_s
        await self._discover()
        policy = Policy(total_s=until - context.clock.elapsed(), retry=None)
        return await context.guard.live(read.key, read.ask, policy=policy)
