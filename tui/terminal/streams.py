"""The three standard streams: one that was closed has a stand-in, one that takes nothing more is let go of."""

import os
import sys
from typing import Final

_MODES: Final = {"stdin": "r", "stdout": "w", "stderr": "w"}


def replace_closed_streams() -> None:
    """Open what was closed before the start, on nothing: a socket in its place would get what is printed."""
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
    """What is still buffered for a terminal or a disk that takes no more must not turn the exit code into an error."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
