"""The state word says what waits: idle is only who has nothing pending, running or in review."""

import json
from datetime import UTC, datetime

import pytest

from core.domain.counts import TaskCounts
from core.domain.records import SystemConfig
from core.domain.snapshot import CALM, Degradation, Project, Snapshot, State, Tasks
from core.domain.state_word import state_of
from core.resilience import DegradationLevel
from core.resilience.reading import Reading, Source
from tests.running import Command, Running

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
TASK = "INSERT INTO autonomous_tasks (description, status) VALUES ('x', '{}')"


@pytest.mark.parametrize(
    ("statuses", "word"),
    [
        (("pending", "awaiting_review", "in_progress"), "active"),
        (("pending", "awaiting_review"), "waiting"),
        (("awaiting_review", "approved", "rejected"), "review"),
        (("approved", "rejected", "rolled_back", "failed"), "idle"),
    ],
)
def test_status_says_what_waits_and_ends_well(
    statuses: tuple[str, ...], word: str, sandbox: Running, command: Command
) -> None:
    for status in statuses:
        sandbox.sql(TASK.format(status))
    done = command("status", "--json", sandbox=sandbox)
    assert (json.loads(done.stdout)["state"], done.returncode) == (word, 0)


def snapshot(counts: dict[str, int] | None, *, several: bool = False) -> Snapshot:
    config = SystemConfig(id="a", ids=("a", "b") if several else ("a",))
    reading = Reading(value=None if counts is None else TaskCounts(counts), source=Source.LIVE, at=NOW)
    return Snapshot(
        at=NOW,
        project=Project(name="p", url="u", user="x"),
        config=Reading(value=config, source=Source.LIVE, at=NOW),
        tasks=Tasks(counts=reading),
        degradation=Degradation(level=DegradationLevel.NORMAL),
    )


def test_who_never_counted_is_not_idle() -> None:
    assert state_of(snapshot(None), blind_for_s=None)[0] is State.UNKNOWN
    assert state_of(snapshot({}), blind_for_s=None)[0] is State.IDLE


def test_several_config_rows_are_critical_whatever_waits() -> None:
    word, why = state_of(snapshot({"pending": 3}, several=True), blind_for_s=None)
    assert word is State.CRITICAL
    assert "2 config rows" in why


def test_waiting_and_review_are_no_fault() -> None:
    assert {State.WAITING, State.REVIEW, State.IDLE} <= CALM
