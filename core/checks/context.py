"""The context of a check: live reads, the server's time, the rules, and what is already known."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final

from core.backend.faults import Trace
from core.backend.reads import Reads
from core.checks.settings import WatchRules
from core.domain.failure_rate import FailureRules
from core.domain.records import SystemConfig
from core.domain.stuck import Overdue, StuckRules
from core.resilience import BreakerRecord, NotLive
from core.resilience.fault import Counts, Evidence, Fault

CLOCK_UNKNOWN: Final = Fault(
    kind="clock_unknown",
    counts=Counts.NEUTRAL,
    evidence=Evidence.NONE,
    message="the database's time is not known, this machine's clock and the project's differ",
    remedy="let this machine's clock be set by the network (NTP)",
)
"""The database's time is not known, so nothing is judged by its age."""

TIME_UNTOLD: Final = Fault(
    kind="clock_unknown",
    counts=Counts.NEUTRAL,
    evidence=Evidence.NONE,
    message="not judged: the project has not answered, so its time is not known",
)
"""The same before the first answer: no clock is at fault."""


class CheckContext:
    """One run of all checks. The check of stuck tasks fills in `overdue`.

    `now` is the database's time; while that is not known, it raises NotLive. `answered`: the project has told its time
    before.

    `control` asks whether anything at all can be reached from here; `None` where no control address is configured.
    """

    __slots__ = (
        *("breakers", "config", "control", "failure_rules", "live"),
        *("_answered", "_now", "overdue", "rules", "stuck_rules", "trace"),
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
    ) -> None:
        self.live = live
        self._now, self._answered = now, answered
        self.rules = rules
        self.stuck_rules = stuck_rules
        self.failure_rules = failure_rules
        self.config = config
        self.breakers = breakers
        self.control = control
        self.trace = Trace()
        self.overdue: Overdue | None = None

    @property
    def now(self) -> datetime:
        """The database's time. Raises NotLive while it is not known."""
        if self._now is None:
            raise NotLive(CLOCK_UNKNOWN if self._answered else TIME_UNTOLD)
        return self._now
