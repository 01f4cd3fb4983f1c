"""Lift the stop: what stands, what it rejected, and whether that goes back."""

from textual.app import ComposeResult
from textual.widgets import Checkbox, Input

from core.act.orders import LIFT, LiftPlan, Result
from core.resilience import NotLive
from core.text import plural
from tui.contract import MonitorLike
from tui.dialogs.dialog import Dialog
from tui.dialogs.field import Field
from tui.dialogs.stop import KEPT


class Tick(Checkbox):
    """A checkbox whose cross is there only while it is on: colour is never the only sign."""

    BUTTON_INNER = " "

    def watch_value(self) -> None:
        """Draw what it says."""
        self.BUTTON_INNER = "X" if self.value else " "
        super().watch_value()


class LiftDialog(Dialog):
    """Wants the project's name typed."""

    ACT = "Lift"
    DANGER = True

    def __init__(self, monitor: MonitorLike) -> None:
        self._project = monitor.snapshot.project.name
        super().__init__(f"Lift the emergency stop of {self._project}: {LIFT.effect}")
        self._monitor = monitor
        self._plan = LiftPlan(standing="")

    def fields(self) -> ComposeResult:
        """Requeue or not, and the name."""
        yield Tick("give back what was pending", id="requeue")
        yield Field(placeholder=f"type {self._project}", id="word")

    async def plan(self) -> str:
        """What stands."""
        try:
            self._plan = plan = await self._monitor.plan_lift()
        except NotLive as not_live:
            self._plan = LiftPlan(standing="not known to stand")
            return f"{not_live.fault.sentence()}\n{KEPT}"
        if not plan.standing:
            return "No emergency stop is set."
        rejected = plural(plan.rejected, "task")
        return f"It is {plan.standing}.\n{rejected} rejected by it, {plan.requeueable:,} of them were pending."

    async def act(self) -> Result | None:
        """Lift."""
        return await self._monitor.lift(requeue=self.query_one("#requeue", Checkbox).value)

    def ready(self) -> bool:
        """A stop stands and the name is typed."""
        return bool(self._plan.standing) and self.query_one("#word", Input).value == self._project
