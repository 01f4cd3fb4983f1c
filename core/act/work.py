"""Work handed to the agents: run what is pending now, send one failed task back."""

from core.act.audit import Trail
from core.act.means import Actor, Means, lost
from core.act.mode import NOT_OURS
from core.act.orders import RETRY, RUN_PENDING, Phase, Result, RetryPlan, RunPlan
from core.act.tally import phase_of
from core.resilience import NotLive
from core.text import clean


class Work:
    """Orders to the agents of one project."""

    def __init__(self, means: Means) -> None:
        self._means = means

    async def plan_run(self) -> RunPlan:
        """What is pending. Raises NotLive."""
        live = self._means.live
        config, pending = await live.config(), await live.count("pending")
        notes = []
        if config is not None and config.emergency_stop:
            notes.append("an emergency stop is set: the agents will refuse")
        if config is not None and not config.enabled:
            notes.append("the system is disabled: the agents will refuse")
        if config is not None and config.dry_run:
            notes.append("dry-run is on: the agents plan and report, and change nothing")
        return RunPlan(pending=pending, notes=tuple(notes))

    async def run(self, actor: Actor) -> Result:
        """Invoke the agents' function once. What it does with the tasks is seen on the task table later."""
        trail = Trail(self._means, RUN_PENDING.name, actor)
        try:
            before = await self._means.live.count("pending")
            await trail.start({"pending": before})
        except NotLive as not_live:
            text = f"nothing was run: {not_live.fault.sentence()}"
            return Result(order=RUN_PENDING.name, phase=phase_of(not_live.fault), text=text)
        try:
            await self._means.write("edge:ai-agent-poll", self._means.commands.run_pending)
        except NotLive as not_live:
            unknown = lost(not_live)
            what = "outcome unknown, the agents may be at work" if unknown else "not run"
            text = f"{what}: {not_live.fault.sentence()}"
            await trail.end({"text": text}, completed=False)
            phase = Phase.UNKNOWN if unknown else phase_of(not_live.fault)
            return Result(order=RUN_PENDING.name, phase=phase, text=text, run=trail.run)
        try:
            now = f"{before:,} were pending, {await self._means.live.count('pending'):,} are now"
        except NotLive as not_live:
            now = f"{before:,} were pending; {not_live.fault.sentence()}"
        text = f"the agents' function answered; {now}"
        await trail.end({"text": text}, completed=True)
        return Result(order=RUN_PENDING.name, phase=Phase.SEEN, text=text, run=trail.run)

    async def plan_retry(self, name: str) -> RetryPlan:
        """What the task is, and whether it can be retried. Raises NotLive."""
        try:
            task = await self._means.live.task(name)
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

    async def retry(self, plan: RetryPlan, actor: Actor) -> Result:
        """Send it back to pending, if it still is the failure that was shown."""
        if plan.refused:
            return Result(order=RETRY.name, phase=Phase.REFUSED, text=plan.refused)
        trail = Trail(self._means, RETRY.name, actor)
        try:
            await trail.start({"task": plan.task, "text": plan.text})
        except NotLive as not_live:
            text = f"nothing was changed: {not_live.fault.sentence()}"
            return Result(order=RETRY.name, phase=phase_of(not_live.fault), text=text)
        fault = None
        try:
            await self._means.write(
                "db:retry_task", lambda: self._means.commands.retry(plan.task, failed_at=plan.failed_at)
            )
        except NotLive as not_live:
            fault = not_live.fault  # what holds is read next, whatever became of the answer
        try:
            seen = await self._means.live.task(plan.task)
        except NotLive as not_live:
            text = f"not known whether it was sent back: {not_live.fault.sentence()}"
            await trail.end({"text": text}, completed=False)
            return Result(order=RETRY.name, phase=Phase.UNKNOWN, text=text, run=trail.run)
        status = seen.status if seen is not None else "gone"
        unchanged = seen is not None and status == "failed" and seen.completed_at == plan.failed_at
        if unchanged or seen is None:
            text = f"NOT sent back: {NOT_OURS if fault is None else fault.sentence()}"
            await trail.end({"text": text}, completed=False)
            phase = Phase.REFUSED if fault is None else phase_of(fault)
            return Result(order=RETRY.name, phase=phase, text=text, run=trail.run, planned=1, refused=1)
        text = f"task {plan.task} is {status.replace('_', ' ')}, seen"
        await trail.end({"text": text, "ids": [plan.task]}, completed=True)
        return Result(order=RETRY.name, phase=Phase.SEEN, text=text, run=trail.run, planned=1, changed=1)
