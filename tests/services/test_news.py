"""A refresh that shows what the last check did not know of: told once, and seldom."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from core.checks.settings import WatchRules
from core.domain.checks import Check
from core.domain.records import SystemConfig, Task
from core.domain.status import Level
from core.domain.stuck import Overdue, StuckRules
from core.resilience.reading import Reading, Source
from core.services.news import News
from tests.clock import FakeClock

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class Seen:
    """What a screen shows, and what the last check found."""

    def __init__(self) -> None:
        self.clock = FakeClock(NOW)
        self.readings = SimpleNamespace(
            config=Reading(value=SystemConfig(), source=Source.LIVE, at=NOW),
            values={"tasks": Reading(value=(), source=Source.LIVE, at=NOW)},
        )
        context = SimpleNamespace(
            clock=self.clock,
            config=SimpleNamespace(watch=WatchRules(), stuck=StuckRules()),
            time=SimpleNamespace(cut_off=self.clock.now),
        )
        self.news = News(cast(Any, context), cast(Any, self.readings))

    def check(self, **levels: Level) -> None:
        self.news.asked_with(self.readings.config.value)
        found = {"database": Level.OK, "failure_rate": Level.OK} | levels
        self.news.checked([Check(name=name, level=level) for name, level in found.items()], Overdue())

    def ends(self, *statuses: str) -> None:
        """Tasks end now."""
        ended = tuple(
            Task(
                id=f"{self.clock.elapsed()}-{at}",
                task_type="",
                description="",
                status=status,
                completed_at=self.clock.now(),
            )
            for at, status in enumerate(statuses)
        )
        self.readings.values["tasks"] = Reading(value=ended, source=Source.LIVE, at=NOW)

    def after(self, seconds: float) -> list[bool]:
        """Whether there is news so much later, asked twice."""
        self.clock.advance(seconds)
        return [self.news.any(), self.news.any()]


@pytest.mark.parametrize(
    ("ended", "news"),
    [
        (("failed",) * 3, True),
        (("failed",) * 2, False),
        ((*("failed",) * 3, *("completed",) * 3), True),
        ((*("failed",) * 3, *("completed",) * 4), False),
        ((*("failed",) * 40, *("completed",) * 40), True),
    ],
)
def test_tasks_that_fail_one_after_the_other_are_news(ended: tuple[str, ...], news: bool) -> None:
    seen = Seen()
    seen.check()
    assert seen.after(5) == [False, False]
    seen.ends(*ended)
    assert seen.after(5) == [news, False]


def test_failures_that_a_check_has_seen_are_no_news() -> None:
    seen = Seen()
    seen.ends(*("failed",) * 9)
    seen.clock.advance(1)
    seen.check()
    assert seen.after(300) == [False, False]  # they ended before it
    seen.check(failure_rate=Level.WARNING)
    seen.ends(*("failed",) * 9)
    assert seen.after(300) == [False, False]  # it says so itself


def test_a_storm_makes_a_check_a_minute_at_most() -> None:
    seen = Seen()
    seen.check()
    told = []
    for _ in range(24):
        seen.ends(*("failed",) * 9)
        told += seen.after(5)
    assert told.count(True) == 2


def test_slow_answers_are_news_once_while_they_last() -> None:
    seen = Seen()
    seen.check()
    seen.clock.advance(100)
    seen.news.refreshed(1.8)
    assert seen.after(0) == [False, False]
    for _ in range(30):
        seen.news.refreshed(3.1)
        seen.clock.advance(5)
    assert seen.after(0) == [True, False]
    seen.news.refreshed(3.1)
    assert seen.after(300) == [False, False]
    seen.news.refreshed(0.1)
    seen.news.refreshed(3.1)
    assert seen.after(0) == [True, False]
    seen.news.refreshed(0.1)
    seen.check(database=Level.WARNING)
    seen.clock.advance(300)
    seen.news.refreshed(3.1)
    assert seen.after(0) == [False, False]  # the check says so itself


@pytest.mark.parametrize("switch", ["emergency_stop", "enabled"])
def test_switches_that_a_check_went_by_otherwise_are_news(switch: str) -> None:
    seen = Seen()
    assert seen.after(60) == [False, False]  # there was no check yet
    seen.check()
    row = SystemConfig(**{switch: switch == "emergency_stop"})
    seen.readings.config = Reading(value=row, source=Source.CACHED, at=NOW - timedelta(minutes=9))
    assert seen.after(60) == [False, False]  # nobody knows whether it still is so
    seen.readings.config = Reading(value=row, source=Source.LIVE, at=NOW)
    assert seen.after(5) == [True, False]
    assert seen.after(15) == [True, False]  # the check that was asked for did not come


def test_failures_of_the_future_are_none() -> None:
    seen = Seen()
    seen.check()
    seen.clock.advance(86_400)
    seen.ends(*("failed",) * 9)
    seen.clock.jump_wall(-86_000)
    assert seen.after(60) == [False, False]


def test_answers_about_as_slow_as_may_be_are_news_once() -> None:
    seen = Seen()
    seen.check()
    told = []
    for _ in range(120):
        for took_s in (1.8, 2.1):
            seen.news.refreshed(took_s)
            told += seen.after(5)
    assert told.count(True) == 1
