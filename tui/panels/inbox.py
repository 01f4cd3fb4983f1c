"""The inbox in one line: how many tasks wait for a review, and how long the oldest has; hidden while none does."""

from typing import Final

from core.base.text import amount
from core.domain.pauses import paused_in_short
from core.domain.snapshot import Snapshot
from tui.panels.layout import DashboardColumn, Wish
from tui.panels.panel import Panel
from tui.rendering.review import oldest_review
from tui.rendering.text import Line, origin

_TALL: Final = 20


class InboxPanel(Panel):
    """A title alone, as wide as the screen."""

    NAME = OPENS = "inbox"
    COLUMN, RANK = DashboardColumn.TOP, 90
    TITLE = "Inbox"

    def wish(self, snapshot: Snapshot, height: int) -> Wish:
        """Ask for one line while something waits or is paused, on a screen of 20 lines or more."""
        lines = int((snapshot.in_review > 0 or bool(snapshot.pauses)) and height >= _TALL)
        return Wish(lines, lines)

    def title(self, snapshot: Snapshot) -> Line:
        """Return how many wait and since when, and what is paused."""
        counts, many = snapshot.tasks.counts, snapshot.in_review
        role = "warning" if counts.live else "dim"
        paused, short = "; ".join(one.text for one in snapshot.pauses), paused_in_short(snapshot.pauses)
        if not many:
            return (("Paused", "title"), (f" {paused}", role))
        exact = counts.value is None or "awaiting_review" not in counts.value.estimated
        wait = "task waits for a review" if many == 1 else "tasks wait for a review"
        oldest = oldest_review(snapshot)
        since = f", the oldest for {oldest}" if oldest else ""
        said = f" {amount(many, exact=exact)} {wait}{since}"
        return (
            (self.TITLE, "title"),
            (said, role),
            (origin(counts, snapshot.at), "warning"),
            (f"; {short}" if short else "", role),
        )

    def lines(self, snapshot: Snapshot, width: int, height: int) -> list[Line]:
        """Return no line: the title says it."""
        return []
