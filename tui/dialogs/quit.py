"""Quit while an order waits: it stays on the disk, and nobody carries it out."""

from core.act.orders import Result
from tui.contract import MonitorLike
from tui.dialogs.dialog import Dialog


class QuitDialog(Dialog):
    """Asks only because something is not done yet."""

    ACT = "Quit"

    def __init__(self, monitor: MonitorLike) -> None:
        super().__init__("Quit?")
        self._monitor = monitor

    async def plan(self) -> str:
        """What waits."""
        waiting = "\n".join(one.words for one in self._monitor.snapshot.waiting) or "Nothing waits any more."
        return f"{waiting}\nIt stays on this machine's disk, and is carried out only while a watchdesk runs here."

    async def act(self) -> Result | None:
        """Leave."""
        self.app.exit()
        return None
