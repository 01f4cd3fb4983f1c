"""The breakers panel: those that are not closed first, with failures, time to the probe, and the last error."""

from collections.abc import Sequence
from typing import Final

from core.domain.snapshot import Snapshot
from core.resilience import BreakerRecord, BreakerState
from tui.panels.layout import DashboardColumn, Wish
from tui.panels.panel import Panel, as_many_as_fit
from tui.rendering.text import Line, age

BREAKER_ROLE: Final = {
    BreakerState.CLOSED: "ok",
    BreakerState.DUE: "warning",
    BreakerState.HALF_OPEN: "warning",
    BreakerState.OPEN: "critical",
    BreakerState.HELD: "critical",
}


class BreakersPanel(Panel):
    """All circuit breakers of this process."""

    NAME = OPENS = "breakers"
    COLUMN, RANK, FILLS = DashboardColumn.MIDDLE, 20, 30
    TITLE = "Breakers"

    def wish(self, snapshot: Snapshot, height: int) -> Wish:
        """Ask for the lines of breakers that are not closed, and for a few closed ones if there is room."""
        bad = sum(record.state is not BreakerState.CLOSED for record in snapshot.breakers)
        return Wish(1 + min(bad, 3), 1 + max(bad, min(4, len(snapshot.breakers))))

    def title(self, snapshot: Snapshot) -> Line:
        """Return the title with the number of breakers that are not closed."""
        bad = sum(1 for record in snapshot.breakers if record.state is not BreakerState.CLOSED)
        total = len(snapshot.breakers)
        told = f" {bad} of {total} not closed" if bad else f" all {total} closed" if total else " none used yet"
        return ((self.TITLE, "title"), (told, "critical" if bad else "dim"))

    def lines(self, snapshot: Snapshot, width: int, height: int) -> list[Line]:
        """Return the worst breakers first; a closed one never displaces one that is not."""
        ordered = worst_first(snapshot.breakers)
        bad = [record for record in ordered if record.state is not BreakerState.CLOSED]
        shown = bad if len(bad) == height else ordered
        return as_many_as_fit([self._one(record, snapshot) for record in shown], height)

    def _one(self, record: BreakerRecord, snapshot: Snapshot) -> Line:
        role = BREAKER_ROLE[record.state]
        word = record.state.value.replace("_", "-")
        more = ""
        if record.state is BreakerState.OPEN and record.due_at is not None:
            seconds = max(0.0, (record.due_at - snapshot.at).total_seconds())
            more = f" probe in {10 * round(seconds / 10) or 5:.0f} s"
        elif record.failures:
            more = f" {record.failures} failed"
        if record.state is BreakerState.HELD:
            more = f" {age(record.since, snapshot.at)} by {record.held_by}: {record.held_why}"
        elif record.state is not BreakerState.CLOSED:
            more += f", {age(record.since, snapshot.at)}: {record.last_error}"
        return (
            (f"{self._signs.level(role)} ", role),
            (f"{word:<9} ", role),
            (record.key, "text"),
            (more, "dim"),
        )


def worst_first(records: Sequence[BreakerRecord]) -> list[BreakerRecord]:
    """Return breakers that are not closed first, then by failures, then by name."""
    return sorted(records, key=lambda one: (one.state is BreakerState.CLOSED, -one.failures, one.key))
