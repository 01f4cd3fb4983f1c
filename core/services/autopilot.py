"""What the monitor does without being asked: it counts, orders a stop, heals, and carries out what waited."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Final

from core.actions.emergency_stop import trail_of
from core.actions.heal import CLEANING, Findings
from core.actions.resume import left_over
from core.actions.waiting import WaitingAction
from core.backend.heartbeat import beat
from core.base.store import NotKept
from core.checks.context import CLOCK_UNKNOWN
from core.domain.actions import EMERGENCY_STOP, RESUME, HealPlan, RequeuePlan, Result, ResultPhase
from core.domain.checks import Check, Checkup
from core.domain.failure_rate import fails_above, fresh_failure_rate
from core.domain.permission import MayAct, may_act
from core.domain.records import SuccessRate
from core.domain.status import Level
from core.monitor.container import Container
from core.resilience import NotLive, Policy
from core.services.check_service import CheckService

log = logging.getLogger(__name__)

_HEALED: Final = ("stuck_tasks", "failure_rate")
_BAD: Final = {Level.WARNING, Level.CRITICAL}
_ANSWERED: Final = {Level.OK, Level.WARNING}
_OVER: Final = {"completed", "skipped"}
_UPKEEP_S: Final = 3600.0
LEASE_LOST: Final = "the lease is no longer ours"


class Autopilot:
    """Decides after each check. `owner`: whether this process is the one of its project and user that may."""

    def __init__(
        self, rooms: Container, sight: CheckService, *, owner: Callable[[], bool], beat: Callable[[], None]
    ) -> None:
        self._rooms = rooms
        self._sight = sight
        self._owner = owner
        self._beat = beat
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
        await self._rooms.streak.restore()
        await self._rooms.lifts.restore()
        await self._rooms.pending.all()

    def permission(self) -> MayAct:
        """May it act by itself, as things stand."""
        rooms, config = self._rooms, self._rooms.readings.config
        return may_act(
            autonomous=rooms.config.autonomous,
            dry_run=rooms.config.dry_run,
            observing=rooms.config.observe,
            lease=self._owner() and rooms.lease.valid(),
            stopped=config.value.emergency_stop if config.live and config.value is not None else None,
            braked=bool(self.braked),
        )

    async def saw_config(self) -> None:
        """Notice what somebody lifted, after a refresh."""
        config = self._rooms.readings.config
        if config.live and config.value is not None:
            await self._rooms.lifts.saw(config.value, self._rooms.likely_now())

    async def after(self, checkup: Checkup, *, scheduled: bool) -> str:
        """All that follows from a check. What it did about it, in words. Never raises for a fault."""
        database = checkup.of("database")
        if scheduled:
            self._scheduled = checkup
            if not self._rooms.watchdog.asking:
                self._settled = checkup
            await self._count(database)
            await self._write_health(checkup)
        elif database.answered:
            self._settled = self._scheduled
        self._beat()
        if self._sight.schema is not None and checkup.of("database").level in _ANSWERED:
            await self.look_left_over()
        try:
            await self._carry_out_waiting(checkup)
            return await self._act(checkup)
        except NotLive as not_live:
            text = not_live.fault.sentence()
            self._rooms.journal.say(str(self._rooms.itself), f"could not act: {text}", Level.WARNING)
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
        url = self._rooms.config.watch.heartbeat_url
        if url and not self._rooms.config.observe:
            outcome = await self._rooms.guard.call(
                "heartbeat:url", lambda: beat(url), policy=Policy(total_s=6, retry=None)
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
        before = self._rooms.streak.count
        now = await self._rooms.streak.note(
            known,
            rate.level,
            may_count=proven_down or self._rooms.lease.valid(),
        )
        if not now and before:
            self._said = ""

    async def _consider_stop(self, database: Check) -> str:
        """Ten in a row: a stop, now or as soon as somebody hears it. What was done, in words. Raises NotLive."""
        rooms, config = self._rooms, self._rooms.config
        if rooms.streak.count < config.watch.stop_after:
            return ""
        if not config.autonomous or config.dry_run or config.observe or not self._owner():
            return ""
        known = rooms.readings.config
        if known.live and known.value is not None and known.value.emergency_stop:
            return ""  # it goes on looking, and acts again once the flag is seen cleared
        many = rooms.streak.count
        if database.level is Level.CRITICAL:
            return await self._order_for_later(f"{many} critical checks in a row: database {database.text}")
        if not rooms.lease.valid():
            return ""
        rate = await self._fresh_rate()
        if not self._still_critical(rate) or rate is None:
            return self._say_once(f"{many} critical checks in a row, but what failed is old or our own: no stop")
        reason = f"{many} critical checks in a row: {rate.failed_percent:.0f} % of {rate.finished:,} tasks failed"
        with rooms.under_way.counted(EMERGENCY_STOP, rooms.itself):
            result = await rooms.desk.stop(reason, config.watch.stop_hours, rooms.itself, keep=True)
        if result.done or result.phase in {ResultPhase.PARTLY, ResultPhase.WAITING}:
            await rooms.streak.clear()
        await self._sight.refresh()
        return result.text

    async def _order_for_later(self, reason: str) -> str:
        rooms = self._rooms
        known = rooms.readings.config
        if known.at is not None and known.value is not None and known.value.emergency_stop:
            return self._say_once("an emergency stop is set already, as far as was last known")
        try:
            kept, new = await rooms.pending.keep(
                EMERGENCY_STOP.name, rooms.itself, reason=reason, hours=rooms.config.watch.stop_hours
            )
        except NotKept as error:
            return self._say_once(f"an emergency stop is called for and cannot be kept: {error}")
        await rooms.streak.clear()
        if new:
            rooms.journal.say(str(rooms.itself), f"waits for the project to answer: {kept.words()}", Level.CRITICAL)
        return "an emergency stop waits"

    async def _fresh_rate(self) -> SuccessRate | None:
        rooms, now = self._rooms, self._rooms.cut_off_now()
        if now is None:
            raise NotLive(CLOCK_UNKNOWN)
        lifted = await rooms.lifts.last()
        return await fresh_failure_rate(rooms.live, now, rooms.config.failures, lifted)

    def _still_critical(self, rate: SuccessRate | None) -> bool:
        rules = self._rooms.config.failures
        return fails_above(rate, rules.critical_percent, rules)

    # What waited

    async def _carry_out_waiting(self, checkup: Checkup) -> None:
        rooms = self._rooms
        if self._sight.schema is None or not self._owner() or rooms.observing.forbids():
            return
        if checkup.of("database").level not in _ANSWERED:
            return
        for one in await rooms.pending.all():
            with contextlib.suppress(NotKept):  # the state says so itself; it is tried again
                await self._carry_out(one)

    async def _carry_out(self, one: WaitingAction) -> None:
        rooms = self._rooms
        if one.automatic and rooms.config.observe:
            return
        if one.begun and await self._is_over(one):
            await rooms.pending.remove(one.id)
            return
        if one.order == EMERGENCY_STOP.name and (await trail_of(rooms.means)).lifted_since(one.ordered_at or one.at):
            await self._lapse(one, "an operator resumed since it was given")
            return
        if one.automatic and not await self._still_meant(one):
            return
        if not one.automatic and one.old(rooms.clock.now()):
            return  # it is asked about again: the screen shows it
        if not await rooms.pending.begin(one):
            return  # withdrawn meanwhile
        result = await rooms.desk.carry_out(one)
        if result.phase not in {ResultPhase.UNREACHABLE, ResultPhase.UNKNOWN}:
            await rooms.pending.remove(one.id)
            await self._sight.refresh()

    async def _still_meant(self, one: WaitingAction) -> bool:
        """Whether an automatic order is to be carried out now; one that is no longer called for lapses."""
        rooms = self._rooms
        if one.old(rooms.clock.now()):
            await self._lapse(one, "it waited for more than 24 h")
            return False
        config = rooms.readings.config
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
        told = await self._rooms.live.audited(one.id)
        if told is None or told.status not in _OVER:
            return False
        return one.order != RESUME.name or not one.requeue or not (await self._look_left_over()).tasks

    async def _lapse(self, one: WaitingAction, why: str) -> None:
        await self._rooms.pending.remove(one.id)
        await self._rooms.streak.clear()
        self._rooms.journal.say(str(self._rooms.itself), f"lapsed, {why}: {one.words()}", Level.WARNING)

    # Healing

    async def _act(self, checkup: Checkup) -> str:
        if stopped := await self._consider_stop(checkup.of("database")):
            return stopped
        missing = set(self.permission().missing)
        preview = missing <= {"dry_run", "brake"} and "dry_run" in missing
        if self._sight.schema is None:
            return "not by itself: the schema is not known"
        if not preview and not missing <= {"brake"}:
            return f"not by itself: {', '.join(self.permission().missing)}"
        self._clean_up_beside()
        if not self._due(checkup):
            if checkup.of("stuck_tasks").level is Level.OK:
                self.braked = ""  # seen to be well: what got no answer says nothing
            self._shown = HealPlan()
            return "nothing to heal"
        self._planned_at = self._rooms.clock.elapsed()
        result = await self._heal(preview=preview)
        if result is None:
            return self.braked or ("shown, not applied: dry-run" if preview else "nothing to heal")
        await self._sight.refresh(everything=True)
        return result.text

    def _due(self, checkup: Checkup) -> bool:
        """Whether there is a reason to plan: a check, a missing config row, or an hour without upkeep."""
        bad = any(check.level in _BAD for check in checkup.checks if check.name in _HEALED)
        config = self._rooms.readings.values["config"]
        idle_s = None if self._planned_at is None else self._rooms.clock.elapsed() - self._planned_at
        return bad or (config.live and config.value is None) or idle_s is None or idle_s >= _UPKEEP_S

    async def _heal(self, *, preview: bool) -> Result | None:
        rooms = self._rooms

        async def decide(found: Findings) -> bool:
            if found.survey.overdue_fault is None:
                await self._brake(await rooms.healer.brake(found))
            if found.plan.empty:
                return False
            if preview:
                await self._preview(found)
                return False
            return not self.braked

        lifted = await rooms.lifts.last()
        return await rooms.desk.heal_by_itself(
            decide,
            lifted,
            rooms.itself,
            progress=lambda *_: self._beat(),
            go_on=lambda: "" if rooms.lease.valid() else LEASE_LOST,
        )

    def _clean_up_beside(self) -> None:
        """Delete old log rows once an hour, in a lane of its own: no other order waits for it."""
        now = self._rooms.clock.elapsed()
        due = self._cleaned_at is None or now - self._cleaned_at >= _UPKEEP_S
        if not due or not self.permission().allowed or (self._cleaning is not None and not self._cleaning.done()):
            return
        self._cleaned_at = now
        self._cleaning = asyncio.create_task(self._clean_up(), name="watchdesk-clean-up")

    async def _clean_up(self) -> None:
        rooms = self._rooms

        async def decide(found: Findings) -> bool:
            return not found.plan.empty

        with rooms.fence.around("the clean-up of the log"), contextlib.suppress(NotLive):
            await rooms.desk.settle(rooms.itself)
            await rooms.desk.heal_by_itself(
                decide,
                None,
                rooms.itself,
                progress=lambda *_: self._beat(),
                go_on=lambda: "" if rooms.lease.valid() else LEASE_LOST,
                only=CLEANING,
            )

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
        config = self._rooms.readings.config
        if config.live and config.value is not None:
            self.left_over = await left_over(self._rooms.means, config.value)
        return self.left_over

    async def _preview(self, found: Findings) -> None:
        """Dry-run: say and audit what would be done, once for each plan."""
        if found.plan.same_targets(self._shown):
            return
        self._shown = found.plan
        steps = "; ".join(f"{step.title.lower()}: {step.effect}" for step in found.plan.steps)
        self._rooms.journal.say(str(self._rooms.itself), f"would heal, but for dry-run: {steps}", Level.WARNING)
        await self._rooms.healer.note_dry_run(found, self._rooms.itself)

    async def _brake(self, why: str) -> None:
        if why and not self.braked:
            text = f"healing braked: {why}; look, then heal by hand"
            self._rooms.journal.say(str(self._rooms.itself), text, Level.CRITICAL)
        self.braked = why

    async def _write_health(self, checkup: Checkup) -> None:
        """One row a scheduled check, by the lease holder."""
        if self._rooms.lease.valid() and self._sight.schema is not None:
            verdicts = {check.name: check.level.value for check in checkup.checks}
            await self._rooms.health_log.write(verdicts, checkup.took_s)

    def _say_once(self, text: str) -> str:
        if text != self._said:
            self._said = text
            self._rooms.journal.say(str(self._rooms.itself), text, Level.WARNING)
        return text
