"""Cleaning of text from outside, in one place, on its way into records.

Control characters, escape sequences, bidirectional overrides and zero-width characters become visible signs, so that
layout can count on one cell per shown character and a terminal interprets nothing in a row.
"""

import contextlib
import math
import re
from collections.abc import Iterator
from contextvars import ContextVar
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
    """Format a duration for people, in its two largest units at most: `1.4 s`, `42 s`, `4.5 min`, `2 h 05`, `3 d 4 h`.

    It is never off by more than a tenth of the true one; nor is `in_steps`. Every duration on a screen, a page and in
    a mail is told by one of the two, in the same units: from a minute on no seconds, of few minutes tenths.
    """
    seconds = _seconds(span)
    if seconds < _ROUND_S:
        return f"{seconds:.2g} s" if seconds < 1 else f"{seconds:.1f}".removesuffix(".0") + " s"
    unit = next((unit for below, unit in _UNITS_S if seconds < below), _DAY_S)
    return _told(unit * round(seconds / unit))


def in_steps(span: timedelta | float) -> str:
    """Format an age for a screen that stays: rounded to the largest step that is at most a fifth of it.

    So it is never off by more than a tenth, hardly ever redrawn, and at most 7 cells wide. Below a minute it says no
    more than below what it is: a number that is right would have to be redrawn every second or two.
    """
    seconds = _seconds(span)
    for below, told in _BELOW:
        if seconds < below:
            tell_step(below - seconds)
            return told
    step = max(step for step in _STEPS_S if 5 * step <= seconds)
    stepped = step * round(seconds / step)
    steps_grow = (5 * longer for longer in _STEPS_S if 5 * longer > seconds)
    tell_step(min((stepped + step / 2, *steps_grow)) - seconds)
    if stepped < _DAY_S or stepped % _DAY_S == 0:
        return _told(stepped)
    return f"{stepped // 3600} h" if stepped < 60 * 3600 else f"{stepped / _DAY_S:g} d"


def over(span: timedelta | float) -> str:
    """Format how long something lasts at least, for a text that stays as it was written: `over 40 min`."""
    seconds = int(_seconds(span))
    step = _ROUND_S if seconds < 60 else max(step for step in _STEPS_S if 5 * step <= seconds)
    return f"over {_told(step * (seconds // step))}" if seconds >= step else "some seconds"


def left_in_steps(seconds: float) -> str:
    """Format what is left of a wait for a screen that stays, in tens of seconds: it counts down."""
    tens = round(max(0.0, seconds) / 10)
    tell_step(max(0.0, seconds - (10 * tens - 5)) if tens else math.inf)
    return f"{10 * tens or 5} s"


@contextlib.contextmanager
def next_steps() -> Iterator[list[float]]:
    """Collect, of every age that is told within it, the seconds until it may be told otherwise; before, it is not."""
    found: list[float] = []
    before = _next_steps.set(found)
    try:
        yield found
    finally:
        _next_steps.reset(before)


def tell_step(seconds: float) -> None:
    """Tell in how many seconds what is told of now must be told otherwise."""
    if (found := _next_steps.get()) is not None:
        found.append(seconds)


_next_steps: ContextVar[list[float] | None] = ContextVar("next_steps", default=None)

JUST_NOW: Final = "<10 s"
_BELOW: Final = ((10, JUST_NOW), (30, "<30 s"), (60, "<1 min"))
_DAY_S: Final = 86_400
_ROUND_S: Final = 10
_UNITS_S: Final = ((60, 1), (300, 6), (_DAY_S, 60), (10 * _DAY_S, 3600))
"""Durations below so many seconds are rounded to so many."""
_STEPS_S: Final = (12, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21_600, 43_200, _DAY_S)


def _seconds(span: timedelta | float) -> float:
    return max(0.0, span.total_seconds() if isinstance(span, timedelta) else span)


def _told(seconds: int) -> str:
    """Return a rounded duration in its units. Whole minutes are too coarse for few of them."""
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds / 60:g} min"
    if seconds < _DAY_S:
        hours, minutes = divmod(seconds // 60, 60)
        return f"{hours} h {minutes:02d}" if minutes else f"{hours} h"
    days, hours = divmod(seconds // 3600, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"


def amount(count: int, *, exact: bool = True) -> str:
    """Return `1,234`; an estimate as `≈1,230,000`, with the three digits that it may be trusted for."""
    if exact:
        return f"{count:,}"
    unit = 10 ** max(0, len(str(count)) - 3)
    return f"≈{round(count / unit) * unit:,}"


def percentage(percent: float) -> str:
    """Return a share with one decimal; 100.0 only where it is all, for 99.96 rounded up would hide what failed."""
    return f"{percent if percent >= 100 else min(99.9, percent):.1f}"


def plural(count: int, noun: str, many: str | None = None) -> str:
    """Return `1 task`, `3 tasks`; `many` for a noun that does not take an s."""
    return f"{count:,} {noun if count == 1 else many or noun + 's'}"
