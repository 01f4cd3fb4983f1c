"""Help, made from the keys themselves: those of the screen it was asked on, and why one is refused."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.keys import Key

WORDS = """
Lists      ↑ ↓ PgUp PgDn Home End, or j k g G, move; a click goes to a row, another one opens it.
Dashboard  Tab goes to the next panel, enter or a click opens it, and so does the digit before its title.
Signs      ● fine  ▲ look  ✖ act  ? not known. A value with an age is last known, — was never measured.
Link       LIVE read just now · STALE polls are missed · OFFLINE proven down · BLIND not reached, which proves nothing.
Dialogs    stay live, focus Cancel, and tell: requested → seen (read back). Escape always backs out.
"""


class HelpDialog(ModalScreen[None]):
    """Standing notices in full, then every key with what it does."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,question_mark,q", "dismiss", "close")]

    def __init__(
        self, keys: Sequence[Key], keymap: Mapping[str, str], refused: Mapping[str, str], notices: tuple[str, ...] = ()
    ) -> None:
        super().__init__(classes="choice")
        self._keys = keys
        self._keymap = keymap
        self._refused = refused
        self._notices = notices

    def compose(self) -> ComposeResult:
        """One line a key."""
        with VerticalScroll(id="box"):
            if self._notices:
                told = "\n".join(f"! {notice}" for notice in self._notices)
                yield Static(Content(f"Notices\n\n{told}\n"), markup=False)
            yield Static(Content("Keys\n\n" + "\n".join(map(self._line, self._keys)) + "\n" + WORDS), markup=False)

    def _line(self, key: Key) -> str:
        why = f" (not now: {self._refused[key.name]})" if key.name in self._refused else ""
        return f"{key.shown(self._keymap):>8}  {key.does}{why}"
