"""The prompt: a list, an action, a theme by its name, with what it is to be about."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Input, Static

from core.domain.filter_completion import Completion
from tui.dialogs.field import CompletedField
from tui.dialogs.frame import Frame
from tui.dialogs.question import Question
from tui.rendering.text import plain


class CommandPrompt(Question[None]):
    """`take` carries out what was typed and returns nothing, or returns why it cannot, and the prompt stays.

    `passes` is told what is typed as it is typed, and an empty text when it closes.

    Whoever opened it means what follows for it: nothing that is typed is too early, Enter neither.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "cancel")]
    MOST = 400
    """Characters."""

    def __init__(
        self,
        take: Callable[[str], str],
        following: Callable[[str], Sequence[Completion]],
        passes: Callable[[str], None],
    ) -> None:
        super().__init__(classes="choice prompt")
        self._take = take
        self._passes = passes
        self._field = CompletedField(
            placeholder="tasks failed, alerts, heal, theme light, report 2h", id="line", max_length=self.MOST,
            following=following,
        )  # fmt: skip
        self._words = Static("", id="words", markup=False)
        self._outcome = Static("", id="outcome", markup=False)
        self._refused = ""
        self._ahead: list[events.Key] = []

    def compose(self) -> ComposeResult:
        """The field, what may follow, and why it cannot be done."""
        with Frame(self.drawn):
            yield self._field
            yield self._words
            yield self._outcome

    def on_mount(self) -> None:
        """Take what was typed before there was a field."""
        self._field.focus()
        ahead, self._ahead = self._ahead, []
        for event in ahead:
            self._typed(event)
        self._show_words()

    def on_unmount(self) -> None:
        """It is closed."""
        self._passes("")

    def swallows(self, event: events.Event) -> bool:
        """Keep what is typed before the field is there, in its order."""
        if not isinstance(event, events.Key) or self._field.has_focus or event.key == "escape":
            return False
        if self._field.is_mounted:
            self._typed(event)
        else:
            self._ahead.append(event)
        return True

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show what may follow, and no longer why it could not be done."""
        event.stop()
        self._passes(event.value)
        self._show_words()
        if self._field.value != self._refused:  # messages about a text may come after the Enter behind it
            self.say("")

    def entered(self, value: str) -> None:
        """Take what was typed; the text stays where it cannot be done."""
        if not self.is_current:
            return
        if not value.strip():
            self.dismiss()
        elif why := self._take(value):
            self._refused = value
            self.say(why)

    def action_leave(self) -> None:
        """Nothing of it is kept."""
        self.dismiss()

    def say(self, text: str) -> None:
        """Show why it cannot be done."""
        self._outcome.update(Content(text))

    def _typed(self, event: events.Key) -> None:
        if event.is_printable and event.character:
            self._field.insert_text_at_cursor(event.character)
        elif event.key == "enter":
            self.entered(self._field.value)
        elif event.key == "tab":
            self._field.action_complete()
        elif event.key == "backspace":
            self._field.action_delete_left()

    def _show_words(self) -> None:
        self._words.update(Content(plain(self._field.words)))
