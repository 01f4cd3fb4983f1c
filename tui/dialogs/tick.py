"""A checkbox that says what it is without colour."""

from textual.widgets import Checkbox


class Tick(Checkbox):
    """A checkbox whose cross is there only while it is on: colour is never the only sign."""

    BUTTON_INNER = " "

    def watch_value(self) -> None:
        """Draw what it says."""
        self.BUTTON_INNER = "X" if self.value else " "
        super().watch_value()
