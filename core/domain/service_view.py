"""The service of this machine that acts for the project, as a screen beside it shows it."""

from datetime import datetime

import msgspec

from core.resilience import BreakerRecord


class ServiceView(msgspec.Struct, frozen=True, kw_only=True):
    """The running service. `breakers`: those of its own that are not closed, as of `told_at`.

    `not_taken`: why this screen's actions are not given to it, in words; empty where they are.
    """

    pid: int
    told_at: datetime
    breakers: tuple[BreakerRecord, ...] = ()
    not_taken: str = ""

    @property
    def name(self) -> str:
        """Return what it is called."""
        return f"the service, pid {self.pid}"

    @property
    def acts(self) -> str:
        """Return who acts, in words, and where this screen's actions go."""
        here = f"actions run in this screen: {self.not_taken}" if self.not_taken else "this screen gives it its actions"
        return f"{self.name}, acts for this project on this machine; {here}"
