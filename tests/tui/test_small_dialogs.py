"""Dialogs on small terminals: the buttons always to be seen, a sentence where nothing fits; and what a key did."""

import pytest
from textual.geometry import Region
from textual.pilot import Pilot
from textual.widgets import Button, Static

from core.actions.catalogue import ACTIONS
from core.actions.emergency_stop import EMERGENCY_STOP
from core.actions.heal import HEAL
from core.domain.actions import Action
from tests.tui.drawn import app_on, asks, drawn, monitor_of, read_it, run, settled
from tests.tui.pictures import CRITICAL, WARNING
from tui.app.app import WatchdeskApp
from tui.dialogs import ActionDialog
from tui.dialogs.question import LEAST, TOO_SOON

pytestmark = pytest.mark.usefixtures("utc")

ASKING = [action for action in ACTIONS.values() if action.tier != "safe" or action.arguments]


async def put(pilot: Pilot[None], app: WatchdeskApp, action: Action) -> ActionDialog:
    dialog = ActionDialog(app.monitor, action)
    app.put(dialog)
    await settled(pilot, lambda: app.screen is dialog)
    read_it(app)
    return dialog


def seen(dialog: ActionDialog, region: Region) -> bool:
    """Whether all of it is on the screen, and none of it behind the buttons."""
    within = Region(0, 0, *dialog.size).contains_region(region) and region.area > 0
    return within and not region.overlaps(dialog.query_one("#buttons").region)


@pytest.mark.parametrize("action", ASKING, ids=lambda one: one.name)
@pytest.mark.parametrize("size", [(60, 15), (44, 10), LEAST, (80, 8)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_buttons_are_always_there_and_so_is_what_has_the_focus(action: Action, size: tuple[int, int]) -> None:
    app = app_on(CRITICAL)
    async with run(app, size) as pilot:
        dialog = await put(pilot, app, action)
        screen = Region(0, 0, *size)
        assert dialog.query_one("#content").scroll_y == 0  # what it is about is read first
        for _ in range(1 + len(dialog.focus_chain)):
            for button in dialog.query(Button):
                assert screen.contains_region(button.region), drawn(app)
                assert button.region.width >= len(str(button.label)), drawn(app)
            focused = dialog.focused
            assert focused is not None
            assert isinstance(focused, Button) or seen(dialog, focused.region), drawn(app)
            await pilot.press("tab")
            await settled(pilot)


@pytest.mark.parametrize(
    "size", [(80, 3), (80, 1), (30, 5), (39, 24), (80, 7)], ids=lambda size: f"{size[0]}x{size[1]}"
)
async def test_what_cannot_be_read_is_not_asked(size: tuple[int, int]) -> None:
    app = app_on(CRITICAL)
    async with run(app, size) as pilot:
        await pilot.press("ctrl+e")
        await settled(pilot, lambda: asks(app, EMERGENCY_STOP))
        read_it(app)
        said = " ".join(drawn(app).split("└")[0].replace("│", " ").split())
        assert "too small for a dialog: enlarge to 60×15" in said
        assert "or run: watchdesk stop; Esc cancels" in said
        await pilot.press("tab", *"STOP", "tab", "enter", "enter")
        await settled(pilot)
        assert asks(app, EMERGENCY_STOP)
        await pilot.resize_terminal(80, 24)
        await settled(pilot)
        assert "type STOP to confirm: required" in drawn(app)  # nothing was typed unseen
        await pilot.resize_terminal(*size)
        await settled(pilot)
        await pilot.press("escape")
        await settled(pilot)
        assert not asks(app, EMERGENCY_STOP)
    assert monitor_of(app).orders == []


async def test_the_frame_says_where_a_key_leads() -> None:
    app = app_on(WARNING)
    async with run(app, (80, 24)) as pilot:
        dialog = await put(pilot, app, EMERGENCY_STOP)
        assert "Tab to the fields, Enter or Esc cancels" in drawn(app)
        await pilot.press("tab")
        await settled(pilot)
        assert "Tab or Enter goes on, Esc cancels" in drawn(app)
        await pilot.press(*"why", "tab", *"STOP")
        dialog.query_one("#cancel").focus()
        await settled(pilot)
        assert "Tab to Stop all, Enter or Esc cancels" in drawn(app)
        await pilot.press("tab")
        await settled(pilot)
        assert "Enter: Stop all, Esc cancels" in drawn(app)
        read_it(app)
        await pilot.press("enter")
        await settled(pilot)
        assert "Enter closes" in drawn(app)


@pytest.mark.parametrize("key", ["enter", "space", "tab", "x"])
async def test_a_key_that_came_too_soon_is_said_to_have_done_nothing(key: str) -> None:
    app = app_on(WARNING)
    async with run(app, (80, 24)) as pilot:
        await pilot.press("h")
        await settled(pilot, lambda: asks(app, HEAL))
        await pilot.press(key)
        await settled(pilot)
        assert TOO_SOON in drawn(app)
        assert asks(app, HEAL)
        read_it(app)
        await pilot.press("tab")
        await settled(pilot)
        assert TOO_SOON not in drawn(app)
    assert monitor_of(app).orders == []


async def test_what_does_not_fit_is_scrolled_by_keys() -> None:
    app = app_on(CRITICAL)
    async with run(app, (44, 10)) as pilot:
        dialog = await put(pilot, app, EMERGENCY_STOP)
        assert "PgDn" in str(dialog.query_one("#box").border_subtitle)
        box = dialog.query_one("#content")
        await pilot.press("pagedown", "pagedown", "pagedown")
        await settled(pilot)
        assert box.scroll_y == box.max_scroll_y > 0
        await pilot.press("pageup", "pageup", "pageup", "pageup")
        await settled(pilot)
        assert box.scroll_y == 0
        assert dialog.query_one("#heading", Static).region.y >= 0
