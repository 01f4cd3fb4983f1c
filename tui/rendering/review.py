"""How long the oldest review has waited, the same on every panel."""

from core.domain.snapshot import Snapshot
from tui.rendering.text import age


def oldest_review(snapshot: Snapshot) -> str:
    """Return how long the oldest has waited since it was created; empty where none waits or it is not known."""
    at = snapshot.tasks.oldest_review_at.value
    return age(at, snapshot.at) if at is not None and snapshot.in_review else ""
