"""The line below a filter: the words that may follow while it is typed."""

from core.domain.snapshot import Snapshot
from tui.panels.panel import Panel
from tui.rendering.text import Line


class WordsLine(Panel):
    """Shows one line that it is given."""

    said: Line = ()

    def lines(self, snapshot: Snapshot, width: int, height: int) -> list[Line]:
        """Return the line."""
        return [self.said]
