"""The alerts panel: firing alerts first, with their age, who acknowledged them, and why nobody is notified."""

from typing import Final

from core.base.text import plural
from core.domain.snapshot import AlertView, Snapshot, alerts_in_words
from core.domain.state_word import hidden
from tui.panels.layout import DashboardColumn, Wish
from tui.panels.panel import Panel, as_many_as_fit
from tui.rendering.text import Line, age

ALARM_ROLE: Final = {"critical": "critical", "high": "warning", "medium": "warning", "low": "text"}
ALARM_SIGN: Final = {"critical": "critical", "high": "warning", "medium": "warning", "low": "ok"}


class AlertsPanel(Panel):
    """As wide as the screen, and as high as its alerts; hidden while there is none on a small screen."""

    NAME = OPENS = "alerts"
    COLUMN = DashboardColumn.TOP
    TITLE = "Alerts"

    def wish(self, snapshot: Snapshot, height: int) -> Wish:
        """Ask for a line per alert and a title; without alerts for the title alone, on a screen of 28 lines or more."""
        shown = len(snapshot.alerts)
        lines = 1 + shown if shown else int(height >= 28)
        return Wish(lines, lines)

    def title(self, snapshot: Snapshot) -> Line:
        """Return the title with the number of firing alerts and silences."""
        firing = [one for one in snapshot.alerts if one.fires]
        critical = any(one.severity == "critical" for one in firing)
        role = "critical" if critical else "warning" if firing else "dim"
        none = " none known" if hidden(snapshot) else " none firing"
        told = f" {alerts_in_words(firing)}" if firing else none
        silences = len(snapshot.telling.silences)
        quiet = f", {plural(silences, 'silence')}" if silences else ""
        return ((self.TITLE, "title"), (told, role), (quiet, "dim"))

    def lines(self, snapshot: Snapshot, width: int, height: int) -> list[Line]:
        """Return the alerts in the snapshot's order; those without room are counted."""
        return as_many_as_fit([self._one(one, snapshot) for one in snapshot.alerts], height)

    def _one(self, one: AlertView, snapshot: Snapshot) -> Line:
        loud = one.state == "firing"
        role = ALARM_ROLE.get(one.severity, "text") if loud else "dim"
        since = age(one.resolved_at if one.state == "resolved" else one.began_at, snapshot.at)
        care = f" · {one.acked} takes care" if one.acked else f" · {one.muted}" if one.muted else ""
        detail = "" if one.well or one.text in {"", one.title} else f": {one.text}"
        return (
            (f"{self._signs.level(ALARM_SIGN.get(one.severity, 'ok')) if one.fires else ' '} ", role),
            (f"{one.severity:<8} ", role),
            (f"{one.word:<12} ", role),
            (f"{since:>6}  ", "dim"),
            (one.titled, role if loud else "text" if one.fires else "dim"),
            (f"{care}{detail}", "dim"),
        )
