"""The real program on a pseudo-terminal, its bytes parsed by a terminal emulator, its line watched from outside."""

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

import psutil
import pyte

from tests.running import PROGRAM, Command, Running
from tests.until import PATIENCE_S

MODES: Final = (1000, 1002, 1003, 1004, 1006, 1015, 1016, 1049, 2004, 2026, 2048)
"""The modes a program may switch on and must switch off; `?25` and `?7` are on in between as well."""


_MOMENT_S: Final = 0.05
_PAUSE_S: Final = 0.01
_LEFT_OPEN_S: Final = 2.0
"""How long nothing must come from a program that has ended, where another one still has its terminal open."""


class Terminal:
    """The monitor in a pseudo-terminal. It reads what comes only within `read` and what is built on it."""

    def __init__(
        self, command: Command, sandbox: Running | None, *args: str, size: tuple[int, int] = (80, 24), **env: str
    ):
        self.master, slave = pty.openpty()
        self.name = os.ttyname(slave)
        self.size = size
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        self.settings_before = self.settings()
        self.screen = pyte.Screen(*size)
        self.stream = pyte.ByteStream(self.screen)
        self.raw = b""
        self._log = command.home / "state" / "watchdesk" / "watchdesk.log"
        self._text: str | None = None
        self._hung_up = False
        """Nobody has the other end open any more."""
        self.process = command.on_terminal(
            self.program(args), command.environment(sandbox, **env), self.stdin(slave), slave
        )
        os.close(slave)

    def program(self, args: Sequence[str]) -> list[str]:
        """What runs in it."""
        return [*PROGRAM, *args]

    def stdin(self, slave: int) -> int:
        """What it reads from."""
        return slave

    @property
    def last_words(self) -> str:
        """How it ended, what stands on the screen, and the end of its log."""
        log = self._log.read_text() if self._log.exists() else "no log"
        return f"it ended with {self.process.poll()}:\n{self.text}\n{log[-3000:]}"

    # Reading

    def read(self, seconds: float) -> str:
        """Take in what comes for a while; the screen as text."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and self._take(left):
            pass
        return self.text

    @property
    def text(self) -> str:
        """The screen as it was last read."""
        if self._text is None:
            self._text = "\n".join(self.screen.display)
        return self._text

    def await_text(self, word: str, within_s: float = PATIENCE_S) -> str:
        """Read until `word` is on the screen."""
        return self.await_that(lambda text: word in text, f"{word!r} did not appear", within_s)

    def await_gone(self, word: str, within_s: float = PATIENCE_S) -> str:
        """Read until `word` is no longer on the screen."""
        return self.await_that(lambda text: word not in text, f"{word!r} did not go away", within_s)

    def await_that(self, holds: Callable[[str], bool], what: str, within_s: float = PATIENCE_S) -> str:
        """Read until the screen is so, and what was on its way has come; at least a moment, as keys need one."""
        until = time.monotonic() + within_s
        self.read(_MOMENT_S)
        while not holds(self.text):
            assert time.monotonic() < until, f"{what}:\n{self.text}"
            self._take(_MOMENT_S)
            self._drain()
        return self.text

    def settle(self, quiet_s: float = 0.1, within_s: float = 2.0) -> str:
        """Read until nothing came for so long; the screen as text."""
        until = time.monotonic() + within_s
        while time.monotonic() < until and self._take(quiet_s):
            pass
        return self.text

    def _drain(self) -> None:
        """Take in what is there, and what follows at once: no half of a picture."""
        until = time.monotonic() + _MOMENT_S
        while time.monotonic() < until and self._take(_PAUSE_S):
            pass

    def _take(self, within_s: float) -> bool:
        """Take in the next that comes; whether anything did."""
        if self.master < 0 or not select.select([self.master], [], [], within_s)[0]:
            return False
        try:
            got = os.read(self.master, 65536)
        except OSError:
            self._hung_up = True
            return False
        self.raw += got
        self._text = None
        self.stream.feed(got)
        return bool(got)

    def await_sent(self, sequence: bytes, within_s: float = PATIENCE_S) -> None:
        """Read until it has sent `sequence` since the last `forget`."""
        until = time.monotonic() + within_s
        while sequence not in self.raw:
            self._take(_MOMENT_S)
            assert time.monotonic() < until, f"{sequence!r} was not sent"

    def forget(self) -> None:
        """As a terminal that shows nothing: only what is sent from now on is on its screen."""
        self.raw = b""
        self._text = None
        self.screen.reset()

    # Writing

    def type(self, keys: bytes) -> None:
        """What a person, or the terminal itself, sends."""
        os.write(self.master, keys)

    def resize(self, width: int, height: int) -> None:
        """As a window is pulled to another size."""
        self.size = (width, height)
        self._text = None
        self.screen.resize(height, width)
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def click(self, word: str, button: int = 0) -> None:
        """Press and release a button of the mouse (64, 65: the wheel, up and down) on the middle of `word`."""
        for y, line in enumerate(self.screen.display, 1):
            if word in line:
                x = line.index(word) + len(word) // 2 + 1
                self.type(f"\x1b[<{button};{x};{y}M".encode())
                if button < 64:
                    self.type(f"\x1b[<{button};{x};{y}m".encode())
                return
        raise AssertionError(f"{word!r} is not on the screen")

    def close(self) -> None:
        """The window is closed, the line is lost."""
        os.close(self.master)
        self.master = -1

    # What it is like

    def settings(self) -> list[Any]:
        """The line's settings, as the program has set them."""
        return termios.tcgetattr(self.master)

    def modes(self) -> set[int]:
        """Which of `MODES` are on."""
        return {mode for mode in MODES if mode << 5 in self.screen.mode}

    def is_given_back(self) -> bool:
        """Whether screen, cursor, wrapping, keys, mouse and line are as they were before."""
        pushed, popped = self.raw.count(b"\x1b[>25u"), self.raw.count(b"\x1b[<u")
        return (
            self.settings() == self.settings_before
            and not self.modes()
            and not self.screen.cursor.hidden
            and pyte.modes.DECAWM in self.screen.mode
            and pushed <= popped
        )

    def is_stopped(self) -> bool:
        """Whether the process is stopped, as by a shell's job control."""
        return psutil.Process(self.process.pid).status() == psutil.STATUS_STOPPED

    def await_stopped(self, within_s: float = PATIENCE_S) -> None:
        """Wait until it is, not reading."""
        until = time.monotonic() + within_s
        while not self.is_stopped():
            assert time.monotonic() < until, "not stopped"
            time.sleep(0.02)

    # Its end

    def ended(self, within_s: float = PATIENCE_S) -> int:
        """The exit code; what it wrote last is read by then."""
        until = time.monotonic() + within_s
        while self.process.poll() is None and time.monotonic() < until:
            self.read(0.05)
        assert self.process.poll() is not None, "still running"
        while not self._hung_up and time.monotonic() < until and self._take(_LEFT_OPEN_S):
            pass
        return self.process.returncode

    def dispose(self) -> None:
        """Let nothing of it live on, whatever became of it."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        if self.master >= 0:
            with contextlib.suppress(OSError):
                self.close()


class Failing(Terminal):
    """The monitor with keys that make it fail."""

    def program(self, args: Sequence[str]) -> list[str]:
        """It, by its module."""
        return [sys.executable, "-m", "tests.tui.failing", *args]
