"""What is said on the way out of a question: whoever leaves must know what that does."""

import asyncio

import pytest

from core.actions.catalogue import ACTIONS
from core.domain.actions import Result, ResultPhase
from tests.tui.drawn import app_on, drawn, read_it, run, settled, text_of
from tests.tui.pictures import WARNING
from tui.app.app import WatchdeskApp
from tui.dialogs import ActionDialog, Prompt

pytestmark = pytest.mark.usefixtures("utc")

SIZE = (80, 24)


def told(app: WatchdeskApp) -> list[str]:
    return [one.message for one in app._notifications]


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        pytest.param(("r",), True, id="a-choice"),
        pytest.param(("z",), True, id="what-to-silence"),
        pytest.param(("n",), True, id="a-note"),
        pytest.param(("6", "enter"), False, id="a-row-that-is-read"),
    ],
)
@pytest.mark.parametrize("way", ["escape", "enter"])
async def test_leaving_a_question_says_that_nothing_was_done(keys: tuple[str, ...], says: bool, way: str) -> None:
    app = app_on(WARNING)
    async with run(app, SIZE) as pilot:
        for key in keys:
            await settled(pilot)
            await pilot.press(key)
        await settled(pilot, lambda: app.screen.is_modal)
        read_it(app)
        before = app.screen
        await pilot.press("escape" if isinstance(before, Prompt) else way)
        await settled(pilot, lambda: app.screen is not before)
        assert told(app) == (["nothing was done"] if says else [])


async def test_while_it_is_under_way_the_button_says_that_closing_leaves_it_running(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app, goes_on = app_on(WARNING), asyncio.Event()

    async def slow(*_: object, **__: object) -> Result:
        await goes_on.wait()
        return Result(action="dry_run_on", phase=ResultPhase.VERIFIED, text="dry-run is on (read back)")

    monkeypatch.setattr(app.monitor, "run", slow)
    async with run(app, SIZE) as pilot:
        ask = ActionDialog(app.monitor, ACTIONS["run_pending"])
        app.ask(ask)
        await settled(pilot, lambda: not ask._act.disabled)
        read_it(app)
        await pilot.press("tab", "enter")
        await settled(pilot, lambda: ask._busy)
        assert "Cancel" not in text_of(drawn(app))
        assert " Leave it running " in text_of(drawn(app))
        await pilot.press("escape")
        await settled(pilot, lambda: app.screen is not ask)
        assert told(app) == ["it continues in the background: see Events (7) for the result"]
        goes_on.set()
