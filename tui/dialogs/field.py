"""Where something is typed."""

from typing import Any, Protocol, runtime_checkable

from textual.reactive import reactive
from textual.widgets import Input


@runtime_checkable
class Form(Protocol):
    """A screen with fields."""

    def entered(self, value: str) -> None:
        """Enter was pressed in one that holds `value`."""
        ...


class Field(Input):
    """An input whose cursor stands still: blinking costs the line bytes and tells nobody anything.

    It does not select what it holds when it gets the focus: that comes late, and the next letter would replace those
    typed already. The cursor is at the end.
    """

    cursor_blink = reactive(False, init=False)

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **{"select_on_focus": False} | more)

    async def action_submit(self) -> None:
        """Tell the screen at once: a message would come after what is typed behind the Enter."""
        if isinstance(self.screen, Form):
            self.screen.entered(self.value)
