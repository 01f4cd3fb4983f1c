"""One guarded call: tries, deadlines, fallbacks; and the cache behind it. Imports nothing of Supabase or tasks."""

import asyncio
import pickle
import sqlite3
from pathlib import Path

import pytest

from core.facts import Counts, Evidence, Fault, Source
from core.resilience import Breakers, BreakerState, Cache, Guard, NotLive, Policy, RetryRules
from tests.clock import FakeClock


def classify(error: BaseException) -> Fault:
    counts = Counts.SUCCESS if isinstance(error, LookupError) else Counts.FAILURE
    return Fault(kind=type(error).__name__, counts=counts, evidence=Evidence.DOWN, message=str(error))


class World:
    """A guard, and a callable that fails as often as told."""

    def __init__(self, cache: Cache | None = None) -> None:
        self.clock = FakeClock()
        self.breakers = Breakers(self.clock)
        self.guard = Guard(self.clock, self.breakers, classify, cache)
        self.asked = 0
        self.failures: list[BaseException] = []

    async def ask(self) -> int:
        self.asked += 1
        if self.failures:
            raise self.failures.pop(0)
        return 42


ONCE = Policy(total_s=5)
RETRYING = Policy(total_s=5, retry=RetryRules(jitter=0))


async def test_a_call_that_succeeds_asks_once() -> None:
    world = World()
    outcome = await world.guard.call("x:y", world.ask, policy=RETRYING)
    assert (outcome.data, outcome.source, outcome.attempts, outcome.fault) == (42, Source.LIVE, 1, None)


async def test_failures_are_tried_again_with_growing_waits() -> None:
    world = World()
    world.failures = [OSError("1"), OSError("2")]
    before = world.clock.elapsed()
    outcome = await world.guard.call("x:y", world.ask, policy=RETRYING)
    assert (outcome.data, world.asked, world.clock.elapsed() - before) == (42, 3, 3.0)


async def test_three_retries_and_no_more() -> None:
    world = World()
    world.failures = [OSError(str(i)) for i in range(9)]
    outcome = await world.guard.call("x:y", world.ask, policy=RETRYING)
    assert (outcome.data, world.asked, outcome.fault and outcome.fault.message) == (None, 4, "3")


async def test_an_answered_refusal_fails_once_and_leaves_the_breaker_alone() -> None:
    world = World()
    world.failures = [KeyError("no such column")] * 9
    for _ in range(6):
        with pytest.raises(NotLive):
            await world.guard.live("x:y", world.ask, policy=RETRYING)
    assert world.asked == 6
    assert world.breakers.get("x:y").state is BreakerState.CLOSED


async def test_an_open_breaker_refuses_but_never_a_check() -> None:
    world = World()
    world.failures = [OSError("x")] * 5
    for _ in range(5):
        await world.guard.call("x:y", world.ask, policy=ONCE)
    refused = await world.guard.call("x:y", world.ask, policy=ONCE)
    assert (refused.fault and refused.fault.kind, world.asked) == ("refused_by_breaker", 5)
    assert await world.guard.live("x:y", world.ask, policy=Policy(total_s=5, refusable=False)) == 42
    assert world.breakers.get("x:y").state is BreakerState.CLOSED


async def test_a_cancelled_probe_lets_the_next_caller_probe() -> None:
    world = World()
    world.failures = [OSError("x")] * 5
    for _ in range(5):
        await world.guard.call("x:y", world.ask, policy=ONCE)
    world.clock.advance(100)
    never = asyncio.Event()

    async def hang() -> int:
        await never.wait()
        return 0

    probe = asyncio.create_task(world.guard.call("x:y", hang, policy=Policy(total_s=20)))
    await asyncio.sleep(0.01)
    probe.cancel()
    with pytest.raises(asyncio.CancelledError):
        await probe
    assert world.breakers.get("x:y").state is BreakerState.HALF_OPEN
    assert (await world.guard.call("x:y", world.ask, policy=ONCE)).data == 42


async def test_the_deadline_ends_a_call_that_hangs() -> None:
    world = World()
    outcome = await world.guard.call("x:y", lambda: asyncio.sleep(30, 1), policy=Policy(total_s=0.02))
    assert outcome.fault is not None
    assert (outcome.fault.kind, outcome.fault.counts) == ("deadline", Counts.FAILURE)


async def read(world: World, key: str = "k") -> tuple[object, Source]:
    reading = await world.guard.last_known(
        "x:y", world.ask, policy=ONCE, cache_key=key, encode=lambda v: v, decode=lambda v: v
    )
    return reading.value, reading.source


async def test_fallback_is_last_known_then_nothing_and_never_overwrites_live_data(tmp_path: Path) -> None:
    cache = Cache(tmp_path, "space", FakeClock())
    world = World(cache)
    world.failures = [OSError("x")]
    assert await read(world) == (None, Source.DEFAULT)
    assert await cache.get("k") is None  # a default is never kept
    assert await read(world) == (42, Source.LIVE)
    world.failures = [OSError("x")]
    assert await read(world) == (42, Source.CACHED)
    cache.close()
    again = Cache(tmp_path, "space", FakeClock())
    kept = again.get_sync("k")
    assert kept is not None
    assert (kept.value, kept.at) == (42, world.clock.now())
    other = Cache(tmp_path, "another", FakeClock())
    assert other.get_sync("k") is None
    for one in (again, other):
        one.close()


async def test_a_planted_pickle_is_never_loaded(tmp_path: Path) -> None:
    cache = Cache(tmp_path, "space", FakeClock())
    await cache.put("k", {"a": 1}, FakeClock().now())
    cache.close()

    class Evil:
        def __reduce__(self) -> tuple[object, ...]:
            return (Path.touch, (tmp_path / "pwned",))

    with sqlite3.connect(tmp_path / "space" / "cache.db") as database:
        database.execute("UPDATE Cache SET mode = 4, value = ?", (pickle.dumps(Evil()),))
    again = Cache(tmp_path, "space", FakeClock())
    assert again.get_sync("k") is None
    again.close()
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize("damage", [b"", b"not a database at all" * 100])
async def test_a_damaged_file_is_set_aside_with_a_warning(damage: bytes, tmp_path: Path) -> None:
    cache = Cache(tmp_path, "space", FakeClock())
    await cache.put("k", 1, FakeClock().now())
    cache.close()
    for file in (tmp_path / "space").glob("cache.db*"):
        file.write_bytes(damage)
    again = Cache(tmp_path, "space", FakeClock())
    assert again.get_sync("k") is None
    await again.put("k", 2, FakeClock().now())
    kept = await again.get("k")
    assert kept is not None
    assert kept.value == 2
    again.close()


async def test_a_place_that_cannot_be_written_leaves_memory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    cache = Cache(tmp_path / "file", "space", FakeClock())
    assert cache.warning is not None
    await cache.put("k", 1, FakeClock().now())
    kept = await cache.get("k")
    assert kept is not None
    assert kept.layer == "memory"
    cache.close()


async def test_the_files_are_ours_alone(tmp_path: Path) -> None:
    cache = Cache(tmp_path, "space", FakeClock())
    await cache.put("k", 1, FakeClock().now())
    assert (tmp_path / "space").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "space" / "cache.db").stat().st_mode & 0o077 == 0
    cache.close()
