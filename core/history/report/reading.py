"""What a box holds of a window. It reads files as it goes and blocks: use what it gives in a thread."""

from datetime import datetime
from itertools import chain

from core.domain.records import LogEntry
from core.history.blackbox import Box
from core.history.report.compose import RecordedWindow


def kept(
    box: Box, since: datetime, until: datetime, *, rows: tuple[LogEntry, ...] = (), asked: str = ""
) -> RecordedWindow:
    """The pictures, looks and notes from `since` up to `until`, beside what the project's log told."""
    before = box.at(since)
    span = box.span()
    held = () if before is None or before.at >= since else (before,)
    return RecordedWindow(
        pictures=chain(held, box.frames(since, until)),
        looks=box.looks(since, until),
        notes=box.notes(since, until),
        rows=rows,
        asked=asked,
        begins_at=span[0] if span is not None else None,
    )
