"""Two series as bars, one above a line and the other below it, on one scale."""

from collections.abc import Sequence
from typing import Final

from tui.rendering.axes import value_label
from tui.rendering.text import Line, Signs, Span

SCALE_CELLS: Final = 7
"""The width of the numbers at the left, with a space behind them."""


def bar_sizes(count: int, cells: int) -> tuple[int, int]:
    """Return how many values each bar sums, and its width in cells: as fine as possible where most cells are used."""
    sizes = [(each, cells // max(1, count // each)) for each in (1, 2, 3, 4, 6, 8, 12, 24)]
    fitting = [(each, wide) for each, wide in sizes if wide and count >= each]
    filled = [(each, wide) for each, wide in fitting if (count // each) * wide >= 0.75 * cells]
    return next(iter(filled or fitting), (max(1, count), max(1, cells)))


def mirrored(up: Sequence[int | None], down: Sequence[int | None], wide: int, height: int, signs: Signs) -> list[Line]:
    """Return `height` lines, two at least: bars of `up` rise, those of `down` hang below; each is `wide` cells wide.

    What is not known is a gap; zero is the line itself; anything above zero is at least a mark. The numbers at the left
    are the greatest of each.
    """
    height = max(2, height)
    most_up, most_down = (max((count or 0 for count in counts), default=0) for counts in (up, down))
    below = _share(most_up, most_down, height)
    above = height - below
    unit = max(most_up / above, most_down / below) or 1.0
    lines = [_rising(up, wide, above - 1 - row, unit, signs) for row in range(above)]
    lines += [_hanging(down, wide, row, unit, signs) for row in range(below)]
    labels = [""] * height
    labels[height - 1] = value_label(most_down) if most_down else ""
    labels[0] = value_label(most_up)
    return [((f"{label:>{SCALE_CELLS - 1}} ", "dim"), *line) for label, line in zip(labels, lines, strict=True)]


def _share(up: int, down: int, height: int) -> int:
    """Return how many of the lines lie below: as many as the series need, at least one for each."""
    return min(height - 1, max(1, round(height * down / (up + down)))) if up + down else 1


def _rising(counts: Sequence[int | None], wide: int, row: int, unit: float, signs: Signs) -> Line:
    """Return one line of rising bars, `row` lines above the lowest."""
    levels = signs.levels
    cells = list[str]()
    for count in counts:
        if count is None:
            cells.append(" ")
            continue
        full = count / unit - row
        level = min(len(levels), max(0, round(full * len(levels))))
        if row == 0:
            level = max(level, 1 if count else 0)
        cells.append(levels[level - 1] if level else signs.rule if row == 0 else " ")
    return _spans(cells, wide, {signs.rule: "rule"}, "spark")


def _hanging(counts: Sequence[int | None], wide: int, row: int, unit: float, signs: Signs) -> Line:
    """Return one line of hanging bars, `row` lines below the highest; a half cell is the finest."""
    whole, half = signs.hanging[0], signs.hanging[1]
    cells = list[str]()
    for count in counts:
        full = (count or 0) / unit - row
        cells.append(whole if full >= 0.75 else half if full >= 0.25 or (row == 0 and count) else " ")
    return _spans(cells, wide, {}, "critical")


def _spans(cells: Sequence[str], wide: int, roles: dict[str, str], role: str) -> Line:
    spans = list[Span]()
    for cell in cells:
        own = roles.get(cell, role)
        text = cell * wide
        if spans and spans[-1][1] == own:
            spans[-1] = (spans[-1][0] + text, own)
        else:
            spans.append((text, own))
    return tuple(spans)
