"""One key: what it does, under which name the config file knows it, and which action stands behind it."""

import string
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec
from textual.binding import Binding, BindingsMap
from textual.keys import Keys, format_key, key_to_character

NOTE: Final = "note"
"""The key that notes something about a moment: it is about this machine alone, so it is there when others are not."""


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """One key. `key` is Textual's name for it, or several; `word` stands in the footer, `does` in the help.

    `drops`: how soon a narrow footer leaves it to the help, the highest first; 0 never. `order`: the order behind it,
    which may be refused.
    """

    name: str
    key: str
    action: str
    word: str
    does: str
    drops: int = 0
    order: str = ""
    priority: bool = False

    @property
    def acts(self) -> bool:
        """Whether it sets out to change something: such a key is for now, not for the past."""
        return bool(self.order) or self.action.startswith("press(")

    def binding(self) -> Binding:
        """As Textual takes it, under our name, so that a keymap can move it."""
        return Binding(self.key, self.action, self.word, tooltip=self.does, id=self.name, priority=self.priority)

    def takes(self, pressed: str, keymap: Mapping[str, str]) -> bool:
        """Whether a key that was pressed, by Textual's name, is one of its."""
        return pressed in set(map(named, keymap.get(self.name, self.key).split(",")))

    def shown(self, keymap: Mapping[str, str]) -> str:
        """How its first key is written: `h`, `^e`, `?`."""
        return displayed(keymap.get(self.name, self.key).split(",")[0])

    def last_shown(self, keymap: Mapping[str, str]) -> str:
        """How its last key is written: the panels carry the digits."""
        return displayed(keymap.get(self.name, self.key).split(",")[-1])


_SHORT: Final = {"escape": "esc", "enter": "⏎", "space": "␣", "question_mark": "?", "slash": "/", "tab": "tab"}


def displayed(key: str) -> str:
    """How one key is written: `^e` for ctrl+e."""
    if key in _SHORT:
        return _SHORT[key]
    if key.startswith("ctrl+") and len(key) == 6:
        return f"^{key[-1]}"
    return key_to_character(key) or format_key(key)


def named(key: str) -> str:
    """Textual's own name of a key that was written as a character: `question_mark` for `?`."""
    return next(iter(BindingsMap([Binding(key, "nothing")]).key_to_bindings)) if key else "nothing"


def is_key(key: str) -> bool:
    *modifiers, last = key.split("+")
    if any(modifier not in {"ctrl", "shift", "alt"} for modifier in modifiers):
        return False
    return (len(last) == 1 and last.isprintable()) or last in _NAMED


_NAMED: Final = {one.value for one in Keys} | {named(char) for char in string.printable.strip() if char != ","}


def bindings(keys: Iterable[Key]) -> list[Any]:
    """As Textual's BINDINGS takes them."""
    return [key.binding() for key in keys]
