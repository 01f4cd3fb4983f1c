"""The façade: a picture that is always there, a start, an end, and orders. What stands behind it is wired elsewhere."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any

from core.act.healing import Progress, unhindered
from core.act.orders import (
    OBSERVE_OFF,
    RESTART,
    TEST_MESSAGE,
    WITHDRAW,
    HealPlan,
    LiftPlan,
    ModePlan,
    Order,
    Result,
    RetryMatchingPlan,
    RetryPlan,
    RunPlan,
    StopPlan,
    UndoPlan,
)
from core.act.pending import PendingOrder
from core.backend.line import Line
from core.backend.schema import Schema
from core.clock import Clock, SystemClock
from core.details import LogDetail, SafetyDetail, TaskDetail
from core.facts import Fault, Level
from core.history.blackbox import Box, Note
from core.history.kpis import Kpi
from core.history.trends import Trends, Window
from core.listing import ListedRow, Listing, Page
from core.model import LogEntry, Statistics
from core.monitor.alert_desk import AlertDesk
from core.monitor.browsing import Browsing
from core.monitor.components import components
from core.monitor.config import Config, Places
from core.monitor.fights import Resets
from core.monitor.loops import Loops
from core.monitor.picture import compose, compose_one_shot
from core.monitor.sight import Sight
from core.monitor.wiring import Rooms
from core.resilience import (
    BreakerEvent,
    BreakerState,
    DegradationEvent,
    DegradationLevel,
    DegradationTracker,
    NotLive,
)
from core.snapshot import Snapshot
from core.watch.rates import statistics
from core.watch.record import Check, Checkup


class Monitor:
    """`snapshot` is always there; `start` brings it to life; orders go to the desk behind it."""

    def __init__(
        self,
        config: Config,
        *,
        clock: Clock | None = None,
        places: Places | None = None,
        jitter: bool = True,
        line: Line | None = None,
    ) -> None:
        self._rooms = Rooms(config, clock or SystemClock(), places or Places.of_platform(), self._on_late, line)
        self._sight = Sight(self._rooms, self._publish)
        self._loops = Loops(
            self._rooms, self._sight, picture=lambda: self.snapshot, publish=self._publish, jitter=jitter
        )
        self._alert_desk = AlertDesk(self._rooms.desk, self._loops.alarms, self._rooms.clock)
        self._browsing = Browsing(self._rooms, self.discover)
        self._listeners: list[Callable[[Snapshot], None]] = [self._rooms.recording.offer]
        self._resets = Resets(self._rooms.clock)
        self._degradation = DegradationTracker(self._on_degradation)
        self._rooms.breakers.listen(self._on_breaker)
        self._rooms.readings.paint()
        self.snapshot = compose(self._rooms, self._sight, self._loops)

    @property
    def rooms(self) -> Rooms:
        """What it is made of: for the self-test, which tries each part alone. The screen needs none of it."""
        return self._rooms

    def subscribe(self, listener: Callable[[Snapshot], None]) -> Callable[[], None]:
        """Hear each new snapshot on the event loop. Gives what ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def start(self) -> None:
        """The start sequence, then the loops. Never raises because the backend is not there."""
        if self._rooms.config.blackbox.enabled:
            self._rooms.recording.start()
        self._loops.start()

    async def close(self) -> None:
        """End every task, then the connections, then the cache."""
        await self._loops.close()
        await self._loops.scores.close()
        await self._loops.trending.close()
        await self._rooms.close()

    # Looking, as the command line does it once and the loops again and again

    async def discover(self) -> Schema:
        """Which shape the project has; asked until it is known. Raises NotLive."""
        return await self._sight.discover()

    async def refresh(self, *, everything: bool = False) -> None:
        """Ask for the panels' values once and publish. Never raises for a fault."""
        await self._sight.refresh(everything=everything)

    async def check(self) -> Checkup:
        """Run the six checks once and publish."""
        return await self._sight.check()

    async def check_now(self) -> None:
        """Everything due at once: breakers may probe, panels refresh, all six checks run."""
        self._rooms.breakers.make_all_due()
        self._loops.refresh_soon()
        await asyncio.gather(self._sight.refresh(everything=True), self._sight.check())

    async def look_at_policies(self) -> None:
        """Find out whether anybody with the publishable key reads the project. Never raises."""
        await self._sight.look_at_policies()

    async def look_at_lease(self) -> None:
        """See who may act by himself, and take no part in it. Never raises."""
        await self._rooms.lease.look_on()

    def faults(self) -> tuple[Fault, ...]:
        """Why what is not live is not, the schema's own faults first."""
        return self._sight.faults()

    def one_shot(self) -> Snapshot:
        """The picture for a command that looked once: what was not read live now is not known."""
        return compose_one_shot(self._rooms, self._sight, self._loops)

    async def logs(self, *, healing: bool, since: datetime | None, limit: int) -> tuple[LogEntry, ...]:
        """What the watchdog wrote, or its orders alone, newest first. Raises NotLive."""
        await self.discover()
        return await self._rooms.live.watchdog_logs(healing=healing, since=since, limit=limit)

    async def told_between(self, since: datetime, until: datetime, limit: int) -> tuple[LogEntry, ...]:
        """What the project's log tells of a time: orders, alerts, what failed; newest first. Raises NotLive."""
        await self.discover()
        return await self._rooms.live.told_between(since, until, limit)

    async def statistics(self, since: datetime) -> Statistics:
        """What became of the tasks since a moment. Raises NotLive."""
        await self.discover()
        return await statistics(self._rooms.live, since, self._rooms.clock.now())

    async def kpis(self) -> tuple[Kpi, ...]:
        """The key figures, from what monitors of this machine kept and what the project knows now. Raises NotLive."""
        await self.discover()
        scores = self._loops.scores
        await scores.restore()
        await self._rooms.readings.refresh(everything=True)
        await scores.measure()
        return scores.kpis

    async def trends(self, window: Window) -> Trends:
        """The courses over a window, as far as they are known now; nobody is asked for it."""
        return await self._loops.trending.trends(window)

    async def fill_trends(self, window: Window) -> None:
        """Ask the project for what this machine did not see of a window, if that is due. Never raises for a fault."""
        await self._loops.trending.fill(window)

    async def page(self, listing: Listing, offset: int, limit: int) -> Page[ListedRow]:
        """Up to `limit` rows of a list, 500 at most, from `offset` on; nothing is counted for it. Raises NotLive."""
        return await self._browsing.page(listing, offset, limit)

    async def total(self, listing: Listing) -> tuple[int, bool]:
        """How many rows of a list there are, and whether that is exact or an estimate. Raises NotLive."""
        return await self._browsing.total(listing)

    async def task_detail(self, name: str) -> TaskDetail | None:
        """One task in full; `None` when none is visible to us. Raises NotLive."""
        return await self._browsing.task_detail(name)

    async def log_detail(self, name: str) -> LogDetail | None:
        """One row of the log in full; `None` when none is visible to us. Raises NotLive."""
        return await self._browsing.log_detail(name)

    async def safety_detail(self, name: str) -> SafetyDetail | None:
        """One safety check in full; `None` when none is visible to us. Raises NotLive."""
        return await self._browsing.safety_detail(name)

    # Orders

    def may(self, order: Order) -> str:
        """Empty if the order may be given, else why not."""
        return self._rooms.desk.may(order)

    async def plan_heal(self) -> HealPlan:
        """What a heal would do now. Raises NotLive."""
        await self.discover()
        return await self._rooms.desk.plan_heal()

    async def heal(
        self, plan: HealPlan, progress: Progress | None = None, go_on: Callable[[], str] = unhindered
    ) -> Result:
        """Apply a plan that was shown. `go_on` says why it must stop between batches, empty while it may go on.

        Raises PlanChanged with the new one, or NotLive.
        """
        await self.discover()
        return await self._after(self._rooms.desk.heal(plan, self._rooms.operator, progress, go_on))

    async def plan_stop(self) -> StopPlan:
        """What an emergency stop would hit now. Raises NotLive."""
        await self.discover()
        return await self._rooms.desk.plan_stop()

    async def stop(self, reason: str, hours: int = 24) -> Result:
        """Set the emergency stop and read it back. A monitor that runs keeps it where nobody answers."""
        with contextlib.suppress(NotLive):
            await self.discover()
        keep = self._loops.running
        return await self._after(self._rooms.desk.stop(reason, hours, self._rooms.operator, keep=keep))

    async def plan_lift(self) -> LiftPlan:
        """What stands to be lifted. Raises NotLive."""
        await self.discover()
        return await self._rooms.desk.plan_lift()

    async def lift(self, *, requeue: bool) -> Result:
        """Lift the emergency stop and read it back. A monitor that runs keeps the order where nobody answers."""
        with contextlib.suppress(NotLive):
            await self.discover()
        keep = self._loops.running
        return await self._after(self._rooms.desk.lift(self._rooms.operator, requeue=requeue, keep=keep))

    async def waiting(self) -> tuple[PendingOrder, ...]:
        """The orders that wait for the project to answer, oldest first."""
        return await self._rooms.pending.all()

    async def withdraw(self, waiting: str) -> Result:
        """Forget an order that waits. Raises NotKept."""
        return await self._after(self._rooms.desk.withdraw(waiting, self._rooms.operator))

    async def confirm_waiting(self, waiting: str) -> bool:
        """An order that has waited for long is still meant. Whether it still waits. Raises NotKept."""
        if self.may(WITHDRAW):
            return False
        found = await self._rooms.pending.confirm(waiting)
        self._loops.check_soon()
        return found

    async def plan_mode(self) -> ModePlan:
        """How dry-run stands. Raises NotLive."""
        await self.discover()
        return await self._rooms.desk.plan_mode()

    async def acknowledge(self, name: str, note: str = "") -> Result:
        """Take care of an alert that fires, by its name or the beginning of its episode."""
        return self._told(await self._alert_desk.acknowledge(name, note, self._rooms.operator))

    async def silence(self, matcher: str, lasts: timedelta, reason: str) -> Result:
        """Tell nobody of alerts that match, for so long."""
        return self._told(await self._alert_desk.silence(matcher, lasts, reason, self._rooms.operator))

    async def end_silence(self, name: str) -> Result:
        """Take a silence back, by the beginning of its id."""
        return self._told(await self._alert_desk.end_silence(name, self._rooms.operator))

    async def look_at_alerts(self) -> None:
        """How alerts stand, for a command that looks once. Never raises for a fault."""
        await self._loops.alarms.peek()
        self._publish()

    def refresh_picture(self) -> None:
        """Compose the snapshot anew."""
        self._publish()

    async def try_alerts(self) -> tuple[tuple[str, str], ...]:
        """Send a test message to everybody: each address, and why it was not accepted (empty: it was)."""
        return () if self.may(TEST_MESSAGE) else await self._loops.alarms.post_room.try_out()

    async def set_dry_run(self, on: bool) -> Result:
        """Turn the agents' dry-run on or off, and read it back."""
        with contextlib.suppress(NotLive):
            await self.discover()
        return await self._after(self._rooms.desk.set_dry_run(on, self._rooms.operator))

    async def plan_run(self) -> RunPlan:
        """What is pending now. Raises NotLive."""
        await self.discover()
        return await self._rooms.desk.plan_run()

    async def run_pending(self) -> Result:
        """Let the agents' function work off what is pending."""
        return await self._after(self._rooms.desk.run_pending(self._rooms.operator))

    async def plan_retry(self, task: str) -> RetryPlan:
        """What one failed task is. Raises NotLive."""
        await self.discover()
        return await self._rooms.desk.plan_retry(task)

    async def retry(self, plan: RetryPlan) -> Result:
        """Send one failed task back to pending."""
        return await self._after(self._rooms.desk.retry(plan, self._rooms.operator))

    async def plan_retry_matching(self, listing: Listing) -> RetryMatchingPlan:
        """Which failed tasks of a list would be sent back, whatever status its filter names. Raises NotLive."""
        await self.discover()
        return await self._rooms.desk.plan_retry_matching(listing)

    async def retry_matching(
        self,
        plan: RetryMatchingPlan,
        reason: str,
        progress: Progress | None = None,
        go_on: Callable[[], str] = unhindered,
    ) -> Result:
        """Send the failed tasks of a plan back to pending; `go_on` as for a heal. Without a reason it is refused."""
        return await self._after(self._rooms.desk.retry_matching(plan, reason, self._rooms.operator, progress, go_on))

    async def plan_undo(self, run: str) -> UndoPlan:
        """What an undo of one order would take back. Raises NotLive."""
        await self.discover()
        return await self._rooms.desk.plan_undo(run)

    async def undo(self, plan: UndoPlan) -> Result:
        """Take back what was shown."""
        return await self._after(self._rooms.desk.undo(plan, self._rooms.operator))

    async def reset_breaker(self, key: str | None) -> Result:
        """Close one breaker, or all."""
        return await self._after(self._rooms.process_desk.reset(key, self._rooms.operator))

    async def hold_breaker(self, key: str, why: str, until: datetime | None = None) -> Result:
        """Hold one breaker open until it is released, or until a moment of wall time; a restart does not end it."""
        return await self._after(self._rooms.process_desk.hold(key, why, until, self._rooms.operator))

    async def release_breaker(self, key: str) -> Result:
        """End a hold: the next call probes."""
        return await self._after(self._rooms.process_desk.release(key, self._rooms.operator))

    def restart_watchdog(self) -> None:
        """End the watchdog's loop and begin it anew; it looks at once."""
        if self.may(RESTART):
            return
        self._loops.restart_watchdog()
        self._rooms.process_desk.note(RESTART, self._rooms.operator, "the watchdog's loop", "restarted")
        self._publish()

    def lift_observe(self) -> None:
        """Allow the operator's orders for 15 minutes although it was started with `--observe`."""
        if self.may(OBSERVE_OFF):
            return
        self._rooms.observing.lift()
        told = "lifted for 15 minutes: orders are allowed"
        self._rooms.process_desk.note(OBSERVE_OFF, self._rooms.operator, "--observe", told)
        self._publish()

    def _told(self, result: Result) -> Result:
        """What concerns no task and no config: the picture alone follows."""
        self._publish()
        return result

    async def _after(self, order: Coroutine[Any, Any, Result]) -> Result:
        """Carry an order out, then look at what became of it."""
        result = await order
        self._rooms.readings.make_all_due()
        self._loops.refresh_soon()
        self._loops.check_soon()  # what the checks said before is no longer so
        self._publish()
        return result

    # What was

    @property
    def box(self) -> Box:
        """What was kept of earlier, by this process and others. It reads files and blocks: call it in a thread."""
        return self._rooms.box

    async def note(self, text: str, at: datetime | None = None) -> Note:
        """Note something about a moment, by default about now; on this machine alone. Raises NotKept."""
        now = self._rooms.clock.now()
        who = str(self._rooms.operator)
        return await asyncio.to_thread(self._rooms.box.note, at or now, text, who, now=now)

    # What happened

    def _publish(self) -> None:
        if self._loops.ready:  # before its end a start has read nothing, which is no news
            sources = {part.name: part.source for part in components(self._rooms, self._sight)}
            self._degradation.see(sources, self._rooms.clock.now())
        self.snapshot = compose(self._rooms, self._sight, self._loops)
        for listener in tuple(self._listeners):
            listener(self.snapshot)

    def _on_late(self, check: Check) -> None:
        self._sight.late(check)
        self._loops.late(check)

    def _on_degradation(self, event: DegradationEvent) -> None:
        lost = f": {', '.join(event.lost).replace('_', ' ')} not live" if event.lost else ""
        level = Level.OK if event.after is DegradationLevel.NORMAL else Level.WARNING
        self._rooms.journal.say("watchdesk", f"degradation {event.after}{lost}", level)

    def _on_breaker(self, event: BreakerEvent) -> None:
        after = event.after.value.replace("_", "-")
        level = Level.OK if event.after is BreakerState.CLOSED else Level.WARNING
        self._rooms.journal.say("watchdesk", f"breaker {event.key} {after}: {event.why}", level)
        if again := self._resets.heard(event):
            self._rooms.journal.say("watchdesk", again, Level.WARNING)
