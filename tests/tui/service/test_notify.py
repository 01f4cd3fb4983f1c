"""The service manager's socket: what is sent, by which name, and that nothing of it can hold the service up."""

import os
import socket
from pathlib import Path

import pytest

from tui.service.notify import Notifier


@pytest.mark.parametrize("abstract", [False, True])
def test_what_is_sent(abstract: bool, tmp_path: Path) -> None:
    name = f"@watchdesk-{os.getpid()}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind(name.replace("@", "\0") if abstract else name)
        line.settimeout(5)
        notifier = Notifier({"NOTIFY_SOCKET": name})
        notifier.ready()
        notifier.status("CRITICAL: a\nb")
        notifier.status("CRITICAL: a b")  # the same again is not sent
        notifier.alive()
        notifier.reloading()
        notifier.stopping()
        told = [line.recv(4096).decode() for _ in range(5)]
    assert told[:3] == ["READY=1", "STATUS=CRITICAL: a b", "WATCHDOG=1"]
    assert told[3].startswith("RELOADING=1\nMONOTONIC_USEC=")
    assert told[4] == "STOPPING=1"


def test_without_one_nothing_is_sent(tmp_path: Path) -> None:
    Notifier({}).ready()
    Notifier({"NOTIFY_SOCKET": str(tmp_path / "gone")}).ready()


def test_a_full_socket_does_not_hold_it_up(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind(str(tmp_path / "notify"))
        notifier = Notifier({"NOTIFY_SOCKET": str(tmp_path / "notify")})
        for _ in range(5000):
            notifier.alive()


@pytest.mark.parametrize(
    ("environment", "period_s"),
    [
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({}, None),
    ],
)
def test_the_watchdogs_period(environment: dict[str, str], period_s: float | None) -> None:
    assert Notifier({"NOTIFY_SOCKET": "/nowhere"} | environment).watchdog_s == period_s
