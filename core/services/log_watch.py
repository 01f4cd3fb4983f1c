"""Reports in the monitor that the log file cannot be written; nobody would find that in the log file."""

import logging
from typing import Final

from core.base.clock import Clock
from core.base.log_file import log_trouble
from core.domain.status import Level
from core.services.events import EventLog

log = logging.getLogger(__name__)

_AGAIN_S: Final = 30.0
"""The seconds between attempts to write while there is nothing else to log."""


class LogWatch:
    """Adds an event once when the log cannot be written, and once when it can be again."""

    def __init__(self, clock: Clock, events: EventLog) -> None:
        self._clock = clock
        self._events = events
        self._said = ""
        self._tried_at = 0.0

    @property
    def warning(self) -> str | None:
        """Return the problem in words; `None` while there is none."""
        return log_trouble() or None

    def check(self) -> None:
        """Add an event if the problem changed since the last look."""
        before, now = self._said, self._clock.elapsed()
        if before and now - self._tried_at >= _AGAIN_S:
            self._tried_at = now
            log.warning("the log is tried again")
        self._said = log_trouble()
        if self._said and self._said != before:
            self._tried_at = now
            self._events.say("watchdesk", self._said, Level.WARNING)
        elif before and not self._said:
            self._events.say("watchdesk", "the log is written again")
