"""Who takes care of what, and what nobody is to be told of for a while."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Final

from core.alerting.settings import AlertRules
from core.domain.alerts import Ack, Alert, Silence

LONGEST: Final = timedelta(days=7)
SKEW: Final = timedelta(minutes=10)
"""Further than this in the future nobody's clock is: such a word is not believed."""


def matches(silence: Silence, alert: Alert) -> bool:
    """Whether a silence is about an alert: by its rule, subject, key or severity; `*` and `?` stand for anything."""
    names = (alert.rule, alert.subject, alert.key, alert.severity.value)
    return any(fnmatchcase(name.lower(), silence.matcher.strip().lower()) for name in names)


def silenced(alert: Alert, silences: Iterable[Silence], now: datetime) -> Silence | None:
    """The silence that holds for an alert, the one that ends last."""
    holding = [one for one in silences if one.holds(now) and matches(one, alert)]
    return max(holding, key=lambda one: one.until, default=None)


def acknowledged(alert: Alert, acks: Iterable[Ack], now: datetime, settings: AlertRules) -> str:
    """Who takes care of an alert; empty: nobody, or not any more, or not of one as bad as this.

    What an operator ordered is taken care of by them for as long as it lasts.
    """
    if alert.by:
        return alert.by
    for ack in acks:
        fresh = -SKEW < now - ack.at < timedelta(seconds=settings.ack_s)
        if ack.episode == alert.episode and fresh and alert.severity.rank >= ack.severity.rank:
            return ack.who
    return ""
