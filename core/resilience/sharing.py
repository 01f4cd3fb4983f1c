"""One request for identical questions asked at the same time."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Hashable
from functools import partial
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Sharing(Generic[T]):
    """Joins callers with the same key into one request.

    The request is a task of its own: each caller keeps its own deadline and may be cancelled alone; the last to leave
    cancels the request, and a later caller starts another.
    """

    def __init__(self) -> None:
        self._requests: dict[Hashable, _Request[T]] = {}

    async def ask(self, key: Hashable, start: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Return what `start()` returns, started only if no caller with this key waits. Raises what it raises."""
        request = self._requests.get(key)
        if request is None:
            request = self._requests[key] = _Request(asyncio.create_task(start()))
            request.task.add_done_callback(partial(self._ended, key, request))
        request.waiting += 1
        try:
            answer: Awaitable[T] = asyncio.shield(request.task)
            return await answer
        finally:
            request.waiting -= 1
            if not request.waiting and not request.task.done():
                self._ended(key, request, request.task)
                request.task.cancel()

    def _ended(self, key: Hashable, request: "_Request[T]", _task: asyncio.Task[T]) -> None:
        if self._requests.get(key) is request:
            del self._requests[key]


class _Request(Generic[T]):
    """A request under way and the number of its callers."""

    __slots__ = ("task", "waiting")

    def __init__(self, task: asyncio.Task[T]) -> None:
        self.task = task
        self.waiting = 0
