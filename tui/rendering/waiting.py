"""How long the oldest review and the oldest pending task have waited, the same on every panel."""

from datetime import datetime, timedelta
from typing import Final

from core.domain.snapshot import Snapshot
from tui.rendering.text import age

_REVIEW: Final = "awaiting_review"
_LEAST: Final = timedelta(minutes=1)
"""The age from which on it is said that something is at least so old."""


def oldest_review(snapshot: Snapshot) -> str:
    """Return how long the oldest has waited since it was created; empty where none waits or it is not known.

    It is by the rows where those are all that count: one that was reviewed just now is none of them.
    """
    tasks, many = snapshot.tasks, snapshot.in_review
    rows = {one.id: one.created_at for one in (*(tasks.newest.value or ()), *tasks.urgent) if one.state == _REVIEW}
    told = [at for at in rows.values() if at is not None]
    at = min(told) if tasks.newest.live and many and len(told) >= many else tasks.oldest_review_at.value
    return age(at, snapshot.at) if at is not None and many else ""


def oldest_pending(snapshot: Snapshot) -> str:
    """Return how long the oldest pending task has waited, at least; empty where none does or it is not known."""
    at, known = _oldest_pending_at(snapshot)
    if at is None or (not known and snapshot.at - at < _LEAST):
        return ""
    return f"{'' if known else '≥ '}{age(at, snapshot.at)}"


def _oldest_pending_at(snapshot: Snapshot) -> tuple[datetime | None, bool]:
    """Return when it was created, and whether there is none that is older.

    It is by the newest tasks where those are all that count, else by the oldest ones where those were read, else as of
    the last check.
    """
    counts, tasks = snapshot.tasks.counts.value, snapshot.tasks
    pending = counts.of("pending") if counts is not None else 0
    if not pending:
        return None, False
    newest = [one for one in tasks.newest.value or () if one.created_at is not None and one.created_at <= snapshot.at]
    waiting = [one.created_at for one in (*newest, *tasks.urgent) if one.status == "pending" and one.created_at]
    known = tasks.oldest_pending_at
    begins = min((one.created_at for one in newest if one.created_at is not None), default=None)
    if len(waiting) >= pending or (known is not None and begins is not None and begins <= known):
        return min(waiting, default=None), True
    read = any(one.status == "pending" for one in tasks.urgent)
    return min((*waiting, *(() if known is None else (known,))), default=None), known is not None or read
