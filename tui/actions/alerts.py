"""Choices about alerts: acknowledge one, silence some, take a silence back."""

from typing import Final

from core.actions.acknowledge import ACKNOWLEDGE
from core.actions.silence import END_SILENCE, SILENCE
from core.base.text import in_steps
from core.domain.alert_view import AlertView
from core.domain.alerts import Silence
from core.domain.maintenance import WeeklyWindow
from core.domain.silence_words import ends_at, next_window, silence_line
from core.domain.snapshot import Snapshot
from tui.actions.choice import Choice, Choices

EVERYTHING: Final = "*"
"""The matcher that fits every alert."""


def ack_choices(snapshot: Snapshot) -> Choices:
    """Return what fires and nobody takes care of, the worst first."""
    firing = [alert for alert in snapshot.alerts if alert.fires and not alert.acked]
    return tuple((Choice(ACKNOWLEDGE, alert.key), f"{alert.severity}: {alert.title}: {alert.text}") for alert in firing)


def silence_choices(snapshot: Snapshot) -> Choices:
    """Return the choices about silences: one to take back, an alert to silence, everything at once."""
    ends = [
        (
            Choice(END_SILENCE, one.id),
            f"take back: {one.called}, {in_steps(ends_at(one) - snapshot.at)} more by {one.who}: {one.reason}",
        )
        for one in snapshot.telling.silences
        if one.window is None
    ]
    told = (*snapshot.telling.silences, *snapshot.telling.planned)
    for one in told:
        if one.window is not None:
            ends += [
                (choice, f"{words}: {silence_line(one, snapshot.at)}") for choice, words in choices_of_silence(one)
            ]
    shown = [one for one in snapshot.alerts if one.state != "resolved"]
    begins = [(Choice(SILENCE, one.key), f"{one.severity} {one.word}: {one.title}") for one in shown]
    return (*ends, *begins, (Choice(SILENCE, EVERYTHING), "all alerts (maintenance)"))


def choices_of_silence(one: Silence) -> Choices:
    """Return the choices about one silence: the end of it, and of a weekly one that of its window alone."""
    whole = (Choice(END_SILENCE, one.id), "take back")
    if not isinstance(one.window, WeeklyWindow) or one.period is None:
        return (whole,)
    window = (Choice(END_SILENCE, one.id, flag="once"), f"take back only {next_window(one)}")
    return (window, (whole[0], "take back every week"))


def choices_of(alert: AlertView) -> Choices:
    """Return the choices about one alert."""
    take = (Choice(ACKNOWLEDGE, alert.key), "acknowledge: you are handling it")
    quiet = (Choice(SILENCE, alert.key), "silence it for a while …")
    return (*([take] if alert.fires and not alert.acked else ()), *([quiet] if alert.state != "resolved" else ()))
