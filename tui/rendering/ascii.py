"""Transliterate text to plain ASCII: known signs become similar ones, other letters lose their accents."""

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
"""ASCII sign to the Unicode signs that it replaces. `Signs` uses the same ones, so that the help matches the screen."""

_SPELT: Final = {ord(char): sign for sign, chars in _LIKE.items() for char in chars}


def spelled(text: str) -> str:
    """Return `text`, free of control characters, in ASCII and equally wide; `?` per cell of an unknown character."""
    if text.isascii():
        return text
    spelt = "".join(char if char.isascii() else _plain(char) for char in text.translate(_SPELT))
    cells = cell_len(text)
    return spelt[:cells].ljust(cells)


def _plain(char: str) -> str:
    cells = cell_len(char)
    letter = unicodedata.normalize("NFKD", char).encode("ascii", "ignore").decode()
    return letter if len(letter) == cells == 1 else "?" * cells
