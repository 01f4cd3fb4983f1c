"""The app's terminal driver: Textual's for Unix, made safe for weeks of running over a connection that may freeze.

Differences: writing never blocks; stop, continue and background are handled on the event loop, one after the other;
input ends with the terminal; of the mouse only buttons, the wheel and drags are reported.
"""

import asyncio
import contextlib
import os
import signal
import sys
import termios
import threading
import tty
from typing import Any, Final

from textual import constants, events
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver
from textual.geometry import Size

from tui.terminal.keys import KeyReader
from tui.terminal.output import Output
from tui.terminal.sequences import CUT, POINTER, entering, leaving

_DRAIN_S: Final = 0.2
_FOREGROUND_S: Final = 0.5

_SIZED_S: Final = 0.25
"""Seconds after the last change of size until a full redraw: terminals reflow what is there in their own way."""


class TerminalDriver(LinuxDriver):
    """Draws on stderr and reads from stdin. In the background it touches neither, and the app goes on."""

    def __init__(
        self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        kitty = not constants.DISABLE_KITTY_KEY
        # Apple's shows the question instead of answering it.
        ask_sync = os.environ.get("TERM_PROGRAM", "") != "Apple_Terminal"
        self._entering = entering(mouse=mouse, kitty=kitty, ask_sync=ask_sync)
        self._leaving = leaving(mouse=mouse, kitty=kitty)
        self._screen = sys.__stderr__ or sys.stderr
        self._thread = threading.get_ident()
        self._wanted = False
        """True while Textual wants the screen. While we have it, `_output` is set."""
        self._output: Output | None = None
        self._keys: KeyReader | None = None
        self._asked: set[str] = set()
        """Requests of signals that the event loop has not handled yet; repeated ones are handled once."""
        self._continued = False
        """True after SIGCONT, until it is known whether the process is in the foreground."""
        self._looks_again: asyncio.TimerHandle | None = None
        self._draws_again: asyncio.TimerHandle | None = None

    # For Textual

    def write(self, data: str) -> None:
        """Write, unless another program has the screen; never blocks."""
        if data.startswith(POINTER):
            return  # pointer moves are not reported, so its shape stays the terminal's own
        if threading.get_ident() != self._thread:
            self._loop.call_soon_threadsafe(self.write, data)
        elif self._output is not None and not self._continued:
            self._output.write(data)

    def start_application_mode(self) -> None:
        """Take the screen, as soon as the process is in the foreground."""
        self._wanted = True
        signal.signal(signal.SIGWINCH, lambda *_: self._soon("size", self._resized))
        self._appear()

    def stop_application_mode(self) -> None:
        """Give back the screen and the terminal's settings."""
        self._wanted = False
        signal.signal(signal.SIGWINCH, signal.SIG_DFL)
        self._withdraw()

    def disable_input(self) -> None:
        """Stop reading, and discard unread input, so that the shell does not get it."""
        if self._keys is None:
            return
        self._keys.close()
        self._keys = None
        with contextlib.suppress(termios.error):
            termios.tcflush(self.fileno, termios.TCIFLUSH)

    def close(self) -> None:
        """Do nothing: `stop_application_mode` has given everything back."""

    # For signals and the terminal

    def abandon(self) -> None:
        """Give the terminal back at once, whatever the event loop does. From any thread, just before the end."""
        if self._output is not None and self._in_foreground():
            self._output.abandon(self._leaving)
            self._restore_line()

    def _sigtstp_application(self, *_: object) -> None:
        self._soon("stop", self._stop)

    def _sigcont_application(self, *_: object) -> None:
        self._continued = True
        self._soon("continue", self._go_on)

    def _soon(self, what: str, do: Any) -> None:
        """Run `do` on the event loop, once; called from a signal handler."""
        if what in self._asked:
            return
        self._asked.add(what)
        with contextlib.suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(do)

    def _stop(self) -> None:
        if self._auto_restart:
            self._must_signal_resume = self._output is not None
            self._withdraw()
        os.kill(os.getpid(), signal.SIGSTOP)
        # Continued: a second request of before is handled only now, and would stop it again.
        self._loop.call_soon(self._asked.discard, "stop")

    def _go_on(self) -> None:
        self._asked.discard("continue")
        self._continued = False
        if self._looks_again is not None:
            self._looks_again.cancel()
        if not self._wanted or not self._auto_restart:
            return
        self._appear()
        if self._output is not None:
            self._repaint()

    def _resized(self) -> None:
        self._asked.discard("size")
        self._tell_size()
        if self._draws_again is not None:
            self._draws_again.cancel()
        self._draws_again = self._loop.call_later(_SIZED_S, self._repaint)

    def _tell_size(self) -> None:
        size = Size(*self._get_terminal_size())
        self._app.post_message(events.Resize(size, size))

    def _hung_up(self) -> None:
        """End as at a hang-up: no more input will come. Called from the reading thread."""
        os.kill(os.getpid(), signal.SIGHUP)

    # Internals

    def _appear(self) -> None:
        """Take the screen, also after being stopped, when another program had it."""
        if not self._in_foreground():
            self._let_go()
            self._looks_again = self._loop.call_later(_FOREGROUND_S, self._go_on)  # a shell's `fg` may send no signal
            return
        again = self._output is not None
        self._let_go()
        self._make_raw(again=again)
        self._output = Output(self._screen.fileno(), self._screen.encoding, self._repaint)
        self._output.write((CUT + self._leaving if again else "") + self._entering)
        self._keys = KeyReader(self.fileno, self.process_message, self._hung_up, debug=self._debug)
        self._tell_size()
        if self._must_signal_resume:
            self._must_signal_resume = False
            self._app.post_message(self.SignalResume())

    def _withdraw(self) -> None:
        """Leave the screen in order. If the terminal does not read, leave the sequences in its queue."""
        if self._output is None:
            return
        if self._in_foreground():
            self.disable_input()
            self._restore_line()
            self._output.write(self._leaving)
            if not self._output.drain(_DRAIN_S):
                self._output.abandon(self._leaving)
        self._let_go()

    def _let_go(self) -> None:
        """Stop using the terminal, without touching it."""
        if self._keys is not None:
            self._keys.close()
            self._keys = None
        output, self._output = self._output, None
        if output is not None:
            output.close()

    def _make_raw(self, *, again: bool) -> None:
        with contextlib.suppress(termios.error):
            if not again:
                self.attrs_before = termios.tcgetattr(self.fileno)
            raw = termios.tcgetattr(self.fileno)
            raw[tty.LFLAG] = self._patch_lflag(raw[tty.LFLAG])
            raw[tty.IFLAG] = self._patch_iflag(raw[tty.IFLAG])
            raw[tty.CC][termios.VMIN], raw[tty.CC][termios.VTIME] = 1, 0
            termios.tcsetattr(self.fileno, termios.TCSANOW, raw)

    def _restore_line(self) -> None:
        if self.attrs_before is not None:
            with contextlib.suppress(termios.error):
                termios.tcsetattr(self.fileno, termios.TCSANOW, self.attrs_before)

    def _in_foreground(self) -> bool:
        for fd in (self.fileno, self._screen.fileno()):
            with contextlib.suppress(OSError):  # not our controlling terminal: there is no job control
                if os.tcgetpgrp(fd) not in (0, os.getpgrp()):  # 0: a group outside our container, which we cannot know
                    return False
        return True

    def _repaint(self) -> None:
        """Redraw the whole screen."""
        self._app.call_later(self._app.refresh)
