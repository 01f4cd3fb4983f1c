"""The newest incident, and whether enough was seen to say that there was none."""

from datetime import datetime

import msgspec

from core.history.availability import KEPT, Span
from core.history.incidents import Incident, incidents, uptime
from core.history.kpis import COVERED


class LastIncident(msgspec.Struct, frozen=True, kw_only=True):
    """The newest incident of the last 30 days; `None` where none was seen.

    `seen_s`: how much of that time this machine looked, seconds. `covered`: that is enough to speak for all of it.
    """

    incident: Incident | None = None
    seen_s: float = 0.0
    covered: bool = False


def last_incident(spans: tuple[Span, ...], now: datetime) -> LastIncident:
    """Read off the spans, as the key figures are."""
    since = now - KEPT
    found = [one for one in incidents(spans) if one.ended is None or one.ended >= since]
    seen = uptime(spans, since, now)
    return LastIncident(
        incident=found[-1] if found else None,
        seen_s=seen.up_s + seen.down_s,
        covered=seen.coverage >= COVERED,
    )
