"""Times as the API's language writes them, and the bounds within which a row's time counts."""

from datetime import datetime, timedelta
from typing import Final

FIRST: Final = "1970-01-01T00:00:00Z"
"""The earliest time that counts; no clock stamps an earlier one, nor `-infinity`."""

AHEAD: Final = timedelta(minutes=5)
"""The tolerance for clocks of writers that run ahead. What is stamped later did not happen yet."""


def stamp(at: datetime) -> str:
    """Format a time without the plus sign, which a URL would turn into a blank."""
    return at.isoformat().replace("+00:00", "Z")


def until(now: datetime | None) -> str:
    """Return the last time that counts as past, by the server's `now`, or by the database's own clock without it."""
    return "now" if now is None else stamp(now + AHEAD)
