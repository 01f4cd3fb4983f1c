"""The loops: the start, the live refresh, the watchdog's rounds, the lease, and one that watches the others."""

import asyncio
import contextlib
import logging
import math
import random
from collections.abc import Callable, Coroutine
from typing import Any, Final

from core.base.text import plural
from core.domain.checks import Check, Checkup
from core.domain.permission import who_acts
from core.domain.snapshot import LinkWord, Snapshot
from core.domain.status import Level
from core.monitor.container import Container
from core.resilience import BreakerState, NotLive
from core.services.alerting import AlertService
from core.services.autopilot import Autopilot
from core.services.check_service import CheckService
from core.services.kpis import KpiService
from core.services.self_monitor import SelfMonitor
from core.services.startup import Startup
from core.services.supervised_loop import SupervisedLoop
from core.services.trends import TrendService

log = logging.getLogger(__name__)

_FORCED_CHECK_S: Final = 60.0
_SWEEP_S: Final = 300.0
_SUPERVISE_S: Final = 5.0


class Scheduler:
    """Owns every task of the monitor. `picture` gives the newest snapshot, `publish` makes a new one."""

    def __init__(
        self,
        rooms: Container,
        sight: CheckService,
        *,
        picture: Callable[[], Snapshot],
        publish: Callable[[], None],
        jitter: bool,
    ) -> None:
        self._rooms = rooms
        self._sight = sight
        self._picture = picture
        self._publish = publish
        self._jitter = jitter
        self._refresh_now, self._check_now = asyncio.Event(), asyncio.Event()
        self._last_forced_check: float | None = None
        self._failed = False
        """Whether nobody answered the last refresh."""
        self._tasks: set[asyncio.Task[None]] = set()
        self.self_watch = SelfMonitor(rooms, publish)
        interval_s = rooms.config.watch.interval_s
        self._watch = self._keeper("watchdog", self._watch_turn, 2 * interval_s * (1 + rooms.config.watch.jitter))
        self._keepers = (
            self._watch,
            self._keeper("refresh", self._refresh_turn, max(120.0, 4 * rooms.config.refresh.person_wait_s)),
            self._keeper("lease", self._lease_turn, 120.0),
            self._keeper("alerts", self._alerts_turn, 5 * rooms.config.alerts.evaluate_s),
            self._keeper("sweep", self._sweep_turn, None),
            self._keeper("self-watch", self.self_watch.turn, None),
        )
        self._lease_pause = rooms.config.lease.renew_s
        self.scores = KpiService(rooms, keeps=lambda: self.owner)
        self.trending = TrendService(rooms, sight.discover, keeps=lambda: self.owner)
        self.autonomy = Autopilot(rooms, sight, owner=lambda: self.owner, beat=self._watch.beat)
        self.alarms = AlertService(
            rooms,
            sight,
            owner=lambda: self.owner,
            braked=lambda: self.autonomy.braked,
            who_acts=lambda: who_acts(rooms.lease.view(), self.autonomy.permission()),
        )
        self._start = Startup(rooms, sight, publish)
        self.steps = self._start.steps
        """The start's steps and how they went."""
        self.owner = False
        """Whether this process runs what only one of this project and user may."""
        self.ready = False
        """Whether the start is over and the loops run."""
        self.next_check: float | None = None
        self.next_refresh: float | None = None
        """When, on the elapsed clock."""

    @property
    def running(self) -> bool:
        """Whether it was started and not closed."""
        return bool(self._tasks) or self.ready

    @property
    def watchdog_dead(self) -> bool:
        """Whether the watchdog's loop has not come round for too long."""
        return self._watch.dead

    @property
    def watchdog_restarts(self) -> int:
        """How often the watchdog's loop had to be begun anew."""
        return self._watch.restarts

    def start(self) -> None:
        """The start sequence, then the loops; once, however often it is asked for."""
        if self._tasks or self.ready:
            return
        self._start.paint()
        self._spawn(self._run(), "start")

    async def close(self) -> None:
        """End every task."""
        self.self_watch.stop()
        tasks, self._tasks = self._tasks, set()
        for task in tasks:
            task.cancel()
        ending = [ended for keeper in self._keepers if (ended := keeper.stop()) is not None]
        await asyncio.gather(*tasks, *ending, return_exceptions=True)
        await self.autonomy.close()
        await self.alarms.close()

    def refresh_soon(self) -> None:
        """Let the refresh loop go round now."""
        self._refresh_now.set()

    def check_soon(self) -> None:
        """Let the watchdog look now."""
        self._check_now.set()

    def restart_watchdog(self) -> None:
        """End the watchdog's loop wherever it stands, begin it anew, and let it look at once."""
        self._check_now.set()
        self._watch.start()

    def late(self, check: Check) -> None:
        """A check's question that outlived its check has ended."""
        if self.ready:
            self._spawn(self._after_late(check), "late")

    # The start

    async def _run(self) -> None:
        """Step by step; whatever becomes of one, the loops run in the end. Raises nothing but a cancellation."""
        checkup = None
        with self._rooms.fence.around("the start"):
            checkup = await self._take_steps()
        self._begin_loops()
        if checkup is None:
            self._check_now.set()  # nothing was looked at yet: it is due now
        else:
            await self._start.take("heal", lambda: self._first_heal(checkup), limit_s=math.inf)
            await self._kept_of(checkup)
        self._publish()

    async def _take_steps(self) -> Checkup | None:
        rooms, start = self._rooms, self._start
        await start.take_all(
            ("held breakers", rooms.holds.restore),
            ("key figures", self.scores.restore),
            ("taking over", self._take_over),
            ("waiting orders", rooms.pending.all),
            ("alerts", self.alarms.restore),
            ("state", self._state),
            ("connect", start.connect),
            ("schema", start.discover),
            ("lease", self._ask_for_lease),
            ("first refresh", self._first_refresh),
        )
        checkup = await start.take("first check", start.check)
        await start.take("policies", start.look_at_policies)
        return checkup

    def _begin_loops(self) -> None:
        self._schedule()
        self.ready = True
        for keeper in self._keepers:
            keeper.start()
        self.self_watch.start()
        self._spawn(self._supervise(), "supervisor")
        self._spawn(self.autonomy.tell_heartbeat(), "heartbeat")
        self._start.note("watchdog", Level.OK, "running")
        self._rooms.journal.say("watchdesk", "watching" if self._is_live() else "watching, not connected yet")

    async def _state(self) -> None:
        """What earlier processes left on the disk."""
        rooms = self._rooms
        warning, held = rooms.state.warning, sum(one.state is BreakerState.HELD for one in rooms.breakers.all())
        words = ", ".join(
            ([f"{plural(held, 'breaker')} held open"] if held else [])
            + ([f"{plural(len(rooms.pending.known), 'order')} waiting"] if rooms.pending.known else [])
        )
        self._start.note("state", Level.WARNING if warning else Level.OK, warning or words or "usable")

    async def _ask_for_lease(self) -> None:
        if self._takes_part():
            self._lease_pause = await self._rooms.lease.round()

    async def _first_refresh(self) -> None:
        await self._look(everything=True)
        self._start.note("first refresh", Level.OK if self._is_live() else Level.WARNING, "")

    async def _first_heal(self, checkup: Checkup) -> None:
        self._start.note("heal", Level.OK, await self.autonomy.after(checkup, scheduled=True))

    # One turn of each loop

    async def _refresh_turn(self) -> None:
        pause = self._refresh_pause()
        self.next_refresh = self._rooms.clock.elapsed() + pause
        self.scores.due_in(pause)
        await self._wait(self._refresh_now, pause)
        with self._rooms.fence.around("taking over"):
            await self._take_over()
        was_live, had_failed = self._is_live(), self._failed
        await self._look()
        if was_live and not self._is_live():
            self._force_check()
        elif had_failed and not was_live and self._is_live():  # who only slept has lost nothing
            self._rooms.journal.say("watchdesk", "connection is back")
            self._refresh_now.set()
            self._check_now.set()

    async def _look(self, *, everything: bool = False) -> None:
        """One refresh, and all that goes by it, each on its own."""
        live = await self._sight.refresh(everything=everything)
        self._failed = not live
        fence = self._rooms.fence
        with fence.around("reading the orders that wait"):
            await self._rooms.pending.all()  # another process of ours may have kept or withdrawn one
        with fence.around("noticing what was lifted"):
            await self.autonomy.saw_config()
        with fence.around("counting a refresh for the key figures"):
            await self.scores.refreshed(live=live, checks=self._sight.checks)
        with fence.around("keeping a refresh for the trends"):
            await self.trending.refreshed()
        with fence.around("what was put on the disk about alerts"):
            await self.alarms.looked()

    async def _watch_turn(self) -> None:
        # What fell due while the machine slept, or while a dead loop hung, runs once, now.
        due = self.next_check if self.next_check is not None else self._rooms.clock.elapsed()
        self._publish()
        asked = await self._wait(self._check_now, due - self._rooms.clock.elapsed())
        if not asked:
            self._schedule()
        checkup = await self._sight.check()
        if not asked:
            self._spawn(self.autonomy.tell_heartbeat(), "heartbeat")
        with self._rooms.fence.around("what follows from a check"):
            await self.autonomy.after(checkup, scheduled=not asked)
        if not asked:
            await self._kept_of(checkup)
        self._publish()

    async def _kept_of(self, checkup: Checkup) -> None:
        """What a scheduled check leaves behind for the key figures and the trends."""
        with self._rooms.fence.around("counting a check for the key figures"):
            await self.scores.checked(checkup)
        with self._rooms.fence.around("keeping a check for the trends"):
            await self.trending.checked()

    async def _lease_turn(self) -> None:
        await self._rooms.clock.sleep(self._lease_pause)
        lease = self._rooms.lease
        if self._takes_part():
            self._lease_pause = await lease.round()
        else:
            self._lease_pause = self._rooms.config.lease.renew_s
            await lease.look_on()
        self._publish()

    async def _alerts_turn(self) -> None:
        if await self.alarms.evaluate():
            self._check_now.set()  # a heal is due now, if it may
        self._publish()
        await self._rooms.clock.sleep(self._rooms.config.alerts.evaluate_s)

    async def _sweep_turn(self) -> None:
        await self._rooms.clock.sleep(_SWEEP_S)
        await self._rooms.cache.sweep()

    async def _supervise(self) -> None:
        """Begin anew what has died. A machine that slept is no death: all of it slept."""
        clock = self._rooms.clock
        while True:
            before = clock.elapsed()
            await clock.sleep(_SUPERVISE_S)
            slept = clock.elapsed() - before > 3 * _SUPERVISE_S
            for keeper in self._keepers:
                with self._rooms.fence.around(f"looking after the {keeper.name} loop"):
                    if slept:
                        keeper.beat()
                    else:
                        keeper.revive()

    async def _after_late(self, check: Check) -> None:
        with self._rooms.fence.around("what follows from a late answer"), contextlib.suppress(NotLive):
            await self.autonomy.after_late(check)
        self._publish()

    # When

    def _schedule(self) -> None:
        rules = self._rooms.config.watch
        self.next_check = self._rooms.clock.elapsed() + self._spread(rules.interval_s, rules.jitter)

    async def _wait(self, event: asyncio.Event, pause: float) -> bool:
        """Wait for the time or for the event; whether it was the event alone."""
        began = self._rooms.clock.elapsed()
        sleeper = asyncio.ensure_future(self._rooms.clock.sleep(pause))
        waiter = asyncio.ensure_future(event.wait())
        try:
            await asyncio.wait((sleeper, waiter), return_when=asyncio.FIRST_COMPLETED)
            asked = event.is_set() and self._rooms.clock.elapsed() - began < pause
            event.clear()  # not when cancelled: what was asked for is for whoever comes next
            return asked
        finally:
            for one in (sleeper, waiter):
                one.cancel()

    def _refresh_pause(self) -> float:
        """The period, shortened to the next probe of an open breaker, longer while only a person can help."""
        rules = self._rooms.config.refresh
        if any(fault.person for fault in self._sight.faults()):
            return rules.person_wait_s
        period = self._spread(rules.period_s, rules.jitter)
        breakers = self._rooms.breakers.all()
        probes = [r.opens_in_s for r in breakers if r.opens_in_s is not None and r.component == "db"]
        return min(period, min(probes) + 0.05) if probes else period

    def _spread(self, seconds: float, jitter: float) -> float:
        return seconds * (1 + (random.uniform(-1, 1) * jitter if self._jitter else 0))  # noqa: S311 - a spread, not a secret

    # What is so

    def _takes_part(self) -> bool:
        """Whether we take part in the lease: who only observes writes nothing at all."""
        return self.owner and not self._rooms.config.observe

    def _is_live(self) -> bool:
        return self._picture().link.word is LinkWord.LIVE

    def _force_check(self) -> None:
        """A live refresh failed: look at once, at most once a minute."""
        now = self._rooms.clock.elapsed()
        if self._last_forced_check is None or now - self._last_forced_check >= _FORCED_CHECK_S:
            self._last_forced_check = now
            self._check_now.set()

    async def _take_over(self) -> None:
        """Own what one process per project and user does, as soon as no other one owns it, and go on where it was."""
        if not self.owner and not self._rooms.config.only_looks and self._rooms.state.own():
            for what, restore in (("the watchdog", self.autonomy.restore), ("alerts", self.alarms.restore)):
                with self._rooms.fence.around(f"reading what was left of {what}"):
                    await restore()
            self.owner = True

    # What runs

    def _keeper(
        self, name: str, turn: Callable[[], Coroutine[Any, Any, None]], dead_after_s: float | None
    ) -> SupervisedLoop:
        def say(text: str) -> None:
            self._rooms.journal.say("watchdesk", text, Level.CRITICAL)
            self._publish()

        return SupervisedLoop(name, turn, self._rooms.clock, say=say, dead_after_s=dead_after_s)

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(work, name=f"watchdesk-{name}")
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("%s ended", task.get_name(), exc_info=error)
            self._rooms.journal.say("watchdesk", f"{task.get_name()} ended: {type(error).__name__}", Level.CRITICAL)
            self._publish()
