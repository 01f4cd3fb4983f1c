"""Help, made from the bindings themselves."""

from collections.abc import Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

WORDS = """
Signs: ● fine  ▲ look  ✖ act  ? not known. A value with an age is last known, — was never measured.
LIVE read just now · STALE polls are missed · OFFLINE proven down · BLIND we cannot reach it, which proves nothing.
Dialogs stay live, focus Cancel, and tell: requested → seen (read back). Escape always backs out.
"""


class HelpDialog(ModalScreen[None]):
    """Standing notices in full, then every key with what it does."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,question_mark,q", "dismiss", "close")]

    def __init__(self, bindings: Iterable[Binding], notices: tuple[str, ...] = ()) -> None:
        super().__init__(classes="choice")
        self._notices = notices
        self._bindings_shown = [b for b in bindings if b.description]

    def compose(self) -> ComposeResult:
        """One line a key."""
        rows = [f"{(b.key_display or b.key):>8}  {b.tooltip or b.description}" for b in self._bindings_shown]
        with VerticalScroll(id="box"):
            if self._notices:
                told = "\n".join(f"! {notice}" for notice in self._notices)
                yield Static(Content(f"Notices\n\n{told}\n"), markup=False)
            yield Static(Content("Keys\n\n" + "\n".join(rows) + "\n" + WORDS), markup=False)
