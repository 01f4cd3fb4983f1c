"""Running tasks that are past their time and silent: marked as failed, each only if it still is what was seen."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from core.act.means import Means, lost
from core.act.orders import PlanStep
from core.act.repairs.repair import Proposal, Survey
from core.act.tally import Tally
from core.backend.commands import BATCH
from core.model import Task
from core.resilience import NotLive
from core.stuck import StuckRules, cutoff
from core.text import plural, short

STUCK: Final = "watchdesk:stuck:"
"""What the error text of a task failed by a heal begins with; the run id and who did it follow."""


class StuckTasks:
    """The write repeats status and time, so that a task that finished or was claimed again is untouched."""

    name = "stuck_tasks"

    def __init__(self, means: Means, rules: StuckRules) -> None:
        self._means = means
        self._rules = rules

    async def plan(self, survey: Survey) -> Proposal:
        """Fail what is stuck; what is merely slow is told and left alone."""
        notes = []
        if survey.overdue.slow:
            slow = plural(len(survey.overdue.slow), "slow task")
            notes.append(f"{slow} past its time still writes logs: left alone")
        unproven = survey.overdue.unproven
        if unproven and survey.automatic:
            silent = plural(len(unproven), "task")
            notes.append(f"no logs of {silent} are visible to us, so their silence proves nothing: left alone")
        spared = sum(task.id in survey.spared for task in survey.overdue.stuck)
        if spared:
            notes.append(f"{plural(spared, 'task')} given back by an operator: left alone")
        stuck = survey.stuck
        if not stuck:
            return Proposal(notes=tuple(notes))
        began = stuck[0].began_at
        longest = f", the longest for {short(survey.now - began)}" if began is not None else ""
        whose = "" if len(unproven) == len(stuck) else f" of {len(unproven):,}"
        unsure = f"; no logs{whose} are visible to us, so their silence proves nothing" if unproven else ""
        step = PlanStep(
            name=self.name,
            title="Stuck tasks",
            effect=f"mark {plural(len(stuck), 'task')} as failed{longest}{unsure}",
            count=len(stuck),
            ids=tuple(task.id for task in stuck),
        )
        return Proposal(step=step, notes=tuple(notes))

    async def apply(self, step: PlanStep, survey: Survey, tally: Tally, tell: Callable[[int], None]) -> None:
        """Batch by batch. Tasks of one estimate share a cut-off, so that one statement can repeat it for all."""
        done = 0
        for limit, group in self._by_cutoff(survey):
            for start in range(0, len(group), BATCH):
                if tally.halted():
                    return
                ids = group[start : start + BATCH]
                changed = await self._fail(ids, limit, tally)
                missed = tuple(i for i in ids if i not in changed)
                # Still running as before: the write was not allowed to us, and said so by changing nothing.
                refused = await self._means.live.count_unchanged(missed, limit) if missed else 0
                tally.changed += len(changed)
                tally.ids += changed
                tally.refused += refused
                tally.skipped += len(missed) - refused
                done += len(ids)
                tell(done)

    async def _fail(self, ids: tuple[str, ...], limit: datetime, tally: Tally) -> tuple[str, ...]:
        at = self._means.clock.now()
        marker = f"{STUCK}{tally.run}"
        text = f"{marker}: by {tally.by}, no sign of life past its time"
        try:
            return await self._means.write(
                "db:fail_stuck", lambda: self._means.commands.fail_stuck(ids, began_before=limit, at=at, error=text)
            )
        except NotLive as not_live:
            if not lost(not_live):
                raise
            return await self._means.live.marked_among(ids, "failed", marker)

    def _by_cutoff(self, survey: Survey) -> list[tuple[datetime, tuple[str, ...]]]:
        groups: dict[datetime, list[Task]] = {}
        for task in survey.stuck:
            groups.setdefault(cutoff(task, survey.now, self._rules), []).append(task)
        return [(limit, tuple(task.id for task in tasks)) for limit, tasks in groups.items()]
