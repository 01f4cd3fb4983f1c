"""The real program on a real terminal: what is on it, and that it ends cleanly. Signals and stalls: `test_signals`."""

from tests.running import ONE_SHAPE, Command, Running
from tests.tui.states import NOBODY
from tests.tui.terminal import Terminal


@ONE_SHAPE
def test_the_footer_fits_eighty_columns_and_q_quits(sandbox: Running, command: Command) -> None:
    terminal = Terminal(command, sandbox)
    last = terminal.await_text("LIVE").splitlines()[-1]
    for word in ("heal", "reset", "STOP", "resume", "check", "help", "quit"):
        assert word in last
    terminal.type(b"q")
    assert terminal.ended() == 0
    assert terminal.is_given_back()
    terminal.dispose()


@ONE_SHAPE
def test_hostile_rows_send_no_control_byte_of_theirs_and_a_signal_gives_the_terminal_back(
    sandbox: Running, command: Command
) -> None:
    text = "evil \x1b]52;c;ZXZpbA==\x07 \x1b]8;;http://x\x1b\\ \x1b[2J \x9b2J end"
    sandbox.sql(
        "INSERT INTO autonomous_tasks (description, status, error_message) VALUES (%s, 'failed', %s)", text, text
    )
    terminal = Terminal(command, sandbox, size=(200, 50))
    terminal.await_text("evil")
    terminal.process.terminate()
    assert terminal.ended() == 0
    assert terminal.is_given_back()
    sent = terminal.raw.decode()
    for sequence in ("\x1b]52", "\x1b]8", "\x1b[2J", "\x9b"):
        assert sequence not in sent
    terminal.dispose()


GARBLED = {
    "not UTF-8": b"\xff\xfe\xc3",
    "no such character": b"\x1b[1574702;249u",
    "fields in fields": b"\x1b[0:0:8u",
    "a paste without end": b"\x1b[200~\xff",
}
NO_WIDTH = b"\x1b[48;0;0;0;0t\x1b[<0;5;5M"


def test_what_a_bad_line_sends_does_it_no_harm(command: Command) -> None:
    terminal = Terminal(command, None, **NOBODY)
    terminal.await_text("OFFLINE")
    for name, garbled in GARBLED.items():
        terminal.type(garbled + b"\x1b[201~")
        terminal.settle()
        terminal.type(b"?")
        terminal.await_that(lambda text: "escape closes" in text, name)
        terminal.type(b"\x1b[27u")
        terminal.await_gone("escape closes")
    terminal.type(NO_WIDTH)
    terminal.settle()
    terminal.type(b"q")
    assert terminal.ended() == 0
    terminal.dispose()


def test_the_demo_is_live_and_leaves_nothing(command: Command) -> None:
    terminal = Terminal(command, None, "--observe", "demo", size=(200, 50))  # else a heal under way keeps q asking
    terminal.await_text("LIVE")
    terminal.await_text(" demo ")
    assert "faults" in terminal.await_text("faults").splitlines()[-1]
    terminal.await_text("success 24 h 9")
    terminal.type(b"q")
    assert terminal.ended() == 0
    terminal.dispose()
