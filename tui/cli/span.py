"""A point in the past as people type it: `2h`, `30min`, `7d`, or a date and time."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

import click

_UNITS: Final = {"s": "seconds", "m": "minutes", "min": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_LONGEST: Final = timedelta(days=3660)


class Since(click.ParamType[datetime]):
    """Becomes an aware datetime, UTC. A time without a zone is local."""

    name = "TIME"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Parse it. Fails in one sentence."""
        if isinstance(value, datetime):
            return value
        text = str(value).strip().lower()
        match = re.fullmatch(r"(\d{1,6})\s*(s|min|m|h|d|w)", text)
        if match:
            span = min(timedelta(**{_UNITS[match[2]]: int(match[1])}), _LONGEST)
            return datetime.now(UTC) - span
        try:
            return datetime.fromisoformat(text.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail(f"{text!r} is no time; write 2h, 30min, 7d, or 2026-03-01T14:00", param, ctx)
