"""Where orders are handed in: rights, then the act, then the journal. One at a time, so that no two mix."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

import msgspec

from core.act.emergency import Emergency
from core.act.healing import Findings, Healer, Progress, unhindered
from core.act.means import Actor
from core.act.mode import Mode
from core.act.orders import (
    CHECK_NOW,
    DRY_RUN_OFF,
    DRY_RUN_ON,
    EMERGENCY_STOP,
    HEAL,
    LIFT,
    RETRY,
    RETRY_MATCHING,
    RUN_PENDING,
    UNDO,
    WITHDRAW,
    HealPlan,
    LiftPlan,
    ModePlan,
    Order,
    Phase,
    PlanChanged,
    Result,
    RetryMatchingPlan,
    RetryPlan,
    RunPlan,
    StopPlan,
    UndoPlan,
)
from core.act.pending import PendingOrder, PendingOrders
from core.act.retrying import Retrying
from core.act.undo import Undo
from core.act.work import Work
from core.facts import Level
from core.listing import Listing
from core.monitor.events import Journal
from core.monitor.observing import Observing
from core.monitor.under_way import UnderWay
from core.state import NotKept
from core.text import clean

OBSERVING = "started with --observe: nothing is written"
ONLY_LOOKS = "this screen only looks: give orders in a terminal"


class Acts(msgspec.Struct, frozen=True, kw_only=True):
    """What carries orders out."""

    healer: Healer
    emergency: Emergency
    mode: Mode
    work: Work
    retrying: Retrying
    undo: Undo
    pending: PendingOrders


class Desk:
    """Takes orders. `now` gives the server's time, if it is known, `likely_now` the best guess at it.

    `observing` refuses whatever writes.

    What nobody gave counts as `under_way` from here on; what an operator gave does before it comes here.
    """

    def __init__(
        self,
        *,
        acts: Acts,
        journal: Journal,
        now: Callable[[], datetime | None],
        likely_now: Callable[[], datetime],
        observing: Observing,
        under_way: UnderWay,
    ) -> None:
        self._acts = acts
        self._journal = journal
        self._now = now
        self._likely_now = likely_now
        self._observing = observing
        self._under_way = under_way
        self._one, self._stopping = asyncio.Lock(), asyncio.Lock()

    def may(self, order: Order) -> str:
        """Empty if the order may be given, else why not."""
        if self._observing.only_looks and order is not CHECK_NOW:
            return ONLY_LOOKS
        return OBSERVING if order.writes and self._observing.forbids() else ""

    def may_note(self) -> str:
        """Empty if a note may be kept, else why not. One is about this machine alone: `--observe` allows it."""
        return ONLY_LOOKS if self._observing.only_looks else ""

    async def plan_heal(self) -> HealPlan:
        """What a heal would do. Raises NotLive."""
        return (await self._acts.healer.plan(self._now())).plan

    async def heal(
        self,
        shown: HealPlan,
        actor: Actor,
        progress: Progress | None = None,
        go_on: Callable[[], str] = unhindered,
    ) -> Result:
        """Recompute, and apply if it is still what was shown. Raises PlanChanged, NotLive."""
        if refused := self.refused(HEAL):
            return refused
        async with self._one:
            found = await self._acts.healer.plan(self._now())
            if not found.plan.same_targets(shown):
                raise PlanChanged(found.plan)
            return self.told(actor, await self._acts.healer.apply(found, actor, progress, self._unless_stopping(go_on)))

    async def heal_by_itself(
        self,
        decide: Callable[[Findings], Awaitable[bool]],
        lifted_at: datetime | None,
        actor: Actor,
        progress: Progress,
        go_on: Callable[[], str],
    ) -> Result | None:
        """Plan without a person, and apply if `decide` says so. `None` when it did not. Raises NotLive.

        It waits for no other order: what that leaves is found at the next check.
        """
        if self._one.locked():
            return None
        async with self._one:
            found = await self._acts.healer.plan(self._now(), automatic=True, lifted_at=lifted_at)
            if not await decide(found):
                return None
            with self._under_way.counted(HEAL, actor):
                result = await self._acts.healer.apply(found, actor, progress, self._unless_stopping(go_on))
            return self.told(actor, result)

    async def plan_stop(self) -> StopPlan:
        """What a stop would hit. Raises NotLive."""
        return await self._acts.emergency.plan_stop()

    async def stop(self, reason: str, hours: int, actor: Actor, *, keep: bool = False) -> Result:
        """Set the emergency stop; where nobody answers, `keep` it until somebody does.

        It waits for no other order: a heal that is under way ends after its batch.
        """
        if refused := self.refused(EMERGENCY_STOP):
            return refused
        reason = clean(reason.strip())  # pasted or an argument: others' screens show it, and a lone byte has no JSON
        async with self._stopping:
            result = await self._acts.emergency.stop(reason, hours, actor)
        if keep and result.phase is Phase.UNREACHABLE:
            result = await self._keep(EMERGENCY_STOP, actor, result, reason=reason, hours=hours)
        return self.told(actor, result, reason)

    async def plan_lift(self) -> LiftPlan:
        """What stands to be lifted. Raises NotLive."""
        return await self._acts.emergency.plan_lift()

    async def lift(self, actor: Actor, *, requeue: bool, keep: bool = False) -> Result:
        """Lift the emergency stop; where nobody answers, `keep` the order until somebody does."""
        if refused := self.refused(LIFT):
            return refused
        async with self._one:
            result = await self._acts.emergency.lift(actor, requeue=requeue)
        if keep and result.phase is Phase.UNREACHABLE:
            result = await self._keep(LIFT, actor, result, requeue=requeue)
        return self.told(actor, result)

    async def carry_out(self, waiting: PendingOrder) -> Result:
        """Carry out an order that waited, under the run id it has had since. It may have been begun before."""
        emergency, actor = self._acts.emergency, waiting.actor
        lifts = waiting.order == LIFT.name
        with self._under_way.counted(LIFT if lifts else EMERGENCY_STOP, actor):
            async with self._one if lifts else self._stopping:
                if lifts:
                    result = await emergency.lift(actor, requeue=waiting.requeue, run=waiting.id)
                else:
                    result = await emergency.stop(waiting.reason, waiting.hours, actor, run=waiting.id)
        return self.told(actor, result)

    async def withdraw(self, name: str, actor: Actor) -> Result:
        """Forget an order that waits."""
        if refused := self.refused(WITHDRAW):
            return refused
        waiting = next((one for one in await self._acts.pending.all() if one.id == name), None)
        if waiting is None or not await self._acts.pending.remove(name):
            return Result(order=WITHDRAW.name, phase=Phase.SEEN, text="no such order waits any more", already=True)
        return self.told(actor, Result(order=WITHDRAW.name, phase=Phase.SEEN, text=f"withdrawn: {waiting.words()}"))

    async def plan_mode(self) -> ModePlan:
        """How dry-run stands. Raises NotLive."""
        return await self._acts.mode.plan()

    async def set_dry_run(self, on: bool, actor: Actor) -> Result:
        """Turn dry-run on or off."""
        return await self._act(DRY_RUN_ON if on else DRY_RUN_OFF, actor, lambda: self._acts.mode.set(on, actor))

    async def plan_run(self) -> RunPlan:
        """What is pending. Raises NotLive."""
        return await self._acts.work.plan_run()

    async def run_pending(self, actor: Actor) -> Result:
        """Let the agents work off what is pending."""
        return await self._act(RUN_PENDING, actor, lambda: self._acts.work.run(actor))

    async def plan_retry(self, task: str) -> RetryPlan:
        """What one failed task is. Raises NotLive."""
        return await self._acts.work.plan_retry(task)

    async def retry(self, plan: RetryPlan, actor: Actor) -> Result:
        """Send one failed task back to pending."""
        return await self._act(RETRY, actor, lambda: self._acts.work.retry(plan, actor))

    async def plan_retry_matching(self, listing: Listing) -> RetryMatchingPlan:
        """Which failed tasks match now. Raises NotLive."""
        return await self._acts.retrying.plan(listing, self._likely_now())

    async def retry_matching(
        self, plan: RetryMatchingPlan, reason: str, actor: Actor, progress: Progress | None, go_on: Callable[[], str]
    ) -> Result:
        """Send the tasks of a plan back to pending."""
        go_on = self._unless_stopping(go_on)
        return await self._act(
            RETRY_MATCHING,
            actor,
            lambda: self._acts.retrying.retry(plan, reason, actor, progress, go_on),
            reason=reason,
        )

    async def plan_undo(self, run: str) -> UndoPlan:
        """What an undo would take back. Raises NotLive."""
        return await self._acts.undo.plan(run)

    async def undo(self, plan: UndoPlan, actor: Actor) -> Result:
        """Take back what one order changed."""
        return await self._act(UNDO, actor, lambda: self._acts.undo.undo(plan, actor))

    def _unless_stopping(self, go_on: Callable[[], str]) -> Callable[[], str]:
        return lambda: "an emergency stop was ordered" if self._stopping.locked() else go_on()

    def observes(self) -> bool:
        """Whether nothing may be written at all."""
        return self._observing.forbids()

    def refused(self, order: Order) -> Result | None:
        """What refuses the order, if anything does."""
        why = self.may(order)
        return Result(order=order.name, phase=Phase.REFUSED, text=why) if why else None

    def told(self, actor: Actor, result: Result, reason: str = "") -> Result:
        """Note in the journal what came of an order, and why it was given."""
        if result.run:
            self._journal.ours(result.run)
        level = Level.OK if result.done else Level.WARNING
        why = f" ({clean(reason.strip())})" if reason.strip() else ""
        self._journal.say(str(actor), f"{result.order.replace('_', ' ')}: {result.text}{why}", level, run=result.run)
        return result

    async def _act(self, order: Order, actor: Actor, act: Callable[[], Awaitable[Result]], reason: str = "") -> Result:
        if refused := self.refused(order):
            return refused
        async with self._one:
            return self.told(actor, await act(), reason)

    async def _keep(
        self,
        order: Order,
        actor: Actor,
        result: Result,
        *,
        reason: str = "",
        hours: int = 24,
        requeue: bool = False,
    ) -> Result:
        try:
            kept, new = await self._acts.pending.keep(
                order.name, actor, reason=reason, hours=hours, requeue=requeue, run=result.run
            )
        except NotKept as error:
            return msgspec.structs.replace(result, text=f"{result.text}; and it cannot be kept: {error}")
        when = "kept until the project answers" if new else f"one waits already, since {kept.at:%H:%M} UTC"
        return msgspec.structs.replace(result, phase=Phase.WAITING, text=f"{result.text}; {when}", run=kept.id)
