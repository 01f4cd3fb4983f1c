"""A row is saved whole: what the screen cuts lies in a file of one's own."""

import json
import stat
from pathlib import Path

import pytest

from tests.running import ONE_SHAPE, Running
from tests.tui.test_dashboard import app_on
from tests.until import until
from tui.app.app import WatchdeskApp
from tui.screens.document_view import DocumentView


def said(app: WatchdeskApp) -> str:
    return " ".join(one.message for one in app._notifications)


@ONE_SHAPE
async def test_a_row_is_saved_as_the_project_has_it(sandbox: Running, tmp_path: Path) -> None:
    sandbox.sql(
        "INSERT INTO autonomous_tasks (description, result)"
        " VALUES (%s, jsonb_build_object('patch', repeat('x', 3000000)))",
        "odd \U0001f600 <b>text</b>\n\x1b[2J",
    )
    name = str(sandbox.sql("SELECT id FROM autonomous_tasks")[0][0])
    app = app_on(sandbox, tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        app.open_row("tasks", name)
        await until(lambda: isinstance(view := app.screen, DocumentView) and view._document is not None, "the row")
        while "saved, 3,0" not in said(app):  # on a busy machine 3 MB may take longer than is waited for
            app.clear_notifications()
            await pilot.press("W")
            await until(lambda: "saved" in said(app), "whether it is saved")
        (path,) = (tmp_path / "rows").glob("*/*")
        assert str(path) in said(app)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        row = json.loads(path.read_bytes())
        assert (row["id"], row["description"]) == (name, "odd \U0001f600 <b>text</b>\n\x1b[2J")
        assert len(row["result"]["patch"]) == 3_000_000
        sandbox.sql("DELETE FROM autonomous_tasks")
        await pilot.press("W")
        await until(lambda: "not saved: it no longer exists" in said(app), "that it is gone")


@ONE_SHAPE
async def test_what_cannot_be_saved_says_why(sandbox: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sandbox.stuck(1)
    name = str(sandbox.sql("SELECT id FROM autonomous_tasks")[0][0])
    (tmp_path / "rows").write_text("in the way")
    app = app_on(sandbox, tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        app.open_row("tasks", name)
        await until(lambda: isinstance(view := app.screen, DocumentView) and view._document is not None, "the row")
        await pilot.press("W")
        await until(lambda: "not saved: " in said(app), "why")
        assert isinstance(app.screen, DocumentView)
        monkeypatch.setattr(WatchdeskApp, "is_web", property(lambda _: True))
        await pilot.press("W")
        await until(lambda: "rows cannot be saved from the browser" in said(app), "that a browser does not")
