"""Alerts on the screen: the panel in every size, a and z, the bell and the desktop's notification."""

import re
from pathlib import Path

import msgspec
import pytest
from rich.cells import cell_len
from textual.widgets import Input, OptionList

from core.actions.emergency_stop import EMERGENCY_STOP
from core.actions.silence import SILENCE
from core.alerting.settings import AlertRules
from core.domain.alert_view import AlertView
from core.domain.snapshot import Degradation, Project, Snapshot, State, Telling
from core.domain.state_word import state_of
from core.resilience import DegradationLevel
from tests.clock import FakeClock
from tests.running import ONE_SHAPE, Command, Running
from tests.tui.drawn import app_on as still_app
from tests.tui.drawn import asks, run, settled, text_of
from tests.tui.pictures import ACTIVE
from tests.tui.terminal import Terminal
from tests.tui.test_dashboard import SIZES, app_on, shown
from tests.tui.well import changed
from tests.until import until
from tui.dialogs import ActionDialog, ChoiceDialog, HelpDialog
from tui.panels.reader import Reader
from tui.panels.topline import notice_lines, said_within
from tui.rendering.text import plain
from tui.terminal.notify import TerminalNotifier

SOON = AlertRules(evaluate_s=0.3, resolve_s=0.2)


def set_stop(sandbox: Running, reason: str) -> None:
    sandbox.sql("UPDATE autonomous_system_config SET emergency_stop = true, emergency_stop_reason = %s", reason)


@ONE_SHAPE
async def test_the_panel_says_what_fires_in_every_size_that_has_the_room(sandbox: Running, tmp_path: Path) -> None:
    set_stop(sandbox, "evil \x1b]52;c;Zg==\x07 [@click=app.bell]x[/] [/")
    app = app_on(sandbox, tmp_path, alerts=SOON)
    async with app.run_test(size=(1, 1)) as pilot:
        await until(lambda: app.monitor.snapshot.ready, "ready")
        for size in SIZES:
            await pilot.resize_terminal(*size)
            if size[1] >= 10:
                await until(lambda: "Needs you 1 firing" in shown(app), f"an alert in {size}")
                await until(lambda: app.screen_stack[0].query_one("#needs").size.height >= 2, f"room in {size}")
                assert "\x1b" not in shown(app)


@ONE_SHAPE
async def test_a_takes_care_of_the_only_one_at_once(sandbox: Running, tmp_path: Path) -> None:
    set_stop(sandbox, "look")
    app = app_on(sandbox, tmp_path, alerts=SOON)
    async with app.run_test(size=(140, 40)) as pilot:
        await until(lambda: "Needs you 1 firing" in shown(app), "an alert")
        await pilot.press("a")
        await until(lambda: "acknowledged" in shown(app), "acknowledged by")
        assert re.search(r"acknowledged .* \(\S+@\S+\)", shown(app))  # and who did
        await pilot.press("a")
        await pilot.pause(0.2)
        assert not isinstance(app.screen, ChoiceDialog)  # there is none left to choose


@ONE_SHAPE
async def test_of_several_a_asks_which(sandbox: Running, tmp_path: Path) -> None:
    set_stop(sandbox, "look")
    sandbox.stuck(2)
    app = app_on(sandbox, tmp_path, alerts=SOON)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: "Needs you 2 firing" in shown(app), "two alerts")
        await pilot.press("a")
        await until(lambda: isinstance(app.screen, ChoiceDialog), "a choice")
        assert app.screen.query_one(OptionList).highlighted == 0  # Cancel
        await pilot.pause(0.4)
        await pilot.press("down", "enter")
        await until(lambda: "acknowledged" in shown(app), "acknowledged by")
        assert "1 firing, 1 acknowledged" in shown(app)


@pytest.mark.parametrize(
    ("rule", "well", "state"),
    [
        ("database_down", False, State.CRITICAL),
        ("database_down", True, State.WARNING),
        ("emergency_stop", False, State.ACTIVE),
    ],
)
def test_an_alert_of_what_is_over_is_not_how_things_are(rule: str, well: bool, state: State) -> None:
    alarm = AlertView(key=rule, rule=rule, subject="db", severity="critical", state="firing", title="bad", well=well)
    assert state_of(msgspec.structs.replace(ACTIVE, alerts=(alarm,)), blind_for_s=None)[0] is state


@ONE_SHAPE
async def test_z_asks_how_long_and_why_and_takes_it_back(sandbox: Running, tmp_path: Path) -> None:
    set_stop(sandbox, "look")
    clock = FakeClock()
    app = app_on(sandbox, tmp_path, alerts=SOON)
    app.clock = clock
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: "Needs you 1 firing" in shown(app), "an alert")
        await pilot.press("z")
        await until(lambda: isinstance(app.screen, ChoiceDialog), "a choice")
        clock.advance(1)
        await pilot.press("down", "enter")
        await until(lambda: asks(app, SILENCE), "a dialog")
        clock.advance(1)
        dialog = app.screen
        assert isinstance(dialog, ActionDialog)
        assert not dialog.ready()  # no reason yet
        dialog.query_one("#reason", Input).value = "maintenance"
        dialog.query_one("#lasts", Input).value = "8d"
        assert not dialog.ready()
        dialog.query_one("#lasts", Input).value = "30min"
        await until(dialog.ready, "the plan of another time")
        await pilot.pause()
        await pilot.click("#act")
        await until(lambda: "silenced until" in shown(app), "silence")
        await pilot.press("escape")
        await until(lambda: not asks(app, SILENCE), "closed")
        await pilot.press("z")
        await until(lambda: isinstance(app.screen, ChoiceDialog), "a choice")
        clock.advance(1)
        await pilot.press("down", "enter")
        await until(lambda: "silenced until" not in shown(app), "taken back")


@ONE_SHAPE
async def test_the_stop_dialog_has_its_reason_from_what_is_critical(sandbox: Running, tmp_path: Path) -> None:
    sandbox.sql(
        "INSERT INTO autonomous_tasks (description, status, started_at, completed_at)"
        " SELECT 'f' || i, 'failed', now(), now() FROM generate_series(1, 20) AS i"
    )
    app = app_on(sandbox, tmp_path, alerts=SOON)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: "most tasks fail" in shown(app), "an alert")
        await pilot.press("ctrl+e")
        await until(lambda: asks(app, EMERGENCY_STOP), "the dialog")
        reason = app.screen.query_one("#reason", Input).value
        assert reason == "most tasks fail: 100.0 % of 20 failed in 24 h"
        assert not app.screen.ready()  # the word is still to be typed
        assert app.focused is app.screen.query_one("#cancel")
        await pilot.press("escape")


@ONE_SHAPE
async def test_a_high_alert_makes_a_check_due(sandbox: Running, tmp_path: Path) -> None:
    app = app_on(sandbox, tmp_path, alerts=SOON)
    async with app.run_test(size=(80, 24)):
        await until(lambda: app.monitor.snapshot.ready, "ready")
        sandbox.stuck(1)
        await app.monitor.check_now()
        last = app.monitor.snapshot.health.last_at
        await until(lambda: "tasks are stuck" in shown(app), "an alert")
        await until(lambda: app.monitor.snapshot.health.last_at != last, "a check by itself")


@ONE_SHAPE
def test_the_terminal_rings_and_notifies_when_an_alert_begins(sandbox: Running, command: Command) -> None:
    env = {"BELL": "true", "DESKTOP": "osc9", "EVALUATE_S": "1"}
    terminal = Terminal(command, sandbox, **{f"WATCHDESK_ALERTS_{name}": value for name, value in env.items()})
    terminal.await_text("LIVE")
    terminal.read(2.0)
    assert b"\x1b]9;" not in terminal.raw
    set_stop(sandbox, "evil \x1b]52;c;Zg==\x07")
    terminal.await_text("Needs you 1 firing")
    terminal.process.terminate()
    terminal.ended()
    name = sandbox.url.partition("://")[2].encode()
    assert terminal.raw.count(b"\x07\x1b]9;watchdesk " + name + b": CRITICAL: emergency stop is set\x07") == 1
    assert b"]52" not in terminal.raw.replace("␛]52".encode(), b"")


def snapshot(*alerts: AlertView, ready: bool = True, desktop: str = "osc777") -> Snapshot:
    return Snapshot(
        at=FakeClock().now(),
        project=Project(name="a;b\x1b", url="u", user="me"),
        degradation=Degradation(level=DegradationLevel.NORMAL),
        alerts=alerts,
        telling=Telling(bell=False, desktop=desktop),
        ready=ready,
    )


def test_what_fired_before_we_looked_calls_nobody_and_each_episode_calls_once() -> None:
    old = AlertView(key="x", rule="x", subject="x", severity="high", state="firing", title="t", episode="1")
    new = AlertView(key="x", rule="x", subject="x", severity="high", state="firing", title="t", episode="2")
    calls = TerminalNotifier()
    assert calls.heard(snapshot(old, ready=False)) == ""
    assert calls.heard(snapshot(old)) == ""
    assert calls.heard(snapshot(new)) == "\x1b]777;notify;watchdesk a,b␛;HIGH: t\x07"
    assert calls.heard(snapshot(new)) == ""
    assert calls.heard(snapshot()) == ""


@pytest.mark.parametrize("width", [78, 40, 20])
def test_of_several_notices_the_first_is_said_and_how_many_more_there_are(width: int) -> None:
    notices = (
        "database down: every contact was notified, nobody acknowledged; press a to acknowledge",
        "policies open: anyone can read",
        "the state file was unreadable",
    )
    line = said_within(notices, width)
    assert cell_len(line) <= width
    assert line.startswith("dat")
    assert "more (?)" in line
    assert said_within(notices, 400) == "  ·  ".join(notices)
    assert said_within(notices[:1], width) == notices[0]


def test_two_notices_take_two_lines_where_one_is_too_short_and_there_is_room() -> None:
    reads, slow = "this monitor reads less often: " + 70 * "x", "monitor slow: " + 70 * "y"
    assert notice_lines((reads, slow), 100, 1) == [said_within((reads, slow), 100)]
    assert notice_lines((reads, slow), 100, 2) == [reads, slow]
    assert notice_lines((reads, slow, "z"), 100, 2) == [reads, f"{slow}  ·  z"]
    assert notice_lines((reads, slow), 400, 2) == [f"{reads}  ·  {slow}"]
    assert notice_lines((), 100, 2) == []


@pytest.mark.parametrize(("height", "shows"), [(50, True), (24, False)])
async def test_a_tall_screen_shows_a_second_notice_in_a_line_of_its_own(height: int, shows: bool) -> None:
    notices = ("this monitor reads less often: " + 60 * "x", "monitor slow: its event loop lags " + 60 * "y")
    app = still_app(changed(ACTIVE, notices=notices))
    async with run(app, (100, height)) as pilot:
        text = text_of(await settled(pilot))
        assert "! this monitor reads less often" in text
        assert ("! monitor slow: its event loop lags" in text) is shows
        assert ("1 more (?)" in text) is not shows


@ONE_SHAPE
async def test_the_help_lists_every_notice_in_full(sandbox: Running, tmp_path: Path) -> None:
    set_stop(sandbox, "look")
    app = app_on(sandbox, tmp_path, alerts=SOON)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: any("nobody is notified" in one for one in app.monitor.snapshot.notices), "a notice")
        await pilot.press("question_mark")
        await until(lambda: isinstance(app.screen, HelpDialog), "the help")
        text = "".join(plain(line) for line in app.screen.query_one(Reader)._text)
        for notice in app.monitor.snapshot.notices:
            assert notice in text
