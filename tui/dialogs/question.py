"""What every question has in common: a key that came before anybody could read it was meant for something else."""

from typing import ClassVar, Final, TypeVar

from rich.cells import cell_len
from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from core.base.clock import Clock
from tui.dialogs.leaving import Leaving

T = TypeVar("T")

SWALLOW_S = 0.3
"""Keys that come this soon after a question was put, or turned into another, were meant for what was there before."""

HELD_S = 0.8
"""A key that is held down repeats for the first time within this time of being pressed, by the usual settings."""

LEAST: Final = (40, 8)
"""The width and height in cells below which no question can be read, and so none is asked."""

_CORNERS: Final = 6
"""The cells of a frame beside its text."""

TOO_SOON: Final = "too soon: that key did nothing, press it again"

NOTHING_DONE: Final = "nothing was done"
"""What is said once a question was left without an answer."""

_PUSHES = {"enter", "space"}
"""Keys that do what the focus is on; held down, they repeat faster than `SWALLOW_S`, but for the first time."""


class Question(Leaving[T]):
    """A screen that asks. It takes keys and clicks once it could be read; backing out never waits.

    The frame below it says what the keys do there, and that one came too soon.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
    ]
    HINT: ClassVar[str] = "Enter accepts, Esc cancels"
    """What the keys do, for the frame."""
    INSTEAD: str = ""
    """What can be done without a screen, where the terminal is too small for it."""

    clock: Clock
    """Set before it is shown, by whoever puts it."""
    _is_drawn = False
    """Anybody may have seen it."""
    _turned_at = 0.0
    _pushed_at = -HELD_S
    """When a key did what the focus was on."""
    _rash = False
    """The last key came too soon."""

    def put_by(self, clock: Clock) -> None:
        """Note the time at which it is shown."""
        self.clock = clock
        self.turn()

    def drawn(self) -> None:
        """Note that it is on the screen for the first time: on a busy machine that is long after it was put."""
        self._is_drawn = True
        self.turn()

    def turn(self) -> None:
        """From now on its buttons mean something else."""
        self._turned_at = self.clock.elapsed()

    def on_mount(self) -> None:
        """Say what the keys do."""
        self.mount(Static(Content(f"too small for a dialog: enlarge to 60×15{self.INSTEAD}; Esc cancels"), id="tiny"))
        self.hint(self.HINT)

    def on_resize(self, event: events.Resize) -> None:
        """Ask nothing where that could not be read."""
        self.set_class(_is_tiny(event.size.width, event.size.height), "tiny")

    def hides(self, event: events.Event) -> bool:
        """Return whether the terminal is too small to show what the event would do."""
        return _is_tiny(*self.app.size) and _is_rash(event)

    def hint(self, text: str) -> None:
        """Show in the frame what the keys do now, or that the last one did nothing."""
        for box in self.query("#box"):
            scrolls = any(part.max_scroll_y for part in self.query("#content"))
            said = [TOO_SOON] if self._rash else [f"{text}, PgUp PgDn scroll", f"{text}, PgDn"] if scrolls else [text]
            fits = next((one for one in said if cell_len(one) + _CORNERS <= box.size.width), said[-1])
            box.border_subtitle = Content(fits)
            box.set_class(self._rash, "wrong")

    def hints(self) -> None:
        """Show what the keys do where the focus is."""
        self.hint(self.HINT)

    def say_behind(self, text: str) -> None:
        """Say something on the screen below, on the way out."""
        if self.is_current:
            self.app.clear_notifications()
            self.notify(text, markup=False, timeout=4)

    def action_page(self, way: int) -> None:
        """Scroll what does not fit."""
        for content in self.query("#content"):
            content.scroll_relative(y=way * max(1, content.size.height // 2), animate=False, immediate=True)

    def fresh(self, at: float | None = None) -> bool:
        """Return whether it was drawn too shortly before `at`, in seconds of the clock, to have been read by then."""
        return not self._is_drawn or (self.clock.elapsed() if at is None else at) - self._turned_at < SWALLOW_S

    def swallows(self, event: events.Event) -> bool:
        """Return whether the event came too early. A key that is held down counts as one press.

        What counts is when it was pressed: on a busy machine it may be taken up long after.
        """
        if not _is_rash(event):
            return False
        pushes, at = isinstance(event, events.Key) and event.key in _PUSHES, self.clock.elapsed() - _age_s(event)
        if self.fresh(at) or (pushes and self._repeats(at)):
            if pushes:
                self.turn()
            if isinstance(event, events.Key):
                self._rash = True
                self.hints()
            return True
        if isinstance(event, events.Key):  # another key between two pushes: none of them is held down
            self._pushed_at = at if pushes else -HELD_S
            self._rash = False
            self.hints()
        return False

    def _repeats(self, at: float) -> bool:
        """Return whether a push may be the first repeat of the one by which the buttons came to mean something else."""
        return self._turned_at >= self._pushed_at > at - HELD_S


def _age_s(event: events.Event) -> float:
    """How long ago the event was read from the terminal."""
    return max(0.0, events.Event().time - event.time)


def _is_tiny(width: int, height: int) -> bool:
    return width < LEAST[0] or height < LEAST[1]


def _is_rash(event: events.Event) -> bool:
    """Whether it would do something."""
    if isinstance(event, events.Key):
        return event.key != "escape"
    return isinstance(event, events.MouseDown | events.MouseUp)
