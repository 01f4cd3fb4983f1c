"""Tells the service manager how the service is, over the socket that systemd names in the environment."""

import contextlib
import os
import socket
import time
from collections.abc import Mapping
from typing import Final

_ABSTRACT: Final = "@"
_MICRO: Final = 1_000_000


class Notifier:
    """Sends datagrams as `sd_notify(3)` describes them; without `NOTIFY_SOCKET` it sends nothing. Never raises."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        address = environment.get("NOTIFY_SOCKET", "")
        self._address = f"\0{address[1:]}" if address.startswith(_ABSTRACT) else address
        self._status = ""
        self.watchdog_s = _watchdog_s(environment) if address else None
        """The seconds within which it must hear of us, or it restarts the service; `None` where it does not ask."""

    def ready(self) -> None:
        """Tell that the service runs, at first or again after its settings were read again."""
        self._send("READY=1")

    def reloading(self) -> None:
        """Tell that the settings are read again."""
        self._send(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """Tell that the service ends."""
        self._send("STOPPING=1")

    def alive(self) -> None:
        """Tell that the event loop turns."""
        self._send("WATCHDOG=1")

    def status(self, text: str) -> None:
        """Set the line that `systemctl status` shows, if it changed."""
        line = " ".join(text.split())
        if line != self._status:
            self._status = line
            self._send(f"STATUS={line}")

    def _send(self, text: str) -> None:
        if not self._address:
            return
        with (
            contextlib.suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line,
        ):
            line.setblocking(False)
            line.sendto(text.encode("utf-8", "replace"), self._address)


def _watchdog_s(environment: Mapping[str, str]) -> float | None:
    """Return the period of the service manager's watchdog; `None` without one, or where another process is meant."""
    pid, period = environment.get("WATCHDOG_PID", ""), environment.get("WATCHDOG_USEC", "")
    if not period.isdecimal() or int(period) <= 0 or (pid and pid != str(os.getpid())):
        return None
    return int(period) / _MICRO
