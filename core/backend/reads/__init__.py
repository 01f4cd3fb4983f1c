"""Every read of one project, typed, by subject. Nothing else reads."""

from typing import Final

from core.backend.api_calls import ApiCalls
from core.backend.reads.audit import AuditReads
from core.backend.reads.chosen_tasks import ChosenTaskReads
from core.backend.reads.config import ConfigReads
from core.backend.reads.figures import FigureReads
from core.backend.reads.lists import ListReads
from core.backend.reads.logs import LogReads
from core.backend.reads.outcomes import OutcomeReads
from core.backend.reads.overview import OverviewReads
from core.backend.reads.pauses import PauseReads
from core.backend.reads.probes import DATABASE_PROBE, FUNCTION_PROBE, ProbeReads
from core.backend.reads.read import Access, Read
from core.backend.reads.safety import SafetyReads
from core.backend.reads.task_counts import TaskCountReads
from core.backend.reads.task_ids import TaskIdReads
from core.backend.reads.tasks import OLDEST_PENDING, RUNNING, SIGNS_OF_LIFE, TaskReads
from core.backend.reads.trends import TrendReads
from core.backend.schema import Schema
from core.resilience import Guard

__all__ = ["CHECKED", "Read", "Reads"]

CHECKED: Final = (DATABASE_PROBE, FUNCTION_PROBE, RUNNING, OLDEST_PENDING, SIGNS_OF_LIFE)
"""Operations that only the checks run, once an interval."""


class Reads:
    """All reads of one project over one set of connections.

    With a guard they are live, for checks, plans and read-backs: a value measured now or NotLive, never refused by a
    breaker, never answered from a cache, one try each; the result still counts for the breakers. Without one they raise
    Failed, and callers guard each under its `key`, as panels and lists do.
    """

    def __init__(self, calls: ApiCalls, schema: Schema, guard: Guard | None = None) -> None:
        access = self._access = Access(calls, schema, guard)
        self.config = ConfigReads(access)
        self.probes = ProbeReads(access)
        self.overview = OverviewReads(access)
        self.tasks = TaskReads(access)
        self.counts = TaskCountReads(access)
        self.task_ids = TaskIdReads(access)
        self.chosen = ChosenTaskReads(access)
        self.outcomes = OutcomeReads(access)
        self.audit = AuditReads(access)
        self.logs = LogReads(access)
        self.lists = ListReads(access)
        self.pauses = PauseReads(access)
        self.safety = SafetyReads(access)
        self.trends = TrendReads(access)
        self.figures = FigureReads(access)

    @property
    def schema(self) -> Schema:
        """Return the project's schema, as far as it is known."""
        return self._access.schema

    @schema.setter
    def schema(self, schema: Schema) -> None:
        self._access.schema = schema
