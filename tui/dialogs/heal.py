"""Heal: which repairs, the plan, confirmed, recomputed, applied."""

from collections.abc import Collection
from typing import Final

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Checkbox, Input

from core.actions.repairs import BY_DEFAULT, STEPS
from core.base.text import plural
from core.domain.actions import HEAL, TYPED_ABOVE, HealPlan, PlanChanged, Result
from tui.base.interfaces import MonitorLike
from tui.dialogs.dialog import Dialog
from tui.dialogs.field import Field
from tui.dialogs.tick import Tick

_TICKED: Final = "repair-"


class HealDialog(Dialog):
    """Shows the plan and applies exactly that. `ticked`: the repairs it begins with."""

    ACT = "Heal"
    HALTS = True

    def __init__(self, monitor: MonitorLike, ticked: Collection[str] = BY_DEFAULT) -> None:
        self._ticked = ticked
        self._project = monitor.snapshot.project.name
        super().__init__(f"Heal {self._project}: {HEAL.effect}")
        self._monitor = monitor
        self._plan = HealPlan()

    def fields(self) -> ComposeResult:
        """Which repairs; and the project's name, asked for when many rows are concerned."""
        with Horizontal(id="repairs"):
            for called, name in STEPS.items():
                yield Tick(called, value=name in self._ticked, id=f"{_TICKED}{name}", compact=True)
        word = Field(placeholder=f"type {self._project}: more than {TYPED_ABOVE} rows", id="word")
        word.display = False
        yield word

    async def plan(self) -> str:
        """What would be done."""
        only = self._only()
        self._plan = await self._monitor.plan_heal(only) if only else HealPlan(notes=("No repair is ticked.",))
        self.query_one("#word", Input).display = self._plan.rows > TYPED_ABOVE
        return described(self._plan)

    async def act(self) -> Result | None:
        """Apply what is shown; a plan that changed meanwhile is shown and asked again."""
        try:
            return await self._monitor.heal(self._plan, self.progress, self.halted)
        except PlanChanged as changed:
            self._plan = changed.plan
            self.query_one("#word", Input).display = self._plan.rows > TYPED_ABOVE
            self.take(described(self._plan))
            self.say("the plan changed meanwhile, nothing was done: look again")
            return None

    def ready(self) -> bool:
        """Something to do of what is ticked, and the name typed where it must be."""
        many = self._plan.rows > TYPED_ABOVE
        typed = not many or self.query_one("#word", Input).value == self._project
        of_these = not self._plan.only or frozenset(self._plan.only) == self._only()
        return not self._plan.empty and of_these and typed

    def on_checkbox_changed(self, event: Checkbox.Changed) -> None:
        """Another choice is another plan: what was shown counts no more."""
        event.stop()
        self.anew()

    def _only(self) -> frozenset[str]:
        return frozenset((tick.id or "").removeprefix(_TICKED) for tick in self.query(Tick) if tick.value)


def described(plan: HealPlan) -> str:
    """The plan for people."""
    if plan.empty:
        return "\n".join((f"{plan.nothing.capitalize()}.", *plan.notes))
    steps = [f"• {step.title}: {step.effect} ({plural(step.count, 'row')})" for step in plan.steps]
    return "\n".join((*steps, *plan.notes))
