"""Steps of rows in the project's execution log that monitors write."""

from typing import Final

from core.domain.alerts import Severity

OURS: Final = "watchdog"
"""The beginning of the step of every row that a monitor wrote, except the lease's."""

ALL_OURS: Final = f"{OURS}*"
"""The prefix as a pattern of the API."""

AUDIT: Final = f"{OURS}_healing"
"""The audit trail: actions, who ordered them, and their results."""

HEALTH_CHECK: Final = f"{OURS}_health_check"
"""One row for each scheduled check."""

ALERTS: Final = f"{OURS}_alert_"
"""The beginning of the step of a row about an alert; its severity follows."""

LEASE: Final = "lease"
"""The one row that says who acts."""

PAUSE: Final = "pause"
"""A row for each task type that is paused, as long as it is."""

STATES: Final = (LEASE, PAUSE)
"""The steps of rows that tell what is so now, however old they are."""

LATE_S: Final = 60
"""The seconds after which a row that could not be written at once says how late it is."""

_LEVELS: Final = {Severity.CRITICAL: "critical", Severity.HIGH: "warning", Severity.MEDIUM: "warning"}


def is_ours(step: str) -> bool:
    """Return whether a monitor writes rows of this step."""
    return step.startswith(OURS)


def about_alert(step: str) -> bool:
    """Return whether rows of this step are about an alert."""
    return step.startswith(ALERTS)


def alert_step(severity: Severity) -> str:
    """Return the step of rows about an alert of that severity."""
    return f"{ALERTS}{_LEVELS.get(severity, 'info')}"
