"""The end: on a signal or a lost terminal the app is asked to leave, and the process is ended if it does not.

A monitor must end on SIGTERM, SIGHUP, a lost terminal and a closed stdin within two seconds, whatever its event loop
does. A thread therefore handles the signals: Python's own handlers wait for the main thread.
"""

import asyncio
import contextlib
import logging
import os
import select
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Final, Protocol

log = logging.getLogger(__name__)

GRACE_S: Final = 1.2
"""Seconds that an orderly end may take once it was requested."""

_ENDING: Final = frozenset((signal.SIGTERM, signal.SIGHUP, signal.SIGINT))
_GONE: Final = select.POLLHUP | select.POLLERR | select.POLLNVAL


class HasFileno(Protocol):
    """A stream or a socket."""

    def fileno(self) -> int:
        """Return its file descriptor."""
        ...


class Ending:
    """Calls `leave` on the event loop when the app must end, and `abandon` from a thread if it does not in time."""

    def __init__(
        self, *, signals: frozenset[signal.Signals] = _ENDING, lives_with: Sequence[HasFileno] | None = None
    ) -> None:
        """Let `signals` end it, and the end of a stream that it `lives_with`; by default those of its terminal."""
        self._signals = signals
        self._streams = (sys.stdin, sys.stderr) if lives_with is None else tuple(lives_with)
        self._over = threading.Event()
        self._waker: int | None = None
        self.asked = False
        """True once the app was asked to leave."""
        self.code = 0
        """The exit code, unless the app failed."""

    def arm(self, loop: asyncio.AbstractEventLoop, leave: Callable[[], None], abandon: Callable[[], None]) -> None:
        """Start to listen to signals, and to watch the terminal."""
        woken, self._waker = os.pipe()
        os.set_blocking(self._waker, False)
        for number in self._signals:
            signal.signal(number, lambda *_: None)  # without a handler the thread would not hear of it
        signal.set_wakeup_fd(self._waker, warn_on_full_buffer=False)

        def run() -> None:
            why = self._awaited(woken)
            if not why:
                os.close(woken)
                return
            log.info("leaving: %s", why)
            self.asked = True
            with contextlib.suppress(RuntimeError):  # the loop is closed already
                loop.call_soon_threadsafe(leave)
            if not self._over.wait(GRACE_S):
                log.warning("the app did not end within %s s; ending the process", GRACE_S)
                abandon()
                os._exit(self.code)

        threading.Thread(target=run, name="watchdesk-ending", daemon=True).start()

    def disarm(self) -> None:
        """Stop: the app has ended. The signals stay without effect, so that the clean-up is not interrupted."""
        self._over.set()
        if self._waker is not None:
            signal.set_wakeup_fd(-1)
            os.close(self._waker)
            self._waker = None

    def _awaited(self, woken: int) -> str:
        """Wait for a reason to leave, and return it; empty if the app ended by itself."""
        poll = select.poll()
        poll.register(woken, select.POLLIN)
        for stream in self._streams:
            poll.register(stream.fileno(), _GONE)
        while not self._over.is_set():
            for fd, event in poll.poll():
                if fd == woken:
                    numbers = self._signals.intersection(os.read(fd, 512))
                    if numbers:
                        self.code = 128 + signal.SIGINT if numbers == {signal.SIGINT} else 0
                        return ", ".join(signal.Signals(number).name for number in numbers)
                elif event & _GONE != select.POLLNVAL or not _is_open(fd):
                    return "the terminal, or who began this, is gone"
                else:  # a kind of terminal that cannot be watched so, as some systems have them
                    poll.unregister(fd)
        return ""


def _is_open(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True
