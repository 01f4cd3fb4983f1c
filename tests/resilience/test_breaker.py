"""The breaker's rules, on a clock that moves only when told."""

import asyncio

import pytest

from core.facts import Counts
from core.resilience import REFUSED, BreakerEvent, BreakerRules, Breakers, BreakerState, CircuitBreaker
from tests.clock import FakeClock

FAILURE, SUCCESS, NEUTRAL = Counts.FAILURE, Counts.SUCCESS, Counts.NEUTRAL


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def breaker(clock: FakeClock) -> CircuitBreaker:
    return CircuitBreaker("db:read", clock, jitter=lambda: 0.5)


def fail(breaker: CircuitBreaker, times: int = 5) -> None:
    for _ in range(times):
        breaker.report(breaker.admit(), FAILURE, why="refused")


def test_five_failures_in_a_row_open_it_and_four_do_not(breaker: CircuitBreaker) -> None:
    fail(breaker, 4)
    assert breaker.state is BreakerState.CLOSED
    fail(breaker, 1)
    assert breaker.state is BreakerState.OPEN
    assert breaker.admit() == REFUSED
    assert breaker.record().refused == 1


def test_a_success_between_clears_the_count(breaker: CircuitBreaker) -> None:
    fail(breaker, 4)
    breaker.report(breaker.admit(), SUCCESS)
    fail(breaker, 4)
    assert breaker.state is BreakerState.CLOSED


def test_the_count_ages_out_after_the_last_failure(breaker: CircuitBreaker, clock: FakeClock) -> None:
    fail(breaker, 4)
    clock.advance(301)
    fail(breaker, 4)
    assert breaker.state is BreakerState.CLOSED


def test_open_becomes_due_and_the_next_call_is_the_probe(breaker: CircuitBreaker, clock: FakeClock) -> None:
    fail(breaker)
    clock.advance(59)
    assert (breaker.state, breaker.admit()) == (BreakerState.OPEN, REFUSED)
    clock.advance(2)
    assert breaker.state is BreakerState.DUE
    probe = breaker.admit()
    assert breaker.state is BreakerState.HALF_OPEN
    assert breaker.admit() == REFUSED
    breaker.report(probe, SUCCESS)
    assert breaker.state is BreakerState.CLOSED
    assert breaker.record().not_closed_since is None


def test_a_failed_probe_opens_it_again_and_not_closed_since_runs_on(breaker: CircuitBreaker, clock: FakeClock) -> None:
    fail(breaker)
    since = breaker.record().not_closed_since
    clock.advance(61)
    breaker.report(breaker.admit(), FAILURE)
    assert breaker.state is BreakerState.OPEN
    assert breaker.record().not_closed_since == since


def test_a_neutral_probe_gives_the_permit_back_and_closes_nothing(breaker: CircuitBreaker, clock: FakeClock) -> None:
    fail(breaker)
    clock.advance(61)
    breaker.report(breaker.admit(), NEUTRAL)
    assert breaker.state is BreakerState.HALF_OPEN
    assert breaker.admit() != REFUSED


def test_a_permit_expires_and_counts_as_failure(breaker: CircuitBreaker, clock: FakeClock) -> None:
    fail(breaker)
    clock.advance(61)
    hung = breaker.admit(10.0)
    clock.advance(11)
    assert breaker.admit() == REFUSED
    assert breaker.state is BreakerState.OPEN
    breaker.report(hung, SUCCESS)  # late: of an older generation
    assert breaker.state is BreakerState.OPEN


def test_late_failures_never_extend_the_pause(breaker: CircuitBreaker, clock: FakeClock) -> None:
    late = [breaker.admit() for _ in range(3)]
    fail(breaker)
    clock.advance(50)
    for generation in late:
        breaker.report(generation, FAILURE)
    clock.advance(11)
    assert breaker.state is BreakerState.DUE


def test_the_servers_wish_wins_when_longer(breaker: CircuitBreaker, clock: FakeClock) -> None:
    for _ in range(5):
        breaker.report(breaker.admit(), FAILURE, open_s=120)
    clock.advance(119)
    assert breaker.state is BreakerState.OPEN
    clock.advance(2)
    assert breaker.state is BreakerState.DUE


def test_a_check_is_never_refused_its_success_closes_and_its_failure_changes_nothing(breaker: CircuitBreaker) -> None:
    fail(breaker)
    breaker.report_unasked(breaker.watch(), FAILURE)
    assert breaker.state is BreakerState.OPEN
    breaker.report_unasked(breaker.watch(), SUCCESS)
    assert breaker.state is BreakerState.CLOSED


def test_a_hold_is_ended_by_people_and_its_end_only(breaker: CircuitBreaker, clock: FakeClock) -> None:
    breaker.hold("anna", "migration")
    clock.advance(100_000)
    breaker.report_unasked(breaker.watch(), SUCCESS)
    assert (breaker.state, breaker.admit()) == (BreakerState.HELD, REFUSED)
    assert (breaker.record().held_by, breaker.record().held_why) == ("anna", "migration")
    breaker.release("ben")
    assert breaker.state is BreakerState.DUE
    breaker.reset("ben")
    assert breaker.state is BreakerState.CLOSED


def test_wall_time_does_not_matter(breaker: CircuitBreaker, clock: FakeClock) -> None:
    fail(breaker)
    clock.jump_wall(1_000_000)
    assert breaker.state is BreakerState.OPEN


def test_a_live_answer_makes_the_components_others_due(clock: FakeClock) -> None:
    events: list[BreakerEvent] = []
    breakers = Breakers(clock, BreakerRules(failures_to_open=1))
    breakers.listen(events.append)
    for key in ("db:a", "db:b", "edge:c"):
        breakers.get(key).report(breakers.get(key).admit(), FAILURE)
    breakers.alive("db")
    assert [r.state for r in breakers.all()] == [BreakerState.DUE, BreakerState.DUE, BreakerState.OPEN]
    assert [(e.key, e.after) for e in events] == [(key, BreakerState.OPEN) for key in ("db:a", "db:b", "edge:c")]


async def test_a_thousand_callers_at_a_half_open_breaker_send_one(breaker: CircuitBreaker, clock: FakeClock) -> None:
    fail(breaker)
    clock.advance(61)
    sent = 0

    async def call() -> None:
        nonlocal sent
        generation = breaker.admit()
        if generation == REFUSED:
            return
        sent += 1
        await asyncio.sleep(0)
        breaker.report(generation, SUCCESS)

    await asyncio.gather(*(call() for _ in range(1000)))
    assert sent == 1
    assert breaker.state is BreakerState.CLOSED
