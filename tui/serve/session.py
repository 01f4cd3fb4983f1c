"""The monitor of one browser: a process of its own, which ends with its page."""

import asyncio
import contextlib
import json
import logging
from collections.abc import Coroutine, Sequence
from typing import Any, Final

from textual_serve.app_service import AppService

from core.base.errors import WatchdeskError

log = logging.getLogger(__name__)

END_S: Final = 1.2
"""Seconds that its process may take to end by itself."""

DEAF_S: Final = 5.0
"""Seconds that a write to the process may take; then it counts as blocked."""

_PRELUDE: Final = b"__GANGLION__\n"
_DRIVER: Final = "tui.serve.driver:BrowserDriver"
_MOST_CELLS: Final = 500
"""The most rows or columns that a page may ask for."""


class InputBlocked(WatchdeskError):
    """The process does not read its input."""


class Session(AppService):
    """Forwards screen updates and the end of the process to the browser, but no links and no files."""

    def __init__(self, program: Sequence[str], **more: Any) -> None:
        super().__init__(" ".join(program), **more)
        self._program = program

    async def set_terminal_size(self, width: Any, height: Any) -> None:
        """Tell the process its size. Raises ValueError or TypeError for an invalid one."""
        await super().set_terminal_size(cells(width), cells(height))

    async def send_bytes(self, data: bytes) -> bool:
        """Forward keys. Return whether they were sent. Raises InputBlocked."""
        return await _taken(super().send_bytes(data))

    async def send_meta(self, data: dict[str, str | int | bool | None]) -> bool:
        """Forward any other message. Return whether it was sent. Raises InputBlocked."""
        return await _taken(super().send_meta(data))

    async def run(self) -> None:
        """Forward screen updates until the process ends or the page is gone."""
        process = self._process
        if process is None or process.stdout is None:
            return
        read = process.stdout.readexactly
        try:
            while await process.stdout.readline() not in {_PRELUDE, b""}:
                pass
            while True:
                kind = await read(1)
                payload = await read(int.from_bytes(await read(4), "big"))
                if kind == b"D":
                    await self.remote_write_bytes(payload)
                elif kind != b"M" or json.loads(payload).get("type") != "exit":
                    log.warning("the monitor in the browser asked for what it is not given")
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            await self.remote_close()

    async def stop(self, within_s: float = END_S) -> None:
        """End the process: ask it first, kill it after `within_s` seconds. It writes no data, so nothing is lost."""
        process, self._process = self._process, None
        if process is None:
            return
        try:
            await asyncio.wait_for(self._asked_to_end(process), within_s)
        except TimeoutError:
            log.warning("the monitor in the browser did not end within %s s; it is killed", within_s)
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        with contextlib.suppress(TimeoutError):  # its end is noticed only once its output was read
            await asyncio.wait_for(process.communicate(), END_S)

    async def _asked_to_end(self, process: asyncio.subprocess.Process) -> None:
        """Ask the process to end, and wait. The request itself may block: the input may be full."""
        with contextlib.suppress(OSError, InputBlocked):
            await self.send_meta({"type": "quit"})
        await process.wait()

    def _build_environment(self, width: int = 80, height: int = 24) -> dict[str, str]:
        environment = super()._build_environment(width, height)
        del environment["TEXTUAL_FPS"]  # the server's own value is too high
        return environment | {"TEXTUAL_DRIVER": _DRIVER, "TERM": "xterm-256color", "COLORTERM": "truecolor"}

    async def _open_app_process(self, width: int = 80, height: int = 24) -> asyncio.subprocess.Process:
        """Start the process without a shell, in its own session, so that the terminal's ctrl+c does not reach it."""
        self._process = process = await asyncio.create_subprocess_exec(
            *self._program,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=self._build_environment(width, height),
            start_new_session=True,
        )
        self._stdin = process.stdin
        return process


async def _taken(sending: Coroutine[Any, Any, bool]) -> bool:
    try:
        return await asyncio.wait_for(sending, DEAF_S)
    except TimeoutError:
        raise InputBlocked from None


def cells(number: Any) -> int:
    """Return a page's rows or columns within limits. Raises ValueError or TypeError for what is no number."""
    return max(1, min(_MOST_CELLS, int(number)))
