"""Metrics: what was measured, nothing else, and each reading's age."""

import re
from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from core.domain.records import TaskCounts
from core.domain.snapshot import Snapshot
from core.resilience.reading import Reading, Source
from tests.hostile import HOSTILE
from tests.tui.well import ACTIVE, changed, tasks_of
from tui.service.examples import dashboard, rules
from tui.service.metrics import exposition


def samples(snapshot: Snapshot, later: timedelta = timedelta()) -> dict[tuple[str, ...], float]:
    text = exposition(snapshot, snapshot.at + later).decode()
    return {
        (one.name, *one.labels.values()): one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
    }


def test_what_is_known_is_told_with_its_age() -> None:
    found = samples(ACTIVE, timedelta(seconds=7))
    counts = ACTIVE.tasks.counts.value
    assert counts is not None
    assert found["watchdesk_tasks", "pending"] == counts.of("pending")
    assert found["watchdesk_snapshot_age_seconds",] == 7.0
    assert found["watchdesk_reading_age_seconds", "tasks"] >= 7.0
    assert found["watchdesk_state", "active"] == 1.0
    assert sum(value for (name, *_), value in found.items() if name == "watchdesk_state") == 1.0


def test_what_was_never_read_has_no_sample() -> None:
    found = samples(changed(ACTIVE, tasks=tasks_of(ACTIVE, counts=Reading(), success_24h=Reading())))
    names = {name for name, *_ in found}
    assert not names & {
        "watchdesk_tasks",
        "watchdesk_success_ratio",
        "watchdesk_finished_tasks",
        "watchdesk_stuck_tasks",
    }
    assert found["watchdesk_reading_live", "tasks"] == 0.0
    assert ("watchdesk_reading_age_seconds", "tasks") not in found


def test_the_last_known_is_told_as_such() -> None:
    old = Reading(value=TaskCounts({"pending": 4}), source=Source.CACHED, at=ACTIVE.at - timedelta(hours=2))
    found = samples(changed(ACTIVE, tasks=tasks_of(ACTIVE, counts=old)))
    assert found["watchdesk_tasks", "pending"] == 4.0
    assert found["watchdesk_reading_live", "tasks"] == 0.0
    assert found["watchdesk_reading_age_seconds", "tasks"] == 7200.0


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_no_text_breaks_out_of_its_label(text: str) -> None:
    counts = Reading(value=TaskCounts({text: 1}), source=Source.LIVE, at=ACTIVE.at)
    samples(changed(ACTIVE, tasks=tasks_of(ACTIVE, counts=counts)))


def test_the_examples_ask_for_metrics_that_there_are() -> None:
    names = {name for name, *_ in samples(ACTIVE)} | {"watchdesk_oldest_review_timestamp_seconds"}
    for text in (rules(), dashboard()):
        asked = set(re.findall(r"watchdesk_[a-z0-9_]+", text))
        assert asked <= names, asked - names
