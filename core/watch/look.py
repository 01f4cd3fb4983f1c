"""What a check is given: live reads, the server's time, the rules, and what is already known."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from core.backend.faults import Trace
from core.backend.live import Live
from core.failures import FailureRules
from core.model import SystemConfig
from core.resilience import BreakerRecord
from core.stuck import Overdue, StuckRules
from core.watch.rules import WatchRules


class Look:
    """One run of the six checks. `overdue` is filled in by the check that finds out.

    `control` asks whether anything at all can be reached from here; `None` where nothing is configured for that.
    """

    __slots__ = (
        *("breakers", "config", "control", "failure_rules", "live"),
        *("now", "overdue", "rules", "stuck_rules", "trace"),
    )

    def __init__(  # noqa: PLR0913 - all a check may go by
        self,
        *,
        live: Live,
        now: datetime,
        rules: WatchRules,
        stuck_rules: StuckRules,
        failure_rules: FailureRules,
        config: SystemConfig | None,
        breakers: Callable[[], tuple[BreakerRecord, ...]],
        control: Callable[[], Awaitable[bool]] | None = None,
    ) -> None:
        self.live = live
        self.now = now
        self.rules = rules
        self.stuck_rules = stuck_rules
        self.failure_rules = failure_rules
        self.config = config
        self.breakers = breakers
        self.control = control
        self.trace = Trace()
        self.overdue: Overdue | None = None
