"""`make bench`: fifty monitors of one project, each on a machine of its own: requests, database time, how they spread.

All start at the same moment, the worst case; a minute is measured after half a minute. Without our function in the
project (`watchdesk sql stats`) and with it. An argument: how many monitors.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Final

from core.backend.optional_sql import script
from core.backend.schema import Shape
from core.backend.target import Target
from core.monitor import Config, Monitor, Places
from tests.bench.cost import CountingProxy
from tests.bench.scale import FLUSHED_S
from tests.running import Running

SETTLE_S, MEASURE_S = 30.0, 60.0
SLICE_S: Final = 0.1


async def measure(sandbox: Running, monitors: int, title: str) -> None:
    """Run the monitors, and print what they cost together."""
    proxy = CountingProxy(sandbox.url)
    target = Target(name="many", url=proxy.url, key=sandbox.service_key)
    with tempfile.TemporaryDirectory(prefix="watchdesk-many-") as home:
        each = [Monitor(Config(target=target), places=Places.within(Path(home) / str(n))) for n in range(monitors)]
        await asyncio.gather(*(one.start() for one in each))
        await asyncio.sleep(SETTLE_S)
        before, asked = proxy.counts, proxy.asked.copy()
        slices: list[int] = []
        worked = _server_ms(sandbox)
        end = time.monotonic() + MEASURE_S
        while time.monotonic() < end:
            was = proxy.counts.requests
            await asyncio.sleep(SLICE_S)
            slices.append(proxy.counts.requests - was)
        counts, asked = proxy.counts.since(before), proxy.asked - asked
        states = Counter(f"{one.snapshot.link.word}" for one in each)
        await asyncio.gather(*(one.close() for one in each))
    await asyncio.sleep(FLUSHED_S)
    worked = _server_ms(sandbox) - worked
    proxy.close()
    seconds = [sum(slices[start : start + 10]) for start in range(0, len(slices), 10)]
    print(
        f"{title:<30}{counts.requests / monitors:>14.1f}{counts.packed / MEASURE_S / 1000:>13.1f}"
        f"{worked / MEASURE_S:>15.1f}{statistics.mean(seconds):>12.1f}{max(seconds):>11}{max(slices):>7}"
        f"   {dict(states)}",
        flush=True,
    )
    print("    a minute: " + ", ".join(f"{count} {what}" for what, count in asked.most_common(6)), flush=True)


def _server_ms(sandbox: Running) -> float:
    query = "SELECT active_time FROM pg_stat_database WHERE datname = current_database()"
    return float(sandbox.sql(query)[0][0])


async def main(monitors: int) -> None:
    """Measure a fleet at work, without our function and with it."""
    heading = f"{monitors} monitors, fleet at work"
    print(
        f"{heading:<30}{'a minute each':>14}{'kB/s packed':>13}{'database ms/s':>15}"
        f"{'requests/s':>12}{'busiest s':>11}{'0.1 s':>7}"
    )
    for title, function in (("each value by itself", False), ("by our function", True)):
        sandbox = Running("deployed", "--workload")
        try:
            if function:
                sandbox.sql(script("stats", Shape.DEPLOYED))
            await measure(sandbox, monitors, title)
        finally:
            sandbox.close()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 50))
