"""One key: its name in the config file, its effect, and the action behind it."""

import string
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec
from textual.binding import Binding, BindingsMap
from textual.keys import Keys, format_key, key_to_character

NOTE: Final = "note"
"""The name of the key for notes. Notes are about this machine alone, so the key works where actions are refused."""


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """One key. `key` is Textual's name for it, or several; `word` stands in the footer, `does` in the help.

    `drops`: a narrow footer leaves out the highest first; 0: never. `order`: the name of the action behind it, which
    may be refused. `about`: what may be typed behind its name at the prompt, of `ARGUMENTS` in
    `tui.screens.prompt_words`; `also`: other names there.
    """

    name: str
    key: str
    action: str
    word: str
    does: str
    drops: int = 0
    order: str = ""
    priority: bool = False
    about: str = ""
    also: tuple[str, ...] = ()

    @property
    def acts(self) -> bool:
        """Return whether it starts an action; such a key works in the present, not in the past."""
        return bool(self.order) or self.action.startswith("press(")

    def binding(self) -> Binding:
        """Return Textual's binding, with our name as its id, so that a keymap can move it."""
        return Binding(self.key, self.action, self.word, tooltip=self.does, id=self.name, priority=self.priority)

    def takes(self, pressed: str, keymap: Mapping[str, str]) -> bool:
        """Return whether a pressed key, by Textual's name, is one of its keys."""
        return pressed in set(map(named, keymap.get(self.name, self.key).split(",")))

    def shown(self, keymap: Mapping[str, str]) -> str:
        """Return its first key as written for people: `h`, `^e`, `?`."""
        return displayed(keymap.get(self.name, self.key).split(",")[0])

    def last_shown(self, keymap: Mapping[str, str]) -> str:
        """Return its last key as written for people; panels show the digits."""
        return displayed(keymap.get(self.name, self.key).split(",")[-1])


_SHORT: Final = {"escape": "esc", "enter": "⏎", "space": "␣", "question_mark": "?", "slash": "/", "tab": "tab"}


def displayed(key: str) -> str:
    """Return one key as written for people: `^e` for ctrl+e."""
    if key in _SHORT:
        return _SHORT[key]
    if key.startswith("ctrl+") and len(key) == 6:
        return f"^{key[-1]}"
    return key_to_character(key) or format_key(key)


def named(key: str) -> str:
    """Return Textual's name of a key that was written as a character: `question_mark` for `?`."""
    return next(iter(BindingsMap([Binding(key, "nothing")]).key_to_bindings)) if key else "nothing"


def is_key(key: str) -> bool:
    *modifiers, last = key.split("+")
    if any(modifier not in {"ctrl", "shift", "alt"} for modifier in modifiers):
        return False
    return (len(last) == 1 and last.isprintable()) or last in _NAMED


_NAMED: Final = {one.value for one in Keys} | {named(char) for char in string.printable.strip() if char != ","}


def bindings(keys: Iterable[Key]) -> list[Any]:
    """Return the keys for Textual's BINDINGS."""
    return [key.binding() for key in keys]
