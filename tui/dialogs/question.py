"""What every question has in common: a key that came before anybody could read it was meant for something else."""

from typing import TypeVar

from textual import events

from core.base.clock import Clock
from tui.dialogs.leaving import Leaving

T = TypeVar("T")

SWALLOW_S = 0.3
"""Keys that come this soon after a question was put, or turned into another, were meant for what was there before."""

HELD_S = 0.8
"""A key that is held down repeats for the first time within this time of being pressed, by the usual settings."""

_PUSHES = {"enter", "space"}
"""Keys that do what the focus is on; held down, they repeat faster than `SWALLOW_S`, but for the first time."""


class Question(Leaving[T]):
    """A screen that asks. It takes keys and clicks once it could be read; backing out never waits."""

    clock: Clock
    """Set before it is shown, by whoever puts it."""
    _turned_at = 0.0
    _pushed_at = -HELD_S
    """When a key did what the focus was on."""

    def put_by(self, clock: Clock) -> None:
        """Note the time at which it is shown."""
        self.clock = clock
        self.turn()

    def turn(self) -> None:
        """From now on its buttons mean something else."""
        self._turned_at = self.clock.elapsed()

    def fresh(self) -> bool:
        """Return whether it was opened too recently to have been read."""
        return self.clock.elapsed() - self._turned_at < SWALLOW_S

    def swallows(self, event: events.Event) -> bool:
        """Return whether the event came too early. A key that is held down counts as one press."""
        if not _is_rash(event):
            return False
        pushes = isinstance(event, events.Key) and event.key in _PUSHES
        if self.fresh() or (pushes and self._repeats()):
            if pushes:
                self.turn()
            return True
        if isinstance(event, events.Key):  # another key between two pushes: none of them is held down
            self._pushed_at = self.clock.elapsed() if pushes else -HELD_S
        return False

    def _repeats(self) -> bool:
        """Return whether a push may be the first repeat of the one by which the buttons came to mean something else."""
        return self._turned_at >= self._pushed_at > self.clock.elapsed() - HELD_S


def _is_rash(event: events.Event) -> bool:
    """Whether it would do something."""
    if isinstance(event, events.Key):
        return event.key != "escape"
    return isinstance(event, events.MouseDown | events.MouseUp)
