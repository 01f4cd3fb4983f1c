"""Monitors tell of themselves: who is alive, seldom, and nothing of what is not."""

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec
import pytest

from core.base.store import Store
from core.domain.snapshot import Health
from core.services.monitor_processes import KIND, MonitorProcesses
from tests.clock import FakeClock
from tests.running import ROOT
from tests.tui.well import HEALTHY

SPACE = "a1b2"


@pytest.fixture
async def make(tmp_path: Path) -> AsyncIterator[Callable[..., MonitorProcesses]]:
    """Makes processes of one machine, each with a store of its own."""
    stores: list[Store] = []

    def one(clock: FakeClock | None = None, host: str = "here", *, acts: bool = False) -> MonitorProcesses:
        stores.append(Store(tmp_path / "state", SPACE))
        return MonitorProcesses(
            clock or FakeClock(), stores[-1], host=host, acts=lambda: acts, observes=False, only_looks=False
        )

    yield one
    for store in stores:
        await store.close()


def files(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "state").glob("*.lock"))


async def test_each_is_told_of_while_it_runs_the_one_that_acts_first(
    make: Callable[..., MonitorProcesses], tmp_path: Path
) -> None:
    clock = FakeClock()
    first, second, looks = make(clock), make(clock, acts=True), make(clock)
    for one in (first, second):
        await one.register()
        one.offer(HEALTHY)
        await one.tell()
    assert [one.id for one in await looks.running()] == [second.id, first.id]
    assert (await looks.running())[0].pid == os.getpid()
    await first.close()
    assert [one.id for one in await looks.running()] == [second.id]
    await second.close()
    assert (await looks.running(), files(tmp_path)) == ((), [])


async def test_it_tells_what_changed_and_at_most_every_five_seconds(
    make: Callable[..., MonitorProcesses],
) -> None:
    clock = FakeClock()
    one, looks = make(clock), make(clock)

    async def told(failures: int) -> int:
        health = Health(critical_in_a_row=failures)
        one.offer(msgspec.structs.replace(HEALTHY, at=clock.now(), health=health))
        await one.tell()
        (found,) = await looks.running()
        return found.consecutive_failures

    await one.register()
    assert await told(1) == 1
    clock.advance(1)
    assert await told(2) == 1
    clock.advance(5)
    assert await told(2) == 2
    (before,) = await looks.running()
    clock.advance(60)
    assert await told(2) == 2
    assert (await looks.running())[0].told_at == before.told_at


KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from core.base.clock import SystemClock
from core.base.store import Store
from core.services.monitor_processes import MonitorProcesses

async def main():
    store = Store(Path(sys.argv[1]), sys.argv[2])
    one = MonitorProcesses(
        SystemClock(), store, host="here", acts=lambda: True, observes=False, only_looks=False
    )
    await one.register()
    await one.tell()
    assert [found.id for found in await one.running()] == [one.id]
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


async def test_what_one_left_that_was_killed_is_not_live_and_is_cleared_by_the_next(
    make: Callable[..., MonitorProcesses], tmp_path: Path
) -> None:
    words = [sys.executable, "-c", KILLED, str(tmp_path / "state"), SPACE]
    dead = await asyncio.to_thread(subprocess.run, words, cwd=ROOT, check=False)
    assert dead.returncode == -9
    store = Store(tmp_path / "state", SPACE)
    await store.put(KIND, "not a process at all", {"id": "/", "pid": []})
    assert len(await store.all(KIND, object)) == 2
    assert await make().running() == ()
    one = make()
    await one.register()
    assert await store.all(KIND, object) == {}
    assert files(tmp_path) == [f"{SPACE}.{one.id}.lock"]
    await one.close()
    await store.close()


async def test_one_knows_whether_it_is_alone(make: Callable[..., MonitorProcesses]) -> None:
    one, other, elsewhere = make(), make(), make(host="elsewhere")
    for each in (one, elsewhere):
        await each.register()
        await each.tell()
    assert await one.alone()
    await other.register()
    await other.tell()
    assert not await one.alone()
    assert not await other.alone()
    await other.close()
    assert await one.alone()
    await one.close()
    await elsewhere.close()


async def test_one_of_another_machine_is_not_here(make: Callable[..., MonitorProcesses]) -> None:
    elsewhere, here = make(host="elsewhere"), make()
    await elsewhere.register()
    await elsewhere.tell()
    assert await here.running() == ()
    await here.register()
    assert [one.host for one in await elsewhere.running()] == ["elsewhere"]
    await here.close()
    await elsewhere.close()


async def test_whose_files_were_deleted_is_told_of_again(make: Callable[..., MonitorProcesses], tmp_path: Path) -> None:
    clock = FakeClock()
    one, looks = make(clock), make(clock)
    await one.register()
    one.offer(HEALTHY)
    await one.tell()
    shutil.rmtree(tmp_path / "state")
    assert await looks.running() == ()
    await one.tell()
    assert [found.id for found in await looks.running()] == [one.id]
