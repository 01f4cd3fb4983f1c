"""Safety checks on the screen: switched where they are settings, told at their task where they are results."""

import msgspec
import pytest

from core.actions.safety_check import DISABLE_CHECK, ENABLE_CHECK, NO_SETTINGS
from core.domain.actions import Action
from core.domain.snapshot import Snapshot
from tests.tui.drawn import app_on, asks, drawn, run, settled, text_of
from tests.tui.pictures import WARNING
from tests.tui.rows import RECORDS, SAFETY, SETTINGS, name_of
from tui.screens.document_view import DocumentView

pytestmark = pytest.mark.usefixtures("utc")

SIZE = (80, 24)
AS_SETTINGS = msgspec.structs.replace(RECORDS, safety=SETTINGS)


def documented() -> Snapshot:
    return msgspec.structs.replace(WARNING, project=msgspec.structs.replace(WARNING.project, shape="documented"))


@pytest.mark.parametrize(("keys", "action"), [(("E",), DISABLE_CHECK), (("down", "E"), ENABLE_CHECK)])
async def test_e_asks_for_what_the_check_under_the_cursor_is_not(keys: tuple[str, ...], action: Action) -> None:
    app = app_on(documented(), AS_SETTINGS)
    async with run(app, SIZE) as pilot:
        await app.visit("safety")
        found = text_of(await settled(pilot, lambda: "The build passes" in drawn(app)))
        assert "E on/off" in found
        await pilot.press(*keys)
        await settled(pilot, lambda: asks(app, action))


async def test_where_they_are_results_the_key_is_not_shown_and_says_why() -> None:
    app = app_on(WARNING)
    async with run(app, SIZE) as pilot:
        await app.visit("safety")
        found = text_of(await settled(pilot, lambda: "Safety checks 1" in drawn(app)))
        assert "on/off" not in found
        await pilot.press("E")
        await settled(pilot, lambda: [one.message for one in app._notifications] == [NO_SETTINGS])


@pytest.mark.parametrize("name", ["enable_check", "disable_check"])
async def test_the_menu_says_the_same(name: str) -> None:
    app = app_on(WARNING)
    async with run(app, SIZE) as pilot:
        await settled(pilot)
        await app.press(name)
        await pilot.pause()
        assert [one.message for one in app._notifications] == [NO_SETTINGS]


async def test_a_task_says_at_its_top_which_checks_it_fails() -> None:
    failed = [one for one in SAFETY if one.task_id == name_of(8) and one.verdict == "failed"]
    app = app_on(WARNING, RECORDS)
    async with run(app, SIZE) as pilot:
        app.open_row("tasks", name_of(5))
        await settled(pilot, lambda: isinstance(app.screen, DocumentView) and "All columns" in drawn(app))
        assert "safety check failed" not in drawn(app)
        app.back()
        checks = tuple(msgspec.structs.replace(one, task_id=name_of(5)) for one in failed)
        app.monitor.records = msgspec.structs.replace(RECORDS, safety=checks)  # type: ignore[attr-defined]  # it stands still
        app.open_row("tasks", name_of(5))
        found = text_of(await settled(pilot, lambda: "failed: " in drawn(app)))
    first = found.index(f"{len(failed)} safety check failed: {failed[0].check_type}")
    assert first < found.index("Logs")
