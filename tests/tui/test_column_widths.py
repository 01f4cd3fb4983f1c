"""Columns of what is drawn again and again: they grow at once, and shrink when they needed less for a while."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.records import Task
from core.domain.snapshot import Snapshot
from core.resilience.reading import Reading, Source
from tests.tui.drawn import app_on, monitor_of, settled, text_of
from tests.tui.well import ACTIVE, changed, tasks_of
from tui.rendering.table import SteadyWidths, TableColumn, column_widths

COLUMNS = (TableColumn(title="a", most=9), TableColumn(), TableColumn(title="who", most=12, drops=1))
START = datetime.fromisoformat("2026-03-01T12:00:00+00:00")


def widths(
    steady: SteadyWidths, second: float, rows: Sequence[tuple[str, str, str]], width: int = 60
) -> dict[int, int]:
    cells = [[(text, "text") for text in row] for row in rows]
    now = START + timedelta(seconds=second)
    return column_widths(COLUMNS, cells, width, headed=False, steady=steady.at(now, width))


def test_a_column_that_comes_and_goes_stays_for_a_while() -> None:
    steady = SteadyWidths()
    assert widths(steady, 0, [("x", "text", "")]) == {0: 1, 1: 58}
    assert widths(steady, 5, [("xxx", "text", "jana")]) == {0: 3, 1: 51, 2: 4}
    for second in range(10, 60, 5):
        assert widths(steady, second, [("x", "text", "")]) == {0: 3, 1: 51, 2: 4}
    assert widths(steady, 65, [("x", "text", "")]) == {0: 3, 1: 51, 2: 4}
    assert widths(steady, 130, [("x", "text", "")]) == {0: 1, 1: 58}


def test_another_width_or_another_time_begins_anew() -> None:
    steady = SteadyWidths()
    widths(steady, 0, [("xxx", "text", "jana")])
    assert widths(steady, 1, [("x", "text", "")], width=50) == {0: 1, 1: 48}
    widths(steady, 2, [("xxx", "text", "jana")], width=50)
    assert widths(steady, -600, [("x", "text", "")], width=50) == {0: 1, 1: 48}


ROW = st.tuples(*(st.sampled_from(["", "x", "xxxx", "x" * 40]) for _ in range(3)))


@given(st.lists(st.lists(ROW, min_size=1, max_size=3), min_size=2, max_size=20), st.integers(24, 80))
def test_it_always_fits_and_what_is_needed_now_is_there(course: list[list[tuple[str, str, str]]], width: int) -> None:
    steady = SteadyWidths()
    for turn, rows in enumerate(course):
        now, natural = widths(steady, 5 * turn, rows, width), widths(SteadyWidths(), 0, rows, width)
        assert now.get(0, 0) >= natural.get(0, 0)
        assert sum(now.values()) + len(now) - 1 <= width


def shown(tasks: Sequence[Task], second: float) -> Snapshot:
    at = ACTIVE.at + timedelta(seconds=second)
    reading = Reading(value=tuple(tasks), source=Source.LIVE, at=at)
    return changed(ACTIVE, at=at, tasks=tasks_of(ACTIVE, newest=reading))


def task(number: int, status: str, *, kind: str = "bug_fix", who: str = "", minutes: int | None = None) -> Task:
    return Task(
        id=f"task {number}",
        task_type=kind,
        description="Rewrite the importer",
        status=status,
        assigned_to=who,
        estimated_minutes=minutes,
        created_at=ACTIVE.at - timedelta(minutes=number + 2),
    )


def headings(drawn: str) -> list[int]:
    """Where the columns of the tasks begin."""
    line = next(line for line in drawn.splitlines() if "description" in line)
    return [line.find(title) for title in ("age", "description", "progress")]


@pytest.mark.parametrize("size", [(80, 24), (140, 40), (200, 50)])
async def test_the_columns_of_the_tasks_stand_still_while_tasks_come_and_go(size: tuple[int, int]) -> None:
    done = [task(number, "completed") for number in range(4)]
    states = (
        [task(9, "in_progress", who="agent-7", minutes=30), *done],
        done,
        [task(8, "awaiting_review", kind="database_migration"), *done],
        [task(7, "pending"), *done],
    )
    app = app_on(shown(done, 0))
    async with app.run_test(size=size) as pilot:
        seen = list[list[int]]()
        for turn in range(20):
            monitor_of(app).tell(shown(states[turn % len(states)], 5 * turn))
            app.clock.advance(5)  # type: ignore[attr-defined]  # the tests' own clock
            drawn = text_of(await settled(pilot))
            seen.append(headings(drawn))
        assert all(one == seen[-1] for one in seen[4:])
        for turn in range(20, 50):
            monitor_of(app).tell(shown(done, 5 * turn))
            app.clock.advance(5)  # type: ignore[attr-defined]  # the tests' own clock
            drawn = text_of(await settled(pilot))
        assert headings(drawn)[1] < seen[-1][1]
