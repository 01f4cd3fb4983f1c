"""Commands without the half second that Python and the packages need to start: forked from a process that has them.

What runs is the program as it is, in a process of its own with its own directory, environment and files, ended as
Python ends. Only what the start itself reads (locale, `PYTHON*`, colours) cannot be given to it: `fits` says when.
"""

import contextlib
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

_OURS: Final = ("SUPABASE_", "VITE_", "WATCHDESK_", "XDG_")
_LOCALE: Final = "C.UTF-8"


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
        self, args: Sequence[str], cwd: Path, env: Mapping[str, str], timeout_s: float
    ) -> "subprocess.CompletedProcess[str]":
        """As `subprocess.run` would, without a terminal."""
        with (
            socket.socket(socket.AF_UNIX) as line,
            tempfile.TemporaryFile("w+") as out,
            tempfile.TemporaryFile("w+") as err,
        ):
            line.connect(self._address)
            request = json.dumps({"args": args, "cwd": str(cwd), "env": dict(env)}).encode()
            socket.send_fds(line, [len(request).to_bytes(4)], [out.fileno(), err.fileno()])
            line.sendall(request)
            line.settimeout(timeout_s)
            answers = line.makefile()
            pid = int(answers.readline())
            try:
                code = int(answers.readline())
            except TimeoutError:
                os.kill(pid, signal.SIGKILL)
                raise
            out.seek(0)
            err.seek(0)
            return subprocess.CompletedProcess(args, code, out.read(), err.read())

    def close(self) -> None:
        """End it."""
        self._process.communicate()
        self._place.cleanup()


def _serve(address: str) -> None:
    """Fork for each request, until stdin ends. Returns in each command's own process, when that has become it."""
    from core.backend.official import official
    from tui.cli.group import COMMANDS

    official()
    for name in ("anyio._backends._asyncio", *(f"tui.cli.{command.replace('-', '_')}" for command in COMMANDS)):
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
    size, files, _, _ = socket.recv_fds(line, 4, 2)
    request = b""
    while len(request) < int.from_bytes(size):
        request += line.recv(65536)
    pid = os.fork()
    if pid == 0:
        line.close()
        _become(json.loads(request), files)
        return
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
    with Path(os.devnull).open() as nothing:
        os.dup2(nothing.fileno(), 0)
    for fd, file in enumerate(files, 1):
        os.dup2(file, fd)
        os.close(file)
    sys.argv = ["tui", *request["args"]]


if __name__ == "__main__":
    _serve(sys.argv[1])
    sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")  # noqa: SIM115 - they live as long as it does
    runpy.run_module("tui", run_name="__main__", alter_sys=True)
