"""The façade: a picture that is always there, a start, an end, and orders. What stands behind it is wired elsewhere."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any

from core.act.healing import Progress
from core.act.orders import HealPlan, LiftPlan, ModePlan, Order, Result, StopPlan
from core.backend.schema import Schema
from core.clock import Clock, SystemClock
from core.facts import Fault, Level
from core.model import LogEntry, Statistics
from core.monitor.config import Config, Places
from core.monitor.loops import Loops
from core.monitor.picture import components, compose, compose_one_shot
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
        self, config: Config, *, clock: Clock | None = None, places: Places | None = None, jitter: bool = True
    ) -> None:
        self._rooms = Rooms(config, clock or SystemClock(), places or Places.of_platform(), self._on_late)
        self._sight = Sight(self._rooms, self._publish)
        self._loops = Loops(
            self._rooms, self._sight, picture=lambda: self.snapshot, publish=self._publish, jitter=jitter
        )
        self._listeners: list[Callable[[Snapshot], None]] = []
        self._degradation = DegradationTracker(self._on_degradation)
        self._rooms.breakers.listen(self._on_breaker)
        self._rooms.readings.paint()
        self.snapshot = compose(self._rooms, self._sight, self._loops)

    def subscribe(self, listener: Callable[[Snapshot], None]) -> Callable[[], None]:
        """Hear each new snapshot on the event loop. Gives what ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def start(self) -> None:
        """The start sequence, then the loops. Never raises because the backend is not there."""
        self._loops.start()

    async def close(self) -> None:
        """End every task, then the connections, then the cache."""
        await self._loops.close()
        await self._rooms.close()

    # Looking, as the command line does it once and the loops again and again

    async def discover(self) -> Schema:
        """Which shape the project has; asked until it is known. Raises NotLive."""
        return await self._sight.discover()

    async def refresh(self, *, everything: bool = False) -> None:
        """Ask for the panels' values once and publish. Never raises for a fault."""
        await self._sight.refresh(everything=everything)

    async def check(self, *, scheduled: bool) -> Checkup:
        """Run the six checks once and publish."""
        return await self._sight.check(scheduled=scheduled)

    async def check_now(self) -> None:
        """Everything due at once: breakers may probe, panels refresh, all six checks run."""
        self._rooms.breakers.make_all_due()
        self._loops.refresh_soon()
        await asyncio.gather(self._sight.refresh(everything=True), self._sight.check(scheduled=False))

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

    async def statistics(self, since: datetime) -> Statistics:
        """What became of the tasks since a moment. Raises NotLive."""
        await self.discover()
        return await statistics(self._rooms.live, since, self._rooms.clock.now())

    # Orders

    def may(self, order: Order) -> str:
        """Empty if the order may be given, else why not."""
        return self._rooms.desk.may(order)

    async def plan_heal(self) -> HealPlan:
        """What a heal would do now. Raises NotLive."""
        await self.discover()
        return await self._rooms.desk.plan_heal()

    async def heal(self, plan: HealPlan, progress: Progress | None = None) -> Result:
        """Apply a plan that was shown. Raises PlanChanged with the new one, or NotLive."""
        await self.discover()
        return await self._after(self._rooms.desk.heal(plan, self._rooms.operator, progress))

    async def plan_stop(self) -> StopPlan:
        """What an emergency stop would hit now. Raises NotLive."""
        await self.discover()
        return await self._rooms.desk.plan_stop()

    async def stop(self, reason: str, hours: int = 24) -> Result:
        """Set the emergency stop and read it back."""
        with contextlib.suppress(NotLive):
            await self.discover()
        return await self._after(self._rooms.desk.stop(reason, hours, self._rooms.operator))

    async def plan_lift(self) -> LiftPlan:
        """What stands to be lifted. Raises NotLive."""
        await self.discover()
        return await self._rooms.desk.plan_lift()

    async def lift(self, *, requeue: bool) -> Result:
        """Lift the emergency stop and read it back."""
        with contextlib.suppress(NotLive):
            await self.discover()
        return await self._after(self._rooms.desk.lift(self._rooms.operator, requeue=requeue))

    async def plan_mode(self) -> ModePlan:
        """How dry-run stands. Raises NotLive."""
        await self.discover()
        return await self._rooms.desk.plan_mode()

    async def set_dry_run(self, on: bool) -> Result:
        """Turn the agents' dry-run on or off, and read it back."""
        with contextlib.suppress(NotLive):
            await self.discover()
        return await self._after(self._rooms.desk.set_dry_run(on, self._rooms.operator))

    async def reset_breaker(self, key: str | None) -> Result:
        """Close one breaker, or all."""
        return await self._after(self._rooms.desk.reset_breaker(key, self._rooms.operator))

    async def hold_breaker(self, key: str, why: str, until: datetime | None = None) -> Result:
        """Hold one breaker open until it is released, or until a moment of wall time; a restart does not end it."""
        return await self._after(self._rooms.desk.hold_breaker(key, why, until, self._rooms.operator))

    async def release_breaker(self, key: str) -> Result:
        """End a hold: the next call probes."""
        return await self._after(self._rooms.desk.release_breaker(key, self._rooms.operator))

    async def _after(self, order: Coroutine[Any, Any, Result]) -> Result:
        """Carry an order out, then look at what became of it."""
        result = await order
        self._loops.refresh_soon()
        self._loops.check_soon()  # what the checks said before is no longer so
        self._publish()
        return result

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

    def _on_degradation(self, event: DegradationEvent) -> None:
        lost = f": {', '.join(event.lost).replace('_', ' ')} not live" if event.lost else ""
        level = Level.OK if event.after is DegradationLevel.NORMAL else Level.WARNING
        self._rooms.journal.say("watchdesk", f"degradation {event.after}{lost}", level)

    def _on_breaker(self, event: BreakerEvent) -> None:
        after = event.after.value.replace("_", "-")
        level = Level.OK if event.after is BreakerState.CLOSED else Level.WARNING
        self._rooms.journal.say("watchdesk", f"breaker {event.key} {after}: {event.why}", level)
