"""The inbox in one line: how many tasks wait for a review, and how long the oldest has; hidden while none does."""

from typing import Final

from core.domain.snapshot import Snapshot
from tui.panels.layout import DashboardColumn, Wish
from tui.panels.panel import Panel
from tui.rendering.review import in_review, oldest_review
from tui.rendering.text import Line, origin

_TALL: Final = 20


class InboxPanel(Panel):
    """A title alone, as wide as the screen."""

    NAME = OPENS = "inbox"
    COLUMN, RANK = DashboardColumn.TOP, 90
    TITLE = "Inbox"

    def wish(self, snapshot: Snapshot, height: int) -> Wish:
        """Ask for one line while something waits, on a screen of 20 lines or more; the top line says it too."""
        lines = int(in_review(snapshot) > 0 and height >= _TALL)
        return Wish(lines, lines)

    def title(self, snapshot: Snapshot) -> Line:
        """Return how many wait, and since when."""
        counts = snapshot.tasks.counts
        many = in_review(snapshot)
        number = counts.value.shown("awaiting_review") if counts.value is not None else ""
        wait = "task waits for a review" if many == 1 else "tasks wait for a review"
        oldest = oldest_review(snapshot)
        since = f", the oldest for {oldest}" if oldest else ""
        role = "warning" if counts.live else "dim"
        return ((self.TITLE, "title"), (f" {number} {wait}{since}", role), (origin(counts, snapshot.at), "warning"))

    def lines(self, snapshot: Snapshot, width: int, height: int) -> list[Line]:
        """Return no line: the title says it."""
        return []
