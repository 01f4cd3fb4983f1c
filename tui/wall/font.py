"""Capital letters and digits made of blocks, five dots high, in any size.

Textual's `Digits` has digits only, three cells high and thin, and is a widget; here words are needed that are legible
from three metres, as drawn lines. No font of the known font packages is bold, this low and as good in ASCII.
"""

from typing import Final

ROWS: Final = 5
"""The height of a letter in dots."""

_GLYPHS: Final = {
    "<": ("..#", ".#.", "#..", ".#.", "..#"),
    "A": (".##.", "#..#", "####", "#..#", "#..#"),
    "B": ("###.", "#..#", "###.", "#..#", "###."),
    "C": (".###", "#...", "#...", "#...", ".###"),
    "D": ("###.", "#..#", "#..#", "#..#", "###."),
    "E": ("####", "#...", "###.", "#...", "####"),
    "F": ("####", "#...", "###.", "#...", "#..."),
    "G": (".###", "#...", "#.##", "#..#", ".###"),
    "H": ("#..#", "#..#", "####", "#..#", "#..#"),
    "I": ("#", "#", "#", "#", "#"),
    "J": ("..##", "...#", "...#", "#..#", ".##."),
    "K": ("#..#", "#.#.", "##..", "#.#.", "#..#"),
    "L": ("#...", "#...", "#...", "#...", "####"),
    "M": ("#...#", "##.##", "#.#.#", "#...#", "#...#"),
    "N": ("#..#", "##.#", "#.##", "#..#", "#..#"),
    "O": (".##.", "#..#", "#..#", "#..#", ".##."),
    "P": ("###.", "#..#", "###.", "#...", "#..."),
    "Q": (".##.", "#..#", "#..#", "#.#.", ".#.#"),
    "R": ("###.", "#..#", "###.", "#.#.", "#..#"),
    "S": (".###", "#...", ".##.", "...#", "###."),
    "T": ("###", ".#.", ".#.", ".#.", ".#."),
    "U": ("#..#", "#..#", "#..#", "#..#", ".##."),
    "V": ("#...#", "#...#", ".#.#.", ".#.#.", "..#.."),
    "W": ("#...#", "#...#", "#.#.#", "##.##", "#...#"),
    "X": ("#...#", ".#.#.", "..#..", ".#.#.", "#...#"),
    "Y": ("#.#", "#.#", ".#.", ".#.", ".#."),
    "Z": ("####", "...#", ".##.", "#...", "####"),
    "0": ("###", "#.#", "#.#", "#.#", "###"),
    "1": (".#.", "##.", ".#.", ".#.", "###"),
    "2": ("###", "..#", "###", "#..", "###"),
    "3": ("###", "..#", "###", "..#", "###"),
    "4": ("#.#", "#.#", "###", "..#", "..#"),
    "5": ("###", "#..", "###", "..#", "###"),
    "6": ("###", "#..", "###", "#.#", "###"),
    "7": ("###", "..#", "..#", ".#.", ".#."),
    "8": ("###", "#.#", "###", "#.#", "###"),
    "9": ("###", "#.#", "###", "..#", "###"),
    ".": (".", ".", ".", ".", "#"),
    "!": ("#", "#", "#", ".", "#"),
    "-": ("...", "...", "###", "...", "..."),
    " ": (".", ".", ".", ".", "."),
}
_NONE: Final = ("###", "..#", ".#.", "...", ".#.")
"""The glyph of every other character: a question mark."""


class DotScale(int):
    """The width of a dot in cells; its height is half of that, and at least one."""

    @property
    def rows(self) -> int:
        """The height of a letter in cells."""
        return ROWS * max(1, self // 2)


SCALES: Final = tuple(DotScale(wide) for wide in (8, 6, 4, 2, 1))
"""The sizes of letters, the largest first. All but the last have square dots; that one is narrow."""


def width_of(text: str, scale: DotScale) -> int:
    """Return the width of `text` in cells."""
    dots = sum(len(_glyph(char)[0]) for char in text) + max(0, len(text) - 1)
    return dots * scale


def letters(text: str, scale: DotScale, ink: str) -> list[str]:
    """Return `text` as lines of equal width, its dots drawn with `ink`."""
    rows = [".".join(_glyph(char)[row] for char in text) for row in range(ROWS)]
    drawn = ["".join((ink if dot == "#" else " ") * scale for dot in row) for row in rows]
    return [line for line in drawn for _ in range(scale.rows // ROWS)]


def largest(text: str, width: int, height: int, among: tuple[DotScale, ...] = SCALES) -> DotScale | None:
    """Return the largest scale in which `text` fits; `None` where it fits in none."""
    return next((scale for scale in among if scale.rows <= height and width_of(text, scale) <= width), None)


def _glyph(char: str) -> tuple[str, ...]:
    return _GLYPHS.get(char.upper(), _NONE)
