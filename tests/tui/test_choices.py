"""What can be chosen is a record: what is done, and with which one. A key comes through as it is."""

import msgspec
import pytest
from textual.widgets import OptionList

from core.actions.acknowledge import ACKNOWLEDGE
from core.actions.breakers import HOLD_BREAKER, RELEASE_BREAKER, RESET_BREAKER
from core.actions.silence import SILENCE
from core.domain.alert_view import AlertView
from core.resilience import BreakerState
from tests.tui.drawn import app_on, monitor_of, read_it, run, settled
from tests.tui.pictures import WARNING
from tui.actions import alerts, breakers
from tui.actions.choice import Choice, Go
from tui.dialogs import ChoiceDialog

pytestmark = pytest.mark.usefixtures("utc")

ODD = "breaker_open:alert:mail|end|x:*"
FIRING = AlertView(
    key=ODD, rule="breaker_open", subject="x", severity="high", state="firing", title="a breaker is open"
)


def test_what_can_be_done_with_an_alert_and_a_breaker_as_they_stand() -> None:
    both = [Choice(ACKNOWLEDGE, ODD), Choice(SILENCE, ODD)]
    assert [choice for choice, _ in alerts.choices_of(FIRING)] == both
    acked = msgspec.structs.replace(FIRING, state="acknowledged", acked="operator jana@watch-1")
    assert [choice for choice, _ in alerts.choices_of(acked)] == both[1:]
    assert alerts.choices_of(msgspec.structs.replace(FIRING, state="resolved")) == ()
    one = msgspec.structs.replace(WARNING.breakers[0], key=ODD, state=BreakerState.OPEN)
    closed, held = (msgspec.structs.replace(one, state=state) for state in (BreakerState.CLOSED, BreakerState.HELD))
    reset, hold = Choice(RESET_BREAKER, ODD), Choice(HOLD_BREAKER, ODD)
    assert [choice for choice, _ in breakers.choices_of(one)] == [reset, hold]
    assert [choice for choice, _ in breakers.choices_of(closed)] == [hold]
    assert [choice for choice, _ in breakers.choices_of(held)] == [Choice(RELEASE_BREAKER, ODD)]
    assert [choice for choice, _ in breakers.breaker_choices((one, held))] == [
        Choice(RESET_BREAKER),
        reset,
        Choice(RELEASE_BREAKER, ODD),
        Choice(Go.KEY, "hold"),
    ]


async def test_an_odd_key_is_handed_on_as_it_is() -> None:
    app = app_on(msgspec.structs.replace(WARNING, alerts=(FIRING,)))
    async with run(app, (80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("6", "enter")
        await settled(pilot, lambda: isinstance(app.screen, ChoiceDialog))
        words = [str(one.prompt) for one in app.screen.query_one(OptionList).options]
        assert words == ["Close", "acknowledge: you are handling it", "silence it for a while …"]
        read_it(app)
        await pilot.press("down", "enter")
        await settled(pilot, lambda: bool(monitor_of(app).orders))
    assert monitor_of(app).orders == [("acknowledge", ODD)]
