"""Carries out what waited for the project to answer, unless it is meant no more."""

import contextlib
from collections.abc import Awaitable, Callable
from typing import Final

from core.actions.catalogue import waiting_operation
from core.actions.dependencies import Dependencies
from core.actions.emergency_stop import EMERGENCY_STOP, trail_of
from core.actions.runner import Runner
from core.actions.waiting import WaitingAction, WaitingActions
from core.base.store import NotKept
from core.domain.actions import ResultPhase
from core.services.automatic_stop import AutomaticStop
from core.services.autonomy import Autonomy
from core.services.context import Context
from core.services.critical_streak import CriticalStreak
from core.services.left_over import LeftOver

_OVER: Final = {"completed", "skipped"}


class WaitingRunner:
    """Runs waiting actions one after the other, and drops what has lapsed.

    `refresh`: reads the panels' values after something was written.
    """

    def __init__(  # noqa: PLR0913 - what tells whether an action is still meant, and what it is run with
        self,
        context: Context,
        autonomy: Autonomy,
        *,
        parts: Dependencies,
        runner: Runner,
        waiting: WaitingActions,
        stop: AutomaticStop,
        streak: CriticalStreak,
        left_over: LeftOver,
        refresh: Callable[[], Awaitable[bool]],
    ) -> None:
        self._context = context
        self._autonomy = autonomy
        self._parts = parts
        self._runner = runner
        self._waiting = waiting
        self._stop = stop
        self._streak = streak
        self._left_over = left_over
        self._refresh = refresh

    async def carry_out(self) -> None:
        """Carry out what waits, once. Raises NotLive."""
        if not self._autonomy.owner() or self._parts.read_only.forbids():
            return
        for one in await self._waiting.all():
            with contextlib.suppress(NotKept):  # the state says so itself; it is tried again
                await self._carry_out(one)

    async def _carry_out(self, one: WaitingAction) -> None:
        if one.automatic and self._context.config.observe:
            return
        if one.begun and await self._is_over(one):
            await self._waiting.remove(one.id)
            return
        if one.order == EMERGENCY_STOP.name:
            trail = await trail_of(self._parts.context)
            if trail.lifted_since(one.ordered_at or one.at):
                await self._lapse(one, "an operator resumed since it was given")
                return
        if one.automatic and not await self._still_meant(one):
            return
        if not one.automatic and one.old(self._context.clock.now()):
            return  # it is asked about again: the screen shows it
        if not await self._waiting.begin(one):
            return  # withdrawn meanwhile
        operation = waiting_operation(self._parts, one)
        if operation is None:
            await self._lapse(one, "this version does not know that action")
            return
        result = await self._runner.run(operation, one.actor, run=one.id)
        if result.phase not in {ResultPhase.UNREACHABLE, ResultPhase.UNKNOWN}:
            await self._waiting.remove(one.id)
            await self._refresh()

    async def _still_meant(self, one: WaitingAction) -> bool:
        """Return whether an automatic action is to run now; one that is no longer called for lapses."""
        if one.old(self._context.clock.now()):
            await self._lapse(one, "it waited for more than 24 h")
            return False
        if self._autonomy.stopped():
            await self._lapse(one, "an emergency stop is set already")
            return False
        if not await self._stop.still_critical():
            await self._lapse(one, "the project answers, and the failure rate is not critical")
            return False
        missing = set(self._autonomy.permission().missing) - {"brake"}
        return not missing  # the lease holder carries it out: until we are that it waits

    async def _is_over(self, one: WaitingAction) -> bool:
        """Return whether it did all that it was to do: one that was broken off did not, nor a partial requeue."""
        told = await self._context.reads.audit.of_run(one.id)
        if told is None or told.status not in _OVER:
            return False
        return not one.requeue or not (await self._left_over.ask()).tasks

    async def _lapse(self, one: WaitingAction, why: str) -> None:
        await self._waiting.remove(one.id)
        await self._streak.clear()
        self._autonomy.say(f"dropped, {why}: {one.words()}", run=one.id)
