"""The time line: what a cell says is so in its span, it leads there, and nothing is said of what nobody saw."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.status import Level
from core.history.blackbox import Cell, Course, LevelSpan, Mark, MarkKind, Stretch, Zoom, stretch_around
from tests.tui.well import ACTIVE
from tui.panels.time_line import TimeLine, ends
from tui.rendering.palettes import PLAIN
from tui.rendering.text import Signs, plain
from tui.rendering.themes import palette

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
WORST_FIRST = (Level.CRITICAL, Level.UNKNOWN, Level.WARNING, Level.OK)
SECOND = timedelta(seconds=1)

EDGES = st.lists(st.integers(0, 4000), min_size=2, max_size=40, unique=True).map(sorted)


@st.composite
def courses(draw: st.DrawFn) -> Course:
    edges = draw(EDGES)
    spans = []
    for begin, end in pairwise(edges):
        level = draw(st.sampled_from([None, *WORST_FIRST]))
        if level is not None:
            alone = draw(st.booleans()) and draw(st.booleans())
            spans.append(LevelSpan(NOON + begin * SECOND, NOON + (begin if alone else end) * SECOND, level))
    since = draw(st.integers(0, 3000))
    until = since + draw(st.integers(60, 4000))
    kinds = st.lists(st.sampled_from(MarkKind), min_size=1, max_size=3).map(tuple)
    places = draw(st.lists(st.tuples(st.integers(since, until), kinds), max_size=10, unique_by=lambda one: one[0]))
    marks = tuple(Mark(NOON + at * SECOND, kinds) for at, kinds in sorted(places))
    return Course(Stretch(Zoom.HOUR, NOON + since * SECOND, NOON + until * SECOND), tuple(spans), marks)


@given(courses(), st.integers(1, 200))
def test_a_cell_is_the_worst_of_its_span_and_leads_to_it_and_nothing_is_claimed_of_what_was_not_seen(
    course: Course, count: int
) -> None:
    cells, stretch = course.cells(count), course.stretch
    assert len(cells) == count
    begins = [stretch.begin_of(cell, count) for cell in range(count + 1)]
    assert (begins[0], begins[-1]) == (stretch.since, stretch.until)
    shown = [mark for mark in course.marks if {MarkKind.NOTE, MarkKind.ACTION} & {*mark.kinds}]
    for number, (cell, (begin, end)) in enumerate(zip(cells, pairwise(begins), strict=True)):
        here = [
            one
            for one in course.levels
            if one.since < end
            and (one.until > begin or one.since >= begin)
            and (one.since < one.until or one.since < end)
        ]
        levels = {one.level for one in here}
        assert cell.level == next((level for level in WORST_FIRST if level in levels), None)
        assert begin <= cell.at <= end
        assert stretch.cell_of(cell.at, count) == number
        last = number == count - 1
        marked = [mark for mark in shown if begin <= mark.at < end or (last and mark.at == end)]
        assert (cell.mark is None) == (not marked)
        if marked:
            kinds = {kind for mark in marked for kind in mark.kinds}
            assert cell.mark is (MarkKind.NOTE if MarkKind.NOTE in kinds else MarkKind.ACTION)
            assert any(mark.at == cell.at and cell.mark in mark.kinds for mark in marked)
        elif cell.level is not None:
            assert any(one.level is cell.level and one.since <= cell.at <= one.until for one in here)


@given(courses(), st.integers(1, 200), st.floats(0, 1))
def test_the_cursor_is_in_the_cell_of_its_moment(course: Course, count: int, share: float) -> None:
    stretch = course.stretch
    at = stretch.since + share * (stretch.until - stretch.since)
    cell = stretch.cell_of(at, count)
    assert cell is not None
    assert stretch.begin_of(cell, count) <= at <= stretch.begin_of(cell + 1, count)
    assert stretch.cell_of(stretch.since - SECOND, count) is None
    assert stretch.cell_of(stretch.until + SECOND, count) is None


@given(st.sampled_from(Zoom), st.floats(0, 1), st.integers(0, 40 * 86400), st.integers(0, 86400))
def test_a_stretch_holds_its_moment_and_ends_by_now(zoom: Zoom, share: float, kept: int, since: int) -> None:
    now = NOON + timedelta(seconds=kept + since)
    at = NOON + share * (now - NOON)
    found = stretch_around(at, zoom, (NOON, NOON + timedelta(seconds=kept)), now)
    assert found.since <= at <= found.until <= now
    assert found.until - found.since >= timedelta(minutes=1)
    assert found.since >= min(NOON, now - timedelta(minutes=1))
    later = now + timedelta(seconds=10)
    assert stretch_around(at, zoom, (NOON, later), later, found) is found
    assert stretch_around(later, zoom, (NOON, later), later, found) is not found


def line(
    course: Course | None, width: int, height: int, *, at: datetime = NOON, **signs: bool
) -> tuple[TimeLine, list[str]]:
    """One as it is drawn."""
    found = TimeLine(Signs(**signs), palette(PLAIN))
    found.put(course, at)
    return found, [plain(one) for one in found.lines(ACTIVE, width, height)]


HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
SPANS = (
    LevelSpan(NOON - HOUR, NOON - 50 * MINUTE, Level.OK),
    LevelSpan(NOON - 50 * MINUTE, NOON - 45 * MINUTE, Level.WARNING),
    LevelSpan(NOON - 45 * MINUTE, NOON - 30 * MINUTE, Level.CRITICAL),
    LevelSpan(NOON - 20 * MINUTE, NOON - 15 * MINUTE, Level.UNKNOWN),
    LevelSpan(NOON - 15 * MINUTE, NOON, Level.OK),
)
MARKS = (
    Mark(NOON - 38 * MINUTE, (MarkKind.EVENT, MarkKind.ACTION)),
    Mark(NOON - 31 * MINUTE, (MarkKind.NOTE,)),
    Mark(NOON - 26 * MINUTE, (MarkKind.NOTE,)),
)
COURSE = Course(Stretch(Zoom.HOUR, NOON - HOUR, NOON), SPANS, MARKS)


@pytest.mark.usefixtures("utc")
def test_every_state_has_a_sign_of_its_own_in_unicode_and_in_ascii() -> None:
    at = NOON - 10 * MINUTE - SECOND
    assert line(COURSE, 74, 1, at=at)[1] == [
        " 11:00 ━━━━━━━━━━▲▲▲▲▲✖✖✖✖✖✖✖◆✖✖✖✖✖✖n····n·····?????━━━━┃━━━━━━━━━━ 12:00 "
    ]
    assert line(COURSE, 62, 2, at=at, ascii_only=True)[1] == [
        " ==========!!!!!XXXXXXX*XXXXXXn....n.....?????====|==========",
        " 11:00      * action  n note  . nothing kept  zoom 1 h  12:00",
    ]


@pytest.mark.usefixtures("utc")
def test_no_level_is_told_by_colour_alone_also_where_something_was_done() -> None:
    for level in WORST_FIRST:
        others = [one for one in WORST_FIRST if one is not level]
        styles = palette(PLAIN)
        assert all(styles[f"state-{level}"] != styles[f"state-{one}"] for one in others)
        signs = Signs(ascii_only=True)
        own = signs.calm if level is Level.OK else signs.level(level)
        assert own not in {signs.unseen, signs.cursor, signs.acted, signs.noted}


@pytest.mark.parametrize("width", [0, 1, 2, 9, 20, 23, 400])
@pytest.mark.parametrize("height", [1, 2])
@pytest.mark.parametrize("course", [None, COURSE, Course(COURSE.stretch)])
def test_any_width_is_drawn(width: int, height: int, course: Course | None) -> None:
    _, lines = line(course, width, height)
    assert len(lines) <= height
    assert course is None or width < 2 or all(len(one) <= width for one in lines[:1])


def test_the_ends_are_told_in_local_time_with_the_day_and_the_zone_where_they_differ(berlin: None) -> None:
    def told(*moments: datetime) -> tuple[str, str]:
        return ends(Stretch(Zoom.HOUR, *moments))

    assert told(NOON, NOON + HOUR) == ("13:00", "14:00")
    assert told(NOON, NOON + MINUTE) == ("13:00:00", "13:01:00")
    assert told(NOON, NOON + 11.5 * HOUR) == ("24 Nov 13:00", "25 Nov 00:30")
    back = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert told(back, back + HOUR) == ("02:30 CEST", "02:30 CET")


def test_a_cell_that_leads_nowhere_bad_leads_to_its_middle() -> None:
    empty = Course(Stretch(Zoom.HOUR, NOON, NOON + HOUR))
    assert empty.cells(2) == (Cell(None, NOON + HOUR / 4), Cell(None, NOON + 3 * HOUR / 4))
