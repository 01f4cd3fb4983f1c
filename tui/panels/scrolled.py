"""The base of every panel that scrolls: the keys and the wheel."""

from typing import ClassVar, Final

from textual import events
from textual.binding import Binding, BindingType

from tui.panels.panel import Panel

_WHEEL: Final = 3
"""Lines per notch of the wheel."""


class Scrolled(Panel):
    """Handles the keys and the wheel; a subclass implements `move` and `screenful`."""

    can_focus = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("pageup,ctrl+b", "page(-1)", show=False),
        Binding("pagedown,ctrl+f", "page(1)", show=False),
        Binding("ctrl+u", "half(-1)", show=False),
        Binding("ctrl+d", "half(1)", show=False),
        Binding("home,g", "edge(0)", show=False),
        Binding("end,G", "edge(1)", show=False),
    ]

    def move(self, by: int) -> None:
        """Move by so many lines, stopping at either end; negative: up."""
        raise NotImplementedError

    def screenful(self) -> int:
        """Return the lines that a page key moves by."""
        raise NotImplementedError

    def action_move(self, by: int) -> None:
        """Move a line up or down."""
        self.move(by)

    def action_page(self, by: int) -> None:
        """Move a page up or down."""
        self.move(by * max(1, self.screenful()))

    def action_half(self, by: int) -> None:
        """Move half a page up or down."""
        self.move(by * max(1, self.screenful() // 2))

    def action_edge(self, end: int) -> None:
        """Move to the beginning, or the end."""
        self.move(10**9 if end else -(10**9))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Move down."""
        event.stop()
        self.move(_WHEEL)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Move up."""
        event.stop()
        self.move(-_WHEEL)
