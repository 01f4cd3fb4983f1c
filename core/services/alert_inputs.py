"""The input of alert rules: the newest verdicts and readings, and the few values that only the rules need."""

import uuid
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TypeVar

from core.alerting.conditions import Facts
from core.backend.timestamps import AHEAD
from core.domain.actors import By
from core.domain.counts import Simulated, SuccessRate
from core.domain.log_steps import HEALTH_CHECK
from core.domain.pauses import in_review
from core.domain.records import SystemConfig
from core.domain.status import Verdict
from core.domain.stops import StopMark
from core.resilience import Breakers, Cache, NotLive
from core.resilience.reading import Reading, Source
from core.services.check_service import CheckService
from core.services.components import components
from core.services.conflicts import ConflictWatch
from core.services.connection import ConnectionState
from core.services.context import Context
from core.services.readings import Readings
from core.services.recent_log import RecentLog

T = TypeVar("T")

_HOUR = timedelta(hours=1)
_WEEK = timedelta(days=7)
"""The age up to which a health row is searched for: without a limit the whole log would be read each minute."""


_TOLD_S = 60.0
"""The greatest age of a rate that a refresh has told."""

_AWAKE_S = 300.0
"""Evaluations further apart than this, in seconds, have a sleep of the machine between them, which does not count."""


class AlertInputs:
    """Gathers the `Facts` for alert rules. A value that was not measured now, or failed unforeseen, is unknown."""

    def __init__(  # noqa: PLR0913 - one for each source of facts
        self,
        context: Context,
        *,
        checks: CheckService,
        readings: Readings,
        connection: ConnectionState,
        breakers: Breakers,
        cache: Cache,
        log: RecentLog,
    ) -> None:
        self._context = context
        self._checks = checks
        self._readings = readings
        self._connection = connection
        self._breakers = breakers
        self._cache = cache
        self._log = log
        self._conflicts = ConflictWatch(context.reads, context.config.conflicts, self._log)
        self._stopped_by: tuple[StopMark | None, str] | None = None
        """The stop in force, and the operator who ordered it."""
        self._looked: float | None = None
        self._missing_s = 0.0
        """The seconds for which no health row was found although one would have been visible."""

    async def gather(self, *, braked: str, ready: bool) -> Facts:
        """Return the facts as of now. Never raises for a fault."""
        context, readings = self._context, self._readings
        interval_s = context.config.watch.interval_s * (1 + context.config.watch.jitter)
        config = readings.config.value if readings.config.live else None
        simulated = readings.values["simulated"]
        lost = tuple(part.name for part in components(readings, self._checks) if part.source is not Source.LIVE)
        server = context.time.told()
        blind_s = self._connection.blind_for_s() or 0.0
        now = context.clock.now()
        rates = self.rates()
        return Facts(
            at=now,
            verdicts=rates.verdicts,
            checked_at=rates.checked_at,
            config_at=readings.config.at,
            stopped=config.emergency_stop if config is not None else None,
            stop_text=(config.stop_reason if config is not None else "") or "no reason given",
            stopped_by=await self._who_stopped(config),
            stop_id=_stop_id(config),
            enabled=config.enabled if config is not None else None,
            config_rows=len(config.ids) if config is not None else None,
            success_1h=await self._ask("the success rate of the last hour", self._success_1h),
            success_24h=rates.success_24h,
            simulated=simulated.value if simulated.live else None,
            simulated_age_s=_age_s(simulated, context.time.likely()),
            breakers=self._breakers.all(),
            blind_for_s=blind_s if blind_s >= context.config.refresh.blind_after_s else 0.0,
            lost=lost if ready else None,
            health_row_age_s=await self._ask("the newest health row", self._health_row_age_s),
            health_row_missing=self._looked is not None,
            health_row_late_s=2 * interval_s + 60.0,
            answers_for_s=self._connection.answers_for_s(),
            answer_s=self._connection.quickest_s(),
            in_review=self._in_review(),
            review_waits_s=await self._ask("the oldest review", self._review_waits_s),
            braked=braked,
            conflict=await self._ask("detecting conflicts", lambda: self._conflicts.newest(context.time.likely())),
            dry_run_by=await self._ask("who turned dry-run on", lambda: self._dry_run_by(config)),
            set_aside=self._cache.warning or context.store.warning or "",
            clock_skew_s=None if server is None else (now - server).total_seconds(),
        )

    def rates(self) -> Facts:
        """Return what the rules about rates go by, as read last, without asking for any of it."""
        watch, day = self._context.config.watch, self._readings.values["success_24h"]
        checked = self._checked(2 * watch.interval_s * (1 + watch.jitter) + 60.0)
        return Facts(
            at=self._context.clock.now(),
            verdicts={name: verdict for name, (verdict, _) in checked.items()},
            checked_at={name: at for name, (_, at) in checked.items()},
            success_1h=self._readings.success_1h(_TOLD_S),
            success_24h=day.value if day.live else None,
        )

    def _checked(self, too_old_s: float) -> dict[str, tuple[Verdict, datetime]]:
        """Return the last verdicts and their times. One older than `too_old_s` is unknown: the watchdog may be dead."""
        now = self._context.clock.now()
        return {
            check.name: (Verdict(check.level, check.text), check.at)
            for check in self._checks.checks_now()
            if check.at is not None and (now - check.at).total_seconds() <= too_old_s
        }

    async def _ask(self, what: str, ask: Callable[[], Awaitable[T | None]]) -> T | None:
        """Return the answer of the project, `None` if there is none for whatever reason."""
        if self._checks.schema is None or not any(one.live for one in self._readings.values.values()):
            return None
        with self._context.boundary.around(f"asking for {what}"):
            try:
                return await ask()
            except NotLive:
                return None
        return None

    async def _success_1h(self) -> SuccessRate | None:
        now = self._context.time.cut_off()
        if now is None:
            return None
        told = self._readings.success_1h(_TOLD_S)
        return told if told is not None else await self._context.reads.outcomes.success_rate(now - _HOUR, now)

    async def _dry_run_by(self, config: SystemConfig | None) -> str | None:
        return None if config is None else await self._conflicts.dry_run_by(on=config.dry_run)

    def _in_review(self) -> int | None:
        counts = self._readings.counts
        return in_review(counts.value, self._readings.pauses) if counts.live and counts.value is not None else None

    async def _review_waits_s(self) -> float | None:
        now, waiting = self._context.time.cut_off(), self._in_review()
        if now is None or waiting is None:
            return None
        told = self._readings.values["oldest_review"]
        came_at: datetime | None = told.value if told.live and waiting else None
        if came_at is None and waiting:
            came_at = await self._context.reads.tasks.oldest_in_review_at(now)
        return 0.0 if came_at is None else max(0.0, (now - came_at).total_seconds())

    async def _health_row_age_s(self) -> float | None:
        now = self._context.time.cut_off()
        if now is None:
            return None
        written_at = self._log.newest_at(HEALTH_CHECK, now + AHEAD)
        if written_at is None:
            written_at = await self._context.reads.logs.newest_health_at(now - _WEEK, now)
        if written_at is not None:
            self._looked, self._missing_s = None, 0.0
            return max(0.0, (now - written_at).total_seconds())
        if not self._context.reads.logs.sees_all and not self._readings.values["logs"].value:
            return None  # rows may be hidden from us
        elapsed = self._context.clock.elapsed()
        self._missing_s += min(_AWAKE_S, elapsed - self._looked) if self._looked is not None else 0.0
        self._looked = elapsed
        return self._missing_s

    async def _who_stopped(self, config: SystemConfig | None) -> str:
        """Return the operator who ordered the stop in force; empty for the watchdog or an unknown source."""
        if config is None:
            return self._stopped_by[1] if self._stopped_by is not None else ""
        if not config.emergency_stop:
            self._stopped_by = None
            return ""
        mark = StopMark.of(config)
        if self._stopped_by is None or self._stopped_by[0] != mark:
            who = await self._ask("who stopped it", lambda: self._asked_who_stopped(config))
            if who is None:
                return ""
            self._stopped_by = (mark, who)
        return self._stopped_by[1]

    async def _asked_who_stopped(self, config: SystemConfig) -> str:
        trail = await self._context.reads.audit.stop_trail()
        standing = trail.standing(config, exact=True)
        return standing.actor if standing is not None and standing.by == By.OPERATOR else ""


def _stop_id(config: SystemConfig | None) -> str:
    """Return a name of the stop in force that every monitor derives alike; empty without one."""
    if config is None or not config.emergency_stop:
        return ""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"watchdesk-stop/{config.id}/{config.updated_at}/{config.stop_reason}"))


def _age_s(simulated: Reading[Simulated], now: datetime) -> float | None:
    """Return the seconds since work was last only simulated; `None` if not within a day, or unknown."""
    at = simulated.value.last_at if simulated.value is not None else None
    return None if at is None else max(0.0, (now - at).total_seconds())
