"""What a running monitor tells of itself: changed only by a change, within bounds, and nothing else is taken for it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from core.domain.checks import Check
from core.domain.monitor_process import MonitorProcess
from core.domain.snapshot import Health, Snapshot
from core.domain.status import Level
from core.resilience import BreakerRecord, BreakerState
from tests.tui.well import HEALTHY

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
ME = MonitorProcess(id="0" * 32, pid=7, host="here", started_at=NOON, version="1", told_at=NOON)


def breaker(key: str = "db:x", **given: Any) -> BreakerRecord:
    record = BreakerRecord(key=key, component="db", state=BreakerState.CLOSED, failures=0, since=NOON)
    return msgspec.structs.replace(record, **given)


def snapshot(seconds: float, *breakers: BreakerRecord, **health: Any) -> Snapshot:
    """A snapshot so long after noon."""
    at = NOON + timedelta(seconds=seconds)
    return msgspec.structs.replace(HEALTHY, at=at, breakers=breakers, health=Health(**health))


def test_what_is_told_comes_back_whole() -> None:
    checks = (Check(name="database", level=Level.OK, at=NOON), Check(name="activity"))
    opened = breaker(state=BreakerState.OPEN, failures=5, due_at=NOON, last_error="no route")
    held = breaker("db:y", state=BreakerState.HELD, held_by="ann", held_why="replay")
    told = ME.telling(
        snapshot(1, breaker(), opened, held, checks=checks, critical_in_a_row=3, last_at=NOON, next_at=NOON), acts=True
    )
    assert msgspec.json.decode(msgspec.json.encode(told), type=MonitorProcess) == told
    assert (told.acts, told.consecutive_failures, told.verdicts) == (True, 3, {"database": Level.OK})
    assert [one.key for one in told.not_closed] == ["db:x", "db:y"]
    assert (told.told_at, told.age_s(NOON + timedelta(seconds=4))) == (NOON + timedelta(seconds=1), 3)


def test_what_only_time_changes_is_no_change() -> None:
    due = NOON + timedelta(seconds=60)
    told = ME.telling(snapshot(1, breaker(state=BreakerState.OPEN, due_at=due), next_at=due), acts=True)
    later = due + timedelta(microseconds=40)
    again = breaker(state=BreakerState.OPEN, due_at=later, opens_in_s=50.0, refused=12)
    assert told.telling(snapshot(9, again, next_at=later), acts=True) is told
    assert told.telling(snapshot(9, again, next_at=due + timedelta(seconds=5)), acts=True).told_at > told.told_at


def test_it_is_bounded_and_what_is_not_closed_stays() -> None:
    many = [breaker(f"db:{number}") for number in range(500)]
    bad = breaker("db:bad", state=BreakerState.HELD, held_why="x" * 100_000, last_error="\x1b[31m" * 100_000)
    told = ME.telling(snapshot(1, *many, bad), acts=True)
    assert told.breakers[0].key == "db:bad"
    assert len(msgspec.json.encode(told)) < 30_000
    assert "\x1b" not in told.breakers[0].last_error
    assert msgspec.json.decode(msgspec.json.encode(told), type=MonitorProcess) == told


HOSTILE: dict[str, dict[str, Any]] = {
    "a path for a name": {"id": "../../../etc/passwd"},
    "a time without a zone": {"told_at": "2026-11-24T12:00:00"},
    "no process": {"pid": 0},
    "a number without end": {"consecutive_failures": 10**30},
    "a text without end": {"version": "x" * 100_000},
    "breakers without end": {"breakers": [{"key": "k", "state": "open", "since": "2026-11-24T12:00:00Z"}] * 1000},
    "a state of a later version": {"breakers": [{"key": "k", "state": "ajar", "since": "2026-11-24T12:00:00Z"}]},
    "nothing of ours": {"host": {"a": [1]}},
}


@pytest.mark.parametrize("case", HOSTILE)
def test_what_is_beyond_the_bounds_is_no_such_record(case: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(msgspec.json.encode(msgspec.to_builtins(ME) | HOSTILE[case]), type=MonitorProcess)


def test_a_later_version_may_tell_more() -> None:
    told = msgspec.json.encode(msgspec.to_builtins(ME) | {"mood": "fine"})
    assert msgspec.json.decode(told, type=MonitorProcess) == ME
