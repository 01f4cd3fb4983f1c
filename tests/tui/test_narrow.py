"""What an idle screen sends: only the cells that changed."""

import re

import pytest
from textual._compositor import ChopsUpdate

from tests.tui.drawn import app_on, run, settled, text_of
from tests.tui.pictures import WARNING
from tui.screens.narrow import NarrowCompositor

pytestmark = pytest.mark.usefixtures("utc")

MOST = 100
"""Bytes of a line of which a figure changed: it takes 50, and the whole line would take 170."""


async def test_a_clock_at_the_end_of_a_line_costs_itself_and_not_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    app = app_on(WARNING)
    async with run(app, (140, 40)) as pilot:
        before = text_of(await settled(pilot))
        written: list[str] = []
        real = NarrowCompositor.render_partial_update

        def noted(compositor: NarrowCompositor) -> ChopsUpdate | None:
            update = real(compositor)
            if update is not None:
                written.append(update.render_segments(app.console))
            return update

        monkeypatch.setattr(NarrowCompositor, "render_partial_update", noted)
        app.clock.advance(60.0)  # type: ignore[attr-defined]  # the pictures' clock
        app.repaint()
        after = text_of(await settled(pilot))
    changed = [
        y for y, pair in enumerate(zip(before.splitlines(), after.splitlines(), strict=True)) if len(set(pair)) > 1
    ]
    sent = "".join(written)
    assert changed[0] == 1  # the clock
    assert {int(y) - 1 for y in re.findall(r"\x1b\[(\d+);\d+H", sent)} == set(changed)
    assert len(sent.encode()) < MOST * len(changed)
