"""Metrics: what was measured, nothing else, and each reading's age."""

import re
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from core.alerting.silences import in_snapshot
from core.domain.alerts import Silence
from core.domain.counts import TaskCounts
from core.domain.maintenance import WeeklyWindow
from core.domain.snapshot import Snapshot, Telling
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


def silenced(matcher: str, ahead: timedelta) -> Snapshot:
    """A project in maintenance by a weekly window that begins so long after the picture."""
    at, made = ACTIVE.at + ahead, ACTIVE.at - timedelta(days=2)
    window = WeeklyWindow(text=f"{at:%a %H:%M}-{at + timedelta(hours=2):%H:%M}".lower(), zone="UTC")
    one = Silence(id="w", matcher=matcher, reason="r", who="w", at=made, until=made, window=window)
    holding, planned = in_snapshot((one,), ACTIVE.at)
    return changed(ACTIVE, telling=Telling(silences=holding, planned=planned))


def test_silences_are_counted_and_maintenance_is_that_of_every_alert() -> None:
    for snapshot, active, planned, maintenance in (
        (ACTIVE, 0.0, 0.0, 0.0),
        (silenced("*", timedelta(minutes=-30)), 1.0, 0.0, 1.0),
        (silenced("stuck_tasks", timedelta(minutes=-30)), 1.0, 0.0, 0.0),
        (silenced("*", timedelta(minutes=30)), 0.0, 1.0, 0.0),
    ):
        found = samples(snapshot)
        assert (found["watchdesk_silences", "active"], found["watchdesk_silences", "planned"]) == (active, planned)
        assert found["watchdesk_maintenance_active",] == maintenance
    begins = samples(silenced("*", timedelta(minutes=30)))["watchdesk_next_silence_timestamp_seconds",]
    assert 29 * 60 <= begins - ACTIVE.at.timestamp() <= 30 * 60
    assert ("watchdesk_next_silence_timestamp_seconds",) not in samples(ACTIVE)


PROMTOOL = shutil.which("promtool")

QUIET_IN_MAINTENANCE = """
rule_files: [rules.yml]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - {series: 'watchdesk_state{instance="a",watchdesk_state="critical"}', values: '1x60'}
      - {series: 'watchdesk_state{instance="b",watchdesk_state="critical"}', values: '1x60'}
      - {series: 'watchdesk_maintenance_active{instance="a"}', values: '1x30 0x30'}
      - {series: 'watchdesk_maintenance_active{instance="b"}', values: '0x60'}
    alert_rule_test:
      - eval_time: 25m
        alertname: WatchdeskCritical
        exp_alerts: [&b {exp_labels: {instance: b, watchdesk_state: critical, severity: critical},
                         exp_annotations: {summary: "The project is critical: watchdesk status."}}]
      - eval_time: 45m
        alertname: WatchdeskCritical
        exp_alerts:
          - *b
          - {exp_labels: {instance: a, watchdesk_state: critical, severity: critical},
             exp_annotations: {summary: "The project is critical: watchdesk status."}}
"""


@pytest.mark.skipif(PROMTOOL is None, reason="needs promtool")
def test_prometheus_takes_the_metrics_and_the_rules_and_is_quiet_in_maintenance(tmp_path: Path) -> None:
    (tmp_path / "rules.yml").write_text(rules())
    (tmp_path / "test.yml").write_text(QUIET_IN_MAINTENANCE)
    snapshot = silenced("*", timedelta(minutes=30))
    text = exposition(snapshot, snapshot.at)
    for arguments, given in ((("check", "metrics"), text), (("test", "rules", "test.yml"), b"")):
        done = subprocess.run([str(PROMTOOL), *arguments], input=given, capture_output=True, cwd=tmp_path, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
