"""How to call anything safely: circuit breaker, retry, deadline, last-known data. Usable alone.

    breakers = Breakers(SystemClock())
    guard = Guard(SystemClock(), breakers, classify=my_faults)
    outcome = await guard.call("shop:fetch_price", fetch_price, policy=Policy(total_s=8, retry=RetryRules()))

`classify` turns an exception into a `core.facts.Fault`, whose `counts` the breaker hears. Nothing here knows what is
called: no Supabase, no tasks.
"""

from core.resilience.breaker import (
    REFUSED,
    BreakerEvent,
    BreakerRecord,
    BreakerRules,
    Breakers,
    BreakerState,
    CircuitBreaker,
)
from core.resilience.cache import Cache, Cached, CacheRules
from core.resilience.degradation import DegradationLevel, degradation
from core.resilience.guard import Guard, NotLive, Outcome, Policy
from core.resilience.retry import RetryRules

__all__ = [
    "REFUSED",
    "BreakerEvent",
    "BreakerRecord",
    "BreakerRules",
    "BreakerState",
    "Breakers",
    "Cache",
    "CacheRules",
    "Cached",
    "CircuitBreaker",
    "DegradationLevel",
    "Guard",
    "NotLive",
    "Outcome",
    "Policy",
    "RetryRules",
    "degradation",
]
