"""The list of alerts: since when, acknowledged by whom, who was notified, and what to do."""

from collections.abc import Sequence
from typing import Final

from core.domain.alerts import Severity
from core.domain.snapshot import AlertView, Snapshot, alerts_in_words
from core.domain.state_word import hidden
from tui.actions import alerts
from tui.lists.listed import Details, Listed, fields, list_key, when
from tui.panels.needs import ALARM_ROLE, ALARM_SIGN
from tui.panels.row_list import Column, Row
from tui.rendering.text import Line

_WORST_FIRST: Final = {one.value: one.rank for one in Severity}


class AlertList(Listed):
    """Every alert that is pending, firing, or was resolved a short while ago."""

    NAME = "alerts"
    KEY = list_key("alerts", "6", "alerts", "alerts: all, with what to do")
    TITLE = "Alerts"
    EMPTY = "no alert is pending, firing or recently resolved"
    COLUMNS = (
        Column(title="", width=1),
        Column(title="severity", width=8),
        Column(title="state", width=12),
        Column(title="since", width=6, right=True, moment=True),
        Column(title="alert"),
        Column(title="acknowledged by", width=24, drops=2),
        Column(title="sent", width=4, drops=3, right=True),
    )

    def state(self, snapshot: Snapshot) -> Line:
        """Return the number of firing alerts."""
        firing = alerts_in_words(snapshot.alerts)
        none = " none known" if hidden(snapshot) else " none firing"
        return ((f" {firing}" if firing else none, "warning" if firing else "dim"),)

    def rows(self, snapshot: Snapshot) -> Sequence[Row]:
        """Return the alerts in order, firing ones first."""
        return [self._row(one) for one in snapshot.alerts]

    def details(self, key: str, snapshot: Snapshot) -> Details | None:
        """Return one alert in full."""
        one = next((alert for alert in snapshot.alerts if alert.key == key), None)
        if one is None:
            return None
        text = fields(
            ("what", one.text),
            ("severity", one.severity),
            ("state", ", ".join(filter(None, (one.word, one.course)))),
            ("began", when(one.began_at, snapshot.at)),
            ("fired", when(one.fired_at, snapshot.at)),
            ("resolved", when(one.resolved_at, snapshot.at)),
            ("acknowledged by", one.acked),
            ("not notified because", one.muted),
            ("contacts notified", one.told or ""),
            ("what to do", one.runbook),
            ("episode", one.episode),
        )
        return Details(heading=one.title, text=text, choices=alerts.choices_of(one))

    def _row(self, one: AlertView) -> Row:
        role = ALARM_ROLE.get(one.severity, "text") if one.state == "firing" else "dim"
        since = one.resolved_at if one.state == "resolved" else one.began_at
        sign = self._signs.level(ALARM_SIGN.get(one.severity, "ok")) if one.fires else " "
        detail = "" if one.well or one.text in {"", one.title} else f": {one.text}"
        return Row(
            key=one.key,
            cells=(
                (sign, role),
                (one.severity, role, _WORST_FIRST.get(one.severity, -1)),
                (one.word, role),
                (since, "dim"),
                (
                    one.titled + detail,
                    role if one.state == "firing" else "text",
                ),
                (one.acked or one.muted, "dim"),
                (f"{one.told}" if one.told else "", "dim", one.told),
            ),
        )
