"""One line to type: enter takes it, escape backs out. Nothing typed too early is lost."""

from collections.abc import Awaitable, Callable
from typing import ClassVar

from textual import events, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Input, Static

from tui.base.error_boundary import within_error_boundary
from tui.dialogs.field import Field
from tui.dialogs.frame import Frame
from tui.dialogs.question import NOTHING_DONE, Question


class Prompt(Question[None]):
    """`take` does something with what was typed: empty, or why it cannot, and the prompt stays."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "cancel")]
    MOST = 200
    """Characters."""

    def __init__(self, heading: str, text: str, hint: str, take: Callable[[str], Awaitable[str]]) -> None:
        super().__init__(classes="choice")
        self._heading = heading
        self._text = text
        self._field = Field(placeholder=hint, id="line", max_length=self.MOST)
        self._outcome = Static("", id="outcome", markup=False)
        self._take = take
        self._ahead = ""
        self._taking = False

    def compose(self) -> ComposeResult:
        """Heading, field, outcome."""
        with Frame(self.drawn):
            yield Static(Content(self._heading), id="heading", markup=False)
            yield Static(Content(self._text), id="text", markup=False)
            yield self._field
            yield self._outcome

    def on_mount(self) -> None:
        """Fill in the text that was typed before."""
        self._field.value, self._ahead = self._ahead, ""
        self._field.cursor_position = len(self._field.value)
        self._field.focus()

    def swallows(self, event: events.Event) -> bool:
        """Letters go to the field, however early; only what would take it can come too soon."""
        if not (isinstance(event, events.Key) and event.is_printable and event.character):
            return super().swallows(event)
        if self._field.has_focus:
            return False
        if self._field.is_mounted:
            self._field.insert_text_at_cursor(event.character)
        else:
            self._ahead += event.character
        return True

    def on_input_changed(self, event: Input.Changed) -> None:
        """Clear the error, once the text changes."""
        event.stop()
        self.say("")

    def entered(self, value: str) -> None:
        """Take it, once."""
        typed = value.strip()
        if typed and not self._taking:
            self._taking = True
            self._carry_out(typed)

    def action_leave(self) -> None:
        """Keep nothing of it, and say so."""
        if not self._taking:
            self.say_behind(NOTHING_DONE)
        self.dismiss()

    def say(self, text: str) -> None:
        """Show why the text is not accepted."""
        self._outcome.update(Content(text))

    def fails(self, why: str) -> None:
        """Show that it failed, or that the result is unknown; the dialog stays, to try again or cancel."""
        self._taking = False
        self.say(why)
        self.turn()

    @work(group="take")
    @within_error_boundary("this", fails)
    async def _carry_out(self, typed: str) -> None:
        why = await self._take(typed)
        self._taking = False
        if why:
            self.fails(why)
        elif self.is_current:
            self.dismiss()
