"""Panels: one widget shows one slice of the snapshot. Another one is a file beside these and a line in `PANELS`."""

from typing import Final

from tui.panels.away import AwayPanel
from tui.panels.banner import Banner
from tui.panels.connections import ConnectionsPanel
from tui.panels.events import EventsPanel
from tui.panels.footer import KeyLine
from tui.panels.health import HealthPanel
from tui.panels.kpis import KpisPanel
from tui.panels.needs import NeedsPanel
from tui.panels.panel import Panel
from tui.panels.tasks import TasksPanel
from tui.panels.throughput import ThroughputPanel
from tui.panels.time_line import TimeLine
from tui.panels.topline import TopLine
from tui.panels.unavailable import Unavailable

PANELS: Final[tuple[type[Panel], ...]] = (
    *(NeedsPanel, HealthPanel, TasksPanel, ThroughputPanel, KpisPanel, ConnectionsPanel, EventsPanel),
)
"""Those of the dashboard, from top to bottom within each column."""

__all__ = [
    "PANELS",
    "AwayPanel",
    "Banner",
    "ConnectionsPanel",
    "EventsPanel",
    "HealthPanel",
    "KeyLine",
    "KpisPanel",
    "NeedsPanel",
    "Panel",
    "TasksPanel",
    "ThroughputPanel",
    "TimeLine",
    "TopLine",
    "Unavailable",
]
