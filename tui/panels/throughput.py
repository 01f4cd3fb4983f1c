"""The throughput panel: bars of what was completed and, below the line, of what failed, over the last day."""

from typing import Final

from core.domain.snapshot import LinkWord, Snapshot
from core.domain.throughput import merged
from tui.panels.layout import NOTHING, DashboardColumn, Wish
from tui.panels.panel import Panel
from tui.rendering.axes import times
from tui.rendering.bars import SCALE_CELLS, bar_sizes, mirrored
from tui.rendering.text import Line

_TALL: Final = 32
"""The height of a column in lines from which on there is room for it."""

_LEAST, _MOST = 7, 12

_NARROW: Final = 30
"""The width in cells below which nothing could be read from it."""


class ThroughputPanel(Panel):
    """Takes the room that nothing else needs."""

    NAME = "throughput"
    OPENS = "trends"
    COLUMN, RANK, FILLS, GREEDY = DashboardColumn.MIDDLE, 10, 20, True
    TITLE = "Throughput"

    def wish(self, snapshot: Snapshot, width: int, height: int) -> Wish:
        """Ask for a few lines on a high screen; it can fill any number."""
        return Wish(_LEAST, _MOST) if height >= _TALL and width >= _NARROW else NOTHING

    def title(self, snapshot: Snapshot) -> Line:
        """Return the title with the sums of the day."""
        day = snapshot.throughput
        if not day.known:
            return ((self.TITLE, "title"), (" 24 h", "dim"))
        completed = sum(count or 0 for count in day.completed)
        failed = sum(count or 0 for count in day.failed)
        live = snapshot.link.word is LinkWord.LIVE
        told = f" 24 h up to {day.until.astimezone():%H:%M}  " if day.until is not None and not live else " 24 h  "
        return (
            (self.TITLE, "title"),
            (told, "dim" if live else "warning"),
            (f"{completed:,}", "text" if completed and live else "dim"),
            (" completed  ", "dim"),
            (f"{failed:,}", "critical" if failed and live else "dim"),
            (" failed", "dim"),
        )

    def lines(self, snapshot: Snapshot, width: int, height: int) -> list[Line]:
        """Return the bars with their scale, and the hours below."""
        day = snapshot.throughput
        if not day.known or day.since is None or day.until is None:
            why = day.why or "no task was finished in 24 h, or none is visible to us"
            return [((f"  {why}", "dim"),)]
        each, wide = bar_sizes(len(day.completed), width - SCALE_CELLS)
        completed, failed = merged(day.completed, each), merged(day.failed, each)
        bars = mirrored(completed, failed, wide, height - 1, self._signs)
        if snapshot.link.word is not LinkWord.LIVE:
            bars = [tuple((text, "dim") for text, _ in line) for line in bars]
        span = day.bucket * each
        begin = day.until - span * len(completed)
        axis = [" "] * (wide * len(completed))
        for at, label in times(begin, day.until, len(axis)):
            place = int((at - begin) / span * wide)
            if place + len(label) <= len(axis):
                axis[place : place + len(label)] = label
        per = f"{day.bucket_min * each} min" if each * day.bucket_min < 60 else f"{day.bucket_min * each / 60:g} h"
        return [*bars, ((f"{per:>{SCALE_CELLS - 1}} ", "dim"), ("".join(axis), "dim"))]
