"""Times as a report writes them: local, unambiguous, and no longer than necessary."""

from datetime import datetime, timedelta, tzinfo

from core.base.text import short


class Times:
    """Formats times of a window. `zone`: `None` is this machine's."""

    def __init__(self, since: datetime, until: datetime, zone: tzinfo | None = None) -> None:
        self._since, self._until, self._zone = since, until, zone
        began, ended = self._local(since), self._local(until)
        self._day = began.date() if began.date() == ended.date() else None
        self._offset = began.utcoffset() if began.utcoffset() == ended.utcoffset() else None
        """Those of the whole window. Where there is none, each moment says its own: an hour may be there twice."""

    def at(self, moment: datetime) -> str:
        """Format a moment in the window: `03:10:05`, with its date or its offset where that alone is ambiguous."""
        local = self._local(moment)
        date = f"{local:%Y-%m-%d} " if local.date() != self._day else ""
        offset = f" {zone_of(local)}" if local.utcoffset() != self._offset else ""
        return f"{date}{local:%H:%M:%S}{offset}"

    def short(self, moment: datetime) -> str:
        """Format a moment of a scale, where the day and the zone stand beside it: `03:10`."""
        return f"{self._local(moment):%H:%M}"

    def window(self) -> str:
        """Format the window from beginning to end, with the date."""
        began, ended = self._local(self._since), self._local(self._until)
        to = f"{ended:%H:%M:%S}" if self._day is not None else f"{ended:%Y-%m-%d %H:%M:%S}"
        return f"{began:%Y-%m-%d %H:%M:%S} to {to}"

    def full(self, moment: datetime) -> str:
        """Format a moment that may be read alone: `2026-03-01 03:10:05 CET (UTC+01:00)`."""
        local = self._local(moment)
        return f"{local:%Y-%m-%d %H:%M:%S} {zone_of(local)}"

    def span(self, since: datetime, until: datetime) -> str:
        """Format a period with its length."""
        return f"{self.at(since)} to {self.at(until)} ({short(until - since)})"

    def zone(self, moment: datetime) -> str:
        """Format the zone at a moment: `CET (UTC+01:00)`."""
        return zone_of(self._local(moment))

    @property
    def shifts(self) -> bool:
        """Return whether the offset from UTC changes within the window."""
        return self._offset is None

    def _local(self, moment: datetime) -> datetime:
        return moment.astimezone(self._zone)


def zone_of(local: datetime) -> str:
    """Format the name of a moment's zone and its offset."""
    total = int((local.utcoffset() or timedelta(0)).total_seconds()) // 60
    offset = f"UTC{'-' if total < 0 else '+'}{abs(total) // 60:02d}:{abs(total) % 60:02d}"
    return f"{local:%Z} ({offset})" if local.tzname() not in {None, offset} else offset


def percent(part: float, whole: float) -> str:
    """Format a share with one decimal, never rounded up to all of it."""
    share = 100.0 * part / whole if whole else 0.0
    return f"{int(share * 10) / 10:.1f} %"
