"""What a dialog does with keys, beside what it is about."""

import pytest
from textual.widgets import Input

from tests.screen.drawn import app_on, monitor_of, read_it, run, settled
from tests.screen.pictures import CRITICAL, WARNING
from tui.dialogs import ChoiceDialog, Dialog, HelpDialog, Menu, StopDialog

pytestmark = pytest.mark.usefixtures("utc")

SIZE = (80, 24)


async def test_a_reason_filled_in_stays_when_more_is_typed() -> None:
    app = app_on(CRITICAL)
    async with run(app, SIZE) as pilot:
        await settled(pilot)
        await pilot.press("ctrl+e")
        await settled(pilot, lambda: isinstance(app.screen, StopDialog))
        read_it(app)
        reason = app.screen.query_one("#reason", Input)
        filled_in = reason.value
        assert filled_in
        await pilot.press("shift+tab", "shift+tab", *"; rollback")
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
