"""The tasks that an emergency stop rejected and that nobody requeued after it was over."""

import contextlib

from core.actions.context import ActionContext
from core.actions.requeue import left_over
from core.domain.plans import RequeuePlan
from core.resilience import NotLive
from core.services.readings import Readings


class LeftOver:
    """Looks for what a stop that is over left rejected. `plan`: what it found last."""

    def __init__(self, context: ActionContext, readings: Readings) -> None:
        self._context = context
        self._readings = readings
        self.plan = RequeuePlan(of="", tasks=0)

    async def look(self) -> None:
        """Look anew. Never raises for a fault."""
        with contextlib.suppress(NotLive):
            await self.ask()

    async def ask(self) -> RequeuePlan:
        """Look anew, and return what was found; what was known while the config row is not live. Raises NotLive."""
        config = self._readings.config
        if config.live and config.value is not None:
            self.plan = await left_over(self._context, config.value)
        return self.plan
