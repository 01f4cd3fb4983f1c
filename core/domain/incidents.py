"""Incidents: from the first bad sample to the first good one; and the newest of them."""

from datetime import datetime

import msgspec


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    """An incident, from the first bad sample to the first good one. `ended` is `None` while it goes on.

    `unsure`: time just before, after or within it was not observed, so that it was at least this long. `down`: the
    project was down at some time in it, not critical alone.
    """

    began: datetime
    ended: datetime | None = None
    unsure: bool = False
    down: bool = False

    @property
    def length_s(self) -> float | None:
        """The time to recovery, in seconds; `None` while it goes on."""
        return None if self.ended is None else (self.ended - self.began).total_seconds()


class LastIncident(msgspec.Struct, frozen=True, kw_only=True):
    """The newest incident of the last 30 days; `None` where none was seen.

    `seen_s`: the observed part of that time, seconds. `covered`: that is enough to speak for all of it.
    """

    incident: Incident | None = None
    seen_s: float = 0.0
    covered: bool = False
