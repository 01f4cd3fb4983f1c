"""Emergency stop: what it will do, a reason, and the word."""

from textual.app import ComposeResult
from textual.widgets import Input

from core.base.text import plural
from core.domain.actions import EMERGENCY_STOP, Result, StopPlan
from core.resilience import NotLive
from tui.base.interfaces import MonitorLike
from tui.dialogs.dialog import Dialog
from tui.dialogs.field import Field

HOURS = 24
KEPT = (
    "The project does not answer now. The action is kept on this machine's disk and carried out once it does;"
    " until then it can be withdrawn (o)."
)


class StopDialog(Dialog):
    """Asks for a reason and for the word STOP."""

    ACT = "Stop all"
    DANGER = True
    BOUND = False  # it stops everything, however much that is by now
    AT_ONCE = True
    READING = "one moment, counting what it would hit … A reason and the word suffice, the stop waits for no count."

    def __init__(self, monitor: MonitorLike) -> None:
        self._project = monitor.snapshot.project.name
        super().__init__(f"EMERGENCY STOP of {self._project}: {EMERGENCY_STOP.effect}")
        self._monitor = monitor
        self._plan: StopPlan | None = None

    def fields(self) -> ComposeResult:
        """Reason and word."""
        yield Field(value=self._reason(), placeholder="reason", id="reason", max_length=400)
        yield Field(placeholder=f"type {EMERGENCY_STOP.word}", id="word", max_length=20)

    async def plan(self) -> str:
        """What it would hit."""
        try:
            self._plan = plan = await self._monitor.plan_stop()
        except NotLive as not_live:
            self._plan = StopPlan(pending=0, running=0)
            return f"{not_live.fault.sentence()}\n{KEPT}"
        pending, running = plural(plan.pending, "pending task"), plural(plan.running, "running one")
        if plan.already and plan.open:
            return f"{self._project} is already {plan.already}. That stands; rejects {pending} and {running}."
        if plan.already:
            return f"{self._project} is already {plan.already}. Nothing will be changed."
        return f"Sets the stop for {HOURS} h or until you resume, and rejects {pending} and {running}."

    async def act(self) -> Result | None:
        """Stop."""
        return await self._monitor.stop(self.query_one("#reason", Input).value.strip(), HOURS)

    def _reason(self) -> str:
        """What fires already says why."""
        alerts = self._monitor.snapshot.alerts
        firing = (one for one in alerts if one.is_so and one.severity == "critical" and one.rule != EMERGENCY_STOP.name)
        worst = next(firing, None)
        return "" if worst is None else f"{worst.title}: {worst.text}"

    def ready(self) -> bool:
        """Not stopped yet as far as is known, a reason given, the word typed."""
        reason = self.query_one("#reason", Input).value.strip()
        word = self.query_one("#word", Input).value == EMERGENCY_STOP.word
        already = self._plan is not None and self._plan.already and not self._plan.open
        return not already and bool(reason) and word
