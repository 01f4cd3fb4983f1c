"""Figures of finished tasks by day, week or type: all of them together in the first row."""

from collections.abc import Sequence
from typing import Final

from core.domain.figures import Figure, FigureBy, Figures
from core.domain.snapshot import Snapshot
from core.resilience.reading import Reading
from tui.actions.ui import Ui
from tui.lists.listed import Details, Listed, fields
from tui.panels.row_list import Column, Row
from tui.rendering.figures import COUNTED, TITLES, cells_of, name_of, part_of
from tui.rendering.text import Line

_ALL: Final = "all"
_WIDTHS: Final = {"tasks": 7, "completed": 9, "failed": 7, "rejected": 8, "simulated": 9, "success": 7}
_DROPS: Final = {"simulated": 1, "p95": 2, "rejected": 3, "mean": 4}


def _columns(by: FigureBy) -> tuple[Column, ...]:
    values = (Column(title=one, width=_WIDTHS.get(one, 8), right=True, drops=_DROPS.get(one, 0)) for one in TITLES)
    return (Column(title=by.value), *values)


class FigureList(Listed):
    """One row for each day, week or type, as they were read last; `None`: they were not yet."""

    NAME = "figures"
    TITLE = "Figures"
    EMPTY = "no task visible to this account finished in this time"
    COLUMNS = _columns(FigureBy.DAY)

    def __init__(self, ui: Ui) -> None:
        super().__init__(ui)
        self.by = FigureBy.DAY
        self.reading: Reading[Figures] | None = None

    @property
    def columns(self) -> tuple[Column, ...]:
        """Return the columns of what is shown."""
        return _columns(self.by)

    def state(self, snapshot: Snapshot) -> Line:
        """Return what is counted, and by which time."""
        found = self._found
        zone = f", times of {found.zone}" if found is not None else ""
        return ((f"  by {self.by.value}{zone}", "text"),)

    def rows(self, snapshot: Snapshot) -> Sequence[Row]:
        """Return all together, then each; dimmed where that is not of now."""
        found = self._found
        if found is None or self.reading is None or (not found.looked and found.whole):
            return []
        live = self.reading.live
        return [
            self._row(_ALL, found.all, "", live=live),
            *(self._row(name_of(one, self.by), one, part_of(one, self.by), live=live) for one in found.by(self.by)),
        ]

    def details(self, key: str, snapshot: Snapshot) -> Details | None:
        """Return one row in full; `None` when it no longer exists."""
        found = self._found
        if found is None:
            return None
        named = {name_of(one, self.by): one for one in found.by(self.by)} | {_ALL: found.all}
        if (one := named.get(key)) is None:
            return None
        values = zip(TITLES, cells_of(one, self._signs.none), strict=True)
        text = fields(*values, ("of it", part_of(one, self.by)))
        return Details(heading=f"Figures: {key}", text=f"{text}\n\n{COUNTED}")

    @property
    def _found(self) -> Figures | None:
        return None if self.reading is None else self.reading.value

    def _row(self, name: str, one: Figure, part: str, *, live: bool) -> Row:
        said = f"{name}, {part}" if part else name
        whole = "strong" if name == _ALL else "text"
        roles = ("strong", whole, "critical" if one.failed else whole, "dim", "dim", whole, "dim", "dim")
        values = zip(cells_of(one, self._signs.none), roles, strict=True)
        cells = ((said, whole), *values)
        return Row(key=name, cells=cells if live else tuple((text, "dim") for text, _ in cells))
