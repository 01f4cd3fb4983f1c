"""What the monitor does without being asked, after each check: count, stop, carry out what waited, heal."""

from typing import Final

from core.actions.health_log import HealthLog
from core.domain.checks import Check, Checkup
from core.domain.status import Level
from core.resilience import NotLive
from core.services.automatic_heal import AutomaticHeal
from core.services.automatic_stop import AutomaticStop
from core.services.autonomy import Autonomy
from core.services.check_service import CheckService
from core.services.left_over import LeftOver
from core.services.paused_types import PausedTypes
from core.services.waiting_runner import WaitingRunner

_ANSWERED: Final = {Level.OK, Level.WARNING}


class Autopilot:
    """Decides after each check what follows from it, and in which order."""

    def __init__(  # noqa: PLR0913 - one collaborator for each thing that may follow
        self,
        autonomy: Autonomy,
        *,
        checks: CheckService,
        health_log: HealthLog,
        stop: AutomaticStop,
        waiting: WaitingRunner,
        heals: AutomaticHeal,
        left_over: LeftOver,
        paused: PausedTypes,
    ) -> None:
        self._autonomy = autonomy
        self._checks = checks
        self._health_log = health_log
        self.stop = stop
        self._waiting = waiting
        self.heals = heals
        self._left_over = left_over
        self._paused = paused
        self._scheduled: Checkup | None = None
        self._settled: Checkup | None = None
        """The last scheduled check whose question of the database has ended, one way or another."""

    async def after(self, checkup: Checkup, *, scheduled: bool) -> str:
        """Do all that follows from a check. Returns what was done, in words. Never raises for a fault."""
        database = checkup.of("database")
        if scheduled:
            self._scheduled = checkup
            if not self._checks.asking:
                self._settled = checkup
            await self._count(database)
            await self._write_health(checkup)
        elif database.answered:
            self._settled = self._scheduled
        self.heals.beat()
        answered = self._checks.schema is not None and database.level in _ANSWERED
        if answered:
            await self._left_over.look_if_due()
            await self._paused.look_if_due()
        try:
            if answered:
                await self._waiting.carry_out()
                await self._paused.keep()
            return await self._act(checkup)
        except NotLive as not_live:
            text = not_live.fault.sentence()
            self._autonomy.say(f"could not act: {text}")
            return text

    async def after_late(self, check: Check) -> None:
        """Count the database question that outlived the last scheduled check, once, now that it has ended.

        However often somebody looked meanwhile; and that of a look nobody scheduled does not count.
        """
        if self._scheduled is not self._settled and check.name == "database":
            self._settled = self._scheduled
            await self._count(check)
            await self.stop.consider(check)

    async def _act(self, checkup: Checkup) -> str:
        if stopped := await self.stop.consider(checkup.of("database")):
            return stopped
        if self._checks.schema is None:
            return "auto-heal off: the schema is not known"
        return await self.heals.after(checkup)

    async def _count(self, database: Check) -> None:
        rate = self._scheduled.of("failure_rate") if self._scheduled is not None else database
        await self.stop.count(database, rate.level)

    async def _write_health(self, checkup: Checkup) -> None:
        """Write one row a scheduled check, by the lease holder."""
        if self._autonomy.leads() and self._checks.schema is not None:
            verdicts = {check.name: check.level.value for check in checkup.checks}
            await self._health_log.write(verdicts, checkup.took_s)
