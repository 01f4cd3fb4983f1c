"""What a dialog does with keys, beside what it is about."""

import asyncio
from collections.abc import Callable
from typing import Any, cast

import msgspec
import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Input, Static

from core.actions.cancel import CANCEL
from core.actions.catalogue import ACTIONS
from core.actions.emergency_stop import EMERGENCY_STOP
from core.actions.heal import HEAL
from core.actions.pause_type import PAUSE_TYPE
from core.actions.resume import RESUME
from core.actions.retry_matching import RETRY_MATCHING
from core.actions.retry_task import RETRY
from core.actions.set_priority import SET_PRIORITY
from core.actions.silence import SILENCE
from core.actions.waiting import WaitingAction
from core.domain.actions import POSITIONAL, Action, Argument, ArgumentKind, button, field_label
from core.domain.chosen_tasks import TasksPlan
from core.domain.plans import HealPlan, Plan, PlanStep, StopPlan
from tests.clock import FakeClock
from tests.tui.drawn import app_on, asks, drawn, monitor_of, read_it, run, settled
from tests.tui.pictures import CRITICAL, OFFLINE, WARNING
from tests.tui.rows import WAITING
from tests.tui.still import Records, StillMonitor
from tui.app.app import WatchdeskApp
from tui.dialogs import (
    ActionDialog,
    ChoiceDialog,
    Dialog,
    HelpDialog,
    Menu,
    dialog,
)
from tui.dialogs.question import HELD_S

pytestmark = pytest.mark.usefixtures("utc")

SIZE = (80, 24)


async def test_a_reason_filled_in_stays_when_more_is_typed() -> None:
    app = app_on(CRITICAL)
    async with run(app, SIZE) as pilot:
        await settled(pilot)
        await pilot.press("ctrl+e")
        await settled(pilot, lambda: asks(app, EMERGENCY_STOP))
        read_it(app)
        reason = app.screen.query_one("#reason", Input)
        filled_in = reason.value
        assert filled_in
        await pilot.press("shift+tab", "shift+tab", "end", *"; rollback")
        await settled(pilot)
        assert reason.value == f"{filled_in}; rollback"
        await pilot.press("ctrl+u")
        assert reason.value == ""


@pytest.mark.parametrize("kind", [ChoiceDialog, HelpDialog, Menu, Dialog])
async def test_what_goes_away_twice_takes_nothing_along(kind: type[Dialog]) -> None:
    keys = {ChoiceDialog: "r", HelpDialog: "question_mark", Menu: "ctrl+p", Dialog: "h"}
    app = app_on(WARNING)
    async with run(app, SIZE) as pilot:
        await pilot.press("t")
        await settled(pilot)
        view = app.screen
        await pilot.press(keys[kind])  # type: ignore[index]  # one of the four
        await settled(pilot, lambda: isinstance(app.screen, kind))
        question = app.screen
        assert isinstance(question, kind)
        question.dismiss()
        question.dismiss()
        await settled(pilot)
        assert app.screen is view
    assert monitor_of(app).orders == []


PERIOD_S = 0.15
"""Between two looks, for tests: a twentieth of what it is."""


class SlowMonitor(StillMonitor):
    """Reads a plan for as long as a line takes that needs 4 s for it, by the shorter time."""

    async def plan(self, action: Action, shown: Plan | None = None, **arguments: Any) -> Plan:
        await asyncio.sleep(PERIOD_S * 4 / 3)
        return await super().plan(action, shown, **arguments)


class SilentMonitor(StillMonitor):
    """Never comes to the end of a plan."""

    async def plan(self, action: Action, shown: Plan | None = None, **arguments: Any) -> Plan:
        await asyncio.Event().wait()
        raise AssertionError


def heals(rows: int) -> Records:
    """A plan of one step that changes so many rows."""
    step = PlanStep(name="stuck_tasks", title="Stuck tasks", effect="mark them as failed", count=rows)
    return Records(heal=HealPlan(steps=(step,)), stop=StopPlan(pending=rows, running=0))


async def opened(pilot: Pilot[None], app: WatchdeskApp, key: str, action: Action) -> ActionDialog:
    """The dialog that a key opens, read by whoever sits there."""
    await pilot.press(key)
    await settled(pilot, lambda: asks(app, action))
    read_it(app)
    assert isinstance(app.screen, ActionDialog)
    return app.screen


async def become(condition: Callable[[], bool], app: WatchdeskApp) -> None:
    """Wait until it is so, by the real clock."""
    for _ in range(300):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError(drawn(app))


@pytest.mark.parametrize(("key", "action", "read"), [("h", HEAL, "3 rows"), ("ctrl+e", EMERGENCY_STOP, "3 pending")])
async def test_a_plan_that_takes_longer_than_the_time_between_two_looks_arrives(
    key: str, action: Action, read: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dialog, "REPLAN_S", PERIOD_S)
    app = app_on(WARNING)
    app.monitor = SlowMonitor(WARNING, heals(3))
    async with run(app, SIZE) as pilot:
        await pilot.press(key)
        await become(lambda: asks(app, action) and read in app.screen._text, app)
        assert isinstance(app.screen, Dialog)
        app.monitor.records = heals(4)
        await become(lambda: read.replace("3", "4") in app.screen._text, app)  # type: ignore[attr-defined]  # a dialog


async def test_a_stop_waits_for_no_count() -> None:
    app = app_on(WARNING)
    app.monitor = SilentMonitor(WARNING)
    async with run(app, SIZE) as pilot:
        stop = await opened(pilot, app, "ctrl+e", EMERGENCY_STOP)
        act = stop.query_one("#act", Button)
        assert "You can confirm without waiting" in str(stop.query_one("#text", Static).content)
        await pilot.press("shift+tab", *"STOP")
        await settled(pilot)
        assert act.disabled
        await pilot.press("shift+tab", *"fire", "tab", "tab")
        await settled(pilot, lambda: not act.disabled)
        await pilot.press("tab", "enter")
        await settled(pilot, lambda: bool(app.monitor.orders))  # type: ignore[attr-defined]  # it notes them
    assert app.monitor.orders == [("emergency_stop", "fire")]


async def look_again(pilot: Pilot[None], app: WatchdeskApp, records: Records) -> None:
    """What the dialog is about is something else now, and it has just seen that."""
    monitor_of(app).records = records
    shown = app.screen
    assert isinstance(shown, Dialog)
    before = shown._text
    shown._look()
    await settled(pilot, lambda: shown._text != before)


async def test_an_enter_in_the_instant_of_a_change_carries_out_nothing() -> None:
    app = app_on(WARNING, heals(3))
    async with run(app, SIZE) as pilot:
        heal = await opened(pilot, app, "h", HEAL)
        await pilot.press("tab")
        await settled(pilot)
        await look_again(pilot, app, heals(49))
        await pilot.press("enter")
        heal.post_message(Button.Pressed(heal.query_one("#act", Button)))  # one that was on its way already
        await settled(pilot)
        assert monitor_of(app).orders == []
        read_it(app)
        await pilot.press("enter")
        await settled(pilot, lambda: bool(monitor_of(app).orders))
    assert monitor_of(app).orders == [("heal", "49 rows")]


async def test_a_word_typed_for_what_was_shown_before_counts_no_more() -> None:
    app = app_on(WARNING, heals(60))
    async with run(app, SIZE) as pilot:
        heal = await opened(pilot, app, "h", HEAL)
        act, word = heal.query_one("#act", Button), heal.query_one("#word", Input)
        name = WARNING.project.name
        await pilot.press("shift+tab", *name)
        await settled(pilot, lambda: not act.disabled)
        await look_again(pilot, app, heals(70))
        assert (word.value, act.disabled) == ("", True)
        await pilot.press(*name)  # a letter is none too early
        await settled(pilot, lambda: not act.disabled)
        assert word.value == name
        await look_again(pilot, app, msgspec.structs.replace(heals(70), heal=HealPlan()))
        assert act.disabled
    assert monitor_of(app).orders == []


async def test_a_stop_keeps_its_word_however_many_tasks_there_are_by_now() -> None:
    app = app_on(WARNING, heals(3))
    async with run(app, SIZE) as pilot:
        stop = await opened(pilot, app, "ctrl+e", EMERGENCY_STOP)
        await pilot.press("shift+tab", *"STO")
        await look_again(pilot, app, heals(4))
        await pilot.press("P", "shift+tab", *"fire", "tab", "tab", "tab")
        await settled(pilot, lambda: not stop.query_one("#act", Button).disabled)
        await look_again(pilot, app, heals(5))
        await pilot.press("enter")
        await settled(pilot, lambda: bool(monitor_of(app).orders))
    assert monitor_of(app).orders == [("emergency_stop", "fire")]


def said(of: Dialog) -> str:
    """What the dialog says came of it."""
    return str(of.query_one("#outcome", Static).content)


async def test_another_length_of_a_silence_is_shown_at_once_and_is_no_change_of_what_it_is_about() -> None:
    app = app_on(WARNING)
    async with run(app, SIZE) as pilot:
        await settled(pilot)
        app.ask(ActionDialog(app.monitor, SILENCE, {"matcher": "*"}))
        await settled(pilot, lambda: "for 2 h" in getattr(app.screen, "_text", ""))
        silence = app.screen
        assert isinstance(silence, ActionDialog)
        read_it(app)
        silence.query_one("#lasts", Input).value = "3d"
        await settled(pilot, lambda: "for 3 d" in silence._text)
        silence._look()
        await settled(pilot)
        assert said(silence) == ""
        silence.query_one("#lasts", Input).value = "30d"
        await settled(pilot, lambda: "for 3 d" not in silence._text)
        assert "must be a time such as 30min or 2h, at most 7 d" in str(silence.query_one("#lasts").border_title)
        silence.query_one("#lasts", Input).value = "3d"
        await settled(pilot, lambda: "for 3 d" in silence._text)
        monitor_of(app).tell(msgspec.structs.replace(WARNING, alerts=()))
        silence._look()
        await settled(pilot, lambda: "this changed while you were looking" in said(silence))
        assert "matches 0 alerts now" in silence._text


def told(app: WatchdeskApp) -> list[str]:
    return [one.message for one in app._notifications]


async def test_enter_goes_from_field_to_field_and_from_the_last_to_what_acts_which_wants_its_own_press() -> None:
    app = app_on(WARNING, heals(3))
    async with run(app, SIZE) as pilot:
        stop = await opened(pilot, app, "ctrl+e", EMERGENCY_STOP)
        reason, word, act = stop.query_one("#reason"), stop.query_one("#word"), stop.query_one("#act")
        await pilot.press("shift+tab", *"STO", "enter")
        assert app.focused is reason  # what is missing comes first
        assert ["required" in str(reason.border_title), "does not match" in str(word.border_title)] == [True, True]
        await pilot.press(*"fire", "enter")
        assert app.focused is word
        await pilot.press("P", "enter")
        assert app.focused is act
        assert "required" not in f"{reason.border_title}{word.border_title}"
        await pilot.press("enter")  # at once: it was meant for the field
        assert monitor_of(app).orders == []
        assert app.screen is stop
        read_it(app)
        read_it(app)
        await pilot.press("enter")
        await settled(pilot, lambda: bool(monitor_of(app).orders))
    assert monitor_of(app).orders == [("emergency_stop", "fire")]


async def test_enter_held_down_in_a_field_goes_no_further_than_to_what_acts() -> None:
    """By the usual settings the first repeat comes half a second later, longer than a dialog swallows keys."""
    app = app_on(WARNING, heals(60))
    async with run(app, SIZE) as pilot:
        heal = await opened(pilot, app, "h", HEAL)
        await pilot.press("shift+tab", *WARNING.project.name, "enter")
        assert app.focused is heal.query_one("#act")
        assert isinstance(app.clock, FakeClock)
        for wait_s in (0.66, *[0.033] * 60):
            app.clock.advance(wait_s)
            await pilot.press("enter")
        assert monitor_of(app).orders == []
        app.clock.advance(HELD_S)
        await pilot.press("enter")
        await settled(pilot, lambda: bool(monitor_of(app).orders))


async def test_where_there_is_nothing_to_do_enter_goes_to_what_closes_and_the_hint_says_so() -> None:
    app = app_on(WARNING, heals(3))
    monitor_of(app).plan = nothing  # type: ignore[method-assign]  # a plan in which nothing would change
    async with run(app, (140, 40)) as pilot:
        dialog = ActionDialog(cast(Any, monitor_of(app)), CANCEL, {"tasks": ("id",)})
        app.ask(dialog)
        await settled(pilot, lambda: asks(app, CANCEL))
        read_it(app)
        reason = dialog.query_one("#reason")
        dialog.set_focus(reason)
        await settled(pilot, lambda: "there is nothing to do: Esc closes" in drawn(app))
        await pilot.press("enter")
        assert app.focused is dialog.query_one("#cancel")
        assert monitor_of(app).orders == []


async def nothing(*_: object, **__: object) -> TasksPlan:
    return TasksPlan(nothing="it must be pending")


@pytest.mark.parametrize("way", ["escape", "enter"])
async def test_closing_without_acting_says_that_nothing_was_done(way: str) -> None:
    app = app_on(WARNING, heals(3))
    async with run(app, SIZE) as pilot:
        heal = await opened(pilot, app, "h", HEAL)
        await pilot.press(way)
        await settled(pilot, lambda: app.screen is not heal)
        assert told(app) == ["nothing was done"]
        heal = await opened(pilot, app, "h", HEAL)
        await pilot.press("tab", "enter")
        await settled(pilot, lambda: bool(monitor_of(app).orders) and heal._over)
        read_it(app)
        read_it(app)
        app.clear_notifications()
        await pilot.press("enter")
        await settled(pilot, lambda: app.screen is not heal)
        assert told(app) == []


ASKED = [(action, one) for action in ACTIONS.values() for one in action.arguments if one.asked]


@pytest.mark.parametrize(("action", "argument"), [(a, o) for a, o in ASKED if o.kind not in POSITIONAL])
def test_every_field_says_what_it_is_for_and_in_which_unit(action: Action, argument: Argument) -> None:
    label = field_label(argument)
    assert len(label) > 3, action.name
    assert len(label) < 64, action.name  # it fits above the field
    if argument.kind in {ArgumentKind.NUMBER, ArgumentKind.DURATION}:
        assert any(letter.isdigit() for letter in label), action.name


STOP_MEANT, LIFT_MEANT = WAITING, msgspec.structs.replace(WAITING, id="w2", order=RESUME.name)


@pytest.mark.parametrize(("meant", "word"), [(STOP_MEANT, "STOP"), (LIFT_MEANT, OFFLINE.project.name)])
async def test_whether_an_old_order_is_still_meant_is_asked_as_the_order_itself(
    meant: WaitingAction, word: str
) -> None:
    old = msgspec.structs.replace(OFFLINE.waiting[0], id=meant.id, words=meant.words(), asks=True)
    app = app_on(msgspec.structs.replace(OFFLINE, waiting=(old,)), Records(waiting=(meant,)))
    async with run(app, SIZE) as pilot:
        await pilot.press("o")
        await settled(pilot, lambda: isinstance(app.screen, ChoiceDialog))
        read_it(app)
        await pilot.press("down", "enter")
        await settled(pilot, lambda: isinstance(app.screen, ActionDialog))
        assert monitor_of(app).orders == []
        asked = app.screen
        assert isinstance(asked, ActionDialog)
        assert meant.words() in asked._text.replace("Emergency", "emergency").replace("Resume", "resume")
        act = asked.query_one("#act", Button)
        assert (str(act.label), act.disabled, app.focused) == ("Confirm", True, asked.query_one("#cancel"))
        read_it(app)
        await pilot.press("shift+tab", *word)
        await settled(pilot, lambda: not act.disabled)
        await pilot.press("tab", "tab", "enter")
        await settled(pilot, lambda: "waiting: confirmed" in said(asked))
    assert monitor_of(app).orders == [("confirm_waiting", meant.id)]


async def test_an_order_that_waits_no_more_is_not_asked_about() -> None:
    old = msgspec.structs.replace(OFFLINE.waiting[0], asks=True)
    app = app_on(msgspec.structs.replace(OFFLINE, waiting=(old,)), Records())
    async with run(app, SIZE) as pilot:
        await pilot.press("o")
        await settled(pilot, lambda: isinstance(app.screen, ChoiceDialog))
        read_it(app)
        await pilot.press("down", "enter")
        await settled(pilot, lambda: "It does not wait any more." in getattr(app.screen, "_text", ""))
        assert app.screen.query_one("#act", Button).disabled
    assert monitor_of(app).orders == []


@pytest.mark.parametrize(
    ("action", "rows", "says"),
    [
        (RETRY_MATCHING, 0, "Retry"),
        (RETRY_MATCHING, 1, "Retry this task"),
        (RETRY_MATCHING, 41, "Retry 41 tasks"),
        (RETRY, 1, "Retry this task"),
        (CANCEL, 1_000, "Cancel 1,000 tasks"),
        (SET_PRIORITY, 2, "Prioritize 2 tasks"),
        (PAUSE_TYPE, 3, "Pause"),
    ],
)
def test_the_button_names_what_it_does(action: Action, rows: int, says: str) -> None:
    assert button(action, rows) == says
