"""Alerts: who takes care of one, what nobody is told of for a while, and whether anybody is reached at all."""

from typing import Final

from core.base.text import short
from core.domain.actions import ACKNOWLEDGE, SILENCE, TEST_MESSAGE
from core.domain.snapshot import AlertView, Snapshot
from tui.actions.choice import Choice, Choices, Verb
from tui.actions.ui import Ui
from tui.dialogs import SilenceDialog

EVERYTHING: Final = "*"
"""The matcher that fits every alert."""


async def acknowledge(front: Ui) -> None:
    """Take care of what fires: of the one, or of which."""
    if not front.allowed(ACKNOWLEDGE):
        return
    choices = ack_choices(front.monitor.snapshot)
    if not choices:
        front.tell("no alert fires that nobody takes care of")
        return
    one = choices[0][0] if len(choices) == 1 else await front.choose("Take care of which alert?", choices)
    if one is not None:
        front.tell((await front.monitor.acknowledge(one)).text)


async def silence(front: Ui) -> None:
    """Tell nobody of some for a while, or take that back."""
    if front.allowed(SILENCE):
        chosen = await front.choose("Silence what?", silence_choices(front.monitor.snapshot))
        if chosen is not None:
            await act(front, chosen)


async def test_message(front: Ui) -> None:
    """Send one to everybody, and say who took it."""
    if not front.allowed(TEST_MESSAGE):
        return
    front.tell("sending a test message …")
    sent = await front.monitor.try_alerts()
    said = [f"{one.name}: {one.why}" if one.why else f"{one.name} took the test message" for one in sent]
    front.tell("; ".join(said) or "nobody is told of alerts: set [alerts] contacts")


async def act(front: Ui, chosen: Choice) -> None:
    """Acknowledge an alert by its key, silence what a matcher fits, or end a silence by its id."""
    match chosen.verb:
        case Verb.END_SILENCE if front.allowed(SILENCE):
            front.tell((await front.monitor.end_silence(chosen.of)).text)
        case Verb.SILENCE if front.allowed(SILENCE):
            front.ask(SilenceDialog(front.monitor, chosen.of))
        case Verb.ACKNOWLEDGE if front.allowed(ACKNOWLEDGE):
            front.tell((await front.monitor.acknowledge(chosen.of)).text)


def ack_choices(snapshot: Snapshot) -> list[tuple[str, str]]:
    """What fires and nobody takes care of, the worst first."""
    firing = [alert for alert in snapshot.alerts if alert.fires and not alert.acked]
    return [(alert.key, f"{alert.severity}: {alert.title}: {alert.text}") for alert in firing]


def silence_choices(snapshot: Snapshot) -> Choices:
    """Return the choices about silences: one to take back, an alert to silence, everything at once."""
    ends = [
        (
            Choice(Verb.END_SILENCE, one.id),
            f"take back: {one.matcher}, {short(one.until - snapshot.at)} more by {one.who}: {one.reason}",
        )
        for one in snapshot.telling.silences
    ]
    shown = [one for one in snapshot.alerts if one.state != "resolved"]
    begins = [(Choice(Verb.SILENCE, one.key), f"{one.severity} {one.state}: {one.title}") for one in shown]
    return (*ends, *begins, (Choice(Verb.SILENCE, EVERYTHING), "everything (maintenance)"))


def choices_of(alert: AlertView) -> Choices:
    """Return the choices about one alert."""
    take = (Choice(Verb.ACKNOWLEDGE, alert.key), "acknowledge: you take care of it")
    quiet = (Choice(Verb.SILENCE, alert.key), "silence it for a while …")
    return (*([take] if alert.fires and not alert.acked else ()), *([quiet] if alert.state != "resolved" else ()))
