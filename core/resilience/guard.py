"""One call, whole: total deadline > retry > breaker > one request, and a fallback where it failed.

`call` gives an `Outcome` and never raises for a fault. Two views stand on it: `live` (a value measured now, or
`NotLive`) and `last_known` (a `Reading` with its source).
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Final, Generic, TypeVar

import msgspec
import tenacity

from core.clock import Clock
from core.facts import Counts, Evidence, Fault, Reading, Source
from core.resilience.breaker import REFUSED, Breakers, CircuitBreaker
from core.resilience.cache import Cache
from core.resilience.retry import Again, RetryRules, waits, worth_it

T = TypeVar("T")


class NotLive(Exception):
    """There is no live value; `fault` says why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """How one call is made. `total_s`: deadline over all tries, seconds. `retry`: `None` is one try.

    `refusable` is false for checks, emergency stop, lift and read-backs: no breaker keeps them from going out.
    """

    total_s: float
    retry: RetryRules | None = None
    refusable: bool = True


class Outcome(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """What became of a call: the data and where it came from, how many requests it took, and the fault if any."""

    data: T | None = None
    source: Source = Source.DEFAULT
    at: datetime | None = None
    attempts: int = 0
    fault: Fault | None = None


_REFUSED: Final = Fault(
    kind="refused_by_breaker",
    counts=Counts.NEUTRAL,
    evidence=Evidence.NONE,
    message="not asked: its breaker is open",
)
_EARLY: Final = Fault(kind="deadline", counts=Counts.NEUTRAL, evidence=Evidence.NONE, message="no time was left to ask")
_LATE: Final = Fault(
    kind="deadline", counts=Counts.FAILURE, evidence=Evidence.SILENT, message="no answer before the deadline"
)


class Guard:
    """Calls anything safely. `classify` turns an exception of the caller's world into a `Fault`."""

    def __init__(
        self,
        clock: Clock,
        breakers: Breakers,
        classify: Callable[[BaseException], Fault],
        cache: Cache | None = None,
    ) -> None:
        self._clock = clock
        self._breakers = breakers
        self._classify = classify
        self._cache = cache

    async def call(self, key: str, ask: Callable[[], Awaitable[T]], *, policy: Policy) -> Outcome[T]:
        """Ask, within the policy. Cancellation passes through and gives a probe's permit back."""
        breaker = self._breakers.get(key)
        progress = _Progress(self._clock.elapsed() + policy.total_s)
        try:
            async with asyncio.timeout(policy.total_s):
                return await self._tries(breaker, ask, policy, progress)
        except TimeoutError:
            fault = _LATE if progress.attempts else _EARLY
            return Outcome(attempts=progress.attempts, fault=progress.fault or fault)

    async def live(self, key: str, ask: Callable[[], Awaitable[T]], *, policy: Policy) -> T:
        """The value measured now. Raises NotLive."""
        outcome = await self.call(key, ask, policy=policy)
        if outcome.fault is not None:
            raise NotLive(outcome.fault)
        return outcome.data  # type: ignore[return-value]  # no fault: this is what `ask` gave, None included

    async def last_known(
        self,
        key: str,
        ask: Callable[[], Awaitable[T]],
        *,
        policy: Policy,
        cache_key: str,
        encode: Callable[[T], Any],
        decode: Callable[[Any], T],
    ) -> Reading[T]:
        """The live value, else the last known one with its age, else nothing. Only live data is ever kept."""
        outcome = await self.call(key, ask, policy=policy)
        if outcome.fault is None:
            if self._cache is not None:
                await self._cache.put(cache_key, encode(outcome.data), outcome.at)  # type: ignore[arg-type]  # live
            return Reading(value=outcome.data, source=Source.LIVE, at=outcome.at)
        kept = await self._cache.get(cache_key) if self._cache is not None else None
        if kept is not None:
            try:
                return Reading(value=decode(kept.value), source=Source.CACHED, at=kept.at, fault=outcome.fault)
            except (msgspec.ValidationError, TypeError, ValueError):
                pass  # kept by another version of us: as good as nothing
        return Reading(fault=outcome.fault)

    async def _tries(
        self, breaker: CircuitBreaker, ask: Callable[[], Awaitable[T]], policy: Policy, progress: "_Progress"
    ) -> Outcome[T]:
        outcome = await self._try(breaker, ask, policy, progress)
        if outcome.fault is None or policy.retry is None or not worth_it(outcome.fault):
            return outcome
        return await self._again(breaker, ask, policy, progress, outcome.fault)

    async def _again(
        self,
        breaker: CircuitBreaker,
        ask: Callable[[], Awaitable[T]],
        policy: Policy,
        progress: "_Progress",
        first: Fault,
    ) -> Outcome[T]:
        rules = policy.retry or RetryRules()
        retrying = tenacity.AsyncRetrying(
            stop=tenacity.stop_after_attempt(rules.retries + 1),
            wait=waits(rules),
            retry=tenacity.retry_if_exception_type(Again),
            sleep=self._clock.sleep,
            reraise=True,
        )
        failed: Fault | None = first  # the first try is over already; tenacity starts by hearing of it

        async def once() -> Outcome[T]:
            nonlocal failed
            if failed is not None:
                fault, failed = failed, None
                raise Again(fault)
            outcome = await self._try(breaker, ask, policy, progress)
            if outcome.fault is not None and worth_it(outcome.fault):
                raise Again(outcome.fault)
            return outcome

        try:
            return await retrying(once)
        except Again as again:
            return Outcome(attempts=progress.attempts, fault=again.fault)

    async def _try(
        self, breaker: CircuitBreaker, ask: Callable[[], Awaitable[T]], policy: Policy, progress: "_Progress"
    ) -> Outcome[T]:
        generation = breaker.admit(policy.total_s) if policy.refusable else breaker.watch()
        if generation == REFUSED:
            return Outcome(attempts=progress.attempts, fault=_REFUSED)
        report = breaker.report if policy.refusable else breaker.report_unasked
        progress.attempts += 1
        counts, why, pause = Counts.NEUTRAL, "", None
        try:
            data = await ask()
            counts = Counts.SUCCESS
        except asyncio.CancelledError:
            # Our own deadline cancels too; that one is the server's failure, a caller's cancellation is nobody's.
            if self._clock.elapsed() >= progress.deadline:
                counts, why = Counts.FAILURE, _LATE.message
            raise
        except Exception as error:  # noqa: BLE001 - the guard's edge: every exception becomes a fault here
            fault = self._classify(error)
            counts, why, pause = fault.counts, fault.message, fault.retry_after_s
            progress.fault = fault
            return Outcome(attempts=progress.attempts, fault=fault)
        finally:
            report(generation, counts, why=why, open_s=pause)
            if counts is Counts.SUCCESS:
                self._breakers.alive(breaker.component)
        return Outcome(data=data, source=Source.LIVE, at=self._clock.now(), attempts=progress.attempts)


class _Progress:
    """How far a call has come, for the moment its deadline strikes."""

    __slots__ = ("attempts", "deadline", "fault")

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        self.attempts = 0
        self.fault: Fault | None = None
