"""Times as the API's language writes them, and between which of them a row's time says anything."""

from datetime import datetime, timedelta
from typing import Final

FIRST: Final = "1970-01-01T00:00:00Z"
"""What is stamped earlier, `-infinity` too, is stamped by nobody's clock."""

AHEAD: Final = timedelta(minutes=5)
"""So far ahead the clock of whoever wrote a row may be. What is stamped later did not happen yet."""


def stamp(at: datetime) -> str:
    """A time, without the plus sign that an address would turn into a blank."""
    return at.isoformat().replace("+00:00", "Z")


def until(now: datetime | None) -> str:
    """The last time that counts as past, by the server's `now`; by the database's own clock where nobody knows it."""
    return "now" if now is None else stamp(now + AHEAD)
