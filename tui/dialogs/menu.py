"""The menu: every action and every list by its name."""

from textual.command import CommandPalette

from tui.dialogs.leaving import Leaving


class Menu(CommandPalette, Leaving[None]):
    """Textual's own, which asks to go away twice when Enter is pressed twice."""
