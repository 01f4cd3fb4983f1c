"""Both ends of an action that goes from one process of this machine to another: who asks, and who carries it out."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from typing import Final, Protocol

from core.actions.carried import NotCarried, Order, carried_plan, plan_of
from core.actions.delegated import DelegatedAction, DelegatedActions, answer, given
from core.actions.run import Progress, guarded, unhindered
from core.base.clock import Clock
from core.base.error_boundary import ErrorBoundary
from core.base.errors import WatchdeskError
from core.base.store import NotKept
from core.base.text import clean, short
from core.domain.actions import Action, Result, ResultPhase
from core.domain.monitor_process import MonitorProcess
from core.domain.plans import Plan, PlanChanged
from core.services.monitor_processes import MonitorProcesses

_LOOK_S: Final = 0.1
_TEND_S: Final = 1.0
SILENT_S: Final = 20.0
"""Who carries an action out tells so every second. Silent for so long it may hang, and is waited for no longer."""
_TITLE: Final = 200


class NotTaken(WatchdeskError):
    """An action was withdrawn before anybody took it up: nobody ever carries it out. The text says why."""


class Carrier(Protocol):
    """Runs an order in this process, as run `run` where it begins one."""

    async def __call__(
        self, order: Order, *, run: str = "", progress: Progress | None = None, go_on: Callable[[], str] = unhindered
    ) -> Result:
        """Return what came of it. Raises PlanChanged."""
        ...


class Delegation:
    """Hands actions over, and carries out those that were. `run` is the way of every action of this process."""

    def __init__(
        self,
        clock: Clock,
        boundary: ErrorBoundary,
        delegated: DelegatedActions,
        processes: MonitorProcesses,
        run: Carrier,
    ) -> None:
        self._clock = clock
        self._boundary = boundary
        self._delegated = delegated
        self._processes = processes
        self._run = run
        self._carried: set[asyncio.Task[None]] = set()

    # Who carries it out

    async def carry_out(self) -> None:
        """Begin to carry out what was handed to this process, each once and beside the others; do not wait for it.

        Never raises: what the disk does not take is reported by the store.
        """
        with contextlib.suppress(NotKept):
            for one in await self._delegated.take(self._processes.id):
                task = asyncio.create_task(self._carry(one), name=f"watchdesk-{one.action[:40]}-from-another-shell")
                self._carried.add(task)
                task.add_done_callback(self._carried.discard)

    async def close(self) -> None:
        """End what is being carried out: the audit trail tells that it was ended from outside."""
        tasks = tuple(self._carried)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _carry(self, one: DelegatedAction) -> None:
        """Carry one out, and answer together with how it stands here now."""
        course = _Course()
        tending = asyncio.create_task(self._tend(one, course))
        result: Result | None = None
        plan: Plan | None = None
        changed = ""
        try:
            order = given(one)
            with self._boundary.around(f"{order.action.title.lower()} from another shell") as run:
                try:
                    result = await self._run(order, run=one.run, progress=course.progress, go_on=course.go_on)
                except PlanChanged as plan_changed:
                    plan = plan_changed.plan
            changed = carried_plan(plan)
            if run.error is not None:
                text = f"{order.action.title.lower()} {run.text}"
                result = Result(action=one.action, phase=ResultPhase.UNKNOWN, text=text, run=one.run)
        except NotCarried as error:
            result = Result(action=one.action, phase=ResultPhase.REFUSED, text=f"nothing was changed: {error}")
        finally:
            tending.cancel()
        with contextlib.suppress(NotKept):
            await self._processes.tell_with(answer(one, result, changed))

    async def _tend(self, one: DelegatedAction, course: "_Course") -> None:
        """Tell again and again that it is being carried out, and hear whether it must stop."""
        while True:
            await self._clock.sleep(_TEND_S)
            with contextlib.suppress(NotKept):
                course.halt = await self._delegated.tend(one.id, course.at) or course.halt

    # Who asks

    async def hand_over(
        self, to: MonitorProcess, action: Action, arguments: Mapping[str, str], wait_s: float
    ) -> Result:
        """Let the process `to` run an action, and return what it answers, within `wait_s` seconds. Never raises.

        What was not taken up by then is withdrawn; of what was and has no answer, the outcome is unknown.
        """
        try:
            return await self.give(to, Order(action=action, arguments=arguments), wait_s, silent_s=None)
        except (NotKept, NotCarried) as error:
            return _result(action, ResultPhase.REFUSED, f"nothing was changed: {error}")
        except NotTaken as not_taken:
            return _result(action, ResultPhase.UNREACHABLE, f"{not_taken}: withdrawn, nothing was changed")

    async def give(  # noqa: PLR0913 - to whom, what, how long to wait, and who hears of it meanwhile
        self,
        to: MonitorProcess,
        order: Order,
        wait_s: float,
        *,
        silent_s: float | None = SILENT_S,
        called: str = "the monitor",
        progress: Progress | None = None,
        go_on: Callable[[], str] = unhindered,
        taken: Callable[[], None] = lambda: None,
    ) -> Result:
        """Let the process `to` run an order, taken up within `wait_s` seconds, and return what it answers.

        What was taken up is waited for until nothing was heard of it for `silent_s`; `None`: no longer than `wait_s`.
        `taken` is called once it was taken up. What has no answer then has the phase `unknown`.

        Raises NotTaken, NotKept, NotCarried: nobody ever carries it out. Raises PlanChanged with the new plan.
        """
        asked = await self._delegated.ask(to.id, order, wait_s)
        name, course, tell = asked.id, _Heard(self._clock, wait_s, silent_s), guarded(progress)
        ended = False
        try:
            while not ended and not course.over():
                await self._clock.sleep(_LOOK_S)
                ended = not self._processes.alive(to)  # before the look: its last word may be an answer
                now = await self._delegated.look(name)
                if now is None:
                    continue
                if course.hears(now):
                    taken()
                if now.answered:
                    return self._answered(order, now)
                if now.progress is not None:
                    tell(*now.progress)
                if course.taken and (why := go_on()) and not now.halt:
                    with contextlib.suppress(NotKept):
                        await self._delegated.halt(name, why)
            why = "ended" if ended else f"did not answer within {short(course.limit_s)}"
            return await self._given_up(order, asked, f"{called} {why}")
        finally:
            with contextlib.suppress(NotKept):  # answered or interrupted: nobody waits for it any more
                await self._delegated.withdraw(name)

    async def _given_up(self, order: Order, asked: DelegatedAction, why: str) -> Result:
        withdrawn = False
        with contextlib.suppress(NotKept):
            withdrawn = await self._delegated.withdraw(asked.id)
        if withdrawn:
            raise NotTaken(f"{why} and had not taken it up")
        last = await self._delegated.look(asked.id)
        if last is not None and last.answered:
            return self._answered(order, last)
        text = f"{why} and may have started the action: outcome unknown"
        return Result(action=order.action.name, phase=ResultPhase.UNKNOWN, text=text, run=asked.run)

    def _answered(self, order: Order, now: DelegatedAction) -> Result:
        if now.result is not None:
            return now.result
        plan = plan_of(order.action, now.changed)
        if plan is None:
            raise NotTaken("the plan changed, and the new one cannot be read")
        raise PlanChanged(plan)


class _Course:
    """How far one action has come that is carried out for another process, and whether it must stop."""

    def __init__(self) -> None:
        self.at: tuple[str, int, int] | None = None
        self.halt = ""

    def progress(self, title: str, done: int, planned: int) -> None:
        """Take in how far it has come."""
        self.at = (clean(title, _TITLE), done, planned)

    def go_on(self) -> str:
        """Return why it must stop."""
        return self.halt


class _Heard:
    """What was heard of an action that was handed over, and whether it is waited for."""

    def __init__(self, clock: Clock, wait_s: float, silent_s: float | None) -> None:
        self._clock = clock
        self._began = self._heard = clock.elapsed()
        self._wait_s = wait_s
        self._silent_s = silent_s
        self._told: object = None
        self.taken = False

    @property
    def limit_s(self) -> float:
        """Return how long it is waited for as it stands, in seconds."""
        return self._silent_s if self.taken and self._silent_s is not None else self._wait_s

    def hears(self, now: DelegatedAction) -> bool:
        """Take in how it stands. Return whether it was taken up since the last time."""
        if now.taken_at is None:
            return False
        first, self.taken = not self.taken, True
        if now.told_at != self._told:
            self._told, self._heard = now.told_at, self._clock.elapsed()
        return first

    def over(self) -> bool:
        """Return whether nobody waits any longer."""
        since = self._heard if self.taken and self._silent_s is not None else self._began
        return self._clock.elapsed() - since >= self.limit_s


def _result(action: Action, phase: ResultPhase, text: str) -> Result:
    return Result(action=action.name, phase=phase, text=text)
