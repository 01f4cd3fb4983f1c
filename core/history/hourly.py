"""How each figure stood in each of the last hours: the course a sparkline draws. By wall time, in UTC."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

HOURS: Final = 24
_HOUR: Final = timedelta(hours=1)


class Hour(msgspec.Struct, frozen=True, kw_only=True):
    """How the figures that were known last stood in the hour that began at `at`, by name."""

    at: datetime
    values: dict[str, float]


class KeptHours(msgspec.Struct, frozen=True, kw_only=True):
    """The hours as they are kept, the oldest first."""

    hours: tuple[Hour, ...] = ()


class Hours:
    """The last 24 hours, the one under way among them. What was known in none of an hour's looks stays unknown."""

    def __init__(self) -> None:
        self._values: dict[datetime, dict[str, float]] = {}

    def note(self, values: Mapping[str, float], now: datetime) -> None:
        """The figures as they stand; within an hour the later ones count."""
        if values:
            self._values.setdefault(_begin(now), {}).update(values)
        self._trim(now)

    def recent(self, name: str, now: datetime) -> tuple[float | None, ...]:
        """One figure in each hour, the oldest first and the one under way last; `None` where it is not known."""
        last = _begin(now)
        hours = (last - back * _HOUR for back in reversed(range(HOURS)))
        return tuple(self._values.get(hour, {}).get(name) for hour in hours)

    def restore(self, kept: KeptHours, now: datetime) -> None:
        """What earlier processes noted, where we have not done so ourselves."""
        for hour in kept.hours:
            self._values[hour.at] = hour.values | self._values.get(hour.at, {})
        self._trim(now)

    def kept(self) -> KeptHours:
        """All of it, to be kept."""
        return KeptHours(hours=tuple(Hour(at=at, values=dict(self._values[at])) for at in sorted(self._values)))

    def _trim(self, now: datetime) -> None:
        """Hours of long ago, and those that a clock set back meanwhile has made of the future."""
        last = _begin(now)
        self._values = {at: values for at, values in self._values.items() if last - HOURS * _HOUR < at <= last}


def _begin(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
