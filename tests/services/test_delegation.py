"""An action goes from one process to another and its result comes back, or it is said what is known of it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from core.actions.breakers import RESET_BREAKER
from core.actions.carried import NotCarried, Order
from core.actions.delegated import KIND, DelegatedActions
from core.actions.process import OBSERVE_OFF
from core.actions.run import Progress
from core.base.clock import SystemClock
from core.base.error_boundary import ErrorBoundary
from core.base.store import Store
from core.domain.actions import Action, Result, ResultPhase
from core.domain.monitor_process import MonitorProcess
from core.domain.plans import PlanChanged, Sentence
from core.services.delegation import Delegation, NotTaken
from core.services.monitor_processes import MonitorProcesses


class Process:
    """One process of the machine, with what it was asked to run."""

    def __init__(self, place: Path, run: Callable[..., Awaitable[Result]] | None = None) -> None:
        clock = SystemClock()
        self.ran: list[tuple[str, dict[str, Any]]] = []
        self.said: list[str] = []
        self.store = Store(place / "state", "a1b2")
        self.itself = MonitorProcesses(
            clock, self.store, host="here", acts=lambda: True, observes=False, only_looks=False
        )
        self.delegation = Delegation(
            clock, ErrorBoundary(self.said.append), DelegatedActions(clock, self.store), self.itself, run or self._run
        )

    async def started(self) -> MonitorProcess:
        await self.itself.register()
        await self.itself.tell()
        return (await self.itself.running())[0]

    async def _run(self, order: Order, **_: Any) -> Result:
        self.ran.append((order.action.name, dict(order.arguments)))
        return Result(action=order.action.name, phase=ResultPhase.VERIFIED, text="done", run="r1")


@pytest.fixture
async def make(tmp_path: Path) -> AsyncIterator[Callable[..., Process]]:
    made: list[Process] = []

    def one(run: Callable[..., Awaitable[Result]] | None = None) -> Process:
        made.append(Process(tmp_path, run))
        return made[-1]

    yield one
    for process in made:
        await process.store.close()


async def handed(shell: Process, to: MonitorProcess, wait_s: float = 30.0, action: Action = RESET_BREAKER) -> Result:
    return await shell.delegation.hand_over(to, action, {"reason": "r"}, wait_s)


async def asked(process: Process) -> None:
    """Wait until something is handed over."""
    while not await process.store.all(KIND, object):
        await asyncio.sleep(0.01)


async def test_its_result_comes_back_and_nothing_is_left(make: Callable[..., Process]) -> None:
    monitor, shell = make(), make()
    there = await monitor.started()
    waiting = asyncio.gather(handed(shell, there), handed(make(), there))
    while len(monitor.ran) < 2:
        await asyncio.sleep(0.01)
        await monitor.delegation.carry_out()
    assert await waiting == [Result(action="reset_breaker", phase=ResultPhase.VERIFIED, text="done", run="r1")] * 2
    assert monitor.ran == [("reset_breaker", {"reason": "r"})] * 2
    assert await shell.store.all(KIND, object) == {}


async def test_what_is_not_taken_up_is_withdrawn(make: Callable[..., Process]) -> None:
    monitor, shell = make(), make()
    result = await handed(shell, await monitor.started(), 0.2)
    assert (result.phase, "withdrawn, nothing was changed" in result.text) == (ResultPhase.UNREACHABLE, True)
    await monitor.delegation.carry_out()
    assert monitor.ran == []


async def test_one_that_is_interrupted_is_withdrawn(make: Callable[..., Process]) -> None:
    monitor, shell = make(), make()
    waiting = asyncio.create_task(handed(shell, await monitor.started()))
    await asked(shell)
    waiting.cancel()
    await asyncio.wait({waiting})
    assert await shell.store.all(KIND, object) == {}


async def test_a_monitor_that_ended_before_changed_nothing_and_one_that_had_begun_perhaps(
    make: Callable[..., Process],
) -> None:
    async def never(order: Order, **_: Any) -> Result:
        await asyncio.Event().wait()
        raise AssertionError

    before, amid, shell = make(), make(never), make()
    for process, phase, words in (
        (before, ResultPhase.UNREACHABLE, "ended and had not taken it up"),
        (amid, ResultPhase.UNKNOWN, "ended and may have started the action: outcome unknown"),
    ):
        there = await process.started()
        waiting = asyncio.create_task(handed(shell, there))
        await asked(shell)
        doing = asyncio.create_task(process.delegation.carry_out())
        if process is before:
            doing.cancel()
        else:
            while not any(one.get("taken_at") for one in (await shell.store.all(KIND, dict[str, Any])).values()):
                await asyncio.sleep(0.01)
        await process.itself.close()
        result = await waiting
        assert (result.phase, words in result.text) == (phase, True), result
        doing.cancel()


async def test_what_is_no_action_to_hand_over_is_refused_and_an_unforeseen_end_is_unknown(
    make: Callable[..., Process],
) -> None:
    async def fails(order: Order, **_: Any) -> Result:
        raise RuntimeError("unforeseen")

    monitor, shell = make(fails), make()
    there = await monitor.started()
    for action, phase in ((OBSERVE_OFF, ResultPhase.REFUSED), (RESET_BREAKER, ResultPhase.UNKNOWN)):
        given = {} if action is OBSERVE_OFF else {"reason": "r"}
        waiting = asyncio.create_task(shell.delegation.hand_over(there, action, given, 30.0))
        await asked(shell)
        await monitor.delegation.carry_out()
        assert (await waiting).phase is phase
    assert monitor.said == ["reset breaker from another shell failed (RuntimeError); see the log file"]


async def test_it_is_told_how_far_it_is_and_can_be_stopped_on_the_way(make: Callable[..., Process]) -> None:
    async def works(order: Order, *, run: str, progress: Progress, go_on: Callable[[], str]) -> Result:
        progress("Heal", 1, 9)
        while not (why := go_on()):
            await asyncio.sleep(0.01)
        return Result(action=order.action.name, phase=ResultPhase.PARTLY, text=f"halted: {why}", run=run)

    monitor, shell = make(works), make()
    there = await monitor.started()
    seen: list[tuple[str, int, int]] = []
    order = Order(action=RESET_BREAKER, who="ann")
    taken: list[bool] = []
    waiting = asyncio.create_task(
        shell.delegation.give(
            there,
            order,
            30.0,
            progress=lambda *one: seen.append(one),
            go_on=lambda: "enough" if seen else "",
            taken=lambda: taken.append(True),
        )
    )
    await asked(shell)
    await monitor.delegation.carry_out()
    result = await waiting
    assert (result.text, taken, set(seen)) == ("halted: enough", [True], {("Heal", 1, 9)})
    assert len(result.run) == 36
    assert await shell.store.all(KIND, object) == {}


async def test_one_carried_out_does_not_keep_the_next_waiting(make: Callable[..., Process]) -> None:
    free = asyncio.Event()

    async def waits(order: Order, **_: Any) -> Result:
        if not order.arguments:
            await free.wait()
        return Result(action=order.action.name, phase=ResultPhase.VERIFIED, text="done")

    monitor, shell = make(waits), make()
    there = await monitor.started()
    first = asyncio.create_task(shell.delegation.give(there, Order(action=RESET_BREAKER), 30.0))
    await asked(shell)
    await monitor.delegation.carry_out()
    second = asyncio.create_task(handed(make(), there))
    while not second.done():
        await monitor.delegation.carry_out()
        await asyncio.sleep(0.01)
    assert not first.done()
    free.set()
    assert (await first).text == "done"


async def test_a_changed_plan_comes_back_as_it_is_and_who_waits_no_more_is_told_nothing_was_done(
    make: Callable[..., Process],
) -> None:
    plan = Sentence(text="another", rows=3)

    async def changed(order: Order, **_: Any) -> Result:
        assert order.shown == Sentence(text="this")
        raise PlanChanged(plan)

    monitor, shell = make(changed), make()
    there = await monitor.started()
    waiting = asyncio.create_task(
        shell.delegation.give(there, Order(action=RESET_BREAKER, shown=Sentence(text="this")), 30.0)
    )
    await asked(shell)
    await monitor.delegation.carry_out()
    with pytest.raises(PlanChanged) as caught:
        await waiting
    assert caught.value.plan == plan
    with pytest.raises(NotTaken, match="had not taken it up"):
        await shell.delegation.give(there, Order(action=RESET_BREAKER), 0.2)
    with pytest.raises(NotCarried, match="knows no mood"):
        await shell.delegation.give(there, Order(action=RESET_BREAKER, arguments={"mood": "fine"}), 0.2)
    assert await shell.store.all(KIND, object) == {}
