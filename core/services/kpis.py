"""The key figures: fed with a sample of each refresh, the duration of each check, and reads of the project."""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import timedelta
from typing import Final

import msgspec

from core.base.store import NotKept, Transaction
from core.domain.checks import Check, Checkup
from core.domain.counts import SuccessRate
from core.domain.incidents import LastIncident
from core.domain.kpis import Kpi
from core.domain.periods import HISTORY_KEPT
from core.domain.status import Level
from core.history.availability import Record, SampleState, Span
from core.history.hourly import Hours, KeptHours
from core.history.kpis import KpiInputs, kpis
from core.history.last_incident import last_incident
from core.resilience import NotLive
from core.services.between_actions import BetweenActions
from core.services.connection import ConnectionState
from core.services.context import Context
from core.services.readings import Readings

CHECKS: Final = "check"
"""The series of scheduled checks in the store, of `CheckSample` records."""

_KIND: Final = "kpi"
_HOURS: Final = "hours"
_WEEK: Final = timedelta(days=7)
_MOST_CHECKS: Final = 20_000
_COMPUTE_EVERY_S: Final = 10.0
_FEW_FAILED: Final = 2
_MANY_FAILED: Final = 0.01
"""The share of what finished in a day that must have failed since a rate of a week was read, for it to be read anew."""


class CheckSample(msgspec.Struct, frozen=True, kw_only=True):
    """One check run as it is stored: its duration and verdicts."""

    took_s: float
    verdicts: dict[str, Level]


class KpiService:
    """The key figures of one project as this machine observed it. `keeps`: whether this process stores samples."""

    def __init__(
        self, context: Context, readings: Readings, connection: ConnectionState, *, keeps: Callable[[], bool]
    ) -> None:
        self._context = context
        self._readings = readings
        self._connection = connection
        self._keeps = keeps
        self._record = Record(context.clock, context.store, keeps=keeps)
        self._hours = Hours()
        self._checks: list[float] = []
        self._measured = KpiInputs()
        self._day: SuccessRate | None = None
        """The rate of a day when the others were measured."""
        self._between = BetweenActions(context.clock, readings)
        self._computed_at: float | None = None
        self.kpis: tuple[Kpi, ...] = ()
        """The figures as last computed."""
        self.last_incident = LastIncident()

    async def restore(self) -> None:
        """Load the samples of earlier processes."""
        now = self._context.clock.now()
        await self._record.restore()
        found = await self._context.store.samples(CHECKS, now - HISTORY_KEPT, now + HISTORY_KEPT, CheckSample)
        self._checks = [sample.took_s for _, sample in found][-_MOST_CHECKS:]
        kept = await self._context.store.get(_KIND, _HOURS, KeptHours)
        if kept is not None:
            self._hours.restore(kept, now)

    def due_in(self, seconds: float) -> None:
        """Set the time to the next refresh: the last sample holds until then and one period more."""
        self._record.holds(seconds + self._context.config.refresh.period_s)

    def spans(self) -> tuple[Span, ...]:
        """Return the availability that this machine saw, the oldest first."""
        return self._record.spans()

    async def refreshed(self, *, live: bool, checks: tuple[Check, ...]) -> None:
        """Add the sample of a refresh. `live`: the database answered. Neither live nor proven down is unknown."""
        seen: SampleState | None = None
        if self._connection.down:
            seen = SampleState.DOWN
        elif live:
            critical = any(check.level is Level.CRITICAL for check in checks if check.name != "database")
            seen = SampleState.CRITICAL if critical else SampleState.UP
        await self._record.sample(seen)
        await self._compute(at_most_every_s=_COMPUTE_EVERY_S)

    async def checked(self, checkup: Checkup) -> None:
        """Store a scheduled check, and measure anew if that is due and can be. Never raises for a fault."""
        self._checks.append(checkup.took_s)
        del self._checks[:-_MOST_CHECKS]
        sample = CheckSample(took_s=checkup.took_s, verdicts={check.name: check.level for check in checkup.checks})
        now = self._context.clock.now()

        def work(transaction: Transaction) -> None:
            transaction.append(CHECKS, now, sample)
            transaction.trim(CHECKS, now - HISTORY_KEPT)

        if self._keeps():
            with contextlib.suppress(NotKept):  # the store reports it
                await self._context.store.change(work)
        if checkup.of("database").level is Level.OK and (self._between.due() or self._more_failed()):
            await self.measure()
        else:
            await self._compute()
        await self._keep_hours()

    async def measure(self) -> None:
        """Read what only the project knows; all of it is unknown if a read fails. Never raises for a fault."""
        live, now = self._context.reads, self._context.time.likely()
        day = self._readings.values["success_24h"].value
        self._between.read()
        try:
            self._measured = KpiInputs(
                success_7d=await live.outcomes.success_rate(now - _WEEK, now),
                heals_ms=await live.audit.heal_durations(now - HISTORY_KEPT),
                false_rescues=await live.audit.false_rescues(now - _WEEK),
                at=self._context.clock.now(),
            )
            self._day = day
        except NotLive:
            self._measured = KpiInputs()
            self._between.failed()
        await self._compute()

    def _more_failed(self) -> bool:
        """Whether so many tasks failed since the figures were read that the rate of a week may be another one."""
        day = self._readings.values["success_24h"]
        if not day.live or day.value is None or self._day is None:
            return False
        rate: SuccessRate = day.value
        return rate.failed - self._day.failed > max(_FEW_FAILED, rate.finished * _MANY_FAILED)

    async def close(self) -> None:
        """Store what is not stored yet."""
        await self._record.close()
        await self._keep_hours()

    async def _compute(self, *, at_most_every_s: float = 0.0) -> None:
        elapsed = self._context.clock.elapsed()
        if self._computed_at is not None and elapsed - self._computed_at < at_most_every_s:
            return
        self._computed_at = elapsed
        day = self._readings.values["success_24h"]
        measured = msgspec.structs.replace(
            self._measured,
            success_24h=day.value if day.live else None,
            checks_s=tuple(self._checks),
            limit_s=self._context.config.watch.limit_s,
        )
        # In a thread: a project that went up and down for days has left tens of thousands of spans.
        now = self._context.clock.now()
        spans = self._record.spans()
        figures = await asyncio.to_thread(kpis, spans, measured, now)
        self.last_incident = await asyncio.to_thread(last_incident, spans, now)
        self._hours.note({kpi.name: kpi.value for kpi in figures if kpi.value is not None}, now)
        self.kpis = tuple(msgspec.structs.replace(kpi, recent=self._hours.recent(kpi.name, now)) for kpi in figures)

    async def _keep_hours(self) -> None:
        kept = self._hours.kept()
        if self._keeps() and kept.hours:
            with contextlib.suppress(NotKept):  # the store reports it
                await self._context.store.put(_KIND, _HOURS, kept)
