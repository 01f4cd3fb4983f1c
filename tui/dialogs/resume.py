"""Lift the stop: what stands, what it rejected, and whether that goes back; also once it is lifted."""

from textual.app import ComposeResult
from textual.widgets import Button, Checkbox, Input

from core.base.text import plural
from core.domain.actions import REQUEUE, RESUME, Result, ResumePlan, must_type
from core.resilience import NotLive
from tui.base.interfaces import MonitorLike
from tui.dialogs.dialog import Dialog
from tui.dialogs.field import Field
from tui.dialogs.stop import KEPT
from tui.dialogs.tick import Tick


class ResumeDialog(Dialog):
    """Wants the project's name typed."""

    ACT = "Resume"
    DANGER = True

    def __init__(self, monitor: MonitorLike) -> None:
        self._project = monitor.snapshot.project.name
        super().__init__(f"Resume {self._project}: {RESUME.effect}")
        self._monitor = monitor
        self._plan = ResumePlan(standing="")
        self._offered = False

    def fields(self) -> ComposeResult:
        """Requeue or not, and the name."""
        yield Tick("requeue what was pending", id="requeue")
        yield Field(placeholder=f"type {self._project}", id="word")

    async def plan(self) -> str:
        """What stands."""
        try:
            self._plan = plan = await self._monitor.plan_lift()
        except NotLive as not_live:
            self._plan = ResumePlan(standing="not known to stand")
            return f"{not_live.fault.sentence()}\n{KEPT}"
        self._fit(plan)
        if not plan.standing and plan.requeueable:
            return f"No emergency stop is set. Still rejected: {plural(plan.requeueable, 'task')} of {plan.of}."
        if not plan.standing:
            return "No emergency stop is set."
        rejected = plural(plan.rejected, "task")
        return f"It is {plan.standing}.\n{rejected} rejected by it, {plan.requeueable:,} of them were pending."

    async def act(self) -> Result | None:
        """Lift, or give back what the last stop left rejected."""
        if not self._plan.standing:
            return await self._monitor.requeue()
        requeue = self.query_one("#requeue", Checkbox).value
        return await self._monitor.lift(requeue=requeue, stop=self._plan.stop)

    def ready(self) -> bool:
        """A stop stands, or there is something to give back, and what must be typed is typed."""
        word = self._word()
        typed = word is None or self.query_one("#word", Input).value == word
        return (bool(self._plan.standing) or self._gives_back()) and typed

    def on_checkbox_changed(self, event: Checkbox.Changed) -> None:
        """Whether anything is to be done may hang on it."""
        event.stop()
        self._allow()

    def _fit(self, plan: ResumePlan) -> None:
        """Once the stop is over there is but one thing to do: it is ticked, and named on the button."""
        over = not plan.standing and plan.requeueable > 0
        tick, field = self.query_one("#requeue", Checkbox), self.query_one("#word", Input)
        if over and not self._offered:
            self._offered = tick.value = True
        field.display = self._word() is not None
        self.query_one("#act", Button).label = "Requeue" if over else self.ACT

    def _gives_back(self) -> bool:
        return self._plan.requeueable > 0 and self.query_one("#requeue", Checkbox).value

    def _word(self) -> str | None:
        if self._plan.standing:
            return self._project
        return must_type(REQUEUE, self._plan.requeueable, self._project)
