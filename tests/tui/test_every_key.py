"""Every key on every kind of screen does what its word says, gives no order that wants a yes, and can be moved."""

import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace
from textual.command import CommandPalette
from textual.events import MouseScrollDown, MouseScrollUp
from textual.pilot import Pilot
from textual.screen import ModalScreen
from textual.widgets import Button, Input, OptionList

from core.actions.approve import APPROVE
from core.actions.cancel import CANCEL
from core.actions.catalogue import ACTIONS
from core.actions.dry_run import DRY_RUN_ON
from core.actions.emergency_stop import EMERGENCY_STOP
from core.actions.heal import HEAL
from core.actions.reject import REJECT
from core.actions.resume import RESUME
from core.actions.retry_matching import RETRY_MATCHING
from core.actions.run_pending import RUN_PENDING
from core.actions.safety_check import NO_SETTINGS
from core.base.settings import Layers, SettingsError
from core.domain.actions import Action, Tier
from core.domain.alerts import Silence
from core.domain.figures import FigureBy
from core.domain.pauses import Pause
from core.domain.plans import ResumePlan
from core.domain.snapshot import Snapshot
from core.domain.sorting import YOUNGEST
from core.history.trends import CUTS, Window, grid
from tests.tui.drawn import app_on, asks, drawn, monitor_of, read_it, run, settled, text_of
from tests.tui.pictures import OBSERVING, STATES, WARNING
from tests.tui.recorded_box import LIVE, written
from tests.tui.rows import RECORDS, SETTINGS, name_of
from tests.tui.still import StillFaults
from tests.until import PATIENCE_S
from tui.app.app import WatchdeskApp
from tui.base.key import Key
from tui.dialogs import (
    ChoiceDialog,
    CommandPrompt,
    Dialog,
    HelpDialog,
    JumpDialog,
    NoteDialog,
    QuitDialog,
)
from tui.lists import LISTS
from tui.panels import KeyLine
from tui.panels.plot import PlotPanel
from tui.panels.row_list import RowList
from tui.rendering.text import plain
from tui.screens.dashboard import Dashboard
from tui.screens.document_view import DocumentView
from tui.screens.figures_view import FiguresView
from tui.screens.keys import ALL_KEYS, GLOBAL_KEYS, MENU_ONLY, key_settings
from tui.screens.list_view import ListView
from tui.screens.page_view import PageView
from tui.screens.served_view import ServedView
from tui.screens.trends_view import TrendsView
from tui.screens.view import View
from tui.screens.wall import Wall

pytestmark = pytest.mark.usefixtures("utc")

SIZE = (80, 24)
KINDS = ("dashboard", "list", "served", "document", "trends", "figures")


async def until(pilot: Pilot[None], condition: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, f"{what}\n{drawn(pilot.app)}"
        await pilot.pause()


async def go_to(pilot: Pilot[None], app: WatchdeskApp, kind: str) -> View:
    """A fresh screen of that kind, on the dashboard; nothing else is open."""
    while len(app.screen_stack) > 1:
        app.pop_screen()
    await pilot.pause()
    if kind in {"list", "served"}:
        await app.visit("checks" if kind == "list" else "tasks")
        await until(pilot, lambda: there(app) is not None, "rows")
    if kind == "document":
        app.open_row("tasks", name_of(5))
        await until(pilot, lambda: isinstance(view := app.screen, DocumentView) and bool(view._document), "the row")
    if kind == "trends":
        app.action_trends()
        await pilot.pause()
        await pilot.press("greater_than_sign")  # to the middle one, whence both ways are open
        await until(pilot, lambda: trends(app).window is Window.WEEK, "a week")
    if kind == "figures":
        app.action_figures()
        await until(pilot, lambda: isinstance(view := app.screen, FiguresView) and view.list.cursor is not None, "rows")
    assert isinstance(app.screen, View)
    return app.screen


def there(app: WatchdeskApp) -> object:
    """The row the cursor is on."""
    return app.screen.list.cursor if isinstance(app.screen, ListView) else None


def trends(app: WatchdeskApp) -> TrendsView:
    """The trends, which are on top."""
    assert isinstance(app.screen, TrendsView)
    return app.screen


def over_time(app: WatchdeskApp) -> TrendsView | FiguresView:
    """The trends or the figures, which are on top."""
    assert isinstance(app.screen, TrendsView | FiguresView)
    return app.screen


def cursor_at(app: WatchdeskApp) -> int | None:
    """The bucket that the trends' cursor is on: 0 the first, -1 the last."""
    view = trends(app)
    cut = CUTS[view.window]
    begins = grid(cut.length, cut.bucket, monitor_of(app).snapshot.at).begins
    return {begins[0]: 0, begins[-1]: -1}.get(view.cursor) if view.cursor is not None else None


def shows_another(view: object) -> bool:
    """The first plot alone, or figures by something else than the day."""
    if isinstance(view, FiguresView):
        return view.listed.by is FigureBy.WEEK
    assert isinstance(view, TrendsView)
    return [plot.display for plot in view.query(PlotPanel)] == [True, False, False, False]


def opens(kind: type[ModalScreen[None]] | type[ChoiceDialog], heading: str = "") -> Callable[[WatchdeskApp], bool]:
    return lambda app: isinstance(app.screen, kind) and heading in getattr(app.screen, "_heading", "")


def lists(name: str) -> Callable[[WatchdeskApp], bool]:
    return lambda app: isinstance(app.screen, ListView) and name == app.screen.listed.NAME


def types(app: WatchdeskApp) -> bool:
    return isinstance(app.screen, ListView) and app.screen.bar.has_focus


def told(app: WatchdeskApp) -> list[str]:
    return [one.message for one in app._notifications]


def sorted_by(app: WatchdeskApp) -> bool:
    """By another column than the list's own, or in the other direction."""
    sort = app.screen.sort if isinstance(app.screen, ListView) else None
    return sort is not None and sort != YOUNGEST


CHOSEN = {"approve": APPROVE, "reject": REJECT, "cancel": CANCEL}


def chosen(app: WatchdeskApp, action: Action) -> bool:
    """It asks about the task under the cursor; where there is none, it shows those that it could be about."""
    named = "tasks" if action is CANCEL else "inbox"
    return asks(app, action) or lists(named)(app)


DOES: dict[str, Callable[[WatchdeskApp], bool]] = {
    "heal": lambda app: asks(app, HEAL),
    "reset": opens(ChoiceDialog, "Which breaker?"),
    "stop": lambda app: asks(app, EMERGENCY_STOP),
    "resume": lambda app: asks(app, RESUME),
    "dry_run": lambda app: asks(app, DRY_RUN_ON),
    "check": lambda app: monitor_of(app).checked > 0,
    "acknowledge": opens(ChoiceDialog, "Acknowledge which alert?"),
    "silence": opens(ChoiceDialog, "Silence what?"),
    "run": lambda app: asks(app, RUN_PENDING),
    "orders": opens(ChoiceDialog, "Which action or task?"),
    "restart": lambda app: monitor_of(app).restarted > 0,
    **{name: lists(name) for name in LISTS},
    "filter": types,
    "freeze": lambda app: app.frozen,
    **{name: lambda app: app.time.moment is not None for name in ("earlier", "event_before")},
    **{name: lambda app: "already showing the present" in told(app) for name in ("later", "event_after", "now")},
    **{name: lambda app: "the time line is in the past: [ goes there" in told(app) for name in ("zoom_in", "zoom_out")},
    "jump": opens(JumpDialog),
    "report": lambda app: isinstance(app.screen, PageView),
    "projects": lambda app: any("not from here: watchdesk --all" in one for one in told(app)),
    "note": opens(NoteDialog),
    "copy": lambda app: bool(app.clipboard),
    "trends": lambda app: isinstance(app.screen, TrendsView),
    "figures": lambda app: isinstance(app.screen, FiguresView),
    **{name: lambda app: cursor_at(app) == -1 for name in ("cursor_left", "cursor_right", "cursor_last")},
    "cursor_first": lambda app: cursor_at(app) == 0,
    "shorter": lambda app: over_time(app).window is Window.DAY,
    "longer": lambda app: over_time(app).window is Window.MONTH,
    "plot": lambda app: shows_another(app.screen),
    "faults": opens(ChoiceDialog, "Switch which fault"),
    "wall": lambda app: isinstance(app.screen, Wall),
    "prompt": opens(CommandPrompt),
    "help": opens(HelpDialog),
    "palette": lambda app: isinstance(app.screen, CommandPalette),
    "back": lambda app: isinstance(app.screen, Dashboard),
    "retry": lambda app: asks(app, RETRY_MATCHING),
    "group": opens(ChoiceDialog, "Group by what?"),
    "switch": lambda app: NO_SETTINGS in told(app),
    "many": opens(ChoiceDialog, "All of them"),
    **{name: partial(chosen, action=action) for name, action in CHOSEN.items()},
    "sort": sorted_by,
    "turn": sorted_by,
    "times": lambda app: app.times,
    "save": lambda app: monitor_of(app).saved > 0,
    "follow": lambda app: isinstance(app.screen, ServedView) and not app.screen._follows,
}
"""What is so once a key was pressed, on whichever screen."""

OPENS: dict[str, Callable[[WatchdeskApp], bool]] = {
    "list": opens(ChoiceDialog, "database"),
    "figures": opens(ChoiceDialog, "Figures: all"),
    "served": lambda app: isinstance(app.screen, DocumentView),
    "document": opens(ChoiceDialog, "Task "),
}
"""The same of enter, which opens what there is."""


def test_every_key_is_tried() -> None:
    assert {key.name for key in ALL_KEYS} == {*DOES, "open", "quit"}
    own = {
        key.name
        for view in (Dashboard, ListView, ServedView, DocumentView, TrendsView, FiguresView)
        for key in view.OWN_KEYS
    }
    assert {key.name for key in ALL_KEYS} == own | {key.name for key in GLOBAL_KEYS}


def is_pressed_on(kind: str, key: Key) -> bool:
    """A key of one kind on that one, one of all on the dashboard and on another: on the rest it is bound alike."""
    at = [one.name for one in GLOBAL_KEYS].index(key.name) if key in GLOBAL_KEYS else None
    return at is None or kind in {KINDS[0], KINDS[1 + at % (len(KINDS) - 1)]}


@pytest.mark.parametrize("kind", KINDS)
async def test_a_key_does_what_its_word_says_wherever_it_is_shown(kind: str, tmp_path: Path) -> None:
    app = app_on(LIVE, faults=StillFaults(), box=written(tmp_path))
    monitor = monitor_of(app)
    async with run(app, SIZE) as pilot:
        view = await go_to(pilot, app, kind)
        assert {key.name for key in GLOBAL_KEYS} <= {key.name for key in view.keys}
        bound = {pressed: active.binding.action for pressed, active in view.active_bindings.items()}
        for key in view.keys:
            assert {bound[pressed] for pressed in key.key.split(",")} == {key.action}, key.name
        for key in (key for key in view.keys if is_pressed_on(kind, key) and key.name != "quit"):
            does = OPENS.get(kind) if key.name == "open" else DOES[key.name]
            for pressed in key.key.split(",") if does is not None else ():
                await go_to(pilot, app, kind)
                await pilot.press(pressed)
                await until(pilot, partial(does, app), f"{pressed} on the {kind}")
                assert all(ACTIONS[name].tier is Tier.SAFE for name, *_ in monitor.orders)
                app.time.now()
                if app.frozen:
                    app.action_freeze()
                app.clear_notifications()
                monitor.checked = monitor.restarted = monitor.saved = 0
                monitor.asked.clear()
                app.times = False
                app._clipboard = ""


async def test_q_quits_from_everywhere_and_asks_while_an_order_waits() -> None:
    app = app_on(STATES["offline"])
    async with run(app, SIZE) as pilot:
        for kind in KINDS:
            await go_to(pilot, app, kind)
            await pilot.press("q")
            await until(pilot, lambda: isinstance(app.screen, QuitDialog), f"asked on the {kind}")
        await go_to(pilot, app, KINDS[-1])
        monitor_of(app).tell(WARNING)
        await pilot.press("q")
        await until(pilot, lambda: app._exit, "gone")


@pytest.mark.parametrize("kind", ["dashboard", "served"])
async def test_q_names_the_orders_under_way_and_the_way_back_has_the_focus(kind: str) -> None:
    app = app_on(WARNING)
    monitor = monitor_of(app)
    async with run(app, SIZE) as pilot:
        view = await go_to(pilot, app, kind)
        monitor.going = ("heal", "emergency stop by the watchdog")
        await pilot.press("q")
        await until(pilot, lambda: "2 actions are under way" in getattr(app.screen, "_text", ""), "asked")
        quits = app.screen
        assert isinstance(quits, QuitDialog)
        assert "heal, emergency stop by the watchdog; quitting now leaves them half done." in quits._text
        assert app.focused is quits.query_one("#cancel")
        read_it(app)
        await pilot.press("ctrl+q")
        await pilot.pause()
        assert (app.screen, app._exit) == (quits, False)
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is view, "back")
        monitor.going = ("heal",)
        await pilot.press("q")
        await until(pilot, lambda: "1 action is under way: heal; quitting now leaves it" in said(app), "asked again")
        monitor.going = ()
        quits = app.screen
        assert isinstance(quits, QuitDialog)
        quits._look()
        await until(pilot, lambda: "No action is running or waiting any more" in said(app), "over")
        read_it(app)
        await pilot.press("tab", "enter")
        await until(pilot, lambda: app._exit, "gone")


def said(app: WatchdeskApp) -> str:
    """What the dialog on top is about."""
    return getattr(app.screen, "_text", "")


@pytest.mark.parametrize("quits", ["q", "exclamation_mark"])
async def test_ctrl_q_quits_from_nowhere_and_says_which_key_does(quits: str) -> None:
    app = app_on(WARNING, faults=StillFaults(), keymap={"quit": quits})
    key = "q quits" if quits == "q" else "! quits"
    async with run(app, SIZE) as pilot:

        async def says(word: str) -> None:
            app.clear_notifications()
            on_top = app.screen
            await pilot.press("ctrl+q")
            await until(pilot, lambda: told(app) == [word], word)
            assert (app.screen, app._exit) == (on_top, False)

        for kind in KINDS:
            await go_to(pilot, app, kind)
            await says(key)
        for opens in ("h", "ctrl+e", "r", "n", "question_mark", "ctrl+p"):
            await go_to(pilot, app, "dashboard")
            await pilot.press(opens)
            await until(pilot, lambda: isinstance(app.screen, ModalScreen), opens)
            read_it(app)
            await says(f"press escape first, then {key}")
        await go_to(pilot, app, "served")
        await pilot.press("slash")
        await until(pilot, lambda: types(app), "the filter")
        await says(f"press escape first, then {key}")
        await go_to(pilot, app, "dashboard")
        await pilot.press("b")
        await until(pilot, lambda: isinstance(app.screen, Wall), "the wall")
        await says(key)
    assert monitor_of(app).orders == []


async def test_one_alert_is_acknowledged_with_one_key_and_that_is_a_safe_order() -> None:
    app = app_on(STATES["critical"])
    async with run(app, SIZE) as pilot:
        await pilot.press("a")
        await until(pilot, lambda: bool(monitor_of(app).orders), "acknowledged")
    assert monitor_of(app).orders == [("acknowledge", "failure_rate_critical")]
    assert ACTIONS["acknowledge"].tier is Tier.SAFE


@pytest.mark.parametrize("opened_by", ["h", "r", "question_mark"])
async def test_in_a_dialog_no_key_of_the_screen_does_anything(opened_by: str) -> None:
    app = app_on(WARNING, faults=StillFaults())
    async with run(app, SIZE) as pilot:
        await pilot.press(opened_by)
        await until(pilot, lambda: isinstance(app.screen, ModalScreen), "the dialog")
        dialog = app.screen
        own = {"q", "question_mark"} if isinstance(dialog, HelpDialog) else set()
        for pressed in (one for key in ALL_KEYS for one in key.key.split(",") if one not in {"enter", "escape", *own}):
            read_it(app)
            await pilot.press(pressed)
            assert app.screen is dialog, pressed
        assert (monitor_of(app).orders, monitor_of(app).checked, app.frozen) == ([], 0, False)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, Dashboard), "escape always backs out")


@pytest.mark.parametrize("name", ["tasks", "alerts"])
async def test_in_a_filter_keys_are_letters_and_only_the_emergency_stop_is_still_there(name: str) -> None:
    app = app_on(WARNING, faults=StillFaults())
    async with run(app, SIZE) as pilot:
        await app.visit(name)
        await pilot.press("slash")
        await until(pilot, lambda: types(app), "the filter")
        view = app.screen
        assert isinstance(view, ListView)
        letters = [one for key in ALL_KEYS for one in key.key.split(",") if len(one) == 1]
        await pilot.press(*letters, "space", "question_mark")
        assert view.bar.value == "".join(letters) + " ?"
        assert (app.screen, monitor_of(app).orders, monitor_of(app).checked) == (view, [], 0)
        await pilot.press("ctrl+e")
        await until(pilot, lambda: opens(app, EMERGENCY_STOP), "the emergency stop")
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is view, "back in the list")
        await pilot.press("escape")
        await until(pilot, lambda: not view.bar.display, "the filter is left")
        assert app.screen is view


async def test_the_footer_shows_keys_of_this_screen_alone_whole_and_as_they_are() -> None:
    app = app_on(WARNING, keymap={"stop": "ctrl+x", "help": "f1"})
    async with run(app, SIZE) as pilot:
        for kind in KINDS:
            view = await go_to(pilot, app, kind)
            footer = plain(view.query_one(KeyLine)._drawn[0]) + " "
            told = [f" {key.shown(app.appearance.keymap)} {key.word} " for key in view.keys]
            rest = footer
            for one in told:
                rest = rest.replace(one, "", 1)
            assert not rest.strip(), kind
            assert all(word in footer for word in (" ^x STOP ", " f1 help ", " q quit ")), kind


async def test_a_moved_key_is_moved_in_footer_help_and_menu_and_the_old_one_does_nothing() -> None:
    app = app_on(WARNING, keymap={"heal": "f5", "tasks": "m", "sort": "f6"})
    async with run(app, SIZE) as pilot:
        await settled(pilot)
        await pilot.press("h")
        await settled(pilot)
        assert isinstance(app.screen, Dashboard)
        assert " f5 heal " in text_of(drawn(app))
        await pilot.press("f5")
        await until(pilot, lambda: opens(app, HEAL), "healed with the new key")
        await pilot.press("escape", "2")
        await settled(pilot)
        assert isinstance(app.screen, Dashboard)
        await pilot.press("m")
        await until(pilot, lambda: lists("tasks")(app), "the tasks")
        await pilot.press("f6")
        await until(pilot, lambda: DOES["sort"](app), "sorted")
        await pilot.press("question_mark")
        help_text = text_of(await settled(pilot, lambda: isinstance(app.screen, HelpDialog)))
        assert "f6  sort by the next column" in help_text
        told = {command.title: command.help for command in app.get_system_commands(app.screen)}
        assert told["Heal"].endswith("key f5")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"heal": "q"}, "q is quit already"),
        ({"heal": "m", "resume": "m"}, "m is heal already"),
        ({"sort": "h"}, "h is heal already"),
        ({"heal": "j"}, "j moves about in lists"),
        ({"heal": "banana"}, "'banana' is not a key"),
        ({"heal": "ctrl+"}, "is not a key"),
        ({"heel": "x"}, "heel"),
    ],
)
def test_a_key_that_is_taken_or_none_at_all_is_an_error_of_the_settings(given: dict[str, str], says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        key_settings(Layers(file={"keys": given}))


MENU: dict[str, str] = {
    "acknowledge": "acknowledge",
    "silence": "silence",
    "test_message": "test_message",
    "check_now": "check",
    "reset_breaker": "reset",
    "hold_breaker": "hold",
    "release_breaker": "release",
    "restart_watchdog": "restart",
    "withdraw": "orders",
    "lift_observe": "observe_off",
    "confirm_waiting": "orders",
    "end_silence": "silence",
    "heal": "heal",
    "emergency_stop": "stop",
    "lift": "resume",
    "dry_run_on": "dry_run",
    "dry_run_off": "dry_run",
    "run_pending": "run",
    "retry": "orders",
    "retry_matching": "retry_matching",
    "undo": "orders",
    "requeue": "requeue",
    "clean_up": "clean_up",
    **{name: name for name in CHOSEN},
    "requeue_simulated": "requeue_simulated",
    "requeue_tasks": "requeue_tasks",
    "set_priority": "priority",
    "create_task": "create",
    "pause_type": "pause",
    "unpause_type": "unpause",
    "assign": "assign",
    "set_config": "config",
    **{name: name for name in ("enable", "disable", "enable_check", "disable_check")},
}
"""Which entry of the menu leads to an order: by the name of its key."""

PICKS = {
    "reset_breaker": "reset ",
    "silence": "all alerts",
    "withdraw": "withdraw:",
    "confirm_waiting": "confirm:",
    "end_silence": "take back:",
    "undo": "undo:",
    "retry": "retry:",
}
"""How the words of the choice begin that is taken where several are offered; of the others the first."""


def test_every_order_is_in_the_menu() -> None:
    assert set(MENU) == set(ACTIONS)
    assert set(MENU.values()) <= {key.name for key in (*GLOBAL_KEYS, *MENU_ONLY)}


def told_of(order: str) -> Snapshot:
    waits = STATES["offline"]
    asks = msgspec.structs.replace(waits, waiting=tuple(replace(one, asks=True) for one in waits.waiting))
    silence = Silence(
        id="s1", matcher="*", reason="maintenance", who="jana", at=WARNING.at, until=WARNING.at + timedelta(1)
    )
    silenced = replace(WARNING, telling=replace(WARNING.telling, silences=(silence,)))
    settings = replace(WARNING, project=replace(WARNING.project, shape="documented"))
    told = {"lift_observe": OBSERVING, "withdraw": waits, "confirm_waiting": asks, "end_silence": silenced}
    told["unpause_type"] = replace(WARNING, pauses=(Pause(task_type="bug_fix", run="r1", tasks=3),))
    told |= dict.fromkeys(("enable_check", "disable_check"), settings)
    return told.get(order, WARNING)


@pytest.mark.parametrize("order", ACTIONS)
async def test_every_order_is_given_from_the_menu_by_what_its_tier_wants(order: str) -> None:
    on = order == "dry_run_off"
    records = msgspec.structs.replace(RECORDS, mode=msgspec.structs.replace(RECORDS.mode, dry_run=on))
    if order in {"enable_check", "disable_check"}:
        records = msgspec.structs.replace(records, safety=SETTINGS)
    if order == "requeue":
        records = msgspec.structs.replace(records, lift=ResumePlan(standing="", requeueable=3, of="the stop of 03:10"))
    app = app_on(told_of(order), records)
    monitor = monitor_of(app)
    async with run(app, SIZE) as pilot:
        await settled(pilot)
        action = next(key.action for key in (*GLOBAL_KEYS, *MENU_ONLY) if key.name == MENU[order])
        commands = {
            getattr(command.callback, "__defaults__", None): command for command in app.get_system_commands(app.screen)
        }
        await commands[(action,)].callback()  # type: ignore[misc]  # of ours, a coroutine
        asked = 0
        end = time.monotonic() + PATIENCE_S
        while not (monitor.orders or monitor.checked or monitor.restarted) and time.monotonic() < end:
            await pilot.pause()
            asked += await go_on(pilot, app, order)
        done = [name for name, *_ in monitor.orders]
        done += ["check_now"] * monitor.checked + ["restart_watchdog"] * monitor.restarted
        assert done == [order]
        assert (asked > 0) is (ACTIONS[order].tier is not Tier.SAFE)


async def go_on(pilot: Pilot[None], app: WatchdeskApp, order: str) -> bool:
    """Do the next thing that the screen asks for; whether that was a dialog's way on."""
    screen = app.screen
    if isinstance(screen, ChoiceDialog):
        options = screen.query_one(OptionList)
        offered = [options.get_option_at_index(n) for n in range(options.option_count)]
        wanted = PICKS.get(order, "")
        taken = (n for n, one in enumerate(offered) if one.id and str(one.prompt).startswith(wanted))
        options.highlighted = next(taken)
        options.action_select()
        await pilot.pause()
    if isinstance(screen, ServedView) and order == "retry_matching" and screen._window.records:
        await pilot.press("R")
    if isinstance(screen, ServedView) and order in CHOSEN and screen._window.records and screen.list.cursor is not None:
        await pilot.press({"approve": "A", "reject": "X", "cancel": "x"}[order])
    if (
        isinstance(screen, ServedView)
        and order in {"set_priority", "assign", "requeue_tasks"}
        and screen._window.records
    ):
        await app.press(MENU[order])
    if isinstance(screen, ServedView) and order.endswith("able_check") and screen._window.records:
        await pilot.press("E")
    if isinstance(screen, ListView) and order == "set_config":
        await pilot.press("end", "up", "up", "up", "up", "up", "enter")
    if not isinstance(screen, Dialog):
        return False
    act = screen.query_one("#act", Button)
    for field in screen.query(Input):
        if field.display and not field.value and field.id not in {"word", "weekly"}:
            field.value = "7"
    for word in screen.query("#word").results(Input):
        if word.display and not word.value:
            word.value = str(word.border_title).removeprefix("type ").split(" to confirm")[0]
    await pilot.pause()
    if act.disabled or screen._busy or screen._over:
        return False
    read_it(app)
    act.press()
    await pilot.pause()
    return True


# Mouse


async def test_a_click_opens_a_panel_goes_to_a_row_and_opens_it_and_the_wheel_moves() -> None:
    app = app_on(WARNING)
    async with run(app, SIZE) as pilot:
        await settled(pilot)
        await pilot.click("#tasks")
        await until(pilot, lambda: lists("tasks")(app), "the tasks")
        await settled(pilot)
        rows = app.screen.query_one(RowList)
        await pilot.click(RowList, offset=(5, 5))
        await until(pilot, lambda: rows.at == 3, "the fourth row")
        await pilot._post_mouse_events([MouseScrollDown], RowList, offset=(5, 5))
        await until(pilot, lambda: rows.at == 6, "three rows on")
        await pilot._post_mouse_events([MouseScrollUp], RowList, offset=(5, 5))
        await until(pilot, lambda: rows.at == 3, "three rows back")
        await pilot.click(RowList, offset=(5, 5))
        await until(pilot, lambda: isinstance(app.screen, DocumentView), "the row")


async def test_everything_is_reached_without_a_mouse() -> None:
    app = app_on(WARNING)
    seen: list[str] = []

    async def walk(pilot: Pilot[None]) -> None:
        await settled(pilot)
        for name in ("alerts", "checks"):
            await pilot.press("tab", "enter")
            await until(pilot, lambda name=name: lists(name)(app), name)  # type: ignore[misc]  # bound early
            seen.append(name)
            await pilot.press("down", "enter")
            await until(pilot, lambda: isinstance(app.screen, ChoiceDialog), "the row")
            await pilot.press("escape", "escape")
            await until(pilot, lambda: isinstance(app.screen, Dashboard), "the dashboard")
        app.exit()

    await app.run_async(headless=True, mouse=False, size=SIZE, auto_pilot=walk)
    assert seen == ["alerts", "checks"]
