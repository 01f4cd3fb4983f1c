"""A checkbox that says what it is without colour, and several of them in a row."""

from collections.abc import Collection, Mapping

from textual.containers import Horizontal
from textual.widgets import Checkbox


class Tick(Checkbox):
    """A checkbox whose cross is there only while it is on: colour is never the only sign."""

    BUTTON_INNER = " "

    def watch_value(self) -> None:
        """Draw what it says."""
        self.BUTTON_INNER = "X" if self.value else " "
        super().watch_value()


class Ticks(Horizontal):
    """A few words to choose from, each with a tick. `choices`: the value of each word; `on`: values that are ticked."""

    def __init__(self, name: str, choices: Mapping[str, str], on: Collection[str]) -> None:
        self._ticks = [
            Tick(words, value=value in on, name=value, id=f"{name}-{value}", compact=True)
            for words, value in choices.items()
        ]
        super().__init__(*self._ticks, id=name, classes="choices")

    @property
    def value(self) -> frozenset[str]:
        """Return the values that are ticked."""
        return frozenset(tick.name for tick in self._ticks if tick.value and tick.name)
