"""Capital letters and figures made of blocks, five dots high, in any size.

Textual's `Digits` has figures alone, three cells high, in thin lines, and is a widget; here words are needed that are
read from three metres, as lines like everything else that is drawn. A font package has hundreds of fonts and none that
is bold, this low and as good in ASCII.
"""

from typing import Final

ROWS: Final = 5
"""How many dots a letter is high."""

_GLYPHS: Final = {
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
"""What has no glyph: a question mark, which is also its own."""


class DotScale(int):
    """How many cells wide a dot is; it is half as many high, and at least one."""

    @property
    def rows(self) -> int:
        """How many cells high a letter is."""
        return ROWS * max(1, self // 2)


SCALES: Final = tuple(DotScale(wide) for wide in (8, 6, 4, 2, 1))
"""The sizes of letters, the largest first. All but the last have square dots; that one is narrow."""


def width_of(text: str, scale: DotScale) -> int:
    """How many cells wide `text` is."""
    dots = sum(len(_glyph(char)[0]) for char in text) + max(0, len(text) - 1)
    return dots * scale


def letters(text: str, scale: DotScale, ink: str) -> list[str]:
    """`text` as lines of one width, its dots made of `ink`."""
    rows = [".".join(_glyph(char)[row] for char in text) for row in range(ROWS)]
    drawn = ["".join((ink if dot == "#" else " ") * scale for dot in row) for row in rows]
    return [line for line in drawn for _ in range(scale.rows // ROWS)]


def largest(text: str, width: int, height: int, among: tuple[DotScale, ...] = SCALES) -> DotScale | None:
    """The largest scale in which `text` has the room; `None` where it has in none."""
    return next((scale for scale in among if scale.rows <= height and width_of(text, scale) <= width), None)


def _glyph(char: str) -> tuple[str, ...]:
    return _GLYPHS.get(char.upper(), _NONE)
