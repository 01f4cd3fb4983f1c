"""Records published snapshots in the black box: at most one a second, but every one with an event or a change.

The event loop only queues a snapshot; a thread encodes and writes it, so that nothing of it delays the monitor.
"""

import asyncio
import contextlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import msgspec

from core.base.clock import Clock
from core.domain.snapshot import Snapshot
from core.domain.status import Level
from core.history.blackbox import ALIVE_S, Recorder, must_stay
from core.services.events import EventLog
from core.services.supervised_loop import SupervisedLoop

_PAUSE_S: Final = 1.0
_CLOSE_S: Final = 0.4
_MOST: Final = 200
"""The most snapshots that wait for a disk that hangs; beyond that the newest replaces the one before."""


class Recording:
    """Feeds a recorder. Adds an event when it pauses, goes on, or found a damaged file."""

    def __init__(self, recorder: Recorder, clock: Clock, events: EventLog) -> None:
        self._recorder = recorder
        self._clock = clock
        self._events = events
        self._loop = SupervisedLoop("black box", self._turn, clock, say=self._say)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="blackbox")
        self._came = asyncio.Event()
        self._waiting: list[Snapshot] = []
        self._last: Snapshot | None = None
        """The newest snapshot."""

        self._before: Snapshot | None = None
        """The one before the newest that waits."""
        self._stays = False
        """Whether the newest snapshot that waits must not be replaced, because something happened at it."""
        self._warned: str | None = None
        self._running = False

    @property
    def warning(self) -> str | None:
        """Return the problem in words; `None` while there is none."""
        return self._recorder.warning

    def start(self) -> None:
        """Start to record; further calls do nothing."""
        if not self._running:
            self._running = True
            self._loop.start()

    def offer(self, snapshot: Snapshot) -> None:
        """Queue a published snapshot. It replaces the one that waits, unless something happened at that one."""
        if not self._running:
            return
        if self._waiting and (not self._stays or len(self._waiting) >= _MOST):
            self._waiting[-1] = snapshot
        else:
            self._waiting.append(snapshot)
            self._before = self._last
        self._stays = self._before is None or must_stay(self._before, snapshot)
        self._last = snapshot
        self._came.set()

    def repair(self, path: Path) -> None:
        """Repair a file that a reader found damaged. To be called from the reader's thread."""
        if self._running:
            with contextlib.suppress(RuntimeError):  # closed meanwhile
                self._thread.submit(self._recorder.repair, path)

    async def close(self) -> None:
        """Write what waits, and the end of observation. A disk that hangs is not waited for."""
        if not self._running:
            return
        self._running = False
        ending = self._loop.stop()
        ended = asyncio.wrap_future(self._thread.submit(self._end, self._taken()))
        await asyncio.wait({ended} if ending is None else {ended, ending}, timeout=_CLOSE_S)
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _turn(self) -> None:
        # Paced by the event loop's own time, not the given clock: it is the real disk that is spared.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ALIVE_S):
                await self._came.wait()
        self._came.clear()
        batch = self._taken()
        if not batch and self._last is not None:
            batch = [msgspec.structs.replace(self._last, at=self._clock.now())]  # unchanged, and observed until now
        await asyncio.wrap_future(self._thread.submit(self._record, batch))
        self._tell()
        await asyncio.sleep(_PAUSE_S)

    def _taken(self) -> list[Snapshot]:
        batch, self._waiting = self._waiting, []
        return batch

    def _record(self, batch: list[Snapshot]) -> None:
        for snapshot in batch:
            self._recorder.record(snapshot)

    def _end(self, batch: list[Snapshot]) -> None:
        self._record(batch)
        self._recorder.close(self._clock.now())

    def _tell(self) -> None:
        before, self._warned = self._warned, self._recorder.warning
        if self._warned is not None and self._warned != before:
            self._say(self._warned)
        elif before is not None and self._warned is None:
            self._events.say("watchdesk", "the black box records again")

    def _say(self, text: str) -> None:
        self._events.say("watchdesk", text, Level.WARNING)
