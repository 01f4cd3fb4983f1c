"""A heal names what it will change and what it changed, so that nobody takes dry-run for trying it out."""

import pytest

from core.actions.repairs import REPAIRS, Repair
from tests.tui.drawn import app_on, read_it, run, settled, text_of
from tests.tui.pictures import WARNING


@pytest.mark.parametrize("repair", REPAIRS)
def test_every_repair_says_what_it_changed(repair: type[Repair]) -> None:
    assert repair.done
    if "dry_run" in repair.name:
        assert repair.done == "dry-run turned on"


@pytest.mark.parametrize("size", [(140, 40), (80, 24), (60, 15)])
async def test_the_dialog_says_that_the_repair_turns_dry_run_on(size: tuple[int, int]) -> None:
    app = app_on(WARNING)
    async with run(app, size) as pilot:
        await settled(pilot)
        await pilot.press("h")
        await settled(pilot, lambda: app.screen.is_modal)
        read_it(app)
        picture = text_of(await settled(pilot))
        assert "▌ dry-run on " in picture
        assert "▌ logs" in picture
