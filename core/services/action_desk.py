"""Where orders are handed in: rights, then the runner, then the journal; and what waits for the project to answer."""

from collections.abc import Awaitable, Callable, Collection
from datetime import datetime
from typing import Final

import msgspec

from core.actions.action import Operation
from core.actions.context import ActionContext, Actor
from core.actions.dry_run import SetDryRun, plan_mode
from core.actions.emergency_stop import EmergencyStop, plan_stop
from core.actions.heal import Findings, Heal, Healer
from core.actions.repairs import BY_DEFAULT
from core.actions.resume import Requeue, Resume, plan_lift, together
from core.actions.retry_matching import RetryMatching, plan_retry_matching
from core.actions.retry_task import Retry, plan_retry
from core.actions.run import Progress, unhindered
from core.actions.run_pending import RunPending, plan_run
from core.actions.runner import Runner
from core.actions.undo import OPTIONS, Undo, plan_undo
from core.actions.waiting import WaitingAction, WaitingActions
from core.base.store import NotKept, Store
from core.base.text import clean
from core.domain.actions import (
    CHECK_NOW,
    CLEAN_UP,
    DRY_RUN_OFF,
    DRY_RUN_ON,
    EMERGENCY_STOP,
    HEAL,
    REQUEUE,
    RESUME,
    RETRY,
    RETRY_MATCHING,
    RUN_PENDING,
    UNDO,
    WITHDRAW,
    Action,
    DryRunPlan,
    HealPlan,
    Result,
    ResultPhase,
    ResumePlan,
    RetryMatchingPlan,
    RetryPlan,
    RunPlan,
    StopPlan,
    UndoPlan,
    label,
)
from core.domain.queries import Listing
from core.domain.status import Level
from core.domain.stops import StopMark
from core.services.events import EventLog
from core.services.read_only import ReadOnlyMode
from core.services.running import RunningActions

_SETTLED: Final = (
    *(HEAL, CLEAN_UP, UNDO, RETRY, RETRY_MATCHING, RUN_PENDING, DRY_RUN_ON, DRY_RUN_OFF),
    *(EMERGENCY_STOP, RESUME, REQUEUE),
)
"""Orders whose audit is closed for whoever was broken off."""

_WITHOUT_STATE: Final = {EMERGENCY_STOP.name, WITHDRAW.name}
"""Orders that are taken although this machine's state cannot be written; a withdrawal fails by itself then."""

OBSERVING = "started with --observe: nothing is written"
ONLY_LOOKS = "this screen only looks: act in a terminal"


class ActionDesk:
    """Takes orders. `now` gives the server's time, if it is known, `likely_now` the best guess at it.

    `observing` refuses whatever writes.

    Where this machine's `state` cannot be written only a stop is taken: any other order that is broken off would leave
    no trace here. `standing` is the stop that was last seen on the config row.
    What nobody gave counts as `under_way` from here on; what an operator gave does before it comes here.
    """

    def __init__(  # noqa: PLR0913 - all that an order depends on
        self,
        *,
        means: ActionContext,
        runner: Runner,
        healer: Healer,
        pending: WaitingActions,
        journal: EventLog,
        now: Callable[[], datetime | None],
        likely_now: Callable[[], datetime],
        observing: ReadOnlyMode,
        under_way: RunningActions,
        state: Store,
        standing: Callable[[], StopMark | None],
    ) -> None:
        self._means = means
        self._runner = runner
        self._healer = healer
        self._pending = pending
        self._journal = journal
        self._now = now
        self._likely_now = likely_now
        self._observing = observing
        self._under_way = under_way
        self._state = state
        self._standing = standing

    def may(self, order: Action) -> str:
        """Empty if the order may be given, else why not."""
        if self._observing.only_looks and order is not CHECK_NOW:
            return ONLY_LOOKS
        if order.writes and self._observing.forbids():
            return OBSERVING
        if order.writes and order.name not in _WITHOUT_STATE and (why := self._state.unwritable):
            return _unkept(why)
        return ""

    def may_note(self) -> str:
        """Empty if a note may be kept, else why not. One is about this machine alone: `--observe` allows it."""
        return ONLY_LOOKS if self._observing.only_looks else ""

    async def plan_heal(self, only: Collection[str] = BY_DEFAULT) -> HealPlan:
        """What a heal would do. Raises NotLive."""
        return (await self._healer.plan(self._now(), only=only)).plan

    async def heal(
        self,
        shown: HealPlan,
        actor: Actor,
        progress: Progress | None = None,
        go_on: Callable[[], str] = unhindered,
    ) -> Result:
        """Recompute, and apply if it is still what was shown. Raises PlanChanged."""
        heal = Heal(self._healer, now=self._now, shown=shown)
        return await self._act(heal, actor, progress=progress, go_on=go_on)

    async def heal_by_itself(
        self,
        decide: Callable[[Findings], Awaitable[bool]],
        lifted_at: datetime | None,
        actor: Actor,
        progress: Progress,
        go_on: Callable[[], str],
        *,
        only: Collection[str] = BY_DEFAULT,
    ) -> Result | None:
        """Plan without a person, and apply if `decide` says so. `None` when it did not. Raises NotLive.

        It waits for no other order: what that leaves is found at the next check.
        """
        probe = Heal(self._healer, now=self._now, shown=HealPlan(only=tuple(sorted(only))))
        if self._runner.busy(probe.order):
            return None
        async with self._runner.lane(probe.order):
            found = await self._healer.plan(self._now(), automatic=True, lifted_at=lifted_at, only=only)
            if not await decide(found):
                return None
            heal = Heal(self._healer, now=self._now, found=found)
            with self._under_way.counted(heal.order, actor):
                return self.told(actor, await self._runner.run(heal, actor, progress=progress, go_on=go_on))

    async def plan_stop(self) -> StopPlan:
        """What a stop would hit. Raises NotLive."""
        return await plan_stop(self._means)

    async def stop(self, reason: str, hours: int, actor: Actor, *, keep: bool = False, run: str = "") -> Result:
        """Set the emergency stop; where nobody answers, `keep` it until somebody does.

        It waits for no other order: a heal that is under way ends after its batch. With the `run` of one that was begun
        before, it is gone on with.
        """
        if refused := self.refused(EMERGENCY_STOP):
            return refused
        reason = clean(reason.strip())  # pasted or an argument: others' screens show it, and a lone byte has no JSON
        result = await self._act(EmergencyStop(self._means, reason, hours), actor, run=run, reason=reason, tell=False)
        if keep and result.phase in {ResultPhase.UNREACHABLE, ResultPhase.UNKNOWN}:
            result = await self._keep(EMERGENCY_STOP, actor, result, reason=reason, hours=hours)
        return self.told(actor, result, reason)

    async def plan_lift(self) -> ResumePlan:
        """What stands to be lifted. Raises NotLive."""
        return await plan_lift(self._means)

    async def lift(
        self, actor: Actor, *, requeue: bool, stop: StopMark | None = None, keep: bool = False, run: str = ""
    ) -> Result:
        """Lift the emergency stop, then requeue what was pending; where nobody answers, `keep` the order.

        `stop`: the one that is meant, by default the one that was last seen.
        """
        if refused := self.refused(RESUME) or await self._untraceable(RESUME):
            return refused
        meant = stop or self._standing()
        result = await self._lift(actor, requeue=requeue, stop=stop, run=run, waits=keep)
        if keep and result.phase in {ResultPhase.UNREACHABLE, ResultPhase.UNKNOWN}:
            result = await self._keep(RESUME, actor, result, requeue=requeue, stop=meant)
        return self.told(actor, result)

    async def requeue(self, actor: Actor) -> Result:
        """Give back what a stop that is over left rejected; while one is set nothing is."""
        return await self._act(Requeue(self._means), actor)

    async def carry_out(self, waiting: WaitingAction) -> Result:
        """Carry out an order that waited, under the run id it has had since. It may have been begun before."""
        actor = waiting.actor
        lifts = waiting.order == RESUME.name
        with self._under_way.counted(RESUME if lifts else EMERGENCY_STOP, actor):
            if lifts:
                result = await self._lift(
                    actor,
                    requeue=waiting.requeue,
                    stop=waiting.stop,
                    run=waiting.id,
                    waits=True,
                    ordered_at=waiting.ordered_at,
                )
                return self.told(actor, result)
            if waiting.order != EMERGENCY_STOP.name:
                text = "this version does not know that action: nothing was done"
                return self.told(
                    actor, Result(order=waiting.order, phase=ResultPhase.REFUSED, text=text, run=waiting.id)
                )
            stop = EmergencyStop(self._means, waiting.reason, waiting.hours)
            async with self._runner.lane(EMERGENCY_STOP):
                return self.told(actor, await self._runner.run(stop, actor, run=waiting.id), waiting.reason)

    async def withdraw(self, name: str, actor: Actor) -> Result:
        """Forget an order that waits."""
        if refused := self.refused(WITHDRAW):
            return refused
        waiting = next((one for one in await self._pending.all() if one.id == name), None)
        if waiting is None or not await self._pending.remove(name):
            text = "no such action waits any more"
            return Result(order=WITHDRAW.name, phase=ResultPhase.UNCHANGED, text=text, already=True)
        text = f"withdrawn: {waiting.words()}"
        return self.told(actor, Result(order=WITHDRAW.name, phase=ResultPhase.VERIFIED, text=text))

    async def plan_mode(self) -> DryRunPlan:
        """How dry-run stands. Raises NotLive."""
        return await plan_mode(self._means)

    async def set_dry_run(self, on: bool, actor: Actor) -> Result:
        """Turn dry-run on or off."""
        return await self._act(SetDryRun(self._means, on=on), actor)

    async def plan_run(self) -> RunPlan:
        """What is pending. Raises NotLive."""
        return await plan_run(self._means)

    async def run_pending(self, actor: Actor) -> Result:
        """Let the agents work off what is pending."""
        return await self._act(RunPending(self._means), actor)

    async def plan_retry(self, task: str, actor: Actor) -> RetryPlan:
        """What one failed task is. Raises NotLive."""
        await self._settle(actor, RETRY)
        return await plan_retry(self._means, task)

    async def retry(self, plan: RetryPlan, actor: Actor) -> Result:
        """Send one failed task back to pending."""
        return await self._act(Retry(self._means, plan), actor)

    async def plan_retry_matching(self, listing: Listing, actor: Actor) -> RetryMatchingPlan:
        """Which failed tasks match now. Raises NotLive."""
        await self._settle(actor, RETRY_MATCHING)
        return await plan_retry_matching(self._means, listing, self._likely_now())

    async def retry_matching(
        self, plan: RetryMatchingPlan, reason: str, actor: Actor, progress: Progress | None, go_on: Callable[[], str]
    ) -> Result:
        """Send the tasks of a plan back to pending."""
        action = RetryMatching(self._means, plan, reason)
        return await self._act(action, actor, progress=progress, go_on=go_on, reason=reason)

    async def plan_undo(self, run: str, only: tuple[str, ...], actor: Actor) -> UndoPlan:
        """What an undo would take back, of the steps in `only`. Raises NotLive."""
        await self._settle(actor, HEAL, UNDO)
        return await plan_undo(self._means, self._healer.repairs, run, only or OPTIONS)

    async def undo(self, plan: UndoPlan, actor: Actor) -> Result:
        """Take back what one order changed."""

        async def set_dry_run(on: bool) -> Result:
            return await self._runner.run(SetDryRun(self._means, on=on, seen_at=plan.config_at), actor)

        return await self._act(Undo(self._means, self._healer.repairs, plan, set_dry_run), actor)

    async def settle(self, actor: Actor) -> None:
        """Close the audit of all that was broken off, whoever ran it. Never raises for a fault."""
        await self._settle(actor, *_SETTLED)

    async def _settle(self, actor: Actor, *orders: Action) -> None:
        if not self._observing.forbids():
            for order in orders:
                await self._runner.settle(order, actor)

    def observes(self) -> bool:
        """Whether nothing may be written at all."""
        return self._observing.forbids()

    def refused(self, order: Action) -> Result | None:
        """What refuses the order, if anything does."""
        why = self.may(order)
        return Result(order=order.name, phase=ResultPhase.REFUSED, text=why) if why else None

    def told(self, actor: Actor, result: Result, reason: str = "") -> Result:
        """Note in the journal what came of an order, and why it was given."""
        if result.run:
            self._journal.ours(result.run)
        level = Level.OK if result.done else Level.WARNING
        why = f" ({clean(reason.strip())})" if reason.strip() else ""
        self._journal.say(str(actor), f"{label(result.order)}: {result.text}{why}", level, run=result.run)
        return result

    async def _act(  # noqa: PLR0913 - all that an order may be given with
        self,
        action: Operation,
        actor: Actor,
        *,
        run: str = "",
        progress: Progress | None = None,
        go_on: Callable[[], str] = unhindered,
        reason: str = "",
        tell: bool = True,
    ) -> Result:
        if refused := self.refused(action.order) or await self._untraceable(action.order):
            return refused
        async with self._runner.lane(action.order) as stops:
            result = await self._runner.run(action, actor, run=run, stops=stops, progress=progress, go_on=go_on)
        return self.told(actor, result, reason) if tell else result

    async def _untraceable(self, order: Action) -> Result | None:
        """The refusal of an order of which this machine could keep no trace."""
        if order.name in _WITHOUT_STATE:
            return None
        try:
            await self._state.prove_writable()
        except NotKept as error:
            return Result(order=order.name, phase=ResultPhase.REFUSED, text=_unkept(str(error)))
        return None

    async def _lift(
        self,
        actor: Actor,
        *,
        requeue: bool,
        stop: StopMark | None,
        run: str,
        waits: bool = False,
        ordered_at: datetime | None = None,
    ) -> Result:
        """Clear the flag, then, as an action of its own that can be begun again, requeue what was pending."""
        async with self._runner.lane(RESUME) as stops:
            lift = Resume(self._means, stop, ordered_at)
            lifted = await self._runner.run(lift, actor, run=run)
            if not requeue or not lifted.done:
                return lifted
            requeued = await self._runner.run(Requeue(self._means, lift.rejected), actor, stops=stops)
        if requeued.run:
            self._journal.ours(requeued.run)
        return together(lifted, requeued, waits=waits)

    async def _keep(  # noqa: PLR0913 - all that is kept of an order
        self,
        order: Action,
        actor: Actor,
        result: Result,
        *,
        reason: str = "",
        hours: int = 24,
        requeue: bool = False,
        stop: StopMark | None = None,
    ) -> Result:
        try:
            kept, new = await self._pending.keep(
                order.name, actor, reason=reason, hours=hours, requeue=requeue, stop=stop, run=result.run
            )
        except NotKept as error:
            return msgspec.structs.replace(result, text=f"{result.text}; and it cannot be kept: {error}")
        when = "kept until the project answers" if new else f"one waits already, since {kept.at:%H:%M} UTC"
        return msgspec.structs.replace(result, phase=ResultPhase.WAITING, text=f"{result.text}; {when}", run=kept.id)


def _unkept(why: str) -> str:
    return f"nothing but an emergency stop is possible: {why}"
