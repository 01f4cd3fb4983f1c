"""The time line on the screen: it follows every step, a click in it leads there, and it is cheap to draw."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from textual.geometry import Region
from textual.pilot import Pilot

from core.domain.events import Event
from core.domain.snapshot import Link, LinkWord, State
from core.history.blackbox import BlackboxRules, Box, LevelSpan, Recorder
from tests.clock import FakeClock
from tests.tui.drawn import app_on, drawn, run, settled, text_of
from tests.tui.recorded_box import LIVE, NOW, working
from tests.tui.rows import name_of
from tests.tui.test_time_travel import BACK, EVENT_BACK, jump, moment, press, told, until
from tui.app.app import WatchdeskApp
from tui.panels.time_line import TimeLine
from tui.rendering.palettes import PLAIN

pytestmark = pytest.mark.usefixtures("utc")

SIZES = [(80, 24), (140, 40), (200, 50)]
BEGAN = NOW - timedelta(hours=3)
WARNED, DOWN, UP = (BEGAN + timedelta(minutes=minutes) for minutes in (100, 110, 115))
HEALED = BEGAN + timedelta(minutes=113)
ENDED, AGAIN = BEGAN + timedelta(minutes=130), BEGAN + timedelta(minutes=140)


def state_at(at: datetime) -> State:
    if WARNED <= at < DOWN:
        return State.WARNING
    return State.CRITICAL if DOWN <= at < UP else State.ACTIVE


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three hours: ten minutes of warning, five of an outage with a heal in it, ten in which nobody looked."""
    place = tmp_path_factory.mktemp("hours")
    healed = Event(at=HEALED, who="jana", text="heal: 2 changed", run="r1")
    for begin, end in ((BEGAN, ENDED), (AGAIN, NOW)):
        recorder, at = Recorder(place, BlackboxRules(), FakeClock(begin)), begin
        while at < end:
            link = Link(word=LinkWord.LIVE, since=at, latency_s=0.04 + at.second / 10_000)
            events = (healed,) if at >= HEALED else ()
            recorder.record(replace(working(at), link=link, state=state_at(at), events=events))
            at += timedelta(seconds=10)
        recorder.close(at)
    return place


@pytest.fixture
def box(place: Path) -> Iterator[Box]:
    yield Box(place)
    (place / "notes.box").unlink(missing_ok=True)


def line(app: WatchdeskApp) -> TimeLine:
    return app.screen.query_one(TimeLine)


def cells(app: WatchdeskApp) -> str:
    """The cells as they are drawn."""
    panel = line(app)
    text = "".join(segment.text for segment in panel.render_line(0))
    return text[panel._first : panel._first + len(panel._cells)]


async def read(pilot: Pilot[None], app: WatchdeskApp) -> str:
    """The picture once the time line is there, around the moment that is shown."""

    def there() -> bool:
        course = app.time.course
        return course is not None and course.stretch.since <= moment(app).at <= course.stretch.until

    return text_of(await settled(pilot, there))


@pytest.mark.parametrize("size", SIZES)
async def test_a_click_leads_to_what_the_cell_says(size: tuple[int, int], box: Box) -> None:
    app = app_on(LIVE, box=box)
    async with run(app, size) as pilot:
        await settled(pilot)
        await jump(pilot, app, f"{UP:%H:%M:%S}")
        await read(pilot, app)
        signs = app.appearance.signs
        assert {signs.calm, signs.warning, signs.critical, signs.acted, signs.cursor} <= {*cells(app)}
        for sign, expected in ((signs.critical, DOWN), (signs.warning, WARNED), (signs.acted, HEALED)):
            x = cells(app).index(sign)
            await pilot.click(TimeLine, offset=(line(app)._first + x, 0))
            await until(pilot, lambda at=expected: moment(app).at == at, sign)
            await read(pilot, app)
            assert cells(app).index(signs.cursor) == x
            assert app.shown.state is state_at(expected)
        unseen = cells(app).index(signs.unseen)
        await pilot.click(TimeLine, offset=(line(app)._first + unseen, 0))
        await until(pilot, lambda: moment(app).gap is not None, "nobody looked")
        assert ENDED < moment(app).at < AGAIN
        await read(pilot, app)
        assert cells(app).index(signs.cursor) == unseen
        before = moment(app)
        await pilot.click(TimeLine, offset=(0, 0))  # beside the cells there is nothing to go to
        await settled(pilot)
        assert moment(app) is before


@pytest.mark.parametrize("size", SIZES)
async def test_it_stands_below_the_top_lines_everywhere_and_only_in_the_past(size: tuple[int, int], box: Box) -> None:
    app = app_on(LIVE, box=box)
    async with run(app, size) as pilot:
        await settled(pilot)
        assert not line(app).display
        await press(pilot, app, EVENT_BACK)
        await read(pilot, app)
        for show in (
            lambda: None,
            lambda: app.visit("alerts"),
            lambda: app.open_row("tasks", name_of(5)),
            app.action_trends,
        ):
            show()
            await settled(pilot)
            assert line(app).display
            assert line(app).size.height == (1 if size == SIZES[0] else 2)
            assert line(app).region.y == app.screen.query_one("#top").region.bottom
            assert app.appearance.signs.cursor in cells(app)
        app.time.now()
        await settled(pilot)
        assert not line(app).display


async def test_it_follows_each_step_and_is_read_anew_only_where_the_moment_leaves_it(box: Box) -> None:
    reads = list[datetime]()

    class Counting(Box):
        def levels(self, since: datetime, until: datetime) -> tuple[LevelSpan, ...]:
            reads.append(since)
            return super().levels(since, until)

    app = app_on(LIVE, box=Counting(box._segments._directory))
    async with run(app, SIZES[0]) as pilot:
        await settled(pilot)
        at = list[int]()
        for _ in range(8):
            await press(pilot, app, BACK)
            await read(pilot, app)
            at.append(cells(app).index(app.appearance.signs.cursor))
        assert at == sorted(at, reverse=True)
        assert len(reads) == 1
        await jump(pilot, app, f"{BEGAN + timedelta(minutes=5):%H:%M:%S}")
        await read(pilot, app)
        assert len(reads) == 2
        course = app.time.course
        assert course is not None
        assert course.stretch.since == BEGAN  # never before what is kept


async def test_a_step_draws_only_the_cells_that_changed(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    app = app_on(LIVE, box=box)
    async with run(app, (140, 40)) as pilot:
        await settled(pilot)
        await jump(pilot, app, f"{BEGAN + timedelta(minutes=60):%H:%M:%S}")
        await read(pilot, app)
        panel, regions = line(app), list[Region]()

        def refresh(*changed: Region, **more: Any) -> TimeLine:
            regions.extend(changed)
            return panel

        monkeypatch.setattr(panel, "refresh", refresh)
        await jump(pilot, app, f"{BEGAN + timedelta(minutes=61):%H:%M:%S}")
        await pilot.pause()
        assert 0 < sum(one.width for one in regions) <= 24
        regions.clear()
        app.repaint()
        await pilot.pause()
        assert regions == []


async def test_plus_and_minus_show_less_and_more_of_the_past(box: Box) -> None:
    app = app_on(LIVE, box=box)
    async with run(app, (140, 40)) as pilot:
        await settled(pilot)
        await press(pilot, app, "minus")
        assert told(app) == "the time line is in the past: [ goes there"
        await jump(pilot, app, f"{DOWN:%H:%M:%S}")
        assert "zoom 1 h" in await read(pilot, app)
        await press(pilot, app, "minus")
        until_now = await settled(pilot, lambda: "zoom 6 h" in text_of(drawn(app)))
        assert f"{BEGAN:%H:%M}" in until_now
        await press(pilot, app, "minus", "minus")
        await settled(pilot, lambda: "zoom all" in text_of(drawn(app)))
        assert "all that is kept is shorter than 24 h: the time line shows it" in told(app)
        app.clear_notifications()
        await press(pilot, app, "minus")
        assert told(app) == "the time line shows all that is kept"
        await press(pilot, app, *["plus"] * 3)
        await settled(pilot, lambda: "zoom 1 h" in text_of(drawn(app)))
        app.clear_notifications()
        await press(pilot, app, "plus")
        assert told(app) == "the time line shows 1 h at least"
        assert moment(app).at == DOWN


async def test_a_note_is_marked_at_once(box: Box) -> None:
    app = app_on(LIVE, box=box)
    async with run(app, SIZES[0]) as pilot:
        await settled(pilot)
        await jump(pilot, app, f"{WARNED:%H:%M:%S}")
        await read(pilot, app)
        before = app.time.course
        assert await app.time.note("pooler full", DOWN + timedelta(seconds=70)) == ""
        await until(pilot, lambda: app.time.course is not before, "read anew")
        await settled(pilot)
        assert "n" in cells(app)
        assert before is not None
        assert app.time.course is not None
        assert app.time.course.stretch == before.stretch


@pytest.mark.parametrize("size", [(1, 1), (1, 24), (2, 40), (30, 5), (60, 15), (69, 24), (70, 20), (70, 60), (300, 20)])
@pytest.mark.parametrize("more", [{}, {"ascii": True, "theme": PLAIN}], ids=["", "ascii"])
async def test_no_size_is_too_small_and_it_goes_before_anything_else(
    size: tuple[int, int], more: dict[str, Any], box: Box
) -> None:
    app = app_on(LIVE, box=box, **more)
    async with run(app, size) as pilot:
        await settled(pilot)
        await app.time.jump(f"{HEALED:%H:%M:%S}")
        text = await read(pilot, app)
        small = size[0] < 70 or size[1] < 20
        assert line(app).display is not small
        assert not more or text.isascii()
        if not small:
            assert app.appearance.signs.cursor in cells(app)
        await pilot.resize_terminal(80, 24)
        await settled(pilot)
        assert line(app).display
        assert app.appearance.signs.cursor in cells(app)
        await pilot.resize_terminal(*size)
        await settled(pilot)


async def test_what_goes_wrong_with_a_click_is_told_and_the_screen_stays(box: Box) -> None:
    app = app_on(LIVE, box=box)
    async with run(app, SIZES[0]) as pilot:
        await settled(pilot)
        await press(pilot, app, BACK)
        await read(pilot, app)
        app.screen.post_message(TimeLine.Picked(NOW - timedelta(days=400)))
        await until(pilot, lambda: "the black box begins at" in told(app), "told")
        assert app.time.moment is not None
