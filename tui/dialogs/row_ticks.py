"""The rows that a plan offers, each with a tick: what is not ticked is left alone."""

from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Checkbox

from core.domain.plans import OfferedRow
from tui.dialogs.tick import Tick


class RowTicks(VerticalScroll, can_focus=False):
    """A tick for each row. All are ticked at first; what was switched off stays so while its row is offered."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self.display = False
        self._on: dict[str, bool] = {}

    def offer(self, rows: tuple[OfferedRow, ...]) -> None:
        """Show the rows, if they are others than before."""
        self.display = bool(rows)
        if tuple(self._on) == tuple(row.id for row in rows):
            return
        self._on = {row.id: self._on.get(row.id, True) for row in rows}
        self.remove_children()
        self.mount_all(Tick(Content(row.words), value=self._on[row.id], name=row.id, compact=True) for row in rows)

    def ticked(self, box: Checkbox) -> None:
        """Record that a tick was set or removed."""
        if box.name in self._on:
            self._on[box.name] = box.value

    @property
    def value(self) -> frozenset[str] | None:
        """Return the ids of those that are ticked, none for all of them; `None` where nothing is ticked."""
        ticked = frozenset(name for name, on in self._on.items() if on)
        if len(ticked) == len(self._on):
            return frozenset()
        return ticked or None
