"""One guarded call: total deadline > retry > breaker > one request, and a fallback where it failed.

`call` returns an `Outcome` and never raises for a fault. Two views are built on it: `live` (a value measured now, or
`NotLive`) and `last_known` (a `Reading` with its source).
"""

import asyncio
import contextlib
import math
import random
from collections.abc import Awaitable, Callable, Hashable
from datetime import datetime
from typing import Any, Final, Generic, TypeVar

import msgspec

from core.base.clock import Clock
from core.base.errors import WatchdeskError
from core.resilience.breaker import REFUSED, CircuitBreaker
from core.resilience.breakers import Breakers
from core.resilience.cache import Cache
from core.resilience.fault import Counts, Evidence, Fault
from core.resilience.reading import Reading, Source
from core.resilience.retry import Again, RetryRules, retrying, worth_it
from core.resilience.sharing import Sharing

T = TypeVar("T")


class NotLive(WatchdeskError):
    """There is no live value; `fault` says why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """The way one call is made. `total_s`: deadline over all tries, seconds (`inf`: none). `retry`: `None` is one try.

    `refusable` is false for checks, emergency stop, resume and read-backs: no breaker refuses them.
    """

    total_s: float
    retry: RetryRules | None = None
    refusable: bool = True


class Outcome(msgspec.Struct, Generic[T], frozen=True):
    """The result of a call: the data and its source, how many requests it took, and the fault if any."""

    data: T | None = None
    source: Source = Source.DEFAULT
    at: datetime | None = None
    attempts: int = 0
    fault: Fault | None = None


_EARLY: Final = Fault(
    kind="deadline", counts=Counts.NEUTRAL, evidence=Evidence.NONE, message="no request sent: no time left"
)
_LATE: Final = Fault(
    kind="deadline", counts=Counts.FAILURE, evidence=Evidence.SILENT, message="no answer before the deadline"
)
_UNREADABLE: Final = (msgspec.MsgspecError, TypeError, ValueError, LookupError)


class Guard:
    """Calls anything safely. `classify` turns an exception of the caller's world into a `Fault`.

    `chance` returns a number from 0 to 1 for the jitter of retries.
    """

    def __init__(
        self,
        clock: Clock,
        breakers: Breakers,
        classify: Callable[[BaseException], Fault],
        cache: Cache | None = None,
        *,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._clock = clock
        self._breakers = breakers
        self._classify = classify
        self._cache = cache
        self._chance = chance
        self._refusals: dict[str, Outcome[Any]] = {}
        self._shared: Sharing[Outcome[Any]] = Sharing()

    async def call(self, key: str, ask: Callable[[], Awaitable[T]], *, policy: Policy) -> Outcome[T]:
        """Make the call within the policy. Cancellation passes through and gives a probe's permit back."""
        breaker = self._breakers.get(key)
        if policy.refusable and breaker.refusing:
            return self._refuse(breaker)
        total_s = policy.total_s
        if total_s == math.inf:
            progress = _Progress(None, total_s)
            outcome = await self._request(breaker, ask, policy, progress)
            return outcome if outcome.fault is None else await self._again(outcome, breaker, ask, policy, progress)
        if total_s <= 0:
            return Outcome(fault=_EARLY)
        scope = asyncio.timeout(total_s)
        progress = _Progress(scope, self._clock.elapsed() + total_s)
        try:
            async with scope:
                outcome = await self._request(breaker, ask, policy, progress)
                return outcome if outcome.fault is None else await self._again(outcome, breaker, ask, policy, progress)
        except TimeoutError:
            # With a request out, its fate is what is not known; an earlier try's fault must not hide that.
            fault = _LATE if progress.asking else progress.fault or _EARLY
            return Outcome(attempts=progress.attempts, fault=fault)

    async def live(self, key: str, ask: Callable[[], Awaitable[T]], *, policy: Policy) -> T:
        """Return the value measured now. Raises NotLive."""
        outcome = await self.call(key, ask, policy=policy)
        if outcome.fault is not None:
            raise NotLive(outcome.fault)
        return outcome.data  # type: ignore[return-value]  # no fault: this is what `ask` gave, None included

    async def last_known(  # noqa: PLR0913 - a view takes what the call takes, and how to keep it
        self,
        key: str,
        ask: Callable[[], Awaitable[T]],
        *,
        policy: Policy,
        cache_key: str,
        encode: Callable[[T], Any],
        decode: Callable[[Any], T],
        default: T | None = None,
        share: Hashable | None = None,
    ) -> Reading[T]:
        """Return the live value, else the last known one with its age, else `default`, labelled as such.

        Calls with the same key, policy and `share` (parameters, user) share one request while they overlap; `None`
        never shares. Only live data is kept, as the builtin types that `encode` makes of it. Never raises for a fault.
        """
        outcome = await (
            self.call(key, ask, policy=policy)
            if share is None
            else self._shared.ask((key, share, policy), lambda: self.call(key, ask, policy=policy))
        )
        return await self.kept(outcome, cache_key=cache_key, encode=encode, decode=decode, default=default)

    async def kept(
        self,
        outcome: Outcome[T],
        *,
        cache_key: str,
        encode: Callable[[T], Any],
        decode: Callable[[Any], T],
        default: T | None = None,
    ) -> Reading[T]:
        """Return an outcome as `last_known` does: kept where it is live, else the last one that was. Never raises."""
        if outcome.fault is None:
            if self._cache is not None and outcome.at is not None:
                self._cache.keep(cache_key, encode(outcome.data), outcome.at)  # type: ignore[arg-type]  # what `ask` gave
            return Reading(value=outcome.data, source=Source.LIVE, at=outcome.at)
        kept = await self._cache.get(cache_key) if self._cache is not None else None
        if kept is not None:
            with contextlib.suppress(*_UNREADABLE):  # kept by another version of us: as good as nothing
                return Reading(value=decode(kept.value), source=Source.CACHED, at=kept.at, fault=outcome.fault)
        return Reading(value=default, fault=outcome.fault)

    async def _again(
        self,
        outcome: Outcome[T],
        breaker: CircuitBreaker,
        ask: Callable[[], Awaitable[T]],
        policy: Policy,
        progress: "_Progress",
    ) -> Outcome[T]:
        """Retry a call whose first try failed as `outcome` says, where retries are worth it."""
        failed = outcome.fault  # the first try is over; tenacity starts by hearing of it
        if policy.retry is None or failed is None or not self._once_more(failed, progress):
            return outcome

        async def once() -> Outcome[T]:
            nonlocal failed
            if failed is not None:
                fault, failed = failed, None
                raise Again(fault)
            outcome = await self._request(breaker, ask, policy, progress)
            if outcome.fault is not None and self._once_more(outcome.fault, progress):
                raise Again(outcome.fault)
            return outcome

        try:
            return await retrying(policy.retry, self._clock, progress.deadline, self._chance)(once)
        except Again as again:
            return Outcome(attempts=progress.attempts, fault=again.fault)

    async def _request(
        self, breaker: CircuitBreaker, ask: Callable[[], Awaitable[T]], policy: Policy, progress: "_Progress"
    ) -> Outcome[T]:
        if policy.refusable:
            generation = breaker.admit(
                None if progress.deadline == math.inf else progress.deadline - self._clock.elapsed()
            )
            if generation == REFUSED:
                # On the way: what the last real try found says more.
                return Outcome(attempts=progress.attempts, fault=progress.fault or self._refusal(breaker).fault)
            report = breaker.report
        else:
            generation, report = breaker.watch(), breaker.report_unasked
        counts, why, pause = Counts.NEUTRAL, "", None
        progress.attempts += 1
        progress.asking = True
        try:
            data = await ask()
            counts = Counts.SUCCESS
            progress.asking = False
        except asyncio.CancelledError:
            # Our own deadline cancels too; that one is the server's failure, a caller's cancellation is nobody's.
            if progress.over:
                counts, why = Counts.FAILURE, _LATE.message
            raise
        except Exception as error:  # noqa: BLE001 - the guard's edge: every exception becomes a fault here
            progress.asking = False
            fault = self._classify(error)
            if not fault.component:
                fault = msgspec.structs.replace(fault, component=breaker.component)
            progress.fault = fault
            counts, why, pause = fault.counts, fault.message, fault.retry_after_s
            return Outcome(attempts=progress.attempts, fault=fault)
        finally:
            report(generation, counts, why=why, pause_s=pause)
        return Outcome(data, Source.LIVE, self._clock.now(), progress.attempts)

    def _once_more(self, fault: Fault, progress: "_Progress") -> bool:
        return worth_it(fault) and not progress.over

    def _refuse(self, breaker: CircuitBreaker) -> Outcome[Any]:
        breaker.refused += 1
        return self._refusal(breaker)

    def _refusal(self, breaker: CircuitBreaker) -> Outcome[Any]:
        """Return the breaker's refusal, made once: refusing costs nothing."""
        outcome = self._refusals.get(breaker.key)
        if outcome is None:
            outcome = self._refusals[breaker.key] = Outcome(
                fault=Fault(
                    kind="refused_by_breaker",
                    counts=Counts.NEUTRAL,
                    evidence=Evidence.NONE,
                    message="no request sent: its circuit breaker is open",
                    component=breaker.component,
                )
            )
        return outcome


class _Progress:
    """Progress of a call, for the moment its deadline passes."""

    __slots__ = ("asking", "attempts", "deadline", "fault", "scope")

    def __init__(self, scope: asyncio.Timeout | None, deadline: float) -> None:
        self.scope = scope
        self.deadline = deadline
        self.attempts = 0
        self.asking = False
        self.fault: Fault | None = None

    @property
    def over(self) -> bool:
        """Return whether the deadline has passed."""
        return self.scope is not None and self.scope.expired()
