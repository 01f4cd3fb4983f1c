"""Builds every room from one configuration, and closes them in order."""

import asyncio
import contextlib
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from core.actions.audit import AuditTrail
from core.actions.context import ActionContext, operator, watchdog
from core.actions.heal import Healer
from core.actions.health_log import HealthLog
from core.actions.lease import Lease
from core.actions.repairs import all_of
from core.actions.resume_history import ResumeHistory
from core.actions.runner import Runner
from core.actions.waiting import WaitingActions
from core.backend.client import Backend
from core.backend.fault_transport import FaultTransport
from core.backend.faults import classify
from core.backend.reads.live import CHECKED, LiveReads
from core.backend.reads.queries import Queries
from core.backend.schema import UNDISCOVERED, Schema
from core.backend.sessions import SessionFile
from core.backend.writes import Writes
from core.base.clock import Clock
from core.base.error_boundary import ErrorBoundary
from core.base.store import Store
from core.checks.runner import CheckRunner
from core.domain.checks import Check
from core.domain.status import Level
from core.domain.stops import StopMark
from core.history.blackbox import Box, Recorder
from core.resilience import Breakers, Cache, Guard
from core.services.action_desk import ActionDesk
from core.services.breaker_actions import BreakerActions
from core.services.breaker_holds import BreakerHolds
from core.services.config import Config, Places
from core.services.connection import ConnectionState
from core.services.critical_streak import CriticalStreak
from core.services.events import EventLog
from core.services.log_watch import LogWatch
from core.services.login_calls import signing_in
from core.services.read_only import ReadOnlyMode
from core.services.readings import Readings
from core.services.recording import Recording
from core.services.running import RunningActions

_RELEASE_S: Final = 0.8
"""How long an end may take to give up the lease; another takes it over all the same, only later."""


class Container:
    """Everything a monitor is made of. `on_late` hears of a check's question that outlived its check."""

    def __init__(
        self,
        config: Config,
        clock: Clock,
        places: Places,
        on_late: Callable[[Check], None],
        line: FaultTransport | None = None,
    ) -> None:
        self.config = config
        self.clock = clock
        self.journal = EventLog(clock)
        self.log_watch = LogWatch(clock, self.journal)
        self.fence = ErrorBoundary(lambda text: self.journal.say("watchdesk", text, Level.WARNING))
        self.backend = Backend(
            config.target, clock, config.limits, SessionFile(places.sessions, config.target.url), line
        )
        self.breakers = Breakers(clock, config.breaker)
        for key in CHECKED:
            self.breakers.expect_every(key, config.watch.interval_s * (1 + config.watch.jitter))
        self.cache = Cache(places.cache, config.target.space, clock)
        self.state = Store(places.state, config.target.space)
        pictures = places.blackbox / config.target.space
        self.recording = Recording(Recorder(pictures, config.blackbox, clock), clock, self.journal)
        self.box = Box(pictures, self.recording.mend)
        self.holds = BreakerHolds(clock, self.breakers, self.state)
        self.guard = Guard(clock, self.breakers, classify, self.cache)
        self.backend.around_sign_in = signing_in(self.guard, config.limits.request_s)
        self.queries = Queries(self.backend.calls, UNDISCOVERED)
        self.commands = Writes(self.backend.urgent, UNDISCOVERED)
        self.urgent_queries = Queries(self.backend.urgent, UNDISCOVERED)
        self.live = LiveReads(self.guard, self.urgent_queries, sees_all=config.target.sees_all)
        self.readings = Readings(clock, self.guard, self.queries, self.cache, config.refresh, self.likely_now)
        self.link = ConnectionState(
            clock, stale_after_s=2 * config.refresh.period_s, blind_after_s=config.refresh.blind_after_s
        )
        self.watchdog = CheckRunner(clock, on_late, self.fence)
        means = ActionContext(clock, self.guard, self.live, self.commands)
        self.operator = operator(config.target.user)
        self.itself = watchdog(config.target.user)
        repairs = all_of(means, config.target, stuck=config.stuck, failures=config.failures, heal=config.heal)
        self.healer = Healer(means, repairs, stuck=config.stuck, rules=config.heal, fence=self.fence)
        self.means = means
        self.health_log = HealthLog(means, self.itself)
        self.runner = Runner(means, now=self.likely_now, fence=self.fence, learn=self.health_log.learn)
        self.pending = WaitingActions(clock, self.state, self.likely_now)
        self.lifts = ResumeHistory(self.live, self.state)
        self.streak = CriticalStreak(clock, self.state, config.watch.interval_s)
        self.observing = ReadOnlyMode(clock, on=config.observe, only_looks=config.only_looks)
        self.under_way = RunningActions()
        self.desk = ActionDesk(
            means=means,
            runner=self.runner,
            healer=self.healer,
            pending=self.pending,
            journal=self.journal,
            now=self.cut_off_now,
            likely_now=self.likely_now,
            observing=self.observing,
            under_way=self.under_way,
            state=self.state,
            standing=lambda: StopMark.of(self.readings.values["config"].value),
        )
        self.process_desk = BreakerActions(
            self.desk, self.holds, self.journal, lambda order, actor: AuditTrail(means, order, actor)
        )
        self.lease = Lease(
            clock,
            means,
            str(uuid.uuid5(uuid.NAMESPACE_URL, f"{config.target.url}#watchdesk-lease")),
            holder=self.itself.who,
            host=self.itself.host,
            request_s=config.limits.request_s,
            acts=config.autonomous and not config.dry_run,
            rules=config.lease,
        )

    def learn(self, schema: Schema) -> None:
        """Tell everybody who asks or writes which shape the project has."""
        self.queries.schema = self.urgent_queries.schema = self.commands.schema = schema

    def cut_off_now(self) -> datetime | None:
        """The database's time for cut-offs; `None` while it is not known.

        By a row written there with the literal `now`; else by the `Date` header, as far as this machine's own clock
        bears that out, less a margin.
        """
        database = self.health_log.database_now()
        if database is not None:
            return database
        server, rules = self.backend.server_time(), self.config.watch
        if server is None or abs((server - self.clock.now()).total_seconds()) > rules.clock_trust_s:
            return None
        return server - timedelta(seconds=rules.clock_margin_s)

    def likely_now(self) -> datetime:
        """The database's time as far as anybody can tell: for what is only shown, and nothing is done about."""
        return self.cut_off_now() or self.backend.server_time() or self.clock.now()

    async def close(self) -> None:
        """End what is under way, then the connections, then what is on the disk."""
        self.watchdog.close()
        await self.recording.close()
        await self.process_desk.close()
        await self.runner.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_RELEASE_S):
                await self.lease.release()
        with contextlib.suppress(OSError):
            await self.backend.close()
        await asyncio.to_thread(self.cache.close)
        await self.state.close()
