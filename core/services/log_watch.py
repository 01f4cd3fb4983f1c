"""Says in the monitor that the log file takes nothing: nobody would find that in the log file."""

import logging
from typing import Final

from core.base.clock import Clock
from core.base.log_file import log_trouble
from core.domain.status import Level
from core.services.events import EventLog

log = logging.getLogger(__name__)

_AGAIN_S: Final = 30.0
"""So often it is tried again while there is nothing else to log."""


class LogWatch:
    """The journal hears once each that the log cannot be written, and that it is again."""

    def __init__(self, clock: Clock, journal: EventLog) -> None:
        self._clock = clock
        self._journal = journal
        self._said = ""
        self._tried_at = 0.0

    @property
    def warning(self) -> str | None:
        """What is wrong, in words; `None` while all is well."""
        return log_trouble() or None

    def look(self) -> None:
        """Tell the journal of what changed since the last look."""
        before, now = self._said, self._clock.elapsed()
        if before and now - self._tried_at >= _AGAIN_S:
            self._tried_at = now
            log.warning("the log is tried again")
        self._said = log_trouble()
        if self._said and self._said != before:
            self._tried_at = now
            self._journal.say("watchdesk", self._said, Level.WARNING)
        elif before and not self._said:
            self._journal.say("watchdesk", "the log is written again")
