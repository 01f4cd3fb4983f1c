"""The terminal itself: whether there is one, how it is left, and that nothing lives on after it is gone.

A monitor must end on SIGTERM, SIGHUP, a vanished terminal and a closed stdin within two seconds, whatever its event
loop is doing: handlers only ask the app to end, a thread watches the terminal, and a timer ends what does not end.
"""

import asyncio
import contextlib
import logging
import os
import select
import signal
import sys
import termios
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from tui.app import WatchdeskApp

log = logging.getLogger(__name__)

GRACE_S: Final = 1.2
"""How long an orderly end may take once it was asked for."""

_POLL_MS: Final = 500
_LEAVE: Final = b"\x1b[?1049l\x1b[?25h\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?2004l\x1b[0m"


_DUMB: Final = {"", "dumb", "unknown"}
"""Terminals that cannot place the cursor, as they call themselves."""


def is_interactive() -> bool:
    """Whether there is a terminal on every side that a screen can be drawn on: on stderr, results go to stdout."""
    able = os.environ.get("TERM", "").lower() not in _DUMB
    return able and sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()


def run_app(make: Callable[[], "WatchdeskApp"], *, mouse: bool = True) -> int:
    """Run the app made by `make` on the terminal until its end; the exit code."""
    return asyncio.run(_run(make, mouse=mouse))


async def _run(make: Callable[[], "WatchdeskApp"], *, mouse: bool) -> int:
    app = make()
    guard = _Leave(app)
    guard.arm()
    try:
        await app.run_async(mouse=mouse)
    finally:
        guard.disarm()
        if guard.asked:
            _forget_output()
    return app.return_code or guard.code


def _forget_output() -> None:
    """What is still buffered for a terminal that may be gone must not turn the exit code into an error."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


class _Leave:
    """Ends the app when the terminal or the system says so, and the process if the app does not."""

    def __init__(self, app: "WatchdeskApp") -> None:
        self._app = app
        self._loop = asyncio.get_running_loop()
        self._asked = threading.Event()
        self._over = threading.Event()
        self._saved: list[Any] | None = None
        self.code = 0
        """What the process ends with, unless the app failed."""

    def arm(self) -> None:
        """Take over the signals and watch the terminal."""
        with contextlib.suppress(termios.error, OSError):
            self._saved = termios.tcgetattr(sys.stdin.fileno())
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, self._on_signal)
        threading.Thread(target=self._watch_terminal, name="watchdesk-terminal", daemon=True).start()

    @property
    def asked(self) -> bool:
        """Whether it was told to leave."""
        return self._asked.is_set()

    def disarm(self) -> None:
        """The app has ended by itself."""
        self._over.set()

    def _on_signal(self, number: int, _frame: object) -> None:
        self.code = 128 + number if number == signal.SIGINT else 0
        self._leave()

    def _watch_terminal(self) -> None:
        poll = select.poll()
        poll.register(sys.stdin.fileno(), select.POLLHUP | select.POLLERR | select.POLLNVAL)
        while not self._over.is_set():
            with contextlib.suppress(InterruptedError):
                if poll.poll(_POLL_MS) and not self._over.is_set():
                    self._leave()
                    return

    def _leave(self) -> None:
        if self._asked.is_set():
            return
        self._asked.set()
        threading.Thread(target=self._end_anyway, name="watchdesk-end", daemon=True).start()
        with contextlib.suppress(RuntimeError):  # the loop is closed already
            self._loop.call_soon_threadsafe(self._app.exit)

    def _end_anyway(self) -> None:
        if self._over.wait(GRACE_S):
            return
        log.warning("the app did not end within %s s; ending the process", GRACE_S)
        with contextlib.suppress(OSError, ValueError):
            os.set_blocking(sys.stdout.fileno(), False)
            os.write(sys.stdout.fileno(), _LEAVE)
        with contextlib.suppress(termios.error, OSError, ValueError):
            if self._saved is not None:
                termios.tcsetattr(sys.stdin.fileno(), termios.TCSANOW, self._saved)
        os._exit(self.code)
