"""Figures by day, week or type as an aligned table, as rows of a spreadsheet, and as JSON with stable names."""

from typing import Any, Final

from rich.cells import cell_len

from core.domain.figures import Figure, FigureBy, Figures
from tui.cli.forms import Sheet, items_of
from tui.rendering.figures import COUNTED, TITLES, UNMARKED, cells_of, left_out, name_of, part_of

_COLUMNS: Final = (
    *("name", "begin", "since", "goes_on", "tasks", "completed", "failed", "rejected", "simulated"),
    *("success_percent", "mean_s", "p95_s"),
)


def figures_page(found: Figures, by: FigureBy) -> str:
    """Return the table of one kind, with what it is about above it."""
    head = f"{COUNTED}\nsince {found.since.astimezone():%Y-%m-%d %H:%M}, times of {found.zone}"
    notes = (left_out(found), "" if found.all.simulated is not None else UNMARKED)
    head += "".join(f"\n{note}" for note in notes if note)
    rows: list[tuple[str, ...]] = [(by.value, *TITLES, "")]
    rows += [(name_of(one, by), *cells_of(one, "—"), part_of(one, by)) for one in found.by(by)]
    rows += [("all", *cells_of(found.all, "—"), "")]
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    return "\n".join((head, "", *(_line(row, widths) for row in rows)))


def figures_as_sheet(found: Figures, by: FigureBy) -> Sheet:
    """Return the rows of one kind for a spreadsheet."""
    return items_of(_COLUMNS, map(_as_data, found.by(by)))


def figures_as_data(found: Figures, by: FigureBy) -> dict[str, Any]:
    """Return the figures of one kind as JSON values, with the names of version 1."""
    return {
        "by": by,
        "since": found.since,
        "until": found.until,
        "zone": found.zone,
        "looked_at": found.looked,
        "whole": found.whole,
        "reached": found.reached,
        "about": found.about,
        "figures": [_as_data(one) for one in found.by(by)],
        "all": _as_data(found.all),
    }


def _line(row: tuple[str, ...], widths: list[int]) -> str:
    """Return a row of the table: all but the name and the note at the right."""
    name, *values, note = row
    cells = [name + " " * (widths[0] - cell_len(name))]
    cells += [value.rjust(width) for value, width in zip(values, widths[1:-1], strict=True)]
    return "  ".join((*cells, note)).rstrip()


def _as_data(one: Figure) -> dict[str, Any]:
    return {name: _rounded(getattr(one, name)) for name in _COLUMNS}


def _rounded(value: Any) -> Any:
    return round(value, 3) if isinstance(value, float) else value
