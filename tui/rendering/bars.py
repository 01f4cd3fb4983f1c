"""Two series as bars, one above a line and the other below it, on one scale; a third one on top of the first."""

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


def mirrored(
    up: Sequence[int | None],
    down: Sequence[int | None],
    wide: int,
    height: int,
    signs: Signs,
    *,
    on_top: Sequence[int | None] = (),
) -> list[Line]:
    """Return `height` lines, two at least: bars of `up` rise, those of `down` hang below; each is `wide` cells wide.

    Those of `on_top` stand on `up` in another sign. What is not known is a gap; zero is the line itself; anything above
    zero is at least a mark. The numbers at the left are the greatest of each.
    """
    height = max(2, height)
    tops = [count or 0 for count in on_top] or [0] * len(up)
    most_up = max(((count or 0) + top for count, top in zip(up, tops, strict=True)), default=0)
    most_down = max((count or 0 for count in down), default=0)
    below = _share(most_up, most_down, height)
    above = height - below
    unit = max(most_up / above, most_down / below) or 1.0
    drawn = [_rising(count, top, above, unit, signs) for count, top in zip(up, tops, strict=True)]
    roles = {signs.rule: "rule", signs.faded: "told"}
    lines = [_spans([bar[row] for bar in drawn], wide, roles, "spark") for row in reversed(range(above))]
    lines += [_hanging(down, wide, row, unit, signs) for row in range(below)]
    labels = [""] * height
    labels[height - 1] = value_label(most_down) if most_down else ""
    labels[0] = value_label(most_up)
    return [((f"{label:>{SCALE_CELLS - 1}} ", "dim"), *line) for label, line in zip(labels, lines, strict=True)]


def _share(up: int, down: int, height: int) -> int:
    """Return how many of the lines lie below: as many as the series need, at least one for each."""
    return min(height - 1, max(1, round(height * down / (up + down)))) if up + down else 1


def _rising(count: int | None, top: int, above: int, unit: float, signs: Signs) -> list[str]:
    """Return the cells of one rising bar, the lowest first; what stands on top has whole cells, one at least."""
    if count is None:
        return [" "] * above
    levels = signs.levels
    if top:
        whole = min(above - 1, max(1 if count else 0, round(count / unit)))
        full = min(above, max(whole + 1, round((count + top) / unit)))
        return [*levels[-1] * whole, *signs.faded * (full - whole), *" " * (above - full)]
    parts = [min(len(levels), max(0, round((count / unit - row) * len(levels)))) for row in range(above)]
    parts[0] = max(parts[0], 1 if count else 0)
    return [levels[part - 1] if part else signs.rule if row == 0 else " " for row, part in enumerate(parts)]


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
