"""The level follows the sources in use."""

import pytest

from core.resilience import DegradationEvent, DegradationLevel, DegradationTracker, degradation
from core.resilience.reading import Source
from tests.clock import FakeClock

NAMES = ("config", "tasks", "logs", "stats", "edge")


def sources(lost: int, source: Source = Source.CACHED) -> dict[str, Source]:
    return {name: source if index < lost else Source.LIVE for index, name in enumerate(NAMES)}


@pytest.mark.parametrize("source", [Source.CACHED, Source.DEFAULT])
@pytest.mark.parametrize(
    ("lost", "level"), [(0, "normal"), (1, "partial"), (2, "partial"), (3, "severe"), (5, "severe")]
)
def test_the_level_counts_what_is_not_live(lost: int, level: str, source: Source) -> None:
    assert degradation(sources(lost, source)) is DegradationLevel(level)


def test_only_changes_are_told() -> None:
    heard, now = list[DegradationEvent](), FakeClock().now()
    tracker = DegradationTracker(heard.append)
    for lost in (0, 1, 2, 3, 3, 0):
        tracker.see(sources(lost), now)
    assert [(e.before.value, e.after.value, len(e.lost)) for e in heard] == [
        ("normal", "partial", 1),
        ("partial", "severe", 3),
        ("severe", "normal", 0),
    ]
    assert tracker.level is DegradationLevel.NORMAL
