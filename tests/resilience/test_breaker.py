"""The breaker's rules, one by one."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest

from core.resilience import REFUSED, BreakerEvent, BreakerRules, Breakers, BreakerState, CircuitBreaker, Refused
from core.resilience.fault import Counts
from tests.clock import FakeClock

OK, BAD, NOTHING = Counts.SUCCESS, Counts.FAILURE, Counts.NEUTRAL
CLOSED, OPEN, HALF_OPEN, DUE, HELD = BreakerState


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def breaker(clock: FakeClock) -> CircuitBreaker:
    return CircuitBreaker("db:read", clock, jitter=lambda: 0.5)


def ask(breaker: CircuitBreaker, counts: Counts, pause_s: float | None = None) -> bool:
    generation = breaker.admit()
    if generation == REFUSED:
        return False
    breaker.report(generation, counts, why=counts.value, pause_s=pause_s)
    return True


def opened(breaker: CircuitBreaker) -> CircuitBreaker:
    for _ in range(5):
        ask(breaker, BAD)
    assert breaker.state is OPEN
    return breaker


def due(breaker: CircuitBreaker, clock: FakeClock) -> CircuitBreaker:
    opened(breaker)
    clock.advance(60)
    assert breaker.state is DUE
    return breaker


Step = Callable[[CircuitBreaker, FakeClock], object]
TABLE: dict[str, tuple[list[Step], BreakerState]] = {
    "four failures are not enough": ([lambda b, c: [ask(b, BAD) for _ in range(4)]], CLOSED),
    "the fifth opens": ([lambda b, _c: opened(b)], OPEN),
    "a success clears the count": ([lambda b, c: [ask(b, x) for x in (BAD, BAD, BAD, BAD, OK, BAD)]], CLOSED),
    "neutral clears nothing": ([lambda b, c: [ask(b, x) for x in (BAD, BAD, BAD, BAD, NOTHING, BAD)]], OPEN),
    "open until its time": ([lambda b, c: opened(b), lambda b, c: c.advance(59.9)], OPEN),
    "then due": ([due], DUE),
    "the next call makes it half-open": ([lambda b, c: due(b, c).admit()], HALF_OPEN),
    "a good probe closes": ([lambda b, c: ask(due(b, c), OK)], CLOSED),
    "a bad probe opens": ([lambda b, c: ask(due(b, c), BAD)], OPEN),
    "a neutral probe leaves it half-open": ([lambda b, c: ask(due(b, c), NOTHING)], HALF_OPEN),
    "after a neutral probe the next one probes": (
        [lambda b, c: ask(due(b, c), NOTHING), lambda b, c: ask(b, OK)],
        CLOSED,
    ),
    "a permit that expires is a failure": ([lambda b, c: due(b, c).admit(), lambda b, c: c.advance(30)], OPEN),
    "made due by hand": ([lambda b, c: opened(b).make_due()], DUE),
    "reset closes": ([lambda b, c: opened(b).reset("ann")], CLOSED),
    "a hold stays whatever time does": ([lambda b, c: b.hold("ann", "repair"), lambda b, c: c.advance(9999)], HELD),
    "a hold is not made due": ([lambda b, c: b.hold("ann", "repair"), lambda b, c: b.make_due()], HELD),
    "a released hold is due": ([lambda b, c: b.hold("ann", "repair"), lambda b, c: b.release("bob")], DUE),
    "release without a hold is nothing": ([lambda b, c: b.release("bob")], CLOSED),
    "reset ends a hold": ([lambda b, c: b.hold("ann", "repair"), lambda b, c: b.reset("bob")], CLOSED),
    "a hold ends at its end": (
        [lambda b, c: b.hold("ann", "x", c.now() + timedelta(hours=1)), lambda b, c: c.advance(3600)],
        DUE,
    ),
    "a wall clock that jumps opens nothing": ([lambda b, c: opened(b), lambda b, c: c.jump_wall(9999)], OPEN),
}


@pytest.mark.parametrize("name", TABLE)
def test_transitions(name: str, breaker: CircuitBreaker, clock: FakeClock) -> None:
    steps, state = TABLE[name]
    for step in steps:
        step(breaker, clock)
    assert breaker.state is state
    assert breaker.record().state is state


def test_the_count_ages_out_after_the_last_failure(breaker: CircuitBreaker, clock: FakeClock) -> None:
    for _ in range(4):
        ask(breaker, BAD)
        clock.advance(299)
    clock.advance(2)
    assert breaker.record().failures == 0
    ask(breaker, BAD)
    assert breaker.failures == 1


def test_the_count_of_a_rare_operation_lives_three_periods(breaker: CircuitBreaker, clock: FakeClock) -> None:
    breaker.expect_every(600)
    for _ in range(5):
        clock.advance(1799)
        ask(breaker, BAD)
    assert breaker.state is OPEN


@pytest.mark.parametrize(("chance", "seconds"), [(0.0, 54), (0.5, 60), (1.0, 66)])
def test_the_opening_is_jittered_by_a_tenth(clock: FakeClock, chance: float, seconds: float) -> None:
    breaker = opened(CircuitBreaker("db:read", clock, jitter=lambda: chance))
    assert breaker.record().opens_in_s == pytest.approx(seconds)
    assert breaker.record().due_at == clock.now() + timedelta(seconds=seconds)


@pytest.mark.parametrize(("wish", "seconds"), [(10, 60), (600, 600)])
def test_the_longer_of_ours_and_retry_after_wins(breaker: CircuitBreaker, wish: float, seconds: float) -> None:
    ask(breaker, BAD, wish)  # whichever of the five brought it
    opened(breaker)
    assert breaker.record().opens_in_s == pytest.approx(seconds)


def test_retry_after_of_a_probe_counts_too(breaker: CircuitBreaker, clock: FakeClock) -> None:
    ask(due(breaker, clock), BAD, 120)
    assert breaker.record().opens_in_s == pytest.approx(120)


def test_late_failures_never_extend_an_opening(breaker: CircuitBreaker, clock: FakeClock) -> None:
    late = [breaker.admit() for _ in range(3)]
    opened(breaker)
    clock.advance(30)
    for generation in late:
        breaker.report(generation, BAD)
    assert breaker.record().opens_in_s == pytest.approx(30)
    assert breaker.failures == 5


def test_a_late_success_of_an_older_generation_closes_nothing_and_hurries_nobody(clock: FakeClock) -> None:
    breakers = Breakers(clock)
    one, other = breakers.get("db:one"), opened(breakers.get("db:other"))
    late = one.admit()
    opened(one)
    one.report(late, OK)
    assert (one.state, other.state) == (OPEN, OPEN)


def test_an_expired_permit_reopens_from_when_it_expired(breaker: CircuitBreaker, clock: FakeClock) -> None:
    probe = due(breaker, clock).admit(10)
    clock.advance(40)
    assert breaker.record().opens_in_s == pytest.approx(30)
    breaker.report(probe, OK)
    assert breaker.state is OPEN
    clock.advance(30)
    assert breaker.admit() != REFUSED


def test_a_probe_that_answers_after_its_permit_closes_nothing(breaker: CircuitBreaker, clock: FakeClock) -> None:
    probe = due(breaker, clock).admit()
    clock.advance(31)
    breaker.report(probe, OK)
    assert breaker.state is OPEN


def test_half_open_lets_exactly_one_through(breaker: CircuitBreaker, clock: FakeClock) -> None:
    due(breaker, clock)
    assert not breaker.refusing
    assert [breaker.admit() == REFUSED for _ in range(4)] == [False, True, True, True]
    assert breaker.refusing
    assert breaker.record().refused == 3


def test_not_closed_since_runs_through_half_open_and_reopening(breaker: CircuitBreaker, clock: FakeClock) -> None:
    assert breaker.record().not_closed_since is None
    since = opened(breaker).record().since
    clock.advance(60)
    ask(breaker, BAD)
    assert breaker.record().since > since
    assert breaker.record().not_closed_since == since
    clock.advance(60)
    ask(breaker, OK)
    assert breaker.record().not_closed_since is None


def test_not_closed_since_begins_anew_when_a_hold_ends(breaker: CircuitBreaker, clock: FakeClock) -> None:
    breaker.hold("ann", "repair")
    record = breaker.record()
    assert (record.held_by, record.held_why, record.opens_in_s) == ("ann", "repair", None)
    clock.advance(3600)
    breaker.release("ann")
    assert breaker.record().not_closed_since == clock.now()
    assert breaker.record().held_by is None


def test_a_held_breaker_refuses_and_no_result_ends_it(breaker: CircuitBreaker) -> None:
    early = breaker.admit()
    breaker.hold("ann", "repair")
    assert breaker.refusing
    assert breaker.admit() == REFUSED
    breaker.report(early, OK)
    breaker.report_unasked(breaker.watch(), OK)
    breaker.report_unasked(breaker.watch(), BAD)
    assert breaker.state is HELD


class TestCallsThatAreNeverRefused:
    def test_count_like_any_other_while_closed(self, breaker: CircuitBreaker) -> None:
        for _ in range(5):
            breaker.report_unasked(breaker.watch(), BAD)
        assert breaker.state is OPEN

    def test_close_an_open_breaker_by_success(self, breaker: CircuitBreaker) -> None:
        opened(breaker)
        breaker.report_unasked(breaker.watch(), OK)
        assert breaker.state is CLOSED

    def test_change_nothing_by_failure(self, breaker: CircuitBreaker, clock: FakeClock) -> None:
        opened(breaker)
        clock.advance(30)
        breaker.report_unasked(breaker.watch(), BAD)
        assert breaker.record().opens_in_s == pytest.approx(30)

    def test_close_a_half_open_one_past_its_probe(self, breaker: CircuitBreaker, clock: FakeClock) -> None:
        probe = due(breaker, clock).admit()
        breaker.report_unasked(breaker.watch(), BAD)
        assert breaker.state is HALF_OPEN
        breaker.report_unasked(breaker.watch(), OK)
        breaker.report(probe, BAD)
        assert (breaker.state, breaker.failures) == (CLOSED, 0)

    def test_of_an_older_generation_change_nothing(self, breaker: CircuitBreaker) -> None:
        early = breaker.watch()
        opened(breaker)
        breaker.report_unasked(early, OK)
        assert breaker.state is OPEN


class TestRegistry:
    def test_a_live_answer_makes_the_components_other_breakers_due(self, clock: FakeClock) -> None:
        breakers = Breakers(clock)
        for key in ("db:one", "db:two", "edge:poll"):
            opened(breakers.get(key))
        breakers.hold("db:held", "ann", "repair")
        ask(breakers.get("db:fine"), OK)
        states = {record.key: record.state for record in breakers.all()}
        assert states == {"db:one": DUE, "db:two": DUE, "edge:poll": OPEN, "db:held": HELD, "db:fine": CLOSED}

    def test_records_are_sorted_and_reset_by_key_or_all(self, clock: FakeClock) -> None:
        breakers = Breakers(clock)
        for key in ("db:b", "auth:a"):
            opened(breakers.get(key))
        assert [(r.key, r.component) for r in breakers.all()] == [("auth:a", "auth"), ("db:b", "db")]
        breakers.reset("db:b", "ann")
        assert [r.state for r in breakers.all()] == [OPEN, CLOSED]
        breakers.reset(None, "ann")
        assert [r.state for r in breakers.all()] == [CLOSED, CLOSED]
        with pytest.raises(KeyError):
            breakers.reset("db:unknown", "ann")

    def test_release_and_due_by_key(self, clock: FakeClock) -> None:
        breakers = Breakers(clock)
        breakers.hold("db:a", "ann", "repair")
        breakers.release("db:a", "ann")
        opened(breakers.get("db:b"))
        breakers.make_all_due()
        assert [r.state for r in breakers.all()] == [DUE, DUE]

    def test_every_change_is_an_event_with_its_reason(self, clock: FakeClock) -> None:
        breakers, heard = Breakers(clock, jitter=lambda: 0.5), list[BreakerEvent]()
        breakers.listen(heard.append)
        breaker = due(breakers.get("db:a"), clock)
        ask(breaker, BAD)
        breaker.make_due()
        ask(breaker, OK)
        breaker.hold("ann", "repair")
        breaker.release("bob")
        breaker.reset("cyd")
        assert [(e.before.value, e.after.value, e.cause.value, e.why) for e in heard] == [
            ("closed", "open", "failures", "5 failures in a row: failure"),
            ("due", "half_open", "due", "time for a probe"),
            ("half_open", "open", "probe_failed", "the probe failed: failure"),
            ("open", "due", "asked", "probe requested by an operator"),
            ("due", "half_open", "due", "time for a probe"),
            ("half_open", "closed", "probe_succeeded", "the probe succeeded"),
            ("closed", "held", "held", "held by ann: repair"),
            ("held", "due", "released", "released by bob"),
            ("due", "closed", "reset", "reset by cyd"),
        ]
        assert [e.by for e in heard] == ["", "", "", "", "", "", "ann", "bob", "cyd"]
        assert [e.cause.by_hand for e in heard] == [bool(e.by) for e in heard]

    def test_what_nobody_ordered_has_a_cause_of_its_own(self, clock: FakeClock) -> None:
        breakers, heard = Breakers(clock, jitter=lambda: 0.5), list[BreakerEvent]()
        breakers.listen(heard.append)
        breakers.hold("db:a", "ann", "repair", clock.now() + timedelta(seconds=5))
        clock.advance(5)
        breaker = breakers.get("db:a")
        breaker.admit()
        clock.advance(BreakerRules().permit_s)
        opened(breakers.get("db:b"))
        assert breaker.state is OPEN
        breaker.report_unasked(breaker.watch(), Counts.SUCCESS)
        assert [(e.key, e.cause.value, e.by) for e in heard] == [
            ("db:a", "held", "ann"),
            ("db:a", "hold_ended", ""),
            ("db:a", "due", ""),
            ("db:b", "failures", ""),
            ("db:a", "expired", ""),
            ("db:a", "check_answered", ""),
            ("db:b", "hurried", ""),
        ]

    def test_a_listener_that_raises_hinders_nobody(self, clock: FakeClock) -> None:
        breakers, heard = Breakers(clock), list[BreakerEvent]()
        breakers.listen(lambda event: 1 / 0)
        breakers.listen(heard.append)
        opened(breakers.get("db:a"))
        assert len(heard) == 1


class TestCall:
    async def test_gives_the_answer_and_counts_failures(self, clock: FakeClock) -> None:
        breaker = CircuitBreaker("a", clock, BreakerRules(failures_to_open=2), jitter=lambda: 0.5)

        async def good() -> int:
            return 7

        async def bad() -> int:
            raise OSError("bad")

        with pytest.raises(OSError, match="bad"):
            await breaker.call(bad)
        assert (await breaker.call(good), breaker.failures) == (7, 0)
        for _ in range(2):
            with pytest.raises(OSError, match="bad"):
                await breaker.call(bad, lambda error: BAD)
        with pytest.raises(Refused):
            await breaker.call(good)
        clock.advance(60)
        assert await breaker.call(good) == 7
        assert breaker.state is CLOSED

    async def test_of_a_thousand_callers_at_half_open_one_calls(
        self, breaker: CircuitBreaker, clock: FakeClock
    ) -> None:
        due(breaker, clock)
        sent = 0

        async def server() -> None:
            nonlocal sent
            sent += 1
            await asyncio.sleep(0)

        results = await asyncio.gather(*(breaker.call(server) for _ in range(1000)), return_exceptions=True)
        assert sent == 1
        assert sum(isinstance(result, Refused) for result in results) == 999
        assert breaker.state is CLOSED

    async def test_cancelling_the_probe_closes_nothing_and_lets_the_next_one_probe(
        self, breaker: CircuitBreaker, clock: FakeClock
    ) -> None:
        due(breaker, clock)
        probe = asyncio.create_task(breaker.call(asyncio.Event().wait))
        await asyncio.sleep(0)
        assert breaker.refusing
        probe.cancel()
        with pytest.raises(asyncio.CancelledError):
            await probe
        assert breaker.state is HALF_OPEN
        await breaker.call(lambda: asyncio.sleep(0))
        assert breaker.state is CLOSED


class TestHurry:
    """A component's answer makes its other open breakers due, and one that fails for itself keeps its own pace."""

    def open(self, breaker: CircuitBreaker) -> CircuitBreaker:
        for _ in range(5):
            breaker.report(breaker.admit(), Counts.FAILURE)
        return breaker

    def test_one_that_keeps_failing_is_not_hurried_by_every_answer(self, clock: FakeClock) -> None:
        breakers = Breakers(clock, jitter=lambda: 0.5)
        sick, well = self.open(breakers.get("db:sick")), breakers.get("db:well")
        well.report(well.admit(), Counts.SUCCESS)
        assert sick.state is DUE
        sick.report(sick.admit(), Counts.FAILURE)
        for _ in range(10):
            well.report(well.admit(), Counts.SUCCESS)
        assert sick.state is OPEN
        clock.advance(60)
        assert sick.state is DUE

    def test_after_a_new_outage_it_is_hurried_again(self, clock: FakeClock) -> None:
        breakers = Breakers(clock, jitter=lambda: 0.5)
        first, second = self.open(breakers.get("db:a")), breakers.get("db:b")
        second.report(second.admit(), Counts.SUCCESS)
        first.report(first.admit(), Counts.FAILURE)  # hurried, and failed
        self.open(second)  # the component is down again
        third = breakers.get("db:c")
        third.report(third.admit(), Counts.SUCCESS)
        assert (first.state, second.state) == (DUE, DUE)


def test_failures_of_an_operation_that_is_seldom_called_are_counted_all_the_same(clock: FakeClock) -> None:
    breakers = Breakers(clock, jitter=lambda: 0.5)
    breakers.expect_every("db:seldom", 330)
    seldom, often = breakers.get("db:seldom"), breakers.get("db:often")
    breakers.expect_every("db:often", 5)
    for _ in range(5):
        for breaker in (seldom, often):
            breaker.report(breaker.admit(), BAD)
        clock.advance(330)
    assert (seldom.failures, often.failures) == (5, 1)
    assert (seldom.state, often.state) == (DUE, CLOSED)
