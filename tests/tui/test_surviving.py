"""Whatever raises on the screen, it is logged and told once, in one sentence, and the screen goes on."""

from collections.abc import Callable
from typing import Any

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import OptionList, Static

from tests.clock import FakeClock
from tests.tui.conftest import AnyError
from tests.tui.drawn import app_on, drawn, read_it, run, settled, text_of
from tests.tui.pictures import WARNING
from tui.app.app import WatchdeskApp
from tui.app.surviving import TOLD_AGAIN_S, UnforeseenErrors
from tui.panels import Panel
from tui.panels.row_list import RowList
from tui.panels.tasks import TasksPanel
from tui.screens.dashboard import Dashboard
from tui.screens.list_view import ListView
from tui.screens.view import View

pytestmark = pytest.mark.usefixtures("utc")

SIZE = (140, 40)
SAID = "failed (RuntimeError); see the log file"


def broken(*_: Any, **__: Any) -> Any:
    raise RuntimeError("nobody foresaw this")


async def broken_later(*_: Any) -> None:
    raise RuntimeError("nobody foresaw this")


async def opened(pilot: Pilot[None], app: WatchdeskApp, *keys: str) -> None:
    """Press keys one after the other, each once what is on top could be read."""
    for key in keys:
        await settled(pilot)
        read_it(app)
        await pilot.press(key)
    await settled(pilot)


Break = Callable[[WatchdeskApp, pytest.MonkeyPatch], object]

HANDLERS: dict[str, tuple[tuple[str, ...], Break]] = {
    "dashboard-resize": ((), lambda app, patch: (patch.setattr(Dashboard, "on_body_resized", broken), resized(app))),
    "list-resize": (("6",), lambda app, patch: (patch.setattr(RowList, "on_resize", broken), resized(app))),
    "focus": ((), lambda app, patch: (patch.setattr(Panel, "on_focus", broken), app.screen.focus_next())),
    "list-row-opened": (
        ("6",),
        lambda app, patch: (
            patch.setattr(ListView, "on_row_list_chosen", broken),
            app.screen.post_message(RowList.Chosen()),
        ),
    ),
    "resume": (("6",), lambda app, patch: (patch.setattr(View, "on_screen_resume", broken), app.back())),
    "mount": ((), lambda app, patch: (patch.setattr(ListView, "on_mount", broken, raising=False), app.visit("checks"))),
    "compose": ((), lambda app, patch: (patch.setattr(ListView, "body", broken), app.visit("checks"))),
    "idle": (
        (),
        lambda app, patch: (patch.setattr(Dashboard, "on_idle", broken, raising=False), app.screen.check_idle()),
    ),
    "call-later": (("6",), lambda app, _: app.screen.call_later(broken)),
    "call-next": ((), lambda app, _: app.screen.call_next(broken)),
    "call-after-refresh": ((), lambda app, _: app.screen.call_after_refresh(broken)),
    "timer": (("t",), lambda app, _: app.screen.set_timer(0.01, broken)),
    "interval": ((), lambda app, _: app.screen.set_interval(0.01, broken, repeat=5)),
    "worker": ((), lambda app, _: app.run_worker(broken_later())),
    "view-worker": (("6",), lambda app, _: app.screen.run_worker(broken_later())),
    "app-event": ((), lambda app, patch: (patch.setattr(app.monitor, "focused", broken), blurred(app))),
    "render": ((), lambda app, patch: (patch.setattr(TasksPanel, "render_line", broken), anew(app))),
    "list-render": (("6",), lambda app, patch: (patch.setattr(RowList, "render_line", broken), anew(app))),
    "dialog-render": (("h",), lambda app, patch: (patch.setattr(Static, "render", broken), anew(app))),
    "choice-render": (
        ("6", "enter"),
        lambda app, patch: (patch.setattr(OptionList, "_update_lines", broken), anew(app)),
    ),
    "measure": (("h",), lambda app, patch: (patch.setattr(Static, "get_content_height", broken), anew(app))),
}
"""Keys before, and what raises then."""


def resized(app: WatchdeskApp) -> None:
    app.screen.query_one("#body").styles.margin = 2


def blurred(app: WatchdeskApp) -> None:
    app.post_message(events.AppBlur())


def anew(app: WatchdeskApp) -> None:
    for one in app.screen.query("*"):
        one.refresh(layout=True)


@pytest.mark.parametrize("name", HANDLERS)
async def test_whatever_raises_is_told_and_the_screen_goes_on(
    name: str, monkeypatch: pytest.MonkeyPatch, errors_of_keys: AnyError, caplog: pytest.LogCaptureFixture
) -> None:
    keys, breaks = HANDLERS[name]
    app = app_on(WARNING)
    async with run(app, SIZE) as pilot:
        await opened(pilot, app, *keys)
        with monkeypatch.context() as patch:
            breaks(app, patch)
            await settled(pilot, lambda: any(SAID in one.message for one in app._notifications))
            await settled(pilot)
        assert "nobody foresaw this" in caplog.text
        assert len(errors_of_keys.taken()) == 1  # however often it came
        assert app.return_code is None
        anew(app)
        while app.screen is not app._dashboard:
            await opened(pilot, app, "escape")
        await opened(pilot, app, "t")
        assert "Tasks" in drawn(app)


@pytest.mark.parametrize(
    ("keys", "kind", "method"),
    [
        pytest.param((), TasksPanel, "render_line", id="a-panel"),
        pytest.param(("h",), Static, "render", id="a-text"),
        pytest.param(("6", "enter"), OptionList, "_update_lines", id="a-choice"),
    ],
)
async def test_a_part_that_cannot_be_drawn_says_so_in_its_place_and_the_others_are_drawn(
    keys: tuple[str, ...], kind: type[Any], method: str, monkeypatch: pytest.MonkeyPatch, errors_of_keys: AnyError
) -> None:
    app = app_on(WARNING)
    async with run(app, SIZE) as pilot:
        await opened(pilot, app, *keys)
        with monkeypatch.context() as patch:
            patch.setattr(kind, method, broken)
            anew(app)
            await settled(pilot, lambda: f"this part {SAID}" in text_of(drawn(app)))
            assert "WARNING" in drawn(app) or "Cancel" in drawn(app)
        anew(app)
        await settled(pilot, lambda: f"this part {SAID}" not in text_of(drawn(app)))
        assert errors_of_keys.taken()


def test_the_same_error_is_logged_and_told_once_in_ten_minutes_with_the_count_of_the_others(
    errors_of_keys: AnyError, caplog: pytest.LogCaptureFixture
) -> None:
    clock, told = FakeClock(), list[str]()
    errors = UnforeseenErrors(clock, told.append)
    for _ in range(1000):
        met(errors, broken)
    assert told == [f"this screen {SAID}"]
    met(errors, lambda: {}["x"])  # another one at another place is news
    assert told[1:] == ["this screen failed (KeyError); see the log file"]
    clock.advance(TOLD_AGAIN_S)
    met(errors, broken)
    assert len(told) == 3
    assert errors_of_keys.taken()[-1] == "this screen failed unexpectedly, 999 times more"
    assert caplog.text.count("Traceback") == 3


async def test_the_same_key_is_answered_each_time_and_logged_once(
    monkeypatch: pytest.MonkeyPatch, errors_of_keys: AnyError
) -> None:
    app = app_on(WARNING)
    monkeypatch.setattr(app, "action_wall", broken)
    async with run(app, SIZE) as pilot:
        for _ in range(2):
            app.clear_notifications()
            await opened(pilot, app, "b")
            await settled(pilot, lambda: [one.message for one in app._notifications] == [f"this key {SAID}"])
        assert errors_of_keys.taken() == ["this key failed unexpectedly"]


def test_an_error_that_cannot_be_told_is_in_the_log(errors_of_keys: AnyError, caplog: pytest.LogCaptureFixture) -> None:
    met(UnforeseenErrors(FakeClock(), broken), broken)
    assert "that cannot be told" in caplog.text
    assert errors_of_keys.taken()


def met(errors: UnforeseenErrors, raises: Callable[[], object]) -> None:
    try:
        raises()
    except (RuntimeError, KeyError) as error:
        errors.met("this screen", error)
