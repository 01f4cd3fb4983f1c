"""Plain ASCII for terminals that know nothing else: known signs by their like, other letters without their marks."""

import unicodedata
from typing import Final

from rich.cells import cell_len

_LIKE: Final = {
    "-": "─╌┄┈╴╶▬▔▀–—‐‑‒―−◑",
    "|": "│┃║╎╏┆┇┊┋▌▐▎▏▕▍▊▉▋◐",
    "+": "┌┐└┘┏┓┗┛╔╗╚╝╭╮╰╯├┤┬┴┼┣┫┳┻╋╠╣╦╩╬▛▜▙▟▖▗▘▝●✓✔±",
    "_": "▁▂␣",
    ".": "▃▄░▒·•∙⋅‧",
    "=": "▅▆▇━═╍┅┉╸╺",
    "#": "█▓",
    "!": "▲△⚠",
    "X": "✖✗✘",
    "x": "×",
    "/": "◓⁄÷",
    "\\": "◒",
    ">": "→➜▶►❯⇒›»≥",
    "<": "←◀◄❮⇐‹«≤⏎↵",
    "^": "↑⇑",
    "v": "↓▼⇓",
    "~": "…≈∼",
    "'": "‘’‚′´",
    '"': "“”„″",
    "o": "○◯∘°ø",
    "O": "Ø",
    "l": "ł",
    "L": "Ł",
    "d": "đð",
    "D": "ĐÐ",
    "s": "ß",
    "i": "ı",
    "u": "µ",
    " ": "\u00a0",
}
"""What each sign stands for. `Signs` has the same for its own, so that the help's words fit what is drawn."""

_SPELT: Final = {ord(char): sign for sign, chars in _LIKE.items() for char in chars}


def spelled(text: str) -> str:
    """`text`, free of control characters, in ASCII and as wide; what has no like is a `?` for each of its cells."""
    if text.isascii():
        return text
    spelt = "".join(char if char.isascii() else _plain(char) for char in text.translate(_SPELT))
    cells = cell_len(text)
    return spelt[:cells].ljust(cells)


def _plain(char: str) -> str:
    cells = cell_len(char)
    letter = unicodedata.normalize("NFKD", char).encode("ascii", "ignore").decode()
    return letter if len(letter) == cells == 1 else "?" * cells
