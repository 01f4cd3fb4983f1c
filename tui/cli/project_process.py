"""What the processes of several projects are forked from, `python -m tui.cli.project_process`; see `Forks`.

A process reads the settings by itself, as `watchdesk watch --project NAME` does, and tells what that tells, and rows.
"""

import asyncio
import importlib
import signal
import socket
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from msgspec.structs import replace

from core.backend.supabase_client import official
from core.base.settings import SettingsError
from core.domain.snapshot import Snapshot
from core.services.config import Config
from tui.cli import exit_codes
from tui.cli.exits import WRONG
from tui.cli.session import said
from tui.cli.watching import config_now
from tui.service.forks import serve
from tui.service.lines import Lines, Rows
from tui.service.metrics import exposition
from tui.service.notify import Notifier
from tui.service.watch import Watch
from tui.terminal.ending import Ending

PROGRAM: Final = (sys.executable, "-P", "-m", "tui.cli.project_process")

_SIGNALS: Final = frozenset((signal.SIGTERM, signal.SIGINT))

_TICK_S: Final = 2.0
_MEASURE_S: Final = 30.0
"""It measures itself so seldom: nobody types here, and twenty of them together would cost something."""


def watch_project(about: dict[str, Any], file: int) -> int:
    """Watch the project that `about` names until its socket `file` is closed; return the exit code."""
    lines, project = Lines(file), str(about["project"])

    def read() -> Config:
        config = config_now(project=project, observe=bool(about.get("observe")), quiet=True)
        own = config.self_monitoring
        own = replace(own, tick_s=max(own.tick_s, _TICK_S), measure_s=max(own.measure_s, _MEASURE_S))
        return replace(config, self_monitoring=own)

    try:
        return asyncio.run(_watch(read, lines, project, file, metrics=bool(about.get("metrics"))))
    except SettingsError as error:
        lines.put("unusable", datetime.now(UTC), level="critical", text=said(str(error)))
        return WRONG
    finally:
        lines.close()


async def _watch(read: Callable[[], Config], lines: Lines, project: str, file: int, *, metrics: bool) -> int:
    def measures(snapshot: Snapshot) -> str:
        return exposition(snapshot, datetime.now(UTC)).decode()

    watch = Watch(read, lines, Notifier({}), rows=Rows(lines.put, project, measures if metrics else None))
    with socket.socket(fileno=file) as line:
        ending = Ending(signals=_SIGNALS, lives_with=(line,))
        try:
            fault = await watch.run(ending)
            return ending.code if fault is None else exit_codes.of_fault(fault)
        finally:
            ending.disarm()


if __name__ == "__main__":
    official()  # what a monitor imports as late as it connects is shared, too
    importlib.import_module("anyio._backends._asyncio")
    with socket.socket(fileno=sys.stdin.fileno()) as orders:
        serve(orders, watch_project)
