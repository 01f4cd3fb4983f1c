"""What was drawn of dialogs and notices that are gone is forgotten: a screen stays open for weeks."""

import gc

from textual._styles_cache import StylesCache

from tests.tui.drawn import app_on, settled
from tests.tui.pictures import WARNING


async def test_nothing_that_was_drawn_of_dialogs_that_are_gone_is_kept() -> None:
    app = app_on(WARNING)
    async with app.run_test(size=(140, 40)) as pilot:
        await settled(pilot)
        counts = []
        for _ in range(2):
            for _ in range(6):
                for key in ("question_mark", "h", "a"):
                    await pilot.press(key)
                    await settled(pilot)
                    await pilot.press("escape")
                    await settled(pilot)
            gc.collect()
            counts.append(sum(type(one) is StylesCache for one in gc.get_objects()))
        assert counts[1] <= counts[0] + 5
        assert counts[1] <= len(list(app.screen.walk_children())) + 30
