"""Whatever ends it, and whatever it was doing: gone within two seconds, the terminal as it was before."""

import itertools
import os
import re
import select
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.running import ROOT
from tests.tui.states import IN_TIME_S, Starts, TwoTerminals, busy, stalled, stopped
from tests.tui.terminal import Failing, Terminal


def hang_up(terminal: Terminal) -> None:
    terminal.close()


def end_input(terminal: Terminal) -> None:
    assert isinstance(terminal, TwoTerminals)
    os.close(terminal.keys)


def signalled(number: int) -> Callable[[Terminal], None]:
    return lambda terminal: terminal.process.send_signal(number)


ENDS = {
    "SIGTERM": (Terminal, signalled(signal.SIGTERM), 0),
    "SIGHUP": (Terminal, signalled(signal.SIGHUP), 0),
    "SIGINT": (Terminal, signalled(signal.SIGINT), 130),
    "terminal-closed": (Terminal, hang_up, 0),
    "stdin-at-its-end": (TwoTerminals, end_input, 0),
    "screen-closed": (TwoTerminals, hang_up, 0),
}


STATES = {"idle": None, "busy": busy, "stalled": stalled, "stopped": stopped}
TRIED = [
    *itertools.product(ENDS, ("idle", "stalled")),
    *itertools.product(("SIGTERM", "stdin-at-its-end"), ("busy",)),
    *itertools.product(("SIGTERM", "SIGHUP", "terminal-closed"), ("stopped",)),
]
"""Every end of one that has nothing to do and of one that can write nothing; of the others one of each kind."""


@pytest.mark.parametrize(("end", "name"), TRIED, ids=["-".join(one) for one in TRIED])
def test_it_ends_in_time_and_gives_the_terminal_back(end: str, name: str, start: Starts) -> None:
    kind, act, code = ENDS[end]
    state = STATES[name]
    terminal = start(kind)
    if state is not None:
        state(terminal)
    act(terminal)
    if state is stopped:
        terminal.process.send_signal(signal.SIGCONT)
    assert terminal.process.wait(IN_TIME_S) == code
    if terminal.master >= 0:
        terminal.read(1.0)
        assert terminal.is_given_back(), (terminal.modes(), terminal.raw[-200:])


@pytest.mark.parametrize("end", ["SIGTERM", "SIGINT", "terminal-closed"])
def test_an_event_loop_that_hangs_holds_up_no_end(end: str, start: Starts) -> None:
    terminal = start(Failing)
    terminal.type(b"F")
    await_busy_loop(terminal)
    _, act, code = ENDS[end]
    act(terminal)
    assert terminal.process.wait(IN_TIME_S) == code
    if terminal.master >= 0:
        terminal.read(1.0)
        assert terminal.is_given_back()


def await_busy_loop(terminal: Terminal) -> None:
    """Until it answers no key."""
    until = time.monotonic() + 100
    while True:
        assert time.monotonic() < until, "it goes on"
        terminal.forget()
        terminal.type(b"?")
        if not select.select([terminal.master], [], [], 0.6)[0]:
            return
        terminal.read(0.2)


def test_a_name_that_is_looked_up_for_a_minute_holds_up_no_end(start: Starts, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import socket, time\nsocket.getaddrinfo = lambda *_, **__: time.sleep(60)"
    )
    env = {"SUPABASE_URL": "http://slow.example:9", "PYTHONPATH": f"{tmp_path}:{ROOT}"}
    told, typed = start(**env), start(**env)
    for terminal in (told, typed):
        terminal.await_text("connecting timed out")
    told.process.terminate()
    assert told.process.wait(IN_TIME_S) == 0
    typed.type(b"q")
    assert typed.process.wait(IN_TIME_S) == 0
    for terminal in (told, typed):
        terminal.read(1.0)
        assert terminal.is_given_back()


def test_after_the_end_of_a_stall_nothing_of_the_screen_is_left_over(start: Starts) -> None:
    terminal = start()
    stalled(terminal)
    terminal.process.terminate()
    assert terminal.process.wait(IN_TIME_S) == 0
    terminal.read(1.0)
    before, _, after = terminal.raw.rpartition(b"\x18\x1b[0m")
    assert before.count(b"\x1b[?1049l") == 0
    assert re.fullmatch(rb"(?:\x1b\[[?<]\d*[a-z])+", after)
