"""Figures by day, week and type: each task once, in the right row; what is not known is not nought."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from core.domain.figures import MOST_TYPES, Figure, FigureBy, Figures, FigureSpan, FinishedTask, figures
from tests.hostile import HOSTILE

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)  # a Wednesday
BERLIN = ZoneInfo("Europe/Berlin")


def task(name: int, status: str = "completed", hours: float = 1.0, **more: Any) -> FinishedTask:
    """A task that was over so many hours ago."""
    given = {"task_type": "bug_fix", "took_s": 60.0} | more
    return FinishedTask(id=f"{name}", status=status, at=NOW - timedelta(hours=hours), **given)


def of(*tasks: FinishedTask, days: float = 7, **span: Any) -> Figures:
    given: dict[str, Any] = {"since": NOW - timedelta(days=days), "until": NOW, "zone": UTC} | span
    return figures(tasks, FigureSpan(**given))


def test_each_is_counted_by_how_it_ended_and_what_was_only_simulated_is_no_success() -> None:
    found = of(
        *(task(n) for n in range(3)),
        task(10, "failed"),
        task(11, "rejected"),
        *(task(n, simulated=True, took_s=1.0) for n in range(20, 25)),
    )
    (row,) = found.by(FigureBy.TYPE)
    assert (row.completed, row.failed, row.rejected, row.simulated, row.tasks) == (3, 1, 1, 5, 10)
    assert row.success_percent == 75.0
    assert (row.mean_s, row.p95_s) == (60.0, 60.0)
    assert row == Figure(**{name: getattr(found.all, name) for name in Figure.__struct_fields__} | {"name": "bug_fix"})


def test_what_is_not_known_is_none() -> None:
    only_rejected = of(task(1, "rejected")).all
    assert (only_rejected.success_percent, only_rejected.mean_s, only_rejected.p95_s) == (None, None, None)
    assert of(task(1, took_s=None)).all.mean_s is None
    assert of(task(1), marked=False).all.simulated is None
    assert of().all.success_percent is None


def test_durations_are_those_of_what_was_completed() -> None:
    tasks = [task(n, took_s=float(n)) for n in range(1, 101)]
    row = of(*tasks, task(200, "failed", took_s=9_999.0), task(201, took_s=None)).all
    assert (row.mean_s, row.p95_s) == (50.5, 95.0)


def test_a_task_that_came_twice_counts_once() -> None:
    assert of(task(1), task(1), task(1, "failed")).all.tasks == 1


def test_every_day_of_the_span_has_a_row_and_says_what_of_it_is_there() -> None:
    rows = of(task(1, hours=1), task(2, hours=50), days=4).by(FigureBy.DAY)
    assert [row.name for row in rows] == ["2026-11-25", "2026-11-24", "2026-11-23", "2026-11-22", "2026-11-21"]
    assert [row.tasks for row in rows] == [1, 0, 1, 0, 0]
    assert [row.goes_on for row in rows] == [True, False, False, False, False]
    assert [row.since for row in rows] == [None] * 4 + [NOW - timedelta(days=4)]
    assert rows[1].success_percent is None


def test_weeks_are_iso_weeks() -> None:
    rows = of(task(1), task(2, hours=24 * 3), task(3, hours=24 * 10), days=14).by(FigureBy.WEEK)
    assert [(row.name, row.tasks) for row in rows] == [("2026-W48", 1), ("2026-W47", 1), ("2026-W46", 1)]
    assert rows[0].begin == datetime(2026, 11, 23, tzinfo=UTC)
    turn = datetime(2027, 1, 2, tzinfo=UTC)
    (row,) = of(since=turn, until=turn).by(FigureBy.WEEK)
    assert row.name == "2026-W53"


def test_what_was_not_reached_is_no_row_and_no_nought() -> None:
    reached = NOW - timedelta(hours=30)
    found = of(task(1, hours=2), task(2, hours=29), days=7, reached=reached)
    assert [row.name for row in found.days] == ["2026-11-25", "2026-11-24"]
    assert found.days[-1].since == reached
    assert (found.whole, found.reached, found.looked) == (False, reached, 2)
    assert found.weeks[0].since == reached


@pytest.mark.parametrize(
    ("day", "hours"), [(datetime(2026, 3, 29, tzinfo=BERLIN), 23), (datetime(2026, 10, 25, tzinfo=BERLIN), 25)]
)
def test_days_are_those_of_the_time_zone_also_where_the_clocks_change(day: datetime, hours: int) -> None:
    begin = day.astimezone(UTC)
    tasks = [
        FinishedTask(id=f"{n}", task_type="t", status="completed", at=begin + timedelta(hours=n + 0.5))
        for n in range(hours)
    ]
    span = FigureSpan(since=begin - timedelta(days=1), until=begin + timedelta(days=2), zone=BERLIN)
    counted = {row.name: row.tasks for row in figures(tasks, span).days}
    assert counted[f"{day:%Y-%m-%d}"] == hours
    assert sum(counted.values()) == hours
    assert figures((), span).zone in {"CET", "CEST"}


def test_types_are_sorted_by_how_many_and_a_hostile_one_is_only_a_name() -> None:
    found = of(
        task(1), task(2, task_type=HOSTILE["markup"]), task(3, task_type=HOSTILE["markup"]), task(4, task_type="")
    )
    assert [(row.name, row.tasks) for row in found.types] == [(HOSTILE["markup"], 2), ("", 1), ("bug_fix", 1)]


def test_of_very_many_types_the_rest_is_told_as_one() -> None:
    tasks = [task(n, task_type=f"type {n:04}", hours=1) for n in range(1_000)]
    rows = of(*tasks, task(2_000, task_type="type 0999")).types
    assert (rows[0].name, rows[0].tasks) == ("type 0999", 2)
    assert len(rows) == MOST_TYPES + 1
    assert (rows[-1].name, rows[-1].tasks) == ("800 other types", 800)
    assert sum(row.tasks for row in rows) == 1_001
