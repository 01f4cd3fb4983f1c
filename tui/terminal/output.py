"""Write to a terminal that may not read: a frozen connection, Ctrl-S, a suspended multiplexer.

Writing never blocks. What the terminal does not take is queued up to a limit; beyond that screen updates are dropped as
a whole, and once it reads again the screen is redrawn. The last switch of each mode and the newest calls are kept.
"""

import asyncio
import contextlib
import logging
import os
import select
import termios
import time
from collections.abc import Callable
from typing import Final

from tui.terminal.sequences import CUT, without_screen_updates

log = logging.getLogger(__name__)

QUEUE_CHARS: Final = 32_768
"""Characters that may wait besides those being written: so far a slow terminal may lag behind."""

_RETRY_S: Final = 0.02


class Output:
    """Writes to the terminal behind `fd`. `repaint` is called once it reads again, if updates were dropped."""

    def __init__(self, fd: int, encoding: str, repaint: Callable[[], None]) -> None:
        self._shared = fd
        self._fd = _opened_apart(fd)
        self._encoding = encoding
        self._repaint = repaint
        self._loop = asyncio.get_running_loop()
        self._writing = b""
        self._queue: list[str] = []
        self._behind = False
        self._awaits_room = False
        self._shut = False

    def write(self, text: str) -> None:
        """Write now, or when the terminal has room, or drop the text. On the event loop only."""
        if self._shut:
            return
        if self._writing:
            self._wait_in_line(text)
        else:
            self._writing = self._encoded(text)
            self._push()

    def drain(self, within_s: float) -> bool:
        """Wait until all is written, for `within_s` seconds at most. Return whether it was."""
        until = time.monotonic() + within_s
        while self._writing and (left := until - time.monotonic()) > 0:
            if select.select([], [self._fd], [], left)[1]:
                self._push()
        return not self._writing

    def abandon(self, last: str) -> None:
        """Discard what the terminal has not read, and leave it `last` to read. From any thread."""
        self._shut = True
        with contextlib.suppress(termios.error):
            termios.tcflush(self._fd, termios.TCOFLUSH)
        with contextlib.suppress(OSError):
            os.write(self._fd, self._encoded(CUT + last))
        if self._fd == self._shared:
            os.set_blocking(self._fd, True)

    def close(self) -> None:
        """Stop writing; what still waits is dropped."""
        self._shut = True
        self._await_no_room()
        if self._fd == self._shared:
            os.set_blocking(self._fd, True)
        else:
            os.close(self._fd)

    def _encoded(self, text: str) -> bytes:
        return text.encode(self._encoding, "replace")

    def _wait_in_line(self, text: str) -> None:
        self._queue.append(text)
        if not self._behind and sum(map(len, self._queue)) > QUEUE_CHARS:
            self._behind = True
            log.warning("the terminal is not accepting output: screen updates are dropped until it does")
        if self._behind:
            self._queue = without_screen_updates(self._queue)

    def _push(self) -> None:
        """Write until nothing is left, or until the terminal takes no more."""
        try:
            while self._writing and not self._shut:
                self._writing = self._writing[os.write(self._fd, self._writing) :] or self._next()
        except BlockingIOError:
            self._await_room()
            return
        except OSError:  # it is gone; who watches it ends the app
            self._shut, self._writing = True, b""
        self._await_no_room()
        if self._behind and not self._shut:
            self._behind = False
            log.warning("the terminal reads again")
            self._repaint()

    def _next(self) -> bytes:
        text = "".join(self._queue)
        self._queue.clear()
        return self._encoded(text)

    def _await_room(self) -> None:
        if self._awaits_room:
            return
        try:
            self._loop.add_writer(self._fd, self._push)
            self._awaits_room = True
        except OSError:  # a terminal the loop cannot wait for, as some systems have them
            self._loop.call_later(_RETRY_S, self._push)

    def _await_no_room(self) -> None:
        if self._awaits_room:
            self._loop.remove_writer(self._fd)
            self._awaits_room = False


def _opened_apart(fd: int) -> int:
    """Return the same terminal, opened again, so that only our descriptor is non-blocking.

    `fd` itself is shared with the shell and every other program on this terminal: made non-blocking, it is so for all
    of them. That is done only where the terminal cannot be opened: as another user, or outside its container.
    """
    names = []
    with contextlib.suppress(OSError):
        names.append(os.ttyname(fd))
    with contextlib.suppress(OSError):
        os.tcgetpgrp(fd)  # it is the controlling terminal, or this fails
        names.append("/dev/tty")
    for name in names:
        with contextlib.suppress(OSError):
            return os.open(name, os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
    os.set_blocking(fd, False)
    return fd
