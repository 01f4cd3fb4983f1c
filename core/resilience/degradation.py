"""The level of degradation of the whole, derived from the sources in use and from nothing else."""

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum

import msgspec

from core.resilience.reading import Source


class DegradationLevel(StrEnum):
    """The level of degradation: none, one or two, three or more components not on live data."""

    NORMAL = "normal"
    PARTIAL = "partial"
    SEVERE = "severe"

    @property
    def words(self) -> str:
        """Return the level for people: `severe degradation`."""
        return "all data live" if self is DegradationLevel.NORMAL else f"{self.value} degradation"


class DegradationEvent(msgspec.Struct, frozen=True, kw_only=True):
    """The level changed. `lost` are the components not on live data now, in the order they were given."""

    before: DegradationLevel
    after: DegradationLevel
    lost: tuple[str, ...]
    at: datetime


def degradation(sources: Mapping[str, Source]) -> DegradationLevel:
    """Return the level for the current source of each component."""
    lost = sum(1 for source in sources.values() if source is not Source.LIVE)
    if lost == 0:
        return DegradationLevel.NORMAL
    return DegradationLevel.PARTIAL if lost <= 2 else DegradationLevel.SEVERE


class DegradationTracker:
    """Remembers the level and reports its changes. It starts `normal`, so a start without data is a change."""

    def __init__(self, on_event: Callable[[DegradationEvent], None]) -> None:
        self._on_event = on_event
        self.level = DegradationLevel.NORMAL

    def see(self, sources: Mapping[str, Source], now: datetime) -> bool:
        """Record the source of each component at `now`. Whether the level changed."""
        before, self.level = self.level, degradation(sources)
        if self.level is not before:
            lost = tuple(name for name, source in sources.items() if source is not Source.LIVE)
            self._on_event(DegradationEvent(before=before, after=self.level, lost=lost, at=now))
        return self.level is not before
