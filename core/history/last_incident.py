"""The newest incident, and whether enough was observed to say that there was none."""

from datetime import datetime

from core.domain.incidents import LastIncident
from core.domain.periods import HISTORY_KEPT
from core.history.availability import Span
from core.history.incidents import incidents, uptime
from core.history.kpis import COVERED


def last_incident(spans: tuple[Span, ...], now: datetime) -> LastIncident:
    """Return the last incident, derived from the spans like the key figures."""
    since = now - HISTORY_KEPT
    found = [one for one in incidents(spans) if one.ended is None or one.ended >= since]
    seen = uptime(spans, since, now)
    return LastIncident(
        incident=found[-1] if found else None,
        seen_s=seen.up_s + seen.down_s,
        covered=seen.coverage >= COVERED,
    )
