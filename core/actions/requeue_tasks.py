"""Requeue tasks: what was rejected, rolled back or merely approved goes back to pending, for the agents to take up."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

import msgspec

from core.actions.run import Run
from core.actions.task_change import REASON, TASKS
from core.actions.task_release import TaskRelease
from core.base.text import plural
from core.domain.actions import Action, Command, Shortcut, Tier
from core.domain.records import ChosenTask

REQUEUE_TASKS: Final = Action(
    name="requeue_tasks",
    tier=Tier.CONFIRM,
    title="Requeue tasks",
    effect="send what was rejected or rolled back to pending, for the agents to pick up again",
    verb="Requeue",
    halts=True,
    arguments=(TASKS, msgspec.structs.replace(REASON, required=False, words="remark")),
    shortcut=Shortcut(
        name="requeue_tasks",
        word="requeue",
        does="requeue tasks that were rejected, rolled back, or approved but never run",
    ),
    command=Command(
        name="requeue",
        help=(
            "Send tasks back to pending that were rejected, cancelled, rolled back, or approved but never run: those"
            " with these ids, or all that match a filter. Tasks that still require approval go to the inbox first. To"
            " requeue what a stop rejected, use resume --requeue."
        ),
    ),
)


class RequeueTasks(TaskRelease):
    """Requeues single tasks, whoever rejected them."""

    action = REQUEUE_TASKS
    settles = (REQUEUE_TASKS,)
    nothing = "nothing was requeued"
    statuses = ("rejected", "rolled_back", "cancelled", "approved")
    makes = frozenset({"pending"})
    otherwise = "must be rejected, rolled back, cancelled or approved"
    key = "db:requeue_tasks"

    async def consequences(self, chosen: tuple[ChosenTask, ...]) -> tuple[str, ...]:
        """Return what keeps the agents from them, and that some need an approval first. Raises NotLive."""
        notes = await super().consequences(chosen)
        many = sum(one.requires_approval for one in chosen)
        needs = f"{plural(many, 'task')} {'requires' if many == 1 else 'require'} an approval: to the inbox first"
        return (needs, *notes) if many else notes

    def send(self, run: Run, status: str) -> Callable[[tuple[str, ...]], Awaitable[tuple[str, ...]]]:
        """Return the conditional write."""
        return partial(self._context.writes.tasks.requeue, status=status)

    def changed(self, run: Run, status: str) -> Callable[[tuple[str, ...]], Awaitable[tuple[str, ...]]]:
        """Return what reads which of them are no longer as they were, but pending or begun."""
        return partial(self._context.reads.chosen.in_status, statuses=("pending", "in_progress", "completed", "failed"))
