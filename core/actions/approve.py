"""Approve: what waits for a review goes back to pending and needs no approval any more, so the agents run it."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final

import msgspec

from core.actions.action import Prepared
from core.actions.run import Run
from core.actions.task_change import REASON, TASKS
from core.actions.task_release import TaskRelease
from core.backend.reads.audit import TasksOfRun
from core.backend.reads.read import LEAST_CAP, batched
from core.base.text import plural
from core.domain.actions import Action, Command, Result, Shortcut, Tier
from core.domain.chosen_tasks import TasksPlan
from core.domain.plans import PlanChanged, PlanStep
from core.domain.records import STATUSES, ChosenTask, SafetyCheck
from core.domain.safety_checks import failed_in_words, failed_of_many, may_block
from core.resilience import NotLive

APPROVE: Final = Action(
    name="approve",
    tier=Tier.CONFIRM,
    title="Approve",
    effect="let the agents run tasks that wait for a review: back to pending, approval no longer required",
    halts=True,
    arguments=(TASKS, msgspec.structs.replace(REASON, required=False, words="remark")),
    shortcut=Shortcut(
        name="approve",
        key="A,shift+a",
        word="approve",
        does="approve the task under the cursor, or show the tasks waiting for review",
        drops=23,
    ),
    command=Command(
        name="approve",
        help="Approve the tasks with these ids, or all in review that match a filter, such as type:bug_fix.",
    ),
)
_APPROVED: Final = tuple(status for status in STATUSES if status not in {"awaiting_review", "rejected"})


class Approve(TaskRelease):
    """Approves tasks."""

    action = APPROVE
    settles = (APPROVE,)
    nothing = "nothing was approved"
    statuses = ("awaiting_review",)
    makes = frozenset({"pending"})
    otherwise = "must wait for a review"
    key = "db:approve_tasks"
    undoes = True

    def so(self, one: ChosenTask) -> bool:
        """Return whether it is pending and needs no approval."""
        return super().so(one) and not one.requires_approval

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._blocked = False
        """Whether one of the tasks that were looked at last fails a check that blocks, or may."""

    async def prepare(self, run: str) -> Prepared | Result:
        """Look again, at the safety checks too: one that failed since is shown before it is overruled."""
        prepared = await super().prepare(run)
        if isinstance(prepared, Prepared) and self.agreed.action is None:
            now = await self.agreed_anew()
            if now.action is not None:
                raise PlanChanged(now)
        return prepared

    def confirmed(self, plan: TasksPlan) -> TasksPlan:
        """Return the plan, to be typed where it overrules a check, too."""
        plan = super().confirmed(plan)
        return self.typed(plan) if self._blocked else plan

    async def warnings(self, chosen: tuple[ChosenTask, ...]) -> tuple[str, ...]:
        """Return the safety checks that they fail. Where those cannot be read that is said, but hinders nothing."""
        failed: dict[str, tuple[SafetyCheck, ...]] = {}
        self._blocked = False
        try:
            for part in batched(tuple(one.id for one in chosen), LEAST_CAP):
                failed |= await self._context.reads.safety.failed(part)
        except NotLive as not_live:
            if not_live.fault.kind == "missing_table":
                return ()
            return (f"whether a safety check failed is not known: {not_live.fault.sentence()}",)
        self._blocked = any(map(may_block, failed.values()))
        if len(chosen) == 1:
            said = failed_in_words(failed.get(chosen[0].id, ()))
        else:
            said = failed_of_many(tuple(failed.values()))
        return (said,) if said else ()

    def send(self, run: Run, status: str) -> Callable[[tuple[str, ...]], Awaitable[tuple[str, ...]]]:
        """Return the conditional write."""
        return partial(self._context.writes.tasks.approve, by=f"{run.actor.who}@{run.actor.host}")

    def changed(self, run: Run, status: str) -> Callable[[tuple[str, ...]], Awaitable[tuple[str, ...]]]:
        """Return what reads which of them need no approval any more and do not wait."""
        return partial(self._context.reads.chosen.in_status, statuses=_APPROVED, approved=True)

    async def undo_step(self, run: str) -> PlanStep | None:
        """Return which tasks still are pending as that run approved them. Raises NotLive."""
        _, ids = await self._still_so(run)
        if not ids:
            return None
        title = f"{plural(len(ids), 'task')} that {'waits' if len(ids) == 1 else 'wait'} for an agent"
        return PlanStep(name=self.action.name, title=title, effect="back to the inbox", count=len(ids), ids=ids)

    async def undo(self, undone: str, run: Run) -> None:
        """Let them wait for a review again. Raises NotLive."""
        chosen, writes = self._context.reads.chosen, self._context.writes
        waiting = partial(chosen.in_status, statuses=("awaiting_review",))
        of_run, still = await self._still_so(undone)
        if of_run is None:
            return
        send = partial(writes.tasks.take_back_approval, since=of_run.since, until=of_run.until)

        async def left(ids: tuple[str, ...]) -> int:
            return len(await self._among(ids, of_run))

        for ids in batched(still, LEAST_CAP):
            if run.halted():
                return
            run.count(ids, await run.change("db:take_back_approval", ids, send=send, changed=waiting, left=left))

    async def _still_so(self, run: str) -> tuple[TasksOfRun | None, tuple[str, ...]]:
        of_run = await self._context.reads.audit.chosen_by_run(run)
        if of_run is None:
            return None, ()
        parts = batched(tuple(sorted(of_run.ids)), LEAST_CAP)
        return of_run, tuple([name for part in parts for name in await self._among(part, of_run)])

    async def _among(self, ids: tuple[str, ...], of_run: TasksOfRun) -> tuple[str, ...]:
        """Return which are as that run left them: whoever reviewed one later has another time."""
        reviewed = (of_run.since, of_run.until)
        return await self._context.reads.chosen.in_status(ids, ("pending",), approved=True, reviewed=reviewed)
