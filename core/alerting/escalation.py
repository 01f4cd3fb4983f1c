"""The escalation matrix: who is told of an alert, and when, with repeats and the message of its end."""

import msgspec

from core.alerting.settings import AlertRules
from core.alerting.state_machine import Turn
from core.domain.alerts import Alert, Phase, Severity


class Tell(msgspec.Struct, frozen=True, kw_only=True):
    """One alert to be sent, in which phase, and to which contacts by their number from 0; `channels`: to these too.

    `log`: a row goes into the project's log, whoever else is told.
    """

    alert: Alert
    phase: Phase
    contacts: tuple[int, ...] = ()
    channels: bool = False
    log: bool = True


def tell(alert: Alert, turn: Turn | None, contacts: int, settings: AlertRules) -> tuple[Alert, Tell | None]:
    """Return an alert as it stands once it was sent, and what to send now. `contacts`: their number.

    Where there are only channels, they stand for one contact.
    """
    if turn is Turn.RESOLVED:
        if not alert.messages:
            return alert, None  # nobody was told
        told = tuple(range(alert.told))
        done = msgspec.structs.replace(alert, messages=alert.messages + 1, owed=False)
        return done, Tell(alert=done, phase=Phase.RESOLVED, contacts=told, channels=alert.told > 0)
    first = Phase.FLAPPING if turn is Turn.FLAPS or (turn is None and alert.flapping) else Phase.FIRING
    if not alert.firing or alert.hidden or (turn is None and alert.known is False):
        return alert, None  # it is about to resolve
    news = turn is not None or not alert.messages  # what was hidden until now has no row yet
    if alert.muted or alert.acked:
        return _logged(alert, first) if news else (alert, None)
    if not alert.told:
        if contacts and alert.firing_s >= due_for_s(alert.severity, settings):
            return _sent(alert, first, told=1, to=(0,))
        return _logged(alert, first) if news else (alert, None)
    if alert.flapping:
        return alert, None  # told once while it flaps
    if alert.severity is Severity.CRITICAL and alert.told < contacts and alert.told_s >= settings.escalate_s:
        return _sent(alert, Phase.ESCALATED, told=alert.told + 1, to=(alert.told,), channels=False)
    if alert.told_s >= settings.repeat_s:
        return _sent(alert, Phase.REPEATED, told=alert.told, to=tuple(range(alert.told)))
    return alert, None


def nobody_left(alert: Alert, contacts: int, settings: AlertRules) -> bool:
    """Return whether a critical alert fires unacknowledged after every contact was told; a resolving one needs none."""
    if alert.known is False or alert.severity is not Severity.CRITICAL:
        return False
    if not alert.firing or alert.hidden or alert.muted or alert.acked:
        return False
    return contacts == 0 or (alert.told >= contacts and alert.told_s >= settings.escalate_s)


def due_for_s(severity: Severity, settings: AlertRules) -> float:
    """Return the seconds for which an alert fires before the first contact is told."""
    return {
        Severity.CRITICAL: 0.0,
        Severity.HIGH: settings.high_after_s,
        Severity.MEDIUM: settings.medium_after_s,
        Severity.LOW: settings.low_after_s,
    }[severity]


def _sent(alert: Alert, phase: Phase, *, told: int, to: tuple[int, ...], channels: bool = True) -> tuple[Alert, Tell]:
    after = msgspec.structs.replace(alert, told=told, here=told, told_s=0.0, messages=alert.messages + 1, logged=True)
    return after, Tell(alert=after, phase=phase, contacts=to, channels=channels)


def _logged(alert: Alert, phase: Phase) -> tuple[Alert, Tell]:
    after = msgspec.structs.replace(alert, messages=alert.messages + 1, logged=True)
    return after, Tell(alert=after, phase=phase)
