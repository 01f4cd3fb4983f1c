"""Retries with tenacity, entered only once a first try has failed: a call that succeeds at once never pays for it."""

from collections.abc import Callable

import msgspec
import tenacity

from core.base.clock import Clock
from core.base.errors import WatchdeskError
from core.resilience.fault import Counts, Fault, Party


class RetryRules(msgspec.Struct, frozen=True, kw_only=True):
    """Limits of the retries: `retries` after the first try; the first wait in seconds, its growth, its cap in seconds.

    `jitter` is the share of each wait that is random; it only shortens, so the cap holds.
    """

    retries: int = 3
    first_s: float = 1.0
    factor: float = 2.0
    max_s: float = 30.0
    jitter: float = 0.25


class Again(WatchdeskError):
    """Carries the fault of one try to tenacity."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.kind)
        self.fault = fault


class _Wait(tenacity.wait.wait_base):
    """Exponential wait with jitter; the server's `Retry-After` where it is larger."""

    def __init__(self, rules: RetryRules, chance: Callable[[], float]) -> None:
        self._rules = rules
        self._chance = chance

    def __call__(self, retry_state: tenacity.RetryCallState) -> float:
        rules = self._rules
        wait = min(rules.first_s * rules.factor ** (retry_state.attempt_number - 1), rules.max_s)
        wait *= 1 - rules.jitter * self._chance()
        error = retry_state.outcome.exception() if retry_state.outcome is not None else None
        wished = error.fault.retry_after_s if isinstance(error, Again) else None
        return max(wait, wished or 0.0)


class _Stop(tenacity.stop.stop_base):
    """Stops after the last retry, and where the deadline would pass during the wait."""

    def __init__(self, rules: RetryRules, clock: Clock, deadline: float) -> None:
        self._rules = rules
        self._clock = clock
        self._deadline = deadline

    def __call__(self, retry_state: tenacity.RetryCallState) -> bool:
        if retry_state.attempt_number > self._rules.retries:
            return True
        return self._clock.elapsed() + retry_state.upcoming_sleep >= self._deadline


def retrying(rules: RetryRules, clock: Clock, deadline: float, chance: Callable[[], float]) -> tenacity.AsyncRetrying:
    """Return the controller that retries on `Again` until `rules` or `deadline` (elapsed seconds of `clock`) end it."""
    return tenacity.AsyncRetrying(
        stop=_Stop(rules, clock, deadline),
        wait=_Wait(rules, chance),
        retry=tenacity.retry_if_exception_type(Again),
        sleep=clock.sleep,
        reraise=True,
    )


def worth_it(fault: Fault) -> bool:
    """Return whether another try may help: after a failure, or where this machine had no way out.

    An answered refusal stays one, and so does a refusal by our own breaker.
    """
    return (fault.counts is Counts.FAILURE or fault.party is Party.MACHINE) and not fault.person
