"""Requeue: what was pending when an emergency stop rejected it goes back to pending."""

from typing import Final

from core.actions.action import Operation, Prepared, ReadBack
from core.actions.batches import requeue
from core.actions.context import ActionContext
from core.actions.dependencies import Dependencies
from core.actions.run import NOT_OURS, Run
from core.base.text import plural
from core.domain.actions import Action, Result, Shortcut, Tier
from core.domain.markers import Markers
from core.domain.plans import RequeuePlan
from core.domain.records import SystemConfig
from core.domain.status import Truth
from core.domain.stops import ANY_STOP, StopRecord, StopTrail, to_requeue

REQUEUE: Final = Action(
    name="requeue",
    tier=Tier.CONFIRM,
    title="Requeue",
    effect="requeue what was pending when a stop rejected it",
    halts=True,
    shortcut=Shortcut(
        name="requeue",
        word="requeue",
        does="requeue: what the last emergency stop rejected goes back to pending",
    ),
)

_EPISODES: Final = 8


async def left_over(context: ActionContext, config: SystemConfig | None, trail: StopTrail | None = None) -> RequeuePlan:
    """Return what a stop that is over left rejected that was pending; none while one is set. Raises NotLive."""
    if config is not None and config.emergency_stop:
        return RequeuePlan(of="", tasks=0)
    found = await _left_over(context, trail)
    return RequeuePlan(of="", tasks=0) if found is None else RequeuePlan(of=found[0], tasks=found[2])


async def audited_stops(context: ActionContext) -> StopTrail:
    """Return what the audit trail tells of stops. Raises NotLive: without it what a stop rejected is not known."""
    return await context.reads.audit.stop_trail()


async def count_rejected(context: ActionContext, marks: Markers) -> int:
    """Return how many rejected tasks carry one of `marks`. Raises NotLive."""
    return await context.reads.task_ids.count_marked(marks, "rejected")


class Requeue(Operation[RequeuePlan]):
    """Requeues what was pending when the last stop rejected it. Begun again, it goes on with what is left.

    `marks`: of what the stop that was just cleared rejected; `None`: of what any that is over left.
    """

    action = REQUEUE
    nothing = "nothing was requeued"
    unsure = "not known how much was requeued"

    def __init__(self, parts: Dependencies, shown: RequeuePlan | None = None, *, marks: Markers | None = None) -> None:
        super().__init__(parts, shown)
        self._given = marks
        self._marks = Markers()

    async def plan(self) -> RequeuePlan:
        """Return what is left of a stop that is over. Raises NotLive."""
        return await left_over(self._context, await self._context.reads.config.visible())

    async def prepare(self, run: str) -> Prepared | Result:
        """Find out what is left of a stop that is over."""
        config = await self._context.reads.config.visible()
        if config is not None and config.emergency_stop:
            return self.refused("an emergency stop is set: nothing was requeued")
        if self._given is not None:
            self._marks = self._given
            of, left = "the stop that was cleared", await self._left()
        else:
            found = await _left_over(self._context)
            of, self._marks, left = found if found is not None else ("", Markers(), 0)
        if not left:
            return self.already("nothing is left to requeue")
        return Prepared(told={"of": of, "marks": self._marks.begins, "tasks": left}, planned=left, run=run)

    async def run(self, run: Run) -> None:
        """Change batch by batch, each task only if the stop's mark still stands on it."""
        await requeue(run, self._marks, from_status="rejected", to_status="pending", title="Rejected tasks")

    async def read_back(self, run: Run) -> ReadBack:
        """Count what is left."""
        left = await self._left()
        given = max(run.changed, run.planned - left) if run.fault is not None else run.changed
        run.changed = given
        text = f"{given:,} of {plural(run.planned, 'task')} requeued"
        if run.halt:
            text += f"; halted: {run.halt}"
        if run.refused:
            text += f"; {run.refused:,} refused: {NOT_OURS}"
        if run.unknown:
            text += f"; {run.unknown:,} with unknown outcome (response lost)"
        text += run.faults_text()
        if left and not run.refused:
            text += f"; {left:,} are left: run it again"
        holds = Truth.of(not left)
        return ReadBack(holds=holds, text=text, told={"requeued": given, "left": left})

    async def _left(self) -> int:
        return await count_rejected(self._context, self._marks)


async def _left_over(context: ActionContext, trail: StopTrail | None = None) -> tuple[str, Markers, int] | None:
    """Return the newest stop that is over and left tasks rejected that were pending: in words, marks, how many."""
    if not await count_rejected(context, ANY_STOP):
        return None
    trail = trail if trail is not None else await audited_stops(context)
    for stops in trail.episodes()[:_EPISODES]:
        marks = to_requeue(stops)
        if tasks := await count_rejected(context, marks):
            return _of(stops[-1]), marks, tasks
    return "a stop that has no audit row", ANY_STOP, await count_rejected(context, ANY_STOP)


def _of(stop: StopRecord) -> str:
    at = f" of {stop.began_at:%Y-%m-%d %H:%M} UTC" if stop.began_at is not None else ""
    return f"the stop{at}" + (f": {stop.reason}" if stop.reason else "")
