"""The app's driver in a browser: Textual's for the web, without signal handlers, links and downloads.

It writes packets to stdout, which the server hands on, and reads packets from stdin.
"""

import asyncio
import contextlib
import logging
import os
from typing import Any, Final

from textual import events
from textual.drivers.web_driver import WebDriver
from textual.geometry import Size

from tui.terminal.sequences import POINTER, entering

log = logging.getLogger(__name__)


BEAT_S: Final = 15.0
"""Seconds between two packets to the page, even if nothing on the screen changes."""


class BrowserDriver(WebDriver):
    """Sends screen updates, and receives keys and sizes."""

    _beat: asyncio.TimerHandle | None = None

    def write(self, data: str) -> None:
        """Send a screen update."""
        if not data.startswith(POINTER):
            self._send(b"D", data.encode("utf-8", "replace"))

    def write_meta(self, data: dict[str, object]) -> None:
        """Send the end of the app; drop all other messages, such as links and files."""
        if data.get("type") == "exit":
            self._send(b"M", b'{"type": "exit"}')

    def start_application_mode(self) -> None:
        """Take the page. SIGTERM and SIGINT are handled by `tui.terminal.ending`."""
        self._put(b"__GANGLION__\n")
        self.write(entering(mouse=self._mouse, kitty=False, ask_sync=False))
        size = Size(*(self._size or (80, 24)))
        self._app.post_message(events.Resize(size, size))
        self._key_thread.start()
        self._beats()

    def stop_application_mode(self) -> None:
        """Leave the page."""
        if self._beat is not None:
            self._beat.cancel()
        super().stop_application_mode()

    def open_url(self, url: str, new_tab: bool = True) -> None:
        """Open nothing: the monitor has no links."""
        log.warning("an address was to be opened in the browser; it was not")

    def deliver_binary(self, binary: Any, **more: Any) -> None:
        """Deliver nothing: the monitor has no files."""
        log.warning("a file was to be delivered to the browser; it was not")

    def _beats(self) -> None:
        """Send an empty update regularly, so that the page can tell a dead connection from a still screen."""
        self._send(b"D", b"")
        self._beat = asyncio.get_running_loop().call_later(BEAT_S, self._beats)

    def _send(self, kind: bytes, payload: bytes) -> None:
        self._put(kind + len(payload).to_bytes(4, "big") + payload)

    def _put(self, data: bytes) -> None:
        with contextlib.suppress(OSError):  # the server is gone; the end of stdin ends the app
            while data:
                data = data[os.write(self.fileno, data) :]
