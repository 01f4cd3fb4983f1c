"""The app as actions, lists and views see it: the monitor, a way to ask, to tell, and to open something."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from textual.screen import Screen
from textual.widget import AwaitMount

from core.base.clock import Clock
from core.domain.actions import Action
from core.domain.snapshot import Snapshot
from core.history.blackbox import Course
from core.monitor import Monitor
from tui.base.away import AwayTracker
from tui.base.fault_switch import FaultSwitch
from tui.base.stale_screen import StaleScreen
from tui.dialogs.question import Question
from tui.rendering.appearance import Appearance
from tui.time_travel.recorded import Moment

K = TypeVar("K")


class TimeControl(Protocol):
    """The time that the screen shows; implemented by `tui.app.time_travel.TimeTravel`."""

    moment: Moment | None
    """What is shown of the past; `None`: now is."""

    @property
    def course(self) -> Course | None:
        """Return the course of the state for the time line, once it is read."""
        ...

    async def step(self, direction: int) -> None: ...

    async def mark(self, direction: int) -> None: ...

    async def jump(self, typed: str) -> str: ...

    async def go(self, at: datetime) -> None: ...

    async def zoom(self, by: int) -> None: ...

    async def note(self, text: str, at: datetime) -> str: ...

    def noted_at(self) -> datetime: ...

    def now(self) -> None: ...


class Ui(Protocol):
    """The app, as those who act through it see it."""

    monitor: Monitor
    faults: FaultSwitch | None
    clock: Clock
    appearance: Appearance
    away: AwayTracker
    stale_screen: StaleScreen
    times: bool
    """True if moments are shown as times, not as ages."""

    @property
    def time(self) -> TimeControl:
        """Return the time that the screen shows, and its control."""
        ...

    @property
    def shown(self) -> Snapshot:
        """The picture on the screen: the newest, unless it is frozen or of the past."""
        ...

    @property
    def frozen(self) -> bool:
        """Return whether the snapshot on the screen stands still."""
        ...

    @property
    def at_home(self) -> bool:
        """Return whether the top view is the dashboard."""
        ...

    @property
    def selected_task(self) -> str | None:
        """Return the id of the task under the cursor or that is open; empty: no row; `None`: no list of tasks."""
        ...

    @property
    def asking(self) -> bool:
        """Return whether a question about the present is on the screen."""
        ...

    def tell(self, text: str) -> None:
        """Say something in passing."""
        ...

    def ask(self, dialog: Question[None]) -> None:
        """Open a dialog."""
        ...

    async def choose(
        self, heading: str, choices: Sequence[tuple[K, str]], text: str = "", *, way_back: str = "Cancel"
    ) -> K | None:
        """Let the operator choose; return the key of what was chosen, `None` when backed out of."""
        ...

    def allowed(self, action: Action) -> bool:
        """Return whether the action may run; where not, tell the operator why, or ask to allow actions."""
        ...

    async def press(self, name: str) -> None:
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
