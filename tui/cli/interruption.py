"""Ctrl-C while rows are being changed: what is under way ends, nothing more begins; a second one breaks off."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import Iterator

import click

from tui.cli.session import tell


class Interruption:
    """Asked before every batch: why it must stop, empty while it may go on."""

    def __init__(self) -> None:
        self.hit = False

    def __call__(self) -> str:
        return "interrupted" if self.hit else ""

    def interrupt(self) -> None:
        """The first time: stop after the rows under way. From then on a signal ends the process as ever."""
        self.hit = True
        asyncio.get_running_loop().remove_signal_handler(signal.SIGINT)
        tell("\ninterrupted: stops after the rows under way; once more breaks off")


@contextlib.contextmanager
def interruptible() -> Iterator[Interruption]:
    """Listen for Ctrl-C within."""
    interruption, loop = Interruption(), asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, interruption.interrupt)
    try:
        yield interruption
    finally:
        loop.remove_signal_handler(signal.SIGINT)


class Progress:
    """How far long work has come, on one line of a terminal; elsewhere nothing."""

    def __init__(self) -> None:
        self._shows = sys.stderr.isatty()
        self._wrote = False

    def __call__(self, title: str, done: int, planned: int) -> None:
        if self._shows:
            self._wrote = True
            click.echo(f"\r\x1b[K{title}: {done:,} of {planned:,}", nl=False, err=True)

    def end(self) -> None:
        """Clear the line."""
        if self._wrote:
            click.echo("\r\x1b[K", nl=False, err=True)
