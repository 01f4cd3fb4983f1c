"""Unpause a task type: exactly the tasks that its pause set aside go back to pending."""

from typing import Final

from core.actions.action import Operation, Prepared, ReadBack
from core.actions.batches import requeue
from core.actions.dependencies import Dependencies
from core.actions.pause_type import TYPE, TYPE_CHARS, count_aside
from core.actions.run import Run
from core.base.text import clean, plural
from core.domain.actions import Action, Command, Result, Shortcut, Tier
from core.domain.markers import Markers
from core.domain.pauses import Pause, pause_mark
from core.domain.plans import Plan
from core.domain.status import Truth

UNPAUSE_TYPE: Final = Action(
    name="unpause_type",
    tier=Tier.CONFIRM,
    title="Unpause a task type",
    effect="return its paused tasks to pending: the agents pick them up again",
    verb="Unpause",
    halts=True,
    bound=False,
    arguments=(TYPE,),
    shortcut=Shortcut(
        name="unpause", word="unpause", does="unpause a task type: its held back tasks go back to pending"
    ),
    command=Command(
        name="unpause",
        help="End the pause of a task type, and return to pending exactly the tasks that it held back.",
    ),
)


class UnpausePlan(Plan, frozen=True, kw_only=True):
    """One type with its pause, `None` where none stands, and how many tasks are set aside for it."""

    task_type: str = ""
    pause: Pause | None = None
    aside: int = 0
    refused: str = ""

    @property
    def rows(self) -> int:
        """Return how many tasks go back."""
        return self.aside

    @property
    def idle(self) -> bool:
        """Return whether it is not paused, and nothing of it is set aside."""
        return self.pause is None and not self.aside and not self.refused

    @property
    def text(self) -> str:
        """Return which pause it is, and how many tasks go back."""
        if self.refused:
            return self.refused
        if self.idle:
            return f"{self.task_type} is not paused"
        what = self.pause.text if self.pause is not None else f"the pause of {self.task_type} has ended"
        return f"{what}\n{plural(self.aside, 'task')} back to pending"


class UnpauseType(Operation[UnpausePlan]):
    """Unpauses the type `task_type`. Begun again, it goes on with what is left."""

    action = UNPAUSE_TYPE
    settles = (UNPAUSE_TYPE,)
    nothing = "nothing was unpaused"
    unsure = "not known whether it is unpaused"

    def __init__(self, parts: Dependencies, shown: UnpausePlan | None = None, *, task_type: str = "") -> None:
        super().__init__(parts, shown)
        self._type = shown.task_type if shown is not None and shown.task_type else task_type

    async def plan(self) -> UnpausePlan:
        """Return the pause, and how many tasks it has set aside. Raises NotLive."""
        if not self._type.strip() or self._type != clean(self._type, TYPE_CHARS):
            return UnpausePlan(refused=f"{clean(self._type, TYPE_CHARS) or 'nothing'} is not a task type")
        named = Pause(task_type=self._type, run="")
        pause = await self._context.reads.pauses.of_type(self._type)
        aside = (await count_aside(self._context, pause or named)).tasks or 0
        if pause is None and not aside:
            await self._context.reads.pauses.count(self._type, "awaiting_review")  # proves that rows are visible
        return UnpausePlan(task_type=self._type, pause=pause, aside=aside)

    async def prepare(self, run: str) -> Prepared | Result:
        """Look again: another may have unpaused it."""
        shown = await self.agree()
        now = shown if shown.refused else await self.plan()
        if now.refused:
            return self.refused(now.refused)
        if now.idle:
            return self.idle(now)
        self._shown = now
        return Prepared(told={"task_type": now.task_type, "tasks": now.aside}, planned=now.aside, run=run)

    async def run(self, run: Run) -> None:
        """End the pause first, so that nothing is set aside again; then give back what it set aside."""
        pause = self.agreed.pause
        if pause is not None and await run.write("db:unpause_type", lambda: self._context.writes.delete_pause(pause)):
            run.turned = True
        await requeue(run, self._marks, from_status="awaiting_review", to_status="pending", title="Tasks held back")

    async def read_back(self, run: Run) -> ReadBack:
        """Say whether it is paused now, and how many tasks still are set aside."""
        pause = await self._context.reads.pauses.of_type(self._type)
        left = await self._context.reads.task_ids.count_marked(self._marks, "awaiting_review")
        told = {"task_type": self._type, "left": left}
        if pause is not None:
            run.refused += not run.refused
            return ReadBack(holds=Truth.FALSE, text=f"{self._type} is STILL paused: {run.text()}", told=told)
        text = f"{self._type} is unpaused (read back): {plural(run.changed, 'task')} back to pending"
        text += f"; {left:,} are left: run it again" if left else ""
        text += f"; {run.text()}" if not run.whole else ""
        return ReadBack(holds=Truth.of(not left), text=text, told=told)

    @property
    def _marks(self) -> Markers:
        return Markers(begins=(pause_mark(self._type),))
