"""What a screen shows of the service beside it: who acts, its breakers with their age, and who carries an order out."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from core.actions.breakers import HOLD_BREAKER, RELEASE_BREAKER, RESET_BREAKER
from core.actions.heal import HEAL
from core.domain.service_view import ServiceView
from core.resilience import BreakerRecord, BreakerState
from tests.hostile import HOSTILE
from tests.tui.drawn import app_on, asks, drawn, monitor_of, run, settled
from tests.tui.pictures import WARNING
from tests.tui.well import ACTIVE, changed
from tui.actions.breakers import breaker_choices, known, release_choices
from tui.actions.choice import Choice
from tui.lists.breakers import BreakerList
from tui.panels.connections import ConnectionsPanel
from tui.panels.topline import TopLine
from tui.rendering.text import Signs, plain
from tui.rendering.themes import palette

pytestmark = pytest.mark.usefixtures("utc")

NOW = ACTIVE.at
OWN = ACTIVE.breakers[0].key


def view(key: str, state: BreakerState, **more: str) -> BreakerRecord:
    return BreakerRecord(key=key, component="db", state=state, since=NOW - timedelta(minutes=3), failures=4, **more)


OPEN = view(OWN, BreakerState.OPEN, last_error="no answer")
HELD = view("db:only_there", BreakerState.HELD, held_by="operator ann@vm", held_why="replay")
SERVICE = ServiceView(pid=4711, told_at=NOW - timedelta(minutes=2), breakers=(OPEN, HELD))
BESIDE = changed(ACTIVE, service=SERVICE)


@pytest.mark.parametrize("width", [80, 120])
def test_the_top_line_says_who_acts(width: int) -> None:
    panel = TopLine(Signs(), palette("dark"))
    assert "the service, pid 4711, acts" in plain(panel.lines(BESIDE, width, 3)[1])
    assert "pid 4711" not in plain(panel.lines(ACTIVE, width, 3)[1])


def test_where_orders_go_is_said() -> None:
    assert SERVICE.acts.endswith("; this screen gives it its actions")
    other = msgspec.structs.replace(SERVICE, not_taken="the service is of version 2, this screen of 1")
    assert other.acts.endswith("; actions run in this screen: the service is of version 2, this screen of 1")


def test_the_services_breakers_are_shown_with_their_age() -> None:
    listed = BreakerList(cast(Any, SimpleNamespace(appearance=SimpleNamespace(signs=Signs()))))
    assert plain(listed.state(BESIDE)) == " all closed; 2 not closed in the service, pid 4711 (told 2 min ago)"
    rows = listed.rows(BESIDE)
    assert [row.cells[2][0] for row in rows[:2]] == [f"{OWN}, service", "db:only_there, service"]
    assert len(rows) == 2 + len(ACTIVE.breakers)
    details = listed.details(rows[1].key, BESIDE)
    assert details is not None
    assert "the service, pid 4711, told 2 min old" in details.text
    assert [chosen for chosen, _ in details.choices] == [Choice(RELEASE_BREAKER, "db:only_there")]
    own = listed.details(OWN, BESIDE)
    assert own is not None
    assert [chosen for chosen, _ in own.choices] == [Choice(HOLD_BREAKER, OWN)]
    panel = ConnectionsPanel(Signs(), palette("dark"))
    lines = [plain(line) for line in panel.lines(BESIDE, 120, 5)]
    assert "in the service, 3 min: no answer" in lines[0]
    assert "in the service, 3 min by operator ann@vm: replay" in lines[1]


def test_what_is_not_closed_there_can_be_chosen_here() -> None:
    choices = breaker_choices(known(BESIDE))
    assert Choice(RESET_BREAKER, OWN) in [one for one, _ in choices]
    assert [one for one, _ in release_choices(known(BESIDE))] == [Choice(RELEASE_BREAKER, "db:only_there")]
    assert known(ACTIVE) == ACTIVE.breakers


async def test_the_dialog_says_who_carries_it_out() -> None:
    app = app_on(WARNING)
    async with run(app, (80, 24)) as pilot:
        monitor_of(app).carrier = "Carried out by the service on this machine (pid 4711)."
        await settled(pilot)
        await pilot.press("h")
        await settled(pilot, lambda: asks(app, HEAL))
        assert "Carried out by the service on this machine (pid 4711)." in drawn(app)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
async def test_no_text_of_it_is_more_than_text(text: str) -> None:
    hostile = view(text[:200], BreakerState.HELD, held_by=text[:200], held_why=text[:200])
    app = app_on(changed(ACTIVE, service=msgspec.structs.replace(SERVICE, breakers=(hostile,))))
    async with run(app, (80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("4")
        assert "pid 4711" in await settled(pilot)
