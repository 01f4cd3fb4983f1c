"""The tasks that an emergency stop rejected and that nobody requeued after it was over."""

import contextlib

from core.actions.context import ActionContext
from core.actions.requeue import left_over
from core.domain.plans import RequeuePlan
from core.domain.records import SystemConfig
from core.resilience import NotLive
from core.services.between_actions import BetweenActions
from core.services.readings import Readings


class LeftOver:
    """Looks for what a stop that is over left rejected. `plan`: what it found last."""

    def __init__(self, context: ActionContext, readings: Readings) -> None:
        self._context = context
        self._readings = readings
        self._between = BetweenActions(context.clock, readings)
        self._config: SystemConfig | None = None
        """The config row when it looked last."""
        self.plan = RequeuePlan(of="", tasks=0)

    async def look_if_due(self) -> None:
        """Look anew where an action or the config row can have changed it, or long after. Never raises for a fault."""
        if self._between.due() or self._readings.config.value != self._config:
            await self.look()

    async def look(self) -> None:
        """Look anew. Never raises for a fault."""
        with contextlib.suppress(NotLive):
            await self.ask()

    async def ask(self) -> RequeuePlan:
        """Look anew, and return what was found; what was known while the config row is not live. Raises NotLive."""
        config = self._readings.config
        if config.live and config.value is not None:
            self._between.read()
            self._config = config.value
            try:
                self.plan = await left_over(self._context, config.value)
            except NotLive:
                self._between.failed()
                raise
        return self.plan
