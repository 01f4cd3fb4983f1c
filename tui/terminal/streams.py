"""The three standard streams: replace closed ones, and discard output that cannot be written."""

import os
import sys
from typing import Final

_MODES: Final = {"stdin": "r", "stdout": "w", "stderr": "w"}


def replace_closed_streams() -> None:
    """Open streams that were closed before the start on the null device; else a socket could get their number."""
    for fd, (name, mode) in enumerate(_MODES.items()):
        try:
            os.fstat(fd)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # the lowest number that is free: its own
        if getattr(sys, name) is None:
            stream = open(fd, mode, closefd=False)  # noqa: SIM115 - it lives as long as the process does
            setattr(sys, name, stream)
            setattr(sys, f"__{name}__", stream)


def discard_failed_output() -> None:
    """Flush the output; discard what a terminal or a disk does not take, so that it does not change the exit code."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
