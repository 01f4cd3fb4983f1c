"""The result of one run of the watchdog's checks."""

from datetime import datetime
from typing import Final

import msgspec

from core.domain.counts import SuccessRate
from core.domain.status import Level
from core.domain.stuck import Overdue

UNREACHABLE: Final = "API unreachable: "
"""What a verdict on the database begins with where something in front of it answered: of itself nothing is known."""


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One check of the watchdog with its verdict. `took_s` is `None` while it never ran. `open`: it goes on.

    `recent`: durations of the last runs, seconds, the oldest first; `None` where nobody answered.
    """

    name: str
    level: Level = Level.UNKNOWN
    text: str = "not checked yet"
    took_s: float | None = None
    at: datetime | None = None
    answered: bool = False
    open: bool = False
    recent: tuple[float | None, ...] = ()


class Checkup(msgspec.Struct, frozen=True, kw_only=True):
    """All checks of one run, its duration, the running tasks it found overdue, and when the oldest pending one came.

    `took_s`: of a run that was cut off at its limit at least that.
    `success`: the success rate that its verdict on failures goes by; `None` where that was not read.
    """

    checks: tuple[Check, ...]
    at: datetime
    took_s: float
    overdue: Overdue | None = None
    oldest_pending_at: datetime | None = None
    success: SuccessRate | None = None

    def of(self, name: str) -> Check:
        """Return the check of that name. Raises KeyError."""
        for check in self.checks:
            if check.name == name:
                return check
        raise KeyError(name)


def verdict_in_words(check: str, text: str) -> str:
    """Return what a check found, with its name in front, unless it found nothing of that."""
    return text if text.startswith(UNREACHABLE) else f"{check.replace('_', ' ')}: {text}"
