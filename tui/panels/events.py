"""The events panel: who did what, newest first."""

from datetime import timedelta
from typing import Final

from core.domain.actors import short_of
from core.domain.snapshot import Snapshot
from tui.panels.layout import DashboardColumn, Wish
from tui.panels.panel import Panel
from tui.rendering.text import Line, age, oldness

_TODAY: Final = timedelta(hours=12)
"""Up to this age an event shows its time of day, then its age."""


class EventsPanel(Panel):
    """Actions of operators, of the watchdog and of other hosts, and the agents' failures."""

    NAME = OPENS = "events"
    COLUMN, RANK, FILLS, GREEDY = DashboardColumn.RIGHT, 40, 60, True
    TITLE = "Events"

    def wish(self, snapshot: Snapshot, height: int) -> Wish:
        """Ask for three events at least, and for all free room."""
        return Wish(4, height)

    def title(self, snapshot: Snapshot) -> Line:
        """Return the title with the age of the project's log, where it is not live."""
        logs = snapshot.logs
        old = "" if logs.live or logs.at is None else f" others' last known, {oldness(logs.at, snapshot.at)}"
        return ((self.TITLE, "title"), (old, "warning"))

    def lines(self, snapshot: Snapshot, width: int, height: int) -> list[Line]:
        """Return a line per event, with its time or, if it is old, its age; while starting, the start's steps."""
        steps: list[Line] = [
            ((f"{self._signs.level(step.level)} ", step.level.value), (f"{step.name} ", "text"), (step.text, "dim"))
            for step in snapshot.start
        ]
        if not snapshot.ready:
            return steps[-height:]
        lines: list[Line] = []
        for event in snapshot.events[:height]:
            role = event.level.value if event.level != "ok" else "text"
            old = snapshot.at - event.at > _TODAY
            stamp = f"{age(event.at, snapshot.at):>8} " if old else f"{event.at.astimezone():%H:%M:%S} "
            who = event.who if width >= 60 else short_of(event.who)
            lines.append(((stamp, "dim"), (f"{who}: ", "dim"), (event.text, role)))
        return lines or [(("nothing has happened yet", "dim"),)]
