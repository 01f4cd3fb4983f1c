"""What a repair is, and what it is given to go by."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

import msgspec

from core.actions.run import Run
from core.base.bounds import Count, Days, Share, Span
from core.domain.actions import PlanStep
from core.domain.records import SystemConfig, Task
from core.domain.stuck import Overdue
from core.resilience.fault import Fault


class HealRules(msgspec.Struct, frozen=True, kw_only=True):
    """Section `heal` of the settings."""

    keep_logs_days: Days = 30.0
    brake_rows: Count = 50
    """More stuck tasks than this within an hour, and nothing is healed by itself."""
    brake_share: Share = 0.5
    brake_running: Count = 10
    """The share counts only when at least this many run."""
    brake_window_s: Span = 3600.0
    spare_s: Span = 86400.0
    """A task that an undo gave back is left alone by the watchdog for this long."""


class Survey(msgspec.Struct, frozen=True, kw_only=True):
    """The project as one plan sees it, at the database's time `now`; while that is not known nothing is `timed`.

    `automatic`: nobody ordered it, so nothing is called stuck whose silence is not proven. `lifted_at`: when a stop or
    dry-run was last lifted. `spared`: tasks an operator gave back lately. A fault: that part could not be read, and
    what stands in its place means nothing.
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

    @property
    def stuck(self) -> tuple[Task, ...]:
        """The tasks that may be failed, longest running first."""
        found = self.overdue.stuck if self.automatic else self.overdue.silent
        return tuple(task for task in found if task.id not in self.spared)


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """What one repair would do (`None`: nothing), and what it saw and leaves alone, in words."""

    step: PlanStep | None = None
    notes: tuple[str, ...] = ()


class Repair(Protocol):
    """One kind of damage: how it is found, and how it is mended."""

    name: str

    async def plan(self, survey: Survey) -> Proposal:
        """What there is to do. Raises NotLive."""
        ...

    async def apply(self, step: PlanStep, survey: Survey, run: Run, tell: Callable[[int], None]) -> None:
        """Do it, each row only if it still needs it; what became of it goes to `run`. Raises NotLive."""
        ...
