"""All breakers of a process: created on first use, with one stream of events, reset and held by key."""

import logging
import random
from collections.abc import Callable
from datetime import datetime

from core.base.clock import Clock
from core.resilience.breaker import CircuitBreaker
from core.resilience.breaker_records import BreakerEvent, BreakerRecord, BreakerRules

log = logging.getLogger(__name__)


class Breakers:
    """The registry of breakers. A live answer of one operation makes its component's other open breakers due."""

    def __init__(
        self, clock: Clock, rules: BreakerRules | None = None, *, jitter: Callable[[], float] = random.random
    ) -> None:
        self._clock = clock
        self._rules = rules or BreakerRules()
        self._jitter = jitter
        self._all: dict[str, CircuitBreaker] = {}
        self._not_closed: dict[str, set[CircuitBreaker]] = {}
        self._periods: dict[str, float] = {}
        self._listeners: list[Callable[[BreakerEvent], None]] = []

    def get(self, key: str) -> CircuitBreaker:
        """Return the breaker of one operation."""
        return self._all.get(key) or self._make(key)

    def all(self) -> tuple[BreakerRecord, ...]:
        """Return every breaker's record, by key."""
        return tuple(self._all[key].record() for key in sorted(self._all))

    def listen(self, listener: Callable[[BreakerEvent], None]) -> None:
        """Call `listener` with every change of state. One that raises is logged and stops nothing."""
        self._listeners.append(listener)

    def expect_every(self, key: str, period_s: float) -> None:
        """Declare that an operation is called every `period_s` seconds: failures count for at least three periods."""
        self._periods[key] = period_s
        if key in self._all:
            self._all[key].expect_every(period_s)

    def make_all_due(self) -> None:
        """Let every open breaker probe with its next call."""
        for breaker in self._all.values():
            breaker.make_due()

    def reset(self, key: str | None, who: str) -> None:
        """Close one breaker, or all. Raises KeyError for a key that was never used."""
        for breaker in [self._all[key]] if key is not None else list(self._all.values()):
            breaker.reset(who)

    def hold(self, key: str, who: str, why: str, until: datetime | None = None) -> None:
        """Hold one open until `until` (wall time) or its release. Creates it if need be: a hold survives a restart."""
        self.get(key).hold(who, why, until)

    def release(self, key: str, who: str) -> None:
        """End a hold. Raises KeyError for a key that was never used."""
        self._all[key].release(who)

    def _make(self, key: str) -> CircuitBreaker:
        breaker = self._all[key] = CircuitBreaker(
            key,
            self._clock,
            self._rules,
            on_event=self._tell,
            siblings=self._not_closed.setdefault(key.partition(":")[0], set()),
            jitter=self._jitter,
        )
        if key in self._periods:
            breaker.expect_every(self._periods[key])
        return breaker

    def _tell(self, event: BreakerEvent) -> None:
        for listener in tuple(self._listeners):
            try:
                listener(event)
            except Exception:  # a listener's error must not reach the call that caused the event
                log.exception("a listener failed at %s of %s", event.after, event.key)
