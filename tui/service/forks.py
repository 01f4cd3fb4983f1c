"""Processes that are forked from one that has imported everything: they begin at once, and share its memory.

`serve` is the life of that process: single-threaded, so that a fork is safe. `Forks` is its client. Each process has
one socket: its lines go there, and where that ends the process does, too. If the client is killed all of them end,
on Linux also those that are stopped.
"""

import asyncio
import contextlib
import ctypes
import gc
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec

_TAKEN: Final = 65536
_FAILED: Final = 1
_END_S: Final = 0.7
"""The seconds that processes have to end in order once their client is gone; it has waited for them before."""
_LAST_S: Final = 0.5
_PR_SET_PDEATHSIG: Final = 1
"""Of `prctl(2)`: the signal to get when the parent ends. A fork forgets it."""


class ForkOrder(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the client asks for: to begin a process, about which a socket comes along, or to send one a signal."""

    id: int
    about: dict[str, Any] | None = None
    signal: int = 0


class ForkNews(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the client is told: that a process began, as `pid`, or ended, with `code` (a signal is negative)."""

    id: int
    pid: int = 0
    code: int | None = None


# The process that is forked from


def serve(line: socket.socket, run: Callable[[dict[str, Any], int], int]) -> None:
    """Fork a process for each order on `line`, to call `run` with what it is about and its socket, until that ends."""
    _go_on_without_parent()
    gc.collect()
    gc.freeze()  # what is imported stays: to visit it would copy its memory
    woken, waker = os.pipe()
    for end in (woken, waker):
        os.set_blocking(end, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # it ends with its client, after all processes
    running: dict[int, int] = {}
    decoder, rest, sockets = msgspec.json.Decoder(ForkOrder), b"", []
    while True:
        ready, _, _ = select.select((line.fileno(), woken), (), ())
        if woken in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(woken, _TAKEN)
        _reap(line, running)
        if line.fileno() not in ready:
            continue
        data, files, _, _ = socket.recv_fds(line, _TAKEN, 8)
        sockets += files
        if not data:
            break
        *whole, rest = (rest + data).split(b"\n")
        for one in whole:
            order = decoder.decode(one)
            if order.about is None:
                for pid in (pid for pid, name in running.items() if name == order.id):
                    os.kill(pid, order.signal)
                continue
            file = sockets.pop(0)
            if (pid := os.fork()) == 0:
                for other in (woken, waker, *sockets):
                    os.close(other)
                line.close()
                _become(order.about, file, run)
            os.close(file)
            running[pid] = order.id
            _tell(line, ForkNews(id=order.id, pid=pid))
    _end_all(line, running)


def _go_on_without_parent() -> None:
    """Once the parent has ended, go on if stopped by then: the end of the socket is seen, and so the process ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGCONT, 0, 0, 0)


def _become(about: dict[str, Any], file: int, run: Callable[[dict[str, Any], int], int]) -> None:
    """Be one of the processes, to the end: nothing of the one that was forked from goes on here."""
    code = _FAILED
    try:
        _go_on_without_parent()
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)  # SIGHUP stays ignored: settings are not read yet, let alone again
        code = run(about, file)
    finally:
        os._exit(code)


def _reap(line: socket.socket, running: dict[int, int]) -> None:
    while running:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        _tell(line, ForkNews(id=running.pop(pid), code=os.waitstatus_to_exitcode(status)))


def _end_all(line: socket.socket, running: dict[int, int]) -> None:
    """Wait until all have ended, who see that their sockets did; kill those that have not in time."""
    until = time.monotonic() + _END_S
    while running and time.monotonic() < until:
        time.sleep(0.02)
        _reap(line, running)
    for pid in running:
        os.kill(pid, signal.SIGKILL)
    for pid in running:
        os.waitpid(pid, 0)


def _tell(line: socket.socket, news: ForkNews) -> None:
    with contextlib.suppress(OSError):  # the client is gone: the next read says so
        line.sendall(msgspec.json.encode(news) + b"\n")


# Its client


class Forks:
    """Begins processes by way of one that runs `program`, on an event loop.

    `began` is called with a process's number and pid, `ended` with its number and exit code; `lost` once that one
    program itself has ended, and every process with it.
    """

    def __init__(
        self,
        program: Sequence[str],
        *,
        began: Callable[[int, int], None],
        ended: Callable[[int, int], None],
        lost: Callable[[], None],
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        """Start the program. Raises OSError."""
        self._began, self._ended, self._lost = began, ended, lost
        self._line, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                program,
                env=dict(environment),
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # keys such as ctrl+c are for the client
            )
        self._line.setblocking(False)
        self._decoder = msgspec.json.Decoder(ForkNews)
        self._rest = b""
        self._last = 0
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._line, self._hear)

    def begin(self, about: Mapping[str, Any]) -> tuple[int, socket.socket]:
        """Begin a process; return its number, and the socket that it writes to. Raises OSError."""
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        with theirs:
            self._last += 1
            order = msgspec.json.encode(ForkOrder(id=self._last, about=dict(about))) + b"\n"
            try:
                socket.send_fds(self._line, [order], [theirs.fileno()])
            except OSError:
                ours.close()
                raise
        return self._last, ours

    def signal(self, process: int, number: int) -> None:
        """Send a signal to a process, if it still runs."""
        with contextlib.suppress(OSError):
            self._line.send(msgspec.json.encode(ForkOrder(id=process, signal=number)) + b"\n")

    async def close(self) -> None:
        """End all; the processes in order, if their sockets are closed. Takes two seconds at most."""
        self._loop.remove_reader(self._line)
        self._line.close()
        await asyncio.to_thread(self._wait)

    def _wait(self) -> None:
        try:
            self._process.wait(_END_S + _LAST_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _hear(self) -> None:
        try:
            data = self._line.recv(_TAKEN)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._loop.remove_reader(self._line)
            self._lost()
            return
        *whole, self._rest = (self._rest + data).split(b"\n")
        for one in whole:
            news = self._decoder.decode(one)
            if news.code is None:
                self._began(news.id, news.pid)
            else:
                self._ended(news.id, news.code)
