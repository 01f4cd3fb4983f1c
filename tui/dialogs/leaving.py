"""A screen that goes away once and alone: Textual takes whatever is on top."""

from typing import TypeVar

from textual.await_complete import AwaitComplete
from textual.screen import ModalScreen

T = TypeVar("T")


class Leaving(ModalScreen[T]):
    """Its second `dismiss` does nothing: neither to the screen below, nor, where that is the last, to the app."""

    def dismiss(self, result: T | None = None) -> AwaitComplete:
        """Go away with a result."""
        return super().dismiss(result) if self.is_current else AwaitComplete()
