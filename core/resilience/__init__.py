"""Safe calls of anything: circuit breaker, retry, deadline, last-known data. Usable alone.

    from core.base.clock import SystemClock
    from core.resilience import Breakers, Guard, Policy, RetryRules
    from core.resilience.fault import Counts, Evidence, Fault

    def faults(error: BaseException) -> Fault:
        return Fault(kind="shop", counts=Counts.FAILURE, evidence=Evidence.DOWN, message=str(error))

    clock = SystemClock()
    guard = Guard(clock, Breakers(clock), faults)
    outcome = await guard.call("shop:fetch_price", fetch_price, policy=Policy(total_s=8, retry=RetryRules()))
    if outcome.fault is None:
        show(outcome.data)

`classify`, here `faults`, turns an exception into a `core.resilience.fault.Fault`, whose `counts` goes to the breaker:
a failure, an answer (`SUCCESS`: the other side is alive, and refused), or nothing (`NEUTRAL`). From outside, a call is
a total deadline, the retries, the breaker, one request; the callee sets the request's own timeout. `Guard.live` raises
`NotLive` instead; `Guard.last_known` falls back to a `Cache` and says so in its `Reading`. A breaker alone is `await
CircuitBreaker("shop:fetch_price", clock).call(fetch_price)`.

The breaker is strict: exactly one call probes in half-open, its permit expires and is given back by a cancellation,
late results of an older generation change nothing, an operator may hold it open. `make bench` shows it beside six
packages.

All of it belongs to one event loop and knows nothing of the callee.
"""

from core.resilience.breaker import REFUSED, CircuitBreaker, Refused
from core.resilience.breaker_records import (
    PROBED_BY_NEXT_CALL,
    BreakerCause,
    BreakerEvent,
    BreakerRecord,
    BreakerRules,
    BreakerState,
)
from core.resilience.breakers import Breakers
from core.resilience.cache import Cache, Cached, CacheRules
from core.resilience.degradation import DegradationEvent, DegradationLevel, DegradationTracker, degradation
from core.resilience.guard import Guard, NotLive, Outcome, Policy
from core.resilience.retry import RetryRules

__all__ = [
    "PROBED_BY_NEXT_CALL",
    "REFUSED",
    "BreakerCause",
    "BreakerEvent",
    "BreakerRecord",
    "BreakerRules",
    "BreakerState",
    "Breakers",
    "Cache",
    "CacheRules",
    "Cached",
    "CircuitBreaker",
    "DegradationEvent",
    "DegradationLevel",
    "DegradationTracker",
    "Guard",
    "NotLive",
    "Outcome",
    "Policy",
    "Refused",
    "RetryRules",
    "degradation",
]
