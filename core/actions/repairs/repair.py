"""The interface of a repair, and the survey it plans by."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import datetime
from typing import ClassVar

import msgspec

from core.actions.context import ActionContext
from core.actions.run import Run
from core.backend.target import Target
from core.base.bounds import Count, Days, Share, Span
from core.domain.failure_rate import FailureRules
from core.domain.plans import PlanStep
from core.domain.records import SystemConfig, Task
from core.domain.stuck import Overdue, StuckRules
from core.resilience.fault import Fault


class HealRules(msgspec.Struct, frozen=True, kw_only=True):
    """The age of rows that are deleted, and the brake of healing by itself. Section `heal` of the settings."""

    keep_logs_days: Days = 30.0
    """The age at which a log row is deleted."""
    brake_rows: Count = 50
    """The number of stuck tasks within an hour above which nothing is healed automatically."""
    brake_share: Share = 0.5
    """The same for more than this share of what runs."""
    brake_running: Count = 10
    """The number of running tasks from which the share counts."""
    brake_window_s: Span = 3600.0
    """The time within which what was healed counts for the brake."""
    spare_s: Span = 86400.0
    """The time for which the watchdog leaves a requeued task alone."""


class Survey(msgspec.Struct, frozen=True, kw_only=True):
    """The project as one plan sees it, at the database's time `now`; while that is not known nothing is `timed`.

    `automatic`: nobody ordered it, so a task counts as stuck only if its silence is proven. `lifted_at`: when a stop or
    dry-run was last lifted. `spared`: tasks an operator requeued lately. A fault: that part could not be read, and its
    value means nothing.
    """

    now: datetime
    timed: bool = True
    automatic: bool
    config: SystemConfig | None
    overdue: Overdue
    config_fault: Fault | None = None
    overdue_fault: Fault | None = None
    lifted_at: datetime | None = None
    spared: frozenset[str] = frozenset()
    chosen: frozenset[str] = frozenset()
    """The tasks that an operator chose; empty for all of them."""

    @property
    def stuck(self) -> tuple[Task, ...]:
        """The tasks that are to be failed, longest running first."""
        return tuple(task for task in self.offered if not self.chosen or task.id in self.chosen)

    @property
    def offered(self) -> tuple[Task, ...]:
        """The tasks that may be failed, longest running first."""
        found = self.overdue.stuck if self.automatic else self.overdue.silent
        return tuple(task for task in found if task.id not in self.spared)


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """The plan of one repair (`None`: nothing to do), and notes on what it leaves alone."""

    step: PlanStep | None = None
    notes: tuple[str, ...] = ()


class RepairSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The project to repair, and the rules."""

    target: Target
    stuck: StuckRules
    failures: FailureRules
    heal: HealRules


class Repair(ABC):
    """One kind of damage: how it is found, repaired, and how the repair is undone.

    `option` is what a person calls it on the command line and in the dialog; there `words`, where that alone could be
    mistaken. `done` is what it changed, once it has. `undo_option` is the option of its undo; a repair that leaves it
    empty cannot be undone by its mark. `by_default`: a heal that names none does it.
    `automatic`: the watchdog does it by itself; the brake counts stuck tasks and nothing else.
    """

    name: ClassVar[str]
    option: ClassVar[str]
    words: ClassVar[str] = ""
    done: ClassVar[str] = ""
    by_default: ClassVar[bool] = True
    automatic: ClassVar[bool] = False
    undo_option: ClassVar[str] = ""

    def __init__(self, context: ActionContext, settings: RepairSettings) -> None:
        self._context = context
        self._settings = settings

    @abstractmethod
    async def plan(self, survey: Survey) -> Proposal:
        """Return what there is to do. Raises NotLive."""

    @abstractmethod
    async def apply(self, step: PlanStep, survey: Survey, run: Run, tell: Callable[[int], None]) -> None:
        """Repair each row only if it still needs it; results go to `run`. Raises NotLive."""

    async def undo_step(self, run: str) -> PlanStep | None:
        """Return what an undo of the heal `run` would take back of it; `None` where nothing stands. Raises NotLive."""
        return None

    async def undo(self, healed: str, run: Run) -> None:
        """Take back what the heal `healed` did, each row only if its mark still stands. Raises NotLive."""
        return
