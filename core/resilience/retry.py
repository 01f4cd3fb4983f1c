"""Retry on tenacity, entered only once a first try has failed: a call that succeeds at once never pays for it."""

import msgspec
import tenacity

from core.facts import Counts, Fault


class RetryRules(msgspec.Struct, frozen=True, kw_only=True):
    """`retries` after the first try; the first wait in seconds, its growth, its cap, the share of jitter."""

    retries: int = 3
    first_s: float = 1.0
    factor: float = 2.0
    max_s: float = 30.0
    jitter: float = 0.25


class Again(Exception):
    """Carries the fault of one try to tenacity."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.kind)
        self.fault = fault


class _Wait(tenacity.wait.wait_base):
    """Exponential with jitter; the server's `Retry-After` where it is larger."""

    def __init__(self, rules: RetryRules) -> None:
        self._rules = rules
        self._grow = tenacity.wait_exponential(
            multiplier=rules.first_s, exp_base=rules.factor, max=rules.max_s
        ) + tenacity.wait_random(0, rules.jitter * rules.first_s)

    def __call__(self, retry_state: tenacity.RetryCallState) -> float:
        wished = 0.0
        if retry_state.outcome is not None and isinstance(error := retry_state.outcome.exception(), Again):
            wished = error.fault.retry_after_s or 0.0
        return max(self._grow(retry_state), wished)


def waits(rules: RetryRules) -> tenacity.wait.wait_base:
    """How long tenacity waits before each further try."""
    return _Wait(rules)


def worth_it(fault: Fault) -> bool:
    """Only failures are tried again: an answered refusal stays one, and so does a refusal by our own breaker."""
    return fault.counts is Counts.FAILURE and not fault.person
