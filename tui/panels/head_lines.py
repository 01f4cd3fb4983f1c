"""The lines at the top of a view: what it shows, how old that is, and what is not known."""

from core.domain.snapshot import Snapshot
from tui.panels.panel import Panel
from tui.rendering.text import Line


class HeadLines(Panel):
    """Shows the lines that it was given."""

    said: tuple[Line, ...] = ()

    def lines(self, snapshot: Snapshot, width: int, height: int) -> list[Line]:
        """Return the lines that were set."""
        return list(self.said[:height])
