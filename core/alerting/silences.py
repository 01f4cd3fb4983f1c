"""Acknowledgements and silences: who takes care of an alert, and which are muted for a while."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Final

from core.alerting.settings import AlertRules
from core.domain.alerts import Ack, Alert, Silence

LONGEST: Final = timedelta(days=7)
SKEW: Final = timedelta(minutes=10)
"""The furthest that a clock may be ahead: an acknowledgement from later than that is ignored."""


def matches(silence: Silence, alert: Alert) -> bool:
    """Return whether a silence covers an alert: by rule, subject, key or severity; `*` and `?` are wildcards."""
    names = (alert.rule, alert.subject, alert.key, alert.severity.value)
    return any(fnmatchcase(name.lower(), silence.matcher.strip().lower()) for name in names)


def silenced(alert: Alert, silences: Iterable[Silence], now: datetime) -> Silence | None:
    """Return the silence that covers an alert, the one that ends last."""
    holding = [one for one in silences if one.holds(now) and matches(one, alert)]
    return max(holding, key=lambda one: one.until, default=None)


def acknowledged(alert: Alert, acks: Iterable[Ack], now: datetime, settings: AlertRules) -> str:
    """Return who acknowledged an alert; empty: nobody, or no longer, or only a milder one.

    An alert that an operator's action caused counts as acknowledged by them for as long as it lasts.
    """
    if alert.by:
        return alert.by
    for ack in acks:
        fresh = -SKEW < now - ack.at < timedelta(seconds=settings.ack_s)
        if ack.episode == alert.episode and fresh and alert.severity.rank >= ack.severity.rank:
            return ack.who
    return ""
