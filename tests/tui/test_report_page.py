"""N and `:report`: the report of the incident that is shown, on the screen and in a file of one's own."""

import os
import re
import stat
from pathlib import Path

import pytest

from core.actions.rights import ONLY_LOOKS
from core.backend.target import Target
from core.base.store import NotKept
from core.history.report import Report, When
from core.monitor import Config, Monitor, Places
from tests.history.report.made import of, shot
from tests.running import ONE_SHAPE, Command, Running
from tests.tui.drawn import app_on, drawn, monitor_of, run, settled, text_of
from tests.tui.recorded_box import DOWN_AT, LIVE, written
from tests.tui.terminal import Terminal
from tui.screens.page_view import PageView

pytestmark = pytest.mark.usefixtures("utc")


async def test_in_the_past_it_is_of_the_incident_that_is_shown_and_now_of_the_last_two_hours(tmp_path: Path) -> None:
    app = app_on(LIVE, box=written(tmp_path))
    async with run(app, (120, 40)) as pilot:
        await settled(pilot)
        await app.time.jump(f"{DOWN_AT:%H:%M:%S}")
        await settled(pilot, lambda: app.time.moment is not None)
        assert " N report " in text_of(drawn(app))
        await pilot.press("N")
        picture = text_of(await settled(pilot, lambda: "Incident report" in text_of(drawn(app))))
        assert isinstance(app.screen, PageView)
        assert f"Report around 1 Mar {DOWN_AT:%H:%M:%S}" in picture
        assert "Saved, for you alone to read: /state/reports/report-" in picture
        assert "What began it:" in picture
        await pilot.press("escape", "0")
        await settled(pilot, lambda: app.time.moment is None)
        await pilot.press("N")
        picture = text_of(await settled(pilot, lambda: "Report since 2h" in text_of(drawn(app))))


async def test_one_that_only_looks_saves_none_and_says_so(tmp_path: Path) -> None:
    app = app_on(LIVE, box=written(tmp_path))
    monitor_of(app).takes_no_note = ONLY_LOOKS
    async with run(app, (120, 40)) as pilot:
        await pilot.press("N")
        await settled(pilot, lambda: f"Not saved: {ONLY_LOOKS}" in text_of(drawn(app)))


async def test_it_is_saved_with_the_screens_of_its_turning_points_while_the_screen_goes_on(tmp_path: Path) -> None:
    app = app_on(LIVE, box=written(tmp_path))
    async with run(app, (120, 40)) as pilot:
        await app.time.jump(f"{DOWN_AT:%H:%M:%S}")
        await settled(pilot, lambda: app.time.moment is not None)
        await pilot.press("N")
        await settled(pilot, lambda: "Saved, for you" in text_of(drawn(app)))
        (screens,) = monitor_of(app).saved
        assert len(screens) >= 2
        assert all("Needs you" in picture and len(picture.splitlines()) == 30 for picture in screens.values())
        await pilot.press("escape", "t")  # still this app's keys
        await settled(pilot, lambda: "Tasks" in text_of(drawn(app)))


@pytest.fixture
def report() -> Report:
    return of(shot(0))


@ONE_SHAPE
async def test_it_is_saved_for_its_own_user_alone_and_not_by_one_that_only_looks(
    sandbox: Running, tmp_path: Path, report: Report
) -> None:
    target = Target(name="probe", url=sandbox.url, key=sandbox.service_key)
    monitor = Monitor(Config(target=target), places=Places.within(tmp_path))
    path = await monitor.save_report(report, {When.BEFORE: "as it was before"})
    assert path.parent.parent == tmp_path / "reports"
    assert (stat.S_IMODE(path.stat().st_mode), stat.S_IMODE(path.parent.stat().st_mode)) == (0o600, 0o700)
    page = path.read_text()
    assert page.startswith("<!DOCTYPE html>\n")
    assert path.name == "report-20261124T120000Z-20261124T121000Z.html"
    await monitor.close()
    looks = Monitor(Config(target=target, only_looks=True), places=Places.within(tmp_path / "looks"))
    with pytest.raises(NotKept, match=ONLY_LOOKS):
        await looks.save_report(report, {})
    assert not (tmp_path / "looks" / "reports").exists()
    await looks.close()


@ONE_SHAPE
def test_on_a_real_terminal_the_path_is_told_and_the_file_is_there(sandbox: Running, command: Command) -> None:
    terminal = Terminal(command, sandbox, size=(160, 40))
    try:
        terminal.await_text("LIVE")
        os.write(terminal.master, b":report 2h\r")
        terminal.await_text("Saved, for you alone to read")
        (page,) = command.home.rglob("reports/*/report-*.html")
        assert stat.S_IMODE(page.stat().st_mode) == 0o600
        assert re.search(r"<svg .*</svg>", page.read_text(), re.DOTALL)
        os.write(terminal.master, b"\x1bq")
    finally:
        terminal.dispose()
