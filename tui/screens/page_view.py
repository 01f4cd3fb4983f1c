"""A text over the whole screen that is read once: the report of an incident, or the settings."""

from collections.abc import Awaitable, Callable, Iterable
from typing import ClassVar

from textual import work
from textual.binding import BindingType
from textual.widget import Widget

from core.domain.snapshot import Snapshot
from tui.actions.ui import Ui
from tui.base.error_boundary import within_error_boundary
from tui.base.key import Key, bindings
from tui.panels.reader import Reader
from tui.rendering.text import Line
from tui.screens.keys import LIST_KEYS
from tui.screens.view import View

_KEYS = tuple(key for key in LIST_KEYS if key.name == "back")


class PageView(View):
    """Shows what `read` returns: clean lines, or the sentence that says why there are none."""

    KEPT = True
    OWN_KEYS: ClassVar[tuple[Key, ...]] = _KEYS
    BINDINGS: ClassVar[list[BindingType]] = bindings(_KEYS)

    def __init__(self, ui: Ui, title: str, read: Callable[[], Awaitable[str]]) -> None:
        super().__init__(ui)
        self._title = title
        self._read_text = read
        self._reader = Reader(*self._style, id="reader")
        self._lines: list[Line] = [(("reading …", "dim"),)]

    def body(self) -> Iterable[Widget]:
        """Yield the text."""
        yield self._reader

    def on_mount(self) -> None:
        """Give the text the focus, and read it."""
        self.set_focus(self._reader)
        self._read()

    def show(self, snapshot: Snapshot, banner: Line = ()) -> None:
        """Draw the text."""
        self._reader.head = ((self._title, "title"),)
        self._reader.put(self._lines)
        super().show(snapshot, banner)

    def action_back(self) -> None:
        """Go back."""
        self.ui.back()

    def _not_read(self, why: str) -> None:
        self._lines = [((why, "warning"),)]
        self.ui.repaint()

    @work(group="read")
    @within_error_boundary("reading this page", _not_read)
    async def _read(self) -> None:
        text = await self._read_text()
        self._lines = [((line, "title" if line.startswith(("#", "[")) else "text"),) for line in text.splitlines()]
        self.ui.repaint()
