"""The running monitors of one project and user on this machine: each tells of itself in the durable store.

A lock that ends with its process tells who is alive: what a process left that was killed is never taken for live.
"""

import contextlib
import os
import uuid
from collections.abc import Callable
from typing import Final

from core.base.clock import Clock
from core.base.store import NotKept, Store, Transaction
from core.base.version import __version__
from core.domain.monitor_process import MonitorProcess
from core.domain.snapshot import Snapshot

KIND: Final = "monitor"
_EVERY_S: Final = 5.0
_SOON_S: Final = 1.0


class MonitorProcesses:
    """Tells of this process, every five seconds and only what changed, whether it acts at once; reads what others tell.

    A process that looks once tells nothing: only `register` makes it one of them.
    """

    def __init__(  # noqa: PLR0913 - all that one tells of itself from the start
        self,
        clock: Clock,
        store: Store,
        *,
        host: str,
        acts: Callable[[], bool],
        observes: bool,
        only_looks: bool,
        service: bool = False,
    ) -> None:
        self._clock = clock
        self._store = store
        self._acts = acts
        now = clock.now()
        self._now = self._told = MonitorProcess(
            id=uuid.uuid4().hex,
            pid=os.getpid(),
            host=host,
            started_at=now,
            version=__version__,
            told_at=now,
            observes=observes,
            only_looks=only_looks,
            service=service,
        )
        self._lock = store.lock(self._now.id)
        self._registered = False
        self._tried_s: float | None = None

    @property
    def id(self) -> str:
        """Return the name of this process."""
        return self._now.id

    async def register(self) -> None:
        """Become one of the running monitors, and forget those that ended. Never raises."""
        self._registered = self._lock.take()
        told = await self._store.all(KIND, MonitorProcess)
        for one in told.values():
            if one.host == self._now.host and not self.alive(one):
                self._store.lock(one.id).remove()
        there = {key for key, one in told.items() if self.alive(one)}
        with contextlib.suppress(NotKept):
            await self._store.change(lambda t: t.retain(KIND, there))

    def offer(self, snapshot: Snapshot) -> None:
        """Take in a published snapshot; it is told of later."""
        if self._registered:
            self._now = self._now.telling(snapshot, acts=self._acts())

    async def tell(self) -> None:
        """Tell what changed, unless that was just done. Never raises: the store reports what it cannot keep."""
        if self._registered and self._lock.deleted:  # with the document, probably: others take us for ended
            self._registered, self._tried_s = self._lock.take(), None
        first, now_s = self._tried_s is None, self._clock.elapsed()
        every_s = _SOON_S if self._now.acts is not self._told.acts else _EVERY_S  # others wait for that word
        if first or (self._now is not self._told and now_s - (self._tried_s or 0.0) >= every_s):
            self._tried_s = now_s
            with contextlib.suppress(NotKept):
                await self.tell_with(lambda _: None)

    async def tell_with(self, work: Callable[[Transaction], None]) -> None:
        """Tell all there is to tell, in one transaction with `work`. Raises NotKept."""
        now = self._now

        def both(transaction: Transaction) -> None:
            work(transaction)
            if self._registered:
                transaction.put(KIND, now.id, now)

        await self._store.change(both)
        self._told = now

    async def running(self) -> tuple[MonitorProcess, ...]:
        """Return the monitors that run on this machine now: the one that acts first, then the longest running."""
        told = (await self._store.all(KIND, MonitorProcess)).items()
        here = (one for key, one in told if key == one.id and one.host == self._now.host and self.alive(one))
        return tuple(sorted(here, key=lambda one: (not one.acts, one.started_at, one.pid)))

    async def alone(self) -> bool:
        """Return whether no other monitor runs on this machine."""
        return all(one.id == self.id for one in await self.running())

    def alive(self, process: MonitorProcess) -> bool:
        """Return whether a process of this machine still runs."""
        return self._registered if process.id == self._now.id else bool(self._store.lock(process.id).holder())

    async def close(self) -> None:
        """Be none of them any more. Never raises."""
        if self._registered:
            self._registered = False
            self._lock.remove()
            with contextlib.suppress(NotKept):
                await self._store.remove(KIND, self._now.id)
