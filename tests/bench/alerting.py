"""`make bench`: what alerts cost once a minute, and what the library of channels costs before the first message.

Medians of one interleaved run. There is no peer to run beside: the yardstick is one bare JSON round trip of as much.
"""

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from core.alerting.store import AlertStore
from core.base.store import Store
from core.domain.alerts import Alert
from core.domain.status import Level
from tests.alerting.timeline import Lives

ROUNDS = 300
BAD = {"failure_rate": Level.CRITICAL, "stuck_tasks": Level.WARNING, "activity": Level.WARNING, "stopped": True}


def median_us(work: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Microseconds of each, interleaved."""
    took: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(ROUNDS):
        for name, one in work.items():
            began = time.perf_counter()
            one()
            took[name].append(1e6 * (time.perf_counter() - began))
    return {name: statistics.median(times) for name, times in took.items()}


async def kept_us(alerts: dict[str, Alert]) -> float:
    """One evaluation on the disk, all alerts changed: one transaction, synced."""
    with tempfile.TemporaryDirectory() as place:
        state = Store(Path(place), "bench")
        await state.open()
        shelf, took, now = AlertStore(state), [], Lives().now
        for number in range(50):
            changed = {key: msgspec.structs.replace(a, firing_s=float(number)) for key, a in alerts.items()}
            began = time.perf_counter()
            await shelf.evaluated(changed, (), (), now)
            took.append(1e6 * (time.perf_counter() - began))
        await state.close()
    return statistics.median(took)


def imported_s(name: str) -> float:
    """Seconds a fresh interpreter takes to import it, less those it takes to start."""

    def run(code: str) -> float:
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        return time.perf_counter() - began

    return statistics.median(run(f"import {name}") - run("pass") for _ in range(5))


def main() -> None:
    """Measure and print."""
    calm, storm = Lives(), Lives()
    storm.minutes(3, **BAD)
    alerts = storm.state_machine.alerts
    encode, decode = msgspec.json.Encoder().encode, msgspec.json.Decoder(dict[str, Alert]).decode
    found = median_us(
        {
            "yardstick: all alerts to JSON and back": lambda: decode(encode(alerts)),
            "one evaluation, all is well": calm.minute,
            "one evaluation, four conditions true": lambda: storm.minute(**BAD),
        }
    )
    base = next(iter(found.values()))
    for name, us in found.items():
        print(f"{name:<44} {us:9.0f} us {us / base:6.1f}x")
    print(f"{'kept in one transaction, all changed':<44} {asyncio.run(kept_us(alerts)):9.0f} us")
    print(f"{'import of the library, at the first message':<44} {1000 * imported_s('apprise'):9.0f} ms")


if __name__ == "__main__":
    main()
