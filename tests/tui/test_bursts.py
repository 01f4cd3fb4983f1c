"""Keys that come in one read of the terminal: what follows a key goes where that key has led."""

import pytest
from textual import events
from textual.keys import _character_to_key
from textual.widgets import Button, Input

from core.actions.emergency_stop import EMERGENCY_STOP
from core.domain.alert_view import AlertView
from tests.running import ONE_SHAPE, Command, Running
from tests.tui.drawn import app_on, asks, drawn, read_it, run, settled
from tests.tui.hand import Open, opened
from tests.tui.pictures import WARNING
from tests.tui.well import changed
from tui.app.app import WatchdeskApp
from tui.dialogs import ActionDialog, ChoiceDialog
from tui.dialogs.frame import Frame
from tui.dialogs.question import TOO_SOON

__all__ = ["opened"]


def burst(app: WatchdeskApp, *keys: str) -> None:
    """All keys at once, as one read of the terminal posts them."""
    for key in keys:
        one = len(key) == 1
        app.post_message(events.Key(_character_to_key(key) if one else key, key if one else None))


def values(app: WatchdeskApp) -> dict[str | None, str]:
    return {field.id: field.value for field in app.screen.query(Input)}


@pytest.mark.parametrize("move", ["tab", "enter", "down"])
async def test_text_after_a_key_that_moves_the_focus_goes_to_the_next_field(move: str) -> None:
    app = app_on(WARNING)
    async with run(app, (80, 24)) as pilot:
        await pilot.press("ctrl+e")
        await settled(pilot, lambda: asks(app, EMERGENCY_STOP))
        read_it(app)
        app.screen.set_focus(app.screen.query_one("#reason", Input))
        burst(app, *"why it is", move, *"STOP", "shift+tab", *" so")
        await settled(pilot, lambda: values(app)["reason"].endswith("so"))
        assert values(app) == {"reason": "why it is so", "word": "STOP"}


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        ("why", "why"),
        (["end", *" now"], "most tasks: fail now"),
        (["left", "X"], "Xmost tasks: fail"),
        (["backspace", "X"], "most tasks: faiX"),
        (["ctrl+w", "X"], "most tasks: X"),
        (["end", "shift+home", "backspace", "X"], "X"),
        (["home", "shift+end", "backspace", "X"], "X"),
        (["tab", *"STOP", "shift+tab", *"why"], "why"),
        ([*"why", "backspace", "o"], "who"),
    ],
)
@pytest.mark.parametrize("at_once", [True, False])
async def test_what_is_typed_replaces_a_reason_that_was_filled_in_and_other_keys_edit_it(
    keys: list[str], reason: str, at_once: bool
) -> None:
    alarm = AlertView(
        key="x", rule="x", subject="", severity="critical", state="firing", title="most tasks", text="fail"
    )
    app = app_on(changed(WARNING, alerts=(alarm,)))
    async with run(app, (80, 24)) as pilot:
        await pilot.press("ctrl+e")
        await settled(pilot, lambda: asks(app, EMERGENCY_STOP))
        read_it(app)
        assert values(app)["reason"] == "most tasks: fail"
        app.screen.set_focus(app.screen.query_one("#reason", Input))
        if at_once:
            burst(app, *keys)
        else:
            await pilot.press(*keys)
        await settled(pilot, lambda: values(app)["reason"] == reason)
        assert values(app)["reason"] == reason


async def test_text_after_a_tab_from_a_button_goes_to_the_field() -> None:
    app = app_on(WARNING)
    async with run(app, (80, 24)) as pilot:
        await pilot.press("ctrl+e")
        await settled(pilot, lambda: asks(app, EMERGENCY_STOP))
        read_it(app)
        assert isinstance(app.screen.focused, Button)
        burst(app, "shift+tab", *"STOP", "shift+tab", *"why")
        await settled(pilot, lambda: values(app)["word"] == "STOP")
        assert values(app) == {"reason": "why", "word": "STOP"}


async def test_keys_count_by_when_they_were_pressed_not_by_when_they_are_taken_up() -> None:
    app = app_on(WARNING)
    async with run(app, (80, 24)) as pilot:
        await pilot.press("ctrl+e")
        await settled(pilot, lambda: asks(app, EMERGENCY_STOP))
        read_it(app)
        early = events.Key("tab", None)
        early.time -= 60.0  # on a machine that was busy since
        app.post_message(early)
        await settled(pilot)
        assert TOO_SOON in drawn(app)
        assert isinstance(app.screen.focused, Button)
        burst(app, "shift+tab", *"STOP")
        await settled(pilot, lambda: values(app)["word"] == "STOP")


async def test_a_question_can_be_read_from_when_it_is_drawn_not_from_when_it_is_put() -> None:
    app = app_on(WARNING)
    async with run(app, (80, 24)) as pilot:
        dialog = ActionDialog(app.monitor, EMERGENCY_STOP)
        app.put(dialog)
        read_it(app)  # it took long to draw it
        await settled(pilot, lambda: asks(app, EMERGENCY_STOP) and dialog.query_one(Frame).is_drawn)
        await pilot.press("tab")
        await settled(pilot)
        assert TOO_SOON in drawn(app)
        read_it(app)
        await pilot.press("tab")
        await settled(pilot)
        assert TOO_SOON not in drawn(app)


async def test_what_is_pasted_typed_and_taken_back_keeps_its_order() -> None:
    app = app_on(WARNING)
    async with run(app, (80, 24)) as pilot:
        await pilot.press("ctrl+e")
        await settled(pilot, lambda: asks(app, EMERGENCY_STOP))
        read_it(app)
        app.screen.set_focus(app.screen.query_one("#reason", Input))
        burst(app, *"ab", "left")
        app.post_message(events.Paste("12"))
        burst(app, *"x", "backspace", "delete", *"c", "tab")
        app.post_message(events.Paste("STOP"))
        await settled(pilot, lambda: values(app)["word"] == "STOP")
        assert values(app) == {"reason": "a12c", "word": "STOP"}


async def test_what_follows_the_end_of_a_filter_goes_to_the_list() -> None:
    app = app_on(WARNING)
    async with run(app, (80, 24)) as pilot:
        await pilot.press("l")
        await settled(pilot)
        burst(app, "slash", *"watchdog", "enter", "slash", *"never", "escape", "a")
        await settled(pilot, lambda: isinstance(app.screen, ChoiceDialog))
        text = drawn(app)
    assert "filter: watchdog" in text
    assert "Acknowledge which alert?" in text


@ONE_SHAPE
def test_a_stop_that_comes_in_one_read_is_carried_out_with_its_reason(
    sandbox: Running, command: Command, opened: Open
) -> None:
    sandbox.sql("INSERT INTO autonomous_tasks (description, status) VALUES ('waits', 'pending')")
    hand = opened(command, sandbox, size=(100, 30))
    hand.await_text("LIVE")
    hand.press("\x05")
    hand.await_text("rejects 1 pending task")
    hand.read(0.5)
    hand.press("\x1b[Z\x1b[Zall is wrong\tSTOP\t\t\r")
    hand.await_text("stopped (read back); 1 task rejected")
    stopped = "SELECT emergency_stop, emergency_stop_reason FROM autonomous_system_config"
    assert sandbox.sql(stopped) == [(True, "all is wrong")]


@ONE_SHAPE  # each key that moves on: `test_text_after_a_key_that_moves_the_focus_goes_to_the_next_field`
def test_a_silence_that_comes_in_one_read_has_its_time_and_its_reason(
    sandbox: Running, command: Command, opened: Open
) -> None:
    hand = opened(command, sandbox, size=(100, 30))
    hand.await_text("LIVE")
    hand.press("z")
    hand.await_text("all alerts (maintenance)")
    hand.read(0.5)
    hand.press("\x1b[B" * 9 + "\r")
    hand.await_text("*: no notifications")
    hand.read(0.5)
    hand.press("\x1b[Z\x1b[Z\x1b[Z\x1530min\t\tnew disks")
    hand.await_text("for 30 min")
    text = hand.await_text("new disks")
    assert "30minnew" not in text
