"""Rows of a table whose last column takes what is left: its long texts take further lines, as far as there are any."""

from collections.abc import Sequence

from rich.cells import cell_len

from tui.panels.reader import wrap
from tui.rendering.table import SteadyWidths, TableColumn, column_widths, table
from tui.rendering.text import Line, Span, fit


def with_long_texts(
    columns: Sequence[TableColumn],
    rows: Sequence[Sequence[Span]],
    width: int,
    height: int,
    *,
    steady: SteadyWidths | None = None,
) -> list[Line]:
    """Return a line for each row; long texts take what is left of `height`, two lines each, the first rows first."""
    lines = table(columns, rows, width, headed=False, steady=steady)
    left = height - len(lines)
    if left <= 0 or not rows:
        return lines
    last = len(columns) - 1
    rest = column_widths(columns, rows, width, headed=False, steady=steady)[last]
    found = list[Line]()
    for row, line in zip(rows, lines, strict=True):
        text, role = row[last]
        first = wrap((row[last],), rest)[0][0][0] if left and cell_len(text) > rest else text
        if first == text:
            found.append(line)
            continue
        left -= 1
        more = text[len(first) :].lstrip(" ")
        found += [
            (*line[:-1], *fit(((first, role),), rest)),
            ((" " * (width - rest), "dim"), *fit(((more, role),), rest)),
        ]
    return found
