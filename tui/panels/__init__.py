"""Panels: one widget shows one slice of the snapshot. Another one is a file beside these and a line in `PANELS`."""

from typing import Final

from tui.panels.alerts import AlertsPanel
from tui.panels.away import AwayPanel
from tui.panels.banner import Banner
from tui.panels.breakers import BreakersPanel
from tui.panels.degradation import DegradationPanel
from tui.panels.events import EventsPanel
from tui.panels.footer import KeyLine
from tui.panels.health import HealthPanel
from tui.panels.inbox import InboxPanel
from tui.panels.kpis import KpisPanel
from tui.panels.panel import Panel
from tui.panels.tasks import TasksPanel
from tui.panels.topline import TopLine
from tui.panels.unavailable import Unavailable

PANELS: Final[tuple[type[Panel], ...]] = (
    *(AlertsPanel, InboxPanel, HealthPanel, TasksPanel, DegradationPanel, BreakersPanel, KpisPanel, EventsPanel),
)
"""Those of the dashboard, from top to bottom within each column."""

__all__ = [
    "PANELS",
    "AlertsPanel",
    "AwayPanel",
    "Banner",
    "BreakersPanel",
    "DegradationPanel",
    "EventsPanel",
    "HealthPanel",
    "InboxPanel",
    "KeyLine",
    "KpisPanel",
    "Panel",
    "TasksPanel",
    "TopLine",
    "Unavailable",
]
