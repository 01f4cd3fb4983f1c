"""The value of each figure in each of the last hours, for sparklines. By wall time, in UTC."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

HOURS: Final = 24
_HOUR: Final = timedelta(hours=1)


class Hour(msgspec.Struct, frozen=True, kw_only=True):
    """The last known values of the figures, by name, in the hour that began at `at`."""

    at: datetime
    values: dict[str, float]


class KeptHours(msgspec.Struct, frozen=True, kw_only=True):
    """The hours as they are stored, the oldest first."""

    hours: tuple[Hour, ...] = ()


class Hours:
    """The last 24 hours, the current one included. A figure that was never known in an hour stays unknown there."""

    def __init__(self) -> None:
        self._values: dict[datetime, dict[str, float]] = {}

    def note(self, values: Mapping[str, float], now: datetime) -> None:
        """Record the current figures; within an hour later values replace earlier ones."""
        if values:
            self._values.setdefault(_begin(now), {}).update(values)
        self._trim(now)

    def recent(self, name: str, now: datetime) -> tuple[float | None, ...]:
        """Return one figure in each hour, the oldest first and the current one last; `None` where it is not known."""
        last = _begin(now)
        hours = (last - back * _HOUR for back in reversed(range(HOURS)))
        return tuple(self._values.get(hour, {}).get(name) for hour in hours)

    def restore(self, kept: KeptHours, now: datetime) -> None:
        """Add what earlier processes recorded, where this one has not."""
        for hour in kept.hours:
            self._values[hour.at] = hour.values | self._values.get(hour.at, {})
        self._trim(now)

    def kept(self) -> KeptHours:
        """Return all hours, to be stored."""
        return KeptHours(hours=tuple(Hour(at=at, values=dict(self._values[at])) for at in sorted(self._values)))

    def _trim(self, now: datetime) -> None:
        """Drop hours that are too old, and those in the future after the clock was set back."""
        last = _begin(now)
        self._values = {at: values for at, values in self._values.items() if last - HOURS * _HOUR < at <= last}


def _begin(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
