"""Decides which monitor sends alerts: the holder of the lease, and others where the holder cannot or did not."""

from collections.abc import Callable
from typing import Final

from core.actions.lease import Lease
from core.alerting.conditions import Facts
from core.alerting.escalation import due_for_s
from core.alerting.settings import AlertRules
from core.domain.alerts import Alert, Severity

ALONE: Final = "no monitor holds the lease, so every monitor sends alerts"
SUSPECT: Final = "the lease is renewed but its holder writes no health rows, so every monitor sends alerts"
LATE: Final = "the monitor that holds the lease has not sent this alert in time"


class AlertOwner:
    """Decides whether this monitor sends alerts. `owner`: whether this process may, of those on this machine."""

    def __init__(self, lease: Lease, settings: AlertRules, *, owner: Callable[[], bool]) -> None:
        self._lease = lease
        self._settings = settings
        self._owner = owner
        self.suspect = False
        """The lease is renewed, but its holder writes no health rows: it may be broken."""

    def note(self, facts: Facts) -> None:
        """Note whether the holder of the lease also writes health rows."""
        late_s, age_s = facts.health_row_late_s, facts.health_row_age_s
        held_s = self._lease.anothers_for_s()
        self.suspect = held_s > late_s and age_s is not None and age_s > late_s

    def why(self) -> str:
        """Return why this monitor sends alerts without holding the lease; empty while it holds it, or others send."""
        lease = self._lease
        if lease.valid():
            return ""
        if not lease.anothers():
            return ALONE
        if self.suspect:
            return SUSPECT
        view = lease.view()
        return f"{view.host} holds the lease but cannot deliver alerts" if view.tells is False else ""

    def tells(self) -> bool:
        """Return whether this monitor sends all alerts."""
        return self._owner() and (self._lease.valid() or bool(self.why()))

    def overdue(self, alert: Alert) -> bool:
        """Return whether an alert should have been sent by now, and no row says that it was."""
        if not self._owner() or alert.reached:
            return False
        due_s = alert.firing_s - due_for_s(alert.severity, self._settings)
        return min(alert.seen_s, due_s) >= self._patience_s(alert)

    def unlogged(self, alert: Alert) -> bool:
        """Return whether an alert should have been logged by now, and no row says that it fires."""
        return self._owner() and not alert.logged and alert.seen_s >= self._patience_s(alert)

    def _patience_s(self, alert: Alert) -> float:
        """Return the seconds after it is due for which others wait for a row that says an alert was sent."""
        rules = self._settings
        return rules.late_critical_s if alert.severity is Severity.CRITICAL else rules.late_s
