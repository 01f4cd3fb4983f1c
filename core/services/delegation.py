"""Both ends of an action that goes from one process of this machine to another: who asks, and who carries it out."""

import contextlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from core.actions.delegated import DelegatedAction, DelegatedActions, answer, given
from core.base.clock import Clock
from core.base.error_boundary import ErrorBoundary
from core.base.store import NotKept
from core.base.text import short
from core.domain.actions import Action, Result, ResultPhase
from core.domain.monitor_process import MonitorProcess
from core.services.monitor_processes import MonitorProcesses

_LOOK_S: Final = 0.1


class Delegation:
    """Hands actions over, and carries out those that were. `run` is the way of every action of this process."""

    def __init__(
        self,
        clock: Clock,
        boundary: ErrorBoundary,
        delegated: DelegatedActions,
        processes: MonitorProcesses,
        run: Callable[..., Awaitable[Result]],
    ) -> None:
        self._clock = clock
        self._boundary = boundary
        self._delegated = delegated
        self._processes = processes
        self._run = run

    async def carry_out(self) -> None:
        """Carry out what was handed to this process, each once, and answer together with how it stands here now.

        Never raises: what the disk does not take is reported by the store.
        """
        with contextlib.suppress(NotKept):
            for one in await self._delegated.take(self._processes.id):
                result = await self._result(one)
                await self._processes.tell_with(answer(one, result))

    async def hand_over(
        self, to: MonitorProcess, action: Action, arguments: Mapping[str, str], wait_s: float
    ) -> Result:
        """Let the process `to` run an action, and return what it answers, within `wait_s` seconds. Never raises.

        What was not taken up by then is withdrawn; of what was and has no answer, the outcome is unknown.
        """
        until = self._clock.elapsed() + wait_s
        try:
            asked = await self._delegated.ask(to.id, action, arguments, wait_s)
        except NotKept as error:
            return _result(action, ResultPhase.REFUSED, f"nothing was changed: {error}")
        name, ended = asked.id, False
        try:
            while not ended and self._clock.elapsed() < until:
                await self._clock.sleep(_LOOK_S)
                ended = not self._processes.alive(to)  # before the look: its last word may be an answer
                now = await self._delegated.look(name)
                if now is not None and now.result is not None:
                    return now.result
            why = "ended" if ended else f"did not answer within {short(wait_s)}"
            return await self._given_up(name, action, why)
        finally:
            with contextlib.suppress(NotKept):  # answered or interrupted: nobody waits for it any more
                await self._delegated.withdraw(name)

    async def _given_up(self, name: str, action: Action, why: str) -> Result:
        with contextlib.suppress(NotKept):
            if await self._delegated.withdraw(name):
                text = f"the monitor {why} and had not taken it up: withdrawn, nothing was changed"
                return _result(action, ResultPhase.UNREACHABLE, text)
        last = await self._delegated.look(name)
        if last is not None and last.result is not None:
            return last.result
        return _result(
            action, ResultPhase.UNKNOWN, f"the monitor {why} and may have started the action: outcome unknown"
        )

    async def _result(self, one: DelegatedAction) -> Result:
        try:
            action, arguments = given(one)
        except ValueError as error:
            return Result(action=one.action, phase=ResultPhase.REFUSED, text=str(error))
        with self._boundary.around(f"{action.title.lower()} from another shell") as run:
            return await self._run(action, **arguments)
        return _result(action, ResultPhase.UNKNOWN, f"{action.title.lower()} {run.text}")


def _result(action: Action, phase: ResultPhase, text: str) -> Result:
    return Result(action=action.name, phase=phase, text=text)
