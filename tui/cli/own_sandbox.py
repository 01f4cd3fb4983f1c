"""Run a sandbox for one command, in a process of its own."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator

from tui.cli.session import tell


@contextlib.contextmanager
def own_sandbox(shape: str, *more: str) -> Iterator[dict[str, str] | None]:
    """Run a sandbox while in the block, and yield its values; `None` if it failed, which it has reported itself."""
    tell("starting a sandbox …")
    process = subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-m", "tui", "sandbox", "--shape", shape, *more],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # a closing terminal ends the monitor, which then ends this in order
    )
    try:
        line = process.stdout.readline() if process.stdout is not None else ""
        yield json.loads(line) if line else None
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5)
