"""The throughput panel: bars of what was completed and, below the line, of what failed, over a day or as chosen."""

from datetime import datetime, timedelta
from typing import Final

from core.domain.counts import SuccessRate
from core.domain.snapshot import LinkWord, Snapshot
from core.domain.throughput import Throughput, merged
from tui.panels.layout import NOTHING, DashboardColumn, Wish
from tui.panels.panel import Panel
from tui.rendering.axes import times
from tui.rendering.bars import SCALE_CELLS, bar_sizes, mirrored
from tui.rendering.text import Line, plain

_TALL: Final = 32
"""The height of a column in lines from which on there is room for it."""

_LEAST, _MOST = 8, 12

_NARROW: Final = 30
"""The width in cells below which nothing could be read from it."""

_AGED: Final = timedelta(minutes=2)
"""The age from which on the sums tell up to when they are."""

_TARGET: Final = 95
"""The success rate in percent that is aimed at."""


class ThroughputPanel(Panel):
    """Takes the room that nothing else needs, up to a height at which bars can be compared."""

    NAME = "throughput"
    STEADY = True
    OPENS = "trends"
    COLUMN, RANK, FILLS = DashboardColumn.BELOW, 10, 20
    TITLE = "Throughput"

    _bars_of: tuple[object, ...] = ()
    _drawn_bars: list[Line]

    def wish(self, snapshot: Snapshot, width: int, height: int) -> Wish:
        """Ask for a few lines on a high screen; more than some would show no more."""
        return Wish(_LEAST, _MOST) if height >= _TALL and width >= _NARROW else NOTHING

    def title(self, snapshot: Snapshot) -> Line:
        """Return the title with the sums, and the success rate with its target where there is room."""
        over = snapshot.throughput
        named: Line = ((self.TITLE, "title"), (f" {period(over)}", "dim"))
        if not over.known:
            return named
        as_of, live = _told_at(snapshot)
        aged = as_of is not None and (not live or snapshot.at - as_of >= _AGED)
        old = f" up to {as_of.astimezone():%H:%M}" if as_of is not None and aged else ""
        completed, failed, simulated, success = _sums(snapshot)
        told: Line = (*named, (old, "warning"))
        counts = [(completed, "completed", "text"), (failed, "failed", "critical"), (simulated, "simulated", "told")]
        for count, word, role in counts if simulated else counts[:2]:
            told = (*told, (f"  {count:,}", role if count and live else "dim"), (f" {word}", "dim"))
        if success is None:
            return told
        well = (success.percent or 0.0) >= _TARGET
        rate = (success.shown, ("text" if well else "warning") if live else "dim")
        more = (*told, ("  success ", "dim"), rate, (f" target > {_TARGET} %", "dim"))
        return more if len(plain(more)) + len(self.shortcut) + 4 <= self.size.width else told

    def lines(self, snapshot: Snapshot, width: int, height: int) -> list[Line]:
        """Return the bars with their scale, and the hours below."""
        over = snapshot.throughput
        if not over.known or over.as_of is None or over.until is None:
            none = f"no task was finished in {period(over)}, or none is visible to us"
            why = over.why or (none if snapshot.ready else "not read yet")
            return [((f"  {why}", "dim"),)]
        count = len(over.completed) + 1  # and the one that is not over
        each, wide = bar_sizes(count, width - SCALE_CELLS)
        bars = self._bars(over, each, wide, height - 1)
        if snapshot.link.word is not LinkWord.LIVE:
            bars = [tuple((text, "dim") for text, _ in line) for line in bars]
        span, many = over.bucket * each, count // each
        ends = over.until + over.bucket
        begin = ends - span * many
        axis = [" "] * (wide * many)
        end = f"{over.as_of.astimezone():%H:%M}"  # what finished since is in no bar yet
        for at, label in times(begin, ends, len(axis)):
            place = int((at - begin) / span * wide)
            if place + len(label) < len(axis) - len(end):
                axis[place : place + len(label)] = label
        axis[-len(end) :] = end[: len(axis)]
        per = f"{over.bucket_min * each} min" if each * over.bucket_min < 60 else f"{over.bucket_min * each / 60:g} h"
        return [*bars, ((f"{per:>{SCALE_CELLS - 1}} ", "dim"), ("".join(axis), "dim"))]

    def _bars(self, over: Throughput, each: int, wide: int, height: int) -> list[Line]:
        """Return the bars, drawn anew where something else was counted: they change every few minutes."""
        made_of = (over, each, wide, height)
        if made_of != self._bars_of:
            completed, failed, simulated = (merged(one, each) for one in over.with_running)
            drawn = mirrored(completed, failed, wide, height, self._signs, on_top=simulated)
            self._bars_of, self._drawn_bars = made_of, drawn
        return self._drawn_bars


def period(over: Throughput) -> str:
    """Return the length of time that a throughput is of."""
    hours = over.length / timedelta(hours=1)
    return f"{hours:g} h" if hours <= 48 else f"{hours / 24:g} d"


def _told_at(snapshot: Snapshot) -> tuple[datetime | None, bool]:
    """Return up to when the sums are, and whether that is live: of a day by the rate read last, else by the bars."""
    over, day = snapshot.throughput, snapshot.tasks.success_24h
    live = snapshot.link.word is LinkWord.LIVE
    if day.value is not None and day.value.window == over.length:
        return day.at, live and day.live
    return over.as_of, live


def _sums(snapshot: Snapshot) -> tuple[int, int, int, SuccessRate | None]:
    """Return how many were completed, failed and only simulated, and the success rate; `None` where nothing finished.

    Of the last day they are the numbers that stand everywhere else: bars are counted more seldom, in whole buckets.
    """
    over, tasks = snapshot.throughput, snapshot.tasks
    completed, failed, simulated = over.sums
    rate = SuccessRate(completed=completed, failed=failed, window=over.length)
    if (day := tasks.success_24h.value) is not None and rate.window == day.window:
        rate = day
        simulated = tasks.simulated_24h.value.count if tasks.simulated_24h.value is not None else simulated
    return rate.completed, rate.failed, simulated, rate if rate.finished else None
