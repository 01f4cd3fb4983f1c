"""The façade's orders: each is planned, handed to its desk, and looked at afterwards."""

import contextlib
from collections.abc import Callable, Collection, Coroutine
from datetime import datetime, timedelta
from typing import Any

from core.actions.repairs import BY_DEFAULT
from core.actions.resume import left_over
from core.actions.run import Progress, unhindered
from core.actions.waiting import WaitingAction
from core.backend.schema import Schema
from core.domain.actions import (
    DRY_RUN_OFF,
    DRY_RUN_ON,
    EMERGENCY_STOP,
    HEAL,
    HOLD_BREAKER,
    OBSERVE_OFF,
    RELEASE_BREAKER,
    REQUEUE,
    RESET_BREAKER,
    RESTART,
    RESUME,
    RETRY,
    RETRY_MATCHING,
    RUN_PENDING,
    TEST_MESSAGE,
    UNDO,
    WITHDRAW,
    Action,
    DryRunPlan,
    HealPlan,
    RequeuePlan,
    Result,
    ResumePlan,
    RetryMatchingPlan,
    RetryPlan,
    RunPlan,
    StopPlan,
    UndoPlan,
)
from core.domain.alerts import Tried
from core.domain.queries import Listing
from core.domain.stops import StopMark
from core.monitor.container import Container
from core.monitor.scheduler import Scheduler
from core.resilience import NotLive


class ActionFacade:
    """What an operator may order; `Monitor` is one."""

    _parts: Container
    _scheduler: Scheduler

    async def discover(self) -> Schema:
        """Which shape the project has; asked until it is known. Raises NotLive."""
        raise NotImplementedError

    def _publish(self) -> None:
        """Compose the picture anew and tell it."""
        raise NotImplementedError

    def may(self, order: Action) -> str:
        """Empty if the order may be given, else why not."""
        return self._parts.desk.may(order)

    def under_way(self) -> tuple[str, ...]:
        """The orders under way now, each in words: an operator's and the watchdog's own."""
        return self._parts.running.words()

    async def plan_heal(self, only: Collection[str] = BY_DEFAULT) -> HealPlan:
        """What a heal would do now, of the repairs in `only`. Raises NotLive."""
        await self.discover()
        return await self._parts.desk.plan_heal(only)

    async def heal(
        self, plan: HealPlan, progress: Progress | None = None, go_on: Callable[[], str] = unhindered
    ) -> Result:
        """Apply a plan that was shown. `go_on` says why it must stop between batches, empty while it may go on.

        Raises PlanChanged with the new one, or NotLive.
        """

        async def heal() -> Result:
            await self.discover()
            return await self._parts.desk.heal(plan, self._parts.operator, progress, go_on)

        return await self._after(HEAL, heal())

    async def plan_stop(self) -> StopPlan:
        """What an emergency stop would hit now. Raises NotLive."""
        await self.discover()
        return await self._parts.desk.plan_stop()

    async def stop(self, reason: str, hours: int = 24, *, run: str = "") -> Result:
        """Set the emergency stop and read it back. A monitor that runs keeps it where nobody answers.

        With the `run` of one whose answer was lost, it is gone on with.
        """

        async def stop() -> Result:
            if not self.may(EMERGENCY_STOP):
                self._parts.runner.end_what_is_under_way()  # before anything is asked, which may take its time
            with contextlib.suppress(NotLive):
                await self.discover()
            keep = self._scheduler.running
            return await self._parts.desk.stop(reason, hours, self._parts.operator, keep=keep, run=run)

        return await self._after(EMERGENCY_STOP, stop())

    async def plan_lift(self) -> ResumePlan:
        """What stands to be lifted. Raises NotLive."""
        await self.discover()
        return await self._parts.desk.plan_lift()

    async def lift(self, *, requeue: bool, stop: StopMark | None = None) -> Result:
        """Lift the emergency stop and read it back, then requeue what was pending if `requeue`.

        `stop`: the one that was shown; another is not lifted. A monitor that runs keeps the order where nobody answers.
        """

        async def lift() -> Result:
            with contextlib.suppress(NotLive):
                await self.discover()
            keep = self._scheduler.running
            return await self._parts.desk.lift(self._parts.operator, requeue=requeue, stop=stop, keep=keep)

        return await self._after(RESUME, lift())

    async def requeue(self) -> Result:
        """Give back what a stop that is over left rejected."""

        async def requeue() -> Result:
            with contextlib.suppress(NotLive):
                await self.discover()
            return await self._parts.desk.requeue(self._parts.operator)

        return await self._after(REQUEUE, requeue())

    async def left_over(self) -> RequeuePlan:
        """What a stop that is over left rejected; nothing where that is not known. Never raises for a fault."""
        try:
            config = await self._parts.reads.visible_config()
            return await left_over(self._parts.action_context, config)
        except NotLive:
            return RequeuePlan(of="", tasks=0)

    async def waiting(self) -> tuple[WaitingAction, ...]:
        """The orders that wait for the project to answer, oldest first."""
        return await self._parts.waiting.all()

    async def withdraw(self, waiting: str) -> Result:
        """Forget an order that waits. Raises NotKept."""
        return await self._after(WITHDRAW, self._parts.desk.withdraw(waiting, self._parts.operator))

    async def confirm_waiting(self, waiting: str) -> bool:
        """An order that has waited for long is still meant. Whether it still waits. Raises NotKept."""
        if self.may(WITHDRAW):
            return False
        found = await self._parts.waiting.confirm(waiting)
        self._scheduler.check_soon()
        return found

    async def plan_mode(self) -> DryRunPlan:
        """How dry-run stands. Raises NotLive."""
        await self.discover()
        return await self._parts.desk.plan_mode()

    async def acknowledge(self, name: str, note: str = "") -> Result:
        """Take care of an alert that fires, by its name or the beginning of its episode."""
        return self._told(await self._parts.alert_actions.acknowledge(name, note, self._parts.operator))

    async def silence(self, matcher: str, lasts: timedelta, reason: str) -> Result:
        """Tell nobody of alerts that match, for so long."""
        return self._told(await self._parts.alert_actions.silence(matcher, lasts, reason, self._parts.operator))

    async def end_silence(self, name: str) -> Result:
        """Take a silence back, by the beginning of its id."""
        return self._told(await self._parts.alert_actions.end_silence(name, self._parts.operator))

    async def look_at_alerts(self) -> None:
        """How alerts stand, for a command that looks once. Never raises for a fault."""
        await self._parts.alerts.peek()
        self._publish()

    def refresh_picture(self) -> None:
        """Compose the snapshot anew."""
        self._publish()

    async def try_alerts(self) -> tuple[Tried, ...]:
        """Send a test message to everybody: each address, and why it was not accepted (empty: it was)."""
        return () if self.may(TEST_MESSAGE) else await self._parts.notifications.try_out()

    async def set_dry_run(self, on: bool) -> Result:
        """Turn the agents' dry-run on or off, and read it back."""

        async def turn() -> Result:
            with contextlib.suppress(NotLive):
                await self.discover()
            return await self._parts.desk.set_dry_run(on, self._parts.operator)

        return await self._after(DRY_RUN_ON if on else DRY_RUN_OFF, turn())

    async def plan_run(self) -> RunPlan:
        """What is pending now. Raises NotLive."""
        await self.discover()
        return await self._parts.desk.plan_run()

    async def run_pending(self) -> Result:
        """Let the agents' function work off what is pending."""
        return await self._after(RUN_PENDING, self._parts.desk.run_pending(self._parts.operator))

    async def plan_retry(self, task: str) -> RetryPlan:
        """What one failed task is. Raises NotLive."""
        await self.discover()
        return await self._parts.desk.plan_retry(task, self._parts.operator)

    async def retry(self, plan: RetryPlan) -> Result:
        """Send one failed task back to pending."""
        return await self._after(RETRY, self._parts.desk.retry(plan, self._parts.operator))

    async def plan_retry_matching(self, listing: Listing) -> RetryMatchingPlan:
        """Which failed tasks of a list would be sent back, whatever status its filter names. Raises NotLive."""
        await self.discover()
        return await self._parts.desk.plan_retry_matching(listing, self._parts.operator)

    async def retry_matching(
        self,
        plan: RetryMatchingPlan,
        reason: str,
        progress: Progress | None = None,
        go_on: Callable[[], str] = unhindered,
    ) -> Result:
        """Send the failed tasks of a plan back to pending; `go_on` as for a heal. Without a reason it is refused."""
        return await self._after(
            RETRY_MATCHING, self._parts.desk.retry_matching(plan, reason, self._parts.operator, progress, go_on)
        )

    async def plan_undo(self, run: str, only: tuple[str, ...] = ()) -> UndoPlan:
        """What an undo of one order would take back, of the steps in `only` or of all. Raises NotLive."""
        await self.discover()
        return await self._parts.desk.plan_undo(run, only, self._parts.operator)

    async def undo(self, plan: UndoPlan) -> Result:
        """Take back what was shown."""
        return await self._after(UNDO, self._parts.desk.undo(plan, self._parts.operator))

    async def reset_breaker(self, key: str | None) -> Result:
        """Close one breaker, or all."""
        return await self._after(RESET_BREAKER, self._parts.breaker_actions.reset(key, self._parts.operator))

    async def hold_breaker(self, key: str, why: str, until: datetime | None = None) -> Result:
        """Hold one breaker open until it is released, or until a moment of wall time; a restart does not end it."""
        return await self._after(HOLD_BREAKER, self._parts.breaker_actions.hold(key, why, until, self._parts.operator))

    async def release_breaker(self, key: str) -> Result:
        """End a hold: the next call probes."""
        return await self._after(RELEASE_BREAKER, self._parts.breaker_actions.release(key, self._parts.operator))

    def restart_watchdog(self) -> None:
        """End the watchdog's loop and begin it anew; it looks at once."""
        if self.may(RESTART):
            return
        self._scheduler.restart_watchdog()
        self._parts.breaker_actions.note(RESTART, self._parts.operator, "the watchdog's loop", "restarted")
        self._publish()

    def lift_observe(self) -> None:
        """Allow the operator's orders for 15 minutes although it was started with `--observe`."""
        if self.may(OBSERVE_OFF):
            return
        self._parts.read_only.lift()
        told = "off for 15 minutes: actions are allowed"
        self._parts.breaker_actions.note(OBSERVE_OFF, self._parts.operator, "--observe", told)
        self._publish()

    def _told(self, result: Result) -> Result:
        """What concerns no task and no config: the picture alone follows."""
        self._publish()
        return result

    async def _after(self, order: Action, carried_out: Coroutine[Any, Any, Result]) -> Result:
        """Carry an order out, then look at what became of it. It counts as under way until it is over."""
        with self._parts.running.counted(order, self._parts.operator):
            result = await carried_out
        self._parts.readings.make_all_due()
        self._scheduler.refresh_soon()
        self._scheduler.check_soon()  # what the checks said before is no longer so
        self._publish()
        return result
