"""A table as lines: columns as wide as what stands in them, one that takes what is left, headings above."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import takewhile
from typing import Final, Self

import msgspec
from rich.cells import cell_len

from tui.rendering.text import Line, Span, fit

_LEAST_REST: Final = 30
"""The cells that the column which takes what is left must keep, or others are dropped."""


class TableColumn(msgspec.Struct, frozen=True, kw_only=True):
    """One column. `least`, `most`: its width in cells; of no `most` it takes what is left.

    `roomy`: the width that it may take where the column that takes what is left needs less; 0: no more than `most`.
    `drops`: a narrow table drops the column with the highest first; 0: never. `narrow`: the width to which it is cut
    before that, if that is enough; 0: to none.
    """

    title: str = ""
    least: int = 0
    most: int = 0
    roomy: int = 0
    right: bool = False
    drops: int = 0
    narrow: int = 0


_HELD: Final = timedelta(minutes=1)
"""The time for which a column must have needed less before it is made narrower."""

_REST: Final = -1
"""What the column that takes what is left would need, in place of a column's number."""


class SteadyWidths:
    """What the columns of one table that is drawn again and again needed lately, so that they do not jump about.

    A column grows at once, and shrinks between one and two minutes after it last needed its width; another width of the
    table, or another time, begins anew.
    """

    def __init__(self) -> None:
        self._width = 0
        self._since: datetime | None = None
        self._lately: dict[int, int] = {}
        self._before: dict[int, int] = {}

    def at(self, now: datetime, width: int) -> Self:
        """Return itself for a table that is drawn now in a width."""
        since = self._since
        if since is None or width != self._width or not timedelta(0) <= now - since < 2 * _HELD:
            self._width, self._since, self._before, self._lately = width, now, {}, {}
        elif now - since >= _HELD:
            self._since, self._before, self._lately = now, self._lately, {}
        return self

    def held(self, needed: dict[int, int]) -> dict[int, int]:
        """Return what columns get that need so much now."""
        self._lately = _widest(self._lately, needed)
        return _widest(self._before, self._lately)


def _widest(one: dict[int, int], other: dict[int, int]) -> dict[int, int]:
    return {number: max(one.get(number, 0), other.get(number, 0)) for number in sorted(one | other)}


def table(
    columns: Sequence[TableColumn],
    rows: Sequence[Sequence[Span]],
    width: int,
    *,
    headed: bool = True,
    steady: SteadyWidths | None = None,
) -> list[Line]:
    """Return the headings, if `headed`, and a line for each row; columns in which nothing stands are left out."""
    if not rows:
        return []
    wide = tuple(column_widths(columns, rows, width, headed=headed, steady=steady).items())
    heads = [tuple((column.title, "dim") for column in columns)] if headed else []
    return [_line(tuple(columns), tuple(row), wide) for row in (*heads, *rows)]


def column_widths(
    columns: Sequence[TableColumn],
    rows: Sequence[Sequence[Span]],
    width: int,
    *,
    headed: bool = True,
    steady: SteadyWidths | None = None,
) -> dict[int, int]:
    """Return the columns that are shown, by index, with their widths in cells; a cell lies between two."""
    rest = [number for number, column in enumerate(columns) if not column.most]
    needed = {
        number: min(max(column.most, column.roomy), max(column.least, *(cell_len(row[number][0]) for row in rows)))
        for number, column in enumerate(columns)
        if column.most and any(row[number][0] for row in rows)
    }
    needed[_REST] = max((cell_len(row[number][0]) for row in rows for number in rest), default=0)
    wide = steady.held(needed) if steady is not None and rows else needed
    longest = wide.pop(_REST)
    asked, wide = wide, {number: min(cells, columns[number].most) for number, cells in wide.items()}
    if headed:
        wide = {number: max(cells, cell_len(columns[number].title)) for number, cells in wide.items()}
    for number in sorted(wide, key=lambda n: -columns[n].drops):
        lack = min(longest, _LEAST_REST) - (width - sum(wide.values()) - len(wide))
        if not columns[number].drops or lack <= 0:
            break
        if columns[number].narrow and wide[number] - lack >= columns[number].narrow:
            wide[number] -= lack
            break
        del wide[number]
    left = width - sum(wide.values()) - len(wide)
    for number in [number for number in wide if asked[number] > wide[number] >= columns[number].most]:
        more = max(0, min(asked[number] - wide[number], left - longest))
        wide[number] += more
        left -= more
    return dict(sorted((wide | dict.fromkeys(rest, max(1, left))).items()))


@lru_cache(maxsize=256)
def _line(columns: tuple[TableColumn, ...], cells: tuple[Span, ...], wide: tuple[tuple[int, int], ...]) -> Line:
    """Return one line. Most are drawn again and again as they are, for as long as a screen is open."""
    spans = list[Span]()
    rest = next((number for number, _ in wide if not columns[number].most), None)
    for number, width in into_blanks(cells, dict(wide), rest).items():
        text, role = cells[number]
        text = text.rjust(width) if columns[number].right else text
        spans += [*fit(((text, role),), width), (" ", "text")]
    return tuple(spans[:-1])


def into_blanks(cells: Sequence[Span], wide: dict[int, int], rest: int | None) -> dict[int, int]:
    """Return the widths for one row: the column that takes what is left, `rest`, takes the empty cells behind it."""
    if rest is None:
        return wide
    empty = list(takewhile(lambda number: not cells[number][0], (number for number in wide if number > rest)))
    kept = {number: width for number, width in wide.items() if number not in empty}
    return kept | {rest: wide[rest] + sum(wide[number] + 1 for number in empty)}
