"""The room is usable without the rest of the house."""

import subprocess
import sys

_SCRIPT = """
import asyncio, sys
from core.base.clock import SystemClock
from core.resilience import Breakers, BreakerState, Guard, Policy, RetryRules
from core.resilience.fault import Counts, Evidence, Fault

def faults(error):
    return Fault(kind="shop", counts=Counts.FAILURE, evidence=Evidence.DOWN, message=str(error))

async def price():
    return 42

async def closed_shop():
    raise ConnectionError("closed")

async def main():
    clock = SystemClock()
    breakers = Breakers(clock)
    guard = Guard(clock, breakers, faults)
    retry = RetryRules(retries=4, first_s=0.001)
    assert (await guard.call("shop:price", price, policy=Policy(total_s=8))).data == 42
    outcome = await guard.call("shop:order", closed_shop, policy=Policy(total_s=8, retry=retry))
    assert (outcome.attempts, outcome.fault.message) == (5, "closed")
    assert breakers.get("shop:order").state is BreakerState.OPEN
    ours = {name for name in sys.modules if name.split(".")[0] in {"core", "tui"}}
    strangers = {name for name in ours if name != "core" and not name.startswith("core.base")}
    assert all(name.startswith("core.resilience") for name in strangers), strangers
    assert not {"supabase", "httpx", "textual"} & set(sys.modules)

asyncio.run(main())
"""


def test_it_guards_an_ordinary_call_and_imports_nothing_else_of_the_project() -> None:
    subprocess.run([sys.executable, "-c", _SCRIPT], check=True, timeout=30)
