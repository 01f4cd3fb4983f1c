"""A circuit breaker with a strict half-open state, generations, holds, and open breakers that become due.

The caller decides what counts as a failure; a breaker is told `failure`, `success` or `neutral` and nothing else. All
of it runs on one event loop, without locks: no method awaits, except `call` for the call itself.
"""

import random
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final, TypeVar

from core.base.clock import Clock
from core.base.errors import WatchdeskError
from core.resilience.breaker_records import BreakerCause, BreakerEvent, BreakerRecord, BreakerRules, BreakerState
from core.resilience.fault import Counts

T = TypeVar("T")


class Refused(WatchdeskError):
    """`CircuitBreaker.call` refused to make the call."""


_CLOSED: Final = 0
_OPEN: Final = 1
_HALF_OPEN: Final = 2
_HELD: Final = 3
_STATES: Final = (BreakerState.CLOSED, BreakerState.OPEN, BreakerState.HALF_OPEN, BreakerState.HELD)

REFUSED: Final = -1
"""The value `admit` returns instead of a generation when the call must not go out."""


def _failed(_error: Exception) -> Counts:
    return Counts.FAILURE


class CircuitBreaker:
    """One operation's breaker. `admit` before a call, `report` after it, whatever happened; or `call`, which does both.

    `siblings` is shared by the breakers of one component: those of them that are not closed. `jitter` returns a number
    from 0 to 1.
    """

    __slots__ = (
        "_ages_out_s",
        "_changed_at",
        "_clock",
        "_generation",
        "_hurried",
        "_jitter",
        "_last_failure",
        "_mode",
        "_not_before",
        "_not_closed_since",
        "_on_event",
        "_open_until",
        "_permit_until",
        "_rules",
        "_siblings",
        "component",
        "failures",
        "held_by",
        "held_until",
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
        siblings: set["CircuitBreaker"] | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.key = key
        self.component = key.partition(":")[0]
        self.failures = 0
        self.refused = 0
        self.last_error = ""
        self.held_by: str | None = None
        self.held_why: str | None = None
        self.held_until: datetime | None = None
        self._clock = clock
        self._rules = rules or BreakerRules()
        self._on_event = on_event
        self._siblings = set() if siblings is None else siblings
        self._jitter = jitter
        self._mode = _CLOSED
        self._generation = 0
        self._ages_out_s = self._rules.count_ages_out_s
        self._last_failure = 0.0
        self._not_before = 0.0
        self._open_until = 0.0
        self._permit_until: float | None = None
        self._changed_at = clock.now()
        self._not_closed_since: datetime | None = None
        self._hurried = False

    # For calls

    async def call(self, ask: Callable[[], Awaitable[T]], counts: Callable[[Exception], Counts] = _failed) -> T:
        """Await `ask()` unless refused. Raises Refused, and whatever `ask` raises; `counts` says what that means."""
        generation = self._generation if self._mode == _CLOSED else self._admit_slow(None)
        if generation == REFUSED:
            raise Refused(self.key)
        try:
            answer = await ask()
        except Exception as error:
            self.report(generation, counts(error), why=str(error) or type(error).__name__)
            raise
        except BaseException:
            self.report(generation, Counts.NEUTRAL)
            raise
        if self.failures or self._siblings or generation != self._generation:
            self.report(generation, Counts.SUCCESS)
        return answer

    def admit(self, deadline_s: float | None = None) -> int:
        """Return a generation to report with, or `REFUSED`. In half-open exactly one call is admitted.

        `deadline_s` is how long the call may take at most: its permit expires with it.
        """
        if self._mode == _CLOSED:
            return self._generation
        return self._admit_slow(deadline_s)

    def watch(self) -> int:
        """Return a generation for a call that goes out whatever the state; its result is told by `report_unasked`."""
        self._settle()
        return self._generation

    def report(self, generation: int, counts: Counts, *, why: str = "", pause_s: float | None = None) -> None:
        """Report the result of an admitted call. A result of an older generation changes nothing.

        `pause_s` is the pause that the server asked for, seconds; an opening lasts the longer of it and the rule's.
        """
        if self._mode != _CLOSED:
            self._settle()
        if generation != self._generation:
            return
        if self._mode == _HALF_OPEN:
            self._probed(counts, why, pause_s)
        elif counts is Counts.FAILURE:
            self._count_failure(why, pause_s)
        elif counts is Counts.SUCCESS:
            self.failures = 0
            self._not_before = 0.0
            if self._siblings:
                self._hurry()

    def report_unasked(self, generation: int, counts: Counts, *, why: str = "", pause_s: float | None = None) -> None:
        """Report the result of a call that is never refused: while not closed, success closes, failure does nothing."""
        self._settle()
        if self._mode == _CLOSED:
            self.report(generation, counts, why=why, pause_s=pause_s)
        elif counts is Counts.SUCCESS and generation == self._generation:
            if self._mode != _HELD:
                self._close(BreakerCause.CHECK_ANSWERED, "a check got an answer")
            self._hurry()

    @property
    def refusing(self) -> bool:
        """Return whether the next call would be refused. Takes no permit and counts no refusal."""
        if self._mode == _CLOSED:
            return False
        self._settle()
        if self._mode == _OPEN:
            return self._clock.elapsed() < self._open_until
        return self._mode == _HELD or (self._mode == _HALF_OPEN and self._permit_until is not None)

    # For operators

    def reset(self, who: str) -> None:
        """Close the breaker, whatever its state."""
        self.failures = 0
        if self._mode != _CLOSED:
            self._close(BreakerCause.RESET, f"reset by {who}", by=who)

    def hold(self, who: str, why: str, until: datetime | None = None) -> None:
        """Open the breaker by hand; no timer or result ends this, only `release`, `reset` or `until` (wall time)."""
        before = self.state
        self.held_by, self.held_why, self.held_until = who, why, until
        self._change(before, _HELD, BreakerCause.HELD, f"held by {who}: {why}", by=who)

    def release(self, who: str) -> None:
        """End a hold: the next call probes. `not_closed_since` starts anew, for nothing was tried meanwhile."""
        if self._mode == _HELD:
            self._end_hold(BreakerCause.RELEASED, f"released by {who}", by=who)

    def make_due(self) -> bool:
        """Let the next call probe now. Returns whether that changed anything."""
        return self._make_due(BreakerCause.ASKED, "probe requested by an operator")

    def expect_every(self, period_s: float) -> None:
        """Declare that the operation is called every `period_s` seconds: failures count for at least three periods."""
        self._ages_out_s = max(self._rules.count_ages_out_s, 3 * period_s)

    @property
    def state(self) -> BreakerState:
        """Return the state as it is shown."""
        self._settle()
        if self._mode == _OPEN and self._clock.elapsed() >= self._open_until:
            return BreakerState.DUE
        return _STATES[self._mode]

    def record(self) -> BreakerRecord:
        """Return an immutable snapshot of the breaker."""
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
            held_until=self.held_until,
        )

    # Inside

    def _end_hold(self, cause: BreakerCause, why: str, *, by: str = "") -> None:
        self._not_closed_since = None
        self._open_until = self._clock.elapsed()
        self._change(BreakerState.HELD, _OPEN, cause, why, by=by)

    def _make_due(self, cause: BreakerCause, why: str) -> bool:
        if self.state is not BreakerState.OPEN:
            return False
        self._open_until = self._clock.elapsed()
        self._tell(BreakerState.OPEN, BreakerState.DUE, cause, why, self._clock.now())
        return True

    def _admit_slow(self, deadline_s: float | None) -> int:
        self._settle()
        now = self._clock.elapsed()
        if self._mode == _OPEN and now >= self._open_until:
            self._change(BreakerState.DUE, _HALF_OPEN, BreakerCause.DUE, "time for a probe")
        if self._mode == _HALF_OPEN and self._permit_until is None:
            limit = self._rules.permit_s
            self._permit_until = now + (limit if deadline_s is None else min(limit, deadline_s))
            return self._generation
        self.refused += 1
        return REFUSED

    def _settle(self) -> None:
        """Apply what time alone did: a permit that expired, a hold that ended."""
        if self._mode == _HALF_OPEN:
            expired = self._permit_until
            if expired is not None and self._clock.elapsed() >= expired:
                self.failures += 1
                self._open(
                    BreakerCause.EXPIRED, "the probe's permit expired", "the probe did not end in time", start=expired
                )
        elif self._mode == _HELD and self.held_until is not None and self._clock.now() >= self.held_until:
            self._end_hold(BreakerCause.HOLD_ENDED, "released by the end of the hold")

    def _probed(self, counts: Counts, why: str, pause_s: float | None) -> None:
        self._permit_until = None
        if counts is Counts.SUCCESS:
            self._close(BreakerCause.PROBE_SUCCEEDED, "the probe succeeded")
            self._hurry()
        elif counts is Counts.FAILURE:
            self.failures += 1
            self._open(BreakerCause.PROBE_FAILED, "the probe failed", why, pause_s, start=self._clock.elapsed())

    def _count_failure(self, why: str, pause_s: float | None) -> None:
        self._age_out()
        now = self._clock.elapsed()
        self.failures += 1
        self.last_error = why
        self._last_failure = now
        if pause_s is not None:
            self._not_before = max(self._not_before, now + pause_s)
        if self.failures >= self._rules.failures_to_open:
            self._open(BreakerCause.FAILURES, f"{self.failures} failures in a row", why, start=now)

    def _age_out(self) -> None:
        if self._mode == _CLOSED and self._clock.elapsed() - self._last_failure > self._ages_out_s:
            self.failures = 0
            self._not_before = 0.0

    def _open(self, cause: BreakerCause, why: str, error: str, pause_s: float | None = None, *, start: float) -> None:
        spread = self._rules.open_jitter * (2 * self._jitter() - 1)
        pause = max(self._rules.open_s * (1 + spread), pause_s or 0.0)
        self._open_until = max(start + pause, self._not_before)
        self._not_before = 0.0
        for other in self._siblings - {self}:
            other._hurried = False
        self.last_error = error
        before = BreakerState.CLOSED if self._mode == _CLOSED else BreakerState.HALF_OPEN
        self._change(before, _OPEN, cause, f"{why}: {error}" if error else why)

    def _close(self, cause: BreakerCause, why: str, *, by: str = "") -> None:
        before = self.state
        self.failures = 0
        self.refused = 0
        self._not_before = 0.0
        self._change(before, _CLOSED, cause, why, by=by)

    def _hurry(self) -> None:
        """Let the component's other open breakers probe at once, since it answered; each once until another one opens.

        One that fails while the rest is answered would otherwise probe at every answer instead of at its own pace.
        """
        for other in tuple(self._siblings):
            if other is not self and not other._hurried:
                other._hurried = other._make_due(BreakerCause.HURRIED, f"{self.key} was answered")

    def _change(self, before: BreakerState, mode: int, cause: BreakerCause, why: str, *, by: str = "") -> None:
        self._mode = mode
        self._generation += 1
        self._permit_until = None
        self._changed_at = self._clock.now()
        if mode != _HELD:
            self.held_by = self.held_why = self.held_until = None
        if mode == _CLOSED:
            self._hurried = False
            self._not_closed_since = None
            self._siblings.discard(self)
        else:
            self._not_closed_since = self._not_closed_since or self._changed_at
            self._siblings.add(self)
        self._tell(before, self.state, cause, why, self._changed_at, by=by)

    def _tell(
        self, before: BreakerState, after: BreakerState, cause: BreakerCause, why: str, at: datetime, *, by: str = ""
    ) -> None:
        if self._on_event is not None:
            told = BreakerEvent(key=self.key, before=before, after=after, cause=cause, why=why, at=at, by=by)
            self._on_event(told)
