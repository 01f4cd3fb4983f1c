"""The blocks of lines of the wall: the state word, figures in a row, and a big number with text beside it."""

from collections.abc import Sequence
from typing import Final

from rich.cells import cell_len

from tui.rendering.text import Line, Signs, Span
from tui.wall.font import SCALES, DotScale, largest, letters, width_of
from tui.wall.view_model import BigNumber, WallFigure

_GAP: Final = 2
"""The least number of cells between two labels."""

_APART: Final = 3
"""The least number of dots between two figures, so that they are not read as one."""

_BESIDE: Final = 3


def word_block(word: str, width: int, height: int, *, signs: Signs, role: str) -> list[Line]:
    """Return the word as large as it fits; in plain text where no size fits."""
    scale = largest(word, width, height)
    if scale is None:
        return [centred(((word, role),), width, role)]
    return [centred(((line, role),), width, role) for line in letters(word, scale, signs.ink)]


def figures_block(figures: Sequence[WallFigure], width: int, height: int, *, signs: Signs) -> list[Line]:
    """Return figures side by side, labels below, in the largest size in which all fit; empty where none does."""
    found = _fitted(figures, width, height)
    return [] if found is None else _side_by_side(figures, *found, width, signs)


def figures_scale(figures: Sequence[WallFigure], width: int, height: int) -> int:
    """Return the width in cells of one dot in the block that `figures_block` draws; 0 where it draws none."""
    found = _fitted(figures, width, height)
    return 0 if found is None else found[2]


def _fitted(figures: Sequence[WallFigure], width: int, height: int) -> tuple[list[str], list[int], DotScale] | None:
    """Return the text of each figure, its width in cells, and the size; `None` where nothing fits."""
    for scale in (scale for scale in SCALES if scale.rows <= height):
        for shorter in range(max(len(figure.texts) for figure in figures)):
            texts = [figure.texts[min(shorter, len(figure.texts) - 1)] for figure in figures]
            wide = [
                max(width_of(text, scale) + _APART * scale, cell_len(figure.label) + _GAP)
                for text, figure in zip(texts, figures, strict=True)
            ]
            if sum(wide) <= width:
                return texts, wide, scale
    return None


def told_block(told: BigNumber, width: int, height: int, *, signs: Signs) -> list[Line]:
    """Return a big number with its meaning beside it; empty where it does not fit."""
    words = max(map(cell_len, told.lines))
    scale = largest(told.big, width - words - _BESIDE, height)
    if scale is None:
        return []
    drawn = letters(told.big, scale, signs.faded if told.role == "dim" else signs.ink)
    first = (len(drawn) - len(told.lines)) // 2
    lines: list[Line] = []
    for y, line in enumerate(drawn):
        said = told.lines[y - first] if 0 <= y - first < len(told.lines) else ""
        role = "strong" if y == first else "text"
        lines.append(centred(((line + " " * _BESIDE, told.role), (f"{said:<{words}}", role)), width))
    return lines


def told_line(told: BigNumber, width: int) -> Line:
    """Return the same in one line of plain text."""
    head, *rest = told.lines
    return centred(
        (
            (f"{told.big.lower() if told.big != '-' else ''} {head}".strip(), told.role),
            (f": {', '.join(rest)}", "text"),
        ),
        width,
    )


def figures_line(figures: Sequence[WallFigure], width: int) -> Line:
    """Return figures in one line of plain text."""
    spans: list[Span] = []
    for figure in figures:
        spans += [("  " if spans else "", "text"), (figure.texts[0], figure.role), (f" {figure.label}", "dim")]
    return centred(tuple(spans), width)


def centred(line: Line, width: int, role: str = "text") -> Line:
    """Return the line centred between blanks of `role`; one that is too long begins at the left."""
    left = max(0, (width - sum(cell_len(text) for text, _ in line)) // 2)
    return padded(((" " * left, role), *line), width, role)


def padded(line: Line, width: int, role: str) -> Line:
    """Return the line padded to `width` cells with blanks of `role`."""
    used = sum(cell_len(text) for text, _ in line)
    return (*line, (" " * (width - used), role)) if used < width else line


def _side_by_side(
    figures: Sequence[WallFigure], texts: Sequence[str], wide: Sequence[int], scale: DotScale, width: int, signs: Signs
) -> list[Line]:
    room = width - sum(wide)
    gap = room // len(wide)
    drawn = [
        letters(text, scale, signs.faded if one.old else signs.ink) for text, one in zip(texts, figures, strict=True)
    ]
    lines: list[Line] = []
    for y in range(scale.rows):
        row = [(f"{art[y]:^{w}}", one.role) for art, w, one in zip(drawn, wide, figures, strict=True)]
        lines.append(_spaced(row, gap, width))
    labels = [(f"{one.label:^{w}}", one.role if one.old else "text") for one, w in zip(figures, wide, strict=True)]
    return [*lines, _spaced(labels, gap, width)]


def _spaced(spans: Sequence[Span], gap: int, width: int) -> Line:
    line: list[Span] = [(" " * (gap // 2), "text")]
    for n, span in enumerate(spans):
        line += [(" " * gap, "text"), span] if n else [span]
    return padded(tuple(line), width, "text")
