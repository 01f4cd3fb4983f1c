"""Lists sorted by a column, by key and by click, and moments as times or as ages."""

from datetime import timedelta

import msgspec
import pytest
from textual.pilot import Pilot

from core.domain.alerts import Severity
from core.domain.records import Task
from core.domain.sorting import OLDEST, YOUNGEST, Sort
from tests.running import Command
from tests.tui.drawn import app_on, monitor_of, run, settled, text_lines, text_of
from tests.tui.pictures import WARNING
from tests.tui.rows import AT, RECORDS, live, name_of
from tests.tui.states import NOBODY
from tests.tui.terminal import Terminal
from tui.app.app import WatchdeskApp
from tui.panels.row_list import RowList
from tui.screens.list_view import ListView

pytestmark = pytest.mark.usefixtures("utc")


def view(app: WatchdeskApp) -> ListView:
    """The list on top."""
    assert isinstance(app.screen, ListView)
    return app.screen


def headings(app: WatchdeskApp) -> str:
    """The line with the names of the columns."""
    return text_lines(app)[view(app).list.region.y + 1]


def column(app: WatchdeskApp, title: str, wide: int, *, right: bool = False) -> list[str]:
    """What stands below one heading, in so many cells."""
    at = headings(app).index(title) - (wide - len(title) if right else 0)
    end = at + wide
    first = view(app).list.region.y + 2
    return [line[at:end].strip() for line in text_lines(app)[first:] if line[at:end].strip()]


async def press(pilot: Pilot[None], *keys: str) -> None:
    """One after the other."""
    for key in keys:
        await pilot.press(key)
        await settled(pilot)


async def test_the_server_sorts_by_each_column_that_is_shown_in_either_direction() -> None:
    app = app_on(WARNING)
    async with run(app, (140, 40)) as pilot:
        await press(pilot, "t")
        assert view(app).sort == YOUNGEST
        seen = []
        for _ in range(9):
            await press(pilot, "S")
            sort = view(app).sort
            assert sort is not None
            assert monitor_of(app).asked[-1].sort == sort
            title = {"age": "created", "priority": "pri", "who": "assigned to"}.get(sort.column, sort.column)
            assert f"{title}{'↓' if sort.descending else '↑'}" in headings(app)
            assert sum(headings(app).count(arrow) for arrow in "↑↓") == 1
            seen.append(str(sort))
        assert seen == ["ended", "-priority", "type", "description", "-took", "who", "id", "status", "age"]
        await press(pilot, "I")
        assert view(app).sort == OLDEST
        assert "created↓" in headings(app)
        assert monitor_of(app).asked[-1].sort == OLDEST


async def test_only_columns_that_are_seen_come_up_and_one_that_is_not_is_named() -> None:
    app = app_on(WARNING)
    async with run(app, (80, 24)) as pilot:
        await press(pilot, "t")
        seen = []
        for _ in range(5):
            await press(pilot, "S")
            seen.append(str(view(app).sort))
        assert seen == ["ended", "type", "description", "status", "age"]
        view(app).sort_by(Sort("took", descending=True))
        assert "by took, reversed" in text_of(await settled(pilot))


async def test_a_click_on_a_heading_sorts_and_another_one_turns() -> None:
    app = app_on(WARNING)
    async with run(app, (80, 24)) as pilot:
        await press(pilot, "t")
        at = headings(app).index("type")
        for sort in (Sort("type"), Sort("type", descending=True), Sort("type")):
            await pilot.click(RowList, offset=(at + 1, 1))
            await settled(pilot)
            assert view(app).sort == sort
        types = [one for one in column(app, "type↑", 18) if "_" in one or one == "content"]
        assert types == sorted(types)


async def test_a_list_of_the_snapshot_is_sorted_in_place_and_goes_back_to_its_own_order() -> None:
    app = app_on(WARNING)
    async with run(app, (80, 24)) as pilot:
        await press(pilot, "6")
        own = column(app, "severity", 8)
        seen = []
        while not seen or seen[-1] != "None":
            await press(pilot, "S")
            seen.append(str(view(app).sort))
        assert seen == ["severity", "state", "since", "alert", "None"]
        assert column(app, "severity", 8) == own
        await press(pilot, "S", "I")
        assert "severity↓" in headings(app)
        told = [one for one in own if one in {*Severity}]
        assert len(told) == 5
        assert column(app, "severity", 8)[:5] == sorted(told, key=["low", "medium", "high"].index)
        await press(pilot, "5")
        await pilot.click(RowList, offset=(0, 1))
        await settled(pilot)
        assert view(app).sort is None


@pytest.mark.parametrize("name", ["checks", "components", "breakers", "kpis", "alerts", "events", "config"])
async def test_every_list_of_the_snapshot_is_sorted_by_every_column(name: str) -> None:
    app = app_on(WARNING)
    async with run(app, (200, 50)) as pilot:
        await app.visit(name)
        await settled(pilot)
        rows = {row.key for row in view(app).list._rows}
        for one in view(app).listed.COLUMNS:
            for sort in (one.sort, one.sort.turned) if one.title else ():
                view(app).sort_by(sort)
                picture = text_of(await settled(pilot))
                assert "failed unexpectedly" not in picture
                assert {row.key for row in view(app).list._rows} == rows


async def test_what_is_sorted_here_says_of_how_many_and_when_it_was_read() -> None:
    many = tuple(
        Task(
            id=name_of(n),
            task_type="bug_fix",
            description=f"work {n}",
            status="completed",
            created_at=AT - timedelta(minutes=n),
            started_at=AT - timedelta(hours=n % 7 + 1),
            completed_at=AT,
        )
        for n in range(600)
    )
    app = app_on(WARNING, msgspec.structs.replace(RECORDS, tasks=many))
    async with run(app, (140, 40)) as pilot:
        await press(pilot, "t")
        view(app).sort_by(Sort("took", descending=True))
        picture = text_of(await settled(pilot))
        assert "1/600" in picture
        assert "sorted within the newest 500, read just now" in picture
        asked = len(monitor_of(app).asked)
        monitor_of(app).tell(msgspec.structs.replace(WARNING, at=WARNING.at))
        await settled(pilot)
        assert len(monitor_of(app).asked) == asked
        await press(pilot, "end")
        assert "500/600" in text_of(await settled(pilot))


async def test_the_arrows_are_ascii_where_nothing_else_is_wanted() -> None:
    app = app_on(WARNING, ascii=True)
    async with run(app, (80, 24)) as pilot:
        await press(pilot, "t")
        assert "created^" in headings(app)
        await press(pilot, "I")
        assert "createdv" in headings(app)


@pytest.mark.parametrize("size", [(80, 24), (140, 40), (60, 15)])
async def test_moments_are_times_everywhere_until_they_are_ages_again(size: tuple[int, int]) -> None:
    app = app_on(WARNING)
    async with run(app, size) as pilot:
        await press(pilot, "t")
        ages = text_of(await settled(pilot))
        await press(pilot, "T")
        picture = text_of(await settled(pilot))
        assert "times in UTC" in picture
        assert "created↓" in headings(app)  # the latest first
        assert "03:00:27" in picture
        for key, told in (("l", "03:03:27"), ("6", "02:48:27"), ("i", "02:10:27")):
            await press(pilot, key)
            assert told in text_of(await settled(pilot))
        await press(pilot, "escape")
        if size[0] == 140:
            assert "02:21:27 " in text_of(await settled(pilot))
        await press(pilot, "t", "T")
        assert text_of(await settled(pilot)) == ages


async def test_times_are_of_the_local_zone_and_those_of_other_days_have_a_date() -> None:
    old = msgspec.structs.replace(RECORDS.tasks[0], id=name_of(0x77), created_at=AT - timedelta(days=1))
    older = msgspec.structs.replace(old, id=name_of(0x78), created_at=AT - timedelta(days=400))
    never = msgspec.structs.replace(old, id=name_of(0x79), created_at=None)
    tasks = (RECORDS.tasks[5], old, older, never)
    newest = msgspec.structs.replace(WARNING.tasks, newest=live(tasks))
    app = app_on(msgspec.structs.replace(WARNING, tasks=newest), msgspec.structs.replace(RECORDS, tasks=tasks))
    async with run(app, (80, 24)) as pilot:
        await press(pilot, "t", "T")
        assert column(app, "created↓", 11, right=True)[:3] == ["02:40:27", "02-28 03:10", "2025-01-25"]


def test_a_real_click_on_a_heading(command: Command) -> None:
    terminal = Terminal(command, None, size=(100, 30), **NOBODY)
    try:
        terminal.await_text("OFFLINE")
        terminal.type(b"3")
        terminal.await_text("why it is not live")
        terminal.click("source")
        terminal.await_text("source↑")
        terminal.click("source↑")
        terminal.await_text("source↓")
        terminal.type(b"ST")
        terminal.await_text("live↓")
    finally:
        terminal.dispose()
