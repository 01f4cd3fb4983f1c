"""Requeue simulated: what the agents completed only in dry-run goes back to pending, so that they do it for real."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Final

import msgspec

from core.actions.run import Run
from core.actions.task_change import REASON, TASKS
from core.actions.task_release import TaskRelease
from core.backend.reads.read import LEAST_CAP, batched
from core.base.text import plural
from core.domain.actions import Action, Command, Shortcut, Tier
from core.domain.chosen_tasks import Beside
from core.domain.plans import PlanStep
from core.domain.queries import Filter
from core.domain.records import ChosenTask

REQUEUE_SIMULATED: Final = Action(
    name="requeue_simulated",
    tier=Tier.CONFIRM,
    title="Requeue simulated",
    effect="send what was completed only in dry-run back to pending: the agents do it for real",
    verb="Requeue",
    halts=True,
    arguments=(TASKS, msgspec.structs.replace(REASON, required=False, words="remark")),
    shortcut=Shortcut(
        name="requeue_simulated",
        word="requeue",
        does="requeue simulated: what was completed only in dry-run goes back to pending",
    ),
    command=Command(
        name="requeue-simulated",
        help=(
            "Send tasks back to pending that were completed only in dry-run: those with these ids, or all that match a"
            " filter; status:completed for all of them."
        ),
    ),
)


class RequeueSimulated(TaskRelease):
    """Requeues simulated completions. Such a task keeps its result and its times until an agent takes it up."""

    action = REQUEUE_SIMULATED
    settles = (REQUEUE_SIMULATED,)
    nothing = "nothing was requeued"
    statuses = ("completed",)
    makes = frozenset({"pending"})
    otherwise = "must have been completed only in dry-run"
    key = "db:requeue_simulated"
    undoes = True

    async def meant(self, seen: Sequence[ChosenTask]) -> frozenset[str]:
        """Return the ids of those that still are simulated completions. Raises NotLive."""
        ids = tuple(sorted(await super().meant(seen)))
        outcomes = self._context.reads.outcomes
        parts = [await outcomes.simulated_among(part) for part in batched(ids, LEAST_CAP)]
        return frozenset().union(*parts)

    @property
    def beside(self) -> Beside:
        """Return that only what was completed in dry-run is meant."""
        return Beside(simulated=True)

    async def count_matching(self, given: Filter) -> int:
        """Return 0: how many of them were simulated takes as long as finding them."""
        return 0

    def send(self, run: Run, status: str) -> Callable[[tuple[str, ...]], Awaitable[tuple[str, ...]]]:
        """Return the conditional write: what was completed later than any that was shown is another completion."""
        return partial(self._context.writes.tasks.requeue_completed, until=self._until())

    def changed(self, run: Run, status: str) -> Callable[[tuple[str, ...]], Awaitable[tuple[str, ...]]]:
        """Return what reads which of them are no longer completed as they were shown."""

        async def read(ids: tuple[str, ...]) -> tuple[str, ...]:
            still = await self._context.reads.task_ids.completed_until(ids, self._until())
            return tuple(name for name in ids if name not in still)

        return read

    async def undo_step(self, run: str) -> PlanStep | None:
        """Return which of them still wait as that run requeued them. Raises NotLive."""
        _, ids = await self._still_so(run)
        if not ids:
            return None
        title = f"{plural(len(ids), 'task')} that {'waits' if len(ids) == 1 else 'wait'} for an agent"
        return PlanStep(name=self.action.name, title=title, effect="back to completed", count=len(ids), ids=ids)

    async def undo(self, undone: str, run: Run) -> None:
        """Let them be completed in dry-run again, with the times they had. Raises NotLive."""
        began, still = await self._still_so(undone)
        if began is None:
            return
        reads, writes, until = self._context.reads, self._context.writes, began

        async def left(ids: tuple[str, ...]) -> int:
            return len(await reads.task_ids.pending_as_completed(ids, until))

        completed = partial(reads.chosen.in_status, statuses=("completed",))
        send = partial(writes.tasks.complete_again, until=until)
        for ids in batched(still, LEAST_CAP):
            if run.halted():
                return
            run.count(ids, await run.change("db:complete_again", ids, send=send, changed=completed, left=left))

    def _until(self) -> datetime | None:
        """Return the latest completion that was shown; `None` where none has a time."""
        times = (one.task.completed_at for one in self.agreed.chosen)
        return max((at for at in times if at is not None), default=None)

    async def _still_so(self, run: str) -> tuple[datetime | None, tuple[str, ...]]:
        """Return when the run began, and which of its tasks wait as it left them; what a later one did is its own."""
        audit, task_ids = self._context.reads.audit, self._context.reads.task_ids
        of_run = await audit.chosen_by_run(run)
        if of_run is None:
            return None, ()
        later = [one.run for one in await audit.ended(of_run.until, (self.action.name,)) if one.run != run]
        taken = [await audit.tasks_of(part) for part in batched(tuple(later), LEAST_CAP)]
        ids = of_run.ids.difference(*(tasks for part in taken for tasks in part.values()))
        parts = batched(tuple(sorted(ids)), LEAST_CAP)
        still = [name for part in parts for name in await task_ids.pending_as_completed(part, of_run.since)]
        return of_run.since, tuple(still)
