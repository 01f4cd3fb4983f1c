"""Input from the terminal: keys, pastes, the mouse, replies; read in a thread that sleeps until there is some."""

import logging
import os
import select
import threading
from codecs import getincrementaldecoder
from collections.abc import Callable
from typing import Final

from textual import constants
from textual._xterm_parser import XTermParser
from textual.events import Paste
from textual.message import Message

from tui.terminal.pastes import Pastes

log = logging.getLogger(__name__)

_READ_BYTES: Final = 4096
_ALONE_S: Final = constants.ESCAPE_DELAY + 0.01
"""Seconds after which an escape that nothing followed is the escape key."""

_PASTE_S: Final = 1.0
"""Seconds without input after which a paste is over, even without its end mark."""


class KeyReader:
    """Reads `fd`. `heard` gets each message, `ended` is called if no more will come; both from the reading thread."""

    def __init__(self, fd: int, heard: Callable[[Message], None], ended: Callable[[], None], *, debug: bool) -> None:
        self._fd = fd
        self._heard = heard
        self._ended = ended
        self._debug = debug
        self._woken, self._waker = os.pipe()
        self._thread = threading.Thread(target=self._read, name="watchdesk-keys", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop reading; returns when the thread has ended."""
        os.close(self._waker)
        self._thread.join()
        os.close(self._woken)

    def _read(self) -> None:
        parser = XTermParser(self._debug)
        # A line that garbles a byte, or a terminal that is not UTF-8, is no reason to fail.
        decode = getincrementaldecoder("utf-8")("replace").decode
        pastes = Pastes()
        wait_s: float | None = None
        while True:
            ready = self._awaited(wait_s)
            if self._woken in ready:
                return
            data = self._taken() if ready else b""
            if ready and not data:
                log.warning("the terminal sends nothing any more")
                self._ended()
                return
            parts = list(pastes.feed(decode(data)) if ready else pastes.flush())
            try:
                for pasted, part in parts:
                    for message in [Paste(part.replace("\0", ""))] if pasted else parser.feed(part):
                        self._heard(message)
                for message in () if parts else parser.tick():
                    self._heard(message)
            except (ValueError, ArithmeticError):  # from sequences no terminal sends
                log.warning("what the terminal sent was not understood", exc_info=True)
                parser = XTermParser(self._debug)
            wait_s = _PASTE_S if pastes.unfinished else _ALONE_S if ready or parts else None

    def _awaited(self, wait_s: float | None) -> list[int]:
        try:
            return select.select([self._fd, self._woken], [], [], wait_s)[0]
        except OSError:
            return [self._fd]

    def _taken(self) -> bytes:
        try:
            return os.read(self._fd, _READ_BYTES)
        except OSError:  # hung up, or ours no more
            return b""
