"""Stalled, stopped, continued, put into the background, resized: it goes on, and what is on the screen is true."""

import signal
import sys
import termios
import time
from collections.abc import Iterator

import psutil
import pytest

from tests.running import ONE_SHAPE, Command, Running
from tests.tui.states import (
    A_CHECK,
    IN_TIME_S,
    SHOWN,
    STILL,
    Shell,
    Starts,
    assert_as_if_painted_anew,
    await_checks,
    count_checks,
    logged,
    stalled,
    stopped,
)
from tests.tui.terminal import Terminal


@ONE_SHAPE
def test_a_frozen_line_stops_nothing_and_is_painted_once_it_thaws(
    sandbox: Running, start: Starts, command: Command
) -> None:
    often = {"REFRESH_PERIOD_S": "1", "REFRESH_SLOW_PERIOD_S": "1", "WATCH_INTERVAL_S": "1", "WATCH_JITTER": "0"}
    terminal = start(Terminal, sandbox, **{f"WATCHDESK_{name}": value for name, value in often.items()})
    terminal.await_text("LIVE")
    for width in range(120, 200):
        if "screen updates are dropped" in logged(command):
            break
        terminal.resize(width, 50)
        time.sleep(0.2)
    assert "screen updates are dropped" in logged(command)
    checks = count_checks(sandbox)
    await_checks(sandbox, checks + 3)
    sandbox.sql("INSERT INTO autonomous_tasks (description, status) VALUES ('came during the stall', 'pending')")
    await_checks(sandbox, checks + 5)
    terminal.await_text("came during the stall")
    assert logged(command).count("the terminal reads again") == 1
    terminal.type(b"a")
    terminal.await_text("no unacknowledged alert is firing")  # what came before the key is on the screen as well
    terminal.await_gone("no unacknowledged alert is firing")
    assert_as_if_painted_anew(terminal)
    terminal.type(b"?")
    terminal.await_text("emergency stop: asks for a reason")
    assert_as_if_painted_anew(terminal)


def test_stopped_it_is_off_the_screen_and_continued_back_on_it(start: Starts) -> None:
    terminal = start()
    modes = terminal.modes()
    raw = terminal.settings()
    stopped(terminal)
    terminal.read(0.5)
    assert terminal.is_given_back()
    terminal.forget()
    terminal.process.send_signal(signal.SIGCONT)
    terminal.await_text(SHOWN)
    assert terminal.modes() == modes
    assert terminal.settings() == raw
    terminal.type(b"q")
    assert terminal.ended(IN_TIME_S) == 0


def test_stopped_by_force_it_paints_everything_again(start: Starts) -> None:
    terminal = start()
    modes, raw = terminal.modes(), terminal.settings()
    for _ in range(3):
        terminal.process.send_signal(signal.SIGSTOP)
        terminal.await_stopped()
        termios.tcsetattr(terminal.master, termios.TCSANOW, terminal.settings_before)  # as a shell does
        terminal.read(0.2)
        terminal.forget()
        terminal.process.send_signal(signal.SIGCONT)
        terminal.await_text(SHOWN)
        assert terminal.modes() == modes
        assert terminal.settings() == raw
    terminal.type(b"q")
    assert terminal.ended(IN_TIME_S) == 0
    pushed, popped = terminal.raw.count(b"\x1b[>25u"), terminal.raw.count(b"\x1b[<u")
    assert (pushed, popped) == (1, 2)  # since the last time: what it had before it was stopped, and the end


@ONE_SHAPE
def test_what_was_due_while_it_was_stopped_is_done_once(sandbox: Running, start: Starts) -> None:
    terminal = start(Terminal, sandbox, WATCHDESK_WATCH_INTERVAL_S="1", WATCHDESK_WATCH_JITTER="0")
    await_checks(sandbox, 1)
    stopped(terminal)
    before = count_checks(sandbox)
    time.sleep(3.5)  # the subject: three checks fall due
    terminal.process.send_signal(signal.SIGCONT)
    await_checks(sandbox, before + 3)
    at = sandbox.time_column
    rows = sandbox.sql(f"SELECT {at} FROM autonomous_execution_logs WHERE {A_CHECK} ORDER BY {at}")
    first, second = rows[before][0], rows[before + 1][0]
    assert (second - first).total_seconds() > 0.5


def test_stopped_often_continued_thrice_is_stopped_and_continued(start: Starts) -> None:
    terminal = start()
    for _ in range(3):
        terminal.process.send_signal(signal.SIGCONT)
    for _ in range(30):  # some of them between the moment in which it stops itself and its stop
        terminal.process.send_signal(signal.SIGTSTP)
    terminal.await_stopped()
    for _ in range(2):
        terminal.process.send_signal(signal.SIGTSTP)
    terminal.read(0.5)
    terminal.forget()
    for _ in range(3):
        terminal.process.send_signal(signal.SIGCONT)
    terminal.await_text(SHOWN)
    terminal.type(b"q")
    assert terminal.ended(IN_TIME_S) == 0
    terminal.read(0.5)
    assert terminal.is_given_back()


def test_a_stop_that_is_asked_for_twice_while_it_gives_back_the_terminal_is_one(start: Starts) -> None:
    terminal = start()
    stalled(terminal)  # so that takes a while
    while not terminal.is_stopped():
        terminal.process.send_signal(signal.SIGTSTP)
        time.sleep(0.002)
    terminal.read(0.5)
    terminal.forget()
    terminal.process.send_signal(signal.SIGCONT)
    terminal.await_text(SHOWN)


def test_stopped_while_the_line_is_frozen_it_stops_and_comes_back(start: Starts) -> None:
    terminal = start()
    stalled(terminal)
    stopped(terminal)
    assert terminal.settings() == terminal.settings_before
    terminal.read(0.5)
    assert terminal.is_given_back()
    terminal.forget()
    terminal.process.send_signal(signal.SIGCONT)
    terminal.await_text(SHOWN)


def test_many_changes_of_size_end_in_the_picture_of_the_last(start: Starts) -> None:
    terminal = start(**STILL)
    for n in range(300):
        terminal.resize(60 + n % 90, 15 + n % 40)
        if n % 10 == 0:
            terminal.read(0.01)
    terminal.resize(110, 33)
    terminal.forget()
    terminal.process.send_signal(signal.SIGWINCH)
    terminal.await_text(SHOWN)
    terminal.await_that(lambda text: "quit" in text.splitlines()[-1], "the last line")
    assert_as_if_painted_anew(terminal)


@pytest.fixture
def shell(sandbox: Running, command: Command) -> Iterator[Shell]:
    """A shell where whatever writes in the background is stopped."""
    shell = Shell(command, sandbox, WATCHDESK_WATCH_INTERVAL_S="1", WATCHDESK_WATCH_JITTER="0", PS1="ready> ")
    shell.await_text("ready>")
    shell.say("stty tostop")
    yield shell
    shell.dispose()


@ONE_SHAPE
def test_in_the_background_it_goes_on_without_the_screen(sandbox: Running, shell: Shell) -> None:
    shell.say(f"{sys.executable} -m tui")
    shell.await_text("LIVE")
    (monitor,) = psutil.Process(shell.process.pid).children()
    monitor.send_signal(signal.SIGTSTP)
    shell.await_text("Stopped")
    shell.forget()
    shell.say("bg")
    shell.await_text("ready>")
    before = shell.settings()
    await_checks(sandbox, count_checks(sandbox) + 2)
    assert monitor.status() != psutil.STATUS_STOPPED
    assert shell.settings() == before
    assert "LIVE" not in shell.read(0.5)
    shell.say("fg")
    shell.await_text("LIVE")
    shell.type(b"q")
    shell.await_sent(b"\x1b[?1049l")
    shell.say("echo code=$?")
    shell.await_text("code=0")
    assert shell.settings() == before
    assert shell.modes() <= {2004}  # bash has one of its own


@ONE_SHAPE
def test_started_in_the_background_it_waits_for_the_screen_alone(sandbox: Running, shell: Shell) -> None:
    shell.say(f"{sys.executable} -m tui &")
    await_checks(sandbox, 2)
    assert "LIVE" not in shell.read(0.5)
    shell.say("fg")
    shell.await_text("LIVE")
    shell.type(b"q")
    shell.await_sent(b"\x1b[?1049l")
    shell.say("echo code=$?")
    shell.await_text("code=0")


@ONE_SHAPE
def test_stopped_by_force_and_put_into_the_background_it_lets_go_of_the_screen(sandbox: Running, shell: Shell) -> None:
    shell.say(f"{sys.executable} -m tui")
    shell.await_text("LIVE")
    (monitor,) = psutil.Process(shell.process.pid).children()
    monitor.send_signal(signal.SIGSTOP)
    shell.await_text("Stopped")
    shell.forget()
    shell.say("bg")
    shell.await_text("ready>")
    await_checks(sandbox, count_checks(sandbox) + 2)
    assert "LIVE" not in shell.read(0.5)
    monitor.terminate()
    assert psutil.wait_procs([monitor], timeout=IN_TIME_S)[1] == []
    shell.say("fg")
    shell.await_text("Done")
