"""What the monitor does without being asked: it counts, orders a stop, heals, and carries out what waited."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime
from typing import Final

from core.actions.catalogue import AUDITED, waiting_operation
from core.actions.context import Actor
from core.actions.dependencies import Dependencies
from core.actions.emergency_stop import EMERGENCY_STOP, EmergencyStop, trail_of
from core.actions.heal import CLEAN_UP, CLEANING, HEAL, Heal
from core.actions.healer import Findings
from core.actions.health_log import HealthLog
from core.actions.lease import Lease
from core.actions.read_only import ReadOnlyMode
from core.actions.repairs import AUTOMATIC
from core.actions.requeue import left_over
from core.actions.resume_history import ResumeHistory
from core.actions.runner import Runner
from core.actions.waiting import WaitingAction, WaitingActions
from core.backend import heartbeat
from core.base.store import NotKept
from core.checks.context import CLOCK_UNKNOWN
from core.domain.actions import Action, Result, ResultPhase
from core.domain.checks import Check, Checkup
from core.domain.failure_rate import fails_above, fresh_failure_rate
from core.domain.permission import MayAct, may_act
from core.domain.plans import HealPlan, RequeuePlan
from core.domain.records import SuccessRate
from core.domain.status import Level
from core.resilience import NotLive, Policy
from core.services.check_service import CheckService
from core.services.context import Context
from core.services.critical_streak import CriticalStreak
from core.services.readings import Readings

log = logging.getLogger(__name__)

_HEALED: Final = ("stuck_tasks", "failure_rate")
_BAD: Final = {Level.WARNING, Level.CRITICAL}
_ANSWERED: Final = {Level.OK, Level.WARNING}
_OVER: Final = {"completed", "skipped"}
_UPKEEP_S: Final = 3600.0
LEASE_LOST: Final = "the lease is no longer ours"


class Autopilot:
    """Decides after each check. `owner`: whether this process is the one of its project and user that may."""

    def __init__(  # noqa: PLR0913 - what it decides by, and whom it orders
        self,
        context: Context,
        *,
        checks: CheckService,
        readings: Readings,
        parts: Dependencies,
        runner: Runner,
        health_log: HealthLog,
        waiting: WaitingActions,
        resumes: ResumeHistory,
        streak: CriticalStreak,
        lease: Lease,
        read_only: ReadOnlyMode,
        actor: Actor,
        owner: Callable[[], bool],
    ) -> None:
        self._context = context
        self._checks = checks
        self._readings = readings
        self._parts = parts
        self._runner = runner
        self._health_log = health_log
        self._waiting = waiting
        self._resumes = resumes
        self._streak = streak
        self._lease = lease
        self._read_only = read_only
        self._actor = actor
        self._owner = owner
        self.beat: Callable[[], None] = lambda: None
        """Says that it still goes on, in the middle of long work."""
        self._scheduled: Checkup | None = None
        self._settled: Checkup | None = None
        """The last scheduled check whose question of the database has ended, one way or another."""
        self._shown = HealPlan()
        self._said = ""
        self._planned_at: float | None = None
        self._cleaned_at: float | None = None
        self._cleaning: asyncio.Task[None] | None = None
        self.left_over = RequeuePlan(of="", tasks=0)
        """What a stop that is over left rejected."""
        self.braked = ""
        """Why so much is stuck that a person should look first; empty while it is not."""
        self.heartbeat_fault = ""

    async def restore(self) -> None:
        """Go on from what the last process left on the disk."""
        await self._streak.restore()
        await self._resumes.restore()
        await self._waiting.all()

    def permission(self) -> MayAct:
        """May it act by itself, as things stand."""
        context, config = self._context, self._readings.config
        return may_act(
            autonomous=context.config.autonomous,
            dry_run=context.config.dry_run,
            observing=context.config.observe,
            lease=self._owner() and self._lease.valid(),
            stopped=config.value.emergency_stop if config.live and config.value is not None else None,
            braked=bool(self.braked),
        )

    async def saw_config(self) -> None:
        """Notice what somebody lifted, after a refresh."""
        config = self._readings.config
        if config.live and config.value is not None:
            await self._resumes.saw(config.value, self._context.time.likely())

    async def after(self, checkup: Checkup, *, scheduled: bool) -> str:
        """All that follows from a check. What it did about it, in words. Never raises for a fault."""
        database = checkup.of("database")
        if scheduled:
            self._scheduled = checkup
            if not self._checks.asking:
                self._settled = checkup
            await self._count(database)
            await self._write_health(checkup)
        elif database.answered:
            self._settled = self._scheduled
        self.beat()
        if self._checks.schema is not None and checkup.of("database").level in _ANSWERED:
            await self.look_left_over()
        try:
            await self._carry_out_waiting(checkup)
            return await self._act(checkup)
        except NotLive as not_live:
            text = not_live.fault.sentence()
            self._context.events.say(str(self._actor), f"could not act: {text}", Level.WARNING)
            return text

    async def after_late(self, check: Check) -> None:
        """The database question that outlived the last scheduled check has ended: now it counts, once.

        However often somebody looked meanwhile; and that of a look nobody scheduled does not.
        """
        if self._scheduled is not self._settled and check.name == "database":
            self._settled = self._scheduled
            await self._count(check)
            await self._consider_stop(check)

    async def tell_heartbeat(self) -> None:
        """A check was completed: say so to whoever watches us. Never raises for a fault."""
        url = self._context.config.watch.heartbeat_url
        if url and not self._context.config.observe:
            outcome = await self._context.guard.call(
                "heartbeat:url", lambda: heartbeat.beat(url), policy=Policy(total_s=6, retry=None)
            )
            self.heartbeat_fault = "" if outcome.fault is None else outcome.fault.sentence()

    # The ten

    async def _count(self, database: Check) -> None:
        if not self._owner():
            return  # another process here counts, in the same file
        rate = self._scheduled.of("failure_rate") if self._scheduled is not None else database
        proven_down = database.level is Level.CRITICAL
        slow_so_far = database.level is Level.WARNING and not database.answered
        known = Level.UNKNOWN if slow_so_far else database.level
        before = self._streak.count
        now = await self._streak.note(
            known,
            rate.level,
            may_count=proven_down or self._lease.valid(),
        )
        if not now and before:
            self._said = ""

    async def _consider_stop(self, database: Check) -> str:
        """Ten in a row: a stop, now or as soon as somebody hears it. What was done, in words. Raises NotLive."""
        config = self._context.config
        if self._streak.count < config.watch.stop_after:
            return ""
        if not config.autonomous or config.dry_run or config.observe or not self._owner():
            return ""
        known = self._readings.config
        if known.live and known.value is not None and known.value.emergency_stop:
            return ""  # it goes on looking, and acts again once the flag is seen cleared
        many = self._streak.count
        if database.level is Level.CRITICAL:
            return await self._order_for_later(f"{many} critical checks in a row: database {database.text}")
        if not self._lease.valid():
            return ""
        rate = await self._fresh_rate()
        if not self._still_critical(rate) or rate is None:
            return self._say_once(f"{many} critical checks in a row, but what failed is old or our own: no stop")
        reason = f"{many} critical checks in a row: {rate.failed_percent:.0f} % of {rate.finished:,} tasks failed"
        stop = EmergencyStop(self._parts, reason=reason, hours=config.watch.stop_hours)
        result = await self._runner.run(stop, self._actor, keep=True)
        if result.done or result.phase in {ResultPhase.PARTLY, ResultPhase.WAITING}:
            await self._streak.clear()
        await self._checks.refresh()
        return result.text

    async def _order_for_later(self, reason: str) -> str:
        context = self._context
        known = self._readings.config
        if known.at is not None and known.value is not None and known.value.emergency_stop:
            return self._say_once("an emergency stop is set already, as far as was last known")
        try:
            kept, new = await self._waiting.keep(
                EMERGENCY_STOP.name, self._actor, reason=reason, hours=context.config.watch.stop_hours
            )
        except NotKept as error:
            return self._say_once(f"an emergency stop is called for and cannot be kept: {error}")
        await self._streak.clear()
        if new:
            context.events.say(str(self._actor), f"waits for the project to answer: {kept.words()}", Level.CRITICAL)
        return "an emergency stop waits"

    async def _fresh_rate(self) -> SuccessRate | None:
        now = self._context.time.cut_off()
        if now is None:
            raise NotLive(CLOCK_UNKNOWN)
        lifted = await self._resumes.last()
        return await fresh_failure_rate(self._context.reads.outcomes, now, self._context.config.failures, lifted)

    def _still_critical(self, rate: SuccessRate | None) -> bool:
        rules = self._context.config.failures
        return fails_above(rate, rules.critical_percent, rules)

    # What waited

    async def _carry_out_waiting(self, checkup: Checkup) -> None:
        if self._checks.schema is None or not self._owner() or self._read_only.forbids():
            return
        if checkup.of("database").level not in _ANSWERED:
            return
        for one in await self._waiting.all():
            with contextlib.suppress(NotKept):  # the state says so itself; it is tried again
                await self._carry_out(one)

    async def _carry_out(self, one: WaitingAction) -> None:
        context = self._context
        if one.automatic and context.config.observe:
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
        if not one.automatic and one.old(context.clock.now()):
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
            await self._checks.refresh()

    async def _still_meant(self, one: WaitingAction) -> bool:
        """Return whether an automatic action is to run now; one that is no longer called for lapses."""
        context = self._context
        if one.old(context.clock.now()):
            await self._lapse(one, "it waited for more than 24 h")
            return False
        config = self._readings.config
        if config.live and config.value is not None and config.value.emergency_stop:
            await self._lapse(one, "an emergency stop is set already")
            return False
        if not self._still_critical(await self._fresh_rate()):
            await self._lapse(one, "the project answers, and the failure rate is not critical")
            return False
        missing = set(self.permission().missing) - {"brake"}
        return not missing  # the lease holder carries it out: until we are that it waits

    async def _is_over(self, one: WaitingAction) -> bool:
        """Whether it did all that it was to do; one that was broken off did not, nor a lift with tasks to give back."""
        told = await self._context.reads.audit.of_run(one.id)
        if told is None or told.status not in _OVER:
            return False
        return not one.requeue or not (await self._look_left_over()).tasks

    async def _lapse(self, one: WaitingAction, why: str) -> None:
        await self._waiting.remove(one.id)
        await self._streak.clear()
        self._context.events.say(str(self._actor), f"lapsed, {why}: {one.words()}", Level.WARNING)

    # Healing

    async def _act(self, checkup: Checkup) -> str:
        if stopped := await self._consider_stop(checkup.of("database")):
            return stopped
        missing = set(self.permission().missing)
        preview = missing <= {"dry_run", "brake"} and "dry_run" in missing
        if self._checks.schema is None:
            return "not by itself: the schema is not known"
        if not preview and not missing <= {"brake"}:
            return f"not by itself: {', '.join(self.permission().missing)}"
        self._clean_up_beside()
        if not self._due(checkup):
            if checkup.of("stuck_tasks").level is Level.OK:
                self.braked = ""  # seen to be well: what got no answer says nothing
            self._shown = HealPlan()
            return "nothing to heal"
        self._planned_at = self._context.clock.elapsed()
        result = await self._heal(preview=preview)
        if result is None:
            return self.braked or ("shown, not applied: dry-run" if preview else "nothing to heal")
        await self._checks.refresh(everything=True)
        return result.text

    def _due(self, checkup: Checkup) -> bool:
        """Whether there is a reason to plan: a check, a missing config row, or an hour without upkeep."""
        bad = any(check.level in _BAD for check in checkup.checks if check.name in _HEALED)
        config = self._readings.values["config"]
        idle_s = None if self._planned_at is None else self._context.clock.elapsed() - self._planned_at
        return bad or (config.live and config.value is None) or idle_s is None or idle_s >= _UPKEEP_S

    async def _heal(self, *, preview: bool) -> Result | None:
        async def decide(found: Findings) -> bool:
            if found.survey.overdue_fault is None:
                await self._brake(await self._parts.healer.brake(found))
            if found.plan.empty:
                return False
            if preview:
                await self._preview(found)
                return False
            return not self.braked

        return await self._heal_if(HEAL, decide, lifted_at=await self._resumes.last())

    async def _heal_if(
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
                self._actor,
                stops=stops,
                progress=lambda *_: self.beat(),
                go_on=lambda: "" if self._lease.valid() else LEASE_LOST,
            )

    def _clean_up_beside(self) -> None:
        """Delete old log rows once an hour, in a lane of its own: no other action waits for it."""
        now = self._context.clock.elapsed()
        due = self._cleaned_at is None or now - self._cleaned_at >= _UPKEEP_S
        if not due or not self.permission().allowed or (self._cleaning is not None and not self._cleaning.done()):
            return
        self._cleaned_at = now
        self._cleaning = asyncio.create_task(self._clean_up(), name="watchdesk-clean-up")

    async def _clean_up(self) -> None:
        async def decide(found: Findings) -> bool:
            return not found.plan.empty

        with self._context.boundary.around("the clean-up of the log"), contextlib.suppress(NotLive):
            for action in AUDITED:
                await self._runner.settle(action, self._actor)
            await self._heal_if(CLEAN_UP, decide, only=CLEANING)

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

    async def look_left_over(self) -> None:
        """See what a stop that is over left rejected. Never raises for a fault."""
        with contextlib.suppress(NotLive):
            await self._look_left_over()

    async def _look_left_over(self) -> RequeuePlan:
        config = self._readings.config
        if config.live and config.value is not None:
            self.left_over = await left_over(self._parts.context, config.value)
        return self.left_over

    async def _preview(self, found: Findings) -> None:
        """Dry-run: say and audit what would be done, once for each plan."""
        if found.plan.same_targets(self._shown):
            return
        self._shown = found.plan
        steps = "; ".join(f"{step.title.lower()}: {step.effect}" for step in found.plan.steps)
        self._context.events.say(str(self._actor), f"would heal, but for dry-run: {steps}", Level.WARNING)
        await self._parts.healer.note_dry_run(found, self._actor)

    async def _brake(self, why: str) -> None:
        if why and not self.braked:
            text = f"healing braked: {why}; look, then heal by hand"
            self._context.events.say(str(self._actor), text, Level.CRITICAL)
        self.braked = why

    async def _write_health(self, checkup: Checkup) -> None:
        """One row a scheduled check, by the lease holder."""
        if self._lease.valid() and self._checks.schema is not None:
            verdicts = {check.name: check.level.value for check in checkup.checks}
            await self._health_log.write(verdicts, checkup.took_s)

    def _say_once(self, text: str) -> str:
        if text != self._said:
            self._said = text
            self._context.events.say(str(self._actor), text, Level.WARNING)
        return text
