"""What is to be known of the row under the cursor, below the rows of a list."""

from collections.abc import Sequence

from core.domain.snapshot import Snapshot
from tui.panels.panel import Panel, as_many_as_fit
from tui.panels.reader import wrap
from tui.rendering.text import Line


class Preview(Panel):
    """Shows lines that it is given, wrapped; those without room are counted."""

    TITLE = "Selected"

    said: Sequence[Line] = ()

    def lines(self, snapshot: Snapshot, width: int, height: int) -> list[Line]:
        """Return the lines that fit."""
        return as_many_as_fit([part for line in self.said for part in wrap(line, width)], height)
