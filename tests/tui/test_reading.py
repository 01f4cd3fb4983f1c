"""What is read while it is looked at: a slow read ends, and a row that is gone says so."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from textual.pilot import Pilot

from tests.tui.drawn import app_on, drawn, monitor_of, run, settled, text_of
from tests.tui.pictures import WARNING
from tests.tui.rows import RECORDS, name_of
from tui.app.app import WatchdeskApp
from tui.screens.document_view import DocumentView
from tui.screens.served_view import ServedView
from tui.screens.window import PAGE

pytestmark = pytest.mark.usefixtures("utc")

SIZE = (80, 24)
GONE = "it no longer exists"
MANY = msgspec.structs.replace(
    RECORDS, tasks=tuple(msgspec.structs.replace(RECORDS.tasks[0], id=name_of(n)) for n in range(2 * PAGE))
)


class Slow:
    """A read that ends when it is let go; `begun` and `ended` count, and what is cancelled does not end."""

    def __init__(self, read: Callable[..., Awaitable[Any]]) -> None:
        self.begun = self.ended = 0
        self.go = asyncio.Event()
        self._read = read

    async def __call__(self, *args: Any) -> Any:
        self.begun += 1
        await self.go.wait()
        self.ended += 1
        return await self._read(*args)


async def refreshed(pilot: Pilot[None], app: WatchdeskApp, times: int) -> None:
    """So many live refreshes, each later than the one before."""
    monitor = monitor_of(app)
    for _ in range(times):
        link = monitor.snapshot.link
        assert link.since is not None
        later = msgspec.structs.replace(link, since=link.since + timedelta(seconds=5))
        monitor.tell(msgspec.structs.replace(monitor.snapshot, link=later))
        await pilot.pause()


def shown(app: WatchdeskApp) -> str:
    return text_of(drawn(app))


async def test_a_row_that_is_there_no_more_says_so_and_nothing_can_be_done_with_it() -> None:
    app = app_on(WARNING)
    async with run(app, SIZE) as pilot:
        app.open_row("tasks", name_of(0xDEAD))
        await settled(pilot, lambda: GONE in shown(app))
        assert "reading" not in shown(app)
        await pilot.press("enter")
        assert isinstance(app.screen, DocumentView)


async def test_a_row_that_went_while_it_was_read_stays_as_it_was_and_says_so() -> None:
    app = app_on(WARNING)
    monitor = monitor_of(app)
    async with run(app, SIZE) as pilot:
        app.open_row("tasks", name_of(5))
        await settled(pilot, lambda: "SMTP 550" in shown(app))
        monitor.records = msgspec.structs.replace(RECORDS, details={})
        await refreshed(pilot, app, 1)
        await settled(pilot, lambda: GONE in shown(app))
        assert "SMTP 550" in shown(app)
        await pilot.press("enter")
        await settled(pilot)
        assert isinstance(app.screen, DocumentView)
        assert [one.message for one in app._notifications] == ["no action is possible: this row no longer exists"]
        monitor.records = RECORDS
        await refreshed(pilot, app, 1)
        await settled(pilot, lambda: GONE not in shown(app))


async def test_a_row_that_takes_longer_to_read_than_a_refresh_is_read_all_the_same() -> None:
    app = app_on(WARNING)
    monitor = monitor_of(app)
    slow = Slow(monitor.task_detail)
    monitor.task_detail = slow  # type: ignore[method-assign]  # the same, slower
    async with run(app, SIZE) as pilot:
        app.open_row("tasks", name_of(5))
        await settled(pilot, lambda: slow.begun == 1)
        await refreshed(pilot, app, 3)
        assert slow.begun == 1
        slow.go.set()
        await settled(pilot, lambda: "SMTP 550" in shown(app))
        await refreshed(pilot, app, 1)
        assert slow.begun == slow.ended == 2  # once more, for what came meanwhile


async def test_rows_that_take_longer_to_read_than_a_refresh_are_read_anew_all_the_same() -> None:
    app = app_on(WARNING)
    monitor = monitor_of(app)
    async with run(app, SIZE) as pilot:
        await app.visit("tasks")
        await settled(pilot, lambda: "SMTP 550" in shown(app))
        monitor.records = msgspec.structs.replace(RECORDS, tasks=RECORDS.tasks[:1])
        slow = Slow(monitor.page)
        monitor.page = slow  # type: ignore[method-assign]  # the same, slower
        await refreshed(pilot, app, 3)
        assert slow.begun == 1
        slow.go.set()
        await settled(pilot, lambda: "SMTP 550" not in shown(app))


async def test_a_key_held_down_and_a_refresh_do_not_begin_the_next_page_anew() -> None:
    app = app_on(WARNING, MANY)
    monitor = monitor_of(app)
    async with run(app, SIZE) as pilot:
        await app.visit("tasks")
        view = app.screen
        assert isinstance(view, ServedView)
        await settled(pilot, lambda: len(view._window.records) == PAGE and not view._reading)
        slow = Slow(monitor.page)
        monitor.page = slow  # type: ignore[method-assign]  # the same, slower
        await pilot.press("end", "up", "up", "down")
        await refreshed(pilot, app, 2)
        assert slow.begun == 1
        slow.go.set()
        await settled(pilot, lambda: len(view._window.records) == 2 * PAGE)


async def test_pages_and_halves_of_them_are_turned_by_the_keys_of_a_pager() -> None:
    app = app_on(WARNING, MANY)
    async with run(app, SIZE) as pilot:
        await app.visit("tasks")
        view = app.screen
        assert isinstance(view, ServedView)
        await settled(pilot, lambda: len(view._window.records) == PAGE and not view._reading)
        page = view.list.screenful()
        at = []
        for key in ("ctrl+f", "ctrl+f", "ctrl+b", "ctrl+d", "ctrl+u", "ctrl+u", "ctrl+b"):
            await pilot.press(key)
            at.append(view.list.at)
        half = page // 2
        assert at == [page, 2 * page, page, page + half, page, page - half, 0]


async def test_a_list_of_which_more_have_come_than_fit_into_one_read_is_counted_anew() -> None:
    app = app_on(WARNING)
    monitor = monitor_of(app)
    monitor.records = msgspec.structs.replace(RECORDS, tasks=RECORDS.tasks[:1])
    async with run(app, SIZE) as pilot:
        await app.visit("tasks")
        await settled(pilot, lambda: "Tasks 1/1 " in shown(app))
        monitor.records = MANY
        await refreshed(pilot, app, 1)
        await settled(pilot, lambda: f"Tasks 1/{2 * PAGE} " in shown(app))
