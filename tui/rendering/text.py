"""Text for the terminal: the output filter below every widget, drawn lines, signs, sparklines, and ages in steps."""

import math
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

from core.base.text import JUST_NOW, in_steps, tell_step
from core.resilience.reading import Reading
from tui.rendering.ascii import spelled

Span = tuple[str, str]
"""A piece of text, and the role that it is drawn in."""

Line = tuple[Span, ...]

_UNSAFE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)

LEVELS: Final = "▁▂▃▄▅▆▇█"
"""The heights of a sparkline, the lowest first."""

LATENCY_S: Final = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)

BAR: Final = "▆▁"
"""The signs for done, and for still to do."""


class OutputFilter(LineFilter):
    """Filters every segment of every widget: removes control characters and links, whatever their source.

    `ascii_only`: replaces all but printable ASCII, too. `colourless`: removes colours, and keeps attributes.
    """

    def __init__(self, *, ascii_only: bool = False, colourless: bool = False) -> None:
        super().__init__()
        self._ascii_only = ascii_only
        self.colourless = colourless

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the same segments without anything a terminal would act on."""
        return [self._safe(segment) for segment in segments]

    def _safe(self, segment: Segment) -> Segment:
        text, style, control = segment
        if control:
            return segment
        if _UNSAFE.search(text):
            text = _UNSAFE.sub("·", text)
        if self._ascii_only:
            text = spelled(text)
        if style is not None and style.link:
            style = style.update_link(None)
        if style is not None and self.colourless:
            style = _colourless(style)
        return Segment(text, style)


@lru_cache(1024)
def _colourless(style: Style) -> Style:
    """Return the style without colours; a background becomes reverse, as it marks a cursor, a selection or a scrollbar.

    Click actions in the style's meta data are kept; Rich's own `without_color` drops them.
    """
    bare = style.without_color + Style.from_meta(style.meta or None)
    marked = style.bgcolor is not None and not style.bgcolor.is_default
    return bare + Style(reverse=True) if marked else bare


class Signs:
    """The signs beside the colours, in Unicode or in plain ASCII."""

    def __init__(self, *, ascii_only: bool = False) -> None:
        self.ok, self.warning, self.critical, self.unknown = "+!X?" if ascii_only else "●▲✖?"
        self.beat = "|/-\\" if ascii_only else "◐◓◑◒"
        self.rule = "-" if ascii_only else "─"
        self.up, self.down = "^v" if ascii_only else "↑↓"
        self.none = "-" if ascii_only else "—"
        self.levels = "_.-=^" if ascii_only else LEVELS
        self.bar = "#." if ascii_only else BAR
        self.hanging = "#'" if ascii_only else "█▀"
        self.calm, self.unseen = "=." if ascii_only else "━·"
        self.acted, self.noted, self.cursor = "*n|" if ascii_only else "◆n┃"
        self.ink, self.faded = "#:" if ascii_only else "█▒"

    def level(self, level: str) -> str:
        """Return the sign of a level."""
        return {"ok": self.ok, "warning": self.warning, "critical": self.critical}.get(level, self.unknown)


def ago(at: datetime | None, now: datetime) -> str:
    """Return how long ago something was: `just now`, `5 min ago`."""
    since = age(at, now)
    return "just now" if since == "now" else f"{since} ago"


_AGED: Final = timedelta(minutes=2)
"""The age from which on a live value tells it."""


def oldness(at: datetime | None, now: datetime) -> str:
    """Return how old something is that is shown: `<10 s old`, `5 min old`."""
    told = age(at, now)
    return f"{JUST_NOW if told == 'now' else told} old"


def origin(reading: Reading[Any], now: datetime) -> str:
    """Return that a value is not live, and how old it is; empty where it is live, or was never read."""
    if reading.live or reading.at is None:
        return ""
    return f" last known, {oldness(reading.at, now)}"


def told_age(reading: Reading[Any], now: datetime) -> Span:
    """Return the same in the colour that it has; of a live value that was not read for long, how old it is."""
    if reading.live and reading.at is not None:
        if now - reading.at >= _AGED:
            return f" {oldness(reading.at, now)}", "dim"
        tell_step((_AGED - (now - reading.at)).total_seconds())
    return origin(reading, now), "warning"


def age(at: datetime | None, now: datetime) -> str:
    """Return the age in growing steps, so that an idle screen hardly changes: `<30 s`, `2 min`, `1 h`."""
    told = "" if at is None else in_steps(now - at)
    return "now" if told == JUST_NOW else told


def clock_time(at: datetime | None, now: datetime) -> str:
    """Return a moment in local time, as short as it is plain: `03:10:27` today, `02-28 03:10` this year, the date."""
    if at is None:
        return ""
    local, today = at.astimezone(), now.astimezone()
    if local.date() == today.date():
        return f"{local:%H:%M:%S}"
    return f"{local:%m-%d %H:%M}" if local.year == today.year else f"{local:%Y-%m-%d}"


def written(at: datetime | None, now: datetime) -> str:
    """Return when something was written that tells of an earlier moment; empty for `None`: it was not later."""
    return "" if at is None else f" (written {clock_time(at, now)})"


CLOCK_CELLS: Final = 11
"""The width of the longest `clock_time`."""


def spark(
    values: Sequence[float | None],
    width: int,
    *,
    low: float | None = None,
    high: float | None = None,
    levels: str = LEVELS,
) -> str:
    """Return the newest `width` values as heights between `low` and `high`, the newest at the right; `None` is a gap.

    A missing bound is that of the values. Values beyond a bound are drawn at it; equal bounds draw them low. Without
    any value the line is blank, so that nothing looks like a measurement.
    """
    shown = list(values)[-width:] if width > 0 else []
    known = [value for value in shown if value is not None and math.isfinite(value)]
    if not known:
        return " " * max(0, width)
    bottom = min(known) if low is None else low
    top = max(known) if high is None else high
    return "".join(_height(value, bottom, top, levels) for value in shown).rjust(width)


def took(seconds: float | None) -> str:
    """Return a duration as the step of `LATENCY_S` that it stayed below: `< 0.1 s`; empty for `None`."""
    if seconds is None:
        return ""
    step = next((step for step in LATENCY_S if seconds < step), None)
    return f"< {step:g} s" if step is not None else f"> {LATENCY_S[-1]:g} s"


def latencies(recent: Sequence[float | None], width: int, *, levels: str = LEVELS) -> str:
    """Return latencies as heights, one per step of `LATENCY_S`, so that noise within one does not redraw the line."""
    steps = [None if one is None else float(sum(one >= step for step in LATENCY_S)) for one in recent]
    return spark(steps, width, low=0.0, high=float(len(LATENCY_S) + 1), levels=levels)


def _height(value: float | None, bottom: float, top: float, levels: str) -> str:
    if value is None or not math.isfinite(value):
        return " "
    span = top / 2 - bottom / 2  # by halves: the whole of it can be more than a number holds
    share = (min(top, max(bottom, value)) / 2 - bottom / 2) / span if span > 0 else 0.0
    return levels[min(len(levels) - 1, int(share * len(levels)))]


def bar(done: int, total: int, width: int, *, signs: str = BAR) -> str:
    """Return a progress bar of `width` cells: full only when all is done, empty while the total is 0."""
    full = 0 if total <= 0 else min(width, width * max(0, done) // total)
    return signs[0] * full + signs[1] * max(0, width - full)


@lru_cache(maxsize=256)
def fit(line: Line, width: int) -> Line:
    """Return the line in exactly `width` cells: cut with an ellipsis, or padded."""
    result: list[Span] = []
    left = width
    for number, (text, role) in enumerate(line, 1):
        cells = cell_len(text)
        if cells > left or (left and cells == left and plain(line[number:]).strip(" ")):
            if left > 0:
                result.append((set_cell_size(text, left - 1) + "…", role))
            return tuple(result)
        result.append((text, role))
        left -= cells
    if left:
        result.append((" " * left, "text"))
    return tuple(result)


def choice_of(values: Sequence[str], chosen: str) -> Line:
    """Return what may be chosen side by side, the chosen one in brackets."""
    return tuple((f"[{one}]", "focus") if one == chosen else (f" {one} ", "dim") for one in values)


def changed_cells(old: Line, new: Line) -> tuple[int, int]:
    """Return the first cell, and the one after the last, in which two lines of equal width differ.

    A sign without a width of its own belongs to the one before it.
    """
    before, after = ([(sign, role) for text, role in line for sign in text] for line in (old, new))
    shared = min(len(before), len(after))
    begin = next((n for n in range(shared) if before[n] != after[n]), shared)
    while 0 < begin < shared and not (cell_len(before[begin][0]) and cell_len(after[begin][0])):
        begin -= 1
    behind = next((n for n in range(shared - begin) if before[-1 - n] != after[-1 - n]), shared - begin)
    while behind and not cell_len(after[-behind][0]):
        behind -= 1
    cells = [cell_len(sign) for sign, _ in after]
    return sum(cells[:begin]), sum(cells) - sum(cells[len(cells) - behind :])


def plain(line: Line) -> str:
    """Return the text of the line, without roles."""
    return "".join(text for text, _ in line)


def style_of(role: str, palette: dict[str, Style]) -> Style:
    """Return the style of a role; an unknown role is plain text."""
    return palette.get(role, palette["text"])
