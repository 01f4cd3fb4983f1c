"""Reads a window of the box. It reads files as it goes and blocks: consume the result in a thread."""

from datetime import datetime
from itertools import chain

from core.domain.records import LogEntry
from core.history.blackbox import Box
from core.history.report.compose import RecordedWindow


def kept(
    box: Box, since: datetime, until: datetime, *, rows: tuple[LogEntry, ...] = (), asked: str = ""
) -> RecordedWindow:
    """Return snapshots, observed periods and notes from `since` up to `until`, with the rows of the project's log."""
    before = box.at(since)
    span = box.span()
    held = () if before is None or before.at >= since else (before,)
    return RecordedWindow(
        snapshots=chain(held, box.frames(since, until)),
        looks=box.looks(since, until),
        notes=box.notes(since, until),
        rows=rows,
        asked=asked,
        begins_at=span[0] if span is not None else None,
    )
