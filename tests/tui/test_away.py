"""Who comes back after ten minutes: told what happened, and kept from ordering what was not looked at."""

from datetime import timedelta

import msgspec
import pytest
from textual import events
from textual.pilot import Pilot

from core.domain.snapshot import Snapshot
from tests.clock import FakeClock
from tests.tui.drawn import app_on, monitor_of, read_it, run, settled, text_of
from tests.tui.pictures import STATES, WARNING
from tui.app.app import WatchdeskApp
from tui.base.key import Key
from tui.base.settings import AWAY_S
from tui.dialogs import Dialog, HelpDialog
from tui.screens.keys import GLOBAL_KEYS
from tui.screens.list_view import ListView

pytestmark = pytest.mark.usefixtures("utc")

SIZE = (80, 24)
GONE_S = AWAY_S + 1
ORDERS = [key for key in GLOBAL_KEYS if key.order or key.name == "quit"]
CRITICAL = STATES["critical"]


def goes(app: WatchdeskApp, seconds: float, then: Snapshot = CRITICAL) -> None:
    """Nobody is there for so long, and then it looks like this."""
    assert isinstance(app.clock, FakeClock)
    app.clock.advance(seconds)
    monitor_of(app).tell(msgspec.structs.replace(then, at=app.clock.now()))


async def click(pilot: Pilot[None], where: str) -> None:
    """As the terminal tells it; the pilot's own goes past the app."""
    x, y = pilot.app.screen.query_one(where).region.center
    for kind in (events.MouseDown, events.MouseUp):
        pilot.app.post_message(kind(None, int(x), int(y), 0, 0, 1, False, False, False, int(x), int(y)))
        await settled(pilot)  # a finger takes its time


async def test_it_takes_ten_minutes_and_any_key_or_click_begins_them_anew() -> None:
    app = app_on(WARNING)
    async with run(app, SIZE) as pilot:
        goes(app, AWAY_S - 1)
        await pilot.press("tab")
        assert "AWAY" not in text_of(await settled(pilot))
        goes(app, AWAY_S - 1)
        await click(pilot, "#top")
        goes(app, AWAY_S - 1)
        await pilot.press("tab")
        assert "AWAY" not in text_of(await settled(pilot))
        goes(app, GONE_S)
        await pilot.press("tab")
        assert "AWAY" in text_of(await settled(pilot))


async def test_a_key_that_looks_does_its_work_and_the_next_one_closes() -> None:
    app = app_on(WARNING)
    async with run(app, SIZE) as pilot:
        goes(app, GONE_S)
        await pilot.press("t")
        shown = text_of(await settled(pilot, lambda: isinstance(app.screen, ListView)))
        assert "WARNING → CRITICAL 03:20" in shown
        assert "the next key closes" in shown
        await pilot.press("question_mark")
        await settled(pilot, lambda: isinstance(app.screen, HelpDialog))
        await pilot.press("escape")
        assert "AWAY" not in text_of(await settled(pilot, lambda: isinstance(app.screen, ListView)))


async def test_escape_closes_it_and_does_nothing_else() -> None:
    app = app_on(WARNING)
    async with run(app, SIZE) as pilot:
        await pilot.press("t")
        await settled(pilot, lambda: isinstance(app.screen, ListView))
        goes(app, GONE_S)
        await pilot.press("down")
        assert "AWAY" in text_of(await settled(pilot))
        await pilot.press("escape")
        assert "AWAY" not in text_of(await settled(pilot))
        assert isinstance(app.screen, ListView)
        await pilot.press("escape")
        await settled(pilot, lambda: not isinstance(app.screen, ListView))


@pytest.mark.parametrize("key", ORDERS, ids=lambda key: key.name)
async def test_the_key_of_an_order_does_nothing_yet_and_says_so(key: Key) -> None:
    app = app_on(WARNING)
    async with run(app, SIZE) as pilot:
        goes(app, GONE_S)
        dashboard = app.screen
        await pilot.press(key.key.split(",")[0])
        shown = text_of(await settled(pilot))
        assert f"{key.shown({})} was not executed: press it again to confirm" in shown
        monitor = monitor_of(app)
        assert app.screen is dashboard
        assert app.is_running
        assert (monitor.orders, monitor.checked, monitor.restarted) == ([], 0, 0)


async def test_the_same_key_once_more_is_meant() -> None:
    app = app_on(WARNING)
    async with run(app, SIZE) as pilot:
        goes(app, GONE_S)
        await pilot.press("h")
        await settled(pilot)
        await pilot.press("h")
        shown = text_of(await settled(pilot, lambda: isinstance(app.screen, Dialog)))
        assert "Heal" in shown


async def test_a_moved_key_is_known_by_what_it_orders() -> None:
    app = app_on(WARNING, keymap={"heal": "f5", "tasks": "h"})
    async with run(app, SIZE) as pilot:
        goes(app, GONE_S)
        await pilot.press("f5")
        assert "was not executed" in text_of(await settled(pilot))
        goes(app, GONE_S)
        await pilot.press("h")
        await settled(pilot, lambda: isinstance(app.screen, ListView))


async def test_a_question_that_was_left_open_takes_no_answer_from_who_comes_back() -> None:
    app = app_on(WARNING)
    async with run(app, SIZE) as pilot:
        await pilot.press("h")
        await settled(pilot, lambda: isinstance(app.screen, Dialog))
        read_it(app)
        await pilot.press("right")  # on the button that orders
        goes(app, GONE_S)
        await pilot.press("enter")
        assert "you were away, so ⏎ was not executed" in text_of(await settled(pilot))
        goes(app, GONE_S)
        await click(pilot, "#act")
        assert "you were away, so the click was not executed" in text_of(await settled(pilot))
        assert monitor_of(app).orders == []
        await click(pilot, "#heading")  # it only keeps the first one
        goes(app, GONE_S)
        await pilot.press("escape")
        shown = text_of(await settled(pilot, lambda: not isinstance(app.screen, Dialog)))
        assert "AWAY" in shown  # it was not there to be read before
        assert monitor_of(app).orders == []


async def test_a_click_on_a_panel_looks() -> None:
    app = app_on(WARNING)
    async with run(app, SIZE) as pilot:
        await settled(pilot)
        goes(app, GONE_S)
        await click(pilot, "#tasks")
        assert "AWAY" in text_of(await settled(pilot, lambda: isinstance(app.screen, ListView)))
        await click(pilot, "#top")
        assert "AWAY" not in text_of(await settled(pilot))


async def test_a_letter_of_a_filter_is_no_order() -> None:
    app = app_on(WARNING)
    async with run(app, SIZE) as pilot:
        await pilot.press("t")
        await settled(pilot, lambda: isinstance(app.screen, ListView))
        await pilot.press("slash", "u")
        goes(app, GONE_S)
        await pilot.press("h")
        shown = text_of(await settled(pilot))
        assert "was not executed" not in shown
        assert "uh" in shown


async def test_what_the_start_brings_is_no_news() -> None:
    app = app_on(STATES["connecting"])
    async with run(app, SIZE) as pilot:
        goes(app, 1, WARNING)
        goes(app, GONE_S, WARNING)
        await pilot.press("tab")
        shown = text_of(await settled(pilot))
        assert "CONNECTING" not in shown
        assert "UNKNOWN" not in shown


async def test_nobody_is_missed_where_the_settings_say_so() -> None:
    app = app_on(WARNING, away_s=0)
    async with run(app, SIZE) as pilot:
        goes(app, 100 * AWAY_S)
        await pilot.press("h")
        shown = text_of(await settled(pilot, lambda: isinstance(app.screen, Dialog)))
        assert "AWAY" not in shown


async def test_hostile_text_of_who_ordered_stays_text() -> None:
    bad = "\x1b]0;x\x07[bold]\u202e" * 40
    entry = msgspec.structs.replace(
        WARNING.logs.value[0],  # type: ignore[index]  # it has rows
        id="bad",
        at=WARNING.at + timedelta(minutes=1),
        step="watchdog_healing",
        status="failed",
        order=bad,
        actor=bad,
    )
    logs = msgspec.structs.replace(WARNING.logs, value=(entry,))
    app = app_on(WARNING)
    async with run(app, SIZE) as pilot:
        goes(app, GONE_S, msgspec.structs.replace(WARNING, logs=logs))
        await pilot.press("tab")
        shown = text_of(await settled(pilot))
        assert "[bold]" in shown
        assert not {"\x1b", "\x07", "\u202e"} & set(shown)
        assert all(len(line) == SIZE[0] for line in shown.splitlines()[:8])
