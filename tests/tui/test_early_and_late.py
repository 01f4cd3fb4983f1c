"""Keys before a question is composed, and news for one that is gone: nothing is ordered, and nothing fails."""

from collections.abc import Callable
from typing import Any

import pytest
from textual import events
from textual.pilot import Pilot

from core.actions.catalogue import ACTIONS
from core.domain.actions import Result, ResultPhase
from core.domain.filter_completion import Completion
from tests.tui.conftest import AnyError
from tests.tui.drawn import app_on, monitor_of, read_it, run, settled
from tests.tui.pictures import WARNING
from tui.app.app import WatchdeskApp
from tui.dialogs import ActionDialog, ChoiceDialog, Dialog, JumpDialog, Question, QuitDialog
from tui.dialogs.command_prompt import CommandPrompt

pytestmark = pytest.mark.usefixtures("utc")

TYPED = ("tab", "shift+tab", "right", "up", "h", "5", "space", "enter", "pagedown", "ctrl+p", "enter")


async def _refused(_typed: str) -> str:
    return "no such moment"


def _nothing_follows(_typed: str) -> tuple[Completion, ...]:
    return ()


QUESTIONS: dict[str, Callable[[WatchdeskApp], Question[Any]]] = {
    "heal": lambda app: ActionDialog(app.monitor, ACTIONS["heal"]),
    "stop": lambda app: ActionDialog(app.monitor, ACTIONS["emergency_stop"]),
    "silence": lambda app: ActionDialog(app.monitor, ACTIONS["silence"], {"matcher": "*"}),
    "quit": lambda app: QuitDialog(app.monitor),
    "choice": lambda _app: ChoiceDialog("Which?", [("a", "the first"), ("b", "the second")]),
    "moment": lambda _app: JumpDialog(_refused),
    "prompt": lambda _app: CommandPrompt(lambda _typed: "no", _nothing_follows, lambda _typed: None),
}
"""Every kind of question."""


def key(name: str, seconds_ago: float = 0.0) -> events.Key:
    one = events.Key(name, name if len(name) == 1 else None)
    one.time -= seconds_ago
    return one


@pytest.mark.parametrize("late", [False, True], ids=["at once", "long after it was put"])
@pytest.mark.parametrize("kind", QUESTIONS)
async def test_a_key_before_a_question_is_composed_orders_nothing(kind: str, late: bool) -> None:
    app = app_on(WARNING)
    async with run(app, (80, 24)) as pilot:
        await settled(pilot)
        question = QUESTIONS[kind](app)
        app.put(question)
        if late:
            read_it(app)
        for name in TYPED:
            await app.on_event(key(name))
        assert not question.is_mounted
        await settled(pilot, lambda: question.is_mounted)
        assert app.screen is question
        assert monitor_of(app).orders == []
        await _left(pilot, question)


async def test_a_key_counts_once_a_question_was_drawn_and_could_be_read() -> None:
    app = app_on(WARNING)
    async with run(app, (80, 24)) as pilot:
        await settled(pilot)
        question = QUESTIONS["choice"](app)
        question.put_by(app.clock)
        read_it(app)
        assert question.swallows(key("enter"))
        question.drawn()
        assert question.swallows(key("tab"))
        read_it(app)
        assert not question.swallows(key("tab"))
        assert not question.swallows(key("escape"))


@pytest.mark.parametrize("kind", QUESTIONS)
async def test_escape_before_a_question_is_composed_leaves_it(kind: str) -> None:
    app = app_on(WARNING)
    async with run(app, (80, 24)) as pilot:
        await settled(pilot)
        question = QUESTIONS[kind](app)
        app.put(question)
        await app.on_event(key("escape"))
        for name in ("tab", "escape"):
            await app.on_event(key(name))
        await settled(pilot, lambda: not app.screen.is_modal)
        assert monitor_of(app).orders == []


async def _left(pilot: Pilot[None], question: Question[Any]) -> None:
    await pilot.press("escape")
    await settled(pilot, lambda: pilot.app.screen is not question)


@pytest.mark.parametrize("kind", ["heal", "stop", "silence", "quit"])
@pytest.mark.parametrize("when", ["before it is mounted", "once it is gone"])
async def test_a_dialog_takes_what_comes_too_early_or_too_late(kind: str, when: str) -> None:
    app = app_on(WARNING)
    async with run(app, (80, 24)) as pilot:
        await settled(pilot)
        dialog = QUESTIONS[kind](app)
        assert isinstance(dialog, Dialog)
        app.put(dialog)
        if when == "once it is gone":
            await settled(pilot, lambda: dialog.is_mounted)
            await _left(pilot, dialog)
        dialog.progress("Stuck tasks", 100, 250)
        dialog.say("requested …")
        dialog.take("3 tasks → failed")
        dialog.take("2 tasks → failed")
        dialog.unread("the project does not answer")
        dialog.hints()
        dialog.done(Result(action="heal", phase=ResultPhase.VERIFIED, text="3 changed"))
        dialog.conclude("verified: 3 changed")
        dialog.lost("the screen was closed")
        await settled(pilot)
        assert monitor_of(app).orders == []


async def test_what_a_key_raises_unforeseen_is_told_and_the_screen_stays(
    monkeypatch: pytest.MonkeyPatch, errors_of_keys: AnyError
) -> None:
    app = app_on(WARNING)
    async with run(app, (140, 40)) as pilot:
        await settled(pilot)

        def broken() -> None:
            raise RuntimeError("nobody foresaw this")

        monkeypatch.setattr(app, "action_wall", broken)
        await pilot.press("b")
        told = "this key failed (RuntimeError); see the log file"
        await settled(pilot, lambda: told in [one.message for one in app._notifications])
        assert errors_of_keys.taken() == ["this key failed unexpectedly"]
        await pilot.press("question_mark")
        await settled(pilot, lambda: app.screen.is_modal)


async def test_what_a_dialog_raises_unforeseen_is_told_and_it_can_be_left(
    monkeypatch: pytest.MonkeyPatch, errors_of_keys: AnyError
) -> None:
    app = app_on(WARNING)
    async with run(app, (140, 40)) as pilot:
        await settled(pilot)
        await pilot.press("ctrl+e")
        await settled(pilot, lambda: isinstance(app.screen, ActionDialog))
        read_it(app)
        dialog = app.screen

        def broken(*_: object) -> None:
            raise RuntimeError("nobody foresaw this")

        monkeypatch.setattr(dialog, "told", broken)
        await pilot.press("shift+tab", "shift+tab", "x")
        told = "this dialog failed (RuntimeError); see the log file"
        await settled(pilot, lambda: told in [one.message for one in app._notifications])
        assert set(errors_of_keys.taken()) == {"this dialog failed unexpectedly"}
        await pilot.press("escape")
        await settled(pilot, lambda: app.screen is not dialog)
        await pilot.press("question_mark")
        await settled(pilot, lambda: app.screen.is_modal)
