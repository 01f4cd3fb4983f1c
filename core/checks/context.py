"""The context of a check: live reads, the server's time, the rules, and what is already known."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final

from core.backend.faults import Trace
from core.backend.reads import Reads
from core.checks.settings import WatchRules
from core.domain.counts import SuccessRate
from core.domain.failure_rate import FailureRules
from core.domain.records import SystemConfig
from core.domain.stuck import Overdue, StuckRules
from core.domain.task_overview import TaskOverview
from core.resilience import BreakerRecord, NotLive
from core.resilience.fault import Counts, Evidence, Fault

CLOCK_UNKNOWN: Final = Fault(
    kind="clock_unknown",
    counts=Counts.NEUTRAL,
    evidence=Evidence.NONE,
    message="the database's time is not known, this machine's clock and the project's differ",
    remedy="synchronize this machine's clock with NTP",
)
"""The database's time is not known, so nothing is judged by its age."""

TIME_UNTOLD: Final = Fault(
    kind="clock_unknown",
    counts=Counts.NEUTRAL,
    evidence=Evidence.NONE,
    message="not evaluated: the project has not answered, so its time is unknown",
)
"""The same before the first answer: no clock is at fault."""


class CheckContext:
    """One run of all checks. Those of stuck tasks, of the failure rate and of activity fill in what they found.

    `now` is the database's time; while that is not known, it raises NotLive. `answered`: the project has told its time
    before.

    `overview`: one answer to most of the questions, which was asked for when the run began; `None` where none was.

    `control` asks whether anything at all can be reached from here; `None` where no control address is configured.
    """

    __slots__ = (
        *("breakers", "config", "control", "failure_rules", "live"),
        *("_answered", "_now", "_overview", "oldest_pending_at", "overdue", "rules", "stuck_rules", "success", "trace"),
    )

    def __init__(  # noqa: PLR0913 - all a check may go by
        self,
        *,
        live: Reads,
        now: datetime | None,
        rules: WatchRules,
        stuck_rules: StuckRules,
        failure_rules: FailureRules,
        config: SystemConfig | None,
        answered: bool = True,
        breakers: Callable[[], tuple[BreakerRecord, ...]],
        control: Callable[[], Awaitable[bool]] | None = None,
        overview: "asyncio.Task[TaskOverview | None] | None" = None,
    ) -> None:
        self.live = live
        self._now, self._answered = now, answered
        self.rules = rules
        self.stuck_rules = stuck_rules
        self.failure_rules = failure_rules
        self.config = config
        self.breakers = breakers
        self.control = control
        self._overview = overview
        self.trace = Trace()
        self.overdue: Overdue | None = None
        self.oldest_pending_at: datetime | None = None
        self.success: SuccessRate | None = None

    @property
    def now(self) -> datetime:
        """The database's time. Raises NotLive while it is not known."""
        if self._now is None:
            raise NotLive(CLOCK_UNKNOWN if self._answered else TIME_UNTOLD)
        return self._now

    async def overview(self) -> TaskOverview | None:
        """Return the answer of the project to all questions at once; `None`: none came in time, each is to be asked."""
        if self._overview is None:
            return None
        await asyncio.wait((self._overview,), timeout=self.rules.at_once_s)
        return told_by(self._overview)

    async def told(self) -> TaskOverview | None:
        """Return the same where nothing of it may merely be hidden from us."""
        found = await self.overview()
        return found if found is not None and found.proven else None


def told_by(asked: "asyncio.Task[TaskOverview | None]") -> TaskOverview | None:
    """Return what came of a question, `None` while nothing did."""
    return asked.result() if asked.done() and not asked.cancelled() else None
