"""The façade: a picture that is always there, a start, an end, and orders. What stands behind it is wired elsewhere."""

import asyncio
from collections.abc import Callable
from datetime import datetime

import msgspec

from core.backend.fault_transport import FaultTransport
from core.backend.schema import Schema
from core.base.clock import Clock, SystemClock
from core.base.store import NotKept
from core.domain.checks import Check, Checkup
from core.domain.kpis import Kpi
from core.domain.queries import ListedRow, Listing, Page
from core.domain.records import LogEntry, Statistics
from core.domain.row_details import LogDetail, SafetyDetail, TaskDetail
from core.domain.snapshot import Snapshot, State
from core.domain.status import Level
from core.history.blackbox import Box, Note
from core.history.trends import Trends, Window
from core.monitor.actions import ActionFacade
from core.monitor.container import Container
from core.monitor.scheduler import Scheduler
from core.monitor.snapshot_builder import compose, compose_one_shot, kept_badly
from core.resilience import (
    BreakerEvent,
    BreakerState,
    DegradationEvent,
    DegradationLevel,
    DegradationTracker,
)
from core.resilience.fault import Fault
from core.services.alert_actions import AlertActions
from core.services.browsing import RowReader
from core.services.check_service import CheckService
from core.services.components import components
from core.services.config import Config, Places
from core.services.conflicts import Resets
from core.services.statistics import statistics


class Monitor(ActionFacade):
    """`snapshot` is always there; `start` brings it to life; orders go to the desk behind it."""

    def __init__(
        self,
        config: Config,
        *,
        clock: Clock | None = None,
        places: Places | None = None,
        jitter: bool = True,
        line: FaultTransport | None = None,
    ) -> None:
        self._rooms = Container(config, clock or SystemClock(), places or Places.of_platform(), self._on_late, line)
        self._sight = CheckService(self._rooms, self._publish)
        self._loops = Scheduler(
            self._rooms, self._sight, picture=lambda: self.snapshot, publish=self._publish, jitter=jitter
        )
        self._alert_desk = AlertActions(self._rooms.desk, self._loops.alarms, self._rooms.clock)
        self._browsing = RowReader(self._rooms, self.discover)
        self._listeners: list[Callable[[Snapshot], None]] = [self._rooms.recording.offer]
        self._resets = Resets(self._rooms.clock)
        self._degradation = DegradationTracker(self._on_degradation)
        self._rooms.breakers.listen(self._on_breaker)
        self._rooms.readings.paint()
        with self._rooms.fence.around("last-known data") as run:
            self.snapshot = compose(self._rooms, self._sight, self._loops)
        if run.error is not None:
            self._rooms.readings.forget()
            self.snapshot = compose(self._rooms, self._sight, self._loops)

    @property
    def rooms(self) -> Container:
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

    async def look_left_over(self) -> None:
        """See what a stop that is over left rejected. Never raises."""
        await self._loops.autonomy.look_left_over()

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
        """What the project's log tells of a time: what watchdogs and orders wrote, then the agents' failed steps.

        Each newest first and up to `limit`. Raises NotLive.
        """
        await self.discover()
        live = self._rooms.live
        told = await live.told_between(since, until, limit)
        return told + await live.failed_between(since, until, limit)

    async def statistics(self, since: datetime) -> Statistics:
        """What became of the tasks since a moment. Raises NotLive."""
        await self.discover()
        return await statistics(self._rooms.live, since, self._rooms.likely_now())

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

    # What is kept here

    async def look_at_disk(self) -> None:
        """See what this machine keeps, and what of it was set aside. Never raises."""
        await self._rooms.state.open()

    def kept_badly(self) -> tuple[str, ...]:
        """What was set aside of what this machine keeps, or cannot be used, each in a sentence."""
        return kept_badly(self._rooms)

    # What was

    @property
    def box(self) -> Box:
        """What was kept of earlier, by this process and others. It reads files and blocks: call it in a thread."""
        return self._rooms.box

    def may_note(self) -> str:
        """Empty if a note may be kept, else why not."""
        return self._rooms.desk.may_note()

    async def note(self, text: str, at: datetime | None = None) -> Note:
        """Note something about a moment, by default about now; on this machine alone. Raises NotKept."""
        if why := self.may_note():
            raise NotKept(why)
        now = self._rooms.clock.now()
        who = str(self._rooms.operator)
        return await asyncio.to_thread(self._rooms.box.note, at or now, text, who, now=now)

    # What happened

    def _publish(self) -> None:
        """Make a new picture and hand it on. Never raises: what fails unforeseen of it is said in the last one."""
        fence = self._rooms.fence
        for words in self._rooms.backend.oddities.drain():
            self._rooms.journal.say("watchdesk", words, Level.WARNING)
        self._rooms.log_watch.look()
        with fence.around("making the picture") as run:
            if self._loops.ready:  # before its end a start has read nothing, which is no news
                sources = {part.name: part.source for part in components(self._rooms, self._sight)}
                self._degradation.see(sources, self._rooms.clock.now())
            self.snapshot = compose(self._rooms, self._sight, self._loops)
        if run.error is not None:
            self.snapshot = _unsure(self.snapshot, f"making the picture {run.text}")
        for listener in tuple(self._listeners):
            with fence.around(f"showing the picture ({getattr(listener, '__qualname__', 'a listener')})"):
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


def _unsure(last: Snapshot, why: str) -> Snapshot:
    """The last picture that could be made, as old as it is, and that it may not be so any more."""
    return msgspec.structs.replace(last, state=State.UNKNOWN, state_why=why, notices=(why,))
