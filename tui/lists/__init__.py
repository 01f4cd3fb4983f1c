"""The lists of the screen, one per file: made from the snapshot, or read from the server page by page."""

from typing import Final

from tui.lists.alerts import AlertList
from tui.lists.breakers import BreakerList
from tui.lists.checks import CheckList
from tui.lists.components import ComponentList
from tui.lists.config import ConfigList
from tui.lists.events import EventList
from tui.lists.inbox import InboxList
from tui.lists.kpis import KpiList
from tui.lists.listed import Listed
from tui.lists.logs import LogList
from tui.lists.safety import SafetyList
from tui.lists.served import Served
from tui.lists.tasks import TaskList
from tui.lists.trail import AuditList

LISTS: Final[dict[str, type[Listed]]] = {
    kind.NAME: kind
    for kind in (
        *(TaskList, InboxList, LogList, SafetyList, CheckList, ComponentList),
        *(BreakerList, KpiList, AlertList, EventList, AuditList, ConfigList),
    )
}
"""Every list by its name, in the order of the footer and the help."""

__all__ = ["LISTS", "Listed", "Served"]
