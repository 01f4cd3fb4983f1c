"""Run the app on a terminal, from taking it to giving it back; and tell whether there is one."""

import asyncio
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Final

from core.base.garbage import collect_as_usual
from tui.terminal.ending import Ending
from tui.terminal.streams import discard_failed_output

if TYPE_CHECKING:
    from textual.app import App

log = logging.getLogger(__name__)


DUMB: Final = {"", "dumb", "unknown"}
"""Values of `TERM` of terminals that cannot place the cursor."""


def is_interactive() -> bool:
    """Return whether stdin, stdout and stderr are a terminal that a screen can be drawn on. It is drawn on stderr."""
    able = os.environ.get("TERM", "").lower() not in DUMB
    return able and sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()


class TerminalSession:
    """The terminal, for one app after the other, and for another program between them."""

    def __init__(self, ending: Ending, *, mouse: bool) -> None:
        self.ending = ending
        self._mouse = mouse
        self._app: App[None] | None = None
        self._program: subprocess.Popen[bytes] | None = None

    async def show(self, app: "App[None]") -> None:
        """Run an app until its end."""
        # Not before: a status without a terminal needs no screen.
        from tui.terminal.driver import TerminalDriver  # noqa: PLC0415 - as said
        from tui.terminal.final_message import final_console  # noqa: PLC0415 - as said

        if self.ending.asked:
            return
        app.error_console = final_console()
        if "TEXTUAL_DRIVER" not in os.environ:
            app.driver_class = TerminalDriver
        self._app = app
        collect_as_usual()
        try:
            await app.run_async(mouse=self._mouse)
        finally:
            self._app = None

    async def run_program(self, program: Sequence[str]) -> int:
        """Run another program on the terminal until its end; return its exit code. Raises OSError.

        Where it is stopped (ctrl+z), so is this process: the shell has both in one group, and lets both go on.
        """
        if self.ending.asked:
            return 0
        process = self._program = _started(program)
        try:
            while True:
                _, status = await asyncio.to_thread(os.waitpid, process.pid, os.WUNTRACED)
                if not os.WIFSTOPPED(status):
                    process.returncode = os.waitstatus_to_exitcode(status)
                    return process.returncode
                os.kill(os.getpid(), signal.SIGSTOP)
        finally:
            self._program = None

    def end(self) -> None:
        """End what has the terminal."""
        if self._app is not None:
            self._app.exit()
        if self._program is not None:
            os.kill(self._program.pid, signal.SIGTERM)  # its own `terminate` may take the exit code

    def abandon(self) -> None:
        """Give the terminal back at once, whatever the event loop does. From any thread, just before the end."""
        from tui.terminal.driver import TerminalDriver  # noqa: PLC0415 - as said

        if self._app is not None and isinstance(self._app._driver, TerminalDriver):
            self._app._driver.abandon()


def _started(program: Sequence[str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(program)  # noqa: S603 - our own program


def run_app(make: Callable[[], "App[None]"], *, mouse: bool = True) -> int:
    """Run the app made by `make` on the terminal until its end. Return the exit code."""

    async def run(terminal: TerminalSession) -> int:
        app = make()
        await terminal.show(app)
        return app.return_code or 0

    return run_in_terminal(run, mouse=mouse)


def run_in_terminal(run: Callable[[TerminalSession], Awaitable[int]], *, mouse: bool = True) -> int:
    """Run `run` with the terminal until its end. Return its exit code, or that of the signal that ended it."""
    ending = Ending()
    try:
        return asyncio.run(_run_until_end(run, ending, mouse=mouse))
    finally:
        ending.disarm()


async def _run_until_end(run: Callable[[TerminalSession], Awaitable[int]], ending: Ending, *, mouse: bool) -> int:
    from tui.terminal.workers import Workers  # noqa: PLC0415 - as said

    loop = asyncio.get_running_loop()
    loop.set_default_executor(Workers())
    terminal = TerminalSession(ending, mouse=mouse)
    try:
        ending.arm(loop, terminal.end, terminal.abandon)
        return await run(terminal) or ending.code
    except Exception as error:
        log.exception("the app failed")
        sys.stderr.write(f"watchdesk failed ({type(error).__name__}); see the log file\n")
        return 1
    finally:
        if ending.asked:
            discard_failed_output()
