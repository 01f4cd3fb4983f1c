"""Handle Ctrl-C while rows are being changed: the current batch ends, no other begins; a second one aborts."""

import contextlib
import sys
import time
from collections.abc import Iterator
from typing import Final

import click

from tui.cli.event_loop import on_interrupt
from tui.cli.session import tell

_SHOWN_EVERY_S: Final = 0.1


class Interruption:
    """Called before every batch: returns why the work must stop; empty while it may go on."""

    def __init__(self) -> None:
        self.hit = False

    def __call__(self) -> str:
        return "interrupted" if self.hit else ""

    def interrupt(self) -> None:
        """Stop after the current batch. From then on the signal ends the command as usual."""
        self.hit = True
        tell("\ninterrupted: stopping after the rows in progress; press again to abort at once")


@contextlib.contextmanager
def interruptible() -> Iterator[Interruption]:
    """Handle Ctrl-C within the block."""
    interruption = Interruption()
    take_back = on_interrupt(interruption.interrupt)
    try:
        yield interruption
    finally:
        take_back()


class Progress:
    """Shows the progress of long work on one line of a terminal; elsewhere it shows nothing."""

    def __init__(self) -> None:
        self._shows = sys.stderr.isatty()
        self._wrote_at = 0.0

    def __call__(self, title: str, done: int, planned: int) -> None:
        now = time.monotonic()
        if self._shows and (now - self._wrote_at >= _SHOWN_EVERY_S or done >= planned):
            self._wrote_at = now
            click.echo(f"\r\x1b[K{title}: {done:,} of {planned:,}", nl=False, err=True)

    def end(self) -> None:
        """Clear the line."""
        if self._wrote_at:
            click.echo("\r\x1b[K", nl=False, err=True)
