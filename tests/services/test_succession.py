"""Who acts among a service and the screens beside it, with real locks: the service, whenever there is one that does."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from core.actions.heal import HEAL
from core.actions.running import RunningActions
from core.base.store import Store
from core.domain.monitor_process import MonitorProcess
from core.services.context import Context
from core.services.events import EventLog
from core.services.monitor_processes import MonitorProcesses
from core.services.ownership import Ownership
from core.services.succession import Succession
from tests.clock import FakeClock
from tests.tui.well import ACTIVE


class Lease:
    """Notes that it was given up."""

    def __init__(self) -> None:
        self.released = 0

    async def release(self) -> None:
        self.released += 1


class Process:
    """One monitor of this machine, as far as it takes part in who acts."""

    def __init__(self, place: Path, clock: FakeClock, *, service: bool, observes: bool = False) -> None:
        self.store = Store(place, "a1b2")
        self.ownership = Ownership(self.store, only_looks=False, observes=observes)
        self.events = EventLog(clock)
        self.running = RunningActions()
        self.lease = Lease()
        self.processes = MonitorProcesses(
            clock,
            self.store,
            host="here",
            acts=self.ownership,
            observes=observes,
            only_looks=False,
            service=service,
        )
        config = SimpleNamespace(unattended=service, observe=observes, only_looks=False)
        context = cast(Context, SimpleNamespace(clock=clock, events=self.events, config=config))
        self.succession = Succession(context, self.processes, self.ownership, cast(Any, self.lease), self.running)

    async def begin(self) -> "Process":
        self.turn()
        await self.processes.register()
        await self.tell()
        return self

    def turn(self) -> None:
        """As a refresh does it."""
        if self.ownership.take():
            self.ownership.mine = True

    async def tell(self) -> None:
        self.processes.offer(ACTIVE)
        await self.processes.tell()

    async def end(self) -> None:
        await self.processes.close()
        self.store.disown()

    @property
    def said(self) -> list[str]:
        return [one.text for one in self.events.own]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def make(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Callable[..., Process]]:
    made: list[Process] = []

    def one(*, service: bool = False, observes: bool = False) -> Process:
        made.append(Process(tmp_path, clock, service=service, observes=observes))
        return made[-1]

    yield one
    for process in made:
        await process.store.close()


async def look(process: Process, clock: FakeClock, after_s: float = 1.0) -> bool:
    clock.advance(after_s)
    return await process.succession.look()


def acting(process: Process) -> MonitorProcess | None:
    return process.succession.service


async def test_the_screen_knows_the_service_and_takes_over_once_it_ended(
    make: Callable[..., Process], clock: FakeClock
) -> None:
    service = await make(service=True).begin()
    screen = await make().begin()
    assert not await look(screen, clock)
    assert acting(screen) is not None
    assert screen.said == [f"the service, pid {acting(screen).pid}, acts here"]  # type: ignore[union-attr]  # it does
    await service.end()
    assert screen.succession.alive() is None  # at once, not only at the next look
    assert not await look(screen, clock)  # it may be back in a moment
    assert await look(screen, clock, 3)
    assert (acting(screen), "has ended: this screen takes over" in screen.said[0]) == (None, True)
    screen.turn()
    assert screen.ownership.mine
    assert not await look(screen, clock)


async def test_a_service_that_is_started_again_is_let_act_once_it_lasts(
    make: Callable[..., Process], clock: FakeClock
) -> None:
    screen = await make().begin()
    service = await make(service=True).begin()
    assert not service.ownership.mine
    assert not await look(screen, clock)
    assert screen.ownership.mine  # it may end again at once
    with screen.running.counted(HEAL, cast(Any, SimpleNamespace(by="operator"))):
        await look(screen, clock, 11)
        assert screen.ownership.mine  # it is at work
    assert not await look(screen, clock)
    assert not screen.ownership.mine
    assert screen.lease.released == 1
    screen.turn()
    assert not screen.ownership.mine
    assert await look(service, clock)
    service.turn()
    await service.tell()
    await look(screen, clock)
    assert (service.ownership.mine, acting(screen) is not None) == (True, True)
    await service.end()
    assert await look(screen, clock, 4)


async def test_one_that_reads_its_settings_again_goes_on(make: Callable[..., Process], clock: FakeClock) -> None:
    before = await make(service=True).begin()
    screen = await make().begin()
    await look(screen, clock)
    await before.end()
    assert not await look(screen, clock, 1)
    await make(service=True).begin()
    assert not await look(screen, clock, 1)
    assert acting(screen) is not None
    assert len(screen.said) == 1  # it is the same process


async def test_one_that_does_not_take_it_is_waited_for_no_longer_and_never_again(
    make: Callable[..., Process], clock: FakeClock
) -> None:
    screen = await make().begin()
    await make(service=True).begin()
    await look(screen, clock, 11)
    assert not screen.ownership.mine
    assert not await look(screen, clock, 30)
    assert await look(screen, clock, 31)
    screen.turn()
    for _ in range(5):
        await look(screen, clock, 20)
        assert screen.ownership.mine


async def test_one_that_only_observes_is_let_nothing(make: Callable[..., Process], clock: FakeClock) -> None:
    screen = await make().begin()
    await make(service=True, observes=True).begin()
    await look(screen, clock, 60)
    assert (screen.ownership.mine, acting(screen)) == (True, None)


async def test_of_two_screens_and_of_two_services_the_first_goes_on(
    make: Callable[..., Process], clock: FakeClock
) -> None:
    for service in (False, True):
        first, second = await make(service=service).begin(), await make(service=service).begin()
        for one in (first, second):
            assert not await look(one, clock, 60)
        assert (first.ownership.mine, second.ownership.mine) == (True, False)
        await first.end()
        await second.end()
