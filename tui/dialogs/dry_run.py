"""Dry-run on or off: whichever it is not, and its project's name typed before anything becomes real."""

from textual.app import ComposeResult
from textual.widgets import Button, Input

from core.base.text import plural
from core.domain.actions import DRY_RUN_OFF, DRY_RUN_ON, Result
from tui.base.interfaces import MonitorLike
from tui.dialogs.dialog import Dialog
from tui.dialogs.field import Field


class DryRunDialog(Dialog):
    """Turns dry-run to what it is not."""

    def __init__(self, monitor: MonitorLike) -> None:
        self._project = monitor.snapshot.project.name
        super().__init__(f"Dry-run of {self._project}")
        self._monitor = monitor
        self._on: bool | None = None

    def fields(self) -> ComposeResult:
        """The project's name, where dry-run is to end."""
        word = Field(placeholder=f"type {self._project}", id="word")
        word.display = False
        yield word

    async def plan(self) -> str:
        """How it stands, and what would be done."""
        plan = await self._monitor.plan_mode()
        if not plan.known:
            self._on = None
            return "No config row is visible to us: what the agents are set to is not known."
        self._on = not plan.dry_run
        self.query_one("#word", Input).display = not self._on
        self.query_one("#act", Button).label = "Turn on" if self._on else "Turn off"
        order = DRY_RUN_ON if self._on else DRY_RUN_OFF
        now = f"Dry-run is {'on' if plan.dry_run else 'off'}. {order.title}: {order.effect}."
        return f"{now} {plural(plan.pending, 'task')} pending now." if self._on else now

    async def act(self) -> Result | None:
        """Turn it."""
        return None if self._on is None else await self._monitor.set_dry_run(self._on)

    def ready(self) -> bool:
        """It is known how it stands, and the name is typed where it must be."""
        return self._on is not None and (self._on or self.query_one("#word", Input).value == self._project)
