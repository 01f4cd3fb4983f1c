"""A table as lines: columns as wide as what stands in them, one that takes what is left, headings above."""

from collections.abc import Sequence
from typing import Final

import msgspec
from rich.cells import cell_len

from tui.rendering.text import Line, Span, fit

_LEAST_REST: Final = 30
"""The cells that the column which takes what is left must keep, or others are dropped."""


class TableColumn(msgspec.Struct, frozen=True, kw_only=True):
    """One column. `least`, `most`: its width in cells; of no `most` it takes what is left.

    `drops`: a narrow table drops the column with the highest first; 0: never. `narrow`: the width to which it is cut
    before that, if that is enough; 0: to none.
    """

    title: str = ""
    least: int = 0
    most: int = 0
    right: bool = False
    drops: int = 0
    narrow: int = 0


def table(
    columns: Sequence[TableColumn], rows: Sequence[Sequence[Span]], width: int, *, headed: bool = True
) -> list[Line]:
    """Return the headings, if `headed`, and a line for each row; columns in which nothing stands are left out."""
    if not rows:
        return []
    wide = column_widths(columns, rows, width, headed=headed)
    lines = [_line(columns, [(column.title, "dim") for column in columns], wide)] if headed else []
    return [*lines, *(_line(columns, row, wide) for row in rows)]


def column_widths(
    columns: Sequence[TableColumn], rows: Sequence[Sequence[Span]], width: int, *, headed: bool = True
) -> dict[int, int]:
    """Return the columns that are shown, by index, with their widths in cells; a cell lies between two."""
    wide = {
        number: min(column.most, max(column.least, *(cell_len(row[number][0]) for row in rows))) if column.most else 0
        for number, column in enumerate(columns)
        if rows and (not column.most or any(row[number][0] for row in rows))
    }
    if headed:
        wide = {number: max(cells, cell_len(columns[number].title)) for number, cells in wide.items()}
    rest = [number for number in wide if not columns[number].most]
    longest = max((cell_len(row[number][0]) for row in rows for number in rest), default=0)
    for number in sorted(wide, key=lambda n: -columns[n].drops):
        used = sum(cells for n, cells in wide.items() if n not in rest) + len(wide) - 1
        lack = min(longest, _LEAST_REST) - (width - used)
        if not columns[number].drops or lack <= 0:
            break
        if columns[number].narrow and wide[number] - lack >= columns[number].narrow:
            wide[number] -= lack
            break
        del wide[number]
    used = sum(cells for number, cells in wide.items() if number not in rest) + len(wide) - 1
    return wide | dict.fromkeys(rest, max(1, width - used))


def _line(columns: Sequence[TableColumn], cells: Sequence[Span], wide: dict[int, int]) -> Line:
    spans = list[Span]()
    for number, width in _with_room(columns, cells, wide).items():
        text, role = cells[number]
        text = text.rjust(width) if columns[number].right else text
        spans += [*fit(((text, role),), width), (" ", "text")]
    return tuple(spans[:-1])


def _with_room(columns: Sequence[TableColumn], cells: Sequence[Span], wide: dict[int, int]) -> dict[int, int]:
    """Return the widths for one row: where nothing stands behind the column that takes what is left, it takes that."""
    rest = next((number for number in wide if not columns[number].most), None)
    behind = [number for number in wide if rest is not None and number > rest]
    if rest is None or any(cells[number][0] for number in behind):
        return wide
    kept = {number: width for number, width in wide.items() if number not in behind}
    return kept | {rest: wide[rest] + sum(wide[number] + 1 for number in behind)}
