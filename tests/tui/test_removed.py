"""Work of a widget that ends while the widget is being removed: a part that is gone by then is no error."""

import asyncio

import pytest
from textual.app import App
from textual.css.query import NoMatches
from textual.widgets import Label, Static

from tui.base.error_boundary import within_error_boundary


class Slow(Static):
    """Reads until it is told to go on, then writes into a part of itself."""

    def __init__(self) -> None:
        super().__init__()
        self.go_on = asyncio.Event()
        self.said: list[str] = []

    def say(self, text: str) -> None:
        self.said.append(text)
        self.query_one("#label")

    async def on_mount(self) -> None:
        await self.mount(Label(id="label"))

    @within_error_boundary("reading", say)
    async def read(self) -> None:
        await self.go_on.wait()
        self.query_one("#part", Label).update("read")

    @within_error_boundary("working", say)
    async def work_on(self) -> None:
        await self.go_on.wait()
        await self.query_children(Label).remove()
        raise RuntimeError("boom")


@pytest.mark.parametrize("removed", [False, True])
async def test_a_part_that_is_gone_is_an_error_unless_all_of_it_is_being_removed(removed: bool) -> None:
    app = App[None]()
    async with app.run_test():
        slow = Slow()
        await app.mount(slow)
        reading = asyncio.create_task(slow.read())
        await asyncio.sleep(0)
        removal = slow.remove() if removed else None
        slow.go_on.set()
        await reading
        if removal is not None:
            await removal
        assert len(slow.said) == (0 if removed else 1)
        with pytest.raises(NoMatches):
            slow.query_one("#part")


async def test_an_error_of_what_is_being_removed_is_told_to_nobody() -> None:
    """Its place to say it is gone as well, and asking for that would end the app."""
    app = App[None]()
    async with app.run_test():
        slow = Slow()
        await app.mount(slow)
        working = asyncio.create_task(slow.work_on())
        await asyncio.sleep(0)
        removal = slow.remove()
        slow.go_on.set()
        await working
        await removal
        assert slow.said == []
