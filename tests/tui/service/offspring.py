"""What a test's processes are forked from: each does what the name of its project says."""

import json
import os
import signal
import socket
import sys
import time
from datetime import UTC, datetime
from typing import Any

import msgspec

from core.domain.project_row import ProjectRow
from core.domain.snapshot import LinkWord, State
from tui.service.forks import serve

PROGRAM = (sys.executable, "-P", "-m", "tests.tui.service.offspring")


def live(about: dict[str, Any], file: int) -> int:
    """Tell of itself every twentieth of a second, unless the name says something else."""
    name = about["project"].partition("-")[0]
    row = ProjectRow(project=name, at=datetime.now(UTC), state=State.HEALTHY, link=LinkWord.LIVE)
    if name == "wrong":
        os.write(file, b'{"event":"unusable","text":"the key was refused"}\n')
        return 2
    if name == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with socket.socket(fileno=file) as line:
        line.sendall(msgspec.json.encode({"event": "row", "row": row, "metrics": "up 1.0\n"}) + b"\n")
        if name == "garbage":
            line.sendall(b"\xff{]\n" * 10)
        if name == "long":
            line.sendall(b"x" * (1 << 21) + b"\n")
        while True:
            if name in {"hangs", "deaf"}:
                time.sleep(60)
            time.sleep(0.05)
            line.sendall(json.dumps({"event": "remark", "text": str(os.getppid())}).encode() + b"\n")
            if name == "dies":
                os.kill(os.getpid(), signal.SIGSEGV)


if __name__ == "__main__":
    with socket.socket(fileno=0) as orders:
        serve(orders, live)
