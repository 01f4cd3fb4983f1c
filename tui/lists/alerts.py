"""The list of alerts: since when, acknowledged by whom, who was notified, and what to do."""

from collections.abc import Sequence
from typing import Final

from core.domain.alert_view import AlertView, alerts_in_words, in_order
from core.domain.alerts import Severity, Silence
from core.domain.silence_words import ends_at, goes_on, next_window, shown_soon, silence_line
from core.domain.snapshot import Snapshot
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
        Column(title="since", width=7, right=True, moment=True),
        Column(title="alert"),
        Column(title="acknowledged by, or not sent because", width=40, drops=2, fitted=True),
        Column(title="sent", width=4, drops=4, right=True, fitted=True),
    )

    def state(self, snapshot: Snapshot) -> Line:
        """Return the number of firing alerts."""
        firing = alerts_in_words(snapshot.alerts)
        none = " none known" if hidden(snapshot) else " none firing"
        return ((f" {firing}" if firing else none, "warning" if firing else "dim"),)

    def rows(self, snapshot: Snapshot) -> Sequence[Row]:
        """Return the alerts in order, firing ones first. Maintenance stands above, other silences below them."""
        told = (*snapshot.telling.silences, *snapshot.telling.planned)
        first = [one for one in told if shown_soon(one, snapshot.at)]
        return [
            *(self._silence(one, snapshot) for one in first),
            *map(self._row, in_order(snapshot.alerts)),
            *(self._silence(one, snapshot) for one in told if one not in first),
        ]

    def details(self, key: str, snapshot: Snapshot) -> Details | None:
        """Return one alert in full."""
        one = next((alert for alert in snapshot.alerts if alert.key == key), None)
        if one is None:
            return self._silence_details(key, snapshot)
        text = fields(
            ("what", one.text),
            ("severity", one.severity),
            ("state", ", ".join(filter(None, (one.word, one.course)))),
            ("began", when(one.began_at, snapshot.at)),
            ("fired", when(one.fired_at, snapshot.at)),
            ("resolved", when(one.resolved_at, snapshot.at)),
            ("acknowledged by", one.acked_words),
            ("not notified because", one.muted),
            ("contacts notified", one.told or ""),
            ("what to do", one.runbook),
            ("episode", one.episode),
        )
        return Details(heading=one.title, text=text, choices=alerts.choices_of(one))

    def _silence_details(self, key: str, snapshot: Snapshot) -> Details | None:
        told = (*snapshot.telling.silences, *snapshot.telling.planned)
        one = next((silence for silence in told if _key(silence) == key), None)
        if one is None:
            return None
        holds = one in snapshot.telling.silences
        text = fields(
            ("alerts", one.matcher),
            ("reason", one.reason),
            ("by", one.who),
            ("made", when(one.at, snapshot.at)),
            ("window", one.window.words if one.window is not None else ""),
            ("goes on", goes_on(one)),
            ("holds" if holds else "next", next_window(one)),
            ("ends" if holds else "begins", self._edge(one, snapshot, holds=holds)),
            ("id", one.id),
        )
        return Details(heading=silence_line(one, snapshot.at), text=text, choices=alerts.choices_of_silence(one))

    def _edge(self, one: Silence, snapshot: Snapshot, *, holds: bool) -> str:
        begins = one.period.since if one.period is not None else None
        return when(ends_at(one) if holds else begins, snapshot.at)

    def _silence(self, one: Silence, snapshot: Snapshot) -> Row:
        holds = one in snapshot.telling.silences
        since = one.period.since if one.period is not None and holds else None
        return Row(
            key=_key(one),
            cells=(
                (" ", "dim"),
                ("", "dim", -1),
                ("silenced" if holds else "planned", "dim"),
                (since, "dim"),
                (silence_line(one, snapshot.at) + (f" · {one.who}" if one.who else ""), "text"),
                ("", "dim"),
                ("", "dim", 0),
            ),
        )

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
                (one.acked_words or one.muted, "dim"),
                (f"{one.told}" if one.told else "", "dim", one.told),
            ),
        )


def _key(silence: Silence) -> str:
    return f"silence {silence.id}"
