"""Retry one failed task: back to pending, if it still is the failure that was shown."""

from typing import Final

from core.actions.action import Operation, Prepared, ReadBack
from core.actions.context import ActionContext
from core.actions.dependencies import Dependencies
from core.actions.run import Run
from core.base.text import clean
from core.domain.actions import Action, Argument, ArgumentKind, Result, Tier
from core.domain.plans import RetryPlan
from core.domain.records import Task
from core.domain.status import Truth
from core.resilience import NotLive

RETRY: Final = Action(
    name="retry",
    tier=Tier.CONFIRM,
    title="Retry a failed task",
    effect="send it back to pending, if it still is failed",
    verb="Retry",
    arguments=(Argument(name="task", kind=ArgumentKind.SUBJECT, required=True),),
)


async def _plan(context: ActionContext, name: str) -> RetryPlan:
    try:
        task = await context.reads.tasks.fetch(name)
    except NotLive as not_live:
        if not_live.fault.kind != "bad_input":
            raise
        task = None
    if task is None:
        why = f"no task {clean(name, 60)} is visible to this account"
        return RetryPlan(task=name, text=why, refused=why)
    if task.status != "failed":
        why = f"task {task.id} is {task.status.replace('_', ' ')}, not failed"
        return RetryPlan(task=task.id, text=why, idle=True, stands=task.status == "pending")
    return RetryPlan(task=task.id, text=failure_in_words(task), failed_at=task.completed_at)


def failure_in_words(task: Task) -> str:
    """Return which task failed, when, and why."""
    at = f" at {task.completed_at:%Y-%m-%d %H:%M:%S} UTC" if task.completed_at else ""
    return f"{task.task_type} task {task.id}, failed{at}: {clean(task.error or 'no error text', 200)}"


class Retry(Operation[RetryPlan]):
    """Sends one task back to pending."""

    action = RETRY
    settles = (RETRY,)
    unsure = "not known whether it was sent back"

    def __init__(self, parts: Dependencies, shown: RetryPlan | None = None, *, task: str = "") -> None:
        super().__init__(parts, shown)
        self._task = task
        self._written: bool | None = None

    async def plan(self) -> RetryPlan:
        """Return what the task is, and whether it can be retried. Raises NotLive."""
        return await _plan(self._context, self._task)

    async def prepare(self, run: str) -> Prepared | Result:
        """Look again: it must be the failure that was shown."""
        shown = await self.agree()
        now = shown if shown.refused else await _plan(self._context, shown.task)
        if now.refused:
            return self.refused(now.refused)
        if now.idle:
            return self.idle(now)
        if now.failed_at != shown.failed_at:
            return self.unchanged(f"nothing was changed: it is not the failure that was shown any more, but {now.text}")
        return Prepared(told={"task": shown.task, "text": shown.text}, planned=1, run=run)

    async def run(self, run: Run) -> None:
        """Send it back, if it still is that failure."""
        shown = self.agreed
        self._written = await run.write(
            "db:retry_task", lambda: self._context.writes.tasks.retry(shown.task, failed_at=shown.failed_at)
        )

    async def read_back(self, run: Run) -> ReadBack:
        """Say what the task is now."""
        seen = await self._context.reads.tasks.fetch(self.agreed.task)
        status = seen.status.replace("_", " ") if seen is not None else "gone"
        if seen is not None and status == "failed" and seen.completed_at == self.agreed.failed_at:
            why = run.why_not(answered=self._written is not None)
            return ReadBack(holds=Truth.FALSE, text=f"NOT sent back: {why}")
        if seen is None or status in {"failed", "rejected"} or self._written is False:
            run.skipped = 1
            return ReadBack(holds=Truth.FALSE, text=f"NOT sent back: meanwhile the task is {status}")
        run.changed = 1
        text = f"task {self.agreed.task} is {status} (read back)"
        return ReadBack(holds=Truth.TRUE, text=text, told={"ids": [self.agreed.task]})
