"""Runs a monitor for each project without a screen, one process each, until it is told to end."""

import asyncio
import signal
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from core.base.settings import SettingsError
from core.base.version import __version__
from core.domain.snapshot import LinkWord
from tui.service.endpoint import Endpoint, MetricsSource
from tui.service.lines import Lines
from tui.service.merged_metrics import merged
from tui.service.notify import Notifier
from tui.service.supervisor import ProjectView, Supervisor, in_a_line
from tui.terminal.ending import Ending

_BEAT_S: Final = 1.0

_UP: Final = "watchdesk_monitor_up"
_UP_HEAD: Final = f"# HELP {_UP} 1 while the project's monitor gives signs of life.\n# TYPE {_UP} gauge\n"


class MeasuredProjects:
    """Several projects, by what `views` returns; one whose monitor tells nothing is measured as that."""

    def __init__(self, views: Callable[[], tuple[ProjectView, ...]]) -> None:
        self._views = views

    @property
    def ready(self) -> bool:
        """Return whether every project answers."""
        return all(one.row.link is LinkWord.LIVE for one in self._views())

    def metrics(self) -> bytes:
        """Return every metric of all projects as text, and of each whether its monitor tells anything."""
        return merged(
            {
                one.name: (f"{_UP_HEAD}{_UP} {float(not one.trouble)}\n{one.metrics}", one.heard_s)
                for one in self._views()
            }
        )

    def told(self) -> dict[str, Any]:
        """Return how each project is, as JSON values."""
        return {
            "projects": [
                {
                    "project": one.name,
                    "reached": one.row.link is LinkWord.LIVE,
                    "link": one.row.link,
                    "last_live_at": one.row.since,
                    "state": one.row.state,
                    "why": one.row.why,
                    "pid": one.pid,
                }
                for one in self._views()
            ]
        }


class WatchAll:
    """One service for several projects. `supervisor` has their processes; `serve` makes an endpoint, if one is wanted.

    `lines` gets what they tell, each line with the name of its project.
    """

    def __init__(
        self,
        supervisor: Callable[[Callable[[str, dict[str, Any]], None]], Supervisor],
        lines: Lines,
        notifier: Notifier,
        serve: Callable[[MetricsSource], Endpoint] | None = None,
    ) -> None:
        self._lines = lines
        self._notifier = notifier
        self._over = asyncio.Event()
        self._supervisor = supervisor(self._pass_on)
        measured = MeasuredProjects(lambda: self._supervisor.views)
        self._endpoint = serve(measured) if serve is not None else None

    async def run(self, ending: Ending) -> None:
        """Watch until a signal ends it."""
        loop = asyncio.get_running_loop()
        ending.arm(loop, self._over.set, lambda: None)
        signal.signal(signal.SIGHUP, lambda *_: loop.call_soon_threadsafe(self._read_again))
        port = None if self._endpoint is None else self._endpoint.port
        names = [one.name for one in self._supervisor.views]
        self._lines.put("started", _now(), version=__version__, projects=names, port=port)
        working = [
            asyncio.create_task(self._supervisor.run(), name="watchdesk-supervisor"),
            asyncio.create_task(self._beat(), name="watchdesk-beat"),
        ]
        over = asyncio.create_task(self._over.wait())
        try:
            done, _ = await asyncio.wait((over, *working), return_when=asyncio.FIRST_COMPLETED)
            for one in done:
                one.result()  # what fails unforeseen ends the service, and its manager starts it again
        finally:
            self._notifier.stopping()
            self._lines.put("stopping", _now())
            for one in (over, *working):
                one.cancel()
            await self._supervisor.close()
            if self._endpoint is not None:
                self._endpoint.close()
            self._lines.close()

    def _pass_on(self, project: str, told: dict[str, Any]) -> None:
        fields = {name: value for name, value in told.items() if name not in {"at", "event", "project"}}
        self._lines.put(str(told.get("event")), told.get("at", _now()), project=project, **fields)

    def _read_again(self) -> None:
        """Go on with the projects as the settings now name them; with the old ones where those cannot be used."""
        self._notifier.reloading()
        try:
            self._supervisor.read_again()
        except SettingsError as error:
            self._lines.put("reload_failed", _now(), level="critical", text=f"the old settings stay: {error}")
        else:
            self._lines.put("reloaded", _now(), projects=[one.name for one in self._supervisor.views])
        self._notifier.ready()

    async def _beat(self) -> None:
        """Tell again and again that the event loop turns and every process is in hand."""
        watchdog_s = self._notifier.watchdog_s
        period_s = min(_BEAT_S, (watchdog_s or 4 * _BEAT_S) / 4)
        ready, told_s = False, 0.0
        while True:
            if self._endpoint is not None:
                self._endpoint.beat()
            if not ready and self._supervisor.settled:
                ready = True
                self._notifier.ready()
            self._notifier.status(in_a_line(self._supervisor.views))
            told_s += period_s
            if watchdog_s is not None and told_s >= watchdog_s / 3 and self._supervisor.in_hand:
                self._notifier.alive()
                told_s = 0.0
            await asyncio.sleep(period_s)


def _now() -> datetime:
    return datetime.now(UTC)
