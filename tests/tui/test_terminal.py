"""The real program on a real terminal: what is on it, and that it ends cleanly. Signals and stalls: `test_signals`."""

import signal

import pytest

from tests.running import ONE_SHAPE, Command, Running
from tests.tui.states import NOBODY
from tests.tui.terminal import Terminal


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
@ONE_SHAPE
def test_a_signal_ends_it_with_zero_and_gives_the_terminal_back(
    number: int, sandbox: Running, command: Command
) -> None:
    terminal = Terminal(command, sandbox)
    terminal.await_text("LIVE")
    terminal.process.send_signal(number)
    assert terminal.ended(2.0) == 0
    assert terminal.is_given_back()
    terminal.dispose()


@ONE_SHAPE
def test_q_quits(sandbox: Running, command: Command) -> None:
    terminal = Terminal(command, sandbox)
    terminal.await_text("LIVE")
    terminal.type(b"q")
    assert terminal.ended(3.0) == 0
    assert terminal.is_given_back()
    terminal.dispose()


@ONE_SHAPE
def test_the_footer_fits_eighty_columns(sandbox: Running, command: Command) -> None:
    terminal = Terminal(command, sandbox)
    last = terminal.await_text("LIVE").splitlines()[-1]
    for word in ("heal", "reset", "STOP", "resume", "check", "help", "quit"):
        assert word in last
    terminal.dispose()


@ONE_SHAPE
def test_hostile_rows_send_no_control_byte_of_theirs(sandbox: Running, command: Command) -> None:
    text = "evil \x1b]52;c;ZXZpbA==\x07 \x1b]8;;http://x\x1b\\ \x1b[2J \x9b2J end"
    sandbox.sql(
        "INSERT INTO autonomous_tasks (description, status, error_message) VALUES (%s, 'failed', %s)", text, text
    )
    terminal = Terminal(command, sandbox, size=(200, 50))
    terminal.await_text("evil")
    terminal.process.terminate()
    terminal.ended(2.0)
    sent = terminal.raw.decode()
    for sequence in ("\x1b]52", "\x1b]8", "\x1b[2J", "\x9b"):
        assert sequence not in sent
    terminal.dispose()


@pytest.mark.parametrize(
    "garbled",
    [
        pytest.param(b"\xff\xfe\xc3", id="not-utf-8"),
        pytest.param(b"\x1b[1574702;249u", id="no-such-character"),
        pytest.param(b"\x1b[0:0:8u", id="fields-in-fields"),
        pytest.param(b"\x1b[48;0;0;0;0t\x1b[<0;5;5M", id="no-width"),
        pytest.param(b"\x1b[200~\xff", id="a-paste-without-end"),
    ],
)
def test_what_a_bad_line_sends_does_it_no_harm(garbled: bytes, command: Command) -> None:
    terminal = Terminal(command, None, **NOBODY)
    terminal.await_text("OFFLINE")
    terminal.type(garbled + b"\x1b[201~")
    terminal.read(0.5)
    terminal.type(b"q")
    assert terminal.ended(3.0) == 0
    terminal.dispose()


def test_the_demo_is_live_and_leaves_nothing(command: Command) -> None:
    terminal = Terminal(command, None, "--observe", "demo", size=(200, 50))  # else a heal under way keeps q asking
    terminal.await_text("LIVE", 20)
    terminal.await_text(" demo ")
    assert "faults" in terminal.await_text("faults").splitlines()[-1]
    terminal.await_text("success 24 h 9", 10)
    terminal.type(b"q")
    assert terminal.ended(8.0) == 0
    terminal.dispose()
