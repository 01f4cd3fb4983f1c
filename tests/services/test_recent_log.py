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
    return LogEntry(id=f"{step} {minutes}", at=None if minutes is None else ago(minutes), step=step, status="completed")


def log(*entries: LogEntry, source: Source = Source.LIVE, read: float = 0.1) -> RecentLog:
    reading: Reading[Any] = Reading(value=entries, source=source, at=ago(read))
    readings: Any = SimpleNamespace(values={"logs": reading})
    return RecentLog(FakeClock(NOW), readings, lambda: NOW)


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


def passing(*pages: tuple[LogEntry, ...]) -> RecentLog:
    """What is known after so many pages, a second apart, the last one just read."""
    clock = FakeClock(NOW - timedelta(seconds=len(pages)))
    values: dict[str, Reading[Any]] = {}
    readings: Any = SimpleNamespace(values=values)
    recent = RecentLog(clock, readings, clock.now)
    for page in pages:
        clock.advance(1)
        values["logs"] = Reading(value=page, source=Source.LIVE, at=clock.now())
        recent.refreshed()
    return recent


def certain(recent: RecentLog, minutes: float) -> bool:
    return recent.none_since(ago(minutes), lambda step: step == AUDIT)


def test_pages_that_overlap_reach_back_together() -> None:
    pages = [tuple(entry(n) for n in range(end, end + 3)) for end in (9, 7, 5, 3, 1)]
    assert certain(passing(*pages), 10)
    assert not certain(passing(*pages), 12)  # before the first of them
    assert not certain(passing(*pages[:2], *pages[3:]), 8)  # rows went by unseen
    assert certain(passing(*pages[:2], *pages[3:]), 4)


def test_an_action_that_left_the_page_is_remembered_for_a_while() -> None:
    first, *more = (tuple(entry(n) for n in range(end, end + 3)) for end in (9, 7, 5, 3, 1))
    assert not certain(passing((*first, entry(10.5, AUDIT)), *more), 11)
    assert certain(passing((*first, entry(10.5, AUDIT)), *more), 10)
    assert passing((*first, entry(10.5, HEALTH_CHECK)), *more).newest_at(HEALTH_CHECK, NOW) == ago(10.5)
    assert passing((*first, entry(30, HEALTH_CHECK)), *more).newest_at(HEALTH_CHECK, NOW) is None


def test_a_row_of_the_future_that_stays_on_top_hides_no_gap() -> None:
    pages = [(entry(-60), *(entry(n) for n in range(end, end + 3))) for end in (9, 1)]
    assert not certain(passing(*pages), 8)
    assert certain(passing(*pages), 2.5)


def test_one_page_that_was_not_live_ends_what_is_certain() -> None:
    pages = [tuple(entry(n) for n in range(end, end + 3)) for end in (9, 7)]
    assert not certain(passing(pages[0], (), pages[1]), 10)
