"""Acknowledgements and silences: who takes care of an alert, and which are muted for a while."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

import msgspec

from core.alerting.rules import rules
from core.alerting.settings import AlertRules
from core.domain.alerts import Ack, Alert, Silence, fits, key_of
from core.domain.maintenance import SilencePeriod

SKEW: Final = timedelta(minutes=10)
"""The furthest that a clock may be ahead: an acknowledgement from later than that is ignored."""

_TITLES: Final = tuple(
    (name.lower(), rule.title)
    for rule in rules(AlertRules())
    for name in (rule.name, rule.subject, key_of(rule.name, rule.subject))
)
"""The names of alerts, each with a title."""


def matches(silence: Silence, alert: Alert) -> bool:
    """Return whether a silence covers an alert: by rule, subject, key or severity; `*` and `?` are wildcards."""
    return fits(silence.matcher, (alert.rule, alert.subject, alert.key, alert.severity.value))


def titled(silence: Silence) -> Silence:
    """Return a silence with the title of the rule whose name its matcher is; a pattern has none."""
    found = {title for name, title in _TITLES if name == silence.matcher.strip().lower()}
    return msgspec.structs.replace(silence, title=found.pop() if len(found) == 1 else "")


def silenced(alert: Alert, silences: Iterable[Silence], now: datetime) -> tuple[Silence, SilencePeriod] | None:
    """Return the silence that covers an alert, with the period in which it does; of several the one that ends last."""
    holding = [(one, held) for one in silences if matches(one, alert) and (held := one.holding(now)) is not None]
    return max(holding, key=lambda one: one[1].until, default=None)


def in_snapshot(silences: Iterable[Silence], now: datetime) -> tuple[tuple[Silence, ...], tuple[Silence, ...]]:
    """Return the silences that hold, and those that are to come, each with its period; the soonest first."""
    holding, coming = list[Silence](), list[Silence]()
    for one in silences:
        if not one.over(now):
            held = one.holding(now)
            shown = msgspec.structs.replace(titled(one), period=held or next(one.periods(now), None))
            (coming if held is None else holding).append(shown)
    coming.sort(key=lambda one: (one.period is None, one.period.since if one.period is not None else one.at))
    return tuple(holding), tuple(coming)


def acknowledged(alert: Alert, acks: Iterable[Ack], now: datetime, settings: AlertRules) -> str:
    """Return who acknowledged an alert; empty: nobody, or no longer, or only a milder one.

    An alert that an operator's action caused counts as acknowledged by them for as long as it lasts.
    """
    if alert.by:
        return alert.by
    ack = _ack_of(alert, acks, now, settings)
    return "" if ack is None else ack.who


def acknowledged_as(alert: Alert, acks: Iterable[Ack], now: datetime, settings: AlertRules) -> str:
    """Return the severity of the graver alert of the same episode that was acknowledged; empty: this very one."""
    ack = None if alert.by else _ack_of(alert, acks, now, settings)
    return "" if ack is None or ack.severity is alert.severity else ack.severity.value


def _ack_of(alert: Alert, acks: Iterable[Ack], now: datetime, settings: AlertRules) -> Ack | None:
    """Return the acknowledgement that holds for an alert, one of its own severity first."""
    holding = (
        ack
        for ack in acks
        if ack.episode == alert.episode
        and -SKEW < now - ack.at < timedelta(seconds=settings.ack_s)
        and alert.severity.rank >= ack.severity.rank
    )
    return min(holding, key=lambda ack: ack.severity is not alert.severity, default=None)
