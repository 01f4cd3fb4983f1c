"""The list of projects: what each row says, in every size, in which order, and what enter leads to."""

from datetime import timedelta

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot

from core.domain.project_row import ProjectRow, row_of
from core.domain.snapshot import Link, LinkWord, State
from core.domain.sorting import Sort
from tests.clock import FakeClock
from tests.hostile import CONTROL, HOSTILE
from tests.running import ONE_SHAPE, Command, Running
from tests.running_projects import configure, three
from tests.tui.drawn import text_lines
from tests.tui.terminal import Terminal
from tests.tui.well import ACTIVE, changed
from tui.app.projects import ProjectsApp, ProjectsMemory
from tui.base.settings import Setup
from tui.dialogs import HelpDialog
from tui.service.supervisor import ProjectView

pytestmark = pytest.mark.usefixtures("utc")

AT = ACTIVE.at
GOOD = ProjectRow(
    project="shop",
    at=AT,
    state=State.HEALTHY,
    why="last completed 7 min ago",
    link=LinkWord.LIVE,
    since=AT,
    alerts=0,
    pending=1234,
    success=97.14,
    in_review=2,
    oldest_review_at=AT - timedelta(hours=5),
)
BAD = replace(GOOD, project="mail", state=State.CRITICAL, why="database down", alerts=2)
OLD = replace(GOOD, project="docs", link=LinkWord.OFFLINE, since=AT - timedelta(minutes=12), last_known=True)
NEVER = ProjectRow(project="new", why="its monitor is starting")
ENDED = "ended, exit 2: Invalid API key; next start in 30 s"


def view(row: ProjectRow, trouble: str = "") -> ProjectView:
    row = replace(row, state=State.UNKNOWN, why=trouble, link=None, last_known=True) if trouble else row
    return ProjectView(name=row.project, row=row, trouble=trouble)


VIEWS = (view(GOOD), view(OLD), view(replace(GOOD, project="gone"), ENDED), view(NEVER), view(BAD))


def app_of(*views: ProjectView, memory: ProjectsMemory | None = None, ascii_only: bool = False) -> ProjectsApp:
    clock = FakeClock(AT)
    return ProjectsApp(lambda: views, Setup(ascii=ascii_only), memory or ProjectsMemory(), clock=clock)


async def picture(pilot: Pilot[None]) -> list[str]:
    await pilot.pause()
    return text_lines(pilot.app)


async def test_the_worst_is_the_first_and_what_is_not_known_is_a_dash() -> None:
    app = app_of(*VIEWS)
    async with app.run_test(size=(140, 14)) as pilot:
        lines = await picture(pilot)
        assert "1 CRITICAL" in lines[0]
        assert "1 HEALTHY (last known)" in lines[0]
        assert "5 projects" in lines[0]
        assert lines[1].strip() == "2 alerts, 8 to review, 1 monitor not running"
        names = [line.split()[2] for line in lines[4:9]]
        assert names == ["mail", "gone", "new", "docs", "shop"]
        assert lines[4].split()[3:9] == ["LIVE", "now", "2", "1,234", "97.1", "%"]
        assert ENDED in lines[5]
        assert lines[6].split()[3:8] == ["—"] * 5
        assert "OFFLINE 12 min" in " ".join(lines[7].split())


@pytest.mark.parametrize("size", [(200, 50), (80, 24), (60, 15), (40, 8), (30, 5), (80, 1), (12, 2)])
async def test_every_size_shows_state_and_cause_and_none_breaks(size: tuple[int, int]) -> None:
    app = app_of(*VIEWS)
    async with app.run_test(size=size) as pilot:
        lines = await picture(pilot)
        assert "1 CRITICAL" in lines[0]
        if size[0] >= 60:
            whole = "\n".join(lines)
            assert size[1] < 8 or all(word in whole for word in ("mail", "database down", "q quit"))
        await pilot.resize_terminal(100, 30)
        assert "database down" in "\n".join(await picture(pilot))
        assert app._exception is None


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
async def test_no_name_and_no_cause_does_anything_to_the_screen(text: str) -> None:
    hostile = row_of(changed(ACTIVE, state_why=text), text)
    app = app_of(ProjectView(name=text, row=hostile, trouble=""), view(BAD))
    async with app.run_test(size=(100, 12)) as pilot:
        lines = await picture(pilot)
        assert not any(CONTROL.search(line) for line in lines)
        assert any("mail" in line for line in lines)


async def test_the_order_goes_through_the_columns_and_the_file_and_back() -> None:
    memory = ProjectsMemory()
    app = app_of(*VIEWS, memory=memory)
    async with app.run_test(size=(140, 14)) as pilot:

        async def names() -> list[str]:
            return [line.split()[2] for line in (await picture(pilot))[4:9]]

        await pilot.pause()
        await pilot.press("S", "S")
        assert memory.sort == Sort("project")
        assert await names() == ["docs", "gone", "mail", "new", "shop"]
        await pilot.press("I")
        assert await names() == ["shop", "new", "mail", "gone", "docs"]
        while memory.sort != Sort("file"):
            await pilot.press("S")
        assert await names() == ["shop", "docs", "gone", "new", "mail"]
        await pilot.press("S")
        assert memory.sort is None
        assert (await names())[0] == "mail"


async def test_the_cursor_stays_on_its_project_and_enter_opens_that() -> None:
    memory = ProjectsMemory()
    views = list(VIEWS)
    app = ProjectsApp(lambda: tuple(views), Setup(), memory, clock=FakeClock(AT))
    async with app.run_test(size=(100, 14)) as pilot:
        await pilot.pause()
        await pilot.press("j", "j")
        assert app._shown.list.cursor is not None
        assert app._shown.list.cursor.key == "new"
        views[3] = view(replace(GOOD, project="new"))
        app.repaint()
        assert app._shown.list.cursor.key == "new"
        await pilot.press("question_mark")
        await pilot.pause()
        assert isinstance(app.screen, HelpDialog)
        await pilot.press("enter", "escape")
        assert app.chosen == ""
        await pilot.press("enter")
    assert app.chosen == memory.cursor == "new"


async def test_back_leads_to_where_it_was_opened_from_and_q_to_nowhere() -> None:
    app = app_of(*VIEWS, memory=ProjectsMemory(cursor="docs", came_from="docs"))
    async with app.run_test(size=(100, 14)) as pilot:
        await pilot.pause()
        assert app._shown.list.cursor is not None
        assert app._shown.list.cursor.key == "docs"
        await pilot.press("escape")
    assert app.chosen == "docs"
    alone = app_of(*VIEWS, memory=ProjectsMemory(said="the monitor of docs ended with exit code 3"))
    async with alone.run_test(size=(100, 14)) as pilot:
        await pilot.pause()
        assert [one.message for one in alone._notifications] == ["the monitor of docs ended with exit code 3"]
        assert "esc back" not in "\n".join(await picture(pilot))
        await pilot.press("escape")
        assert not alone._exit
        await pilot.press("q")
    assert (alone.chosen, alone._exit) == ("", True)


async def test_plain_ascii_stays_plain() -> None:
    app = app_of(*VIEWS, ascii_only=True)
    async with app.run_test(size=(140, 14)) as pilot:
        assert "\n".join(await picture(pilot)).isascii()


def test_the_row_of_a_snapshot_says_why_it_is_cut_off_and_counts_what_fires() -> None:
    row = row_of(ACTIVE)
    assert (row.state, row.link, row.last_known) == (ACTIVE.state, LinkWord.LIVE, False)
    assert row.alerts == 0
    down = row_of(changed(ACTIVE, link=Link(word=LinkWord.OFFLINE, why="connection refused", since=AT)), "other")
    assert (down.project, down.why) == ("other", "connection refused")


@ONE_SHAPE
def test_enter_opens_the_monitor_of_a_project_and_q_comes_back(sandbox: Running, command: Command) -> None:
    configure(command, three(sandbox))
    terminal = Terminal(command, None, "--all", "--observe", size=(110, 24))
    terminal.await_text("ended, exit 2: ")
    terminal.await_text("nothing to do")
    terminal.type(b"G\r")
    terminal.await_text("Needs you")
    terminal.await_text(" well ")
    terminal.await_text("observing")
    terminal.type(b"q")
    terminal.await_text("Projects 3/3")
    terminal.type(b"\r")
    terminal.await_text("Needs you")
    terminal.type(b"P")
    terminal.await_text("Projects 3/3")
    terminal.type(b"q")
    assert terminal.ended() == 0
    assert terminal.is_given_back()


@ONE_SHAPE
def test_the_list_is_opened_from_a_monitor_and_back_again(sandbox: Running, command: Command) -> None:
    configure(command, three(sandbox))
    terminal = Terminal(command, None, "--project", "well", size=(110, 24))
    terminal.await_text("LIVE")
    terminal.type(b":projects\r")
    terminal.await_text("Projects ")
    terminal.type(b"\x1b")
    terminal.await_text("Needs you")
    terminal.process.terminate()
    assert terminal.ended() == 0
