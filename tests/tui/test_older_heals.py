"""A heal that many log rows came after can still be undone from the screen."""

import msgspec
import pytest
from textual.widgets import OptionList

from core.resilience.reading import Reading
from tests.tui.drawn import app_on, monitor_of, read_it, run, settled, text_of
from tests.tui.pictures import WARNING
from tests.tui.rows import HEAL_LOG, live
from tui.dialogs import ActionDialog, ChoiceDialog
from tui.screens.document_view import DocumentView
from tui.screens.list_view import ListView

pytestmark = pytest.mark.usefixtures("utc")


@pytest.mark.parametrize("logs", [live(()), Reading()], ids=["others came after it", "none are known"])
async def test_an_older_heal_is_found_in_the_audit_trail_and_undone(logs: Reading[object]) -> None:
    app = app_on(msgspec.structs.replace(WARNING, logs=logs))
    async with run(app, (80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("o")
        await settled(pilot, lambda: isinstance(app.screen, ChoiceDialog))
        choices = app.screen.query_one(OptionList)
        words = [str(one.prompt) for one in choices.options]
        assert not [one for one in words if one.startswith("undo: ")]
        choices.highlighted = next(n for n, one in enumerate(words) if one.startswith("undo an older heal"))
        choices.action_select()
        found = await settled(pilot, lambda: isinstance(app.screen, ListView))
        assert "filter: action:heal" in text_of(found)
        await pilot.press("enter")
        await settled(pilot, lambda: isinstance(view := app.screen, DocumentView) and view._document is not None)
        await pilot.press("enter")
        await settled(pilot, lambda: isinstance(app.screen, ChoiceDialog))
        read_it(app)
        await pilot.press("down", "enter")
        await settled(pilot, lambda: isinstance(app.screen, ActionDialog))
        read_it(app)
        await pilot.press("right", "enter")
        await settled(pilot, lambda: bool(monitor_of(app).orders))
    assert monitor_of(app).orders == [("undo", HEAL_LOG.run)]
