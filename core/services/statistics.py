"""Rates over a window, measured now."""

import asyncio
from datetime import datetime

from core.backend.reads import Reads
from core.domain.counts import Statistics


async def statistics(live: Reads, since: datetime, now: datetime) -> Statistics:
    """Return counts by status, and since `since` the success rate and average time of heals. Raises NotLive."""
    success, durations, counts = await asyncio.gather(
        live.outcomes.success_rate(since, now),
        live.audit.heal_durations(since),
        live.counts.by_status(),
    )
    mean = sum(durations) / len(durations) / 1000 if durations else None
    return Statistics(
        since=since,
        success=success,
        counts=counts,
        heals=len(durations),
        healing_s=mean,
    )
