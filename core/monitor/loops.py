"""The loops: the start, the live refresh, the watchdog's rounds, and acting by itself where that is allowed."""

import asyncio
import contextlib
import logging
import random
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any, Final

from core.facts import Level, Source, Truth
from core.monitor.config import wants_to_act
from core.monitor.sight import Sight
from core.monitor.wiring import Rooms
from core.resilience import NotLive, Policy
from core.snapshot import POLICIES, LinkWord, Snapshot, StartStep
from core.text import plural
from core.watch.record import Checkup

log = logging.getLogger(__name__)

_HEALED: Final = ("stuck_tasks", "failure_rate")
_FORCED_CHECK_S: Final = 60.0
_SWEEP_S: Final = 300.0
_POLICY_LEVEL: Final = {Truth.TRUE: Level.WARNING, Truth.FALSE: Level.OK, Truth.UNKNOWN: Level.UNKNOWN}


class Loops:
    """Owns every task of the monitor. `picture` gives the newest snapshot, `publish` makes a new one."""

    def __init__(
        self,
        rooms: Rooms,
        sight: Sight,
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
        self._tasks: set[asyncio.Task[None]] = set()
        self.steps: list[StartStep] = []
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
        """Whether anything of it was started and not closed."""
        return bool(self._tasks)

    def start(self) -> None:
        """The start sequence, then the loops; once, however often it is asked for."""
        if self._tasks or self.ready:
            return
        warning = self._rooms.cache.warning
        self._step("cache", Level.WARNING if warning else Level.OK, warning or "usable")
        cached = any(reading.source is Source.CACHED for reading in self._rooms.readings.values.values())
        self._step("last-known data", Level.OK, "painted" if cached else "none yet")
        self._spawn(self._run(), "watchdesk-start")

    async def close(self) -> None:
        """End every task."""
        tasks, self._tasks = self._tasks, set()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def refresh_soon(self) -> None:
        """Let the refresh loop go round now."""
        self._refresh_now.set()

    def check_soon(self) -> None:
        """Let the watchdog look now."""
        self._check_now.set()

    async def _run(self) -> None:
        sight, rooms = self._sight, self._rooms
        held = await rooms.holds.restore()
        warning = rooms.state.warning
        words = f"{plural(held, 'breaker')} held open" if held else "usable"
        self._step("state", Level.WARNING if warning else Level.OK, warning or words)
        self._take_over()
        await rooms.backend.connect()
        self._step("connect", Level.OK, "client ready")
        try:
            schema = await sight.discover()
        except NotLive as not_live:
            self._step("schema", Level.WARNING, not_live.fault.sentence())
        else:
            bad = schema.missing
            words = bad[0].sentence() if bad else f"{schema.shape} shape"
            self._step("schema", Level.CRITICAL if bad else Level.OK, words)
        if self._takes_part():
            await rooms.lease.round()
        await sight.refresh(everything=True)
        self._step("first refresh", Level.OK if self._is_live() else Level.WARNING, "")
        checkup = await sight.check(scheduled=True)
        worst = next((c for c in checkup.checks if c.level is Level.CRITICAL), None)
        self._step("first check", Level.WARNING if worst else Level.OK, worst.text if worst else "done")
        await sight.look_at_policies()
        self._step("policies", _POLICY_LEVEL[sight.anybody_reads], POLICIES[sight.anybody_reads])
        self.ready = True
        self._step("watchdog", Level.OK, "running")
        self._rooms.journal.say("watchdesk", "watching" if self._is_live() else "watching, not connected yet")
        self._spawn(self._refresh_loop(), "watchdesk-refresh")
        self._spawn(self._watch_loop(), "watchdesk-watch")
        self._spawn(self._sweep_loop(), "watchdesk-sweep")
        self._spawn(self._lease_loop(), "watchdesk-lease")
        self._step("heal", Level.OK, await self._act_by_itself(checkup))

    async def _refresh_loop(self) -> None:
        while True:
            pause = self._refresh_pause()
            self.next_refresh = self._rooms.clock.elapsed() + pause
            await self._wait(self._refresh_now, pause)
            self._take_over()
            was_live = self._is_live()
            await self._sight.refresh()
            if was_live and not self._is_live():
                self._force_check()
            elif not was_live and self._is_live():
                self._rooms.journal.say("watchdesk", "connection is back")
                self._refresh_now.set()
                self._check_now.set()

    async def _watch_loop(self) -> None:
        rules = self._rooms.config.watch
        while True:
            pause = self._spread(rules.interval_s, rules.jitter)
            self.next_check = self._rooms.clock.elapsed() + pause
            self._publish()
            asked = await self._wait(self._check_now, pause)
            checkup = await self._sight.check(scheduled=not asked)
            if not asked:
                await self._write_health(checkup)
            await self._act_by_itself(checkup)

    async def _lease_loop(self) -> None:
        lease, pause = self._rooms.lease, self._rooms.config.lease.renew_s
        while True:
            await self._rooms.clock.sleep(pause)
            if self._takes_part():
                pause = await lease.round()
            else:
                await lease.look_on()
            self._publish()

    def _takes_part(self) -> bool:
        return self.owner and wants_to_act(self._rooms.config)

    async def _sweep_loop(self) -> None:
        while True:
            await self._rooms.clock.sleep(_SWEEP_S)
            await self._rooms.cache.sweep()

    async def _wait(self, event: asyncio.Event, pause: float) -> bool:
        """Wait for the time or for the event; whether it was the event."""
        sleeper = asyncio.ensure_future(self._rooms.clock.sleep(pause))
        waiter = asyncio.ensure_future(event.wait())
        try:
            await asyncio.wait((sleeper, waiter), return_when=asyncio.FIRST_COMPLETED)
            return event.is_set()
        finally:
            event.clear()
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

    def _is_live(self) -> bool:
        return self._picture().link.word is LinkWord.LIVE

    def _force_check(self) -> None:
        """A live refresh failed: look at once, at most once a minute."""
        now = self._rooms.clock.elapsed()
        if self._last_forced_check is None or now - self._last_forced_check >= _FORCED_CHECK_S:
            self._last_forced_check = now
            self._check_now.set()

    async def _act_by_itself(self, checkup: Checkup) -> str:
        """Do what a check calls for, where that is allowed. What came of it, in words."""
        may = self._picture().may_act
        if not may.allowed or self._sight.schema is None:
            return f"not by itself: {', '.join(may.missing) or 'the schema is not known'}"
        rooms = self._rooms
        try:
            if self._sight.critical_in_a_row >= rooms.config.watch.stop_after:
                await self._stop_by_itself()
                return "emergency stop considered"
            if any(c.level in {Level.WARNING, Level.CRITICAL} for c in checkup.checks if c.name in _HEALED):
                result = await rooms.desk.heal_by_itself(rooms.itself, rooms.lease.valid)
                if result is not None:
                    await self._sight.refresh(everything=True)
                    return result.text
        except NotLive as not_live:
            rooms.journal.say(str(rooms.itself), f"could not act: {not_live.fault.sentence()}", Level.WARNING)
            return not_live.fault.sentence()
        return "nothing to heal"

    async def _stop_by_itself(self) -> None:
        """Ten critical checks in a row, and the failures are recent and not our own: stop."""
        rooms = self._rooms
        now, rules, live = rooms.cut_off_now(), rooms.config.watch, rooms.live
        lifted = await live.last_lift_at()
        since = max(now - timedelta(hours=rules.window_h), lifted) if lifted else now - timedelta(hours=rules.window_h)
        rate = await live.success_rate(since, now, without_ours=True)
        failed_at = await live.last_failed_at()
        recent = failed_at is not None and (now - failed_at).total_seconds() <= rules.recent_failure_s
        percent = rate.failed_percent or 0.0
        if not recent or rate.finished < rules.few_finished or percent <= rules.failure_critical_percent:
            return
        many = self._sight.critical_in_a_row
        reason = f"{many} critical checks in a row: {percent:.0f} % of {rate.finished} tasks failed"
        if rooms.lease.valid():
            await rooms.desk.stop(reason, 24, rooms.itself)
        await self._sight.refresh()

    async def _write_health(self, checkup: Checkup) -> None:
        """One row a scheduled check, by whoever may act for the project."""
        rooms = self._rooms
        if not rooms.lease.valid() or self._sight.schema is None:
            return
        row = {
            "execution_step": "watchdog_health_check",
            "step_status": "completed",
            "output_data": {"verdicts": {c.name: c.level.value for c in checkup.checks}},
            "duration_ms": round(1000 * checkup.took_s),
            "agent_version": "watchdesk",
        }
        policy = Policy(total_s=rooms.config.refresh.total_s, retry=None)
        with contextlib.suppress(NotLive):
            await rooms.guard.live("db:write_health", lambda: rooms.commands.insert_log(row), policy=policy)

    def _take_over(self) -> None:
        """Own what one process per project and user does, as soon as no other one owns it."""
        if not self.owner and self._rooms.state.own():
            self.owner = True

    def _step(self, name: str, level: Level, text: str) -> None:
        self.steps.append(StartStep(name=name, level=level, text=text))
        self._publish()

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("%s ended", task.get_name(), exc_info=error)
            self._rooms.journal.say("watchdesk", f"{task.get_name()} ended: {type(error).__name__}", Level.CRITICAL)
            self._publish()
