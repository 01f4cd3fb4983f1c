"""Deletion of old log rows: oldest first, in bounded batches that can be interrupted and continued."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from core.actions.repairs.repair import Proposal, Repair, Survey
from core.actions.run import Run
from core.backend.writes.rows import BATCH
from core.domain.plans import PlanStep

_FOUND: Final = 1000
_UNDONE_WITHIN: Final = timedelta(days=7)


class OldLogs(Repair):
    """Deletes old log rows, but no lease and no audit of a stop in force or of an action that may be undone."""

    name = "old_logs"
    option = "logs"
    done = "old log rows deleted"
    by_default = False

    async def plan(self, survey: Survey) -> Proposal:
        """Plan the number of rows to delete; nothing while the time, or whether a stop is in force, is not known."""
        if survey.config_fault is not None or not survey.timed:
            return Proposal()
        kept, before, audit_before = await self._standing_stop(survey), self._before(survey), self._audit_before(survey)
        old = await self._context.reads.logs.count_old(before, audit_before, kept)
        if not old:
            return Proposal()
        effect = f"delete log rows older than {self._settings.heal.keep_logs_days:.0f} days"
        return Proposal(step=PlanStep(name=self.name, title="Old log rows", effect=effect, count=old, done=self.done))

    async def apply(self, step: PlanStep, survey: Survey, run: Run, tell: Callable[[int], None]) -> None:
        """Delete batch by batch, as many as were planned."""
        context, before, audit_before = self._context, self._before(survey), self._audit_before(survey)
        kept, done = await self._standing_stop(survey), 0

        async def there(ids: tuple[str, ...]) -> tuple[str, ...]:
            return await context.reads.logs.among(ids)

        async def gone(ids: tuple[str, ...]) -> tuple[str, ...]:
            still = frozenset(await there(ids))
            return tuple(name for name in ids if name not in still)

        async def left(ids: tuple[str, ...]) -> int:
            return len(await there(ids))

        async def find(most: int) -> tuple[str, ...]:
            return await context.reads.logs.old(before, audit_before, kept, most)

        delete = partial(context.writes.delete_logs, before=before)
        while done < step.count and not run.halted():
            # Found a thousand at a time: where no index serves the time, each finding reads the whole table.
            found = await find(min(_FOUND, step.count - done))
            if not found:
                run.skipped += step.count - done
                return
            for start in range(0, len(found), BATCH):
                if run.halted():
                    return
                ids = found[start : start + BATCH]
                batch = await run.change("db:delete_old_logs", ids, send=delete, changed=gone, left=left)
                run.changed += len(batch.changed)
                run.skipped += len(ids) - len(batch.changed) - batch.left  # another was faster
                if batch.left and not batch.changed:
                    run.refused += step.count - done
                    return
                done += len(ids)
                tell(done)

    async def _standing_stop(self, survey: Survey) -> str:
        """Return the run of the stop in force, or of the last one: its audit stays. Raises NotLive."""
        if survey.config is None or not survey.config.emergency_stop:
            return ""
        trail = await self._context.reads.audit.stop_trail()
        standing = trail.standing(survey.config) or next(iter(trail.stops), None)
        return standing.run if standing is not None else ""

    def _audit_before(self, survey: Survey) -> datetime:
        """Return the time from which audit rows stay: their action may be undone, even if other rows go sooner."""
        return min(self._before(survey), survey.now - _UNDONE_WITHIN)

    def _before(self, survey: Survey) -> datetime:
        return survey.now - timedelta(days=self._settings.heal.keep_logs_days)
