"""The menu: every action, list and theme by its name. A theme is worn while the cursor is on it."""

from collections.abc import Callable

from textual import on
from textual.command import Command, CommandPalette
from textual.widgets import OptionList

from tui.dialogs.leaving import Leaving


class Wear:
    """Shows a theme; an entry of the menu that does so is tried on while the cursor is on it."""

    def __init__(self, wear: Callable[[str], None], name: str) -> None:
        self._wear = wear
        self.name = name

    def __call__(self) -> None:
        """Show it."""
        self._wear(self.name)


class Menu(CommandPalette, Leaving[None]):
    """Textual's own, which asks to go away twice when Enter is pressed twice. `try_on` shows a theme for a while."""

    def __init__(self, try_on: Callable[[str], None], *, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._try_on = try_on

    @on(OptionList.OptionHighlighted)
    def _moved(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        hit = event.option.hit if isinstance(event.option, Command) else None
        self._try_on(hit.command.name if hit is not None and isinstance(hit.command, Wear) else "")

    def on_unmount(self) -> None:
        """Take off what was only tried on."""
        self._try_on("")
