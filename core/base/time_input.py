"""Time as people type it: durations (`2h`, `30min`) and moments (`03:10`, `yesterday 22:00`, `24 nov 03:10`, `2h ago`).

A time without a zone is local, and one without a day is on the last day on which it occurred. A time that local clocks
show twice, because they are set back, means the first of the two where it starts a period, so that nothing is missed,
and the last where it names one moment. One that local clocks skip is rather too early than too late.
"""

import re
from collections.abc import Callable
from datetime import MAXYEAR, UTC, datetime, time, timedelta
from typing import Final

_UNITS: Final = {"s": "seconds", "m": "minutes", "min": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_LONGEST: Final = timedelta(days=3660)
_SPAN: Final = re.compile(r"(\d{1,6})\s*(s|min|m|h|d|w)")
_AGO: Final = re.compile(r"-\s*(?P<minus>.+)|(?P<plain>.+?)(?:\s+ago)?")
_CLOCK: Final = re.compile(r"(?P<day>.*?)\s*(?P<h>\d{1,2}):(?P<m>\d\d)(?::(?P<s>\d\d))?")
_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DATED: Final = re.compile(r"(?P<d>\d{1,2})\.?\s*(?P<m>[a-z]{3,9})\.?(?:\s+(?P<y>\d{4}))?")
_YEARS: Final = range(1970, MAXYEAR)
"""The years a moment may have. Callers show it in local time and look a day around it, so the last year is left out."""

EXAMPLES: Final = "03:10, yesterday 22:00, 2026-11-24 03:10 or 2h ago"
"""Examples of what may be typed."""


def span_of(text: str) -> timedelta | None:
    """Parse a number and its unit; `None` when it is something else."""
    match = _SPAN.fullmatch(text.strip().lower())
    return min(timedelta(**{_UNITS[match[2]]: int(match[1])}), _LONGEST) if match else None


_Of = Callable[[tuple[datetime, ...], datetime], datetime]
"""Chooses one of the moments at which a time of day was shown; the other argument is now."""


def moment_of(text: str, now: datetime) -> datetime | None:
    """Return the moment that was meant, UTC; `None` when it is none, or of a year that no clock here ever shows.

    Only one that names its day can lie after `now`. Of two possible moments the first: for the start of a period.
    """
    return _meant(text, now, lambda shown, _: shown[0])


def last_moment_of(text: str, now: datetime) -> datetime | None:
    """Like `moment_of`, but the last of two possible moments that is not after `now`: for one point in time."""
    return _meant(text, now, lambda shown, now: max((at for at in shown if at <= now), default=shown[0]))


def _meant(text: str, now: datetime, of: _Of) -> datetime | None:
    said = " ".join(text.strip().lower().split())
    if said == "now":
        return now
    if (ago := _AGO.fullmatch(said)) is not None and (span := span_of(ago["minus"] or ago["plain"])) is not None:
        return now - span
    try:
        found = _on_a_day(said, now, of) or _in_full(said, now, of)
    except (ValueError, OverflowError):
        return None
    return found if found.year in _YEARS else None


def _in_full(said: str, now: datetime, of: _Of) -> datetime:
    """Parse a date with its time, and with a zone or without. Raises ValueError for anything else."""
    found = datetime.fromisoformat(said.upper())
    return of(_shown(found, found.time()), now) if found.tzinfo is None else found.astimezone(UTC)


def _on_a_day(said: str, now: datetime, of: _Of) -> datetime | None:
    """Parse a time of day, with a day before it or without. Raises ValueError for one no clock shows."""
    match = _CLOCK.fullmatch(said)
    if match is None:
        return None
    clock = time(int(match["h"]), int(match["m"]), int(match["s"] or 0))
    today = now.astimezone()
    day = match["day"].rstrip(",")

    def at(day: datetime) -> datetime:
        return of(_shown(day, clock), today)

    if not day:
        return _last(today, at, back=0, every=1)
    weekday = next((n for n, name in enumerate(_DAYS) if len(day) > 2 and name.startswith(day)), None)
    if weekday is not None:
        return _last(today, at, back=(today.weekday() - weekday) % 7, every=7)
    if day in {"today", "yesterday"}:
        return at(today - timedelta(days=day == "yesterday"))
    return _of_month(day, today, at)


def _last(today: datetime, at: Callable[[datetime], datetime], *, back: int, every: int) -> datetime:
    """Return that time `back` days ago, or `every` days before that where it is still to come."""
    found = at(today - timedelta(days=back))
    return found if found <= today else at(today - timedelta(days=back + every))


def _of_month(day: str, today: datetime, at: Callable[[datetime], datetime]) -> datetime | None:
    """Parse `24 nov`, with its year or without. Raises ValueError for a day no calendar has."""
    match = _DATED.fullmatch(day)
    if match is None or match["m"][:3] not in _MONTHS:
        return None
    month, year = _MONTHS.index(match["m"][:3]) + 1, int(match["y"] or today.year)
    found = at(datetime(year, month, int(match["d"]), tzinfo=today.tzinfo))
    if found > today and match["y"] is None:
        return at(datetime(year - 1, month, int(match["d"]), tzinfo=today.tzinfo))
    return found


def _shown(day: datetime, clock: time) -> tuple[datetime, ...]:
    """Return the moments at which local clocks show that time on that day, by the rules in force then."""
    read = sorted({datetime.combine(day.date(), clock.replace(fold=fold)).astimezone(UTC) for fold in (0, 1)})
    return tuple(at for at in read if at.astimezone().time() == clock) or (read[0],)
