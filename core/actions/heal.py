"""Heal: plan again, compare with what was shown, apply step by step; one failure does not hinder the next."""

from collections.abc import Collection
from typing import Final

from core.actions.action import Operation, Prepared, ReadBack
from core.actions.dependencies import Dependencies
from core.actions.healer import Findings, described
from core.actions.repairs import BY_DEFAULT, IN_WORDS, STEPS
from core.actions.repairs.stuck_tasks import StuckTasks
from core.actions.run import Run
from core.backend.faults import classify
from core.base.text import clean
from core.domain.actions import Action, Argument, ArgumentKind, Command, Result, Shortcut, Tier
from core.domain.plans import HealPlan, PlanChanged
from core.domain.queries import is_uuid
from core.domain.status import Truth
from core.resilience import NotLive

HEAL: Final = Action(
    name="heal",
    tier=Tier.CONFIRM,
    title="Heal",
    effect="repair what is listed, each row only if it still needs it",
    halts=True,
    arguments=(
        Argument(
            name="only",
            words="repairs",
            kind=ArgumentKind.CHOICES,
            help="Run only these repairs (default: all except logs); dry-run: turn the agents' dry-run on.",
            choices=STEPS,
            in_words=IN_WORDS,
            default=BY_DEFAULT,
            replans=True,
        ),
        Argument(name="tasks", kind=ArgumentKind.ROWS, words="stuck tasks", metavar="[ID]…", replans=True),
    ),
    shortcut=Shortcut(name="heal", key="h", word="heal", does="heal: shows the plan, then asks", drops=3),
    command=Command(
        name="heal",
        help=(
            "Repair what is stuck, missing, failing or old; each row only if it still is. With ids: only these of the"
            " stuck tasks, and nothing else unless --only names it."
        ),
    ),
)
CLEAN_UP: Final = Action(
    name="clean_up",
    tier=Tier.CONFIRM,
    title="Clean up the log",
    effect="delete log rows older than the retention period",
    halts=True,
    beside=True,
    shortcut=Shortcut(name="clean_up", word="clean up", does="clean up the log: delete rows that are past their time"),
)

CLEANING: Final = frozenset({"old_logs"})


class Heal(Operation[HealPlan]):
    """Applies the plan that was `shown`, once it was made again and is the same; or the one just `found`.

    A heal of old log rows alone is audited as the clean-up that it is, and waits for nothing else.
    """

    action = HEAL

    def __init__(
        self,
        parts: Dependencies,
        shown: HealPlan | None = None,
        *,
        only: Collection[str] = (),
        tasks: Collection[str] = (),
        found: Findings | None = None,
    ) -> None:
        super().__init__(parts, shown)
        plan = shown or (found.plan if found is not None else HealPlan())
        self._tasks = frozenset(plan.tasks or (name.lower() for name in tasks))
        usual = {StuckTasks.name} if self._tasks else BY_DEFAULT
        self._only = frozenset(plan.only or only or usual)
        self._found = found
        if self._only == CLEANING:
            self.action = CLEAN_UP

    async def plan(self) -> HealPlan:
        """Return what each repair would do. Raises NotLive."""
        if odd := next((name for name in self._tasks if not is_uuid(name)), ""):
            return HealPlan(refused=f"{clean(odd, 60)} is not a task id")
        return (await self._find()).plan

    async def prepare(self, run: str) -> Prepared | Result:
        """Plan again, and compare. Raises PlanChanged."""
        if self._shown is not None and self._shown.refused:
            return self.refused(self._shown.refused)
        if self._found is None:
            self._found = await self._find()
            if self._shown is not None and not self._found.plan.same_targets(self._shown):
                raise PlanChanged(self._found.plan)
        plan = self._found.plan
        if plan.empty and plan.unknown:
            raise NotLive(plan.unknown[0])
        if plan.empty:
            return self.already(plan.nothing)
        return Prepared(told=described(self._found), planned=plan.rows, run=run)

    async def run(self, run: Run) -> None:
        """Apply each step by itself."""
        found, healer = self._found, self._parts.healer
        if found is None:
            return
        for step in found.plan.steps:
            if run.halted():
                return
            before = run.changed

            def tell(done: int, title: str = step.title, count: int = step.count) -> None:
                run.tell(title, done, count)

            with healer.boundary.around(f"the repair of {step.name.replace('_', ' ')}") as fenced:
                try:
                    await healer.repairs[step.name].apply(step, found.survey, run, tell)
                except NotLive as not_live:
                    run.fail(step.title, not_live.fault)
            if fenced.error is not None:
                run.fail(step.title, classify(fenced.error))
            run.close(step, before)

    async def _find(self) -> Findings:
        return await self._parts.healer.plan(self._parts.now(), only=self._only, tasks=self._tasks)

    async def read_back(self, run: Run) -> ReadBack:
        """Return the counts: each step counted from its own answers, or read back where those were lost."""
        return ReadBack(holds=Truth.of(run.changed > 0), text=run.text())


class CleanUp(Heal):
    """Deletes old log rows alone."""

    action = CLEAN_UP

    def __init__(self, parts: Dependencies, shown: HealPlan | None = None, *, found: Findings | None = None) -> None:
        super().__init__(parts, shown, only=CLEANING, found=found)
