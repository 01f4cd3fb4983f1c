"""What an errand, a list or a view needs of the app: the monitor, a way to ask, to tell, and to open something."""

from collections.abc import Sequence
from typing import Protocol

from textual.screen import Screen
from textual.widget import AwaitMount

from core.act.orders import Order
from core.clock import Clock
from core.snapshot import Snapshot
from tui.contract import FaultSwitch, MonitorLike
from tui.dialogs.dialog import Dialog
from tui.look import Look
from tui.presence import Presence


class Front(Protocol):
    """The app, as those who act through it see it."""

    monitor: MonitorLike
    faults: FaultSwitch | None
    clock: Clock
    look: Look
    presence: Presence

    @property
    def shown(self) -> Snapshot:
        """The picture on the screen: the newest, unless it is frozen."""
        ...

    @property
    def frozen(self) -> bool:
        """Whether the picture on the screen stands still."""
        ...

    def tell(self, text: str) -> None:
        """Say something in passing."""
        ...

    def ask(self, dialog: Dialog) -> None:
        """Open the dialog of an order."""
        ...

    async def choose(
        self, heading: str, choices: Sequence[tuple[str, str]], text: str = "", *, way_back: str = "Cancel"
    ) -> str | None:
        """Let the operator choose; the key of what was chosen, `None` when backed out of."""
        ...

    def allowed(self, order: Order) -> bool:
        """Whether the order may be given; where not, the operator is told why, or asked to lift what forbids it."""
        ...

    async def errand(self, name: str) -> None:
        """Do what the key of that name does."""
        ...

    def repaint(self) -> None:
        """Draw the screen once more: something beside the snapshot changed."""
        ...

    def open(self, view: Screen[None]) -> None:
        """Put a view on top."""
        ...

    def back(self) -> None:
        """Take the view on top away."""
        ...

    def visit(self, name: str, filter_text: str = "") -> AwaitMount:
        """Show a list, filtered."""
        ...

    def open_row(self, name: str, key: str) -> None:
        """Show one row of a list in full."""
        ...
