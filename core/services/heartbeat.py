"""The heartbeat: after each check a call to the address that notices when the monitor itself has died."""

from core.backend import heartbeat
from core.resilience import Policy
from core.services.context import Context


class Heartbeat:
    """Tells the address in the settings that a check was completed. `fault`: why the last call failed, if it did."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.fault = ""

    async def tell(self) -> None:
        """Call the address; nothing without one, or while observing. Never raises for a fault."""
        url = self._context.config.watch.heartbeat_url
        if url and not self._context.config.observe:
            outcome = await self._context.guard.call(
                "heartbeat:url", lambda: heartbeat.beat(url), policy=Policy(total_s=6, retry=None)
            )
            self.fault = "" if outcome.fault is None else outcome.fault.sentence()
