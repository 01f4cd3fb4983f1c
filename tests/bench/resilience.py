"""`make bench`: breaker and guard beside their peers, all in one interleaved run; medians, and ratios to the least.

Each section has its own floor: a breaker written by hand that does nothing but count, and a bare await. A peer that is
not installed is listed as such. Nothing here is asserted: machines are shared and noisy.
"""

import asyncio
import contextlib
import gc
import importlib
import math
import statistics
import time
from collections.abc import Awaitable, Callable

from core.base.clock import SystemClock
from core.resilience import Breakers, CircuitBreaker, Guard, Policy, RetryRules
from core.resilience.fault import Counts, Evidence, Fault

CALLS, ROUNDS = 2000, 25
Call = Callable[[], Awaitable[object]]
FLOOR = "hand-written minimum"


async def answer() -> int:
    """What is called."""
    return 1


async def fail() -> int:
    """What opens a breaker."""
    raise OSError


class Minimum:
    """The least a breaker must do."""

    __slots__ = ("_ask", "fails", "open")

    def __init__(self, ask: Call) -> None:
        self._ask = ask
        self.open, self.fails = False, 0

    async def call(self) -> object:
        """Call through."""
        if self.open:
            raise RuntimeError
        try:
            result = await self._ask()
        except Exception:
            self.fails += 1
            self.open = self.fails >= 5
            raise
        if self.fails:
            self.fails = 0
        return result


def classify(_error: BaseException) -> Fault:
    """Everything is a failure."""
    return Fault(kind="bench", counts=Counts.FAILURE, evidence=Evidence.DOWN, message="bench")


def wrapped(name: str, ask: Call) -> Call:
    """`ask` behind the breaker called `name`. Raises ImportError for a peer that is not there."""
    match name:
        case "watchdesk CircuitBreaker.call":
            breaker = CircuitBreaker("bench:call", SystemClock())
            return lambda: breaker.call(ask)
        case "purgatory":
            return importlib.import_module("purgatory").AsyncCircuitBreakerFactory()("bench")(ask)  # type: ignore[no-any-return]  # untyped
        case "circuitbreaker":
            return importlib.import_module("circuitbreaker").CircuitBreaker()(ask)  # type: ignore[no-any-return]  # untyped
        case "hyx":
            return importlib.import_module("hyx.circuitbreaker").consecutive_breaker()(ask)  # type: ignore[no-any-return]  # untyped
        case "aiobreaker":
            other = importlib.import_module("aiobreaker").CircuitBreaker()
            return lambda: other.call_async(ask)
        case _:
            return Minimum(ask).call


BREAKERS = ("watchdesk CircuitBreaker.call", "purgatory", "circuitbreaker", "hyx", "aiobreaker")


def pybreaker_sync() -> Call:
    """pybreaker's own async call needs Tornado: its plain call of a plain function, cheaper than any await."""
    breaker = importlib.import_module("pybreaker").CircuitBreaker()

    async def call() -> object:
        return breaker.call(lambda: 1)

    return call


def closed() -> dict[str, Call | str]:
    """A closed breaker lets a call through."""
    found: dict[str, Call | str] = {"bare await": answer, FLOOR: Minimum(answer).call}
    for name in BREAKERS:
        found[name] = _or_missing(lambda name=name: wrapped(name, answer))  # type: ignore[misc]  # bound early
    return found | {"pybreaker (sync call)": _or_missing(pybreaker_sync)}


def guarded() -> dict[str, Call | str]:
    """A call with everything around it that succeeds at once."""
    clock = SystemClock()
    guard, rules = Guard(clock, Breakers(clock), classify), RetryRules()
    forever, bounded = Policy(total_s=math.inf, retry=rules), Policy(total_s=30, retry=rules)

    async def deadline() -> object:
        async with asyncio.timeout(30):
            return await answer()

    def tenacity_reused() -> Call:
        tenacity = importlib.import_module("tenacity")
        retrying = tenacity.AsyncRetrying(stop=tenacity.stop_after_attempt(4), reraise=True)
        return lambda: retrying(answer)

    def tenacity_each() -> Call:
        tenacity = importlib.import_module("tenacity")
        return lambda: tenacity.AsyncRetrying(stop=tenacity.stop_after_attempt(4), reraise=True)(answer)

    def stamina() -> Call:
        return importlib.import_module("stamina").retry(on=Exception, attempts=4)(answer)  # type: ignore[no-any-return]  # untyped

    return {
        "bare await": answer,
        FLOOR: Minimum(answer).call,
        "watchdesk Guard.call, no deadline": lambda: guard.call("bench:call", answer, policy=forever),
        "asyncio deadline alone": deadline,
        "watchdesk Guard.call": lambda: guard.call("bench:call", answer, policy=bounded),
        "tenacity, reused": _or_missing(tenacity_reused),
        "tenacity, each call": _or_missing(tenacity_each),
        "stamina": _or_missing(stamina),
    }


async def refusing() -> dict[str, Call | str]:
    """An open breaker says no."""
    clock = SystemClock()
    guard, policy = Guard(clock, Breakers(clock), classify), Policy(total_s=30)
    for _ in range(5):
        await guard.call("bench:call", fail, policy=policy)
    found: dict[str, Call | str] = {
        "bare await": answer,
        FLOOR: await _opened(Minimum(fail).call),
        "watchdesk Guard.call": lambda: guard.call("bench:call", fail, policy=policy),
    }
    for name in BREAKERS:
        call = _or_missing(lambda name=name: wrapped(name, fail))  # type: ignore[misc]  # bound early
        found[name] = call if isinstance(call, str) else await _opened(call)
    return found


async def _opened(call: Call) -> Call:
    async def refused() -> object:
        try:
            return await call()
        except Exception:  # noqa: BLE001 - how each of them says no
            return None

    for _ in range(6):
        await refused()
    return refused


def _or_missing(make: Callable[[], Call]) -> Call | str:
    try:
        return make()
    except ImportError as error:
        return f"not installed ({error.name})"


async def measure(title: str, candidates: dict[str, Call | str]) -> None:
    """Measure all in turns, round after round; print medians."""
    calls = {name: call for name, call in candidates.items() if not isinstance(call, str)}
    taken: dict[str, list[float]] = {name: [] for name in calls}
    gc.collect()
    gc.disable()
    with contextlib.suppress(KeyboardInterrupt):
        for _ in range(ROUNDS):
            for name, call in calls.items():
                began = time.perf_counter_ns()
                for _ in range(CALLS):
                    await call()
                taken[name].append((time.perf_counter_ns() - began) / CALLS)
            gc.collect()
    gc.enable()
    medians = {name: statistics.median(times) for name, times in taken.items()}
    bare = medians["bare await"]
    floor = max(1.0, medians[FLOOR] - bare)
    print(f"\n{title:<38}{'ns a call':>11}{'over bare':>11}{'× minimum':>11}")
    for name, call in candidates.items():
        if isinstance(call, str):
            print(f"{name:<38}{call:>33}")
        else:
            over = medians[name] - bare
            print(f"{name:<38}{medians[name]:>11,.0f}{over:>+11,.0f}{over / floor:>11.1f}")


async def main() -> None:
    """All three tables."""
    await measure("closed breaker", closed())
    await measure("guarded call that succeeds", guarded())
    await measure("open breaker refuses", await refusing())


if __name__ == "__main__":
    asyncio.run(main())
