"""Choose one of several: which breaker to reset, what to do with a row. Above them, what they are about."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui.dialogs.frame import Frame
from tui.dialogs.question import NOTHING_DONE, Question


class ChoiceDialog(Question[str | None]):
    """Gives the chosen key, or `None` when backed out of. The first entry is always the way back.

    `passes` is told the key that the cursor is on, and `None` for the way back and when it closes; what it changes on
    the screen behind is to be seen, which is not dimmed then.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "cancel")]
    HINT = "↑ ↓ move, Enter chooses, Esc leaves"

    def __init__(
        self,
        heading: str,
        choices: Sequence[tuple[str, str]],
        text: str = "",
        *,
        way_back: str = "Cancel",
        passes: Callable[[str | None], None] | None = None,
    ) -> None:
        super().__init__(classes="choice" if passes is None else "choice clear")
        self._heading = heading
        self._choices = choices
        self._text = text
        self._way_back = way_back
        self._passes = passes

    def compose(self) -> ComposeResult:
        """Heading, text and list."""
        with Frame(self.drawn):
            yield Static(Content(self._heading), id="heading", markup=False)
            if self._text:
                with VerticalScroll(id="about", can_focus=False):
                    yield Static(Content(self._text), markup=False)
            yield OptionList(
                Option(Content(self._way_back)),
                *(Option(Content(text), id=key) for key, text in self._choices),
                markup=False,
            )

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Passed by the cursor."""
        if self._passes is not None:
            self._passes(event.option.id)

    def on_unmount(self) -> None:
        """It is closed."""
        if self._passes is not None:
            self._passes(None)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Chosen; the first one is the way back."""
        if event.option.id is None:
            self.action_leave()
        else:
            self.dismiss(event.option.id)

    def action_leave(self) -> None:
        """Choose nothing; say so, unless it was only read."""
        if self._way_back == "Cancel":
            self.say_behind(NOTHING_DONE)
        self.dismiss(None)
