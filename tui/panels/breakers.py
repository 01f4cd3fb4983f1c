"""Breakers: those that are not closed first, with failures, time to the probe, and the last error."""

from typing import Final

from core.resilience import BreakerRecord, BreakerState
from core.snapshot import Snapshot
from tui.panels.panel import Panel
from tui.text import Line, age

_ROLE: Final = {
    BreakerState.CLOSED: "ok",
    BreakerState.DUE: "warning",
    BreakerState.HALF_OPEN: "warning",
    BreakerState.OPEN: "critical",
    BreakerState.HELD: "critical",
}
_LEVEL: Final = {"ok": "ok", "warning": "warning", "critical": "critical"}


class BreakersPanel(Panel):
    """All breakers of this process."""

    TITLE = "Breakers"

    def title(self, snapshot: Snapshot) -> Line:
        """With how many are not closed."""
        bad = sum(1 for record in snapshot.breakers if record.state is not BreakerState.CLOSED)
        total = len(snapshot.breakers)
        told = f" {bad} of {total} not closed" if bad else f" all {total} closed" if total else " none used yet"
        return ((self.TITLE, "title"), (told, "critical" if bad else "dim"))

    def lines(self, snapshot: Snapshot, width: int, height: int) -> list[Line]:
        """The worst first."""
        order = sorted(snapshot.breakers, key=lambda r: (r.state is BreakerState.CLOSED, -r.failures, r.key))
        lines = [self._one(record, snapshot) for record in order]
        if len(lines) <= height:
            return lines
        return [*lines[: height - 1], ((f"  and {len(lines) - height + 1} more", "dim"),)]

    def _one(self, record: BreakerRecord, snapshot: Snapshot) -> Line:
        role = _ROLE[record.state]
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
            (f"{self._signs.level(_LEVEL[role])} ", role),
            (f"{word:<9} ", role),
            (record.key, "text"),
            (more, "dim"),
        )
