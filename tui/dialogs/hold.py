"""Hold a breaker open: which, what that keeps from going out, and why."""

from textual.app import ComposeResult
from textual.widgets import Input

from core.domain.actions import HOLD_BREAKER, Result
from tui.base.interfaces import MonitorLike
from tui.dialogs.dialog import Dialog
from tui.dialogs.field import Field


class HoldDialog(Dialog):
    """Asks for a reason, which everybody who meets the held breaker will read."""

    ACT = "Hold open"

    def __init__(self, monitor: MonitorLike, key: str) -> None:
        super().__init__(f"Hold {key} of {monitor.snapshot.project.name} open: {HOLD_BREAKER.effect}")
        self._monitor = monitor
        self._key = key

    def fields(self) -> ComposeResult:
        """The reason."""
        yield Field(placeholder="reason", id="reason", max_length=200)

    async def plan(self) -> str:
        """How it stands now."""
        now = next((r for r in self._monitor.snapshot.breakers if r.key == self._key), None)
        stands = "not used yet" if now is None else now.state.value.replace("_", "-")
        return f"It is {stands}. Checks, actions and read-backs still go out; what it refuses shows last-known data."

    async def act(self) -> Result | None:
        """Hold it."""
        return await self._monitor.hold_breaker(self._key, self.query_one("#reason", Input).value.strip())

    def ready(self) -> bool:
        """A reason is given."""
        return bool(self.query_one("#reason", Input).value.strip())
