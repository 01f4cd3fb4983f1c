"""Runs the monitor without a screen until it is told to end: heals, alerts, keeps the lease and the black box."""

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from core.base.settings import SettingsError
from core.base.version import __version__
from core.domain.snapshot import Snapshot
from core.monitor import Config, Monitor
from core.resilience.fault import Fault
from tui.service.endpoint import Endpoint, MeasuredProject, MetricsSource
from tui.service.lines import Changes, Lines, Rows
from tui.service.notify import Notifier
from tui.service.restarts import ALIVE_EVERY_S
from tui.terminal.ending import Ending

log = logging.getLogger(__name__)

_BEAT_S: Final = 1.0
_CLOSE_S: Final = 1.0


class Watch:
    """One service: `read` returns the settings, at the start and again on SIGHUP.

    `rows`: who began it wants to know how the project is; it then serves nothing, and notifies nobody else.
    """

    def __init__(
        self,
        read: Callable[[], Config],
        lines: Lines,
        notifier: Notifier,
        serve: Callable[[MetricsSource], Endpoint] | None = None,
        rows: Rows | None = None,
    ) -> None:
        self._read = read
        self._rows = rows
        self._lines = lines
        self._notifier = notifier
        self._over, self._reload, self._known = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._fresh = asyncio.Event()
        """There is a newer snapshot than the one that was told."""
        self._unusable: Fault | None = None
        """What only a person can change, as the first answer of the project told."""
        self._monitor = Monitor(read())
        self._endpoint = serve(MeasuredProject(lambda: self._monitor.snapshot)) if serve is not None else None
        self._changes = Changes(lines.put, _now())

    async def run(self, ending: Ending) -> Fault | None:
        """Watch until a signal ends it; returns what a person must change first, where that ended it."""
        loop = asyncio.get_running_loop()
        ending.arm(loop, self._over.set, lambda: None)
        signal.signal(signal.SIGHUP, lambda *_: loop.call_soon_threadsafe(self._reload.set))
        beat = self._beat() if self._rows is None else self._tell_rows(self._rows)
        beating = asyncio.create_task(beat, name="watchdesk-beat")
        try:
            await self._begin("started")
            while not self._over.is_set():
                await self._next()
                if self._unusable is not None and not self._over.is_set():
                    self._lines.put("unusable", _now(), level="critical", text=self._unusable.sentence())
                    return self._unusable
                if self._reload.is_set() and not self._over.is_set():
                    await self._read_again()
        finally:
            self._notifier.stopping()
            self._lines.put("stopping", _now())
            beating.cancel()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._monitor.close(), _CLOSE_S)
            if self._endpoint is not None:
                self._endpoint.close()
            self._lines.close()
        return None

    async def _begin(self, event: str) -> None:
        self._monitor.subscribe(self._seen)
        self._monitor.focused(False)  # nobody looks: while all is well it asks seldom
        await self._monitor.start()
        port = None if self._endpoint is None else self._endpoint.port
        project = self._monitor.snapshot.project.name
        self._lines.put(event, _now(), version=__version__, project=project, pid=os.getpid(), port=port)
        self._notifier.ready()

    async def _next(self) -> None:
        await self._first_of(*(asyncio.create_task(event.wait()) for event in self._events()))

    async def _first_of(self, *tasks: "asyncio.Task[Any]") -> None:
        """Wait until one of them is done; end the others."""
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()

    def _events(self) -> tuple[asyncio.Event, ...]:
        return (self._over, self._reload) if self._known.is_set() else (self._over, self._reload, self._known)

    async def _read_again(self) -> None:
        """Go on with the settings as they are now; with the old ones where those cannot be used, or are refused.

        It watches with the old ones until the project has answered the new ones. One that is down refuses nothing.
        """
        self._reload.clear()
        self._notifier.reloading()
        try:
            config = self._read()
        except SettingsError as error:
            refused = str(error)
        else:
            trial = asyncio.create_task(_refused(config), name="watchdesk-trial")
            await self._first_of(trial, asyncio.create_task(self._over.wait()))
            if self._over.is_set():
                return
            refused = trial.result()
        if refused:
            self._lines.put("reload_failed", _now(), level="critical", text=f"the old settings stay: {refused}")
            self._notifier.ready()
            return
        old, self._monitor = self._monitor, Monitor(config)
        await old.close()
        await self._begin("reloaded")

    async def _beat(self) -> None:
        """Tell again and again that the event loop turns."""
        period_s = min(_BEAT_S, (self._notifier.watchdog_s or 4 * _BEAT_S) / 4)
        told_s = 0.0
        while True:
            if self._endpoint is not None:
                self._endpoint.beat()
            told_s += period_s
            if self._notifier.watchdog_s is not None and told_s >= self._notifier.watchdog_s / 3:
                self._notifier.alive()
                told_s = 0.0
            await asyncio.sleep(period_s)

    async def _tell_rows(self, rows: Rows) -> None:
        """Tell how the project is, at most once a second, and again and again that the event loop turns."""
        while True:
            self._fresh.clear()
            rows.offer(self._monitor.snapshot)
            await asyncio.sleep(_BEAT_S)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._fresh.wait(), ALIVE_EVERY_S - _BEAT_S)

    def _seen(self, snapshot: Snapshot) -> None:
        if snapshot.ready and not self._known.is_set():
            self._unusable = next((fault for fault in self._monitor.faults() if fault.person), None)
            self._known.set()
        self._changes.offer(snapshot)
        self._fresh.set()
        self._notifier.status(f"{snapshot.state.upper()}: {snapshot.state_why}; {snapshot.link.word.value}")


async def _refused(config: Config) -> str:
    """Return what a person must change before these settings are of use; empty: nothing that could be found out."""
    monitor = Monitor(msgspec.structs.replace(config, observe=True))
    try:
        await monitor.refresh()
        return next((fault.sentence() for fault in monitor.faults() if fault.person), "")
    finally:
        await monitor.close()


def _now() -> datetime:
    return datetime.now(UTC)
