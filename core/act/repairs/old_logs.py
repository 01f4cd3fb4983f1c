"""Log rows past their time: deleted oldest first, in bounded batches that can be broken off and taken up again."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from core.act.emergency_stop import trail_of
from core.act.means import Means
from core.act.orders import PlanStep
from core.act.repairs.repair import HealRules, Proposal, Survey
from core.act.run import Run
from core.backend.commands import BATCH

_FOUND: Final = 1000


class OldLogs:
    """Never the lease's row, never the audit of a stop that still stands."""

    name = "old_logs"

    def __init__(self, means: Means, rules: HealRules) -> None:
        self._means = means
        self._rules = rules

    async def plan(self, survey: Survey) -> Proposal:
        """How many are older than is kept."""
        kept = await self._standing_stop(survey)
        old = await self._means.live.count_old_logs(self._before(survey), kept)
        if not old:
            return Proposal()
        effect = f"delete log rows older than {self._rules.keep_logs_days:.0f} days"
        return Proposal(step=PlanStep(name=self.name, title="Old log rows", effect=effect, count=old))

    async def apply(self, step: PlanStep, survey: Survey, run: Run, tell: Callable[[int], None]) -> None:
        """Batch by batch, as many as were planned."""
        means, before, kept = self._means, self._before(survey), await self._standing_stop(survey)
        done = 0

        async def delete(ids: tuple[str, ...]) -> tuple[str, ...]:
            return await means.commands.delete_logs(ids, before=before)

        async def there(ids: tuple[str, ...]) -> tuple[str, ...]:
            return await means.live.logs_among(ids)

        async def gone(ids: tuple[str, ...]) -> tuple[str, ...]:
            still = frozenset(await there(ids))
            return tuple(name for name in ids if name not in still)

        async def left(ids: tuple[str, ...]) -> int:
            return len(await there(ids))

        while done < step.count and not run.halted():
            # Found a thousand at a time: where no index serves the time, each finding reads the whole table.
            found = await means.live.old_logs(before, kept, min(_FOUND, step.count - done))
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
        """The run of the stop that stands, whose audit rows stay."""
        if survey.config is None or not survey.config.emergency_stop:
            return ""
        standing = (await trail_of(self._means)).standing(survey.config)
        return standing.run if standing is not None else ""

    def _before(self, survey: Survey) -> datetime:
        return survey.now - timedelta(days=self._rules.keep_logs_days)
