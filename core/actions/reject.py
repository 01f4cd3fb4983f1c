"""Reject: what waits for a review is refused, with the reason."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from core.actions.batches import requeue
from core.actions.run import Run
from core.actions.task_change import REASON, TASKS, TaskChange
from core.base.text import plural
from core.domain.actions import Action, Command, Shortcut, Tier
from core.domain.markers import REJECTED, Markers
from core.domain.plans import PlanStep

REJECT: Final = Action(
    name="reject",
    tier=Tier.CONFIRM,
    title="Reject",
    effect="reject tasks that wait for a review: no agent runs them",
    halts=True,
    arguments=(TASKS, REASON),
    shortcut=Shortcut(
        name="reject",
        key="X,shift+x",
        word="reject",
        does="reject the task under the cursor, or show the tasks waiting for review",
        drops=23,
    ),
    command=Command(
        name="reject",
        help="Reject the tasks with these ids, or all in review that match a filter, such as type:bug_fix.",
    ),
)


class Reject(TaskChange):
    """Rejects tasks."""

    action = REJECT
    settles = (REJECT,)
    nothing = "nothing was rejected"
    statuses = ("awaiting_review",)
    makes = frozenset({"rejected"})
    otherwise = "must wait for a review"
    key = "db:reject_reviewed"
    undoes = True

    def send(self, run: Run, status: str) -> Callable[[tuple[str, ...]], Awaitable[tuple[str, ...]]]:
        """Return the conditional write."""
        who = f"{run.actor.who}@{run.actor.host}"
        error = f"{_mark(run.id)}: by {who}: {self.reason}"
        return partial(self._context.writes.tasks.reject, status=status, error=error, by=who)

    def changed(self, run: Run, status: str) -> Callable[[tuple[str, ...]], Awaitable[tuple[str, ...]]]:
        """Return what reads which of them carry this run's mark."""
        marks = Markers(begins=(_mark(run.id),))
        return partial(self._context.reads.task_ids.marked_among, status="rejected", marks=marks)

    async def undo_step(self, run: str) -> PlanStep | None:
        """Return how many still are rejected by that run. Raises NotLive."""
        count = await self._context.reads.task_ids.count_marked(Markers(begins=(_mark(run),)), "rejected")
        title = f"{plural(count, 'task')} that it rejected"
        return PlanStep(name=self.action.name, title=title, effect="back to the inbox", count=count) if count else None

    async def undo(self, undone: str, run: Run) -> None:
        """Let them wait for a review again. Raises NotLive."""
        marks = Markers(begins=(_mark(undone),))
        await requeue(run, marks, from_status="rejected", to_status="awaiting_review", title="Rejected tasks")


def _mark(run: str) -> str:
    return f"{REJECTED}{run}"
