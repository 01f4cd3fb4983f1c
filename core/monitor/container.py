"""The composition root: builds everything from one configuration, and closes it in order. Nothing else builds."""

import asyncio
import contextlib
import uuid
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from core.actions.breaker_holds import BreakerHolds
from core.actions.carried import Order
from core.actions.catalogue import undoable_operation
from core.actions.context import ActionContext, operator, watchdog
from core.actions.delegated import DelegatedActions
from core.actions.dependencies import Dependencies
from core.actions.healer import Healer
from core.actions.health_log import HealthLog
from core.actions.lease import Lease
from core.actions.read_only import ReadOnlyMode
from core.actions.repairs import REPAIRS, RepairSettings
from core.actions.resume_history import ResumeHistory
from core.actions.rights import Rights
from core.actions.runner import Runner
from core.actions.running import RunningActions
from core.actions.waiting import WaitingActions
from core.backend.client import Backend
from core.backend.fault_transport import FaultTransport
from core.backend.faults import classify
from core.backend.reads import CHECKED, Reads
from core.backend.schema import UNDISCOVERED, Schema
from core.backend.sessions import SessionFile
from core.backend.writes import Writes
from core.base.clock import Clock
from core.base.error_boundary import ErrorBoundary
from core.base.store import Store
from core.checks.runner import CheckRunner
from core.domain.checks import Check
from core.domain.permission import who_acts
from core.domain.status import Level
from core.domain.stops import StopMark
from core.history.blackbox import Box, Recorder
from core.resilience import Breakers, Cache, Guard
from core.services.alert_inputs import AlertInputs
from core.services.alerting import AlertService
from core.services.attachment import Attachment
from core.services.attention import Attention
from core.services.automatic_heal import AutomaticHeal
from core.services.automatic_stop import AutomaticStop
from core.services.autonomy import Autonomy
from core.services.autopilot import Autopilot
from core.services.browsing import RowReader
from core.services.check_service import CheckService
from core.services.config import Config, Places
from core.services.connection import ConnectionState
from core.services.context import Context
from core.services.critical_streak import CriticalStreak
from core.services.delegation import Carrier, Delegation
from core.services.events import EventLog
from core.services.figures import FigureService
from core.services.heartbeat import Heartbeat
from core.services.kpis import KpiService
from core.services.left_over import LeftOver
from core.services.log_watch import LogWatch
from core.services.login_calls import signing_in
from core.services.monitor_processes import MonitorProcesses
from core.services.notifications import Notifications
from core.services.own_cost import CostService
from core.services.ownership import Ownership
from core.services.past_events import PastEvents
from core.services.paused_types import PausedTypes
from core.services.project_time import ProjectTime
from core.services.readings import Readings
from core.services.recent_log import RecentLog
from core.services.recording import Recording
from core.services.reporting import ProjectRecords
from core.services.saved_files import SavedFiles
from core.services.self_monitor import SelfMonitor
from core.services.startup import Startup
from core.services.state_since import StateSince
from core.services.succession import Succession
from core.services.trends import TrendService
from core.services.urgent_tasks import UrgentTasks
from core.services.waiting_runner import WaitingRunner

_RELEASE_S: Final = 0.8
"""The seconds in which the lease may be released at the end; otherwise another monitor takes it over later."""


class Hooks(msgspec.Struct, frozen=True, kw_only=True):
    """Calls back into the monitor. `publish`: there is something new to show.

    `on_late`: a check's question that outlived its check has ended. `check_now`: refresh and check everything.
    `run`: an order, as an operator of this process runs it; `own_side`: one about this process alone, unaudited.
    """

    publish: Callable[[], None]
    on_late: Callable[[Check], None]
    check_now: Callable[[], Awaitable[None]]
    restart_watchdog: Callable[[], None]
    run: Carrier
    own_side: Callable[[Order], Awaitable[None]]


class Container:
    """Everything a monitor is made of."""

    def __init__(
        self,
        config: Config,
        clock: Clock,
        places: Places,
        hooks: Hooks,
        line: FaultTransport | None = None,
    ) -> None:
        self.config = config
        self.clock = clock
        self.events = EventLog(clock)
        self.log_watch = LogWatch(clock, self.events)
        self.boundary = ErrorBoundary(lambda text: self.events.say("watchdesk", text, Level.WARNING))
        self._build_calls(line, places)
        self._build_storage(places)
        self.connection = ConnectionState(
            clock, stale_after_s=2 * config.refresh.period_s, blind_after_s=config.refresh.blind_after_s
        )
        self.attention = Attention(clock, config.refresh)
        self.operator = operator(config.target.user)
        self.itself = watchdog(config.target.user)
        self.action_context = ActionContext(clock, self.guard, self.reads, self.writes)
        self.health_log = HealthLog(self.action_context, self.itself)
        self.time = ProjectTime(
            clock,
            config.watch,
            database_now=self.health_log.database_now,
            answered_at=self.backend.server_time,
        )
        self.readings = Readings(clock, self.guard, self.panel_reads, self.cache, config.refresh, self.time.likely)
        self.context = Context(
            clock=clock,
            config=config,
            guard=self.guard,
            panel_reads=self.panel_reads,
            reads=self.reads,
            writes=self.writes,
            store=self.store,
            events=self.events,
            boundary=self.boundary,
            time=self.time,
        )
        self._build_checks(hooks)
        self._build_actions()
        self._build_services(hooks)

    def _build_calls(self, line: FaultTransport | None, places: Places) -> None:
        config = self.config
        self.backend = Backend(
            config.target, self.clock, config.limits, SessionFile(places.sessions, config.target.url), line
        )
        self.breakers = Breakers(self.clock, config.breaker)
        for key in CHECKED:
            self.breakers.expect_every(key, config.watch.interval_s * (1 + config.watch.jitter))
        self.cache = Cache(places.cache, config.target.space, self.clock)
        self.guard = Guard(self.clock, self.breakers, classify, self.cache)
        self.backend.around_sign_in = signing_in(self.guard, config.limits.request_s)
        self.panel_reads = Reads(self.backend.calls, UNDISCOVERED)
        self.reads = Reads(self.backend.urgent, UNDISCOVERED, self.guard)
        self.writes = Writes(self.backend.urgent, UNDISCOVERED)

    def _build_storage(self, places: Places) -> None:
        space = self.config.target.space
        self.store = Store(places.state, space)
        self.ownership = Ownership(self.store, only_looks=self.config.only_looks, observes=self.config.observe)
        blackbox = places.blackbox / space
        self.recording = Recording(Recorder(blackbox, self.config.blackbox, self.clock), self.clock, self.events)
        self.box = Box(blackbox, self.recording.repair)
        self.saved_rows, self.saved_reports = SavedFiles(places.rows / space), SavedFiles(places.reports / space)

    def _build_actions(self) -> None:
        config, clock, context = self.config, self.clock, self.action_context
        settings = RepairSettings(target=config.target, stuck=config.stuck, failures=config.failures, heal=config.heal)
        repairs = tuple(repair(context, settings) for repair in REPAIRS)
        self.healer = Healer(context, repairs, stuck=config.stuck, rules=config.heal, boundary=self.boundary)
        self.waiting = WaitingActions(clock, self.store, self.time.likely)
        self.resumes = ResumeHistory(self.reads, self.store)
        self.read_only = ReadOnlyMode(clock, on=config.observe, only_looks=config.only_looks)
        self.running = RunningActions()
        self.holds = BreakerHolds(clock, self.breakers, self.store)
        self.processes = MonitorProcesses(
            clock,
            self.store,
            host=self.itself.host,
            acts=self.ownership,
            observes=config.observe,
            only_looks=config.only_looks,
            service=config.unattended,
        )
        self.lease = Lease(
            clock,
            context,
            str(uuid.uuid5(uuid.NAMESPACE_URL, f"{config.target.url}#watchdesk-lease")),
            holder=self.itself.who,
            host=self.itself.host,
            request_s=config.limits.request_s,
            acts=config.autonomous and not config.dry_run,
            rules=config.lease,
        )
        self.rights = Rights(self.read_only, self.store)
        self.runner = Runner(
            context,
            rights=self.rights,
            running=self.running,
            waiting=self.waiting,
            discover=self.checks.discover,
            now=self.time.likely,
            boundary=self.boundary,
            tell=self.events.add,
            ours=self.events.ours,
            learn=self.health_log.learn,
        )

    def _build_checks(self, hooks: Hooks) -> None:
        self.check_runner = CheckRunner(self.clock, hooks.on_late, self.boundary)
        self.checks = CheckService(
            self.context,
            backend=self.backend,
            breakers=self.breakers,
            readings=self.readings,
            connection=self.connection,
            runner=self.check_runner,
            learn=self.learn,
            publish=hooks.publish,
        )

    def _build_services(self, hooks: Hooks) -> None:
        context, readings, publish = self.context, self.readings, hooks.publish
        self.rows = RowReader(context, self.checks.discover)
        self.figures = FigureService(context, self.rows)
        self.told = ProjectRecords(self.reads, self.checks.discover)
        self.kpis = KpiService(context, readings, self.connection, keeps=self.ownership)
        past = PastEvents(context, self.box, self.kpis.spans)
        self.trends = TrendService(context, readings, past, self.checks.discover, keeps=self.ownership)
        self.cost = CostService(context, self.backend.traffic, keeps=self.ownership)
        self.streak = CriticalStreak(self.clock, self.store, self.config.watch.interval_s)
        self.state_since = StateSince(self.clock)
        self.recent_log = RecentLog(self.clock, readings, self.time.likely)
        self.notifications = Notifications(context, readings, self.itself.host)
        self.notifications.who_acts = lambda: who_acts(self.lease.view(), self.autonomy.permission())
        self.alerts = AlertService(
            context,
            checks=self.checks,
            readings=readings,
            inputs=AlertInputs(
                context,
                checks=self.checks,
                readings=readings,
                connection=self.connection,
                breakers=self.breakers,
                cache=self.cache,
                log=self.recent_log,
            ),
            log=self.recent_log,
            notifications=self.notifications,
            lease=self.lease,
            actor=self.itself,
            owner=self.ownership,
        )
        self.alerts.braked = lambda: self.autonomy.braked
        self.dependencies = Dependencies(
            context=self.action_context,
            healer=self.healer,
            now=self.time.cut_off,
            likely_now=self.time.likely,
            standing_stop=lambda: StopMark.of(readings.values["config"].value),
            undoable=lambda name: undoable_operation(self.dependencies, name),
            waiting=self.waiting,
            holds=self.holds,
            read_only=self.read_only,
            alerts=self.alerts,
            check_now=hooks.check_now,
            restart_watchdog=hooks.restart_watchdog,
            send_test_messages=self.notifications.try_out,
        )
        self._build_autopilot()
        self.delegation = Delegation(
            self.clock, self.boundary, DelegatedActions(self.clock, self.store), self.processes, hooks.run
        )
        self.succession = Succession(context, self.processes, self.ownership, self.lease, self.running)
        self.attachment = Attachment(
            context,
            self.succession,
            self.delegation,
            self.rights,
            self.operator,
            here=hooks.run,
            own_side=hooks.own_side,
        )
        self.heartbeat = Heartbeat(context)
        self.self_monitor = SelfMonitor(context, self.connection, publish)
        self.startup = Startup(
            boundary=self.boundary,
            cache=self.cache,
            readings=readings,
            backend=self.backend,
            checks=self.checks,
            publish=publish,
        )

    def _build_autopilot(self) -> None:
        context, parts, readings = self.context, self.dependencies, self.readings
        self.autonomy = Autonomy(context, readings=readings, lease=self.lease, actor=self.itself, owner=self.ownership)
        self.left_over = LeftOver(self.action_context, readings)
        self.urgent = UrgentTasks(context, readings)
        self.paused = PausedTypes(
            parts, self.autonomy, readings=readings, runner=self.runner, refresh=self._refresh_everything
        )
        stop = AutomaticStop(
            context,
            self.autonomy,
            readings=readings,
            parts=parts,
            runner=self.runner,
            waiting=self.waiting,
            resumes=self.resumes,
            streak=self.streak,
            refresh=self.checks.refresh,
        )
        self.heals = AutomaticHeal(
            context,
            self.autonomy,
            readings=readings,
            parts=parts,
            runner=self.runner,
            resumes=self.resumes,
            refresh=self._refresh_everything,
        )
        waiting = WaitingRunner(
            context,
            self.autonomy,
            parts=parts,
            runner=self.runner,
            waiting=self.waiting,
            stop=stop,
            streak=self.streak,
            left_over=self.left_over,
            refresh=self.checks.refresh,
        )
        self.autopilot = Autopilot(
            self.autonomy,
            checks=self.checks,
            health_log=self.health_log,
            stop=stop,
            waiting=waiting,
            heals=self.heals,
            left_over=self.left_over,
            paused=self.paused,
        )

    async def _refresh_everything(self) -> bool:
        return await self.checks.refresh(everything=True)

    def learn(self, schema: Schema) -> None:
        """Pass the project's schema to all that read or write."""
        for one in (self.panel_reads, self.reads, self.writes, self.writes.tasks):
            one.schema = schema

    def storage_warnings(self) -> tuple[str, ...]:
        """Return the problems of this machine's files: moved aside or not usable, each in a sentence."""
        kept = (self.cache, self.store, self.recording, self.log_watch)
        said = (*(one.warning for one in kept), self.config.trouble)
        return tuple(words for words in said if words)

    async def close(self) -> None:
        """Stop what runs, then close the connections, then the files."""
        await self.kpis.close()
        await self.cost.close()
        await self.trends.close()
        self.check_runner.close()
        await self.checks.close()
        await self.readings.close()
        await self.recording.close()
        await self.delegation.close()
        await self.runner.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_RELEASE_S):
                await self.lease.release()
        with contextlib.suppress(OSError):
            await self.backend.close()
        await asyncio.to_thread(self.cache.close)
        await self.processes.close()
        self.ownership.close()
        await self.store.close()
