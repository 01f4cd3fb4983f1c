"""Cancel: pending and running tasks are rejected, with the reason. An agent that is at one may go on with it."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from core.actions.batches import requeue
from core.actions.run import Run
from core.actions.task_change import REASON, TASKS, TaskChange
from core.base.text import plural
from core.domain.actions import Action, Command, Shortcut, Tier
from core.domain.markers import CANCELLED, Markers
from core.domain.plans import PlanStep
from core.domain.records import ChosenTask

CANCEL: Final = Action(
    name="cancel",
    tier=Tier.CONFIRM,
    title="Cancel tasks",
    effect="reject what is pending or running",
    verb="Cancel",
    halts=True,
    arguments=(TASKS, REASON),
    shortcut=Shortcut(
        name="cancel",
        key="x",
        word="cancel",
        does="cancel the task under the cursor, or show what is pending or running",
        drops=23,
    ),
    command=Command(
        name="cancel",
        help=(
            "Cancel the tasks with these ids, or all that are pending or running and match a filter. An agent"
            " already working on one may continue."
        ),
    ),
)


class Cancel(TaskChange):
    """Cancels tasks."""

    action = CANCEL
    settles = (CANCEL,)
    nothing = "nothing was cancelled"
    statuses = ("pending", "in_progress")
    makes = frozenset({"rejected", "cancelled"})
    otherwise = "must be pending or running"
    key = "db:cancel_tasks"
    undoes = True

    async def consequences(self, chosen: tuple[ChosenTask, ...]) -> tuple[str, ...]:
        """Return that an agent may go on with what runs."""
        running = sum(one.task.status == "in_progress" for one in chosen)
        if not running:
            return ()
        of_them = "" if len(chosen) == 1 else f"{running:,} of them {'runs' if running == 1 else 'run'}: "
        return (f"{of_them}an agent is at work on it and may go on: what it did stays, and it may set another status",)

    def send(self, run: Run, status: str) -> Callable[[tuple[str, ...]], Awaitable[tuple[str, ...]]]:
        """Return the conditional write."""
        error = f"{_mark(run.id, status)}: by {run.actor.who}@{run.actor.host}: {self.reason}"
        return partial(self._context.writes.tasks.reject, status=status, error=error)

    def changed(self, run: Run, status: str) -> Callable[[tuple[str, ...]], Awaitable[tuple[str, ...]]]:
        """Return what reads which of them carry this run's mark."""
        marks = Markers(begins=(_mark(run.id, status),))
        return partial(self._context.reads.task_ids.marked_among, status="rejected", marks=marks)

    async def undo_step(self, run: str) -> PlanStep | None:
        """Return how many that were pending still are rejected by that run. Raises NotLive."""
        count = await self._context.reads.task_ids.count_marked(Markers(begins=(_mark(run, "pending"),)), "rejected")
        title = f"{plural(count, 'task')} that {'was' if count == 1 else 'were'} pending"
        return PlanStep(name=self.action.name, title=title, effect="back to pending", count=count) if count else None

    async def undo(self, undone: str, run: Run) -> None:
        """Send those back to pending that were. Raises NotLive."""
        marks = Markers(begins=(_mark(undone, "pending"),))
        await requeue(run, marks, from_status="rejected", to_status="pending", title="Cancelled tasks")


def _mark(run: str, status: str) -> str:
    return f"{CANCELLED}{run}:{status}"
