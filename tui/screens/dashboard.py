"""The dashboard: everything that matters, in any size."""

from rich.style import Style
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.events import Resize
from textual.screen import Screen

from core.snapshot import Snapshot
from tui.panels import (
    AlertsPanel,
    BreakersPanel,
    DegradationPanel,
    EventsPanel,
    HealthPanel,
    KeyLine,
    KpisPanel,
    Panel,
    TasksPanel,
    TopLine,
)
from tui.text import Signs


class Dashboard(Screen[None]):
    """The first screen. `show` hands a snapshot to every panel; each draws what changed."""

    def __init__(self, signs: Signs, styles: dict[str, Style], *, faults: bool) -> None:
        super().__init__()
        self._signs = signs
        self._styles = styles
        self._faults = faults

    def compose(self) -> ComposeResult:
        """Top, two columns, keys."""
        make = (self._signs, self._styles)
        yield TopLine(*make, id="top")
        yield AlertsPanel(*make, id="alerts")
        with Horizontal(id="body"):
            with Vertical(id="left"):
                yield HealthPanel(*make, id="health")
                yield TasksPanel(*make, id="tasks")
            with Vertical(id="right"):
                yield DegradationPanel(*make, id="degradation")
                yield BreakersPanel(*make, id="breakers")
                yield KpisPanel(*make, id="kpis")
                yield EventsPanel(*make, id="events")
        keys = KeyLine(*make, id="keys")
        keys.faults = self._faults
        yield keys

    def show(self, snapshot: Snapshot) -> None:
        """Draw a snapshot. While it is coming up or going away there may be no panel, or only some."""
        for panel in self.query(Panel):
            if isinstance(panel, TopLine):
                panel.set_class(bool(snapshot.notices), "noticed")
            if isinstance(panel, AlertsPanel):
                panel.make_room(snapshot, self.size.height)
            panel.show(snapshot)

    def on_resize(self, event: Resize) -> None:
        """Choose the layout: wide, normal, small, or one line."""
        width, height = event.size
        self.set_class(width >= 120, "wide")
        self.set_class(height >= 40, "tall")
        self.set_class(width < 70 or height < 20, "small")
        self.set_class(height < 10 or width < 40, "line")
