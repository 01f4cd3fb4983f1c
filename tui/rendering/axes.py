"""Positions and labels of axis marks: local times, and round values."""

import math
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

_DAY: Final = timedelta(days=1)
_MINUTES: Final = (1, 2, 5, 10, 15, 20, 30)
_HOURS: Final = (1, 2, 3, 4, 6, 12, 24)
_DAYS: Final = (1, 2, 3, 5, 7, 10, 15)
_BETWEEN: Final = (3, 1)
"""The least number of cells between two labels, and where there would be too few of them."""

_LEAST: Final = 3
"""The labels by which an axis is read: at its beginning, its middle and its end."""


def times(since: datetime, until: datetime, cells: int) -> tuple[tuple[datetime, str], ...]:
    """Return round local times or days with their labels, as many as fit apart on an axis of `cells` cells."""
    found = (_times(since, until, cells, between) for between in _BETWEEN)
    return max(found, key=lambda marks: min(_LEAST, len(marks)))


def _times(since: datetime, until: datetime, cells: int, between: int) -> tuple[tuple[datetime, str], ...]:
    span = until - since
    hourly = span <= 2 * _DAY
    room = max(1, cells // ((5 if hourly else 6) + between))
    minutes = next((step for step in _MINUTES if span / timedelta(minutes=step) <= room), None)
    if hourly and minutes is not None:
        marks, form = _minutes(since, until, minutes), "%H:%M"
    elif hourly:
        hours = next((step for step in _HOURS if span / timedelta(hours=step) <= room), 24)
        marks, form = _hours(since, until, hours), "%H:%M"
    else:
        days = next((step for step in _DAYS if span / (step * _DAY) <= room), 30)
        marks, form = _days(since, until, days), "%a %d" if span <= 14 * _DAY else "%d %b"
    near = span * 3 / max(1, cells)  # a label around such a mark would not be whole
    return tuple((at, f"{at.astimezone():{form}}") for at in marks if since + near <= at <= until - near)


def values(low: float, high: float, most: int, *, whole: bool) -> tuple[float, ...]:
    """Return round values from `low` to `high`, at most `most`, but two if there are; `whole`: integers only."""
    span = max(high - low, 1e-9)
    unit = 10.0 ** (math.floor(math.log10(span)) - 2)
    steps = [unit * 10**power * by for power in range(4) for by in (1, 2, 5)]
    if whole:
        steps = [step for step in steps if step >= 1] or [1.0]
    marks = [_multiples(low, high, step) for step in steps if span / step < 200]
    several = [found for found in marks if len(found) > 1] or marks
    return next((found for found in several if len(found) <= most), several[-1])


def value_label(value: float) -> str:
    """Return the value as a short label: `0.5`, `95`, `1.2k`, `3M`."""
    for unit, sign in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= unit:
            return f"{value / unit:.3g}{sign}"
    return f"{value:.3g}"


def _multiples(low: float, high: float, step: float) -> tuple[float, ...]:
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return tuple(n * step for n in range(first, last + 1))


def _minutes(since: datetime, until: datetime, step: int) -> list[datetime]:
    local = since.astimezone()
    first = since - timedelta(minutes=local.minute % step, seconds=local.second, microseconds=local.microsecond)
    every = (first + n * timedelta(minutes=step) for n in range((until - first) // timedelta(minutes=step) + 1))
    return [at for at in every if since <= at]


def _hours(since: datetime, until: datetime, step: int) -> list[datetime]:
    found = {_local(day, hour) for day in _dates(since, until) for hour in range(0, 24, step)}
    return sorted(at for at in found if since <= at <= until)


def _days(since: datetime, until: datetime, step: int) -> list[datetime]:
    return [_local(day, 0) for day in _dates(since, until) if day.toordinal() % step == 0]


def _dates(since: datetime, until: datetime) -> list[date]:
    first, last = since.astimezone().date(), until.astimezone().date()
    return [first + n * _DAY for n in range((last - first).days + 1)]


def _local(day: date, hour: int) -> datetime:
    """Return that local hour of that day; where the clocks skip it, the next one."""
    at = datetime.combine(day, time(hour)).astimezone(UTC)
    return at if at.astimezone().hour == hour else at + timedelta(hours=1)
