"""The prompt does what is typed as its key does it, tab completes, what cannot be is said; and the menu's pages."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.pilot import Pilot

from core.actions.catalogue import ACTIONS
from core.actions.heal import HEAL
from core.history.trends import Window
from tests.running import ONE_SHAPE, Command, Running
from tests.tui.drawn import app_on, asks, drawn, monitor_of, read_it, run, settled, text_of
from tests.tui.pictures import OBSERVING, WARNING
from tests.tui.recorded_box import LIVE, written
from tests.tui.rows import RECORDS
from tests.tui.terminal import Terminal
from tui.app.app import WatchdeskApp
from tui.base.key import Key
from tui.dialogs import ActionDialog, ChoiceDialog, CommandPrompt, HelpDialog
from tui.rendering.palettes import THEMES
from tui.screens.dashboard import Dashboard
from tui.screens.groups_view import GroupsView
from tui.screens.keys import GLOBAL_KEYS, MENU_ONLY
from tui.screens.list_view import ListView
from tui.screens.page_view import PageView
from tui.screens.prompt_words import ARGUMENTS, NO_FIT, NoCommand, command_of, following, prompt_name, rank, title
from tui.screens.trends_view import TrendsView

ID = "0b5e1a52-55a2-4f3c-9f43-2d1f0c5d7a11"
WORDS = ("x", ID, "3", "2h", "type:a", '"', '"a b"', "-", "\x1b[2J", "stuck", "🙂")
BEHIND = {"heal": "stuck", "lift": "requeue"}
"""What is typed behind an action's name where it takes no word of the operator's own."""

pytestmark = pytest.mark.usefixtures("utc")

ENTRIES: tuple[Key, ...] = (*GLOBAL_KEYS, *MENU_ONLY)


def test_every_entry_has_one_name_and_what_it_can_be_about_is_known() -> None:
    names = [name for key in ENTRIES for name in (prompt_name(key), *key.also)]
    assert len(names) == len(set(names))
    assert {key.about for key in ENTRIES} - {""} == set(ARGUMENTS)
    for key in ENTRIES:
        assert command_of(prompt_name(key), ENTRIES).key is key


@pytest.mark.parametrize(
    ("typed", "name", "about"),
    [
        ("tasks", "tasks", ""),
        ("  TASKS   failed ", "tasks", "status:failed"),
        ("tasks -failed type:bug_fix", "tasks", "-status:failed type:bug_fix"),
        ('tasks "failed once"', "tasks", '"failed once"'),
        ("logs started step:x", "logs", "status:started step:x"),
        ("alerts failed", "alerts", "failed"),
        ("al", "alerts", ""),
        ("q", "quit", ""),
        ("past 03:10", "jump", "03:10"),
        ("@ 2h ago", "jump", "2h ago"),
        ("theme light", "theme", "light"),
        ("throughput 6h", "throughput", "6h"),
        ("groups error failed", "groups", "error status:failed"),
        ("report 2h", "report", "2h"),
        ("clean-up", "clean_up", ""),
        ("clean_up", "clean_up", ""),
        ("circ", "breakers", ""),
        ("held", "release", ""),
    ],
)
def test_what_is_meant(typed: str, name: str, about: str) -> None:
    command = command_of(typed, ENTRIES)
    assert (command.key.name, command.about) == (name, about)


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("nonsense", "unknown command: nonsense"),
        ("t", "t can be times, tasks, trail, trends"),
        ("reviews", "unknown command: reviews"),
        ("emergency", "emergency is ambiguous: stop, resume"),
        ("check now", "check takes no argument"),
        ("heal now", "now cannot follow; it takes: config,stuck,dry-run,logs"),
        ("unpause foo bar", "bar cannot follow; it takes: TYPE"),
        (f"priority {ID} 300", "not 300: must be a number from 0 to 10"),
        ("retry colour:x", "colour: is not a filter word here"),
        ("silence x 9000d", "not 9000d: must be a time such as 30min or 2h"),
        ("tasks colour:red", "colour: is not a filter word here"),
        ("theme pink", "pink is no theme: dark, warm, light"),
        ("throughput 5h", "5h is no period of the throughput: 6h, 24h, 7d"),
        ("groups colour", "cannot group by colour; use one of: status, type, who, error"),
        ("groups error colour:red", "colour: is not a filter word here"),
        ("report whenever", "whenever is no time: 03:10"),
        ("past whenever", "whenever is no time: 03:10"),
        ("\x1b]52;c;Zg==\x07 \u202e", "unknown command"),
    ],
)
def test_what_is_not(typed: str, why: str) -> None:
    with pytest.raises(NoCommand) as said:
        command_of(typed, ENTRIES)
    assert "\n" not in str(said.value)
    assert "\x1b" not in str(said.value)
    if why.startswith("t can be"):
        assert set(why.removeprefix("t can be ").split(", ")) <= set(str(said.value).partition(": ")[2].split(", "))
    else:
        assert why in str(said.value)


def test_what_may_follow() -> None:
    def words(typed: str) -> list[str]:
        return [one.word for one in following(typed, ENTRIES, lambda _: RECORDS.tasks)]

    assert set(words("")) == {prompt_name(key) for key in ENTRIES}
    assert words("ta")[0] == "tasks"
    assert words("breaker") == ["breakers", "hold", "release", "reset"]
    assert "stop" in words("emerg")
    assert words("tasks")[:2] == ["status:", "type:"]
    assert words("tasks fa") == ["failed"]
    assert words("tasks status:failed type:bu") == ["bug_fix"]
    assert words("theme l") == ["light"]
    assert words("theme") == list(THEMES)
    assert words("throughput ") == ["6h", "24h", "7d"]
    assert words("groups e") == ["error"]
    assert words("groups error ty") == ["type:"]
    assert words("report ") == ["30min", "2h", "24h", "7d"]
    assert words("heal ") == ["config", "stuck", "dry-run", "logs"]
    assert words("pause bu") == ["bug_fix"]
    assert words("retry status:fa") == ["failed"]
    assert words("resume r") == ["requeue"]
    assert words("check ") == words("alerts x") == words("nonsense ") == []
    for one in following("tasks ", ENTRIES, lambda _: RECORDS.tasks):
        assert one.text.startswith("tasks ")


@pytest.mark.parametrize(
    ("typed", "action", "given"),
    [
        ("pause foo", "pause_type", {"task_type": "foo"}),
        ('pause "a b" the tests are broken', "pause_type", {"task_type": "a b", "reason": "the tests are broken"}),
        ("unpause foo", "unpause_type", {"task_type": "foo"}),
        (f"cancel {ID}", "cancel", {"tasks": (ID,)}),
        (f"priority {ID} 3", "set_priority", {"tasks": (ID,), "to": 3}),
        ("priority type:bug_fix 3", "set_priority", {"tasks": ("type:bug_fix",), "to": 3}),
        ("priority type:bug_fix", "set_priority", {"tasks": ("type:bug_fix",)}),
        ('assign type:bug_fix "ann, the first"', "assign", {"tasks": ("type:bug_fix",), "to": "ann, the first"}),
        ("retry status:failed", "retry_matching", {"tasks": ("status:failed",)}),
        ("retry failed", "retry_matching", {"tasks": ("status:failed",)}),
        ("set max_daily_tasks 20", "set_config", {"name": "max_daily_tasks", "value": "20"}),
        ("heal stuck,logs", "heal", {"only": frozenset({"stuck_tasks", "old_logs"})}),
        ("stop fire in the hall", "emergency_stop", {"reason": "fire in the hall"}),
        ("silence x:* 2h mow", "silence", {"matcher": "x:*", "lasts": timedelta(hours=2), "reason": "mow"}),
        ("silence breakers:* works", "silence", {"matcher": "breakers:*", "reason": "works"}),
        ("resume requeue", "lift", {"requeue": True}),
        ("create bug_fix mend the login", "create_task", {"task_type": "bug_fix", "description": "mend the login"}),
        (f"undo {ID}", "undo", {"run": ID}),
    ],
)  # fmt: skip
def test_what_an_action_is_to_begin_with(typed: str, action: str, given: dict[str, Any]) -> None:
    command = command_of(typed, ENTRIES)
    assert (command.key.order, command.given) == (action, given)


@pytest.mark.parametrize("key", [key for key in ENTRIES if key.order], ids=prompt_name)
@given(
    words=st.lists(
        st.sampled_from(["x", ID, "3", "2h", "type:a", '"', '"a b"', "-", "\x1b[2J", "stuck", "🙂"]), max_size=4
    )
)
def test_whatever_is_typed_behind_an_action_begins_it_or_is_a_sentence(key: Key, words: list[str]) -> None:
    said, given = "", dict[str, Any]()
    try:
        given = command_of(f"{prompt_name(key)} {' '.join(words)}", ENTRIES).given or {}
    except NoCommand as error:
        said = str(error)
    assert "\n" not in said
    assert "\x1b" not in said
    names = {one.name for one in ACTIONS[key.order].arguments}
    assert given.keys() <= names


@pytest.mark.parametrize("key", [key for key in ENTRIES if key.about == "order"], ids=prompt_name)
async def test_an_action_with_words_behind_it_only_asks(key: Key) -> None:
    """Each opens its dialog with them filled in, of whatever tier it is, and nothing is done."""
    app = app_on(WARNING)
    async with run(app, (100, 40)) as pilot:
        await settled(pilot)
        await typed(pilot, f"{prompt_name(key)} {BEHIND.get(key.order, 'foo')}", "enter")
        await settled(pilot, lambda: isinstance(app.screen, ActionDialog))
        dialog = app.screen
        assert isinstance(dialog, ActionDialog)
        assert dialog.action.name == key.order
        assert monitor_of(app).orders == []


@ONE_SHAPE
def test_on_a_real_terminal_an_action_with_words_asks_and_is_done(sandbox: Running, command: Command) -> None:
    sandbox.sql("INSERT INTO autonomous_tasks (task_type, description, status) VALUES ('bug_fix', 'one', 'pending')")
    terminal = Terminal(command, sandbox, size=(100, 30))
    try:
        terminal.await_text("LIVE")
        os.write(terminal.master, b":pause bu\t the tests are broken\r")
        terminal.await_text("1 pending task of type bug_fix held back")
        assert sandbox.sql("SELECT status FROM autonomous_tasks") == [("pending",)]
        os.write(terminal.master, b"\x1b")
        terminal.await_gone("1 pending task of type bug_fix held back")
        os.write(terminal.master, b":set max_daily_tasks 20\r")
        terminal.await_text("becomes 20")
    finally:
        terminal.dispose()


async def typed(pilot: Pilot[None], text: str, *then: str) -> str:
    """The picture once something was typed at the prompt."""
    await pilot.press("colon", *("space" if char == " " else char for char in text), *then)
    return text_of(await settled(pilot))


def listed(app: WatchdeskApp) -> tuple[str, str]:
    """The list on top, and its filter."""
    assert isinstance(app.screen, ListView)
    return app.screen.listed.NAME, app.screen._filter


@pytest.mark.parametrize("size", [(80, 24), (140, 40), (60, 15)])
async def test_what_is_typed_is_done_as_its_key_does_it(size: tuple[int, int]) -> None:
    app = app_on(WARNING)
    async with run(app, size) as pilot:
        await settled(pilot)
        assert "status:failed" in await typed(pilot, "tasks failed", "enter")
        assert listed(app) == ("tasks", "status:failed")
        await typed(pilot, "alerts", "enter")
        assert listed(app) == ("alerts", "")
        await typed(pilot, "groups error", "enter")
        assert isinstance(app.screen, GroupsView)
        await typed(pilot, "trends", "enter")
        assert isinstance(app.screen, TrendsView)
        await typed(pilot, "help", "enter")
        assert isinstance(app.screen, HelpDialog)
        await pilot.press("escape", "escape")
        await typed(pilot, "heal", "enter")
        assert asks(app, HEAL)
        assert monitor_of(app).orders == []
        await pilot.press("escape")
        await typed(pilot, "reset", "enter")
        assert isinstance(app.screen, ChoiceDialog)
        await pilot.press("escape")
        await typed(pilot, "", "enter")
        assert isinstance(app.screen, Dashboard)
        await typed(pilot, "q", "enter")
        assert app._exit


async def test_what_cannot_be_done_is_said_and_the_text_stays_to_be_mended() -> None:
    app = app_on(WARNING)
    async with run(app, (80, 24)) as pilot:
        await settled(pilot)
        picture = await typed(pilot, "tasks colour:red", "enter")
        assert "colour: is not a filter word here" in picture
        assert "tasks colour:red" in picture
        await pilot.press(*["backspace"] * len("colour:red"), *"failed", "enter")
        await settled(pilot)
        assert listed(app) == ("tasks", "status:failed")
        await typed(pilot, "x y z")
        await pilot.press("escape")
        await settled(pilot)
        assert listed(app) == ("tasks", "status:failed")


async def test_tab_takes_what_is_shown_first_and_then_the_next() -> None:
    app = app_on(WARNING)
    async with run(app, (80, 24)) as pilot:
        await settled(pilot)
        assert "tab: tail" not in await typed(pilot, "tr")
        prompt = app.screen
        assert isinstance(prompt, CommandPrompt)
        for value in ("trail", "trends", "undo", "trail"):  # an undo is chosen in the audit trail
            await pilot.press("tab")
            assert prompt._field.value == value
        await pilot.press("space", *"stat", "tab", "tab", "enter")
        await settled(pilot)
        assert listed(app) == ("trail", "status:started")


async def test_the_past_opens_at_a_typed_time_and_actions_are_refused_there(tmp_path: Path) -> None:
    app = app_on(LIVE, box=written(tmp_path))
    async with run(app, (80, 24)) as pilot:
        await settled(pilot)
        await typed(pilot, "past 30min ago", "enter")
        await settled(pilot, lambda: app.time.moment is not None)
        await typed(pilot, "heal", "enter")
        assert isinstance(app.screen, Dashboard)
        assert monitor_of(app).orders == []
        await typed(pilot, "now", "enter")
        await settled(pilot, lambda: app.time.moment is None)
        assert "2027" not in await typed(pilot, "past 2001-01-01 03:10", "enter")
        assert app._notifications


async def test_what_only_observes_asks_first_as_with_a_key() -> None:
    app = app_on(OBSERVING)
    async with run(app, (80, 24)) as pilot:
        await settled(pilot)
        assert "Allow actions" in await typed(pilot, "heal", "enter")
        assert monitor_of(app).orders == []


async def test_a_theme_is_worn_everywhere_and_one_in_the_menu_is_only_tried_on() -> None:
    app = app_on(WARNING)
    async with run(app, (80, 24)) as pilot:
        await settled(pilot)
        for name in THEMES:
            await typed(pilot, f"theme {name}", "enter")
            app.clear_notifications()
            picture = await settled(pilot)
            assert app.theme == f"watchdesk-{name}"
            again = app_on(WARNING, theme=name)
            async with run(again, (80, 24)) as other:
                assert await settled(other) == picture
        await typed(pilot, "theme dark", "enter")
        await pilot.press("ctrl+p", *"theme")
        await settled(pilot)
        await pilot.press("down", "down", "down")
        await settled(pilot, lambda: app.theme == "watchdesk-light")
        await pilot.press("escape")
        await settled(pilot, lambda: app.theme == "watchdesk-dark")
        await pilot.press("ctrl+p", *"theme light")
        await settled(pilot)
        await pilot.press("enter")
        await settled(pilot, lambda: isinstance(app.screen, Dashboard))
        await settled(pilot, lambda: app.theme == "watchdesk-light")


async def test_the_screen_takes_the_theme_that_is_being_chosen_or_typed_and_keeps_it_only_with_enter() -> None:
    app = app_on(WARNING)
    async with run(app, (100, 30)) as pilot:
        dark = await settled(pilot)
        for leave, kept in (("escape", "dark"), ("enter", "warm")):
            await typed(pilot, "theme", "enter")
            await settled(pilot, lambda: isinstance(app.screen, ChoiceDialog))
            assert app.theme == "watchdesk-dark"
            for name in ("dark", "warm"):
                read_it(app)
                await pilot.press("down")
                await settled(pilot, lambda name=name: app.theme == f"watchdesk-{name}")
            before = await settled(pilot)
            assert await settled(pilot) == before
            read_it(app)
            await pilot.press(leave)
            await settled(pilot, lambda: isinstance(app.screen, Dashboard))
            await settled(pilot, lambda kept=kept: app.theme == f"watchdesk-{kept}")
            assert (await settled(pilot) == dark) is (kept == "dark")
        assert 'theme = "warm" under [screen]' in next(iter(app._notifications)).message
        await typed(pilot, "theme contrast")
        await settled(pilot, lambda: app.theme == "watchdesk-contrast")
        await pilot.press("backspace")
        await settled(pilot, lambda: app.theme == "watchdesk-warm")
        await pilot.press("t")
        await settled(pilot, lambda: app.theme == "watchdesk-contrast")
        await pilot.press("escape")
        await settled(pilot, lambda: app.theme == "watchdesk-warm")
        await typed(pilot, "theme light", "enter")
        await settled(pilot, lambda: app.theme == "watchdesk-light")


async def test_the_throughput_is_of_the_time_that_is_typed_or_chosen() -> None:
    app = app_on(WARNING)
    async with run(app, (140, 40)) as pilot:
        await typed(pilot, "throughput 7d", "enter")
        await settled(pilot, lambda: monitor_of(app).filled == [Window.WEEK])
        await typed(pilot, "throughput", "enter")
        await settled(pilot, lambda: isinstance(app.screen, ChoiceDialog))
        read_it(app)
        await pilot.press("down", "enter")
        await settled(pilot, lambda: monitor_of(app).filled == [Window.WEEK, Window.SIX_HOURS])


@pytest.mark.parametrize(("size", "shown"), [((140, 40), True), ((80, 24), False), ((60, 15), False)])
async def test_a_period_of_a_panel_that_has_no_room_is_said_to_have_none(size: tuple[int, int], shown: bool) -> None:
    app = app_on(WARNING)
    async with run(app, size) as pilot:
        await settled(pilot)
        await typed(pilot, "throughput 6h", "enter")
        await settled(pilot, lambda: bool(monitor_of(app).filled))
        (said,) = (one.message for one in app._notifications)
        if shown:
            assert said == "the throughput is shown over 6 h"
        else:
            assert said.endswith("shows no throughput at this size: enlarge the terminal, or see the trends (v)")


async def test_the_menu_finds_every_list_the_report_and_the_settings() -> None:
    app = app_on(WARNING, settings=lambda: "[screen] looks\n  theme = dark")
    async with run(app, (80, 24)) as pilot:
        await settled(pilot)
        titles = {command.title for command in app.get_system_commands(app.screen)}
        assert {"Settings", "Report", "Theme", "Groups", "Tasks", "Inbox", "Config"} <= titles
        await pilot.press("ctrl+p", *"settings")
        await settled(pilot)
        await pilot.press("enter")
        picture = text_of(await settled(pilot, lambda: isinstance(app.screen, PageView)))
        assert "theme = dark" in picture
        await pilot.press("escape")
        await settled(pilot, lambda: isinstance(app.screen, Dashboard))


@pytest.mark.parametrize("typed", ["breaker", "emergency", "held", "reset br", "stop", "audit", "zzz", "r"])
def test_the_menu_and_the_prompt_find_the_same(typed: str) -> None:
    app = app_on(WARNING)
    there = {title(one).lower() for one in app._entries if rank(typed, one) < NO_FIT}
    found = {command.title.lower() for _, command in app.found(typed)}
    assert {one for one in found if not one.startswith("theme: ")} == there
    assert (found == set()) is (typed == "zzz")


@ONE_SHAPE
def test_on_a_real_terminal_it_takes_what_is_typed_ahead(sandbox: Running, command: Command) -> None:
    sandbox.sql("INSERT INTO autonomous_tasks (description, status) VALUES ('one', 'failed'), ('two', 'completed')")
    terminal = Terminal(command, sandbox, size=(100, 30))
    try:
        terminal.await_text("LIVE")
        os.write(terminal.master, b":tasks fa\t\r")
        terminal.await_text("filter: status:failed")
        terminal.await_text("Tasks 1/1")
        os.write(terminal.master, b":report 2h\r")
        terminal.await_text("Incident report")
        os.write(terminal.master, b":settings\r")
        terminal.await_text("[project]")
        os.write(terminal.master, b":nonsense\r")
        terminal.await_text("unknown command")
        os.write(terminal.master, b"\x1b")
        terminal.await_gone("unknown command")
        os.write(terminal.master, b":q\r")
        assert terminal.ended() == 0
    finally:
        terminal.dispose()


async def test_a_status_that_no_row_has_is_said_though_others_match() -> None:
    app = app_on(WARNING, RECORDS)
    async with run(app, (140, 40)) as pilot:
        await pilot.press("t", "slash", *"status:failed,broken", "enter")
        told = await settled(pilot, lambda: "broken is no status that is known" in drawn(app))
        assert "failed" in told
