"""The base of every list of the screen: columns, rows, and the details of one row."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

import msgspec

from core.base.text import in_steps
from core.domain.snapshot import Snapshot
from tui.actions.choice import Choices
from tui.actions.ui import Ui
from tui.base.key import Key
from tui.panels.row_list import Column, Row
from tui.rendering.text import Line


class Details(msgspec.Struct, frozen=True, kw_only=True):
    """One row in full: its heading, its text, and the choices of what to do with it, as key and text."""

    heading: str
    text: str
    choices: Choices = ()


class Listed:
    """A list made from the snapshot. A subclass implements its rows, and what can be done with one."""

    NAME: ClassVar[str]
    KEY: ClassVar[Key]
    """The key that opens it; see `list_key`."""
    TITLE: ClassVar[str]
    COLUMNS: ClassVar[tuple[Column, ...]]
    EMPTY: ClassVar[str]
    """The text that is shown when there is no row, with the next step."""

    def __init__(self, ui: Ui) -> None:
        self._ui = ui
        self._signs = ui.appearance.signs

    def state(self, snapshot: Snapshot) -> Line:
        """Return what the title adds: a count, an age, or what is not live."""
        return ()

    def rows(self, snapshot: Snapshot) -> Sequence[Row]:
        """Return every row, the most important first."""
        raise NotImplementedError

    def details(self, key: str, snapshot: Snapshot) -> Details | None:
        """Return one row in full; `None` when it no longer exists."""
        raise NotImplementedError


def list_key(name: str, key: str, word: str, does: str, drops: int = 22) -> Key:
    """Return the key that opens a list: `key` is Textual's name for it or several, `word` is for the footer."""
    return Key(name=name, key=key, action=f"list('{name}')", word=word, does=does, drops=drops, about="filter")


def fields(*pairs: tuple[str, object]) -> str:
    """Return names and values, one pair per line; pairs without a value are left out."""
    said = [(name, str(value)) for name, value in pairs if value not in {None, ""}]
    wide = max((len(name) for name, _ in said), default=0)
    return "\n".join(f"{name:<{wide}}  {value}" for name, value in said)


def when(at: datetime | None, now: datetime) -> str:
    """Return a moment in local time, with how long ago it was or how far off it is; empty for `None`."""
    if at is None:
        return ""
    ahead = (at - now).total_seconds()
    far = f"in {in_steps(ahead)}" if ahead > 0 else f"{in_steps(-ahead)} ago"
    day = "%H:%M:%S" if abs(ahead) < 43_200 else "%Y-%m-%d %H:%M:%S"
    return f"{at.astimezone():{day} %Z} ({far})"
