"""The newest log rows as evidence of what was not written: only where they reach back far enough, and are live."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from core.domain.log_steps import AUDIT, HEALTH_CHECK
from core.domain.records import LogEntry
from core.resilience.reading import Reading, Source
from core.services.recent_log import RecentLog
from tests.clock import FakeClock

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def entry(minutes: float | None, step: str = "patch") -> LogEntry:
    return LogEntry(id="x", at=None if minutes is None else ago(minutes), step=step, status="completed")


def log(*entries: LogEntry, source: Source = Source.LIVE, read: float = 0.1) -> RecentLog:
    reading: Reading[Any] = Reading(value=entries, source=source, at=ago(read))
    return RecentLog(FakeClock(NOW), SimpleNamespace(values={"logs": reading}))  # type: ignore[arg-type]  # its values


CASES = {
    "nothing such, and they reach back": (log(entry(1), entry(11)), True),
    "they do not reach back": (log(entry(1), entry(9)), False),
    "one such": (log(entry(1, AUDIT), entry(11)), False),
    "one such, before": (log(entry(1), entry(11, AUDIT)), True),
    "one of the future": (log(entry(-60, AUDIT), entry(11)), False),
    "one without a time": (log(entry(None), entry(11)), False),
    "no row": (log(), False),
    "last known": (log(entry(1), entry(11), source=Source.CACHED), False),
    "read long ago": (log(entry(1), entry(11), read=2), False),
}


@pytest.mark.parametrize("case", CASES)
def test_none_since(case: str) -> None:
    recent, certain = CASES[case]
    assert recent.none_since(ago(10), lambda step: step == AUDIT) is certain


def test_the_newest_of_a_step() -> None:
    recent = log(entry(-60, HEALTH_CHECK), entry(3, HEALTH_CHECK), entry(8, HEALTH_CHECK), entry(20))
    assert recent.newest_at(HEALTH_CHECK, NOW) == ago(3)  # not the one of the future
    assert recent.newest_at(AUDIT, NOW) is None
    assert log(entry(3, HEALTH_CHECK), read=2).newest_at(HEALTH_CHECK, NOW) is None
