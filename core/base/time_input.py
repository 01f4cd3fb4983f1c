"""Time as people type it: durations (`2h`, `30min`) and moments (`03:10`, `yesterday 22:00`, `24 nov 03:10`, `2h ago`).

A time without a zone is local, and one without a day is on the last day on which it occurred. A time that local clocks
show twice, because they are set back, means the first of the two where it starts a period, so that nothing is missed,
and the last where it names one moment. One that local clocks skip is rather too early than too late.
"""

import re
from collections.abc import Callable
from datetime import MAXYEAR, UTC, datetime, time, timedelta, tzinfo
from typing import Final, NamedTuple

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

_NAMED: Final = {"yesterday": -1, "today": 0, "tomorrow": 1}

EXAMPLES: Final = "03:10, yesterday 22:00, 2026-11-24 03:10 or 2h ago"
"""Examples of what may be typed."""
COMING_EXAMPLES: Final = "sun 02:00, tomorrow 22:00, 2026-11-24 03:10 or 2h"
"""Examples of moments to come."""


def span_of(text: str) -> timedelta | None:
    """Parse a number and its unit; `None` when it is something else."""
    match = _SPAN.fullmatch(text.strip().lower())
    return min(timedelta(**{_UNITS[match[2]]: int(match[1])}), _LONGEST) if match else None


_Of = Callable[[tuple[datetime, ...], datetime], datetime]
"""Chooses one of the moments at which a time of day was shown; the other argument is now."""


class _Reading(NamedTuple):
    """How a text is read. `zone`: whose clocks show its times, `None` for this machine's; `coming`: it is to come."""

    of: _Of
    zone: tzinfo | None = None
    coming: bool = False


def moment_of(text: str, now: datetime) -> datetime | None:
    """Return the moment that was meant, UTC; `None` when it is none, or of a year that no clock here ever shows.

    Only one that names its day can lie after `now`. Of two possible moments the first: for the start of a period.
    """
    return _meant(text, now, _Reading(lambda shown, _: shown[0]))


def last_moment_of(text: str, now: datetime) -> datetime | None:
    """Like `moment_of`, but the last of two possible moments that is not after `now`: for one point in time."""
    latest: _Of = lambda shown, now: max((at for at in shown if at <= now), default=shown[0])  # noqa: E731
    return _meant(text, now, _Reading(latest))


def coming_moment_of(text: str, now: datetime, zone: tzinfo | None = None) -> datetime | None:
    """Like `moment_of`, but one to come, by the clocks of a zone: `sun 02:00` is the next Sunday, `2h` is in 2 h.

    Only one that names its date can lie before `now`.
    """
    return _meant(text, now, _Reading(lambda shown, _: shown[0], zone, coming=True))


def _meant(text: str, now: datetime, how: _Reading) -> datetime | None:
    said = " ".join(text.strip().lower().split())
    if said == "now":
        return now
    if how.coming:
        if (span := span_of(said.removeprefix("in "))) is not None:
            return now + span
    elif (ago := _AGO.fullmatch(said)) is not None and (span := span_of(ago["minus"] or ago["plain"])) is not None:
        return now - span
    try:
        found = _on_a_day(said, now, how) or _in_full(said, now, how)
    except (ValueError, OverflowError):
        return None
    return found if found.year in _YEARS else None


def _in_full(said: str, now: datetime, how: _Reading) -> datetime:
    """Parse a date with its time, and with a zone or without. Raises ValueError for anything else."""
    found = datetime.fromisoformat(said.upper())
    if found.tzinfo is not None:
        return found.astimezone(UTC)
    return how.of(_shown(found, found.time(), how.zone), now)


def _on_a_day(said: str, now: datetime, how: _Reading) -> datetime | None:
    """Parse a time of day, with a day before it or without. Raises ValueError for one no clock shows."""
    match = _CLOCK.fullmatch(said)
    if match is None:
        return None
    clock = time(int(match["h"]), int(match["m"]), int(match["s"] or 0))
    today = now.astimezone(how.zone)
    day = match["day"].rstrip(",")

    def at(day: datetime) -> datetime:
        return how.of(_shown(day, clock, how.zone), today)

    if not day:
        return _nearest(today, at, back=0, every=1, coming=how.coming)
    weekday = next((n for n, name in enumerate(_DAYS) if len(day) > 2 and name.startswith(day)), None)
    if weekday is not None:
        return _nearest(today, at, back=(today.weekday() - weekday) % 7, every=7, coming=how.coming)
    if day in {"today", "tomorrow" if how.coming else "yesterday"}:
        return at(today + timedelta(days=_NAMED[day]))
    return _of_month(day, today, at, coming=how.coming)


def _nearest(today: datetime, at: Callable[[datetime], datetime], *, back: int, every: int, coming: bool) -> datetime:
    """Return that time `back` days ago, or `every` days before that where it is still to come; `coming`: after it."""
    found = at(today - timedelta(days=back))
    if coming:
        return found if found >= today else at(today + timedelta(days=every - back))
    return found if found <= today else at(today - timedelta(days=back + every))


def _of_month(day: str, today: datetime, at: Callable[[datetime], datetime], *, coming: bool) -> datetime | None:
    """Parse `24 nov`, with its year or without. Raises ValueError for a day no calendar has."""
    match = _DATED.fullmatch(day)
    if match is None or match["m"][:3] not in _MONTHS:
        return None
    month, year = _MONTHS.index(match["m"][:3]) + 1, int(match["y"] or today.year)
    found = at(datetime(year, month, int(match["d"]), tzinfo=today.tzinfo))
    if match["y"] is None and (found < today if coming else found > today):
        return at(datetime(year + (1 if coming else -1), month, int(match["d"]), tzinfo=today.tzinfo))
    return found


def _shown(day: datetime, clock: time, zone: tzinfo | None) -> tuple[datetime, ...]:
    """Return the moments at which clocks of a zone show that time on that day, by the rules in force then."""
    told = (datetime.combine(day.date(), clock.replace(fold=fold), tzinfo=zone) for fold in (0, 1))
    read = sorted({at.astimezone(UTC) for at in told})
    return tuple(at for at in read if at.astimezone(zone).time() == clock) or (read[0],)
