"""The dashboard on a real monitor and a real sandbox: live, offline, orders, sizes, hostile text."""

import asyncio
import itertools
import socket
from pathlib import Path

from textual.widgets import Button, Input, OptionList, Static

from core.actions.breakers import HOLD_BREAKER
from core.actions.dry_run import DRY_RUN_ON
from core.actions.emergency_stop import EMERGENCY_STOP
from core.actions.heal import HEAL
from core.actions.resume import RESUME
from core.backend.target import Target
from core.monitor import Config, Monitor, Places
from core.resilience import BreakerRules
from core.services.config import RefreshRules
from tests.clock import FakeClock
from tests.running import ONE_SHAPE, Running
from tests.tui.drawn import asks, drawn, text_of
from tests.until import until
from tui.app.app import WatchdeskApp
from tui.dialogs import (
    ActionDialog,
    ChoiceDialog,
    HelpDialog,
    Question,
    QuitDialog,
)
from tui.dialogs.dialog import REPLAN_S
from tui.dialogs.frame import Frame
from tui.panels import Panel
from tui.rendering.text import plain

SIZES = [(200, 50), (140, 40), (80, 24), (60, 15), (30, 5), (1, 1)]
HOSTILE = "\x1b]52;c;ZXZpbA==\x07 \x1b[2J \x9b31m \u202e [@click=app.bell]x[/] [/ \ud800".encode(
    "utf-8", "replace"
).decode()


def app_on(sandbox: Running, cache: Path, **more: object) -> WatchdeskApp:
    config = Config(
        target=Target(name="probe", url=sandbox.url, key=sandbox.service_key, function_key=sandbox.function_key),
        refresh=RefreshRules(period_s=0.3, slow_period_s=30),
        breaker=BreakerRules(open_s=1),
        **more,  # type: ignore[arg-type]  # passed on as they are
    )
    return WatchdeskApp(Monitor(config, places=Places.within(cache)))


def shown(app: WatchdeskApp) -> str:
    """Everything the panels have drawn."""
    panels = app.screen_stack[0].query(Panel)
    return "\n".join(plain(line) for panel in panels for line in panel._drawn)


async def test_panels_are_live(sandbox: Running, tmp_path: Path) -> None:
    sandbox.stuck(2)
    sandbox.completed(7)
    app = app_on(sandbox, tmp_path)
    async with app.run_test(size=(140, 40)):
        await until(lambda: "LIVE" in shown(app) and "2 of 2 running" in shown(app), "live panels")
        text = shown(app)
        for word in ("WARNING", "probe", "7 completed", "2 in progress", "STUCK", "100.0 %", "data live"):
            assert word in text
        assert "auto-heal off: autonomous mode is off, and 1 more" in text


@ONE_SHAPE
async def test_a_killed_database_leaves_the_panels_and_comes_back(sandbox: Running, tmp_path: Path) -> None:
    sandbox.completed(7)
    app = app_on(sandbox, tmp_path)
    async with app.run_test(size=(140, 40)):
        await until(lambda: "LIVE" in shown(app) and "7 completed" in shown(app), "live panels")
        await asyncio.to_thread(sandbox.fault, "database_down", True)
        try:
            await until(lambda: "OFFLINE since" in shown(app), "OFFLINE")
            assert "7 completed" in shown(app)
            await until(lambda: "last known" in shown(app), "what was known")
        finally:
            await asyncio.to_thread(sandbox.fault, "database_down", False)
        await until(lambda: "LIVE" in shown(app) and "OFFLINE" not in shown(app), "LIVE again by itself")
        await until(lambda: "data live" in shown(app), "everything live again")


@ONE_SHAPE
async def test_a_second_start_with_the_database_down_shows_last_known_data(sandbox: Running, tmp_path: Path) -> None:
    sandbox.completed(7)
    app = app_on(sandbox, tmp_path)
    async with app.run_test(size=(140, 40)):
        await until(lambda: "7 completed" in shown(app), "live panels")
    await asyncio.to_thread(sandbox.fault, "database_down", True)
    try:
        app = app_on(sandbox, tmp_path)
        assert app.monitor.snapshot.tasks.counts.value is not None  # before anything was asked
        async with app.run_test(size=(140, 40)) as pilot:
            await until(lambda: "OFFLINE" in shown(app), "OFFLINE")
            assert "7 completed" in shown(app)
            await asyncio.to_thread(sandbox.fault, "database_down", False)
            await pilot.press("c")
            await until(lambda: "LIVE" in shown(app) and "OFFLINE" not in shown(app), "LIVE at once with c", 20)
    finally:
        await asyncio.to_thread(sandbox.fault, "database_down", False)


async def test_never_read_is_a_dash_and_never_a_default(tmp_path: Path) -> None:
    config = Config(target=Target(name="nobody", url="http://127.0.0.1:9", key="sb_secret_x"))
    app = WatchdeskApp(Monitor(config, places=Places.within(tmp_path)))
    async with app.run_test(size=(140, 40)):
        await until(lambda: "OFFLINE" in shown(app), "OFFLINE")
        text = shown(app)
        assert "UNKNOWN" in text
        assert "— pending" in text
        assert "success 24 h —" in text
        assert "100.0 %" not in text
        assert "dry-run" not in text.splitlines()[1]


@ONE_SHAPE
async def test_every_size_draws_and_resizing_never_crashes(sandbox: Running, tmp_path: Path) -> None:
    app = app_on(sandbox, tmp_path)
    async with app.run_test(size=(1, 1)) as pilot:
        for width, height in (*itertools.chain.from_iterable(itertools.combinations(SIZES, 2)), SIZES[0]):
            # From each size to each other, once.
            await pilot.resize_terminal(width, height)
            if width >= 30:
                await until(lambda: "LIVE" in shown(app), "the state in every size")
    for size in ((1, 1), (30, 5)):  # it may begin there
        async with app_on(sandbox, tmp_path).run_test(size=size) as pilot:
            await pilot.pause()


@ONE_SHAPE
async def test_hostile_text_stays_text(sandbox: Running, tmp_path: Path) -> None:
    text = HOSTILE.replace("\x00", "")
    sandbox.sql(
        "INSERT INTO autonomous_tasks (description, error_message, status) VALUES (%s, %s, 'failed')", text, text
    )
    sandbox.sql("UPDATE autonomous_system_config SET emergency_stop_reason = %s, emergency_stop = true", text)
    app = app_on(sandbox, tmp_path)
    async with app.run_test(size=(200, 50)) as pilot:
        await until(lambda: "1 failed" in shown(app), "the row")
        await pilot.press("u")
        await until(lambda: asks(app, RESUME), "the dialog")
        drawn = shown(app) + app.export_screenshot()
    assert not any((ord(char) < 32 and char != "\n") or 0x7F <= ord(char) <= 0x9F for char in drawn)


@ONE_SHAPE
async def test_what_was_typed_to_lift_a_fresh_stop_stays(sandbox: Running, tmp_path: Path) -> None:
    app = app_on(sandbox, tmp_path)
    app.clock = FakeClock()
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: "LIVE" in shown(app), "live")
        await app.monitor.run(EMERGENCY_STOP, reason="by mistake", hours=1)
        await pilot.press("u")
        await until(lambda: "by mistake" in said(app), "what stands")
        app.clock.advance(1)
        app.screen.query_one("#word", Input).value = app.monitor.snapshot.project.name
        await pilot.pause(2 * REPLAN_S + 0.5)
        assert "changed while you were looking" not in said(app)
        assert app.screen.ready()  # type: ignore[attr-defined]  # the dialog's


@ONE_SHAPE
async def test_heal_by_key_shows_the_plan_and_does_it(sandbox: Running, tmp_path: Path) -> None:
    sandbox.stuck(3)
    clock = FakeClock()
    app = app_on(sandbox, tmp_path)
    app.clock = clock
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: "LIVE" in shown(app), "live")
        await pilot.press("h")
        assert asks(app, HEAL)
        assert app.focused is app.screen.query_one("#cancel", Button)
        await pilot.press("enter")  # typed ahead: swallowed, and it would only have been Cancel
        await until(lambda: not app.screen.query_one("#act", Button).disabled, "the plan")
        assert "3 tasks" in app.screen._text
        clock.advance(0.31)
        await pilot.pause()  # the plan moves the button to its place
        assert await pilot.click("#act")
        await until(lambda: "verified" in str(app.screen.query_one("#outcome", Static).content), "the outcome")
        await pilot.press("escape")
    assert sandbox.sql("SELECT DISTINCT status FROM autonomous_tasks") == [("failed",)]


@ONE_SHAPE
async def test_escape_backs_out_of_everything_and_help_names_every_key(sandbox: Running, tmp_path: Path) -> None:
    app = app_on(sandbox, tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        for key, dialog in (
            ("h", ActionDialog),
            ("ctrl+e", ActionDialog),
            ("u", ActionDialog),
            ("question_mark", HelpDialog),
            ("r", ChoiceDialog),
        ):
            await pilot.press(key)
            await until(lambda dialog=dialog: isinstance(app.screen, dialog), key)
            await asyncio.sleep(0.05)
            await pilot.press("escape")
            assert app.screen is app.screen_stack[0]


@ONE_SHAPE
async def test_stop_wants_a_reason_and_the_word(sandbox: Running, tmp_path: Path) -> None:
    sandbox.sql("INSERT INTO autonomous_tasks (description) VALUES ('waits')")
    app = app_on(sandbox, tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: "LIVE" in shown(app), "live")
        await pilot.press("ctrl+e")
        dialog = app.screen
        await until(lambda: "1 pending task" in dialog._text, "the plan")  # type: ignore[attr-defined]  # a dialog
        act = dialog.query_one("#act", Button)
        for reason, word, allowed in (
            ("", "STOP", False),
            ("   ", "STOP", False),
            ("STOP", "", False),
            ("fire", "stop", False),
            ("fire", "STOP ", False),
            ("fire", "STOP", True),
        ):
            dialog.query_one("#reason", Input).value = reason
            dialog.query_one("#word", Input).value = word
            await pilot.pause()
            assert act.disabled is not allowed
        await until_read(app)
        act.press()
        await until(lambda: "stopped (read back)" in str(dialog.query_one("#outcome", Static).content), "the outcome")
        await pilot.press("escape")
        await until(lambda: "STOPPED" in shown(app), "the state word")
    assert sandbox.sql("SELECT emergency_stop FROM autonomous_system_config") == [(True,)]
    assert sandbox.sql("SELECT status FROM autonomous_tasks") == [("rejected",)]


@ONE_SHAPE
async def test_observing_refuses_every_order_and_writes_nothing(sandbox: Running, tmp_path: Path) -> None:
    sandbox.stuck(1)
    app = app_on(sandbox, tmp_path, observe=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: "observing" in shown(app), "the mode")
        for key in ("h", "ctrl+e", "u", "d", "p"):
            await pilot.press(key)
            await until(lambda: isinstance(app.screen, ActionDialog) and "--observe" in said(app), "asked to lift it")
            await pilot.press("escape")
            assert len(app.screen_stack) == 1
        await pilot.press("c")
        await pilot.pause(0.5)
    assert sandbox.sql("SELECT count(*) FROM autonomous_execution_logs") == [(0,)]
    assert sandbox.sql("SELECT status FROM autonomous_tasks") == [("in_progress",)]


@ONE_SHAPE
async def test_observing_is_lifted_for_orders_by_typing_the_projects_name_and_comes_back(
    sandbox: Running, tmp_path: Path
) -> None:
    sandbox.stuck(1)
    app = app_on(sandbox, tmp_path, observe=True)
    async with app.run_test(size=(140, 40)) as pilot:
        await until(lambda: "observing" in shown(app) and "LIVE" in shown(app), "the mode")
        await pilot.press("h")
        await until(lambda: isinstance(app.screen, ActionDialog) and "--observe" in said(app), "asked to lift it")
        await until_read(app)
        act = app.screen.query_one("#act", Button)
        assert act.disabled
        await pilot.press("shift+tab", *"probe")
        await until(lambda: not act.disabled, "the name is typed")
        await pilot.press("tab", "tab", "enter")
        await until(lambda: "allowed for 15 minutes" in said(app), "lifted")
        await pilot.press("escape", "h")
        await until(lambda: asks(app, HEAL), "heal is allowed")
        await pilot.press("escape")
        assert "actions allowed for" in shown(app)
        assert not app.monitor.snapshot.may_act.allowed
        app.monitor._parts.read_only._until = 0.0  # type: ignore[attr-defined]  # fifteen minutes later
        await pilot.press("h")
        await until(lambda: isinstance(app.screen, ActionDialog), "it becomes read-only again")
    written = sandbox.sql("SELECT DISTINCT input_data->>'order' FROM autonomous_execution_logs")
    assert written == [("lift_observe",)]  # its own audit and nothing else


@ONE_SHAPE
async def test_backing_out_of_a_dialog_does_not_break_off_its_order(sandbox: Running, tmp_path: Path) -> None:
    sandbox.sql("INSERT INTO autonomous_tasks (description) SELECT 'p' || i FROM generate_series(1, 300) AS i")
    app = app_on(sandbox, tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: "LIVE" in shown(app), "live")
        await pilot.press("ctrl+e")
        dialog = app.screen
        await until(lambda: "300 pending" in dialog._text, "the plan")  # type: ignore[attr-defined]  # a dialog
        dialog.query_one("#reason", Input).value = "fire"
        dialog.query_one("#word", Input).value = "STOP"
        await pilot.pause()
        await until_read(app)
        dialog.query_one("#act", Button).press()
        await until(lambda: dialog._busy, "under way")  # type: ignore[attr-defined]  # a dialog
        await pilot.press("escape")
        events = lambda: (" ").join(event.text for event in app.monitor.snapshot.events)  # noqa: E731 - asked twice, named once
        await until(lambda: "300 tasks rejected" in events(), "told in the events")
    assert sandbox.sql("SELECT DISTINCT status FROM autonomous_tasks") == [("rejected",)]


@ONE_SHAPE
async def test_after_a_heal_the_checks_say_so_at_once(sandbox: Running, tmp_path: Path) -> None:
    sandbox.stuck(2)
    app = app_on(sandbox, tmp_path)
    async with app.run_test(size=(140, 40)) as pilot:
        await until(lambda: "2 of 2 running" in shown(app), "the stuck ones")
        assert "STUCK" in shown(app)
        await pilot.press("c")  # its notification must not lie on the dialog
        await pilot.press("h")
        await until(lambda: asks(app, HEAL) and "2 tasks" in said(app), "the plan")
        assert not list(app.screen.query("Toast"))
        await until_read(app)
        await pilot.press("tab", "enter")
        await until(lambda: "verified: 2 changed" in said(app), "the result")
        await pilot.press("escape")
        await until(lambda: "none of 0 running" in shown(app), "a new check")
        assert "STUCK" not in shown(app)


async def until_read(app: WatchdeskApp) -> None:
    """The dialog on top was on the screen for long enough to be read: keys count."""
    top = app.screen
    assert isinstance(top, Question)
    await until(lambda: top.query_one(Frame).is_drawn and not top.fresh(), "read")


def said(app: WatchdeskApp) -> str:
    """Everything the dialog on top says."""
    return "\n".join(str(static.render()) for static in app.screen.query(Static))


@ONE_SHAPE
async def test_a_breaker_is_held_and_released_by_keys(sandbox: Running, tmp_path: Path) -> None:
    app = app_on(sandbox, tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: "LIVE" in shown(app) and len(app.monitor.snapshot.breakers) > 9, "live, with breakers")
        await pilot.press("r")
        await until(lambda: isinstance(app.screen, ChoiceDialog), "the breakers")
        assert "nothing to reset" in str(app.screen.query_one(OptionList).get_option_at_index(1).prompt)
        await until_read(app)
        await pilot.press("down", "enter")
        await until(lambda: len(app.screen.query(OptionList)) == 1 and options(app) > 5, "which one")
        await until_read(app)
        key = str(app.screen.query_one(OptionList).get_option_at_index(1).prompt)
        await pilot.press("down", "enter")
        await until(lambda: asks(app, HOLD_BREAKER) and "is closed" in said(app), "the dialog")
        await until_read(app)
        await pilot.press("shift+tab", *"repair", "tab", "tab", "enter")
        await until(lambda: f"{key} held open: repair" in said(app), "held")
        await pilot.press("escape", "r")
        await until(lambda: isinstance(app.screen, ChoiceDialog), "the breakers again")
        assert f"release {key}" in str(app.screen.query_one(OptionList).get_option_at_index(1).prompt)
        await until_read(app)
        await pilot.press("down", "enter")
        await until(lambda: any(f"{key} released" in e.text for e in app.monitor.snapshot.events), "released")


def options(app: WatchdeskApp) -> int:
    """How many entries the list on top has."""
    return app.screen.query_one(OptionList).option_count


@ONE_SHAPE
async def test_dry_run_is_turned_off_with_the_projects_name_and_on_without(sandbox: Running, tmp_path: Path) -> None:
    app = app_on(sandbox, tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: "LIVE" in shown(app), "live")
        await pilot.press("d")
        await until(lambda: asks(app, DRY_RUN_ON) and "Dry-run is on" in said(app), "the dialog")
        await until_read(app)
        act = app.screen.query_one("#act", Button)
        assert (act.disabled, str(act.label)) == (True, "Turn off")
        await pilot.press("shift+tab", *"probe")
        await until(lambda: not act.disabled, "the name is typed")
        await pilot.press("tab", "tab", "enter")
        await until(lambda: "dry-run is off (read back)" in said(app), "off")
        assert str(app.screen.query_one("#text", Static).content).startswith("Before: Dry-run is on.")
        await pilot.press("escape", "d")
        await until(lambda: asks(app, DRY_RUN_ON) and "Dry-run is off" in said(app), "the dialog again")
        await until_read(app)
        await pilot.press("tab", "enter")
        await until(lambda: "dry-run is on (read back)" in said(app), "on")
    assert sandbox.sql("SELECT dry_run_mode FROM autonomous_system_config") == [(True,)]


@ONE_SHAPE
async def test_pending_tasks_are_run_on_order(sandbox: Running, tmp_path: Path) -> None:
    before = sandbox.functions()
    sandbox.sql("INSERT INTO autonomous_tasks (description) VALUES ('waits')")
    app = app_on(sandbox, tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: "LIVE" in shown(app), "live")
        await pilot.press("p")
        await until(lambda: isinstance(app.screen, ActionDialog) and "1 task pending" in said(app), "the dialog")
        await until_read(app)
        await pilot.press("tab", "enter")
        await until(lambda: "function answered" in said(app), "run")
    assert sandbox.functions() != before


@ONE_SHAPE
async def test_a_heal_is_undone_and_a_failed_task_retried_by_keys(sandbox: Running, tmp_path: Path) -> None:
    sandbox.stuck(2)
    app = app_on(sandbox, tmp_path)
    async with app.run_test(size=(140, 40)) as pilot:
        await until(lambda: "2 of 2 running" in shown(app), "live")
        await pilot.press("h")
        await until(lambda: asks(app, HEAL) and "2 tasks as failed" in said(app), "the plan")
        await until_read(app)
        await pilot.press("tab", "enter")
        await until(lambda: "2 changed" in said(app), "healed")
        await pilot.press("escape")
        await until(lambda: any(e.order == "heal" for e in app.monitor.snapshot.logs.value or ()), "its row is seen")
        await until(lambda: "2 failed" in shown(app), "failed")
        await pilot.press("o")
        await until(lambda: isinstance(app.screen, ChoiceDialog), "the list")
        entries = [str(app.screen.query_one(OptionList).get_option_at_index(i).prompt) for i in range(options(app))]
        assert [entry.split(":")[0] for entry in entries] == ["Cancel", "undo", "retry", "retry", "undo an older heal"]
        await until_read(app)
        await pilot.press("down", "down", "enter")
        await until(lambda: isinstance(app.screen, ActionDialog) and "watchdesk:stuck" in said(app), "retry asks")
        await until_read(app)
        await pilot.press("tab", "enter")
        await until(lambda: "is pending (read back)" in said(app), "retried")
        await pilot.press("escape", "o")
        await until(lambda: isinstance(app.screen, ChoiceDialog), "the list again")
        await until_read(app)
        await pilot.press("down", "enter")
        await until(lambda: "1 task back to in progress" in said(app), "undo asks")
        await until_read(app)
        await pilot.press("tab", "enter")
        await until(lambda: "1 of 1 task back" in said(app), "undone")
    rows = sandbox.sql("SELECT status, error_message, completed_at FROM autonomous_tasks ORDER BY status")
    assert rows == [("in_progress", None, None), ("pending", None, None)]


async def test_a_task_in_full_says_what_its_project_has_of_safety_checks(sandbox: Running, tmp_path: Path) -> None:
    sandbox.stuck(1)
    app = app_on(sandbox, tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: "LIVE" in shown(app), "live")
        await pilot.press("t")
        await until(lambda: "Tasks 1/1" in text_of(drawn(app)), "the list")
        await pilot.press("enter")
        deployed = sandbox.shape == "deployed"
        words = "none of this task" if deployed else "the safety checks of this project belong to no task"
        await until(lambda: f"{words} " in text_of(drawn(app)), words)
        assert "leave task:" not in text_of(drawn(app))


async def test_a_stop_without_a_project_waits_and_is_withdrawn_and_quitting_asks(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        config = Config(
            target=Target(name="probe", url=f"http://127.0.0.1:{taken.getsockname()[1]}", key="sb_secret_x"),
            refresh=RefreshRules(period_s=0.3),
        )
        app = WatchdeskApp(Monitor(config, places=Places.within(tmp_path)))
        async with app.run_test(size=(100, 30)) as pilot:
            await until(lambda: "OFFLINE" in shown(app), "offline")
            await pilot.press("ctrl+e")
            await until(lambda: "kept on this machine" in said(app), "the dialog")
            await until_read(app)
            await pilot.press("shift+tab", *"STOP", "shift+tab", *"fire", "tab", "tab", "tab", "enter")
            await until(lambda: "waiting: NOT stopped" in said(app), "kept")
            await pilot.press("escape")
            await until(lambda: "NOT carried out yet" in shown(app), "the notice")
            await pilot.press("q")
            await until(lambda: isinstance(app.screen, QuitDialog), "asked")
            await pilot.press("escape", "o")
            await until(lambda: isinstance(app.screen, ChoiceDialog), "the list")
            await until_read(app)
            await pilot.press("down", "enter")
            await until(lambda: isinstance(app.screen, ActionDialog) and "fire" in said(app), "withdraw asks")
            await until_read(app)
            await pilot.press("tab", "enter")
            await until(lambda: "withdrawn: emergency stop" in said(app), "withdrawn")
            await pilot.press("escape")
            await until(lambda: not app.monitor.snapshot.waiting, "nothing waits")


@ONE_SHAPE
async def test_the_watchdogs_loop_is_restarted_by_key(sandbox: Running, tmp_path: Path) -> None:
    app = app_on(sandbox, tmp_path)
    async with app.run_test(size=(100, 30)) as pilot:
        await until(lambda: app.monitor.snapshot.ready, "ready")
        checked = app.monitor.snapshot.health.last_at
        await pilot.press("w")
        await until(lambda: app.monitor.snapshot.health.last_at != checked, "it looked at once")
        assert any("the watchdog's loop was restarted" in event.text for event in app.monitor.snapshot.events)
