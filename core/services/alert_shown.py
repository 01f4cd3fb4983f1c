"""An alert as the snapshot shows it."""

import msgspec

from core.alerting.conditions import Condition
from core.domain.alert_view import AlertView
from core.domain.alerts import Alert
from core.domain.status import Truth


def shown_as(alert: Alert, cause: Alert | None, acked_as: str, rate: Condition | None) -> AlertView:
    """Return an alert as it is shown. `cause`: the alert that hides it; `acked_as`: as of which severity it is taken.

    `rate`: its condition by the reading that the panels show, where it is about a rate and that is known: it is
    evaluated less often, and one number stands in both.
    """
    view = AlertView(
        key=alert.key,
        rule=alert.rule,
        subject=alert.subject,
        severity=alert.severity.value,
        state=_word(alert),
        title=alert.title,
        text=alert.text,
        runbook=alert.runbook,
        episode=alert.episode,
        began_at=alert.began_at,
        fired_at=alert.fired_at,
        resolved_at=alert.resolved_at,
        acked="" if alert.hidden else alert.acked,  # of one episode, whose cause was acknowledged
        acked_as=acked_as if alert.acked and not alert.hidden else "",
        muted=(alert.muted if alert.active else "") or alert.why_hidden(cause),
        told=alert.told,
        behind=alert.behind,
        flapping=alert.flapping,
        well=alert.known is False or (alert.unheard and alert.truth is Truth.UNKNOWN),
    )
    if rate is None or not alert.active:
        return view
    well = view.well and rate.truth is not Truth.TRUE
    return msgspec.structs.replace(view, text=rate.text or view.text, well=well)


def _word(alert: Alert) -> str:
    """Return the state as it is shown."""
    if not alert.firing:
        return alert.stage.value
    if alert.hidden:
        return "hidden"
    if alert.acked:
        return "acknowledged"
    return "silenced" if alert.muted else "firing"
