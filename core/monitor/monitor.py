"""The monitor: builds every room from one configuration, keeps the picture current, takes orders, closes it all."""

import asyncio
import contextlib
import logging
import random
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from platformdirs import user_cache_path

from core.act.emergency import Emergency
from core.act.healing import Healer, Progress
from core.act.means import Means, operator, watchdog
from core.act.orders import HealPlan, LiftPlan, Order, Result, StopPlan
from core.act.permission import may_act
from core.backend.client import Backend
from core.backend.commands import Commands
from core.backend.faults import classify
from core.backend.live import Live
from core.backend.queries import Queries
from core.backend.schema import Schema, Shape, anybody_reads, discover
from core.clock import Clock, SystemClock
from core.facts import Fault, Level, Reading, Source
from core.monitor.config import Config
from core.monitor.desk import Desk
from core.monitor.events import Journal
from core.monitor.link import LinkState
from core.monitor.readings import Readings
from core.resilience import (
    BreakerEvent,
    Breakers,
    BreakerState,
    Cache,
    Guard,
    NotLive,
    Policy,
    degradation,
)
from core.snapshot import (
    Check,
    Component,
    Degradation,
    Health,
    Project,
    Snapshot,
    StartStep,
    State,
    Tasks,
    state_of,
)
from core.stuck import Overdue
from core.watch.look import Look
from core.watch.record import Checkup
from core.watch.watchdog import Watchdog

log = logging.getLogger(__name__)

CHECK_NAMES: Final = ("database", "edge_function", "stuck_tasks", "failure_rate", "activity", "breakers")
_ANY_SCHEMA: Final = Schema(shape=Shape.DEPLOYED, log_time="timestamp")


def cache_directory() -> Path:
    """Where last-known data lies on this platform."""
    return user_cache_path("watchdesk", appauthor=False)


class Monitor:
    """The façade. `snapshot` is always there; `start` brings it to life; orders go to the desk behind it."""

    def __init__(
        self, config: Config, *, clock: Clock | None = None, cache_path: Path | None = None, jitter: bool = True
    ) -> None:
        self._config = config
        self._clock = clock or SystemClock()
        self._jitter = jitter
        self._journal = Journal(self._clock)
        self._backend = Backend(config.target, self._clock, config.limits)
        self._breakers = Breakers(self._clock, config.breaker)
        self._cache = Cache(cache_path or cache_directory(), config.target.space, self._clock)
        guard = Guard(self._clock, self._breakers, classify, self._cache)
        self._guard = guard
        self._queries = Queries(self._backend, _ANY_SCHEMA)
        self._commands = Commands(self._backend, _ANY_SCHEMA)
        self._live = Live(guard, self._queries)
        self._readings = Readings(self._clock, guard, self._queries, self._cache, config.refresh)
        self._link = LinkState(
            self._clock, stale_after_s=2 * config.refresh.period_s, blind_after_s=config.refresh.blind_after_s
        )
        self._watchdog = Watchdog(self._clock, self._on_late)
        means = Means(self._clock, guard, self._live, self._commands)
        self._desk = Desk(
            healer=Healer(means, config.target, config.stuck, config.heal),
            emergency=Emergency(means),
            breakers=self._breakers,
            journal=self._journal,
            now=self._cut_off_now,
            observe=config.observe,
        )
        self._operator = operator(config.target.user)
        self._self = watchdog(config.target.user)
        self._schema: Schema | None = None
        self._schema_fault: Fault | None = None
        self._open_policies: bool | None = None
        self._checks: tuple[Check, ...] = tuple(Check(name=name) for name in CHECK_NAMES)
        self._overdue: Overdue | None = None
        self._edge_at: datetime | None = None
        self._checked_at: datetime | None = None
        self._next_check: float | None = None
        self._next_refresh: float | None = None
        self._critical_in_a_row = 0
        self._steps: list[StartStep] = []
        self._ready = False
        self._listeners: list[Callable[[Snapshot], None]] = []
        self._refresh_now, self._check_now = asyncio.Event(), asyncio.Event()
        self._refreshing, self._checking = asyncio.Lock(), asyncio.Lock()
        self._last_forced_check: float | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._breakers.listen(self._on_breaker)
        self._readings.paint()
        self.snapshot = self._compose()

    # What the screen asks for

    def subscribe(self, listener: Callable[[Snapshot], None]) -> Callable[[], None]:
        """Hear each new snapshot on the event loop. Gives what ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def start(self) -> None:
        """The start sequence, then the loops. Never raises because the backend is not there."""
        if self._tasks or self._ready:
            return
        warning = self._cache.warning
        self._step("cache", Level.WARNING if warning else Level.OK, warning or "usable")
        cached = any(reading.source is Source.CACHED for reading in self._readings.values.values())
        self._step("last-known data", Level.OK, "painted" if cached else "none yet")
        self._spawn(self._run(), "watchdesk-start")

    async def close(self) -> None:
        """End every task, then the connections, then the cache."""
        self._watchdog.close()
        tasks, self._tasks = self._tasks, set()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with contextlib.suppress(OSError):
            await self._backend.close()
        await asyncio.to_thread(self._cache.close)

    async def check_now(self) -> None:
        """Everything due at once: breakers may probe, panels refresh, all six checks run."""
        self._breakers.make_all_due()
        self._refresh_now.set()
        await self.refresh(everything=True)
        await self.check(scheduled=False)

    def may(self, order: Order) -> str:
        """Empty if the order may be given, else why not."""
        return self._desk.may(order)

    async def plan_heal(self) -> HealPlan:
        """What a heal would do now. Raises NotLive."""
        await self.discover()
        return await self._desk.plan_heal()

    async def heal(self, plan: HealPlan, progress: Progress | None = None) -> Result:
        """Apply a plan that was shown. Raises PlanChanged with the new one, or NotLive."""
        await self.discover()
        return await self._after(self._desk.heal(plan, self._operator, progress))

    async def plan_stop(self) -> StopPlan:
        """What an emergency stop would hit now. Raises NotLive."""
        await self.discover()
        return await self._desk.plan_stop()

    async def stop(self, reason: str, hours: int = 24) -> Result:
        """Set the emergency stop and read it back."""
        with contextlib.suppress(NotLive):
            await self.discover()
        return await self._after(self._desk.stop(reason, hours, self._operator))

    async def plan_lift(self) -> LiftPlan:
        """What stands to be lifted. Raises NotLive."""
        await self.discover()
        return await self._desk.plan_lift()

    async def lift(self, *, requeue: bool) -> Result:
        """Lift the emergency stop and read it back."""
        with contextlib.suppress(NotLive):
            await self.discover()
        return await self._after(self._desk.lift(self._operator, requeue=requeue))

    async def reset_breaker(self, key: str | None) -> Result:
        """Close one breaker, or all."""
        result = self._desk.reset_breaker(key, self._operator)
        self._refresh_now.set()
        self._publish()
        return result

    # One look, as the command line takes it and the loops repeat it

    async def discover(self) -> Schema:
        """Which shape the project has; asked until it is known. Raises NotLive."""
        if self._schema is not None:
            return self._schema
        policy = Policy(total_s=self._config.refresh.total_s, retry=None)
        try:
            schema = await self._guard.live("db:discover_schema", lambda: discover(self._backend), policy=policy)
        except NotLive as not_live:
            self._schema_fault = not_live.fault
            raise
        if not schema.missing:
            self._schema = schema
        self._schema_fault = schema.missing[0] if schema.missing else None
        self._queries.schema = self._commands.schema = schema
        return schema

    async def refresh(self, *, everything: bool = False) -> None:
        """Ask for the panels' values once and publish. Never raises for a fault."""
        async with self._refreshing:
            if self._schema is None:
                with contextlib.suppress(NotLive):
                    await self.discover()
            live = await self._readings.refresh(everything=everything)
        if live:
            self._link.answered()
        else:
            self._link.failed(self._readings.faults())
        self._publish()

    async def check(self, *, scheduled: bool) -> Checkup:
        """Run the six checks once and publish."""
        async with self._checking:
            checkup = await self._watchdog.look(self._look())
        self._note(checkup, scheduled=scheduled)
        self._publish()
        return checkup

    async def look_at_policies(self) -> None:
        """Find out whether anybody with the publishable key reads the config row. Never raises."""
        with contextlib.suppress(NotLive):
            policy = Policy(total_s=self._config.refresh.total_s, retry=None, refusable=False)
            self._open_policies = await self._guard.live(
                "db:look_at_policies:probe", lambda: anybody_reads(self._backend), policy=policy
            )

    def faults(self) -> tuple[Fault, ...]:
        """Why what is not live is not, the schema's own faults first."""
        schema = self._queries.schema.missing
        first = (self._schema_fault,) if self._schema_fault is not None else ()
        return (*schema, *first, *self._readings.faults())

    # Loops

    async def _run(self) -> None:
        await self._backend.connect()
        self._step("connect", Level.OK, "client ready")
        try:
            schema = await self.discover()
        except NotLive as not_live:
            self._step("schema", Level.WARNING, not_live.fault.sentence())
        else:
            bad = schema.missing
            words = bad[0].sentence() if bad else f"{schema.shape} shape"
            self._step("schema", Level.CRITICAL if bad else Level.OK, words)
        await self.refresh(everything=True)
        self._step("first refresh", Level.OK if self.snapshot.link.word == "LIVE" else Level.WARNING, "")
        checkup = await self.check(scheduled=True)
        worst = next((c for c in checkup.checks if c.level is Level.CRITICAL), None)
        self._step("first check", Level.WARNING if worst else Level.OK, worst.text if worst else "done")
        await self.look_at_policies()
        self._ready = True
        self._step("watchdog", Level.OK, "running")
        self._spawn(self._refresh_loop(), "watchdesk-refresh")
        self._spawn(self._watch_loop(), "watchdesk-watch")
        await self._act_by_itself(checkup)

    async def _refresh_loop(self) -> None:
        while True:
            pause = self._refresh_pause()
            self._next_refresh = self._clock.elapsed() + pause
            await self._wait(self._refresh_now, pause)
            was_live = self.snapshot.link.word == "LIVE"
            await self.refresh()
            if was_live and self.snapshot.link.word != "LIVE":
                self._force_check()
            elif not was_live and self.snapshot.link.word == "LIVE":
                self._readings_recovered()

    def _readings_recovered(self) -> None:
        self._journal.say("watchdesk", "connection is back")
        self._refresh_now.set()
        self._check_now.set()

    async def _watch_loop(self) -> None:
        rules = self._config.watch
        while True:
            pause = rules.interval_s * (1 + (random.uniform(-1, 1) * rules.jitter if self._jitter else 0))  # noqa: S311 - a spread, not a secret
            self._next_check = self._clock.elapsed() + pause
            self._publish()
            asked = await self._wait(self._check_now, pause)
            checkup = await self.check(scheduled=not asked)
            if not asked:
                await self._write_health(checkup)
            await self._act_by_itself(checkup)

    async def _wait(self, event: asyncio.Event, pause: float) -> bool:
        """Wait for the time or for the event; whether it was the event."""
        sleeper = asyncio.ensure_future(self._clock.sleep(pause))
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
        rules = self._config.refresh
        if any(fault.person for fault in self.faults()):
            return rules.person_wait_s
        period = rules.period_s * (1 + (random.uniform(-1, 1) * rules.jitter if self._jitter else 0))  # noqa: S311 - a spread, not a secret
        probes = [r.opens_in_s for r in self._breakers.all() if r.opens_in_s is not None and r.component == "db"]
        return min(period, min(probes) + 0.05) if probes else period

    def _force_check(self) -> None:
        """A live refresh failed: look at once, at most once a minute."""
        now = self._clock.elapsed()
        if self._last_forced_check is None or now - self._last_forced_check >= 60:
            self._last_forced_check = now
            self._check_now.set()

    async def _act_by_itself(self, checkup: Checkup) -> None:
        if not self.snapshot.may_act.allowed or self._schema is None:
            return
        try:
            if self._critical_in_a_row >= self._config.watch.stop_after:
                await self._stop_by_itself()
                return
            if any(c.level in {Level.WARNING, Level.CRITICAL} for c in checkup.checks if c.name in _HEALED):
                result = await self._desk.heal_by_itself(self._self)
                if result is not None:
                    await self.refresh(everything=True)
        except NotLive as not_live:
            self._journal.say(str(self._self), f"could not act: {not_live.fault.sentence()}", Level.WARNING)

    async def _stop_by_itself(self) -> None:
        """Ten critical checks in a row, and the failures are recent and not our own: stop."""
        now, rules = self._cut_off_now(), self._config.watch
        lifted = await self._live.last_lift_at()
        since = max(now - timedelta(hours=rules.window_h), lifted) if lifted else now - timedelta(hours=rules.window_h)
        rate = await self._live.success_rate(since, now, without_ours=True)
        failed_at = await self._live.last_failed_at()
        recent = failed_at is not None and (now - failed_at).total_seconds() <= rules.recent_failure_s
        percent = rate.failed_percent or 0.0
        if not recent or rate.finished < rules.few_finished or percent <= rules.failure_critical_percent:
            return
        reason = f"{self._critical_in_a_row} critical checks in a row: {percent:.0f} % of {rate.finished} tasks failed"
        await self._after(self._desk.stop(reason, 24, self._self))

    async def _write_health(self, checkup: Checkup) -> None:
        """One row a scheduled check, by whoever may act for the project."""
        if not self._config.sole or self._config.observe or self._schema is None:
            return
        row = {
            "execution_step": "watchdog_health_check",
            "step_status": "completed",
            "output_data": {"verdicts": {c.name: c.level.value for c in checkup.checks}},
            "duration_ms": round(1000 * checkup.took_s),
            "agent_version": "watchdesk",
        }
        policy = Policy(total_s=self._config.refresh.total_s, retry=None)
        with contextlib.suppress(NotLive):
            await self._guard.live("db:write_health", lambda: self._commands.insert_log(row), policy=policy)

    # What happened

    def _note(self, checkup: Checkup, *, scheduled: bool) -> None:
        before = {check.name: check.level for check in self._checks}
        self._checks = checkup.checks
        self._checked_at = checkup.at
        if checkup.overdue is not None:
            self._overdue = checkup.overdue
        if checkup.of("edge_function").level is Level.OK:
            self._edge_at = checkup.at
        for check in checkup.checks:
            self._note_change(check, before.get(check.name))
        database, rate = checkup.of("database"), checkup.of("failure_rate")
        self._link.checked(database.level, database.text)
        if scheduled:
            self._count(database.level, rate.level)

    def _count(self, database: Level, rate: Level) -> None:
        """The ten: critical counts, a known good one clears, not knowing does neither."""
        if Level.CRITICAL in {database, rate}:
            self._critical_in_a_row += 1
        elif Level.UNKNOWN not in {database, rate}:
            self._critical_in_a_row = 0

    def _note_change(self, check: Check, before: Level | None) -> None:
        quiet = before in {None, Level.UNKNOWN} and check.level is Level.OK
        if check.level is not before and not quiet:
            self._journal.say("watchdog", f"{check.name.replace('_', ' ')} {check.level}: {check.text}", check.level)

    def _on_late(self, check: Check) -> None:
        """The database question that outlived its check has ended."""
        self._note_change(check, next((c.level for c in self._checks if c.name == check.name), None))
        self._checks = tuple(check if known.name == check.name else known for known in self._checks)
        self._link.checked(check.level, check.text)
        self._publish()

    def _on_breaker(self, event: BreakerEvent) -> None:
        after = event.after.value.replace("_", "-")
        level = Level.OK if event.after is BreakerState.CLOSED else Level.WARNING
        self._journal.say("watchdesk", f"breaker {event.key} {after}: {event.why}", level)

    async def _after(self, order: Coroutine[Any, Any, Result]) -> Result:
        """Carry an order out, then look at what became of it."""
        result = await order
        if self._tasks:
            self._refresh_now.set()
        self._publish()
        return result

    def _step(self, name: str, level: Level, text: str) -> None:
        self._steps.append(StartStep(name=name, level=level, text=text))
        self._publish()

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("%s ended", task.get_name(), exc_info=error)
            self._journal.say("watchdesk", f"{task.get_name()} ended: {type(error).__name__}", Level.CRITICAL)
            self._publish()

    # The picture

    def _cut_off_now(self) -> datetime:
        """The server's time for cut-offs, with the margin a `Date` header needs; ours until it ever answered."""
        server = self._backend.server_time() or self._clock.now()
        return server - timedelta(seconds=self._config.watch.clock_margin_s)

    def _look(self) -> Look:
        return Look(
            live=self._live,
            now=self._cut_off_now(),
            rules=self._config.watch,
            stuck_rules=self._config.stuck,
            config=self._readings.config.value,
            breakers=self._breakers.all,
        )

    def _publish(self) -> None:
        self.snapshot = self._compose()
        for listener in tuple(self._listeners):
            listener(self.snapshot)

    def _compose(self) -> Snapshot:
        values, config = self._readings.values, self._readings.config
        live_stop = config.value.emergency_stop if config.live and config.value is not None else None
        overdue = self._overdue or Overdue()
        logs: Reading[Any] = values["logs"]
        components = self._components()
        snapshot = Snapshot(
            at=self._clock.now(),
            project=self._project(),
            link=self._link.picture(self._moment(self._next_refresh)),
            config=config,
            health=Health(
                checks=self._checks,
                critical_in_a_row=self._critical_in_a_row,
                stop_after=self._config.watch.stop_after,
                last_at=self._checked_at,
                next_at=self._moment(self._next_check),
                running=self._ready,
            ),
            may_act=may_act(
                autonomous=self._config.autonomous,
                dry_run=self._config.dry_run,
                observing=self._config.observe,
                lease=self._config.sole,
                stopped=live_stop,
                braked=False,
            ),
            breakers=self._breakers.all(),
            tasks=Tasks(
                counts=self._readings.counts,
                newest=values["tasks"],
                stuck=tuple(task.id for task in overdue.stuck),
                slow=tuple(task.id for task in overdue.slow),
                success_24h=values["success_24h"],
                last_completed_at=values["last_completed"],
            ),
            logs=logs,
            degradation=Degradation(level=degradation({c.name: c.source for c in components}), components=components),
            events=self._journal.events(logs.value or ()),
            start=tuple(self._steps),
            notices=self._notices(),
            ready=self._ready,
        )
        state, why = state_of(snapshot, blind_for_s=self._link.blind_for_s())
        return msgspec.structs.replace(snapshot, state=state, state_why=why)

    def one_shot(self) -> Snapshot:
        """The picture for a command that looked once: what was not read live now is not known."""
        snapshot = self._compose()
        if any(reading.live for reading in self._readings.values.values()):
            return snapshot
        why = next((fault.sentence() for fault in self.faults()), "nothing could be read")
        return msgspec.structs.replace(snapshot, state=State.UNKNOWN, state_why=why)

    def _project(self) -> Project:
        target = self._config.target
        return Project(
            name=target.name,
            url=urlsplit(target.url).netloc,
            user=target.user,
            shape=self._schema.shape.value if self._schema is not None else "unknown",
            colour=target.colour,
            observe=self._config.observe,
            autonomous=self._config.autonomous,
            dry_run=self._config.dry_run,
        )

    def _components(self) -> tuple[Component, ...]:
        values = self._readings.values
        parts = {
            "system_config": ("config",),
            "tasks": ("open_counts", "tasks"),
            "execution_logs": ("logs",),
            "stats": ("other_counts", "success_24h", "last_completed"),
        }
        components = []
        for name, keys in parts.items():
            worst = max((values[key] for key in keys), key=lambda r: _WORSE[r.source])
            why = worst.fault.sentence() if worst.fault is not None else ""
            components.append(Component(name=name, source=worst.source, at=worst.at, why=why))
        edge = next(check for check in self._checks if check.name == "edge_function")
        answers = edge.level is Level.OK
        source = Source.LIVE if answers else Source.DEFAULT
        components.append(
            Component(name="edge_function", source=source, at=self._edge_at, why="" if answers else edge.text)
        )
        return tuple(components)

    def _notices(self) -> tuple[str, ...]:
        notices = [fault.sentence() for fault in self._queries.schema.missing]
        if self._schema_fault is not None and self._schema_fault.person and not notices:
            notices.append(self._schema_fault.sentence())
        if self._open_policies:
            notices.append("open policies: anyone with the publishable key can read this project, and likely write it")
        config: Reading[Any] = self._readings.values["config"]
        if config.live and config.value is None:
            notices.append("no config row is visible to us: what the agents are set to is not known")
        if self._cache.warning is not None:
            notices.append(self._cache.warning)
        return tuple(notices)

    def _moment(self, elapsed: float | None) -> datetime | None:
        return None if elapsed is None else self._clock.now() + timedelta(seconds=elapsed - self._clock.elapsed())


_HEALED: Final = ("stuck_tasks", "failure_rate")
_WORSE: Final = {Source.LIVE: 0, Source.CACHED: 1, Source.DEFAULT: 2}
