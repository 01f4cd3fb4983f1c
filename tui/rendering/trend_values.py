"""The values of the trends at one moment, and what happened there, as lines."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from rich.cells import cell_len, set_cell_size

from core.base.text import percentage, plural, short
from core.history.trend_events import TrendEvent, TrendEventKind
from core.history.trends import Grid, TimeSeries, Trends
from tui.rendering.plots import EVENT_ROLES, PlotSigns
from tui.rendering.text import Line, Span

VALUES: Final = {
    "success": ("success", " %"),
    "completed": ("completed", ""),
    "failures": ("failed", ""),
    "simulated": ("simulated", ""),
    "checks": ("check latency", " ms"),
    "queue": ("queue", " pending"),
}
"""What each series is called where its value is told, and the unit behind it."""

_NONE: Final = "—"
_BETWEEN: Final = "  "


def values_at(trends: Trends, moment: datetime, width: int) -> list[Line]:
    """Return the bucket that a moment is in, in local time, and the value of every series there; `—` is not known."""
    parts: list[Line] = [((period(trends.grid, moment, trends.at), "strong"),)]
    for name, (word, unit) in VALUES.items():
        series = trends.of(name)
        value = series.at(moment)
        told = _NONE if value is None else f"{_shown(name, value)}{unit}"
        parts.append(
            ((f"{word} ", "dim"), (told, "dim" if value is None else "text"), (_longer(series, trends), "dim"))
        )
    return _packed(parts, width)


def period(grid: Grid, moment: datetime, now: datetime) -> str:
    """Return the bucket that a moment is in: its date, its first and last moment with the zone, whether it is over."""
    begin = grid.begin_of(moment)
    first, last = begin.astimezone(), (begin + grid.bucket).astimezone()
    other = first.tzname() != last.tzname()  # the clocks change within it
    day = f"{last:%a %d %b} " if first.date() != last.date() and last.time() != datetime.min.time() else ""
    so_far = " so far" if begin <= now < begin + grid.bucket else ""
    return f"{first:%a %d %b %H:%M}{f' {first:%Z}' if other else ''}–{day}{last:%H:%M %Z}{so_far}"


def events_in_words(events: Sequence[TrendEvent], marks: PlotSigns, width: int, apart: str = "") -> Line:
    """Return the events in one line, as many as fit, and of which kinds the others are.

    `apart`: how to see those, in words.
    """
    if not events:
        return ((" nothing marked here", "dim"),)
    days = {event.at.astimezone().date() for event in events}
    form = "%H:%M" if len(days) == 1 else "%d %b %H:%M"
    spans = list[Span]()
    left_cells = width
    for number, event in enumerate(events):
        more = _others(events[number + 1 :], apart, width // 2)
        text = f"{event.at.astimezone():{form}} {event.text}"
        room = max(2, left_cells - 3 - cell_len(more))
        if number and cell_len(text) > room:
            return (*spans, (_others(events[number:], apart, left_cells), "dim"))
        shown = text if cell_len(text) <= room else f"{set_cell_size(text, room - 1)}…"
        spans += [(f" {marks.event(event.kind)} ", EVENT_ROLES[event.kind]), (shown, "text")]
        left_cells -= 3 + cell_len(shown)
    return tuple(spans)


def _others(events: Sequence[TrendEvent], apart: str, width: int) -> str:
    """Return how many others there are, of which kinds, and how to see them, as much as fits; empty without any."""
    if not events:
        return ""
    kinds = Counter(event.kind for event in events)
    named = ", ".join(plural(kinds[kind], kind.value) for kind in TrendEventKind if kinds[kind])
    count = f"{_BETWEEN}and {len(events)} more"
    said = (f"{count}: {named}; {apart}", f"{count}; {apart}", f"{count}: {named}")
    return next((one for one in said if apart and cell_len(one) <= width), count)


def events_legend(trends: Trends, marks: PlotSigns) -> Line:
    """Return the signs of the events that are shown, and whether there may be more than were read."""
    kinds = {event.kind for event in trends.events}
    told = [
        span
        for kind in TrendEventKind
        if kind in kinds
        for span in ((f"  {marks.event(kind)} ", EVENT_ROLES[kind]), (kind.value, "text"))
    ]
    cut = trends.events_since
    more = "" if cut is None else f"  those before {cut.astimezone():%d %b %H:%M} are not all read"
    return ((" events", "dim"), *told, (f"  2…9 {marks.many}", "text"), (" so many", "dim"), (more, "warning"))


def _shown(name: str, value: float) -> str:
    if name == "success":
        return percentage(value)
    return f"{1000 * value:,.0f}" if name == "checks" else f"{value:,.0f}"


def _longer(series: TimeSeries, trends: Trends) -> str:
    """Return the length of a series' buckets where they are longer than those that the cursor stands on."""
    return f" in {short(series.grid.bucket)}" if series.grid.bucket > trends.grid.bucket else ""


def _packed(parts: Iterable[Line], width: int) -> list[Line]:
    """Return the parts in lines, each part whole."""
    lines, used = list[Line](), 0
    for part in parts:
        cells = sum(cell_len(text) for text, _ in part)
        if lines and used + len(_BETWEEN) + cells <= width:
            lines[-1] = (*lines[-1], (_BETWEEN, "text"), *part)
            used += len(_BETWEEN) + cells
        else:
            lines.append(((" ", "text"), *part))
            used = 1 + cells
    return lines
