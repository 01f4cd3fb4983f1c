"""A check as it is shown: by its verdict, and by the alerts about what it measures. Pure.

A verdict has thresholds of its own, which repairs go by, and may be older or newer than an alert about the same. So a
row is never drawn better than an alert that has not resolved, nor than a success rate below its target;
`status --json` and the metrics tell the verdict alone.
"""

from typing import Final

import msgspec

from core.domain.alert_view import AlertView
from core.domain.alerts import DISABLED, STOP_RULE, Severity
from core.domain.checks import Check
from core.domain.snapshot import Snapshot
from core.domain.status import Level

MEASURED_BY: Final = {
    "database_down": "database",
    "database_slow": "database",
    "stuck_tasks": "stuck_tasks",
    "failure_rate_critical": "failure_rate",
    "failure_rate_high": "failure_rate",
    "success_rate_critical": "failure_rate",
    "success_rate_medium": "failure_rate",
    "no_activity": "activity",
    "breakers": "breakers",
    "breakers_held": "breakers",
}
"""The check of what a rule is about, for each rule that is about what one measures."""

_RATE: Final = "failure_rate"

_WORST: Final = (Level.CRITICAL, Level.WARNING, Level.UNKNOWN, Level.OK)


class CheckRow(msgspec.Struct, frozen=True):
    """A check and the level at which it is shown; `why`: the alert that makes this worse than its verdict."""

    check: Check
    level: Level
    why: str = ""

    @property
    def text(self) -> str:
        """Return what it found, and the alert."""
        return f"{self.check.text}; {self.why}" if self.why else self.check.text

    @property
    def brief(self) -> str:
        """Return the one of both that tells more: what it found, unless that is well and no reading of the same."""
        well = self.check.level is Level.OK and self.check.name != _RATE
        return self.why if self.why and well else self.check.text

    @property
    def rank(self) -> int:
        """The rank of its level; 0 is the worst."""
        return _WORST.index(self.level)


def check_rows(snapshot: Snapshot) -> tuple[CheckRow, ...]:
    """Return the checks as they are shown, in order."""
    return tuple(_row(check, snapshot) for check in snapshot.health.checks)


def _row(check: Check, snapshot: Snapshot) -> CheckRow:
    row = CheckRow(check, check.level)
    if check.name == _RATE and snapshot.low_success.holds(snapshot.tasks.success_24h):
        low = snapshot.low_success  # its alert may be inhibited, or not be evaluated yet
        row = min(row, CheckRow(check, Level.WARNING, f"target ≤ {100 - low.percent:g} %"), key=lambda one: one.rank)
    for alert in snapshot.alerts:
        if MEASURED_BY.get(alert.rule) == check.name:
            other = CheckRow(check, _level(alert), f"{'alert' if alert.is_so else alert.word}: {alert.title}")
            row = min(row, other, key=lambda one: one.rank)
    return row


def _level(alert: AlertView) -> Level:
    """Return the level that an alert gives to its row: its own while it holds; until it has resolved a warning."""
    level = Severity(alert.severity).level
    if level is Level.OK or not (alert.fires or (alert.state == "hidden" and not alert.well)):
        return Level.OK
    held_back = alert.behind in {STOP_RULE, DISABLED}  # explained by nothing graver: it is no better for that
    return level if alert.is_so or held_back else Level.WARNING
