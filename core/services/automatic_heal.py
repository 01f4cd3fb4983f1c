"""Healing without a person: what is stuck or failing is planned, and carried out where this monitor may."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime
from typing import Final

from core.actions.catalogue import AUDITED
from core.actions.dependencies import Dependencies
from core.actions.heal import CLEAN_UP, CLEANING, HEAL, Heal
from core.actions.healer import Findings
from core.actions.repairs import AUTOMATIC
from core.actions.resume_history import ResumeHistory
from core.actions.runner import Runner
from core.domain.actions import Action, Result
from core.domain.checks import Checkup
from core.domain.lease import LeaseView
from core.domain.permission import why_not
from core.domain.plans import HealPlan
from core.domain.status import Level
from core.resilience import NotLive
from core.services.autonomy import Autonomy
from core.services.context import Context
from core.services.readings import Readings

_HEALED: Final = ("stuck_tasks", "failure_rate")
_BAD: Final = {Level.WARNING, Level.CRITICAL}
_UPKEEP_S: Final = 3600.0
LEASE_LOST: Final = "this monitor no longer holds the lease"


class AutomaticHeal:
    """Heals after a check that gives a reason to, and cleans up the log once an hour.

    `refresh`: reads every value of the panels after rows were written.
    """

    def __init__(  # noqa: PLR0913 - what it decides by, and what it heals with
        self,
        context: Context,
        autonomy: Autonomy,
        *,
        readings: Readings,
        parts: Dependencies,
        runner: Runner,
        resumes: ResumeHistory,
        refresh: Callable[[], Awaitable[bool]],
    ) -> None:
        self._context = context
        self._autonomy = autonomy
        self._readings = readings
        self._parts = parts
        self._runner = runner
        self._resumes = resumes
        self._refresh = refresh
        self.beat: Callable[[], None] = lambda: None
        """Says that it still goes on, in the middle of long work."""
        self.changed: Callable[[], None] = lambda: None
        """Says that rows were changed: what the checks found of them is no longer so."""
        self._shown = HealPlan()
        self._planned_at: float | None = None
        self._cleaned_at: float | None = None
        self._cleaning: asyncio.Task[None] | None = None

    async def after(self, checkup: Checkup) -> str:
        """Heal what a check found. Returns what was done, in words. Raises NotLive."""
        missing = set(self._autonomy.permission().missing)
        preview = missing <= {"dry_run", "brake"} and "dry_run" in missing
        if not preview and not missing <= {"brake"}:
            return f"auto-heal off: {'; '.join(why_not(self._autonomy.permission(), LeaseView()))}"
        self._clean_up_beside()
        if not self._due(checkup):
            if checkup.of("stuck_tasks").level is Level.OK:
                self._autonomy.braked = ""  # seen to be well: what got no answer says nothing
            self._shown = HealPlan()
            return "nothing to heal"
        self._planned_at = self._context.clock.elapsed()
        result = await self._heal(preview=preview)
        if result is None:
            return self._autonomy.braked or ("shown, not applied: dry-run" if preview else "nothing to heal")
        await self._refresh()
        if result.changed:
            self.changed()
        return result.text

    def _due(self, checkup: Checkup) -> bool:
        """Return whether there is a reason to plan: a check, a missing config row, or an hour without upkeep."""
        bad = any(check.level in _BAD for check in checkup.checks if check.name in _HEALED)
        config = self._readings.config
        idle_s = None if self._planned_at is None else self._context.clock.elapsed() - self._planned_at
        return bad or (config.live and config.value is None) or idle_s is None or idle_s >= _UPKEEP_S

    async def _heal(self, *, preview: bool) -> Result | None:
        async def decide(found: Findings) -> bool:
            if found.survey.overdue_fault is None:
                self._brake(await self._parts.healer.brake(found))
            if found.plan.empty:
                return False
            if preview:
                await self._preview(found)
                return False
            return not self._autonomy.braked

        return await self.heal_if(HEAL, decide, lifted_at=await self._resumes.last())

    async def heal_if(
        self,
        action: Action,
        decide: Callable[[Findings], Awaitable[bool]],
        *,
        lifted_at: datetime | None = None,
        only: Collection[str] = AUTOMATIC,
    ) -> Result | None:
        """Plan, and apply if `decide` says so; `None` when it did not. Raises NotLive.

        It waits for no other action: what that leaves is found at the next check.
        """
        if self._runner.busy(action):
            return None
        async with self._runner.lane(action) as stops:
            now = self._context.time.cut_off()
            found = await self._parts.healer.plan(now, automatic=True, lifted_at=lifted_at, only=only)
            if not await decide(found):
                return None
            return await self._runner.run(
                Heal(self._parts, found=found),
                self._autonomy.actor,
                stops=stops,
                progress=lambda *_: self.beat(),
                go_on=lambda: "" if self._autonomy.leads() else LEASE_LOST,
            )

    def _clean_up_beside(self) -> None:
        """Delete old log rows once an hour, in a lane of its own: no other action waits for it."""
        now = self._context.clock.elapsed()
        due = self._cleaned_at is None or now - self._cleaned_at >= _UPKEEP_S
        under_way = self._cleaning is not None and not self._cleaning.done()
        if due and not under_way and self._autonomy.permission().allowed:
            self._cleaned_at = now
            self._cleaning = asyncio.create_task(self._clean_up(), name="watchdesk-clean-up")

    async def _clean_up(self) -> None:
        async def decide(found: Findings) -> bool:
            return not found.plan.empty

        with self._context.boundary.around("the clean-up of the log"), contextlib.suppress(NotLive):
            for action in AUDITED:
                await self._runner.settle(action, self._autonomy.actor)
            await self.heal_if(CLEAN_UP, decide, only=CLEANING)

    async def close(self) -> None:
        """End what runs beside the checks."""
        task, self._cleaning = self._cleaning, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def cleaned(self) -> None:
        """Wait until the clean-up that runs beside the checks is over."""
        if self._cleaning is not None:
            await asyncio.gather(self._cleaning, return_exceptions=True)

    async def _preview(self, found: Findings) -> None:
        """Dry-run: say and audit what would be done, once for each plan."""
        if found.plan.same_targets(self._shown):
            return
        self._shown = found.plan
        steps = "; ".join(f"{step.title.lower()}: {step.effect}" for step in found.plan.steps)
        self._autonomy.say(f"would heal, but for dry-run: {steps}")
        await self._parts.healer.note_dry_run(found, self._autonomy.actor)

    def _brake(self, why: str) -> None:
        if why and not self._autonomy.braked:
            self._autonomy.say(f"auto-heal paused: {why}; find the cause, then heal manually (h)", Level.CRITICAL)
        self._autonomy.braked = why
