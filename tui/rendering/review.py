"""What waits for a review, as far as it is known: the same on every panel."""

from core.domain.snapshot import Snapshot
from tui.rendering.text import age


def in_review(snapshot: Snapshot) -> int:
    """Return how many tasks wait for a review; 0 where that is not known."""
    counts = snapshot.tasks.counts.value
    return counts.of("awaiting_review") if counts is not None else 0


def oldest_review(snapshot: Snapshot) -> str:
    """Return how long the oldest of them has waited since it was created; empty where none waits or it is not known."""
    at = snapshot.tasks.oldest_review_at.value
    return age(at, snapshot.at) if at is not None and in_review(snapshot) else ""
