"""Circuit breakers: one per operation, with the strict half-open, generations, holds and due timers of operators.

What counts as a failure is decided by the caller; a breaker hears `failure`, `success` or `neutral` and nothing else.
All of it runs on one event loop, without locks: no method awaits.
"""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec

from core.clock import Clock
from core.facts import Counts


class BreakerState(StrEnum):
    """`due` is open with its time over and nobody calling yet; `held` was opened by a person and no result ends it."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"
    DUE = "due"
    HELD = "held"


class BreakerRules(msgspec.Struct, frozen=True, kw_only=True):
    """When a breaker opens and for how long. Seconds, except `failures_to_open` and the share `open_jitter`."""

    failures_to_open: int = 5
    open_s: float = 60.0
    open_jitter: float = 0.1
    count_ages_out_s: float = 300.0
    permit_s: float = 30.0


class BreakerRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A breaker as it stands. `opens_in_s` counts down to the next probe and is `None` unless open."""

    key: str
    component: str
    state: BreakerState
    failures: int
    since: datetime
    not_closed_since: datetime | None = None
    opens_in_s: float | None = None
    due_at: datetime | None = None
    last_error: str = ""
    refused: int = 0
    held_by: str | None = None
    held_why: str | None = None


class BreakerEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One transition, with its reason."""

    key: str
    before: BreakerState
    after: BreakerState
    why: str
    at: datetime


_CLOSED: Final = 0
_OPEN: Final = 1
_HALF_OPEN: Final = 2
_HELD: Final = 3

REFUSED: Final = -1
"""What `admit` answers instead of a generation when the call must not go out."""


class CircuitBreaker:
    """One operation's breaker. `admit` before a call, `report` after it, whatever happened."""

    __slots__ = (
        "_changed_at",
        "_clock",
        "_generation",
        "_held_until",
        "_jitter",
        "_last_failure",
        "_mode",
        "_not_closed_since",
        "_on_event",
        "_open_until",
        "_permit_until",
        "_rules",
        "component",
        "failures",
        "held_by",
        "held_why",
        "key",
        "last_error",
        "refused",
    )

    def __init__(
        self,
        key: str,
        clock: Clock,
        rules: BreakerRules | None = None,
        *,
        on_event: Callable[[BreakerEvent], None] | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.key = key
        self.component = key.partition(":")[0]
        self.failures = 0
        self.refused = 0
        self.last_error = ""
        self.held_by: str | None = None
        self.held_why: str | None = None
        self._clock = clock
        self._rules = rules or BreakerRules()
        self._on_event = on_event
        self._jitter = jitter
        self._mode = _CLOSED
        self._generation = 0
        self._last_failure = 0.0
        self._open_until = 0.0
        self._permit_until: float | None = None
        self._held_until: datetime | None = None
        self._changed_at = clock.now()
        self._not_closed_since: datetime | None = None

    def admit(self, deadline_s: float | None = None) -> int:
        """A generation to report with, or `REFUSED`. In half-open exactly one call is admitted.

        `deadline_s` is how long the call may take at most: its permit expires with it.
        """
        if self._mode == _CLOSED:
            return self._generation
        return self._admit_slow(deadline_s)

    def watch(self) -> int:
        """A generation for a call that goes out whatever the state; its result counts by `report_unasked`."""
        return self._generation

    def report(self, generation: int, counts: Counts, *, why: str = "", open_s: float | None = None) -> None:
        """What became of an admitted call. A result of an older generation changes nothing.

        `open_s` is the server's own wish for a pause in seconds; the longer of it and the rule's wins.
        """
        if generation != self._generation:
            return
        if self._mode == _CLOSED:
            if counts is Counts.SUCCESS:
                if self.failures:
                    self.failures = 0
            elif counts is Counts.FAILURE:
                self._count_failure(why, open_s)
        elif self._mode == _HALF_OPEN:
            self._permit_until = None
            if counts is Counts.SUCCESS:
                self._close("the probe succeeded")
            elif counts is Counts.FAILURE:
                self.failures += 1
                self._open(why or "the probe failed", open_s)

    def report_unasked(self, generation: int, counts: Counts, *, why: str = "", open_s: float | None = None) -> None:
        """What became of a call that is never refused: while not closed, success closes, failure changes nothing."""
        if self._mode == _CLOSED:
            self.report(generation, counts, why=why, open_s=open_s)
        elif counts is Counts.SUCCESS and self._mode != _HELD and generation == self._generation:
            self._close("a check got an answer")

    def reset(self, who: str) -> None:
        """Close it, whatever it was."""
        self._unhold()
        if self._mode != _CLOSED:
            self._close(f"reset by {who}")
        self.failures = 0

    def hold(self, who: str, why: str, until: datetime | None = None) -> None:
        """Open it by hand; neither time nor results end this, only `release`, `reset` or `until`."""
        self.held_by, self.held_why, self._held_until = who, why, until
        self._change(_HELD, f"held by {who}: {why}")

    def release(self, who: str) -> None:
        """End a hold: the next call probes."""
        if self._mode == _HELD:
            self._unhold()
            self._open_until = self._clock.elapsed()
            self._change(_OPEN, f"released by {who}")

    def make_due(self) -> bool:
        """Let the next call probe now. Whether that changed anything."""
        if self._mode != _OPEN or self._open_until <= self._clock.elapsed():
            return False
        self._open_until = self._clock.elapsed()
        return True

    @property
    def state(self) -> BreakerState:
        """The state as it is shown."""
        if self._mode == _OPEN:
            return BreakerState.DUE if self._clock.elapsed() >= self._open_until else BreakerState.OPEN
        return _STATES[self._mode]

    def record(self) -> BreakerRecord:
        """An immutable picture of it."""
        state = self.state
        rest = max(0.0, self._open_until - self._clock.elapsed()) if state is BreakerState.OPEN else None
        self._age_out()
        return BreakerRecord(
            key=self.key,
            component=self.component,
            state=state,
            failures=self.failures,
            since=self._changed_at,
            not_closed_since=self._not_closed_since,
            opens_in_s=rest,
            due_at=None if rest is None else self._clock.now() + timedelta(seconds=rest),
            last_error=self.last_error,
            refused=self.refused,
            held_by=self.held_by,
            held_why=self.held_why,
        )

    def _admit_slow(self, deadline_s: float | None) -> int:
        if self._mode == _HELD and self._held_until is not None and self._clock.now() >= self._held_until:
            self.release("the end of the hold")
        now = self._clock.elapsed()
        if self._mode == _HALF_OPEN and self._permit_until is not None and now >= self._permit_until:
            self.failures += 1
            self._open("the probe's permit expired", None)
        if self._mode == _OPEN and now >= self._open_until:
            self._change(_HALF_OPEN, "time for a probe")
        if self._mode == _HALF_OPEN and self._permit_until is None:
            limit = self._rules.permit_s
            self._permit_until = now + (limit if deadline_s is None else min(limit, deadline_s))
            return self._generation
        self.refused += 1
        return REFUSED

    def _count_failure(self, why: str, open_s: float | None) -> None:
        self._age_out()
        self.failures += 1
        self._last_failure = self._clock.elapsed()
        self.last_error = why
        if self.failures >= self._rules.failures_to_open:
            self._open(why or f"{self.failures} failures in a row", open_s)

    def _age_out(self) -> None:
        late = self._clock.elapsed() - self._last_failure > self._rules.count_ages_out_s
        if self._mode == _CLOSED and self.failures and late:
            self.failures = 0

    def _open(self, why: str, open_s: float | None) -> None:
        spread = self._rules.open_jitter * (2 * self._jitter() - 1)
        pause = max(self._rules.open_s * (1 + spread), open_s or 0.0)
        self._open_until = self._clock.elapsed() + pause
        self.last_error = why
        self._change(_OPEN, why)

    def _close(self, why: str) -> None:
        self.failures = 0
        self.refused = 0
        self._change(_CLOSED, why)

    def _unhold(self) -> None:
        self.held_by = self.held_why = self._held_until = None

    def _change(self, mode: int, why: str) -> None:
        before = _STATES[self._mode]
        self._mode = mode
        self._generation += 1
        self._permit_until = None
        self._changed_at = self._clock.now()
        if mode == _CLOSED:
            self._not_closed_since = None
        elif self._not_closed_since is None:
            self._not_closed_since = self._changed_at
        if self._on_event is not None:
            event = BreakerEvent(key=self.key, before=before, after=_STATES[mode], why=why, at=self._changed_at)
            self._on_event(event)


_STATES: Final = (BreakerState.CLOSED, BreakerState.OPEN, BreakerState.HALF_OPEN, BreakerState.HELD)


class Breakers:
    """All breakers of a process, made when first asked for. A live answer makes its component's others due."""

    def __init__(
        self, clock: Clock, rules: BreakerRules | None = None, *, jitter: Callable[[], float] = random.random
    ) -> None:
        self._clock = clock
        self._rules = rules or BreakerRules()
        self._jitter = jitter
        self._all: dict[str, CircuitBreaker] = {}
        self._listeners: list[Callable[[BreakerEvent], None]] = []

    def get(self, key: str) -> CircuitBreaker:
        """The breaker of one operation."""
        breaker = self._all.get(key)
        if breaker is None:
            breaker = CircuitBreaker(key, self._clock, self._rules, on_event=self._tell, jitter=self._jitter)
            self._all[key] = breaker
        return breaker

    def all(self) -> tuple[BreakerRecord, ...]:
        """Every breaker's record, by key."""
        return tuple(self._all[key].record() for key in sorted(self._all))

    def listen(self, listener: Callable[[BreakerEvent], None]) -> None:
        """Hear of every transition."""
        self._listeners.append(listener)

    def alive(self, component: str) -> None:
        """One operation of `component` got a live answer: its open breakers may probe at once."""
        for breaker in self._all.values():
            if breaker.component == component:
                breaker.make_due()

    def make_all_due(self) -> None:
        """Let every open breaker probe with its next call."""
        for breaker in self._all.values():
            breaker.make_due()

    def reset(self, key: str | None, who: str) -> None:
        """Close one breaker, or all. Raises KeyError for a key that was never used."""
        for breaker in [self._all[key]] if key is not None else list(self._all.values()):
            breaker.reset(who)

    def _tell(self, event: BreakerEvent) -> None:
        for listener in self._listeners:
            listener(event)
