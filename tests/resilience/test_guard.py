"""One call, whole: deadline, retry, breaker, request, fallback."""

import asyncio
import math
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from core.resilience import (
    Breakers,
    BreakerState,
    Cache,
    Guard,
    NotLive,
    Outcome,
    Policy,
    RetryRules,
)
from core.resilience.fault import Counts, Evidence, Fault
from core.resilience.reading import Source
from tests.clock import FakeClock

ONCE = Policy(total_s=5)
RETRY = Policy(total_s=60, retry=RetryRules(jitter=0))
NEVER_REFUSED = Policy(total_s=5, refusable=False)


class Trouble(Exception):
    def __init__(self, counts: Counts = Counts.FAILURE, retry_after_s: float | None = None) -> None:
        super().__init__("trouble")
        self.counts = counts
        self.retry_after_s = retry_after_s


def classify(error: BaseException) -> Fault:
    counts = getattr(error, "counts", Counts.FAILURE)
    wish = getattr(error, "retry_after_s", None)
    return Fault(kind="trouble", counts=counts, evidence=Evidence.DOWN, message=str(error), retry_after_s=wish)


class Server:
    """Answers from a list: a value, or an exception to raise. The last one stays."""

    def __init__(self, clock: FakeClock, *answers: Any) -> None:
        self.clock = clock
        self.answers = list(answers)
        self.asked_at: list[float] = []

    async def __call__(self) -> Any:
        self.asked_at.append(self.clock.elapsed() - 1000)
        await asyncio.sleep(0)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def breakers(clock: FakeClock) -> Breakers:
    return Breakers(clock, jitter=lambda: 0.5)


@pytest.fixture
def cache(tmp_path: Path, clock: FakeClock) -> Iterator[Cache]:
    cache = Cache(tmp_path / "cache", "a1b2", clock)
    yield cache
    cache.close()


@pytest.fixture
def guard(clock: FakeClock, breakers: Breakers, cache: Cache) -> Guard:
    return Guard(clock, breakers, classify, cache, chance=lambda: 0.5)


async def read(guard: Guard, ask: Any, default: Any = None) -> Any:
    return await guard.last_known(
        "db:read", ask, policy=ONCE, cache_key="read", encode=lambda v: v, decode=int, default=default
    )


async def test_an_answer_is_live_with_its_time(guard: Guard, clock: FakeClock) -> None:
    assert await guard.call("db:read", Server(clock, 7), policy=ONCE) == Outcome(7, Source.LIVE, clock.now(), 1)
    assert await guard.live("db:read", Server(clock, None), policy=ONCE) is None


async def test_a_fault_is_a_value_in_one_view_and_not_live_in_the_other(guard: Guard, clock: FakeClock) -> None:
    server = Server(clock, Trouble())
    outcome = await guard.call("db:read", server, policy=ONCE)
    assert (outcome.data, outcome.source, outcome.attempts) == (None, Source.DEFAULT, 1)
    with pytest.raises(NotLive) as caught:
        await guard.live("db:read", server, policy=ONCE)
    assert caught.value.fault.kind == "trouble"


async def test_five_failures_open_and_then_nothing_is_sent(guard: Guard, breakers: Breakers, clock: FakeClock) -> None:
    server = Server(clock, Trouble())
    for _ in range(7):
        outcome = await guard.call("db:read", server, policy=ONCE)
    assert len(server.asked_at) == 5
    assert outcome.fault is not None
    assert (outcome.fault.kind, outcome.fault.counts) == ("refused_by_breaker", Counts.NEUTRAL)
    assert (outcome.fault.evidence, outcome.attempts) == (Evidence.NONE, 0)
    assert breakers.get("db:read").record().refused == 2


async def test_an_answered_refusal_is_no_failure_and_not_retried(guard: Guard, clock: FakeClock) -> None:
    server = Server(clock, Trouble(Counts.SUCCESS))
    for _ in range(7):
        await guard.call("db:read", server, policy=RETRY)
    assert len(server.asked_at) == 7


async def test_a_check_is_never_refused_and_its_success_closes(
    guard: Guard, breakers: Breakers, clock: FakeClock
) -> None:
    server = Server(clock, *[Trouble()] * 6, 7)
    for _ in range(6):
        await guard.call("db:read", server, policy=NEVER_REFUSED)
    assert breakers.get("db:read").state is BreakerState.OPEN
    assert await guard.live("db:read", server, policy=NEVER_REFUSED) == 7
    assert breakers.get("db:read").state is BreakerState.CLOSED


class TestRetry:
    async def test_waits_one_two_four_seconds(self, guard: Guard, clock: FakeClock) -> None:
        server = Server(clock, Trouble())
        outcome = await guard.call("db:read", server, policy=RETRY)
        assert server.asked_at == [0, 1, 3, 7]
        assert (outcome.attempts, outcome.fault and outcome.fault.kind) == (4, "trouble")

    async def test_ends_with_the_first_answer(self, guard: Guard, clock: FakeClock) -> None:
        outcome = await guard.call("db:read", Server(clock, Trouble(), Trouble(), 7), policy=RETRY)
        assert (outcome.data, outcome.attempts, outcome.fault) == (7, 3, None)

    async def test_jitter_only_shortens(self, guard: Guard, clock: FakeClock) -> None:
        server = Server(clock, Trouble())
        await guard.call("db:read", server, policy=Policy(total_s=60, retry=RetryRules(retries=1)))
        assert server.asked_at == [0, 0.875]

    async def test_no_wait_is_longer_than_its_cap(self, guard: Guard, clock: FakeClock) -> None:
        server = Server(clock, Trouble())
        rules = RetryRules(first_s=20, jitter=0, retries=2)
        await guard.call("db:read", server, policy=Policy(total_s=600, retry=rules))
        assert server.asked_at == [0, 20, 50]

    @pytest.mark.parametrize(("wish", "second"), [(0.2, 1), (12, 12)])
    async def test_retry_after_wins_when_larger(
        self, guard: Guard, clock: FakeClock, wish: float, second: float
    ) -> None:
        server = Server(clock, Trouble(retry_after_s=wish), 7)
        await guard.call("db:read", server, policy=RETRY)
        assert server.asked_at == [0, second]

    async def test_a_wait_past_the_deadline_is_not_begun(self, guard: Guard, clock: FakeClock) -> None:
        server = Server(clock, Trouble(retry_after_s=100))
        outcome = await guard.call("db:read", server, policy=RETRY)
        assert (outcome.attempts, clock.elapsed()) == (1, 1000)

    async def test_every_attempt_counts_and_the_breaker_ends_it(self, guard: Guard, clock: FakeClock) -> None:
        server = Server(clock, Trouble())
        await guard.call("db:read", server, policy=RETRY)
        outcome = await guard.call("db:read", server, policy=RETRY)
        assert len(server.asked_at) == 5
        assert (outcome.attempts, outcome.fault and outcome.fault.kind) == (1, "trouble")

    async def test_a_refusal_met_later_is_not_retried(self, guard: Guard, clock: FakeClock) -> None:
        server = Server(clock, Trouble(), Trouble(Counts.SUCCESS))
        assert (await guard.call("db:read", server, policy=RETRY)).attempts == 2


class TestDeadline:
    async def test_with_a_request_out_it_is_a_failure(self, guard: Guard, breakers: Breakers) -> None:
        outcome = await guard.call("db:read", asyncio.Event().wait, policy=Policy(total_s=0.01))
        assert outcome.fault is not None
        assert (outcome.fault.kind, outcome.fault.counts) == ("deadline", Counts.FAILURE)
        assert (outcome.fault.evidence, breakers.get("db:read").failures) == (Evidence.SILENT, 1)

    async def test_with_nothing_sent_it_counts_for_nothing(self, guard: Guard, clock: FakeClock) -> None:
        server = Server(clock, 7)
        outcome = await guard.call("db:read", server, policy=Policy(total_s=0))
        assert outcome.fault is not None
        assert (outcome.fault.kind, outcome.fault.counts, server.asked_at) == ("deadline", Counts.NEUTRAL, [])

    async def test_a_second_request_that_is_out_hides_no_doubt_behind_the_firsts_fault(
        self, guard: Guard, clock: FakeClock
    ) -> None:
        tries = 0

        async def ask() -> None:
            nonlocal tries
            tries += 1
            if tries == 1:
                raise Trouble
            await asyncio.Event().wait()

        outcome = await guard.call("db:read", ask, policy=Policy(total_s=0.05, retry=RetryRules(first_s=0.001)))
        assert (outcome.attempts, outcome.fault and outcome.fault.kind) == (2, "deadline")

    async def test_a_request_that_turns_our_cancellation_into_an_error_is_not_retried(self, guard: Guard) -> None:
        async def ask() -> None:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                raise OSError("closed") from None

        outcome = await guard.call("db:read", ask, policy=Policy(total_s=0.01, retry=RetryRules(first_s=0.001)))
        assert outcome.attempts == 1

    async def test_infinite_is_none(self, guard: Guard, clock: FakeClock) -> None:
        assert await guard.live("db:read", Server(clock, 7), policy=Policy(total_s=math.inf)) == 7


class TestCancellation:
    async def test_of_a_probe_at_any_await_gives_the_permit_back(self, breakers: Breakers, clock: FakeClock) -> None:
        guard = Guard(clock, breakers, classify)
        for steps in range(6):
            breaker = breakers.get(f"db:{steps}")
            breaker.hold("ann", "x")
            breaker.release("ann")

            async def ask() -> None:
                for _ in range(5):
                    await asyncio.sleep(0)
                await asyncio.Event().wait()

            probe = asyncio.create_task(guard.call(f"db:{steps}", ask, policy=RETRY))
            for _ in range(steps):
                await asyncio.sleep(0)
            probe.cancel()
            with pytest.raises(asyncio.CancelledError):
                await probe
            assert breaker.state in {BreakerState.HALF_OPEN, BreakerState.DUE}
            assert not breaker.refusing
            assert await guard.live(f"db:{steps}", Server(clock, 7), policy=ONCE) == 7
            assert breaker.state is BreakerState.CLOSED

    async def test_passes_through_and_is_no_failure(self, guard: Guard, breakers: Breakers) -> None:
        call = asyncio.create_task(guard.call("db:read", asyncio.Event().wait, policy=ONCE))
        await asyncio.sleep(0)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert breakers.get("db:read").failures == 0


async def test_of_a_thousand_callers_at_half_open_exactly_one_request_is_sent(
    guard: Guard, breakers: Breakers, clock: FakeClock
) -> None:
    breakers.hold("db:read", "ann", "x")
    breakers.release("db:read", "ann")
    server = Server(clock, 7)
    outcomes = await asyncio.gather(*(guard.call("db:read", server, policy=RETRY) for _ in range(1000)))
    assert len(server.asked_at) == 1
    assert sum(outcome.source is Source.LIVE for outcome in outcomes) == 1


class TestFallback:
    async def test_memory_while_fresh_then_disk_with_its_age(self, guard: Guard, clock: FakeClock) -> None:
        server = Server(clock, 7, Trouble())
        assert (await read(guard, server)).live
        clock.advance(299)
        first = await read(guard, server)
        clock.advance(10_000)
        second = await read(guard, server)
        assert [(r.value, r.source) for r in (first, second)] == [(7, Source.CACHED)] * 2
        assert second.age_s(clock.now()) == pytest.approx(10_299)
        assert second.fault.kind == "trouble"

    async def test_a_refused_read_falls_back_too(self, guard: Guard, breakers: Breakers, clock: FakeClock) -> None:
        await read(guard, Server(clock, 7))
        breakers.hold("db:read", "ann", "x")
        reading = await read(guard, Server(clock, 8))
        assert (reading.value, reading.source, reading.fault.kind) == (7, Source.CACHED, "refused_by_breaker")

    async def test_a_default_is_never_reported_as_a_measurement_and_never_kept(
        self, guard: Guard, cache: Cache, clock: FakeClock
    ) -> None:
        reading = await read(guard, Server(clock, Trouble()), default=3)
        assert (reading.value, reading.source, reading.at, reading.live) == (3, Source.DEFAULT, None, False)
        await cache.flush()
        assert cache.load_all() == {}

    async def test_fallback_never_overwrites_live_data(self, guard: Guard, cache: Cache, clock: FakeClock) -> None:
        await read(guard, Server(clock, 7))
        live_at = clock.now()
        clock.advance(60)
        await read(guard, Server(clock, Trouble()))
        await cache.flush()
        kept = cache.get_sync("read")
        assert kept is not None
        assert (kept.value, kept.at) == (7, live_at)

    async def test_what_cannot_be_decoded_is_as_good_as_nothing(
        self, guard: Guard, cache: Cache, clock: FakeClock
    ) -> None:
        await cache.put("read", "no number", datetime.now().astimezone())
        reading = await read(guard, Server(clock, Trouble()))
        assert (reading.value, reading.source) == (None, Source.DEFAULT)

    async def test_without_a_cache_there_is_live_or_nothing(self, clock: FakeClock, breakers: Breakers) -> None:
        guard = Guard(clock, breakers, classify)
        assert (await read(guard, Server(clock, 7))).live
        assert (await read(guard, Server(clock, Trouble()))).source is Source.DEFAULT
