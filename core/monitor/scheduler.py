"""The scheduler: the start, then the loops of refreshes, checks, the lease and alerts, and one that supervises them."""

import asyncio
import contextlib
import logging
import math
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Final

from core.base.text import plural
from core.domain.checks import Check, Checkup
from core.domain.snapshot import Snapshot
from core.domain.status import Level
from core.monitor.after_refresh import after_refresh, note_config
from core.monitor.container import Container
from core.monitor.pace import Pace
from core.monitor.waits import wait_for_event
from core.resilience import BreakerState, NotLive
from core.services.supervised_loop import SupervisedLoop

log = logging.getLogger(__name__)

_FORCED_CHECK_S, _SWEEP_S, _SUPERVISE_S = 60.0, 300.0, 5.0
_BESIDE_S, _ALONE_S = 0.5, 2.0
"""The pause beside other monitors of the project on this machine; alone, only a command asks, which waits longer."""
_EVALUATED_AGAIN_S: Final = 5.0
"""The shortest pause between two evaluations of the alerts."""
_YOUNG: Final = 0.9
"""The share of the period for which another process's values are as good as ours."""
_PATIENCE_S: Final = 1.0
"""The longest that a refresh waits for values that seldom change: the others must not grow old behind them."""


class Scheduler:
    """Owns every asyncio task of the monitor. `snapshot` returns the newest snapshot, `publish` makes a new one."""

    def __init__(
        self,
        parts: Container,
        *,
        snapshot: Callable[[], Snapshot],
        publish: Callable[[], None],
        jitter: bool,
    ) -> None:
        self._parts = parts
        self._publish = publish
        self._pace = Pace(parts, snapshot, jitter=jitter)
        self._refresh_now, self._check_now, self._alerts_now = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._wait = partial(wait_for_event, parts.clock)
        self._judged_by: object = None  # what the alerts went by when they were evaluated last
        self._calm = True  # all was well when the next refresh was planned
        self._last_forced_check: float | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        interval_s = parts.config.watch.interval_s
        self._watch = self._make_loop("watchdog", self._watch_turn, 2 * interval_s * (1 + parts.config.watch.jitter))
        self._loops = (
            self._watch,
            self._make_loop("refresh", self._refresh_turn, max(120.0, 4 * parts.config.refresh.person_wait_s)),
            self._make_loop("lease", self._lease_turn, max(120.0, 3 * parts.config.lease.renew_s)),
            self._make_loop("alerts", self._alerts_turn, max(120.0, 5 * parts.config.alerts.evaluate_s)),
            self._make_loop("sweep", self._sweep_turn, None),
            self._make_loop("self-watch", self._parts.self_monitor.turn, None),
            self._make_loop("other shells", self._shells_turn, None),
        )
        self._lease_pause = parts.config.lease.renew_s
        parts.heals.beat, parts.heals.changed = self._watch.beat, self._force_check
        self.ready = False
        """The start is over and the loops run."""
        self.next_check: float | None = None
        self.next_refresh: float | None = None
        """The time of the next refresh, on the elapsed clock."""

    @property
    def running(self) -> bool:
        """Return whether it was started and not closed."""
        return bool(self._tasks) or self.ready

    @property
    def watchdog_dead(self) -> bool:
        """Return whether the watchdog's loop gave no sign of life for too long."""
        return self._watch.dead

    @property
    def watchdog_restarts(self) -> int:
        """Return how often the watchdog's loop was restarted."""
        return self._watch.restarts

    def start(self) -> None:
        """Run the start sequence, then the loops. Further calls do nothing."""
        if self._tasks or self.ready:
            return
        self._parts.startup.paint()
        self._spawn(self._run(), "start")

    async def once(self) -> None:
        """Run the start sequence with what follows from its check, and tell of alerts, without any loop."""
        checkup = await self._take_steps()
        self._parts.connection.looked_once()
        if checkup is not None:
            await self._first_heal(checkup)
            await self._kept_of(checkup)
        await self._parts.alerts.evaluate()
        self._publish()

    async def close(self) -> None:
        """Cancel every task."""
        self._parts.self_monitor.stop()
        tasks, self._tasks = self._tasks, set()
        for task in tasks:
            task.cancel()
        ending = [ended for loop in self._loops if (ended := loop.stop()) is not None]
        await asyncio.gather(*tasks, *ending, return_exceptions=True)
        await self._parts.heals.close()
        await self._parts.alerts.close()

    def refresh_soon(self) -> None:
        """Let the next refresh run now."""
        self._refresh_now.set()

    def attend(self, record: Callable[[], None]) -> None:
        """Record somebody's attention, and refresh at once where that makes the period shorter."""
        before = self._pace.period_s()
        record()
        if self.ready and self._pace.period_s() < before:
            self._refresh_now.set()

    def count_soon(self) -> None:
        """Count what finished lately now."""
        if self.running:
            self._spawn(self._count_period(), "throughput")

    def check_soon(self) -> None:
        """Let the next check run now."""
        self._check_now.set()

    def restart_watchdog(self) -> None:
        """Restart the watchdog's loop, and let a check run at once."""
        self._check_now.set()
        self._watch.start()

    def late(self, check: Check) -> None:
        """Take the late verdict of a question that outlived its check."""
        if self.ready:
            self._spawn(self._after_late(check), "late")

    # The start

    async def _run(self) -> None:
        """Run the start's steps; whatever fails, the loops run in the end. Raises nothing but a cancellation."""
        checkup = None
        with self._parts.boundary.around("the start"):
            checkup = await self._take_steps()
        self._begin_loops()
        if checkup is None:
            self._check_now.set()  # there was no check yet: it is due now
        else:
            await self._parts.startup.take("heal", lambda: self._first_heal(checkup), limit_s=math.inf)
            await self._kept_of(checkup)
        self._publish()

    async def _take_steps(self) -> Checkup | None:
        parts, start = self._parts, self._parts.startup
        await start.take_all(
            ("held breakers", parts.holds.restore),
            ("key figures", self._parts.kpis.restore),
            ("own cost", self._parts.cost.restore),
            ("taking over", self._take_over),
            ("telling other shells", parts.processes.register),
            ("waiting actions", parts.waiting.all),
            ("alerts", self._parts.alerts.restore),
            ("state", self._load_state),
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
        for loop in self._loops:
            loop.start()
        self._parts.self_monitor.start()
        self._spawn(self._supervise(), "supervisor")
        self._spawn(self._parts.heartbeat.tell(), "heartbeat")
        self._parts.startup.note("watchdog", Level.OK, "running")
        self._parts.events.say("watchdesk", "watching" if self._pace.is_live() else "started, not connected yet")

    async def _load_state(self) -> None:
        """Load the state that earlier processes stored."""
        parts = self._parts
        warning, held = parts.store.warning, sum(one.state is BreakerState.HELD for one in parts.breakers.all())
        counts = ((held, "breaker", "held open"), (len(parts.waiting.known), "action", "waiting"))
        words = ", ".join(f"{plural(many, what)} {how}" for many, what, how in counts if many)
        self._parts.startup.note("state", Level.WARNING if warning else Level.OK, warning or words or "usable")

    async def _ask_for_lease(self) -> None:
        if self._takes_part():
            self._lease_pause = await self._parts.lease.round()

    async def _first_refresh(self) -> None:
        await self._refresh_once(everything=True)
        self._parts.startup.note("first refresh", Level.OK if self._pace.is_live() else Level.WARNING, "")

    async def _first_heal(self, checkup: Checkup) -> None:
        self._parts.startup.note("heal", Level.OK, await self._parts.autopilot.after(checkup, scheduled=True))

    # One turn of each loop

    async def _refresh_turn(self) -> None:
        self._schedule_refresh()
        asked = False
        while not asked and (due_s := self._refresh_due_s()) > 0:  # again where a check has refreshed meanwhile
            asked = await self._wait(self._refresh_now, due_s)
        with self._parts.boundary.around("taking over"):
            await self._take_over()
        was_live, had_failed = self._pace.is_live(), self._pace.failed
        await self._refresh_once(younger_than_s=0.0 if asked else _YOUNG * self._pace.period_s())
        if was_live and not self._pace.is_live():
            self._force_check()
        elif had_failed and not was_live and self._pace.is_live():  # after a sleep nothing was lost
            self._parts.events.say("watchdesk", "connection is back")
            self._parts.readings.make_all_due()
            self._refresh_now.set()
            self._check_now.set()

    async def _refresh_once(self, *, everything: bool = False, younger_than_s: float = 0.0) -> None:
        """Refresh once, then update all that depends on it."""
        live = await self._parts.checks.refresh(
            everything=everything, younger_than_s=younger_than_s, patience_s=_PATIENCE_S
        )
        self._pace.failed = not live
        await after_refresh(self._parts, live=live)
        self._hurry_if_due()
        if self._parts.trends.due:
            self.count_soon()
        if self.ready and (self._parts.checks.news.any() or self._parts.paused.bites):
            self._check_now.set()  # what follows from it heals a stuck task, or sets one of a paused type aside

    async def _watch_turn(self) -> None:
        # A check that was due while the machine slept, or while a dead loop hung, runs once, now.
        due = self.next_check if self.next_check is not None else self._parts.clock.elapsed()
        self._publish()
        asked = await self._wait(self._check_now, due - self._parts.clock.elapsed())
        if not asked:
            self._schedule()
        checkup = await self._parts.checks.check()
        if self._parts.checks.refreshed:
            self._schedule_refresh()
            await note_config(self._parts)  # before anything follows; the rest is not waited for
            self._spawn(after_refresh(self._parts, live=True), "after a check")
        if not asked:
            self._spawn(self._parts.heartbeat.tell(), "heartbeat")
        with self._parts.boundary.around("handling a check result"):
            await self._parts.autopilot.after(checkup, scheduled=not asked)
        if not asked:
            await self._kept_of(checkup)
        self._publish()
        self._hurry_if_due()

    async def _kept_of(self, checkup: Checkup) -> None:
        """Record a scheduled check in the key figures and the trends."""
        with self._parts.boundary.around("counting a check for the key figures"):
            await self._parts.kpis.checked(checkup)
        with self._parts.boundary.around("keeping a check for the trends"):
            await self._parts.trends.checked()
        self._spawn(self._count_period(), "throughput")

    async def _count_period(self) -> None:
        """Count what finished lately, beside the watching: of a busy project it takes many requests, once."""
        with self._parts.boundary.around("counting what finished"):
            await self._parts.trends.count_period()
        self._publish()

    async def _lease_turn(self) -> None:
        lease = self._parts.lease
        calm = self._lease_pause == self._parts.config.lease.renew_s and self._pace.is_well()
        await self._parts.clock.sleep(lease.calm_renew_s if calm else self._lease_pause)
        if self._takes_part():
            self._lease_pause = await lease.round()
        else:
            self._lease_pause = self._parts.config.lease.renew_s
            await lease.look_on()
        self._publish()

    async def _alerts_turn(self) -> None:
        self._alerts_now.clear()
        self._judged_by = self._pace.condition()
        if await self._parts.alerts.evaluate():
            self._check_now.set()  # a heal is due now, if it may
        self._publish()
        self._hurry_if_due()
        pause_s = self._pace.spread(self._parts.config.alerts.evaluate_s, self._parts.config.refresh.jitter)
        await self._parts.clock.sleep(at_once_s := min(_EVALUATED_AGAIN_S, pause_s))
        if self._judged_by == self._pace.condition():
            await self._wait(self._alerts_now, pause_s - at_once_s)

    async def _sweep_turn(self) -> None:
        await self._parts.clock.sleep(_SWEEP_S)
        await self._parts.cache.sweep()

    async def _shells_turn(self) -> None:
        await self._parts.processes.tell()
        await self._parts.delegation.carry_out()
        if await self._parts.succession.look():
            self._refresh_now.set()
        await self._parts.clock.sleep(_ALONE_S if await self._parts.processes.alone() else _BESIDE_S)

    async def _supervise(self) -> None:
        """Restart dead loops. After a sleep of the machine none is dead: all of it slept."""
        clock = self._parts.clock
        while True:
            before = clock.elapsed()
            await clock.sleep(_SUPERVISE_S)
            slept = clock.elapsed() - before > 3 * _SUPERVISE_S
            for loop in self._loops:
                with self._parts.boundary.around(f"looking after the {loop.name} loop"):
                    (loop.beat if slept else loop.revive)()

    async def _after_late(self, check: Check) -> None:
        with self._parts.boundary.around("handling a late answer"), contextlib.suppress(NotLive):
            await self._parts.autopilot.after_late(check)
        self._publish()
        self._hurry_if_due()

    # Timing

    def _schedule(self) -> None:
        rules = self._parts.config.watch
        self.next_check = self._parts.clock.elapsed() + self._pace.spread(rules.interval_s, rules.jitter)

    def _schedule_refresh(self) -> None:
        pause, self._calm = self._pace.refresh_pause(first=self.next_refresh is None), self._pace.is_well()
        self.next_refresh = self._parts.clock.elapsed() + pause
        self._parts.connection.next_try_in(pause, self._parts.config.refresh.period_s)
        self._parts.kpis.due_in(pause)

    def _refresh_due_s(self) -> float:
        return (self.next_refresh or 0.0) - self._parts.clock.elapsed()

    def _hurry_if_due(self) -> None:
        """Evaluate the alerts at once where what they go by changed; refresh if something is wrong and that is late."""
        if self._judged_by != self._pace.condition():
            self._alerts_now.set()
        # Only where the pause was made while all was well: one that is long for another reason is as long again.
        if self._calm and not self._pace.is_well() and self._refresh_due_s() > self._pace.usual_s:
            self._refresh_now.set()

    # State

    def _takes_part(self) -> bool:
        """Return whether we ask for the lease: a read-only monitor writes nothing at all."""
        return self._parts.ownership.mine and not self._parts.config.observe

    def _force_check(self) -> None:
        """Let a check run at once, after a live refresh failed or rows were healed; at most once a minute."""
        now = self._parts.clock.elapsed()
        if self._last_forced_check is None or now - self._last_forced_check >= _FORCED_CHECK_S:
            self._last_forced_check = now
            self._check_now.set()

    async def _take_over(self) -> None:
        """Become the owner as soon as no other process is, and continue from its stored state."""
        if self._parts.ownership.take():
            for what, restore in (
                ("the critical checks in a row", self._parts.streak.restore),
                ("the last resume", self._parts.resumes.restore),
                ("the actions that wait", self._parts.waiting.all),
                ("alerts", self._parts.alerts.restore),
            ):
                with self._parts.boundary.around(f"reading what was left of {what}"):
                    await restore()
            self._parts.ownership.mine = True

    # Tasks

    def _make_loop(
        self, name: str, turn: Callable[[], Coroutine[Any, Any, None]], dead_after_s: float | None
    ) -> SupervisedLoop:
        def say(text: str) -> None:
            self._parts.events.say("watchdesk", text, Level.CRITICAL)
            self._publish()

        return SupervisedLoop(name, turn, self._parts.clock, say=say, dead_after_s=dead_after_s)

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(work, name=f"watchdesk-{name}")
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("%s ended", task.get_name(), exc_info=error)
            self._parts.events.say("watchdesk", f"{task.get_name()} ended: {type(error).__name__}", Level.CRITICAL)
            self._publish()
