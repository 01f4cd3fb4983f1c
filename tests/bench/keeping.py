"""`make bench`: the disk cache beside diskcache's own JSON and pickle disks, and what the state's durability costs.

A value of about 5 kB; medians of one interleaved run. The cache's own time on the event loop is `keep`: the disk is
written in its thread, and read there only where memory has nothing.
"""

import asyncio
import gc
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import diskcache

from core.base.clock import SystemClock
from core.base.store import Store
from core.resilience import Cache
from core.resilience.disk import Disk

ROUNDS = 400
VALUE = [{"id": f"{n:08}-aaaa-bbbb", "description": "x" * 40, "status": "completed", "n": n} for n in range(42)]


def disks(place: Path) -> dict[str, tuple[Callable[[], object], Callable[[], object]]]:
    """What is written and read by each, straight to the disk."""
    import msgspec

    pickled = diskcache.Cache(str(place / "pickle"))
    json_disk = diskcache.Cache(str(place / "json"), disk=diskcache.JSONDisk, disk_compress_level=1)
    ours = Disk(place / "ours", entries=1000, size=50_000_000)
    ours.open()
    encode, decode = msgspec.json.Encoder().encode, msgspec.json.Decoder().decode
    return {
        "diskcache, pickle": (lambda: pickled.set("k", VALUE), lambda: pickled.get("k")),
        "diskcache, JSONDisk": (lambda: json_disk.set("k", VALUE), lambda: json_disk.get("k")),
        "watchdesk Disk": (
            lambda: ours.save({"k": encode(VALUE).decode()}),
            lambda: decode(ours.load("k") or "null"),
        ),
    }


def measured(work: Callable[[], object]) -> float:
    """Milliseconds."""
    began = time.perf_counter_ns()
    work()
    return (time.perf_counter_ns() - began) / 1e6


async def main() -> None:
    """Both tables."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        found = disks(place)
        taken: dict[str, tuple[list[float], list[float]]] = {who: ([], []) for who in found}
        cache = Cache(place / "cache", "space", SystemClock())
        state = Store(place / "state", "space")
        keeps: list[float] = []
        puts: list[float] = []
        gc.disable()
        for number in range(ROUNDS):
            for who, (write, read) in found.items():
                taken[who][0].append(measured(write))
                taken[who][1].append(measured(read))
            keeps.append(measured(lambda: cache.keep("k", VALUE, SystemClock().now())))
            await cache.flush()
            began = time.perf_counter_ns()
            await state.put("kind", f"k{number % 50}", VALUE[0])
            puts.append((time.perf_counter_ns() - began) / 1e6)
        gc.enable()
        cache.close()
        await state.close()
    print(f"\n{'5 kB on the disk':<38}{'set ms':>11}{'get ms':>11}")
    for who, (writes, reads) in taken.items():
        print(f"{who:<38}{statistics.median(writes):>11.3f}{statistics.median(reads):>11.3f}")
    print(f"{'watchdesk Cache.keep, on the event loop':<38}{statistics.median(keeps):>10.3f}")
    print(f"{'watchdesk State.put, on the disk':<38}{statistics.median(puts):>11.3f}")


if __name__ == "__main__":
    asyncio.run(main())
