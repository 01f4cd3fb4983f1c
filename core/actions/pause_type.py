"""Pause a task type: what is pending of it is set aside, and what comes while the pause stands as well."""

from functools import partial
from typing import Final

import msgspec

from core.actions.action import Operation, Prepared, ReadBack
from core.actions.batches import requeue
from core.actions.context import ActionContext
from core.actions.dependencies import Dependencies
from core.actions.run import Run
from core.backend.writes.rows import BATCH
from core.base.text import clean, plural
from core.domain.actions import Action, Argument, ArgumentKind, Command, Result, Shortcut, Tier
from core.domain.markers import Markers
from core.domain.pauses import Pause, pause_mark
from core.domain.plans import Plan
from core.domain.status import Truth
from core.resilience import NotLive

TYPE_CHARS: Final = 200
_REASON_CHARS: Final = 400

TYPE: Final = Argument(name="task_type", kind=ArgumentKind.SUBJECT, metavar="TYPE", required=True)

PAUSE_TYPE: Final = Action(
    name="pause_type",
    tier=Tier.CONFIRM,
    title="Pause a task type",
    effect="no agent picks up tasks of this type until it is unpaused",
    verb="Pause",
    halts=True,
    bound=False,  # how many are pending changes all the time
    arguments=(
        TYPE,
        Argument(name="reason", help="Why; the audit trail keeps it.", required=True, longest=_REASON_CHARS),
    ),
    shortcut=Shortcut(name="pause", word="pause", does="pause a task type: agents pick up no tasks of this type"),
    command=Command(
        name="pause",
        help=(
            "Hold back the pending tasks of a type: they are put in review and marked as paused, because the tables"
            " have no status for it. New tasks are held back too, within seconds, as long as a monitor that may write"
            " is running; an agent that polls earlier may still take one. `watchdesk unpause TYPE` returns exactly"
            " these tasks to pending."
        ),
    ),
)


class PausePlan(Plan, frozen=True, kw_only=True):
    """One type with how much of it is pending and running. `standing`: the pause that stands already."""

    task_type: str = ""
    pending: int = 0
    running: int = 0
    standing: Pause | None = None
    refused: str = ""

    @property
    def rows(self) -> int:
        """Return how many tasks are set aside."""
        return self.pending

    @property
    def idle(self) -> bool:
        """Return whether it is paused and nothing of it is pending."""
        return self.standing is not None and not self.pending and not self.refused

    @property
    def text(self) -> str:
        """Return what becomes of the tasks, and what it does not reach."""
        if self.refused:
            return self.refused
        if self.standing is not None:
            more = f"; {plural(self.pending, 'pending task')} held back too" if self.pending else ""
            return f"{self.standing.text}{more}"
        lines = [
            f"{plural(self.pending, 'pending task')} of type {self.task_type} held back (status: in review, marked as"
            " paused)"
        ]
        if self.running:
            lines.append(f"{self.running:,} running {'continues' if self.running == 1 else 'continue'}")
        lines.append(
            "new ones are held back within seconds while a monitor that may write is running; an agent may be faster"
        )
        return "\n".join(lines)


class PauseType(Operation[PausePlan]):
    """Pauses the type `task_type`. Begun again while it is paused, it sets aside what has come since."""

    action = PAUSE_TYPE
    settles = (PAUSE_TYPE,)
    nothing = "nothing was paused"
    unsure = "not known whether it is paused"

    def __init__(
        self, parts: Dependencies, shown: PausePlan | None = None, *, task_type: str = "", reason: str = ""
    ) -> None:
        super().__init__(parts, shown)
        self._type = shown.task_type if shown is not None and shown.task_type else task_type
        self.reason = clean(reason.strip(), _REASON_CHARS)

    async def plan(self) -> PausePlan:
        """Return how much of the type is pending now. Raises NotLive."""
        if not self._type.strip() or self._type != clean(self._type, TYPE_CHARS):
            return PausePlan(refused=f"{clean(self._type, TYPE_CHARS) or 'nothing'} is not a task type")
        pauses = self._context.reads.pauses
        pending = await pauses.count(self._type, "pending")
        running = await pauses.count(self._type, "in_progress")
        standing = await self._context.reads.pauses.of_type(self._type)
        return PausePlan(task_type=self._type, pending=pending, running=running, standing=standing)

    async def prepare(self, run: str) -> Prepared | Result:
        """Look again: a pause that ended meanwhile is not begun anew."""
        shown = await self.agree()
        now = shown if shown.refused else await self.plan()
        if now.refused:
            return self.refused(now.refused)
        if shown.standing is not None and now.standing is None:
            return self.unchanged(f"{now.task_type} was unpaused in the meantime: nothing was changed")
        if now.idle:
            return self.already(now.text)
        if now.standing is None and not self.reason:
            return self.refused("nothing was changed: a reason is required, for the audit trail")
        self._shown = now
        told = {"task_type": now.task_type, "tasks": now.pending}
        return Prepared(told=told | ({"reason": self.reason} if self.reason else {}), planned=now.pending, run=run)

    async def run(self, run: Run) -> None:
        """Say that it is paused, then set aside what is pending, as long as the pause stands."""
        agreed, context = self.agreed, self._context
        pause = agreed.standing
        if pause is None:
            who = f"{run.actor.who}@{run.actor.host}"
            pause = Pause(task_type=agreed.task_type, run=run.id, who=who, reason=self.reason)
            try:
                await context.insert("db:pause_type", partial(context.writes.insert_pause, pause))
                run.turned = run.sent = True
            except NotLive as not_live:
                if not_live.fault.kind != "duplicate":  # another was faster
                    raise
        await self._set_aside(run, pause)

    async def read_back(self, run: Run) -> ReadBack:
        """Say whether it is paused now, and how many of it still are pending."""
        now = await self.plan()
        told = {"task_type": now.task_type} | ({"reason": self.reason} if self.reason else {})
        if now.standing is None:
            return ReadBack(holds=Truth.FALSE, text=f"{now.task_type} is NOT paused: {run.text()}", told=told)
        came = f"; {now.pending:,} came in the meantime" if now.pending and not run.refused else ""
        text = f"{now.task_type} is paused (read back): {run.changed:,} held back{came}"
        text += f"; {run.text()}" if not run.whole else ""
        return ReadBack(holds=Truth.TRUE, text=text, told=told)

    async def _set_aside(self, run: Run, pause: Pause) -> None:
        reads, task_type = self._context.reads, pause.task_type
        marks = Markers(begins=(pause_mark(task_type),))
        error = f"{pause_mark(task_type)}{run.id}: by {pause.who}: {pause.reason}"
        send = partial(self._context.writes.tasks.set_aside, task_type=task_type, error=error)
        changed = partial(reads.task_ids.marked_among, status="awaiting_review", marks=marks)

        async def left(ids: tuple[str, ...]) -> int:
            return len(await reads.chosen.in_status(ids, ("pending",)))

        after, done = "", 0
        while ids := await reads.pauses.pending(task_type, BATCH, after):
            if run.halted():
                return
            run.count(ids, await run.change("db:set_aside", ids, send=send, changed=changed, left=left))
            after, done = ids[-1], done + len(ids)
            run.tell(self.action.title, done, max(run.planned, done))
        if run.changed and await self._context.reads.pauses.of_type(task_type) is None:  # ended by another meanwhile
            run.notes.append("it was unpaused in the meantime: returned to pending")
            ours = Markers(begins=(f"{pause_mark(task_type)}{run.id}:",))
            await requeue(run, ours, from_status="awaiting_review", to_status="pending", title="Tasks held back")


async def count_aside(context: ActionContext, pause: Pause) -> Pause:
    """Return a pause with how many tasks it has set aside. Raises NotLive."""
    marks = Markers(begins=(pause_mark(pause.task_type),))
    return msgspec.structs.replace(pause, tasks=await context.reads.task_ids.count_marked(marks, "awaiting_review"))
