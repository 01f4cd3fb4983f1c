"""How long the oldest review and the oldest pending task have waited, the same on every panel."""

from datetime import datetime

from core.domain.snapshot import Snapshot
from tui.rendering.text import age


def oldest_review(snapshot: Snapshot) -> str:
    """Return how long the oldest has waited since it was created; empty where none waits or it is not known."""
    at = snapshot.tasks.oldest_review_at.value
    return age(at, snapshot.at) if at is not None and snapshot.in_review else ""


def oldest_pending(snapshot: Snapshot) -> str:
    """Return how long the oldest pending task has waited; empty where none does or it is not known."""
    at = _oldest_pending_at(snapshot)
    return "" if at is None else age(at, snapshot.at)


def _oldest_pending_at(snapshot: Snapshot) -> datetime | None:
    """Return when it was created: by the newest tasks where those are all that count, else as of the last check."""
    counts, newest = snapshot.tasks.counts.value, snapshot.tasks.newest.value or ()
    pending = counts.of("pending") if counts is not None else 0
    if not pending:
        return None
    created = [task.created_at for task in newest if task.created_at is not None and task.created_at <= snapshot.at]
    waiting = [task.created_at for task in newest if task.status == "pending" and task.created_at in created]
    known = snapshot.tasks.oldest_pending_at
    reaches_back = known is not None and bool(created) and min(created) <= known
    if len(waiting) >= pending or reaches_back:
        return min(filter(None, waiting), default=None)
    return min(filter(None, (known, *waiting))) if known is not None else None
