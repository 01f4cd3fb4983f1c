"""The emergency stop without a person: ten critical checks in a row order one, now or as soon as somebody hears it."""

from collections.abc import Awaitable, Callable

from core.actions.dependencies import Dependencies
from core.actions.emergency_stop import EMERGENCY_STOP, EmergencyStop
from core.actions.resume_history import ResumeHistory
from core.actions.runner import Runner
from core.actions.waiting import WaitingActions
from core.base.store import NotKept
from core.base.text import plural
from core.checks.context import CLOCK_UNKNOWN
from core.domain.actions import ResultPhase
from core.domain.checks import Check
from core.domain.counts import SuccessRate
from core.domain.failure_rate import fails_above, fresh_failure_rate
from core.domain.status import Level
from core.resilience import NotLive
from core.services.autonomy import Autonomy
from core.services.context import Context
from core.services.critical_streak import CriticalStreak
from core.services.readings import Readings


class AutomaticStop:
    """Counts critical checks in a row, and orders a stop when there are enough of them.

    `refresh`: reads the panels' values after something was written.
    """

    def __init__(  # noqa: PLR0913 - what it decides by, and what it orders a stop with
        self,
        context: Context,
        autonomy: Autonomy,
        *,
        readings: Readings,
        parts: Dependencies,
        runner: Runner,
        waiting: WaitingActions,
        resumes: ResumeHistory,
        streak: CriticalStreak,
        refresh: Callable[[], Awaitable[bool]],
    ) -> None:
        self._context = context
        self._autonomy = autonomy
        self._readings = readings
        self._parts = parts
        self._runner = runner
        self._waiting = waiting
        self._resumes = resumes
        self._streak = streak
        self._refresh = refresh

    async def count(self, database: Check, rate: Level) -> None:
        """Count a scheduled check once, by the verdict on the database and that on the failure rate."""
        if not self._autonomy.owner():
            return  # another process here counts, in the same file
        proven_down = database.level is Level.CRITICAL
        slow_so_far = database.level is Level.WARNING and not database.answered
        known = Level.UNKNOWN if slow_so_far else database.level
        before = self._streak.count
        now = await self._streak.note(known, rate, may_count=proven_down or self._autonomy.leads())
        if not now and before:
            self._autonomy.forget_said()

    async def consider(self, database: Check) -> str:
        """Order a stop if ten in a row were critical. Returns what was done, in words. Raises NotLive."""
        config, autonomy = self._context.config, self._autonomy
        many = self._streak.count
        if many < config.watch.stop_after:
            return ""
        if not config.autonomous or config.dry_run or config.observe or not autonomy.owner():
            return ""
        if autonomy.stopped():
            return ""  # it goes on looking, and acts again once the flag is seen cleared
        if database.level is Level.CRITICAL:
            return await self._order_for_later(f"{plural(many, 'critical check')} in a row: database {database.text}")
        if not autonomy.leads():
            return ""
        rate = await self._fresh_rate()
        if not self._critical(rate) or rate is None:
            return autonomy.say_once(
                f"{many} critical checks in a row, but the failures are old or caused by watchdesk itself: no automatic"
                " stop"
            )
        reason = f"{many} critical checks in a row: {rate.failed_percent:.0f} % of {rate.finished:,} tasks failed"
        stop = EmergencyStop(self._parts, reason=reason, hours=config.watch.stop_hours)
        result = await self._runner.run(stop, autonomy.actor, keep=True)
        if result.done or result.phase in {ResultPhase.PARTLY, ResultPhase.WAITING}:
            await self._streak.clear()
        await self._refresh()
        return result.text

    async def still_critical(self) -> bool:
        """Ask for the failure rate of what failed lately, without what we failed ourselves. Raises NotLive."""
        return self._critical(await self._fresh_rate())

    async def _order_for_later(self, reason: str) -> str:
        known, autonomy = self._readings.config, self._autonomy
        if known.at is not None and known.value is not None and known.value.emergency_stop:
            return autonomy.say_once("an emergency stop is already set (last known)")
        try:
            kept, new = await self._waiting.keep(
                EMERGENCY_STOP.name, autonomy.actor, reason=reason, hours=self._context.config.watch.stop_hours
            )
        except NotKept as error:
            return autonomy.say_once(f"an emergency stop is called for and cannot be kept: {error}")
        await self._streak.clear()
        if new:
            autonomy.say(f"waits for the project to answer: {kept.words()}", Level.CRITICAL, run=kept.id)
        return "an emergency stop waits"

    async def _fresh_rate(self) -> SuccessRate | None:
        now = self._context.time.cut_off()
        if now is None:
            raise NotLive(CLOCK_UNKNOWN)
        lifted = await self._resumes.last()
        return await fresh_failure_rate(self._context.reads.outcomes, now, self._context.config.failures, lifted)

    def _critical(self, rate: SuccessRate | None) -> bool:
        rules = self._context.config.failures
        return fails_above(rate, rules.critical_percent, rules)
