"""What every panel that goes up and down has in common: the keys and the wheel."""

from typing import ClassVar, Final

from textual import events
from textual.binding import Binding, BindingType

from tui.panels.panel import Panel

_WHEEL: Final = 3
"""Lines of one notch."""


class Scrolled(Panel):
    """Takes the keys and the wheel; a subclass says what moves, and how much a screenful is."""

    can_focus = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("home,g", "edge(0)", show=False),
        Binding("end,G", "edge(1)", show=False),
    ]

    def move(self, by: int) -> None:
        """So many lines down, or up where negative; beyond an end is the end."""
        raise NotImplementedError

    def screenful(self) -> int:
        """How many lines a page moves."""
        raise NotImplementedError

    def action_move(self, by: int) -> None:
        """A line up or down."""
        self.move(by)

    def action_page(self, by: int) -> None:
        """A screenful up or down."""
        self.move(by * max(1, self.screenful()))

    def action_edge(self, end: int) -> None:
        """The beginning, or the end."""
        self.move(10**9 if end else -(10**9))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """On."""
        event.stop()
        self.move(_WHEEL)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Back."""
        event.stop()
        self.move(-_WHEEL)
