"""A value with its origin: measured now, last known, or no measurement at all."""

from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

import msgspec

from core.resilience.fault import Fault

T = TypeVar("T")


class Source(StrEnum):
    """The source of a value. Only `live` is a measurement of now; `default` is no measurement at all."""

    LIVE = "live"
    CACHED = "cached"
    DEFAULT = "default"


class Reading(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """A value with its origin. `value` is `None` when nothing is known; `at` is when it was measured, aware, UTC.

    `fault` is why it is not live.
    """

    value: T | None = None
    source: Source = Source.DEFAULT
    at: datetime | None = None
    fault: Fault | None = None

    def age_s(self, now: datetime) -> float | None:
        """Return the seconds since the value was live; `None` for a default."""
        return None if self.at is None else max(0.0, (now - self.at).total_seconds())

    @property
    def live(self) -> bool:
        """Return whether this is a measurement of now."""
        return self.source is Source.LIVE
