"""Where orders are handed in: rights, then the act, then the journal. One at a time, so that no two mix."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

from core.act.emergency import Emergency
from core.act.healing import Healer, Progress
from core.act.means import Actor
from core.act.orders import (
    EMERGENCY_STOP,
    HEAL,
    LIFT,
    RESET_BREAKER,
    HealPlan,
    LiftPlan,
    Order,
    Phase,
    PlanChanged,
    Result,
    StopPlan,
)
from core.facts import Level
from core.monitor.events import Journal
from core.resilience import Breakers

OBSERVING = "started with --observe: nothing is written"


class Desk:
    """Takes operators' orders. `now` gives the server's time; `observe` refuses whatever writes."""

    def __init__(
        self,
        *,
        healer: Healer,
        emergency: Emergency,
        breakers: Breakers,
        journal: Journal,
        now: Callable[[], datetime],
        observe: bool,
    ) -> None:
        self._healer = healer
        self._emergency = emergency
        self._breakers = breakers
        self._journal = journal
        self._now = now
        self._observe = observe
        self._one = asyncio.Lock()

    def may(self, order: Order) -> str:
        """Empty if the order may be given, else why not."""
        return OBSERVING if order.writes and self._observe else ""

    async def plan_heal(self) -> HealPlan:
        """What a heal would do. Raises NotLive."""
        return (await self._healer.plan(self._now())).plan

    async def heal(self, shown: HealPlan, actor: Actor, progress: Progress | None = None) -> Result:
        """Recompute, and apply if it is still what was shown. Raises PlanChanged, NotLive."""
        if refused := self._refused(HEAL):
            return refused
        async with self._one:
            found = await self._healer.plan(self._now())
            if not found.plan.same_targets(shown):
                raise PlanChanged(found.plan)
            return self._told(actor, await self._healer.apply(found, actor, progress))

    async def heal_by_itself(self, actor: Actor) -> Result | None:
        """Plan and apply without a person. `None` when there is nothing to do. Raises NotLive."""
        async with self._one:
            found = await self._healer.plan(self._now(), automatic=True)
            if found.plan.empty:
                return None
            if self._healer.braked(found):
                self._journal.say(str(actor), f"braked: {len(found.stuck)} stuck tasks at once", Level.WARNING)
                return None
            return self._told(actor, await self._healer.apply(found, actor))

    async def plan_stop(self) -> StopPlan:
        """What a stop would hit. Raises NotLive."""
        return await self._emergency.plan_stop()

    async def stop(self, reason: str, hours: int, actor: Actor) -> Result:
        """Set the emergency stop."""
        return await self._carry_out(EMERGENCY_STOP, actor, lambda: self._emergency.stop(reason, hours, actor))

    async def plan_lift(self) -> LiftPlan:
        """What stands to be lifted. Raises NotLive."""
        return await self._emergency.plan_lift()

    async def lift(self, actor: Actor, *, requeue: bool) -> Result:
        """Lift the emergency stop."""
        return await self._carry_out(LIFT, actor, lambda: self._emergency.lift(actor, requeue=requeue))

    def reset_breaker(self, key: str | None, actor: Actor) -> Result:
        """Close one breaker, or all of them."""
        self._breakers.reset(key, str(actor))
        what = key or "all breakers"
        return Result(order=RESET_BREAKER.name, phase=Phase.SEEN, text=f"{what} reset, seen")

    async def _carry_out(self, order: Order, actor: Actor, act: Callable[[], Awaitable[Result]]) -> Result:
        if refused := self._refused(order):
            return refused
        async with self._one:
            return self._told(actor, await act())

    def _refused(self, order: Order) -> Result | None:
        why = self.may(order)
        return Result(order=order.name, phase=Phase.REFUSED, text=why) if why else None

    def _told(self, actor: Actor, result: Result) -> Result:
        if result.run:
            self._journal.ours(result.run)
        level = Level.OK if result.done else Level.WARNING
        self._journal.say(str(actor), f"{result.order.replace('_', ' ')}: {result.text}", level)
        return result
