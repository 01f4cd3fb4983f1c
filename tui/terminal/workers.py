"""Threads for the event loop's blocking calls: name lookups, and reads of files.

A name lookup can take half a minute, and cannot be cancelled. It must delay neither the end of the process nor other
calls, as it would in a pool of a few threads that are joined at exit.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Empty, SimpleQueue
from typing import Any, Final, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_MOST: Final = 256
"""The most calls that may hang at once: some minutes of refreshes without an answer from the name server."""


class Workers(ThreadPoolExecutor):
    """A thread pool; neither its shutdown nor the interpreter's waits for calls that are still running."""

    def __init__(self) -> None:
        super().__init__(max_workers=1)  # its own threads would be waited for; they are never started
        self._work: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._idle = threading.Semaphore(0)
        self._started = 0

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Call `fn` in a thread. Return its future."""
        future: Future[T] = Future()

        def work() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(fn(*args, **kwargs))
            except BaseException as error:  # noqa: BLE001 - it belongs to who awaits the future
                future.set_exception(error)

        self._work.put(work)
        if not self._idle.acquire(blocking=False) and self._started < _MOST:
            self._begin(future)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more work. It does not wait for running calls."""
        for _ in range(self._started):
            self._work.put(None)

    def _begin(self, future: Future[Any]) -> None:
        """Start another thread; else running ones do the work. Raises RuntimeError or MemoryError if none runs."""
        self._started += 1
        try:
            threading.Thread(target=self._run, name="watchdesk-worker", daemon=True).start()
        except (RuntimeError, MemoryError):
            self._started -= 1
            if not self._started:
                future.cancel()
                raise

    def _run(self) -> None:
        while (work := self._next()) is not None:
            work()

    def _next(self) -> Callable[[], None] | None:
        try:
            return self._work.get_nowait()
        except Empty:
            self._idle.release()
            return self._work.get()
