"""Where something is typed."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Protocol, Self, runtime_checkable

from textual.binding import Binding, BindingType
from textual.reactive import reactive
from textual.widgets import Input
from textual.widgets.input import Selection

from core.domain.filter_completion import Completion
from tui.rendering.text import Line


@runtime_checkable
class Form(Protocol):
    """A screen with fields."""

    def entered(self, value: str) -> None:
        """Enter was pressed in one that holds `value`."""
        ...


class Field(Input):
    """An input whose cursor stands still: blinking costs the line bytes and tells nobody anything.

    It does not select what it holds when it gets the focus: that comes late, and the next letter would replace those
    typed already. The cursor is at the end; what it was `filled` with from the start is selected from the start, so
    that the first letter replaces it, while any other key edits it.
    """

    cursor_blink = reactive(False, init=False)

    def __init__(self, *args: Any, **more: Any) -> None:
        self._filled = ""
        super().__init__(*args, **{"select_on_focus": False} | more)

    def filled(self) -> Self:
        """Let what is typed first replace what it holds."""
        self.selection = Selection(0, len(self.value))
        self._filled = self.value
        return self

    def action_delete_left(self) -> None:
        """Delete the character to the left of the cursor, also of what it was filled with; or what is selected."""
        self._edit()
        super().action_delete_left()

    def action_delete_left_word(self) -> None:
        """Delete the word to the left of the cursor, also of what it was filled with; or what is selected."""
        self._edit()
        super().action_delete_left_word()

    def watch_selection(self, selection: Selection) -> None:
        """Note that it was touched: what somebody selects is a selection like any other."""
        if selection != Selection(0, len(self._filled)):
            self._filled = ""

    def _edit(self) -> None:
        if self._filled:
            self.cursor_position = len(self.value)

    async def action_submit(self) -> None:
        """Tell the screen at once: a message would come after what is typed behind the Enter."""
        if isinstance(self.screen, Form):
            self.screen.entered(self.value)


class CompletedField(Field):
    """A field in which tab takes the first word that may follow; pressed again, the one after it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("tab", "complete", show=False)]

    def __init__(self, *args: Any, following: Callable[[str], Sequence[Completion]], **more: Any) -> None:
        super().__init__(*args, **more)
        self._following = following
        self._offered: Sequence[Completion] = ()
        self._taken = -1
        self._told: str | None = None

    def action_complete(self) -> None:
        """Take the next word that is offered."""
        self._look()
        if self._offered:
            self._taken = (self._taken + 1) % len(self._offered)
            self._told = self.value = self._offered[self._taken].text
            self.cursor_position = len(self.value)

    @property
    def words(self) -> Line:
        """The words that may follow, from the one on that tab takes next."""
        self._look()
        if not self._offered:
            return ()
        at = (self._taken + 1) % len(self._offered)
        first, *rest = [*self._offered[at:], *self._offered[:at]]
        return (("tab: ", "dim"), (first.word, "strong"), ("".join(f"  {one.word}" for one in rest), "dim"))

    def _look(self) -> None:
        """Look for what may follow, unless the text is what tab made of it and there are others to go on to."""
        if self.value == self._told and len(self._offered) > 1 and not self.value.endswith(":"):
            return
        if self.value != self._told or self._taken >= 0:
            self._offered, self._taken, self._told = self._following(self.value), -1, self.value
