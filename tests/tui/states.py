"""States a terminal and its monitor can be in, how they get there, and what to compare them by."""

import difflib
import fcntl
import itertools
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import pytest

from tests.running import Command, Running
from tests.tui.terminal import Terminal

IN_TIME_S: Final = 20.0
"""Within which it ends, seconds: what hangs here would hold it for a minute or for ever."""
NOBODY: Final = {"SUPABASE_URL": "http://127.0.0.1:9", "SUPABASE_KEY": "sb_secret_x"}
SHOWN: Final = "auto-heal off"
STILL: Final = {f"WATCHDESK_{name}_S": "3600" for name in ("REFRESH_PERIOD", "REFRESH_SLOW_PERIOD", "WATCH_INTERVAL")}
"""It looks once and then no more: nothing it shows changes between two pictures."""
_QUIET_S: Final = 0.3
A_CHECK: Final = "execution_step = 'watchdog_health_check'"


class TwoTerminals(Terminal):
    """Keys come from another terminal than the one it draws on."""

    def stdin(self, slave: int) -> int:
        """The other one."""
        self.keys, self._stdin = pty.openpty()
        return self._stdin

    def __init__(self, command: Command, sandbox: Running | None, *args: str, **env: str) -> None:
        super().__init__(command, sandbox, *args, **env)
        os.close(self._stdin)


class Shell(Terminal):
    """A shell with job control."""

    def program(self, args: Sequence[str]) -> list[str]:
        """bash, asking with a prompt of its own."""
        return ["bash", "--norc", "--noprofile", "-i"]

    def say(self, line: str) -> None:
        """Type a line."""
        self.type(line.encode() + b"\n")


Starts = Callable[..., Terminal]


@pytest.fixture
def start(command: Command) -> Iterator[Starts]:
    """Starts the monitor on a terminal, by default with nobody to talk to, and waits until it shows."""
    started: list[Terminal] = []

    def make(kind: type[Terminal] = Terminal, sandbox: Running | None = None, *args: str, **env: str) -> Terminal:
        started.append(kind(command, sandbox, *args, **env if sandbox else NOBODY | env))
        started[-1].await_text(SHOWN)
        return started[-1]

    yield make
    for terminal in started:
        terminal.dispose()


def busy(terminal: Terminal) -> None:
    """Many keys, sizes and pictures, none of them looked at."""
    keys = terminal.keys if isinstance(terminal, TwoTerminals) else terminal.master
    for width in range(100, 200):
        terminal.resize(width, 50)
        os.write(keys, b"?\x1b[<65;5;5M?")


def stalled(terminal: Terminal) -> None:
    """So much to show that the terminal, which reads no more, takes nothing.

    With room for one byte it says that it takes more, and a line's end, which is two, waits for ever all the same.
    """
    until, before, same = time.monotonic() + 60, -1, 0
    while (waits := waiting(terminal)) < 4000 or (takes_more(terminal) and same < 10):
        assert time.monotonic() < until, f"it does not write: {waits} bytes"
        same = same + 1 if waits == before else 0
        if same:
            busy(terminal)
        before = waits
        time.sleep(0.5)


def takes_more(terminal: Terminal) -> bool:
    """Whether what is written to the terminal now is taken."""
    there = os.open(terminal.name, os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
    try:
        return bool(select.select([], [there], [], 0)[1])
    finally:
        os.close(there)


def waiting(terminal: Terminal) -> int:
    """How many bytes wait to be read, as far as the system tells."""
    return int(struct.unpack("i", fcntl.ioctl(terminal.master, termios.FIONREAD, b"\0" * 4))[0])


def stopped(terminal: Terminal) -> None:
    """As by Ctrl-Z in a shell; the end finds it so."""
    terminal.process.send_signal(signal.SIGTSTP)
    terminal.await_stopped()


def count_checks(sandbox: Running) -> int:
    rows = sandbox.sql(f"SELECT count(*) FROM autonomous_execution_logs WHERE {A_CHECK}")
    return int(rows[0][0])


def await_checks(sandbox: Running, count: int, within_s: float = 60.0) -> None:
    until = time.monotonic() + within_s
    while (now := count_checks(sandbox)) < count:
        assert time.monotonic() < until, f"{now} checks"
        time.sleep(0.1)


def assert_as_if_painted_anew(terminal: Terminal) -> None:
    """What is on the screen is what a new terminal would be shown, apart from what moves with time."""
    terminal.settle(_QUIET_S)
    shown = without_time(terminal)
    terminal.forget()
    terminal.process.send_signal(signal.SIGCONT)
    terminal.await_sent(b"\x1b[?1049h")
    terminal.await_text("quit")  # in its last line
    terminal.settle(_QUIET_S)
    anew = without_time(terminal)
    assert len(anew) == len(shown)
    assert all(map(alike, shown, anew)), "\n".join(difflib.unified_diff(shown, anew, "shown", "anew", n=0, lineterm=""))


def alike(one: str, other: str) -> bool:
    """Whether two lines say the same: where they are cut, a number that grew leaves room for a sign or two less."""
    pairs = list(itertools.zip_longest(one.split("…"), other.split("…"), fillvalue="\n"))
    last = len(pairs) - 1
    return all(
        a == b or (at < last and abs(len(a) - len(b)) <= 2 and (a.startswith(b.rstrip()) or b.startswith(a.rstrip())))
        for at, (a, b) in enumerate(pairs)
    )


def without_time(terminal: Terminal) -> list[str]:
    """Beside a dialog stand ends of words, which move as the numbers in them grow; they are left out.

    So does the rule behind a title.
    """
    lines = [line[line.find("┃") : line.rfind("┃") + 1] or line for line in terminal.screen.display]
    timeless = [
        re.sub(r"(?:<? ?[\d◐◓◑◒.▁-█]+|(?:just )?now)(?: (?:s|min|h)\b)?(?: ago\b)?", "", line) for line in lines
    ]
    return [re.sub(r"([ ─])\1+", r"\1", line).strip() for line in timeless]


def logged(command: Command) -> str:
    return "".join(path.read_text() for path in command.home.rglob("watchdesk.log"))
