"""The cache against a dict, over any order of writes, restarts, sweeps and another process's writes.

It may forget: what is read is the last value kept under that key, or nothing. Never an older one, another key's, or
one that was never whole.
"""

import asyncio
import shutil
import sqlite3
import tempfile
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from core.resilience import Cache, CacheRules
from tests.clock import FakeClock

T = TypeVar("T")
KEYS = st.sampled_from([f"k{number}" for number in range(8)])
VALUES = st.one_of(st.integers(), st.text(max_size=30), st.sampled_from(["x" * 3000, "ä" * 900]), st.none())
RULES = CacheRules(memory_s=100, memory_bytes=4000, entries=5, bytes=200_000)


class CacheMachine(RuleBasedStateMachine):
    """`kept` is the last value under each key with its time, by whichever of two caches on one directory."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp(prefix="watchdesk-cache-"))
        self.loop = asyncio.new_event_loop()
        self.clock = FakeClock()
        self.caches = [self.make(), self.make()]
        self.kept: dict[str, tuple[object, datetime]] = {}
        self.stored: list[str] = []
        self.number = 0

    def make(self) -> Cache:
        return Cache(self.directory, "space", self.clock, RULES)

    def do(self, work: Awaitable[T]) -> T:
        return self.loop.run_until_complete(work)

    @rule(key=KEYS, value=VALUES)
    def put(self, key: str, value: object) -> None:
        """By the first cache; the second must see it too once its memory is no longer fresh."""
        self.number += 1
        at = datetime(2026, 11, 24, tzinfo=UTC) + timedelta(seconds=self.number)
        self.do(self.caches[0].put(key, value, at))
        self.kept[key] = (value, at)
        self.stored = [*(k for k in self.stored if k != key), key]

    @rule(key=KEYS, values=st.lists(VALUES, min_size=2, max_size=4))
    def several_in_a_hurry(self, key: str, values: list[object]) -> None:
        for value in values:
            self.number += 1
            at = datetime(2026, 11, 24, tzinfo=UTC) + timedelta(seconds=self.number)
            self.caches[0].keep(key, value, at)
            self.kept[key] = (value, at)
        self.do(self.caches[0].flush())
        self.stored = [*(k for k in self.stored if k != key), key]

    @rule(key=KEYS, which=st.integers(0, 1))
    def get(self, key: str, which: int) -> None:
        found = self.do(self.caches[which].get(key))
        if found is not None:
            assert (found.value, found.at) == self.kept[key]
        else:
            assert key not in self.stored[-RULES.entries :]

    @rule(seconds=st.sampled_from([1.0, 99.0, 101.0]))
    def time_passes(self, seconds: float) -> None:
        self.clock.advance(seconds)

    @rule(which=st.integers(0, 1))
    def sweep(self, which: int) -> None:
        self.do(self.caches[which].sweep())

    @rule(which=st.integers(0, 1))
    def restart(self, which: int) -> None:
        self.caches[which].close()
        self.caches[which] = self.make()

    @rule()
    def somebody_deletes_it_all(self) -> None:
        for cache in self.caches:
            cache.close()
        shutil.rmtree(self.directory)
        self.caches = [self.make(), self.make()]
        self.stored = []

    @invariant()
    def the_disk_holds_the_newest_and_no_more_than_it_may(self) -> None:
        for cache in self.caches:
            found = cache.load_all()
            assert set(found) == set(self.stored[-RULES.entries :])
            assert all((one.value, one.at) == self.kept[key] for key, one in found.items())
            assert cache.warning is None
            assert cache._memory_bytes <= RULES.memory_bytes
        with sqlite3.connect(self.directory / "space" / "cache.db") as connection:
            assert connection.execute("SELECT count(*) FROM Cache").fetchone()[0] <= RULES.entries

    def teardown(self) -> None:
        for cache in self.caches:
            cache.close()
        self.loop.close()
        shutil.rmtree(self.directory)


TestCache = CacheMachine.TestCase
TestCache.settings = settings(max_examples=30, stateful_step_count=20, deadline=None)
