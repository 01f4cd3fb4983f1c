"""A sandbox of the command's own, in a process of its own, for as long as it is needed."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator

from tui.cli.session import tell


@contextlib.contextmanager
def own_sandbox(shape: str, *more: str) -> Iterator[dict[str, str] | None]:
    """A sandbox in a process of its own, ended at the end; `None` if it cannot run, which it has said itself."""
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
