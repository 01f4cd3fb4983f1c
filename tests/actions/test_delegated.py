"""Actions handed over through the store: taken up once, by the one they are for, in time; else never carried out."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from core.actions.breakers import HOLD_BREAKER, RESET_BREAKER
from core.actions.carried import Order
from core.actions.delegated import KIND, DelegatedAction, DelegatedActions, answer, given
from core.base.store import Store
from core.domain.actions import Result, ResultPhase
from tests.clock import FakeClock

ME, OTHER = "a" * 32, "b" * 32
DONE = Result(action=RESET_BREAKER.name, phase=ResultPhase.VERIFIED, text="reset")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    one = Store(tmp_path / "state", "a1b2")
    yield one
    await one.close()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def delegated(clock: FakeClock, store: Store) -> DelegatedActions:
    return DelegatedActions(clock, store)


async def test_one_is_taken_up_once_and_answered_to_who_asked(delegated: DelegatedActions, store: Store) -> None:
    asked = await delegated.ask(ME, Order(action=RESET_BREAKER, arguments={"breaker": "db:x"}), 10)
    assert await delegated.take(OTHER) == ()
    (taken,) = await delegated.take(ME)
    assert (taken.id, taken.arguments, await delegated.take(ME)) == (asked.id, {"breaker": "db:x"}, ())
    assert await delegated.withdraw(asked.id) is False
    await store.change(answer(taken, DONE))
    found = await delegated.look(asked.id)
    assert found is not None
    assert found.result == DONE
    await delegated.withdraw(asked.id)
    assert await store.all(KIND, object) == {}
    await store.change(answer(taken, DONE))  # nobody waits for it any more
    assert await store.all(KIND, object) == {}


async def test_what_was_withdrawn_is_never_taken_up(delegated: DelegatedActions) -> None:
    asked = await delegated.ask(ME, Order(action=RESET_BREAKER), 10)
    assert await delegated.withdraw(asked.id) is True
    assert await delegated.take(ME) == ()
    assert await delegated.withdraw(asked.id) is False


async def test_what_lapsed_or_comes_from_the_future_is_not_taken_up_and_is_cleared_away(
    delegated: DelegatedActions, clock: FakeClock, store: Store
) -> None:
    await delegated.ask(ME, Order(action=RESET_BREAKER), 10)
    clock.advance(10)
    assert await delegated.take(ME) == ()
    clock.jump_wall(-3600)  # the clock is set back: it would be in time again
    assert await delegated.take(ME) == ()
    assert await store.all(KIND, object) == {}


async def test_many_at_once_are_taken_up_in_order_and_bounded(delegated: DelegatedActions, clock: FakeClock) -> None:
    ids = []
    for _ in range(25):
        ids.append((await delegated.ask(ME, Order(action=RESET_BREAKER), 10)).id)
        clock.advance(0.01)
    first, second = await delegated.take(ME), await delegated.take(ME)
    assert [one.id for one in (*first, *second)] == ids
    assert len(second) == 5


HOSTILE: dict[str, dict[str, Any]] = {
    "a path for a name": {"id": "../../x"},
    "the name of another": {"id": "c" * 32},
    "a time without a zone": {"until": "2026-03-01T12:00:00"},
    "no end": {"until": "9999-12-31T23:59:59Z"},
    "a text without end": {"action": "x" * 10_000},
    "arguments without end": {"arguments": {f"a{number}": "x" for number in range(1000)}},
    "an argument that is no text": {"arguments": {"breaker": {"a": 1}}},
    "nothing of ours": {"to": None},
}


@pytest.mark.parametrize("case", HOSTILE)
async def test_what_is_no_such_action_is_not_taken_up(case: str, delegated: DelegatedActions, store: Store) -> None:
    asked = await delegated.ask(ME, Order(action=RESET_BREAKER), 10)
    await store.put(KIND, asked.id, msgspec.to_builtins(asked) | HOSTILE[case])
    assert await delegated.take(ME) == ()
    assert (await store.all(KIND, object) == {}) is (case != "no end")


def handed(action: str, **arguments: str) -> DelegatedAction:
    now = FakeClock().now()
    return DelegatedAction(id=ME, to=ME, action=action, arguments=arguments, at=now, until=now)


def test_only_what_its_record_knows_is_given() -> None:
    values = {"breaker": "db:x", "reason": "r"}
    assert given(handed("hold_breaker", breaker=" db:x ", reason="r")) == Order(action=HOLD_BREAKER, arguments=values)
    assert given(handed("reset_breaker")) == Order(action=RESET_BREAKER)
    for wrong in (
        handed("lift_observe"),
        handed("hold_breaker", breaker="db:x"),
        handed("hold_breaker", reason="r"),
        handed("reset_breaker", until="tomorrow"),
        handed("reset_breaker", reason="x" * 201),
    ):
        with pytest.raises(ValueError, match=r"^\w"):
            given(wrong)


async def test_while_it_is_carried_out_it_is_told_how_far_it_is_and_who_asked_may_stop_it(
    delegated: DelegatedActions, clock: FakeClock, store: Store
) -> None:
    asked = await delegated.ask(ME, Order(action=RESET_BREAKER, who="ann"), 10)
    assert (await delegated.take(ME))[0].who == "ann"
    assert await delegated.tend(asked.id, ("heal", 1, 9)) == ""
    await delegated.halt(asked.id, "enough")
    for _ in range(3):
        clock.advance(50)  # long past its time: it is not forgotten while it goes on
        assert await delegated.tend(asked.id, ("heal", 2, 9)) == "enough"
        assert await delegated.take(ME) == ()
    now = await delegated.look(asked.id)
    assert now is not None
    assert (now.progress, now.answered) == (("heal", 2, 9), False)
    clock.advance(90)
    assert await delegated.take(ME) == ()
    assert await store.all(KIND, object) == {}
    assert await delegated.tend(asked.id, None) == ""
