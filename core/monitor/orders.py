"""The road of every action of this process: where it runs, as whom, and what is read anew after it."""

from collections.abc import Callable
from typing import Any

import msgspec

from core.actions.action import LocalOperation
from core.actions.carried import Order
from core.actions.catalogue import kind_of, operation
from core.actions.run import Progress, unhindered
from core.base.text import clean
from core.domain.actions import Action, Result
from core.monitor.container import Container
from core.monitor.scheduler import Scheduler


class Orders:
    """Runs orders of this process's operator, and those that others handed over. `publish`: there is news to show."""

    def __init__(self, parts: Container, scheduler: Scheduler, publish: Callable[[], None]) -> None:
        self._parts = parts
        self._scheduler = scheduler
        self._publish = publish

    async def run(
        self, order: Order, *, progress: Progress | None = None, go_on: Callable[[], str] = unhindered
    ) -> Result:
        """Run one, in the service where one acts beside this screen. Raises PlanChanged."""
        result = await self._parts.attachment.run(order, progress=progress, go_on=go_on)
        if self._parts.succession.service is not None:  # what it changed on this machine is seen at once
            await self._parts.waiting.all()
            await self._parts.alerts.refreshed()
            self._look_again(order.action)
        return result

    async def here(
        self, order: Order, *, run: str = "", progress: Progress | None = None, go_on: Callable[[], str] = unhindered
    ) -> Result:
        """Run one in this process, in the name of who ordered it. `run`: its id where it begins. Raises PlanChanged."""
        parts, ordered = self._parts, self._operation(order)
        who = msgspec.structs.replace(parts.operator, who=clean(order.who) or parts.operator.who)
        if isinstance(ordered, LocalOperation):
            result = await parts.runner.run_local(ordered, who, new=run)
        else:
            result = await parts.runner.run(
                ordered,
                who,
                run=order.again,
                new=run,
                keep=self._scheduler.running,
                progress=progress,
                go_on=go_on,
            )
        self._look_again(order.action)
        return result

    async def own_side(self, order: Order) -> None:
        """Do here too what the service was given, and has an audit row of. Raises NotKept."""
        ordered = self._operation(order)
        if isinstance(ordered, LocalOperation):
            await ordered.act(self._parts.operator)

    def _operation(self, order: Order) -> Any:
        return operation(self._parts.dependencies, order.action, order.shown, **order.arguments)

    def _look_again(self, action: Action) -> None:
        """Read again what an action may have changed: what was read and checked before is no longer so."""
        if kind_of(action).changes:
            self._parts.readings.make_all_due()
            self._scheduler.refresh_soon()
            self._scheduler.check_soon()
        self._publish()
