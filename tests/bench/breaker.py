"""`make bench`: a closed breaker and a guarded call beside a hand-written minimum and tenacity, interleaved medians."""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable

import tenacity

from core.clock import SystemClock
from core.facts import Counts
from core.resilience import Breakers, CircuitBreaker, Guard, Policy, RetryRules
from core.resilience.guard import Fault

CALLS, ROUNDS = 5000, 15


async def answer() -> int:
    """What is called."""
    return 1


class Minimum:
    """The least a breaker must do."""

    __slots__ = ("fails", "open")

    def __init__(self) -> None:
        self.open, self.fails = False, 0

    async def call(self) -> int:
        """Call through."""
        if self.open:
            raise RuntimeError
        try:
            result = await answer()
        except Exception:
            self.fails += 1
            raise
        if self.fails:
            self.fails = 0
        return result


def candidates() -> dict[str, Callable[[], Awaitable[object]]]:
    """Everything measured, by name."""
    clock = SystemClock()
    breaker = CircuitBreaker("bench:call", clock)

    async def ours() -> int:
        generation = breaker.admit()
        counts = Counts.NEUTRAL
        try:
            result = await answer()
            counts = Counts.SUCCESS
            return result
        finally:
            breaker.report(generation, counts)

    def unforeseen(error: BaseException) -> Fault:
        raise error

    guard, policy = Guard(clock, Breakers(clock), unforeseen), Policy(total_s=30, retry=RetryRules())
    retrying = tenacity.AsyncRetrying(stop=tenacity.stop_after_attempt(4), reraise=True)

    async def deadline() -> int:
        async with asyncio.timeout(30):
            return await answer()

    return {
        "bare await": answer,
        "hand-written minimum": Minimum().call,
        "watchdesk breaker": ours,
        "asyncio deadline alone": deadline,
        "watchdesk guard, with deadline": lambda: guard.call("bench:call", answer, policy=policy),
        "tenacity reused": lambda: retrying(answer),
    }


async def main() -> None:
    """Measure all in turns, print medians."""
    calls = candidates()
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(ROUNDS):
        for name, call in calls.items():
            began = time.perf_counter_ns()
            for _ in range(CALLS):
                await call()
            taken[name].append((time.perf_counter_ns() - began) / CALLS)
    bare = statistics.median(taken["bare await"])
    for name, times in taken.items():
        median = statistics.median(times)
        print(f"{name:<32}{median:>9.0f} ns {median - bare:>+9.0f} ns over bare")


if __name__ == "__main__":
    asyncio.run(main())
