"""The real program on a real terminal: it ends cleanly, quickly, and leaves the terminal as it was."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time

import pyte
import pytest

from tests.running import Command, Running


class Terminal:
    """The monitor in a pseudo-terminal, its bytes parsed by a terminal emulator."""

    def __init__(
        self, command: Command, sandbox: Running | None, *args: str, size: tuple[int, int] = (80, 24), **env: str
    ):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        self.screen = pyte.Screen(*size)
        self.stream = pyte.ByteStream(self.screen)
        self.raw = b""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tui", *args],
            cwd=command.home,
            env=command.environment(sandbox, **env),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - makes it the controlling terminal
        )
        os.close(slave)

    def read(self, seconds: float) -> str:
        """Take in what comes for a while; the screen as text."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if not select.select([self.master], [], [], left)[0]:
                break
            try:
                got = os.read(self.master, 65536)
            except OSError:
                break
            if not got:
                break
            self.raw += got
            self.stream.feed(got)
        return "\n".join(self.screen.display)

    def await_text(self, word: str, within_s: float = 15.0) -> str:
        """Read until `word` is on the screen."""
        until = time.monotonic() + within_s
        while time.monotonic() < until:
            text = self.read(0.2)
            if word in text:
                return text
        raise AssertionError(f"{word!r} did not appear in:\n{text}")

    def ended(self, within_s: float) -> int:
        """The exit code, read from while it ends."""
        until = time.monotonic() + within_s
        while self.process.poll() is None and time.monotonic() < until:
            self.read(0.05)
        assert self.process.poll() is not None, "still running"
        self.read(0.2)
        return self.process.returncode


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_with_zero_and_gives_the_terminal_back(
    number: int, sandbox: Running, command: Command
) -> None:
    terminal = Terminal(command, sandbox)
    terminal.await_text("LIVE")
    terminal.process.send_signal(number)
    assert terminal.ended(2.0) == 0
    assert b"\x1b[?1049l" in terminal.raw
    assert b"\x1b[?25h" in terminal.raw


def test_q_quits(sandbox: Running, command: Command) -> None:
    terminal = Terminal(command, sandbox)
    terminal.await_text("LIVE")
    os.write(terminal.master, b"q")
    assert terminal.ended(3.0) == 0


def test_a_terminal_that_goes_away_takes_it_along(sandbox: Running, command: Command) -> None:
    terminal = Terminal(command, sandbox)
    terminal.await_text("LIVE")
    os.close(terminal.master)
    assert terminal.process.wait(2.5) == 0


def test_the_footer_fits_eighty_columns(sandbox: Running, command: Command) -> None:
    terminal = Terminal(command, sandbox)
    last = terminal.await_text("LIVE").splitlines()[-1]
    for word in ("heal", "reset", "STOP", "lift", "check", "help", "quit"):
        assert word in last
    terminal.process.terminate()
    terminal.ended(2.0)


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


def test_the_demo_is_live_and_leaves_nothing(command: Command) -> None:
    terminal = Terminal(command, None, "demo", size=(200, 50))
    text = terminal.await_text("LIVE", 20)
    assert "demo" in text
    assert "faults" in text.splitlines()[-1]
    terminal.await_text("success 24 h 9", 10)
    os.write(terminal.master, b"q")
    assert terminal.ended(8.0) == 0
