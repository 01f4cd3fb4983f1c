"""Retry one failed task: back to pending, if it still is the failure that was shown."""

from core.actions.action import Operation, Prepared, ReadBack
from core.actions.context import ActionContext
from core.actions.run import FOLLOWS, NOT_OURS, Run
from core.base.text import clean
from core.domain.actions import RETRY, Result, RetryPlan
from core.domain.status import Truth
from core.resilience import NotLive


async def plan_retry(means: ActionContext, name: str) -> RetryPlan:
    """Return what the task is, and whether it can be retried. Raises NotLive."""
    try:
        task = await means.live.task(name)
    except NotLive as not_live:
        if not_live.fault.kind != "bad_input":
            raise
        task = None
    if task is None:
        why = f"no task {clean(name, 60)} is visible to us"
        return RetryPlan(task=name, text=why, refused=why)
    if task.status != "failed":
        why = f"task {task.id} is {task.status.replace('_', ' ')}, not failed"
        return RetryPlan(task=task.id, text=why, refused=why)
    at = f" at {task.completed_at:%Y-%m-%d %H:%M:%S} UTC" if task.completed_at else ""
    text = f"{task.task_type} task {task.id}, failed{at}: {clean(task.error or 'no error text', 200)}"
    return RetryPlan(task=task.id, text=text, failed_at=task.completed_at)


class Retry(Operation):
    """Sends one task back to pending."""

    order = RETRY
    unsure = "not known whether it was sent back"

    def __init__(self, means: ActionContext, shown: RetryPlan) -> None:
        self._means = means
        self._shown = shown
        self._written: bool | None = None

    async def prepare(self, run: str) -> Prepared | Result:
        """Look again: it must be the failure that was shown."""
        shown = self._shown
        now = shown if shown.refused else await plan_retry(self._means, shown.task)
        if now.refused:
            return self.refused(now.refused)
        if now.failed_at != shown.failed_at:
            return self.refused(f"nothing was changed: it is not the failure that was shown any more, but {now.text}")
        return Prepared(told={"task": shown.task, "text": shown.text}, planned=1, run=run)

    async def run(self, run: Run) -> None:
        """Send it back, if it still is that failure."""
        shown = self._shown
        self._written = await run.write(
            "db:retry_task", lambda: self._means.commands.retry(shown.task, failed_at=shown.failed_at)
        )

    async def read_back(self, run: Run) -> ReadBack:
        """Say what the task is now."""
        seen = await self._means.live.task(self._shown.task)
        status = seen.status.replace("_", " ") if seen is not None else "gone"
        if seen is not None and status == "failed" and seen.completed_at == self._shown.failed_at:
            run.refused = 0 if run.follows or run.fault is not None else 1
            why = run.fault.sentence() if run.fault is not None else FOLLOWS if run.follows else NOT_OURS
            return ReadBack(holds=Truth.FALSE, text=f"NOT sent back: {why}")
        if seen is None or status in {"failed", "rejected"} or self._written is False:
            run.skipped = 1
            return ReadBack(holds=Truth.FALSE, text=f"NOT sent back: meanwhile the task is {status}")
        run.changed = 1
        text = f"task {self._shown.task} is {status}, seen"
        return ReadBack(holds=Truth.TRUE, text=text, told={"ids": [self._shown.task]})
