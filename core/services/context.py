"""The context of services: time, settings, guarded calls, reads, writes, durable store, events, error boundary."""

from dataclasses import dataclass

from core.backend.reads import Reads
from core.backend.writes import Writes
from core.base.clock import Clock
from core.base.error_boundary import ErrorBoundary
from core.base.store import Store
from core.resilience import Guard
from core.services.config import Config
from core.services.events import EventLog
from core.services.project_time import ProjectTime


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Holds what nearly every service needs; anything else a service gets as an argument.

    `panel_reads` go over the panels' connections, unguarded; `reads` are live and over those of actions and checks.
    """

    clock: Clock
    config: Config
    guard: Guard
    panel_reads: Reads
    reads: Reads
    writes: Writes
    store: Store
    events: EventLog
    boundary: ErrorBoundary
    time: ProjectTime
