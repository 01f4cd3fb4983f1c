"""Events: who did what, newest first."""

from datetime import timedelta
from typing import Final

from core.domain.snapshot import Snapshot
from tui.panels.layout import Column, Wish
from tui.panels.panel import Panel
from tui.rendering.text import Line, age

_TODAY: Final = timedelta(hours=12)
"""So long a time of day alone is not mistaken."""


class EventsPanel(Panel):
    """Operators, the watchdog, other hosts, the agents' failures."""

    NAME = OPENS = "events"
    COLUMN, RANK, FILLS, GREEDY = Column.RIGHT, 40, 60, True
    TITLE = "Events"

    def wish(self, snapshot: Snapshot, height: int) -> Wish:
        """The last three, and whatever room nobody else needs."""
        return Wish(4, height)

    def title(self, snapshot: Snapshot) -> Line:
        """With the age of what the project's log tells, where it is not live."""
        logs = snapshot.logs
        old = "" if logs.live or logs.at is None else f" others' last known, {age(logs.at, snapshot.at)}"
        return ((self.TITLE, "title"), (old, "warning"))

    def lines(self, snapshot: Snapshot, width: int, height: int) -> list[Line]:
        """One event a line, an old one with its age instead of a time of another day; while starting, its steps."""
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
            who = event.who if width >= 60 else event.who.split(" ")[0]
            lines.append(((stamp, "dim"), (f"{who}: ", "dim"), (event.text, role)))
        return lines or [(("nothing has happened yet", "dim"),)]
