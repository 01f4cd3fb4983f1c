"""A snapshot of which nothing is live any more: what was measured last, each value with its age. Pure."""

from datetime import datetime
from typing import Any, TypeVar

from msgspec.structs import replace

from core.domain.snapshot import Component, Degradation, Snapshot
from core.resilience import degradation
from core.resilience.reading import Reading, Source

Sourced = TypeVar("Sourced", Reading[Any], Component)


def last_known(snapshot: Snapshot, at: datetime) -> Snapshot:
    """Return the snapshot with every reading as last known; `at`: when one was measured that does not say so."""

    def cached(value: Sourced) -> Sourced:
        return replace(value, source=Source.CACHED, at=value.at or at) if value.source is Source.LIVE else value

    tasks = snapshot.tasks
    parts = tuple(map(cached, snapshot.degradation.components))
    return replace(
        snapshot,
        config=cached(snapshot.config),
        logs=cached(snapshot.logs),
        tasks=replace(
            tasks,
            counts=cached(tasks.counts),
            newest=cached(tasks.newest),
            success_24h=cached(tasks.success_24h),
            simulated_24h=cached(tasks.simulated_24h),
            last_completed_at=cached(tasks.last_completed_at),
            oldest_review_at=cached(tasks.oldest_review_at),
        ),
        degradation=Degradation(level=degradation({part.name: part.source for part in parts}), components=parts),
    )
