"""The context of a scenario: monitors on a connection that can fail, and rows of its own that are removed."""

import contextlib
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

from core.backend.fault_transport import FaultTransport, LineFault
from core.backend.target import Target
from core.base.errors import WatchdeskError
from core.checks.settings import WatchRules
from core.monitor import Config, Monitor, Places
from core.monitor.container import Container
from core.resilience import BreakerRules, NotLive, Policy
from core.resilience.reading import Source
from core.services.config import RefreshRules

T = TypeVar("T")

MARK: Final = "watchdesk self-test"
_POLICY: Final = Policy(total_s=30.0, retry=None, refusable=False)


class Unmet(WatchdeskError):
    """An expectation was not met; the text says which."""


def expect(condition: object, text: str) -> None:
    """Raise Unmet with `text` unless `condition` is true."""
    if not condition:
        raise Unmet(text)


class ScenarioContext:
    """The context of one scenario. `owned`: the project is a sandbox of ours, where everything may be done."""

    def __init__(self, target: Target, home: Path, *, owned: bool) -> None:
        self._target = target
        self._home = home
        self._monitors: list[Monitor] = []
        self._tasks: list[str] = []
        self.owned = owned
        self.line = FaultTransport()
        self.parts: Container

    async def monitor(self, place: str = "m", **more: Any) -> Monitor:
        """Return a monitor of its own on the connection, schema known. Raises NotLive."""
        settings = {
            "breaker": BreakerRules(open_s=0.4),
            "refresh": RefreshRules(period_s=0.2),
            "watch": WatchRules(interval_s=60.0),
        } | more
        one = Monitor(Config(target=self._target, **settings), places=Places.within(self._home / place), line=self.line)
        self._monitors.append(one)
        self.parts = one.parts
        schema = await one.discover()
        if schema.missing:
            raise Unmet(schema.missing[0].sentence())
        return one

    async def painted(self, place: str = "m") -> Monitor:
        """Return a monitor that has asked nothing yet: it shows what is on the disk."""
        one = Monitor(Config(target=self._target), places=Places.within(self._home / place), line=self.line)
        self._monitors.append(one)
        return one

    async def close(self, monitor: Monitor) -> None:
        """Close a monitor before the scenario ends."""
        self._monitors.remove(monitor)
        await monitor.close()

    async def add_task(self, status: str, *, began_ago: timedelta | None = None, ended: bool = False) -> str:
        """Add a marked task, and return its id. Raises NotLive."""
        name, now = str(uuid.uuid4()), datetime.now(UTC)
        row: dict[str, Any] = {"id": name, "description": MARK, "task_type": "documentation", "status": status}
        if began_ago is not None:
            row |= {
                "started_at": (now - began_ago).isoformat(),
                "created_at": (now - began_ago - timedelta(minutes=1)).isoformat(),
            }
        if ended:
            row["completed_at"] = now.isoformat()
        self._tasks.append(name)
        await self.write(lambda: self.parts.writes.tasks.insert_task(row))
        return name

    async def add_log(self) -> None:
        """Add a row to the execution log of a sandbox of ours, which is removed with it. Raises NotLive."""
        row = {"id": str(uuid.uuid4()), "execution_step": "selftest", "step_status": "completed"}
        await self.write(lambda: self.parts.writes.insert_log(row))

    async def write(self, send: Callable[[], Awaitable[T]]) -> T:
        """Send one write of the scenario's own. Raises NotLive."""
        return await self.parts.guard.live("db:selftest", send, policy=_POLICY)

    async def status_of(self, task: str) -> str:
        """Return the status of a task now; empty if it is gone. Raises NotLive."""
        found = await self.parts.reads.tasks.fetch(task)
        return found.status if found is not None else ""

    def source_of(self, monitor: Monitor) -> Source:
        """Return the source of the snapshot's newest tasks."""
        return monitor.snapshot.tasks.newest.source

    async def clear(self) -> str:
        """Remove what is left of this scenario. Returns what could not be removed, in words; empty if nothing."""
        self.line.cut = LineFault.WHOLE
        left = ""
        if self._tasks and self._monitors:
            try:
                writes = self.parts.writes
                await self.write(lambda: writes.tasks.delete_tasks(tuple(self._tasks), mark=MARK))
                gone = [await self.status_of(task) == "" for task in self._tasks]
                left = "" if all(gone) else f"{gone.count(False)} of its tasks could not be deleted"
            except NotLive as not_live:
                left = f"its tasks could not be deleted: {not_live.fault.sentence()}"
        for monitor in self._monitors:
            with contextlib.suppress(OSError):
                await monitor.close()
        self._monitors.clear()
        return left
