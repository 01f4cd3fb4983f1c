"""Alerts: who takes care of one, what nobody is told of for a while, and whether anybody is reached at all."""

from core.domain.actions import ACKNOWLEDGE, SILENCE, TEST_MESSAGE
from core.domain.snapshot import AlertView, Snapshot
from tui.actions.ui import Ui
from tui.dialogs import SilenceDialog, silence_choices


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
        await act(front, await front.choose("Silence what?", silence_choices(front.monitor.snapshot)) or "")


async def test_message(front: Ui) -> None:
    """Send one to everybody, and say who took it."""
    if not front.allowed(TEST_MESSAGE):
        return
    front.tell("sending a test message …")
    sent = await front.monitor.try_alerts()
    said = [f"{one.name}: {one.why}" if one.why else f"{one.name} took the test message" for one in sent]
    front.tell("; ".join(said) or "nobody is told of alerts: set [alerts] contacts")


async def act(front: Ui, chosen: str) -> None:
    """Carry out `ack|KEY`, `silence|MATCHER` or `end|ID`."""
    verb, _, what = chosen.partition("|")
    if verb == "end" and front.allowed(SILENCE):
        front.tell((await front.monitor.end_silence(what)).text)
    elif verb == "silence" and front.allowed(SILENCE):
        front.ask(SilenceDialog(front.monitor, what))
    elif verb == "ack" and front.allowed(ACKNOWLEDGE):
        front.tell((await front.monitor.acknowledge(what)).text)


def ack_choices(snapshot: Snapshot) -> list[tuple[str, str]]:
    """What fires and nobody takes care of, the worst first."""
    firing = [alert for alert in snapshot.alerts if alert.fires and not alert.acked]
    return [(alert.key, f"{alert.severity}: {alert.title}: {alert.text}") for alert in firing]


def choices_of(alert: AlertView) -> list[tuple[str, str]]:
    """What can be done with one alert."""
    ack = [(f"ack|{alert.key}", "acknowledge: you take care of it")] if alert.fires and not alert.acked else []
    quiet = [(f"silence|{alert.key}", "silence it for a while …")] if alert.state != "resolved" else []
    return [*ack, *quiet]
