"""Time as people type it: `2h`, `30min`, `7d`, `03:00`, or a date and time."""

import re
from datetime import UTC, datetime, time, timedelta
from typing import Final

import click

_UNITS: Final = {"s": "seconds", "m": "minutes", "min": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_LONGEST: Final = timedelta(days=3660)


def span_of(text: str) -> timedelta | None:
    """A number and its unit; `None` when it is something else."""
    match = re.fullmatch(r"(\d{1,6})\s*(s|min|m|h|d|w)", text.strip().lower())
    return min(timedelta(**{_UNITS[match[2]]: int(match[1])}), _LONGEST) if match else None


class Lasts(click.ParamType[timedelta]):
    """How long something lasts, from now on: `2h`, `30min`, `7d`."""

    name = "TIME"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Parse it. Fails in one sentence."""
        if isinstance(value, timedelta):
            return value
        span = span_of(str(value))
        if span is None:
            self.fail(f"{str(value)!r} is no length of time; write 2h, 30min or 7d", param, ctx)
        return span


def moment_of(text: str, now: datetime) -> datetime | None:
    """A moment, aware, UTC; `None` when it is none. So long ago, the last time it was that o'clock, or a date and time.

    What has no zone is local. Where the clocks are set back an hour is there twice: its first time is meant.
    """
    text = text.strip().upper()
    span = span_of(text)
    if span is not None:
        return now - span
    try:
        if re.fullmatch(r"\d{1,2}:\d\d(:\d\d)?", text):
            return _last_time(time.fromisoformat(text.zfill(len(text) + (text[1] == ":"))), now)
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _last_time(clock: time, now: datetime) -> datetime:
    today = now.astimezone().date()
    found = datetime.combine(today, clock).astimezone(UTC)
    return found if found <= now else datetime.combine(today - timedelta(days=1), clock).astimezone(UTC)


class Since(click.ParamType[datetime]):
    """Becomes an aware datetime, UTC. A time without a zone is local."""

    name = "TIME"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Parse it. Fails in one sentence."""
        if isinstance(value, datetime):
            return value
        found = moment_of(str(value), datetime.now(UTC))
        if found is None:
            self.fail(f"{str(value)!r} is no time; write 2h, 30min, 7d, 03:00, or 2026-03-01T14:00", param, ctx)
        return found
