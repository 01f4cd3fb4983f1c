"""What is written to a terminal besides the picture: the modes we switch on, and how each is switched off again."""

import re
from collections.abc import Iterable
from typing import Final

_CONTROL: Final = re.compile(r"\x1b\[(?P<mode>[?<>=]\d*)[\d;]*\$?[a-z]|\x1b\][^\x07\x1b]*\x07|\x07")
_NO_PICTURE: Final = re.compile(r"(?:\x1b\[[?<>=][\d;]*\$?[a-z]|\x1b\][^\x07\x1b]*\x07|\x07)+")

_KEPT_CALLS: Final = 16
_KEPT_CHARS: Final = 4096

CUT: Final = "\x18\x1b[0m"
"""Ends a sequence, and a colour, that was cut off in its middle."""

POINTER: Final = "\x1b]22;"
"""Begins the choice of a shape for the mouse's pointer."""

_MOUSE_ON: Final = "\x1b[?1000h\x1b[?1002h\x1b[?1006h"
_MOUSE_OFF: Final = "\x1b[?1006l\x1b[?1002l\x1b[?1000l"


def entering(*, mouse: bool, kitty: bool, ask_sync: bool) -> str:
    """The alternate screen without a cursor, changes of focus told, pastes marked, no wrapping; perhaps the mouse.

    Of the mouse buttons, the wheel and drags alone: a report for each move of the pointer is a burden on a line.
    `kitty` has keys told apart that otherwise look the same; `ask_sync` asks whether a picture can be shown at once.
    """
    return (
        "\x1b[?1049h\x1b[?25l\x1b[?1004h"
        + ("\x1b[>25u" if kitty else "")
        + ("\x1b[?2026$p" if ask_sync else "")
        + "\x1b[?2004h\x1b[?7l"
        + (_MOUSE_ON if mouse else "")
    )


def leaving(*, mouse: bool, kitty: bool) -> str:
    """All of it undone; the keys before the alternate screen, which has a stack of its own for them."""
    return (
        "\x1b[?2026l\x1b[?2004l\x1b[?7h"
        + (_MOUSE_OFF if mouse else "")
        + ("\x1b[<u" if kitty else "")
        + "\x1b[?1049l\x1b[?25h\x1b[?1004l"
    )


def without_pictures(texts: Iterable[str]) -> list[str]:
    """What the next full picture does not make up for: how each mode was switched last, and the newest calls.

    A call is the bell or an operating system command (a notification, the clipboard). Only so many are kept, none of
    them long, so that this cannot grow.
    """
    modes: dict[str, str] = {}
    calls: dict[str, str] = {}
    for text in texts:
        if not _NO_PICTURE.fullmatch(text):
            continue
        for control in _CONTROL.finditer(text):
            said, mode = control.group(), control["mode"]
            last = calls if mode is None else modes
            last.pop(mode or said, None)
            if len(said) <= _KEPT_CHARS:
                last[mode or said] = said
    return [*modes.values(), *list(calls.values())[-_KEPT_CALLS:]]
