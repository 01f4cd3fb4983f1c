"""Commands without the half second that Python and the packages need to start: forked from a process that has them.

What runs is the program as it is, in a process of its own with its own directory, environment and files, ended as
Python ends. Only what the start itself reads (locale, `PYTHON*`, colours) cannot be given to it: `fits` says when.
"""

import contextlib
import fcntl
import gc
import importlib
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import termios
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

_OURS: Final = ("SUPABASE_", "VITE_", "WATCHDESK_", "XDG_")
_LOCALE: Final = "C.UTF-8"
_SCREEN: Final = ("anyio._backends._asyncio", "tui.app.app", "tui.terminal.driver", "tui.terminal.final_message")
"""What the program loads only once it knows that there is a project, or a terminal."""


class Amiss(NamedTuple):
    """What is not as usual where a command is run: streams by their numbers, and the directory."""

    full: frozenset[int] = frozenset()
    """Take nothing: there is no space left on their device."""
    closed: frozenset[int] = frozenset()
    gone: bool = False
    """The working directory is deleted."""


_AS_USUAL: Final = Amiss()


class Warm:
    """One such process; commands may run side by side. It ends with the process that made it."""

    def __init__(self, root: Path) -> None:
        self._place = tempfile.TemporaryDirectory(prefix="watchdesk-warm-")
        self._path = str(root)
        self._address = str(Path(self._place.name) / "s")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.warm", self._address],
            cwd=root,
            env={"PATH": os.environ["PATH"], "LANG": _LOCALE, "PYTHONPATH": self._path, "TZ": "UTC"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._started: list[WarmProcess] = []
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"ready\n"

    def fits(self, env: Mapping[str, str]) -> bool:
        """Whether everything in `env` is read after the start, or is as it was there."""
        start = {"LANG": _LOCALE, "TERM": "xterm-256color", "PYTHONPATH": self._path}
        return all(
            key in {"PATH", "HOME", "TZ"} or start.get(key) == value or key.startswith(_OURS)
            for key, value in env.items()
        )

    def run(
        self, args: Sequence[str], cwd: Path, env: Mapping[str, str], timeout_s: float, amiss: Amiss = _AS_USUAL
    ) -> "subprocess.CompletedProcess[str]":
        """As `subprocess.run` would, without a terminal."""
        with (
            Path(os.devnull).open() as nothing,
            tempfile.TemporaryFile("w+") as out,
            tempfile.TemporaryFile("w+") as err,
            Path("/dev/full" if amiss.full else os.devnull).open("w") as full,
        ):
            files = [full if number in amiss.full else one for number, one in enumerate((nothing, out, err))]
            process = self._start(args, cwd, env, [one.fileno() for one in files], amiss=amiss)
            try:
                code = process.wait(timeout_s)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
            out.seek(0)
            err.seek(0)
            return subprocess.CompletedProcess(args, code, out.read(), err.read())

    def on_terminal(
        self, args: Sequence[str], cwd: Path, env: Mapping[str, str], stdin: int, terminal: int
    ) -> "WarmProcess":
        """As `subprocess.Popen` would in a session of its own, whose controlling terminal is `terminal`."""
        files = (stdin, terminal, terminal)
        return self._running(self._start(args, cwd, env, files, session=True, controlled=True))

    def start(self, args: Sequence[str], cwd: Path, env: Mapping[str, str], files: Sequence[int]) -> "WarmProcess":
        """As `subprocess.Popen` would in a session of its own: its stdin, stdout and stderr are copies of `files`."""
        return self._running(self._start(args, cwd, env, files, session=True))

    def _start(
        self,
        args: Sequence[str],
        cwd: Path,
        env: Mapping[str, str],
        files: Sequence[int],
        *,
        session: bool = False,
        controlled: bool = False,
        amiss: Amiss = _AS_USUAL,
    ) -> "WarmProcess":
        line = socket.socket(socket.AF_UNIX)
        line.connect(self._address)
        request = {"args": args, "cwd": str(cwd), "env": dict(env), "session": session}
        request |= {"controlled": controlled, "closed": sorted(amiss.closed), "gone": amiss.gone}
        sent = json.dumps(request).encode()
        socket.send_fds(line, [len(sent).to_bytes(4)], files)
        line.sendall(sent)
        return WarmProcess(line)

    def _running(self, one: "WarmProcess") -> "WarmProcess":
        self._started.append(one)
        return one

    def close(self) -> None:
        """End it, and what a test that failed left running."""
        for one in self._started:
            one.kill()
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            stream.close()
        self._process.wait()
        self._place.cleanup()


class WarmProcess:
    """One command, with what is used of `subprocess.Popen`."""

    def __init__(self, line: socket.socket) -> None:
        self.returncode: int | None = None
        self._line = line
        self._answers = b""
        self._read_until(1, None)
        self.pid = int(self._answers.partition(b"\n")[0])

    def poll(self) -> int | None:
        """The exit code, once it ended; a signal's number below zero."""
        self._read_until(2, 0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """The exit code. Raises subprocess.TimeoutExpired after so many seconds."""
        self._read_until(2, timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired("warm", timeout or 0)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Nothing once it ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)

    def _read_until(self, lines: int, timeout: float | None) -> None:
        until = None if timeout is None else time.monotonic() + timeout
        while self._answers.count(b"\n") < lines:
            left = None if until is None else max(0.0, until - time.monotonic())
            if not select.select([self._line], [], [], left)[0]:
                return
            got = self._line.recv(64)
            assert got, "what commands are forked from is gone"
            self._answers += got
        if lines == 2 and self.returncode is None:
            self.returncode = int(self._answers.split(b"\n")[1])
            self._line.close()


def _serve(address: str) -> None:
    """Fork for each request, until stdin ends. Returns in each command's own process, when that has become it."""
    from core.backend.proxies import authorities
    from core.backend.supabase_client import official
    from tui.cli import commands

    official()
    authorities()
    for name in (*_SCREEN, *(f"tui.cli.commands.{one.name}" for one in pkgutil.iter_modules(commands.__path__))):
        importlib.import_module(name)
    assert threading.active_count() == 1
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(address)
        door.listen(64)
        print("ready", flush=True)
        while True:
            ready = select.select([door, 0], [], [])[0]
            if 0 in ready:
                os._exit(0)
            line, _ = door.accept()
            if os.fork() == 0:
                break
            line.close()
    _look_after(line)


def _look_after(line: socket.socket) -> None:
    """Fork the command, and tell how it ended. Returns in the command's process alone."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    size, files, _, _ = socket.recv_fds(line, 4, 3)
    request = b""
    while len(request) < int.from_bytes(size):
        request += line.recv(65536)
    pid = os.fork()
    if pid == 0:
        line.close()
        _become(json.loads(request), files)
        return
    for file in files:
        os.close(file)
    with contextlib.suppress(BrokenPipeError):
        line.sendall(f"{pid}\n".encode())
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        line.sendall(f"{code}\n".encode())
    os._exit(0)


def _become(request: dict[str, Any], files: Sequence[int]) -> None:
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    time.tzset()
    for fd, file in enumerate(files):
        os.dup2(file, fd)
        os.close(file)
    if request["session"]:
        os.setsid()
    if request["controlled"]:
        fcntl.ioctl(1, termios.TIOCSCTTY, 0)
    for fd in request["closed"]:
        os.close(fd)
    if request["gone"]:
        os.mkdir("gone")
        os.chdir("gone")
        os.rmdir("../gone")
    sys.argv = ["tui", *request["args"]]


def _open_as_python_does() -> None:
    """Open the three streams; those that are closed are none."""
    sys.stdin = _opened(0, "r", errors="surrogateescape")
    sys.stdout = _opened(1, "w", buffering=1 if _is_open(1) and os.isatty(1) else -1, errors="surrogateescape")
    sys.stderr = _opened(2, "w", buffering=1, errors="backslashreplace")


def _opened(fd: int, mode: str, **more: Any) -> Any:
    return open(fd, mode, **more) if _is_open(fd) else None


def _is_open(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True


if __name__ == "__main__":
    _serve(sys.argv[1])
    _open_as_python_does()
    runpy.run_module("tui", run_name="__main__", alter_sys=True)
