"""The six checks on real sockets that hang, drip, refuse and answer late: over within two seconds, and exact."""

import asyncio
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from core.backend.client import RequestLimits
from core.backend.target import Target
from core.checks.settings import WatchRules
from core.domain.checks import Check, Checkup
from core.domain.status import Level
from core.monitor import Config, Monitor, Places
from core.resilience import BreakerRules
from core.services.config import RefreshRules
from tests.running import ONE_SHAPE, Running
from tests.wire import Wire, answer, drip, hang, never_accepts, reset, wire

PROMISE_S = 2.0
HANGS_S = 60.0
"""For so long a request hangs if nobody ends it before."""


def monitor_at(url: str, key: str, cache: Path, **rules: float) -> Monitor:
    config = Config(
        target=Target(name="probe", url=url, key=key),
        limits=RequestLimits(request_s=HANGS_S, probe_s=HANGS_S, connect_s=HANGS_S),
        refresh=RefreshRules(period_s=0.3),
        breaker=BreakerRules(open_s=1),
        watch=WatchRules(**rules),  # type: ignore[arg-type]  # all of them seconds
    )
    return Monitor(config, places=Places.within(cache))


PATIENT = {"limit_s": HANGS_S, "probe_s": HANGS_S}
"""For what does not hang: a busy machine takes its time."""


async def look(monitor: Monitor) -> Checkup:
    """One check: it does not wait for what hangs, and that it is over in time is a matter of its rules."""
    assert WatchRules().probe_s < WatchRules().limit_s < PROMISE_S
    async with asyncio.timeout(HANGS_S / 2):
        return await monitor.check()


async def test_all_is_well_through_the_wire(sandbox: Running, tmp_path: Path) -> None:
    async with wire(sandbox.url) as between:
        monitor = monitor_at(between.url, sandbox.service_key, tmp_path, **PATIENT)
        await monitor.discover()
        checkup = await look(monitor)
        assert {check.name: check.level for check in checkup.checks} == dict.fromkeys(
            ("database", "edge_function", "stuck_tasks", "failure_rate", "activity", "breakers"), Level.OK
        )
        functions = [line for line in between.seen if "/functions/" in line]
        assert functions == ["OPTIONS /functions/v1/ai-agent-poll"]
        await monitor.close()


EDGE = {
    "hanging": (hang, Level.WARNING, "unavailable"),
    "dripping": (drip(), Level.WARNING, "unavailable"),
    "reset": (reset, Level.WARNING, "unavailable"),
    "503": (answer(b"{}", "503 Service Unavailable"), Level.WARNING, "unavailable"),
    "404": (answer(b'{"code":"NOT_FOUND"}', "404 Not Found"), Level.WARNING, "not deployed"),
    "a web page": (answer(b"<html>", kind="text/html"), Level.WARNING, "unavailable"),
}


@ONE_SHAPE
@pytest.mark.parametrize("case", EDGE)
async def test_the_edge_function(case: str, sandbox: Running, tmp_path: Path) -> None:
    act, level, word = EDGE[case]
    async with wire(sandbox.url) as between:
        between.acts["/functions/"] = act
        monitor = monitor_at(between.url, sandbox.service_key, tmp_path, limit_s=HANGS_S, probe_s=1.0)
        await monitor.discover()
        checkup = await look(monitor)
        edge = checkup.of("edge_function")
        assert (edge.level, edge.text.split(":")[0]) == (level, word)
        assert checkup.of("database").level is Level.OK
        assert checkup.of("failure_rate").level is Level.OK
        await monitor.close()


@ONE_SHAPE
async def test_a_silent_edge_function_counts_for_its_breaker(sandbox: Running, tmp_path: Path) -> None:
    async with wire(sandbox.url) as between:
        between.acts["/functions/"] = hang
        monitor = monitor_at(between.url, sandbox.service_key, tmp_path, probe_s=0.2)
        await monitor.discover()
        for _ in range(5):
            await monitor.check()
        states = {b.key: b.state for b in monitor.snapshot.breakers}
        assert states["edge:ai-agent-poll:probe"] in {"open", "due"}
        await monitor.close()


DATABASE = {
    "reset": (reset, "down: the connection broke"),
    "a web page": (answer(b"<html>hello</html>", kind="text/html"), "down: unexpected response"),
    "a proxy's 502": (answer(b"<html>", "502 Bad Gateway", "text/html"), "API unreachable: a proxy answered 502"),
    "garbage": (answer(b"{not json"), "down: unexpected response"),
    "truncated": (answer(b"[", length=500), "down: the answer broke off"),
    "no connection": (
        answer(b'{"code":"PGRST001","message":"x"}', "503 Service Unavailable"),
        "down: ",
    ),
}


@ONE_SHAPE
@pytest.mark.parametrize("case", DATABASE)
async def test_proof_that_the_database_is_down(case: str, sandbox: Running, tmp_path: Path) -> None:
    act, words = DATABASE[case]
    async with wire(sandbox.url) as between:
        between.acts["/rest/"] = act
        monitor = monitor_at(between.url, sandbox.service_key, tmp_path, **PATIENT)
        database = (await look(monitor)).of("database")
        assert database.level is Level.CRITICAL
        assert database.text.startswith(words)
        assert (await look(monitor)).of("stuck_tasks").level is Level.UNKNOWN
        await monitor.close()


async def test_nobody_at_the_address_is_down(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        monitor = monitor_at(f"http://127.0.0.1:{taken.getsockname()[1]}", "sb_secret_x", tmp_path)
        assert (await look(monitor)).of("database").level is Level.CRITICAL
        await monitor.close()


async def test_not_even_connected_is_not_known(tmp_path: Path) -> None:
    with never_accepts() as url:
        monitor = monitor_at(url, "sb_secret_x", tmp_path)
        checkup = await look(monitor)
        assert checkup.of("database").level is Level.UNKNOWN
        assert checkup.of("edge_function").level is Level.UNKNOWN
        await monitor.close()


async def test_a_name_nobody_knows_is_not_known(tmp_path: Path) -> None:
    monitor = monitor_at("http://nobody.invalid", "sb_secret_x", tmp_path)
    assert (await look(monitor)).of("database").level is Level.UNKNOWN
    await monitor.close()


async def database_check(monitor: Monitor, accept: Callable[[Check], bool]) -> Check:
    end = time.monotonic() + 100
    while True:
        check = next(c for c in monitor.snapshot.health.checks if c.name == "database")
        if accept(check):
            return check
        assert time.monotonic() < end, check
        await asyncio.sleep(0.02)


@pytest.fixture
async def slow_wire(sandbox: Running):  # type: ignore[no-untyped-def]  # an async generator of a wire
    async with wire(sandbox.url) as between:
        yield between


@ONE_SHAPE
async def test_hanging_is_slow_first_and_down_when_it_is_proven(
    sandbox: Running, slow_wire: Wire, tmp_path: Path
) -> None:
    slow_wire.acts["/rest/"] = hang
    monitor = monitor_at(slow_wire.url, sandbox.service_key, tmp_path, limit_s=0.5, hanging_s=1.0)
    checkup = await look(monitor)
    assert checkup.took_s >= 0.5  # so it counts in the key figures
    database = checkup.of("database")
    assert (database.level, database.text[:15]) == (Level.WARNING, "slow: connected")
    asked = len(slow_wire.seen)
    late = await database_check(monitor, lambda c: c.level is Level.CRITICAL)
    assert late.text.startswith("hanging")
    assert len([line for line in slow_wire.seen[asked:] if "/rest/" in line]) == 0  # left running, not repeated
    assert monitor.snapshot.link.word == "OFFLINE"
    await monitor.close()


@ONE_SHAPE
async def test_a_late_answer_replaces_the_verdict(sandbox: Running, slow_wire: Wire, tmp_path: Path) -> None:
    monitor = monitor_at(slow_wire.url, sandbox.service_key, tmp_path, limit_s=0.5, probe_s=0.4, hanging_s=HANGS_S)
    await monitor.discover()
    go_on = slow_wire.holds["/rest/v1/"] = asyncio.Event()
    assert (await look(monitor)).of("database").level is Level.WARNING
    go_on.set()
    late = await database_check(monitor, lambda c: "answered after" in c.text)
    assert (late.level, late.text[:20]) == (Level.WARNING, "slow: answered after")
    await monitor.close()


@ONE_SHAPE
async def test_a_cancelled_check_leaves_nothing_running(sandbox: Running, slow_wire: Wire, tmp_path: Path) -> None:
    slow_wire.acts["/rest/"] = hang
    monitor = monitor_at(slow_wire.url, sandbox.service_key, tmp_path)
    checking = asyncio.create_task(monitor.check())
    while not slow_wire.seen:
        await asyncio.sleep(0.01)
    checking.cancel()
    await asyncio.gather(checking, return_exceptions=True)
    await monitor.close()
    rest = {task for task in asyncio.all_tasks() if task is not asyncio.current_task()}
    assert not [task for task in rest if "Watchdog" in repr(task) or "check" in task.get_name()]
