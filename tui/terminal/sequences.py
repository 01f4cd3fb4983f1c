"""Escape sequences besides the screen's contents: the modes that we switch on, and how each is switched off."""

import re
from collections.abc import Iterable
from typing import Final

_CONTROL: Final = re.compile(r"\x1b\[(?P<mode>[?<>=]\d*)[\d;]*\$?[a-z]|\x1b\][^\x07\x1b]*\x07|\x07")
_NO_UPDATE: Final = re.compile(r"(?:\x1b\[[?<>=][\d;]*\$?[a-z]|\x1b\][^\x07\x1b]*\x07|\x07)+")

_KEPT_CALLS: Final = 16
_KEPT_CHARS: Final = 4096

CUT: Final = "\x18\x1b[0m"
"""Ends a sequence that was cut off, and resets the colour."""

POINTER: Final = "\x1b]22;"
"""The begin of the sequence that sets the mouse pointer's shape."""

_MOUSE_ON: Final = "\x1b[?1000h\x1b[?1002h\x1b[?1006h"
_MOUSE_OFF: Final = "\x1b[?1006l\x1b[?1002l\x1b[?1000l"


def entering(*, mouse: bool, kitty: bool, ask_sync: bool) -> str:
    """Return the sequences that start: alternate screen, no cursor, focus reports, bracketed paste, no wrapping, mouse.

    The mouse reports buttons, the wheel and drags only: a report for each move would load a slow connection. `kitty`
    tells keys apart that otherwise look the same; `ask_sync` asks whether synchronized output is supported.
    """
    return (
        "\x1b[?1049h\x1b[?25l\x1b[?1004h"
        + ("\x1b[>25u" if kitty else "")
        + ("\x1b[?2026$p" if ask_sync else "")
        + "\x1b[?2004h\x1b[?7l"
        + (_MOUSE_ON if mouse else "")
    )


def leaving(*, mouse: bool, kitty: bool) -> str:
    """Return the sequences that undo it; keys first, as the alternate screen has its own stack for them."""
    return (
        "\x1b[?2026l\x1b[?2004l\x1b[?7h"
        + (_MOUSE_OFF if mouse else "")
        + ("\x1b[<u" if kitty else "")
        + "\x1b[?1049l\x1b[?25h\x1b[?1004l"
    )


def without_screen_updates(texts: Iterable[str]) -> list[str]:
    """Return what a full redraw does not replace: the last switch of each mode, and the newest calls.

    A call is the bell or an operating system command (a notification, the clipboard). The number and the length of
    calls that are kept are limited.
    """
    modes: dict[str, str] = {}
    calls: dict[str, str] = {}
    for text in texts:
        if not _NO_UPDATE.fullmatch(text):
            continue
        for control in _CONTROL.finditer(text):
            said, mode = control.group(), control["mode"]
            last = calls if mode is None else modes
            last.pop(mode or said, None)
            if len(said) <= _KEPT_CHARS:
                last[mode or said] = said
    return [*modes.values(), *list(calls.values())[-_KEPT_CALLS:]]
