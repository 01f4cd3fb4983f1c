"""The screen of the trends: plots that read, gaps that are gaps, words where there is nothing, and no more than asked.

After a change that is meant: `make pictures`.
"""

import itertools
import math
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion
from textual.geometry import Region
from textual.pilot import Pilot

from core.domain.snapshot import Snapshot
from core.history.blackbox import Note
from core.history.trend_events import TrendEvent, TrendEventKind, of_notes
from core.history.trends import CUTS, SLOT, Finished, FromTables, Observed, Queued, Trends, Window, floor, grid, trends
from tests.hostile import CONTROL
from tests.hostile import HOSTILE as HOSTILE_TEXTS
from tests.tui.drawn import Picture, app_on, drawn, monitor_of, run, settled, text_of
from tests.tui.pictures import OFFLINE, WARNING
from tests.tui.rows import RECORDS
from tests.tui.still import Records
from tui.app.app import WatchdeskApp
from tui.panels.plot import FIGURES, PlotPanel
from tui.rendering.axes import times, value_label, values
from tui.rendering.palettes import PALETTES, PLAIN
from tui.rendering.plots import (
    ASCII,
    EVENT_ROLES,
    LEAST,
    UNICODE,
    area_of,
    by_column,
    event_sign,
    overlaid,
    plotted,
)
from tui.rendering.text import plain
from tui.rendering.trend_values import VALUES, events_in_words, period, values_at
from tui.screens.dashboard import Dashboard
from tui.screens.trends_view import READ_EVERY_S, TrendsView

SMALL, LARGE = (80, 24), (200, 50)
NOW = WARNING.at
HOSTILE = "no\x1b]52;c;aGk=\x07 such \u202etable [bold]x[/bold] \x9b31m"


class TrendsPicture(Picture):
    """In a place of their own: a run of the other pictures' tests must not take these for unused."""

    snapshot_dirname = "golden-trends"


SHORTER, LONGER = "less_than_sign", "greater_than_sign"


@pytest.fixture
def golden(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """Pictures as text files."""
    return snapshot.use_extension(TrendsPicture)


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Local time jumps twice a year."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Europe/Berlin")
        time.tzset()
        yield
    time.tzset()


def past(window: Window, **more: object) -> Trends:
    """Two thirds of it seen here but for a while, before that only what the tables tell."""
    cut = CUTS[window]
    fine = grid(cut.length, cut.bucket, NOW)
    length = fine.until - fine.since
    slots = [floor(NOW, SLOT) - n * SLOT for n in range(int(length / SLOT * 0.65))]
    here = [at for at in slots if not fine.since + 0.7 * length < at < fine.since + 0.8 * length]
    rush = {at: max(0.0, math.sin((at - fine.since) / length * 11)) for at in here}
    seen = Observed(
        finished=tuple((at, Finished(9, int(rush[at] > 0.97))) for at in here),
        queue=tuple((at, Queued(round(3 + 20 * rush[at]))) for at in here),
        checks=tuple((at, 0.2 + rush[at]) for at in here),
    )
    early = fine.begins[: fine.count // 4]
    told = FromTables(
        bucket=cut.bucket,
        finished={begin: Finished(20 + n % 3, n % 4 == 0) for n, begin in enumerate(early)},
        checks={begin: 0.4 + 0.02 * (n % 5) for n, begin in enumerate(early)},
        finished_until=NOW,
        checks_until=NOW,
        at=NOW - timedelta(minutes=2),
    )
    return trends(window, NOW, seen, msgspec.structs.replace(told, **more))


PAST = msgspec.structs.replace(RECORDS, trends={window: past(window) for window in Window})


async def opened(pilot: Pilot[None], *keys: str) -> str:
    """The trends after some keys."""
    await settled(pilot)
    await pilot.press("v", *keys)
    return await settled(
        pilot, lambda: isinstance(pilot.app.screen, TrendsView) and "reading …" not in drawn(pilot.app)
    )


async def picture(
    snapshot: Snapshot, size: tuple[int, int], *keys: str, records: Records = PAST, **more: object
) -> str:
    async with run(app_on(snapshot, records, **more), size) as pilot:
        return await opened(pilot, *keys)


@pytest.mark.usefixtures("utc")
@pytest.mark.parametrize("size", [SMALL, LARGE, (60, 15)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_in_every_size(size: tuple[int, int], golden: SnapshotAssertion) -> None:
    assert await picture(WARNING, size) == golden(name=f"trends-{size[0]}x{size[1]}")


@pytest.mark.usefixtures("utc")
@pytest.mark.parametrize("theme", PALETTES)
async def test_in_every_theme(theme: str, golden: SnapshotAssertion) -> None:
    assert await picture(WARNING, SMALL, theme=theme) == golden(name=f"trends-{theme}")


@pytest.mark.usefixtures("utc")
async def test_in_light_on_a_large_screen(golden: SnapshotAssertion) -> None:
    assert await picture(WARNING, LARGE, theme="light") == golden(name="trends-light-200x50")


@pytest.mark.usefixtures("utc")
@pytest.mark.parametrize("theme", ["dark", PLAIN])
async def test_in_plain_ascii(theme: str, golden: SnapshotAssertion) -> None:
    found = await picture(WARNING, SMALL, theme=theme, ascii=True)
    assert text_of(found).isascii()
    assert "?" not in text_of(found).replace("? help", "").replace("? UNKNOWN", "")
    assert found == golden(name=f"trends-{theme}-ascii")


@pytest.mark.usefixtures("utc")
@pytest.mark.parametrize(
    ("window", "keys"),
    [(Window.WEEK, (LONGER,)), (Window.MONTH, (LONGER, LONGER))],
)
async def test_every_window(window: Window, keys: tuple[str, ...], golden: SnapshotAssertion) -> None:
    found = await picture(WARNING, SMALL, *keys)
    assert f"[{window}]" in text_of(found)
    assert found == golden(name=f"trends-{window.replace(' ', '')}")


@pytest.mark.usefixtures("utc")
async def test_one_plot_alone(golden: SnapshotAssertion) -> None:
    assert await picture(WARNING, SMALL, "tab", "tab", "tab") == golden(name="trends-alone")


async def test_without_colours_each_source_has_a_sign_of_its_own() -> None:
    for marks in (UNICODE, ASCII):
        fields = msgspec.structs.asdict(marks)
        kinds = [*fields.pop("events")]
        assert len(kinds) == len(TrendEventKind) == len(EVENT_ROLES)
        signs = [*fields.values(), *kinds]
        assert len(set(signs)) == len(signs)
    assert all(sign.isascii() for sign in msgspec.structs.astuple(ASCII))


async def test_nothing_known_is_said_in_words_in_every_plot() -> None:
    none = {
        window: trends(window, NOW, Observed(), FromTables(bucket=CUTS[window].bucket, checks_until=NOW))
        for window in Window
    }
    async with run(app_on(WARNING, msgspec.structs.replace(RECORDS, trends=none)), SMALL) as pilot:
        await settled(pilot)
        await pilot.press("v")
        found = await settled(pilot, lambda: isinstance(pilot.app.screen, TrendsView))
    assert text_of(found).count("nothing known yet") == 4


@pytest.mark.usefixtures("utc")
async def test_a_project_that_does_not_answer_keeps_what_was_seen(golden: SnapshotAssertion) -> None:
    faults = {"finished": "connection refused: nothing listens there", "checks": "connection refused"}
    shown = past(Window.DAY, faults=faults, at=None, finished={}, checks={})
    records = msgspec.structs.replace(RECORDS, trends={Window.DAY: shown})
    found = await picture(OFFLINE, SMALL, records=records)
    assert "the tables are not read: connection refused: nothing listens there" in text_of(found)
    assert found == golden(name="trends-offline")


async def test_hostile_words_are_words() -> None:
    shown = trends(
        Window.DAY, NOW, Observed(), FromTables(bucket=CUTS[Window.DAY].bucket, faults={"finished": HOSTILE})
    )
    async with run(app_on(WARNING, msgspec.structs.replace(RECORDS, trends={Window.DAY: shown})), LARGE) as pilot:
        await settled(pilot)
        await pilot.press("v")
        found = text_of(await settled(pilot, lambda: isinstance(pilot.app.screen, TrendsView)))
    assert "[bold]x[/bold]" in found
    assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(found)


async def test_hostile_values_are_drawn_and_no_plot_is_ever_wider_than_its_place() -> None:
    cut = CUTS[Window.DAY]
    begins = grid(cut.length, cut.bucket, NOW).begins
    huge = {begin: 2.0**31 * (n % 2) for n, begin in enumerate(begins)}
    counted = {begin: Finished(0, 10**12 * (n % 2)) for n, begin in enumerate(begins)}
    odd = trends(Window.DAY, NOW, Observed(), FromTables(bucket=cut.bucket, finished=counted, checks=huge))
    for shown in (odd, *PAST.trends.values()):
        for course in map(shown.of, FIGURES):
            for marks in (UNICODE, ASCII):
                for width in range(LEAST[0], 130, 19):
                    for height in range(LEAST[1], 30, 8):
                        lines = plotted(course, FIGURES[course.name].scale, marks, width, height)
                        assert len(lines) <= height
                        assert all(len(plain(line)) <= width for line in lines)
                        assert marks is UNICODE or all("\x1b" not in plain(line) for line in lines)


def test_a_gap_is_blank_and_what_is_zero_is_not() -> None:
    cut = CUTS[Window.DAY]
    begins = grid(cut.length, cut.bucket, NOW).begins
    counted = {begin: Finished(5, 0) for begin in begins if not begins[30] <= begin < begins[60]}
    course = trends(Window.DAY, NOW, Observed(), FromTables(bucket=cut.bucket, finished=counted)).of("failures")
    lines = [plain(line) for line in plotted(course, FIGURES["failures"].scale, ASCII, 2 + 96, 12)]
    base = next(line for line in lines if line.startswith("0"))
    assert base[2:].rstrip() == "." * 30 + " " * 30 + "." * 36


async def test_the_project_is_asked_when_it_is_opened_and_again_after_thirty_seconds_but_not_while_frozen() -> None:
    app = app_on(WARNING, PAST)
    asked = monitor_of(app).filled
    async with run(app, SMALL) as pilot:
        await opened(pilot)
        assert asked == [Window.DAY]
        for _ in range(5):
            app.repaint()
        await settled(pilot)
        assert asked == [Window.DAY]
        advance(app, READ_EVERY_S)
        app.repaint()
        await settled(pilot, lambda: len(asked) == 2)
        await pilot.press(LONGER)
        await settled(pilot, lambda: asked[-1] is Window.WEEK)
        await pilot.press("space")
        before = list(asked)
        advance(app, 3 * READ_EVERY_S)
        app.repaint()
        assert "FROZEN" in text_of(await settled(pilot))
        assert asked == before
        await pilot.press("space")
        await settled(pilot, lambda: len(asked) == len(before) + 1)


async def test_nothing_is_drawn_anew_while_nothing_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    app = app_on(WARNING, PAST)
    async with run(app, LARGE) as pilot:
        await opened(pilot)
        drew: list[object] = []
        monkeypatch.setattr(PlotPanel, "refresh", lambda *args, **more: drew.append(args))
        for _ in range(3):
            app.repaint()
            await pilot.pause()
        advance(app, READ_EVERY_S)
        app.clock.jump_wall(-READ_EVERY_S)  # type: ignore[attr-defined]  # the tests' own clock
        app.repaint()
        await settled(pilot, lambda: len(monitor_of(app).filled) == 2)
        assert drew == []


async def test_escape_goes_back_and_the_window_stays_within_its_ends() -> None:
    app = app_on(WARNING, PAST)
    async with run(app, SMALL) as pilot:
        await opened(pilot, SHORTER, SHORTER, SHORTER)
        assert isinstance(app.screen, TrendsView)
        assert app.screen.window is Window.HOUR
        await pilot.press(*[LONGER] * 6)
        await settled(pilot, lambda: app.screen.window is Window.MONTH)  # type: ignore[attr-defined]  # it is that view
        await pilot.press("escape")
        await settled(pilot, lambda: isinstance(app.screen, Dashboard))


async def test_tab_shows_each_plot_alone_and_then_all_of_them() -> None:
    def displayed() -> list[str | None]:
        return [plot.id for plot in app.screen.query(PlotPanel) if plot.display]

    app = app_on(WARNING, PAST)
    async with run(app, SMALL) as pilot:
        await opened(pilot)
        for expected in ([name] for name in FIGURES):
            await pilot.press("tab")
            await settled(pilot, lambda expected=expected: displayed() == expected)
        await pilot.press("tab")
        await settled(pilot, lambda: displayed() == list(FIGURES))
        await pilot.resize_terminal(60, 15)
        await settled(pilot, lambda: displayed() == ["success"])
        for expected in ("success", "failures", "checks", "queue", "success"):
            await settled(pilot, lambda expected=expected: displayed() == [expected])
            await pilot.press("tab")
        await pilot.resize_terminal(30, 5)
        await settled(pilot)


def test_the_plots_cost_nothing_before_they_are_looked_at() -> None:
    """Neither time nor memory: the packages are not there."""
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            "import tui.app.app, sys; print([m for m in sys.modules if 'plotext' in m or 'trends_view' in m])",
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    assert told.stdout.strip() == "[]"


def advance(app: WatchdeskApp, seconds: float) -> None:
    app.clock.advance(seconds)  # type: ignore[attr-defined]  # the tests' own clock


@pytest.mark.usefixtures("berlin")
@pytest.mark.parametrize("day", [datetime(2026, 3, 29, 15, tzinfo=UTC), datetime(2026, 10, 25, 15, tzinfo=UTC)])
def test_where_the_clocks_change_every_mark_is_at_its_local_time(day: datetime) -> None:
    jumped = times(day - timedelta(hours=24), day, 100)
    assert all(f"{at.astimezone():%H:%M}" == label for at, label in jumped)
    assert all(at.astimezone().hour % 2 == 0 or at.astimezone().hour == 3 for at, _ in jumped)
    apart = {after - before for (before, _), (after, _) in itertools.pairwise(jumped)}
    assert len(apart) > 1  # some two marks are an hour nearer or further than the others
    week = times(day - timedelta(days=4), day + timedelta(days=3), 100)
    assert [at.astimezone().hour for at, _ in week] == [0] * 7
    lengths = {after - before for (before, _), (after, _) in itertools.pairwise(week)}
    assert lengths == {timedelta(hours=24), timedelta(hours=23 if day.month == 3 else 25)}


@pytest.mark.parametrize("window", Window)
@pytest.mark.parametrize("later", [timedelta(0), timedelta(minutes=7), timedelta(hours=5), timedelta(days=3)])
def test_the_labels_of_an_axis_stand_apart_and_from_its_beginning_to_its_end(window: Window, later: timedelta) -> None:
    length, until = CUTS[window].length, NOW + later
    for cells in (*range(15, 200, 5), 36, 37):
        marks = times(until - length, until, cells)
        places = [(at - until + length) / length * cells for at, _ in marks]
        gaps = [round(after - before, 6) for before, after in itertools.pairwise(places)]
        assert all(gap >= len(marks[0][1]) + 1 for gap in gaps), cells
        if cells >= 36:  # one of two plots beside each other on 80 columns
            assert len(marks) >= 2 + (cells > 36), cells
            assert places[0] < cells * 0.4, cells
            assert places[-1] > cells * 0.6, cells


@pytest.mark.parametrize(("low", "high"), [(0, 4), (0, 5), (0, 2.2), (80, 100), (0, 100), (0, 1e12), (0, 0.001)])
@pytest.mark.parametrize("most", [2, 3, 7, 15])
def test_values_on_an_axis_are_round_and_within(low: float, high: float, most: int) -> None:
    marks = values(low, high, most, whole=False)
    assert 2 <= len(marks) <= most + 1
    assert all(low - 1e-6 <= mark <= high + 1e-6 * max(1, high) for mark in marks)
    assert len({value_label(mark) for mark in marks}) == len(marks)
    assert all(float(mark).is_integer() for mark in values(low, high, most, whole=True))


def event(kind: TrendEventKind, before: timedelta, text: str = "") -> TrendEvent:
    return TrendEvent(at=NOW - before, kind=kind, text=text or f"a {kind.value}")


HOUR = timedelta(hours=1)
HAPPENED = (
    event(TrendEventKind.OUTAGE, 20 * HOUR, "database down, for 12 min"),
    event(TrendEventKind.STOP, 19.7 * HOUR, "emergency stop: too many failures"),
    event(TrendEventKind.ALERT, 19 * HOUR, "alert firing, high: tasks are stuck"),
    event(TrendEventKind.RESUME, 12 * HOUR),
    event(TrendEventKind.HEAL, 8 * HOUR, "heal: 3 changed"),
    event(TrendEventKind.BREAKER, 8 * HOUR, "breaker db:read open"),
    event(TrendEventKind.DEPLOY, 4 * HOUR, "deploy 4.2 of the importer, operator jana@bastion"),
    event(TrendEventKind.NOTE, 2 * HOUR, "note: looked at it"),
)
MARKED = msgspec.structs.replace(
    PAST, trends={window: msgspec.structs.replace(shown, events=HAPPENED) for window, shown in PAST.trends.items()}
)
TO_THE_DEPLOY = ("left",) * 17


@pytest.mark.usefixtures("utc")
@pytest.mark.parametrize("size", [SMALL, (140, 40), LARGE], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_cursor_tells_every_value_and_what_happened_there(
    size: tuple[int, int], golden: SnapshotAssertion
) -> None:
    found = await picture(WARNING, size, *TO_THE_DEPLOY, records=MARKED)
    told = text_of(found)
    assert "Sat 28 Feb 23:00–23:15 UTC" in told
    for words in (
        "success 100.0 %",
        "completed 27",
        "failed 0",
        "simulated —",
        "check latency 5",
        "queue 10 pending",
    ):
        assert words in told, words
    assert "▼ 23:10 deploy 4.2 of the importer, operator jana@bastion" in told
    assert found == golden(name=f"cursor-{size[0]}x{size[1]}")


@pytest.mark.parametrize("part", [0.02, 0.5, 0.98])
async def test_what_happened_anywhere_in_the_bucket_under_the_cursor_is_told(part: float) -> None:
    shown = PAST.trends[Window.SIX_HOURS]
    begin = shown.grid.begins[-4]
    lately = TrendEvent(at=begin + part * shown.grid.bucket, kind=TrendEventKind.DEPLOY, text="deploy 4.3")
    records = msgspec.structs.replace(
        PAST, trends=PAST.trends | {Window.SIX_HOURS: msgspec.structs.replace(shown, events=(lately,))}
    )
    for lefts, words in ((3, "nothing marked here"), (4, "deploy 4.3"), (5, "nothing marked here")):
        told = text_of(await picture(WARNING, LARGE, SHORTER, *("left",) * lefts, records=records))
        assert words in told, lefts


@pytest.mark.usefixtures("utc")
async def test_the_cursor_and_the_marks_in_plain_ascii(golden: SnapshotAssertion) -> None:
    found = await picture(WARNING, SMALL, *TO_THE_DEPLOY, records=MARKED, theme=PLAIN, ascii=True)
    assert text_of(found).isascii()
    assert " D 23:10 deploy 4.2" in text_of(found)
    assert found == golden(name="cursor-ascii")


async def test_marks_without_a_cursor_are_explained_where_there_is_room() -> None:
    cut = msgspec.structs.replace(MARKED.trends[Window.DAY], events_since=NOW - 23 * HOUR)
    records = msgspec.structs.replace(MARKED, trends={Window.DAY: cut})
    told = text_of(await picture(WARNING, LARGE, records=records))
    assert "✖ outage  ■ stop  ▲ alert  ▶ resume  ✚ heal  ◆ breaker  ▼ deploy  ¶ note" in told
    assert "are not all read" in told
    assert "are not all read" not in text_of(await picture(WARNING, LARGE, records=MARKED))


async def test_escape_and_a_second_click_take_the_cursor_away_and_the_ends_hold() -> None:
    app = app_on(WARNING, MARKED)
    async with run(app, SMALL) as pilot:
        await opened(pilot)
        view = app.screen
        assert isinstance(view, TrendsView)
        begins = MARKED.trends[Window.DAY].grid.begins
        for keys, expected in (
            (("left",), begins[-1]),
            (("left", "left"), begins[-3]),
            (("home", "left"), begins[0]),
            (("right",), begins[1]),
            (("end", "right"), begins[-1]),
        ):
            await pilot.press(*keys)
            await settled(pilot, lambda expected=expected: view.cursor == expected)
        await pilot.press("escape")
        await settled(pilot, lambda: view.cursor is None)
        assert app.screen is view
        assert "UTC  success" not in text_of(drawn(app))
        plot = next(plot for plot in view.query(PlotPanel) if plot.id == "queue")
        for there in (True, False):
            await pilot.click(plot, offset=(20, 4))
            await settled(pilot, lambda there=there: (view.cursor is not None) is there)
        await pilot.click(plot, offset=(0, 4))
        assert view.cursor is None
        await pilot.press("escape")
        await settled(pilot, lambda: isinstance(app.screen, Dashboard))


async def test_the_cursor_stays_at_its_time_in_another_window() -> None:
    app = app_on(WARNING, MARKED)
    async with run(app, SMALL) as pilot:
        await opened(pilot, "left", *["left"] * 30)
        view = app.screen
        assert isinstance(view, TrendsView)
        at = view.cursor
        assert at is not None
        for key, window in (
            (LONGER, Window.WEEK),
            (SHORTER, Window.DAY),
            (SHORTER, Window.SIX_HOURS),
        ):
            await pilot.press(key)
            await settled(pilot, lambda window=window: view.window is window and view.cursor is not None)
            grid = MARKED.trends[window].grid
            assert view.cursor == (grid.begin_of(at) if grid.index_of(at) is not None else grid.since)


async def test_a_moved_cursor_draws_no_more_than_its_own_cells_and_the_values(monkeypatch: pytest.MonkeyPatch) -> None:
    app = app_on(WARNING, MARKED)
    async with run(app, LARGE) as pilot:
        await opened(pilot, *["left"] * 40)
        drew: list[tuple[PlotPanel, Region]] = []
        refresh = PlotPanel.refresh

        def noted(panel: PlotPanel, *regions: Region, **more: bool) -> PlotPanel:
            drew.extend((panel, region) for region in regions)
            return refresh(panel, *regions, **more)

        monkeypatch.setattr(PlotPanel, "refresh", noted)
        await pilot.press("left", "left")
        await settled(pilot, lambda: len({plot.id for plot, _ in drew}) == len(FIGURES))
        assert all(region.height == 1 for _, region in drew)
        assert max(region.width for _, region in drew) <= 4
        assert len(drew) <= 4 * 2 * 26


async def test_hostile_events_are_words_and_bounded() -> None:
    hostile = "".join(HOSTILE_TEXTS.values())
    notes = (Note(at=NOW - 4 * HOUR, written_at=NOW, who=hostile, text=hostile),)
    shown = msgspec.structs.replace(MARKED.trends[Window.DAY], events=tuple(of_notes(notes)))
    records = msgspec.structs.replace(MARKED, trends={Window.DAY: shown})
    for size in (SMALL, LARGE):
        found = text_of(await picture(WARNING, size, *TO_THE_DEPLOY, records=records))
        assert "¶ 23:10 note: " in found
        assert not CONTROL.search(found.replace("\n", ""))


WIDTHS, HEIGHTS = st.integers(LEAST[0], 200), st.integers(LEAST[1], 40)
WINDOWS = st.sampled_from(list(Window))


@given(WINDOWS, st.sampled_from(list(FIGURES)), WIDTHS, HEIGHTS)
def test_every_bucket_is_in_the_plot_and_a_click_finds_one_that_is_drawn_there(
    window: Window, name: str, width: int, height: int
) -> None:
    shown = PAST.trends[window]
    area = area_of(shown.of(name), FIGURES[name].scale, width, height)
    columns = area.columns(shown.grid)
    assert len(columns) == shown.grid.count
    assert all(area.left <= column < width for column in columns)
    assert columns == sorted(columns)
    for begin, column in zip(shown.grid.begins, columns, strict=True):
        assert area.column_of(begin + shown.grid.bucket / 2) == column
        found = area.nearest(column, shown.grid)
        assert columns[shown.grid.begins.index(found)] == column
    for column in range(width):
        assert area.nearest(column, shown.grid) in shown.grid.begins


@given(WINDOWS, st.data())
def test_a_value_that_is_told_is_that_of_its_bucket(window: Window, data: st.DataObject) -> None:
    shown = PAST.trends[window]
    number = data.draw(st.integers(0, shown.grid.count - 1))
    moment = shown.grid.begins[number] + data.draw(st.floats(0, 0.999)) * shown.grid.bucket
    for name in VALUES:
        series = shown.of(name)
        n = series.grid.index_of(moment)
        assert n is not None
        assert series.at(moment) == (series.own[n] if series.own[n] is not None else series.told[n])
    told = " ".join(plain(line) for line in values_at(shown, moment, 80))
    for name, (word, unit) in VALUES.items():
        value = shown.of(name).at(moment)
        if value is None:
            assert f"{word} —" in told
        elif name not in {"success", "checks"}:
            assert f"{word} {value:,.0f}{unit}" in told


@given(WINDOWS, st.integers(30, 220))
def test_no_line_of_values_is_wider_than_its_place(window: Window, width: int) -> None:
    shown = PAST.trends[window]
    for moment in shown.grid.begins[:: max(1, shown.grid.count // 7)]:
        assert all(len(plain(line)) <= max(width, 45) for line in values_at(shown, moment, width))
        for count in range(len(HAPPENED)):
            for apart in ("", "< shows less time"):
                assert len(plain(events_in_words(HAPPENED[:count], UNICODE, width, apart))) <= width


def test_events_without_room_are_named_by_kind_with_how_to_see_them() -> None:
    many = (*HAPPENED, *(event(TrendEventKind.HEAL, n * HOUR, "heal: 1 changed") for n in range(6)))
    told = plain(events_in_words(many, UNICODE, 210, "< shows less time"))
    assert told.endswith("and 12 more: 1 alert, 1 resume, 7 heals, 1 breaker, 1 deploy, 1 note; < shows less time")
    assert plain(events_in_words(many, UNICODE, 70, "< shows less time")).endswith("and 13 more; < shows less time")


@given(st.lists(st.floats(-1, 25), max_size=40), WIDTHS)
def test_every_event_in_the_window_has_a_cell_and_those_that_share_one_are_counted(
    ages: list[float], width: int
) -> None:
    shown = PAST.trends[Window.DAY]
    events = tuple(event(TrendEventKind.HEAL, age * HOUR) for age in ages)
    area = area_of(shown.of("queue"), FIGURES["queue"].scale, width, 12)
    found = by_column(events, area)
    assert sum(map(len, found.values())) == sum(shown.of("queue").grid.index_of(one.at) is not None for one in events)
    for marks in (UNICODE, ASCII):
        signs = {column: event_sign(there, marks) for column, there in found.items()}
        for column, (sign, role) in signs.items():
            many = len(found[column])
            assert area.left <= column < width
            assert role == "title"
            assert sign == (marks.event(TrendEventKind.HEAL) if many == 1 else f"{many}" if many < 10 else marks.many)
        drawn_over = overlaid(plotted(shown.of("queue"), FIGURES["queue"].scale, marks, width, 12), signs, None, marks)
        assert all(len(plain(line)) <= width for line in drawn_over)
        assert all(plain(drawn_over[-2])[column] == sign for column, (sign, _) in signs.items())


@pytest.mark.usefixtures("berlin")
def test_where_the_clocks_change_the_cursor_names_both_zones() -> None:
    now = datetime(2026, 10, 25, 4, tzinfo=UTC)
    hours = grid(timedelta(days=7), timedelta(hours=1), now)
    told = [period(hours, now - n * HOUR, now) for n in range(5)]
    assert told == [
        "Sun 25 Oct 05:00–06:00 CET so far",
        "Sun 25 Oct 04:00–05:00 CET",
        "Sun 25 Oct 03:00–04:00 CET",
        "Sun 25 Oct 02:00–03:00 CET",
        "Sun 25 Oct 02:00 CEST–02:00 CET",
    ]
    month = grid(timedelta(days=30), timedelta(hours=6), now)
    assert period(month, datetime(2026, 10, 24, 23, tzinfo=UTC), now) == "Sat 24 Oct 20:00–Sun 25 Oct 02:00 CEST"
    assert period(month, now, now) == "Sun 25 Oct 02:00 CEST–07:00 CET so far"
    begins = {period(hours, begin, now) for begin in hours.begins}
    assert len(begins) == hours.count
