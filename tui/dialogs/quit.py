"""Quit while an action is under way, which is cut off, or waits: it stays on the disk, and nobody runs it."""

from collections.abc import Sequence

from core.base.text import plural
from core.domain.actions import Result
from core.monitor import Monitor
from tui.dialogs.dialog import Dialog


class QuitDialog(Dialog):
    """Asks only because something is not done yet."""

    ACT = "Quit"
    LEFT = ""

    def __init__(self, monitor: Monitor) -> None:
        super().__init__("Quit?")
        self._monitor = monitor

    async def plan(self) -> str:
        """Return the running and the waiting actions in words."""
        going = cut_off(self._monitor.under_way())
        waiting = [one.words for one in self._monitor.snapshot.waiting]
        if waiting:
            waiting.append("It stays on this machine's disk, and is carried out only while a watchdesk runs here.")
        return "\n".join(([going] if going else []) + waiting) or "No action is running or waiting any more."

    async def act(self) -> Result | None:
        """Leave."""
        self.app.exit()
        return None


def cut_off(going: Sequence[str]) -> str:
    """Return what becomes of the actions under way; empty where there are none."""
    if not going:
        return ""
    are, them = ("is", "it") if len(going) == 1 else ("are", "them")
    return f"{plural(len(going), 'action')} {are} under way: {', '.join(going)}; quitting now leaves {them} half done."
