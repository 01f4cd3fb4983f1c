"""Time zones by their IANA names, such as `Europe/Berlin`: an offset alone would not know when summer time begins."""

import os
import re
from datetime import UTC, tzinfo
from functools import lru_cache
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

EXAMPLE: Final = "Europe/Berlin"

_UTC: Final = frozenset({"UTC", "Etc/UTC"})
"""Known without any data."""
_NO_NAMES: Final = frozenset({"localtime", "posixrules", "Factory"})
"""Files of the data that mean another zone on each machine, or none."""
_NO_FOLDERS: Final = ("posix/", "right/")
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+){0,2}")
_LINK: Final = Path("/etc/localtime")
_SAID: Final = Path("/etc/timezone")
_FOLDER: Final = "zoneinfo/"


@lru_cache(maxsize=64)
def zone_named(name: str) -> tzinfo | None:
    """Return the zone of that name; `None` where this machine's time zone data has none."""
    if name in _UTC:
        return UTC
    if _NAME.fullmatch(name) is None or name in _NO_NAMES or name.startswith(_NO_FOLDERS):
        return None
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, ZoneInfoNotFoundError):
        return None


def zone_of_name(name: str) -> tzinfo:
    """Return the zone of that name. Raises ValueError with a sentence that says what to do."""
    if (zone := zone_named(name)) is not None:
        return zone
    if not available_timezones():
        raise ValueError("this machine has no time zone data: install tzdata, or use UTC")
    raise ValueError(f"must be a time zone's name such as {EXAMPLE}")


def local_zone_name() -> str:
    """Return the name of this machine's zone; empty where it has none, or only an offset."""
    if said := os.environ.get("TZ", "").removeprefix(":"):
        told = said.partition(_FOLDER)[2] or said
        return told if zone_named(told) is not None else ""
    for told in (_by_link(), _by_file()):
        if told and zone_named(told) is not None:
            return told
    return ""


def _by_link() -> str:
    try:
        return os.path.realpath(_LINK).partition(_FOLDER)[2]
    except OSError:
        return ""


def _by_file() -> str:
    try:
        return _SAID.read_text("ascii").strip()
    except (OSError, ValueError):
        return ""
