"""What was drawn of dialogs and notices that are gone is forgotten: a screen stays open for weeks."""

import gc

from textual._styles_cache import StylesCache

from tests.tui.drawn import app_on, settled
from tests.tui.pictures import WARNING
from tests.until import until


async def test_nothing_that_was_drawn_of_dialogs_that_are_gone_is_kept() -> None:
    app = app_on(WARNING)
    async with app.run_test(size=(140, 40)) as pilot:
        await settled(pilot)
        before = _drawings()
        for _ in range(12):
            for key in ("question_mark", "h", "a"):
                await pilot.press(key)
                await settled(pilot)
                await pilot.press("escape")
                await settled(pilot)
        # not at once: a timer that was cancelled keeps what it was for until its time, which is seconds
        await until(lambda: _drawings() <= before + 5, "the dialogs to be forgotten")


def _drawings() -> int:
    """How many there are, those that tests before this one left among them."""
    gc.collect()
    return sum(type(one) is StylesCache for one in gc.get_objects())
