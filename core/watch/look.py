"""What a check is given: live reads, the server's time, the rules, and what is already known."""

from collections.abc import Callable
from datetime import datetime

from core.backend.faults import Trace
from core.backend.live import Live
from core.model import SystemConfig
from core.resilience import BreakerRecord
from core.stuck import Overdue, StuckRules
from core.watch.rules import WatchRules


class Look:
    """One run of the six checks. `overdue` is filled in by the check that finds out."""

    __slots__ = ("breakers", "config", "live", "now", "overdue", "rules", "stuck_rules", "trace")

    def __init__(
        self,
        *,
        live: Live,
        now: datetime,
        rules: WatchRules,
        stuck_rules: StuckRules,
        config: SystemConfig | None,
        breakers: Callable[[], tuple[BreakerRecord, ...]],
    ) -> None:
        self.live = live
        self.now = now
        self.rules = rules
        self.stuck_rules = stuck_rules
        self.config = config
        self.breakers = breakers
        self.trace = Trace()
        self.overdue: Overdue | None = None
