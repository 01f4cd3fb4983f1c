"""Cleaning of text from outside, in one place, on its way into records.

Control characters, escape sequences, bidirectional overrides and zero-width characters become visible signs, so that
layout can count on one cell per shown character and a terminal interprets nothing in a row.
"""

import re
from datetime import timedelta
from typing import Final

LINE_CHARS: Final = 500
"""The longest text that a record keeps for one line, in characters."""

_HIDDEN: Final = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # C0, DEL, C1
    "\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"  # soft hyphen, zero width, bidi, separators
    "\ufe00-\ufe0f\ufeff\ufff0-\ufffb"
    "\ud800-\udfff"  # lone surrogates: no encoder takes them
    "\U000e0000-\U000e0fff"  # tags
    "]"
)


def _visible(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code in (0x09, 0x0A, 0x0D, 0x2028, 0x2029):
        return " "
    if code < 0x20:
        return chr(0x2400 + code)
    return "␡" if code == 0x7F else "·"


def clean(text: object, limit: int = LINE_CHARS) -> str:
    """Return `text` as one harmless line of at most `limit` characters; a cut one ends in `…`. `None` is empty."""
    if text is None:
        return ""
    raw = text if isinstance(text, str) else str(text)
    cut = len(raw) > limit
    shown = _HIDDEN.sub(_visible, raw[:limit])
    return shown[: limit - 1] + "…" if cut else shown


_SECRET: Final = re.compile(
    r"(?P<key>\bsb_(?:secret|publishable)_)[\w-]+|(?P<token>\beyJ)[\w-]{5,}(?:\.[\w-]+)*|(?P<bearer>\bBearer )[^\s\"']+"
)


def redacted(text: str, secrets: tuple[str, ...] = ()) -> str:
    """Return `text` without `secrets` and without anything that looks like an API key or a token."""
    for secret in secrets:
        text = text.replace(secret, "…")
    return _SECRET.sub(lambda match: f"{match['key'] or match['token'] or match['bearer']}…", text)


def short(span: timedelta | float) -> str:
    """Format a duration for people, in its two largest units at most: `42 s`, `7 min`, `2 h 05`, `3 d`."""
    seconds = span.total_seconds() if isinstance(span, timedelta) else span
    seconds = max(0.0, seconds)
    if seconds < 60:
        return f"{seconds:.0f} s"
    if seconds < 3600:
        return f"{seconds // 60:.0f} min"
    if seconds < 86400:
        hours, minutes = divmod(int(seconds // 60), 60)
        return f"{hours} h {minutes:02d}" if minutes else f"{hours} h"
    days, hours = divmod(int(seconds // 3600), 24)
    return f"{days} d {hours} h" if hours and days < 10 else f"{days} d"


def amount(count: int, *, exact: bool = True) -> str:
    """Return `1,234`; an estimate as `≈1,230,000`, with the three digits that it may be trusted for."""
    if exact:
        return f"{count:,}"
    unit = 10 ** max(0, len(str(count)) - 3)
    return f"≈{round(count / unit) * unit:,}"


def plural(count: int, noun: str, many: str | None = None) -> str:
    """Return `1 task`, `3 tasks`; `many` for a noun that does not take an s."""
    return f"{count:,} {noun if count == 1 else many or noun + 's'}"
