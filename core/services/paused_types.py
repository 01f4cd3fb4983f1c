"""The task types that are paused, and what has come of them since: it is set aside too, by the monitor that leads."""

import contextlib
from collections.abc import Awaitable, Callable
from typing import Final

from core.actions.dependencies import Dependencies
from core.actions.pause_type import PAUSE_TYPE, PausePlan, PauseType, count_aside
from core.actions.runner import Runner
from core.domain.pauses import Pause
from core.resilience import NotLive
from core.services.autonomy import Autonomy
from core.services.between_actions import EVERY_S, BetweenActions
from core.services.readings import Readings

_WITHOUT: Final = {"autonomous", "dry_run", "brake"}
"""What may be missing: it was a person who ordered the pause."""


class PausedTypes:
    """Looks for what is paused, tells the readings, and keeps it so.

    `refresh`: reads every value of the panels after rows were written.
    """

    def __init__(
        self,
        parts: Dependencies,
        autonomy: Autonomy,
        *,
        readings: Readings,
        runner: Runner,
        refresh: Callable[[], Awaitable[bool]],
    ) -> None:
        self._parts = parts
        self._autonomy = autonomy
        self._readings = readings
        self._runner = runner
        self._refresh = refresh
        self._between = BetweenActions(parts.context.clock, readings)
        self._vain_until: dict[str, float] = {}
        """Until when a pause is not tried again that nothing came of, by its run: each try is an audit row."""

    @property
    def keeps(self) -> bool:
        """Return whether this monitor sets aside what comes of a paused type."""
        return set(self._autonomy.permission().missing) <= _WITHOUT

    @property
    def bites(self) -> bool:
        """Return whether a task of a paused type is pending, and this monitor is to set it aside."""
        newest = self._readings.values["tasks"]
        types = {one.task_type for one in self._readings.pauses if not self._in_vain(one)}
        return (
            bool(types)
            and self.keeps
            and any(task.status == "pending" and task.task_type in types for task in newest.value or ())
        )

    def _in_vain(self, one: Pause) -> bool:
        return self._parts.context.clock.elapsed() < self._vain_until.get(one.run, 0.0)

    async def look_if_due(self) -> None:
        """Look anew where an action can have changed it, or long after. Never raises for a fault."""
        if self._between.due():
            with contextlib.suppress(NotLive):
                await self.look()

    async def look(self) -> None:
        """Look anew. Raises NotLive."""
        self._between.read()
        try:
            context = self._parts.context
            self._readings.pauses = tuple(
                [await count_aside(context, one) for one in await context.reads.pauses.standing()]
            )
        except NotLive:
            self._between.failed()
            raise

    async def keep(self) -> None:
        """Set aside what is pending of a paused type. Raises NotLive where what is set aside cannot be counted."""
        if not self._readings.pauses or not self.keeps or self._runner.busy(PAUSE_TYPE):
            return
        changed = 0
        for one in self._readings.pauses:
            pending = 0
            with contextlib.suppress(NotLive):
                pending = await self._parts.context.reads.pauses.count(one.task_type, "pending")
            if not pending or self._in_vain(one):
                continue
            plan = PausePlan(task_type=one.task_type, pending=pending, standing=one)
            async with self._runner.lane(PAUSE_TYPE) as stops:
                operation = PauseType(self._parts, plan, reason=one.reason)
                result = await self._runner.run(operation, self._autonomy.actor, stops=stops)
            if not result.changed:
                self._vain_until[one.run] = self._parts.context.clock.elapsed() + EVERY_S
            changed += result.changed
        if changed:
            await self.look()
            await self._refresh()
