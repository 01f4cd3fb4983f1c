"""Garbage is looked for seldom during the start, and as usual from the first frame on."""

import gc
from collections.abc import Iterator

import pytest

from core.base.garbage import USUAL, collect_as_usual, collect_seldom
from tui.terminal.ending import Ending
from tui.terminal.running import TerminalSession


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """The thresholds of the process are its own again after a test."""
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


class Recorded:
    """An app that only tells by which rule garbage is looked for while it runs."""

    def __init__(self) -> None:
        self.thresholds: list[tuple[int, int, int]] = []

    async def run_async(self, *, mouse: bool) -> None:
        """Run to its end at once."""
        self.thresholds.append(gc.get_threshold())


def test_the_start_is_not_held_up_and_all_is_as_before_afterwards() -> None:
    collect_seldom()
    assert gc.get_threshold()[0] > 10 * USUAL[0]
    collect_as_usual()
    assert gc.get_threshold() == USUAL
    assert gc.get_freeze_count() > 1000


async def test_a_screen_that_stays_open_for_weeks_looks_for_garbage() -> None:
    collect_seldom()
    app = Recorded()
    ending = Ending(signals=(), lives_with=())
    try:
        await TerminalSession(ending, mouse=True).show(app)  # type: ignore[arg-type]  # no screen is needed
    finally:
        ending.disarm()
    assert app.thresholds == [USUAL]
