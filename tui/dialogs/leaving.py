"""A screen that goes away once and alone: Textual takes whatever is on top, and ends the app where a screen fails."""

from typing import Any, TypeVar

from textual.await_complete import AwaitComplete
from textual.message import Message
from textual.screen import ModalScreen

from core.base.error_boundary import ErrorBoundary

T = TypeVar("T")


class Leaving(ModalScreen[T]):
    """Its second `dismiss` does nothing: neither to the screen below, nor, where that is the last, to the app.

    What it raises unforeseen is told and logged; it stays, to be left, and the monitor behind it goes on.
    """

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._handling = ErrorBoundary(lambda text: self.notify(text, markup=False, timeout=4))

    async def _dispatch_message(self, message: Message) -> None:
        with self._handling.around("this dialog"):
            await super()._dispatch_message(message)

    def dismiss(self, result: T | None = None) -> AwaitComplete:
        """Go away with a result."""
        return super().dismiss(result) if self.is_current else AwaitComplete()
