"""Windows of maintenance: planned once, or weekly by the clocks of a time zone. Pure.

A weekly window holds while clocks in its zone show a time within it. So where they are put forward, the times that they
skip do not occur: the window is that much shorter, or left out; where they are put back, it holds at each of the times
that they show twice.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import Final

import msgspec

from core.base.zones import zone_named

LONGEST: Final = timedelta(days=7)
"""The longest silence, but for a weekly one."""
FURTHEST: Final = timedelta(days=30)
"""How far ahead a window may be planned at most."""
SOON: Final = timedelta(hours=1)
"""From so long before its beginning a window is shown."""

NO_ZONE: Final = "silences nothing here: its time zone is not known, install tzdata"
"""Why the windows of a silence are not known."""
WEEKLY_EXAMPLE: Final = "sun 02:00-04:00"

_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_EVERY: Final = "daily"
_DAY: Final = timedelta(days=1)
_STEP: Final = timedelta(hours=6)
"""No zone's clocks are set twice within this."""
_SECOND: Final = timedelta(seconds=1)
_BACK: Final = 9
"""The days before now that may belong to a window that holds: days that follow on one another are one window."""
_AHEAD: Final = 16
"""The days until the next window at the most: one whose times are skipped is left out."""
_OFF_AT_MOST: Final = timedelta(hours=26)
"""No zone's clocks are further from UTC than this."""
_WRITTEN: Final = re.compile(
    r"(?P<days>[a-z]+(?:\s*[,-]\s*[a-z]+)*)\s+(?P<bh>\d{1,2}):(?P<bm>\d\d)\s*-\s*(?P<eh>\d{1,2}):(?P<em>\d\d)"
)
_FEWEST: Final = 3
"""So many days in a row are written as a range."""


class SilencePeriod(msgspec.Struct, frozen=True):
    """A time without a gap in which a silence holds; its end is no part of it."""

    since: datetime
    until: datetime


class OnceWindow(msgspec.Struct, frozen=True, kw_only=True, tag="once"):
    """A planned window. `zone`: the name of the time zone in which it was given, and is told."""

    since: datetime
    until: datetime
    zone: str

    @property
    def words(self) -> str:
        """Return when it is."""
        ends = at_zone(self.until, self.zone, of_day=self.since)
        return f"{at_zone(self.since, self.zone)} to {ends} {self.zone}"

    def periods(self, now: datetime) -> Iterator[SilencePeriod]:
        """Yield its period, unless that is over."""
        if now < self.until:
            yield SilencePeriod(self.since, self.until)


class WeeklyWindow(msgspec.Struct, frozen=True, kw_only=True, tag="weekly"):
    """A window in every week: `text` as `weekly_text` writes it. `until`: its last end; `None`: until it is ended."""

    text: str
    zone: str
    until: datetime | None = None

    @property
    def words(self) -> str:
        """Return when it is."""
        return f"{self.text} {self.zone}"

    def periods(self, now: datetime) -> Iterator[SilencePeriod]:
        """Yield those that hold or come in about two weeks. None where this machine does not know the zone."""
        if (zone := zone_named(self.zone)) is None:
            return
        today = now.astimezone(zone).date().toordinal()
        days = (_on_day(self.text, self.zone, day) for day in range(today - _BACK, today + _AHEAD))
        for one in _joined(part for day in days for part in day):
            until = one.until if self.until is None else min(one.until, self.until)
            if max(now, one.since) < until:
                yield SilencePeriod(one.since, until)


def weekly_text(typed: str) -> str:
    """Return days and times of a week as they are kept: `sun 02:00-04:00`. Raises ValueError with a sentence."""
    days, begins, ends = _parsed(typed)
    names = [name[:3] for name in _DAYS]
    runs: list[list[int]] = []
    for day in sorted(days):
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    words = (
        f"{names[run[0]]}-{names[run[-1]]}" if len(run) >= _FEWEST else ",".join(names[day] for day in run)
        for run in runs
    )
    said = _EVERY if len(days) == len(_DAYS) else ",".join(words)
    return f"{said} {_clock(begins)}-{_clock(ends % _DAY or _DAY)}"


def looks_weekly(typed: str) -> bool:
    """Return whether a text is written as days and times of a week."""
    return _WRITTEN.fullmatch(typed.strip().lower()) is not None


def at_zone(at: datetime, zone: str, *, of_day: datetime | None = None) -> str:
    """Return a moment as clocks in a zone show it, with its date unless that is the date of `of_day` there, too.

    Where they show that time twice, or this machine does not know the zone, the moment is told beyond doubt.
    """
    known = zone_named(zone)
    if known is None:
        return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    local = at.astimezone(known)
    twice = local.utcoffset() != local.replace(fold=1 - local.fold).utcoffset()
    dated = of_day is None or local.date() != of_day.astimezone(known).date()
    return f"{local:%Y-%m-%d %H:%M}"[0 if dated else 11 :] + (f" {local:%Z}" if twice else "")


@lru_cache(maxsize=256)
def _parsed(typed: str) -> tuple[frozenset[int], timedelta, timedelta]:
    """Return the days, and from the midnight at which each begins, when the window begins and ends."""
    match = _WRITTEN.fullmatch(typed.strip().lower())
    if match is None:
        raise ValueError(f"must be days and times such as {WEEKLY_EXAMPLE}")
    days = frozenset(_days(match["days"]))
    begins, ends = _time(match["bh"], match["bm"]), _time(match["eh"], match["em"])
    if begins in {ends, _DAY}:
        raise ValueError("must begin and end at different times of the day; a whole day is 00:00-24:00")
    if ends < begins:
        ends += _DAY
    if len(days) == len(_DAYS) and ends - begins == _DAY:
        raise ValueError("must leave a time of the week in which alerts are sent")
    return days, begins, ends


def _days(said: str) -> Iterator[int]:
    for part in said.split(","):
        first, dash, last = (word.strip() for word in part.partition("-"))
        if first == _EVERY and not dash:
            yield from range(len(_DAYS))
            continue
        begins = _day(first)
        ends = _day(last) if dash else begins
        yield from ((begins + n) % len(_DAYS) for n in range((ends - begins) % len(_DAYS) + 1))


def _day(word: str) -> int:
    for number, name in enumerate(_DAYS):
        if len(word) >= _FEWEST and f"{name}s".startswith(word):
            return number
    raise ValueError(f"must begin with days such as sun, mon-fri or {_EVERY}")


def _time(hours: str, minutes: str) -> timedelta:
    found = timedelta(hours=int(hours), minutes=int(minutes))
    if int(minutes) > 59 or found > _DAY:
        raise ValueError("must have times from 00:00 to 24:00")
    return found


def _clock(of_day: timedelta) -> str:
    minutes = of_day // timedelta(minutes=1)
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


@lru_cache(maxsize=4096)
def _on_day(text: str, zone: str, day: int) -> tuple[SilencePeriod, ...]:
    """Return the periods of the window that begins on a day, by its ordinal."""
    known, on = zone_named(zone), date.fromordinal(day)
    days, begins, ends = _parsed(text)
    if known is None or on.weekday() not in days:
        return ()
    midnight = datetime.combine(on, time(), tzinfo=UTC)
    found = []
    for since, until, offset in _offsets(known, midnight + begins - _OFF_AT_MOST, midnight + ends + _OFF_AT_MOST):
        began, ended = max(since, midnight + begins - offset), min(until, midnight + ends - offset)
        if began < ended:
            found.append(SilencePeriod(began, ended))
    return tuple(_joined(found))


def _offsets(zone: tzinfo, since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """Yield the times in which a zone's offset from UTC is the same, to the second, with that offset."""
    began, offset = since, _offset(zone, since)
    at = since
    while at < until:
        following = at + _STEP
        if (after := _offset(zone, following)) != offset:
            early, late = at, following
            while late - early > _SECOND:
                middle = early + timedelta(seconds=(late - early) // _SECOND // 2)
                early, late = (middle, late) if _offset(zone, middle) == offset else (early, middle)
            yield began, late, offset
            began, offset = late, after
        at = following
    yield began, at, offset


def _offset(zone: tzinfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta(0)


def _joined(periods: Iterable[SilencePeriod]) -> Iterator[SilencePeriod]:
    """Yield periods in order, those that touch as one."""
    last: SilencePeriod | None = None
    for one in sorted(periods, key=lambda each: each.since):
        if last is not None and one.since <= last.until:
            last = SilencePeriod(last.since, max(last.until, one.until))
            continue
        if last is not None:
            yield last
        last = one
    if last is not None:
        yield last
