"""Where orders are handed in: rights, then the act, then the journal. One at a time, so that no two mix."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime
from typing import Any

import msgspec

from core.act.audit import Trail
from core.act.emergency import Emergency
from core.act.healing import Healer, Progress
from core.act.means import Actor
from core.act.mode import Mode
from core.act.orders import (
    DRY_RUN_OFF,
    DRY_RUN_ON,
    EMERGENCY_STOP,
    HEAL,
    HOLD_BREAKER,
    LIFT,
    RELEASE_BREAKER,
    RESET_BREAKER,
    HealPlan,
    LiftPlan,
    ModePlan,
    Order,
    Phase,
    PlanChanged,
    Result,
    StopPlan,
)
from core.facts import Level
from core.monitor.events import Journal
from core.monitor.holds import Holds
from core.resilience import NotLive
from core.state import NotKept

OBSERVING = "started with --observe: nothing is written"


class Acts(msgspec.Struct, frozen=True, kw_only=True):
    """What carries orders out. `trail` makes the audit rows of an order by its name and who gives it."""

    healer: Healer
    emergency: Emergency
    mode: Mode
    holds: Holds
    trail: Callable[[str, Actor], Trail]


class Desk:
    """Takes operators' orders. `now` gives the server's time; `observe` refuses whatever writes."""

    def __init__(
        self,
        *,
        acts: Acts,
        journal: Journal,
        now: Callable[[], datetime],
        observe: bool,
    ) -> None:
        self._acts = acts
        self._audits: set[asyncio.Task[None]] = set()
        self._journal = journal
        self._now = now
        self._observe = observe
        self._one = asyncio.Lock()

    def may(self, order: Order) -> str:
        """Empty if the order may be given, else why not."""
        return OBSERVING if order.writes and self._observe else ""

    async def plan_heal(self) -> HealPlan:
        """What a heal would do. Raises NotLive."""
        return (await self._acts.healer.plan(self._now())).plan

    async def heal(self, shown: HealPlan, actor: Actor, progress: Progress | None = None) -> Result:
        """Recompute, and apply if it is still what was shown. Raises PlanChanged, NotLive."""
        if refused := self._refused(HEAL):
            return refused
        async with self._one:
            found = await self._acts.healer.plan(self._now())
            if not found.plan.same_targets(shown):
                raise PlanChanged(found.plan)
            return self._told(actor, await self._acts.healer.apply(found, actor, progress))

    async def heal_by_itself(self, actor: Actor, go_on: Callable[[], bool]) -> Result | None:
        """Plan and apply without a person, while `go_on`. `None` when there is nothing to do. Raises NotLive."""
        async with self._one:
            found = await self._acts.healer.plan(self._now(), automatic=True)
            if found.plan.empty:
                return None
            if self._acts.healer.braked(found):
                self._journal.say(str(actor), f"braked: {len(found.stuck)} stuck tasks at once", Level.WARNING)
                return None
            return self._told(actor, await self._acts.healer.apply(found, actor, go_on=go_on))

    async def plan_stop(self) -> StopPlan:
        """What a stop would hit. Raises NotLive."""
        return await self._acts.emergency.plan_stop()

    async def stop(self, reason: str, hours: int, actor: Actor) -> Result:
        """Set the emergency stop."""
        return await self._carry_out(EMERGENCY_STOP, actor, lambda: self._acts.emergency.stop(reason, hours, actor))

    async def plan_lift(self) -> LiftPlan:
        """What stands to be lifted. Raises NotLive."""
        return await self._acts.emergency.plan_lift()

    async def lift(self, actor: Actor, *, requeue: bool) -> Result:
        """Lift the emergency stop."""
        return await self._carry_out(LIFT, actor, lambda: self._acts.emergency.lift(actor, requeue=requeue))

    async def plan_mode(self) -> ModePlan:
        """How dry-run stands. Raises NotLive."""
        return await self._acts.mode.plan()

    async def set_dry_run(self, on: bool, actor: Actor) -> Result:
        """Turn dry-run on or off."""
        order = DRY_RUN_ON if on else DRY_RUN_OFF
        return await self._carry_out(order, actor, lambda: self._acts.mode.set(on, actor))

    async def reset_breaker(self, key: str | None, actor: Actor) -> Result:
        """Close one breaker, or all of them."""
        act = self._acts.holds.reset(key, str(actor))
        return await self._on_breaker(RESET_BREAKER, actor, key or "all breakers", "reset", act)

    async def hold_breaker(self, key: str, why: str, until: datetime | None, actor: Actor) -> Result:
        """Hold one breaker open."""
        act = self._acts.holds.hold(key, str(actor), why, until)
        return await self._on_breaker(HOLD_BREAKER, actor, key, f"held open: {why}", act)

    async def release_breaker(self, key: str, actor: Actor) -> Result:
        """End a hold."""
        act = self._acts.holds.release(key, str(actor))
        return await self._on_breaker(RELEASE_BREAKER, actor, key, "released", act)

    async def close(self) -> None:
        """Let audit rows that are on their way arrive, for a moment."""
        if self._audits:
            await asyncio.wait(self._audits, timeout=1.0)
        for task in self._audits:
            task.cancel()

    async def _on_breaker(
        self, order: Order, actor: Actor, target: str, done: str, act: Coroutine[Any, Any, None]
    ) -> Result:
        """A breaker is this process's own: its order holds at once; the audit row follows when it can be written."""
        if refused := self._refused(order):
            act.close()
            return refused
        try:
            await act
        except NotKept as error:
            return self._told(
                actor, Result(order=order.name, phase=Phase.REFUSED, text=f"nothing was changed: {error}")
            )
        except KeyError:
            return Result(order=order.name, phase=Phase.REFUSED, text=f"there is no breaker {target}")
        task = asyncio.create_task(self._audit(order, actor, {"breaker": target, "done": done}))
        self._audits.add(task)
        task.add_done_callback(self._audits.discard)
        return self._told(actor, Result(order=order.name, phase=Phase.SEEN, text=f"{target} {done}"))

    async def _audit(self, order: Order, actor: Actor, what: dict[str, Any]) -> None:
        trail = self._acts.trail(order.name, actor)
        self._journal.ours(trail.run)
        try:
            await trail.start(what)
        except NotLive as not_live:
            text = f"{order.title.lower()} of {what['breaker']} is not in the audit log: {not_live.fault.sentence()}"
            self._journal.say("watchdesk", text, Level.WARNING)
            return
        await trail.end(what, completed=True)

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
