"""An incident: from the first bad sample to the first good one; and the newest of them."""

from datetime import datetime

import msgspec


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    """From the first bad sample to the first good one. `ended` is `None` while it goes on.

    `unsure`: nobody looked right before or right after it, or within, so that it was at least this long. `down`: the
    project was down at some time in it, not critical alone.
    """

    began: datetime
    ended: datetime | None = None
    unsure: bool = False
    down: bool = False

    @property
    def length_s(self) -> float | None:
        """How long it took to recover, in seconds; `None` while it goes on."""
        return None if self.ended is None else (self.ended - self.began).total_seconds()


class LastIncident(msgspec.Struct, frozen=True, kw_only=True):
    """The newest incident of the last 30 days; `None` where none was seen.

    `seen_s`: how much of that time this machine looked, seconds. `covered`: that is enough to speak for all of it.
    """

    incident: Incident | None = None
    seen_s: float = 0.0
    covered: bool = False
