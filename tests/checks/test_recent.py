"""How long each of the last looks took: a look that nobody answered is a gap, and there are thirty at most."""

import asyncio
from pathlib import Path

from core.domain.checks import Check
from core.domain.status import Level
from core.monitor import Monitor
from core.services.connection import RECENT, ConnectionState
from tests.checks.test_runner import monitor_at
from tests.clock import FakeClock
from tests.running import Running
from tests.wire import hang, wire


def check(monitor: Monitor, name: str) -> Check:
    return next(one for one in monitor.snapshot.health.checks if one.name == name)


async def test_every_look_leaves_its_duration_and_an_outage_leaves_gaps(sandbox: Running, tmp_path: Path) -> None:
    monitor = monitor_at(sandbox.url, sandbox.service_key, tmp_path)
    await monitor.discover()
    assert check(monitor, "database").recent == ()
    await monitor.check()
    await asyncio.to_thread(sandbox.fault, "database_down", True)
    try:
        await monitor.check()
    finally:
        await asyncio.to_thread(sandbox.fault, "database_down", False)
    await monitor.check()
    for name in ("database", "stuck_tasks", "failure_rate"):
        first, gap, last = check(monitor, name).recent
        assert first is not None
        assert gap is None, name
        assert last is not None
        assert check(monitor, name).took_s == last
    assert None not in check(monitor, "breakers").recent  # asks nobody
    await monitor.close()


async def test_an_edge_function_that_says_nothing_has_no_latency(sandbox: Running, tmp_path: Path) -> None:
    async with wire(sandbox.url) as between:
        between.acts["/functions/"] = hang
        monitor = monitor_at(between.url, sandbox.service_key, tmp_path, probe_s=1.0)
        await monitor.discover()
        await monitor.check()
        edge = check(monitor, "edge_function")
        assert (edge.level, edge.answered, edge.recent) == (Level.WARNING, False, (None,))
        await monitor.close()


async def test_thirty_looks_are_remembered(sandbox: Running, tmp_path: Path) -> None:
    monitor = monitor_at(sandbox.url, sandbox.service_key, tmp_path)
    await monitor.discover()
    for _ in range(33):
        await monitor.check()
    recent = check(monitor, "database").recent
    assert len(recent) == 30
    assert recent[-1] == check(monitor, "database").took_s
    await monitor.close()


async def test_a_late_answer_takes_the_place_of_its_gap(sandbox: Running, tmp_path: Path) -> None:
    monitor = monitor_at(sandbox.url, sandbox.service_key, tmp_path, limit_s=0.5)
    await monitor.discover()
    await asyncio.to_thread(sandbox.fault, "slow", True)
    try:
        await monitor.check()
        assert check(monitor, "database").recent == (None,)
        async with asyncio.timeout(12):
            while check(monitor, "database").recent == (None,):
                await asyncio.sleep(0.05)
    finally:
        await asyncio.to_thread(sandbox.fault, "slow", False)
    (took,) = check(monitor, "database").recent
    assert took is not None
    assert took > 0.5
    await monitor.close()


async def test_the_link_says_how_long_live_refreshes_took(sandbox: Running, tmp_path: Path) -> None:
    monitor = monitor_at(sandbox.url, sandbox.service_key, tmp_path)
    await monitor.discover()
    await monitor.refresh()
    first = monitor.snapshot.link.latency_s
    assert first is not None
    await asyncio.to_thread(sandbox.fault, "database_down", True)
    try:
        await monitor.refresh(everything=True)
    finally:
        await asyncio.to_thread(sandbox.fault, "database_down", False)
    assert monitor.snapshot.link.recent == (first, None)
    assert monitor.snapshot.link.latency_s == first
    await monitor.close()


def test_the_link_remembers_no_more_than_it_needs() -> None:
    link = ConnectionState(FakeClock(), stale_after_s=10, blind_after_s=15)
    for took in range(RECENT + 10):
        link.answered(float(took))
    picture = link.link(None)
    assert picture.recent == tuple(float(took) for took in range(10, RECENT + 10))
    assert picture.latency_s == RECENT + 9
