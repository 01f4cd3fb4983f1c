"""Whatever a worker of the screen raises unforeseen is said where it happened, and the monitor goes on."""

import itertools
import logging
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Static

from tests.tui.drawn import app_on, drawn, monitor_of, read_it, run, settled, text_of
from tests.tui.pictures import STATES, WARNING
from tests.tui.rows import RECORDS, name_of
from tui.app.app import WatchdeskApp
from tui.dialogs import Dialog, Prompt
from tui.panels import Panel
from tui.panels.row_list import RowList
from tui.screens.document_view import DocumentView
from tui.screens.served_view import ServedView
from tui.screens.window import PAGE

pytestmark = pytest.mark.usefixtures("utc")

SIZE = (140, 40)
MANY = msgspec.structs.replace(
    RECORDS, tasks=tuple(msgspec.structs.replace(RECORDS.tasks[0], id=name_of(n)) for n in range(2 * PAGE))
)
"""More than a page."""


def broken(*_: Any, **__: Any) -> Any:
    raise RuntimeError("nobody foresaw this")


def failed(what: str) -> str:
    return f"{what} failed (RuntimeError); see the log file"


def says(app: WatchdeskApp, text: str) -> Callable[[], bool]:
    """Whether it stands on the screen, in a dialog however wrapped, or is told in passing."""

    def holds() -> bool:
        told = [one.message for one in app._notifications]
        told += [str(one.content) for one in app.screen.query(Static)]
        return text in told or text in " ".join(text_of(drawn(app)).split())

    return holds


async def pressed(pilot: Pilot[None], app: WatchdeskApp, *keys: str) -> None:
    """One after the other, each once what is on top could be read."""
    for key in keys:
        await settled(pilot)
        read_it(app)
        await pilot.press(key)
    await settled(pilot)


BROKEN = [
    ("plan", (), ("h",), "cannot be read now: " + failed("looking at what this is about")),
    ("run", ("h",), ("right", "enter"), "outcome unknown: " + failed("the action")),
    ("note", ("n", "x"), ("enter",), failed("this")),
    ("run", ("6", "enter"), ("down", "enter"), failed("the chosen action")),
    ("page", (), ("t",), "last known, <10 s old: " + failed("reading the rows")),
    ("page", (), ("s",), "cannot be read now: " + failed("reading the rows")),
    ("total", (), ("t",), "Tasks row 1 follows"),  # the rows are there, and live
    ("page", ("t",), ("end",), "last known, <10 s old: " + failed("reading more rows")),
    ("trends", (), ("v",), failed("reading the trends")),
    ("fill_trends", (), ("v",), failed("reading the trends")),
    ("figures_over", (), ("V",), failed("reading the figures")),
    ("run", (), ("c",), failed("check")),
]
"""Which call of the monitor raises, the keys before it does, those that call it, and what is said of it."""


@pytest.mark.parametrize(("method", "before", "then", "said"), BROKEN, ids=[f"{one[0]}-{one[3]}" for one in BROKEN])
async def test_what_the_monitor_raises_unforeseen_is_said_and_the_screen_stays(
    method: str, before: tuple[str, ...], then: tuple[str, ...], said: str, caplog: pytest.LogCaptureFixture
) -> None:
    app = app_on(STATES["critical"], MANY)
    async with run(app, SIZE) as pilot:
        await pressed(pilot, app, *before)
        setattr(app.monitor, method, broken)
        with caplog.at_level(logging.ERROR, logger="tui.base.error_boundary"):
            await pressed(pilot, app, *then)
            await settled(pilot, says(app, said))
        assert "nobody foresaw this" in caplog.text  # the traceback is in the log
        assert app.is_running
        delattr(app.monitor, method)
        await pressed(pilot, app, "escape", "escape", "c")
        assert monitor_of(app).checked == 1


async def test_a_row_that_cannot_be_opened_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    app = app_on(WARNING)
    async with run(app, SIZE) as pilot:
        await pressed(pilot, app, "6")
        monkeypatch.setattr(app.screen.listed, "details", broken)  # type: ignore[attr-defined]  # a list
        await pressed(pilot, app, "enter")
        await settled(pilot, says(app, failed("opening this row")))


async def test_an_order_that_fails_unforeseen_is_over_and_its_outcome_unknown() -> None:
    app = app_on(WARNING)
    async with run(app, SIZE) as pilot:
        await pressed(pilot, app, "h")
        setattr(app.monitor, "run", broken)  # noqa: B010 - a method
        await pressed(pilot, app, "right", "enter")
        dialog = app.screen
        assert isinstance(dialog, Dialog)
        assert dialog.query_one("#act", Button).disabled
        assert str(dialog.query_one("#cancel", Button).label) == "Close"
        assert dialog.query_one("#cancel", Button).has_focus


async def test_a_look_that_failed_is_taken_again_and_only_then_anything_can_be_ordered() -> None:
    app = app_on(WARNING)
    async with run(app, SIZE) as pilot:
        setattr(app.monitor, "plan", broken)  # noqa: B010 - a method
        await pressed(pilot, app, "h")
        dialog = app.screen
        assert isinstance(dialog, Dialog)
        assert dialog.query_one("#act", Button).disabled
        delattr(app.monitor, "plan")
        dialog._look()
        await settled(pilot, lambda: not dialog.query_one("#act", Button).disabled)
        assert "changed while" not in drawn(app)


async def test_what_was_typed_into_a_prompt_that_failed_is_there_to_be_taken_again() -> None:
    app, taken = app_on(WARNING), list[str]()

    async def take(typed: str) -> str:
        taken.append(typed)
        return broken() if len(taken) == 1 else ""

    async with run(app, SIZE) as pilot:
        app.ask(Prompt("Say", "something", "what", take))
        await pressed(pilot, app, "x", "enter")
        await settled(pilot, says(app, failed("this")))
        read_it(app)
        await pressed(pilot, app, "enter")
        assert taken == ["x", "x"]
        assert not isinstance(app.screen, Prompt)


async def test_rows_that_failed_to_be_read_anew_are_last_known_until_they_are_read_again() -> None:
    app = app_on(WARNING)
    async with run(app, SIZE) as pilot:
        await pressed(pilot, app, "t")
        view = app.screen
        assert isinstance(view, ServedView)
        setattr(app.monitor, "page", broken)  # noqa: B010 - a method
        view._renewing = view._renew_sight()
        await settled(pilot, says(app, "last known, <10 s old: " + failed("reading the rows again")))
        delattr(app.monitor, "page")
        view._renewing = view._renew_sight()
        await settled(pilot, lambda: "failed (RuntimeError)" not in text_of(drawn(app)))


async def test_a_row_in_full_that_fails_to_be_read_or_acted_on_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    app = app_on(WARNING)
    async with run(app, SIZE) as pilot:
        with monkeypatch.context() as patch:
            patch.setattr(app.monitor, "task_detail", broken)
            app.open_row("tasks", name_of(5))
            await settled(pilot, says(app, "cannot be read now: " + failed("reading this row")))
        view = app.screen
        assert isinstance(view, DocumentView)
        view._read()
        await settled(pilot, lambda: view._document is not None)
        monkeypatch.setattr(app.monitor, "may", broken)
        await pressed(pilot, app, "enter", "down", "enter")
        await settled(pilot, says(app, failed("the chosen action")))


PANELS = ("needs", "health", "tasks", "kpis", "connections", "events")


async def test_one_panel_that_cannot_be_drawn_says_so_and_the_others_are_drawn(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    app = app_on(STATES["critical"])
    async with run(app, SIZE) as pilot:
        await settled(pilot)
        for name, method in itertools.product(PANELS, ("lines", "wish", "title")):
            panel = app.screen.query_one(f"#{name}", Panel)
            caplog.clear()
            with monkeypatch.context() as patch:
                patch.setattr(type(panel), method, broken)
                await drawn_anew(pilot, app)
                said = "failed (RuntimeError); see the log file"
                drawn_of = {one.id: text_of_lines(one) for one in app.screen.query(Panel) if one.display}
                assert "nobody foresaw this" in caplog.text, (name, method)
                failing = {id_ for id_, text in drawn_of.items() if said in text}
                assert failing == ({name} if method != "wish" else set()), (name, method)
                assert all(drawn_of[other].strip() for other in PANELS if other in drawn_of), (name, method)
                assert app.is_running
            await drawn_anew(pilot, app)
            assert said not in "".join(text_of_lines(one) for one in app.screen.query(Panel)), (name, method)


async def drawn_anew(pilot: Pilot[None], app: WatchdeskApp) -> None:
    """Everything on the dashboard is put in its place and drawn again."""
    for one in app.screen.query(Panel):
        one._drawn, one._drawn_of, one.stands_until = [], (), None
    app.screen._placed, app.screen._placed_for = {}, None  # type: ignore[attr-defined]  # the dashboard's
    app.repaint()
    await settled(pilot)


def text_of_lines(panel: Panel) -> str:
    return "\n".join("".join(text for text, _ in line) for line in panel._drawn)


async def test_a_list_that_cannot_be_laid_out_says_so_and_the_screen_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    app = app_on(WARNING)
    async with run(app, SIZE) as pilot:
        await pressed(pilot, app, "6")
        monkeypatch.setattr(app.screen.listed, "rows", broken)  # type: ignore[attr-defined]  # a list
        app.repaint()
        await settled(pilot, says(app, "failed (RuntimeError); see the log file"))
        monkeypatch.undo()
        app.repaint()
        await settled(pilot)
        assert "failed (RuntimeError)" not in text_of_lines(app.screen.query_one(RowList))
        assert app.is_running
