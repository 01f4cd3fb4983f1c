"""Log rows past their time: deleted oldest first, in bounded batches that can be broken off and taken up again."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from core.act.means import Means, lost
from core.act.orders import PlanStep
from core.act.repairs.repair import HealRules, Proposal, Survey
from core.act.tally import Tally
from core.backend.commands import BATCH
from core.resilience import NotLive

_FOUND: Final = 1000


class OldLogs:
    """Never the lease's row, never the audit of a stop that still stands."""

    name = "old_logs"

    def __init__(self, means: Means, rules: HealRules) -> None:
        self._means = means
        self._rules = rules

    async def plan(self, survey: Survey) -> Proposal:
        """How many are older than is kept."""
        if not survey.timed:
            return Proposal()
        kept = await self._standing_stop(survey)
        old = await self._means.live.count_old_logs(self._before(survey), kept)
        if not old:
            return Proposal()
        effect = f"delete log rows older than {self._rules.keep_logs_days:.0f} days"
        return Proposal(step=PlanStep(name=self.name, title="Old log rows", effect=effect, count=old))

    async def apply(self, step: PlanStep, survey: Survey, tally: Tally, tell: Callable[[int], None]) -> None:
        """Batch by batch, as many as were planned."""
        means, before, kept = self._means, self._before(survey), await self._standing_stop(survey)
        done = 0
        while done < step.count and not tally.halted():
            # Found a thousand at a time: where no index serves the time, each finding reads the whole table.
            found = await means.live.old_logs(before, kept, min(_FOUND, step.count - done))
            if not found:
                tally.skipped += step.count - done
                return
            for start in range(0, len(found), BATCH):
                if tally.halted():
                    return
                ids = found[start : start + BATCH]
                gone = await self._delete(ids, before)
                if not gone and await means.live.logs_among(ids):
                    tally.refused += step.count - done
                    return
                tally.changed += gone
                tally.skipped += len(ids) - gone  # another was faster
                done += len(ids)
                tell(done)

    async def _delete(self, ids: tuple[str, ...], before: datetime) -> int:
        commands = self._means.commands
        try:
            return await self._means.write("db:delete_old_logs", lambda: commands.delete_logs(ids, before=before))
        except NotLive as not_live:
            if not lost(not_live):
                raise
            return len(ids) - len(await self._means.live.logs_among(ids))

    async def _standing_stop(self, survey: Survey) -> str:
        """The run of the stop that stands, whose audit rows stay."""
        if survey.config is None or not survey.config.emergency_stop:
            return ""
        audit = await self._means.live.stop_audit()
        return audit.run if audit is not None else ""

    def _before(self, survey: Survey) -> datetime:
        return survey.now - timedelta(days=self._rules.keep_logs_days)
