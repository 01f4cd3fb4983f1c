"""Discovery of the schema, refreshes and checks, one of each at a time, and their last results."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import msgspec

from core.backend.client import Backend
from core.backend.heartbeat import answers
from core.backend.reads import CHECKED
from core.backend.schema import Schema, anybody_reads, discover
from core.checks import NAMES
from core.checks.breakers import judge as judge_breakers
from core.checks.context import CheckContext, told_by
from core.checks.failure_rate import judge as judge_rate
from core.checks.runner import CheckRunner
from core.domain.checks import Check, Checkup
from core.domain.counts import SuccessRate
from core.domain.events import CheckChanged
from core.domain.failure_rate import FailureRules
from core.domain.status import Level, Truth, Verdict
from core.domain.stuck import Overdue
from core.domain.task_overview import TaskOverview
from core.resilience import Breakers, BreakerState, NotLive, Policy
from core.resilience.fault import Fault
from core.resilience.reading import Reading
from core.services.connection import ConnectionState
from core.services.context import Context
from core.services.news import News
from core.services.readings import Readings

_CONTROL_S: Final = 1.0
RECENT: Final = 30
"""The number of check durations that are kept, for each check."""


class CheckService:
    """Runs discovery, refreshes and checks, and holds their last results. `publish` is called after each change,
    `learn` with each discovered schema."""

    def __init__(  # noqa: PLR0913 - its sources, what it updates, and its listeners
        self,
        context: Context,
        *,
        backend: Backend,
        breakers: Breakers,
        readings: Readings,
        connection: ConnectionState,
        runner: CheckRunner,
        learn: Callable[[Schema], None],
        publish: Callable[[], None],
    ) -> None:
        self._context = context
        self._backend = backend
        self._breakers = breakers
        self._readings = readings
        self._connection = connection
        self._runner = runner
        self._learn = learn
        self._publish = publish
        self._discovering, self._checking = asyncio.Lock(), asyncio.Lock()
        self._schema_fault: Fault | None = None
        self.schema: Schema | None = None
        """The project's schema, once nothing of it is missing."""
        self.policies: dict[str, Truth] = {}
        """Whether a table's rows can be read with the publishable key alone, by table."""
        self.checks: tuple[Check, ...] = tuple(Check(name=name) for name in NAMES)
        self._took: dict[str, deque[float | None]] = {name: deque(maxlen=RECENT) for name in NAMES}
        self._at_once: asyncio.Task[TaskOverview | None] | None = None
        """The last question of a check that was all questions at once, and a refresh of the panels."""
        self.refreshed = False
        """The last check was a refresh of the panels as well."""
        self.overdue = Overdue()
        self.news = News(context, readings)
        """What refreshes show that the last check did not know of."""
        self.oldest_pending_at: datetime | None = None
        self.edge_at: datetime | None = None
        self.checked_at: datetime | None = None

    async def discover(self) -> Schema:
        """Return the project's schema, read until nothing of it is missing. Raises NotLive."""
        if self.schema is not None:
            return self.schema
        context = self._context
        policy = Policy(total_s=context.config.refresh.total_s, retry=None)
        try:
            schema = await context.guard.live("db:discover_schema", lambda: discover(self._backend), policy=policy)
        except NotLive as not_live:
            self._schema_fault = not_live.fault
            raise
        if not schema.missing:
            self.schema = schema
        self._schema_fault = schema.missing[0] if schema.missing else None
        self._learn(schema)
        return schema

    async def refresh(
        self, *, everything: bool = False, younger_than_s: float = 0.0, patience_s: float | None = None
    ) -> bool:
        """Read the panels' values once and publish. Returns whether any was live. Never raises for a fault.

        The arguments are those of `Readings.refresh`.
        """
        async with self._discovering:
            if self.schema is None:
                with contextlib.suppress(NotLive):
                    await self.discover()
        began = self._context.clock.elapsed()
        if self._connection.down or self._connection.failing:
            younger_than_s = 0.0  # our own line is the question
        live = await self._readings.refresh(everything=everything, younger_than_s=younger_than_s, patience_s=patience_s)
        if self._readings.shared_for_s:
            self._connection.told_by_another(self._readings.shared_for_s)
        elif live:
            self._connection.answered(took_s := self._context.clock.elapsed() - began)
            self.news.refreshed(took_s - (patience_s or 0.0))  # it may have waited so long for what seldom changes
        else:
            self._connection.failed(self._readings.new_faults)
        self._publish()
        return live

    async def check(self) -> Checkup:
        """Run every check once and publish. A second call waits for the first.

        Where the project has our function, one request of this run, made now, answers most of it, and refreshes the
        panels. What it does not answer within its time goes on alone, as a refresh.
        """
        async with self._checking:
            at_once = self._ask_at_once() if self.may_ask_at_once() else None
            checkup = await self._runner.run(self._check_context(at_once))
            self.refreshed = at_once is not None and told_by(at_once) is not None
        if checkup.success is not None and not self.refreshed:
            await self._readings.take_rate(checkup.success)
        self._tell_link(checkup.of("database"))
        checkup = self._still_down(checkup)
        self._note(checkup)
        self._publish()
        return checkup

    def may_ask_at_once(self) -> bool:
        """Return whether one request may answer for all: not while our own line, or what a check reads, is in question.

        That is asked by itself, so that its breaker hears of it.
        """
        if self._connection.down or self._connection.failing or self._at_once is not None:
            return False
        if any(one.key in CHECKED and one.state is not BreakerState.CLOSED for one in self._breakers.all()):
            return False
        return self._readings.tells_at_once(self._context.config.watch.at_once_s)

    def _ask_at_once(self) -> asyncio.Task[TaskOverview | None]:
        def ended(_: object) -> None:
            self._at_once = None

        task = self._at_once = asyncio.create_task(self._refresh_at_once())
        task.add_done_callback(ended)
        return task

    async def _refresh_at_once(self) -> TaskOverview | None:
        began = self._context.clock.elapsed()
        with self._context.boundary.around("asking for all at once"):
            told = await self._readings.refresh_at_once()
            if told is not None:
                self._connection.answered(self._context.clock.elapsed() - began)
                self._publish()
            return told
        return None

    async def close(self) -> None:
        """Cancel the question that nobody waits for."""
        if self._at_once is not None:
            self._at_once.cancel()
            await asyncio.gather(self._at_once, return_exceptions=True)

    @property
    def asking(self) -> bool:
        """Return whether a database question that outlived its check is still open."""
        return self._runner.asking

    async def look_at_policies(self) -> None:
        """Find out which tables anybody with the publishable key reads. Never raises."""
        context = self._context
        if not self._backend.target.publishable_key:
            return  # cannot be known
        policy = Policy(total_s=context.config.refresh.total_s, retry=None, refusable=False)
        with contextlib.suppress(NotLive):
            self.policies = await context.guard.live(
                "db:look_at_policies:probe", lambda: anybody_reads(self._backend), policy=policy
            )

    def checks_now(self) -> tuple[Check, ...]:
        """Return the last checks, with newer readings of the panels where there are any, so that both agree."""
        return tuple(map(self._now, self.checks))

    def _now(self, check: Check) -> Check:
        context, rate = self._context, self._readings.values["success_24h"]
        if check.name == "breakers" and check.at is not None:
            return _judged(check, judge_breakers(self._breakers.all()), context.clock.now())
        if check.name != "failure_rate" or rate.value is None or context.time.cut_off() is None:
            return check  # a rate needs the project's time
        rules = context.config.failures
        return _judged(check, judge_rate(rate.value, rules), rate.at) if _tells_more(rate, check, rules) else check

    def faults(self) -> tuple[Fault, ...]:
        """Return the faults of all that is not live, the schema's first."""
        return (*self.schema_faults(), *self._readings.faults())

    def schema_faults(self) -> tuple[Fault, ...]:
        """Return the faults of the schema, table by table, or the fault that kept it from being read."""
        missing = self._context.panel_reads.schema.missing
        return missing or ((self._schema_fault,) if self._schema_fault is not None else ())

    def late(self, check: Check) -> None:
        """Take the late verdict of a database question that outlived its check; it replaces the check's own."""
        self._note_change(check, self._level_of(check.name))
        if took := self._took[check.name]:
            took.pop()  # of the run it belongs to
        late = self._remembered(check)
        self.checks = tuple(late if known.name == late.name else known for known in self.checks)
        self._tell_link(check)
        self._publish()

    def _tell_link(self, database: Check) -> None:
        self._connection.checked(
            database.level, database.text, answered=database.answered, took_s=database.took_s or 0.0
        )

    def _still_down(self, checkup: Checkup) -> Checkup:
        """Return the checks, with the database critical if it was proven down and has not answered yet."""
        database, proof = checkup.of("database"), self._connection.proof
        if not proof or database.answered or not (database.level is Level.WARNING or database.open):
            return checkup
        down = msgspec.structs.replace(database, level=Level.CRITICAL, text=f"{proof}; asked anew: {database.text}")
        checks = tuple(down if check is database else check for check in checkup.checks)
        return msgspec.structs.replace(checkup, checks=checks)

    def _check_context(self, at_once: asyncio.Task[TaskOverview | None] | None) -> CheckContext:
        context, config = self._context, self._readings.config
        self.news.asked_with(config.value)
        return CheckContext(
            live=context.reads,
            now=context.time.cut_off(),
            answered=context.time.answered,
            rules=context.config.watch,
            stuck_rules=context.config.stuck,
            failure_rules=context.config.failures,
            config=config.value,
            breakers=self._breakers.all,
            control=self._control if context.config.watch.control_url else None,
            overview=at_once,
        )

    async def _control(self) -> bool:
        """Return whether the control address can be reached, within a second."""
        return await answers(self._context.config.watch.control_url, _CONTROL_S)

    def _note(self, checkup: Checkup) -> None:
        for check in checkup.checks:
            self._note_change(check, self._level_of(check.name))
        self.checks = tuple(self._remembered(check) for check in checkup.checks)
        self.checked_at = checkup.at
        if checkup.overdue is not None:
            self.overdue = checkup.overdue
        self.news.checked(checkup.checks, self.overdue)
        self.oldest_pending_at = checkup.oldest_pending_at
        if checkup.of("edge_function").level is Level.OK:
            self.edge_at = checkup.at

    def _remembered(self, check: Check) -> Check:
        took = self._took[check.name]
        took.append(check.took_s if check.answered else None)
        return msgspec.structs.replace(check, recent=tuple(took))

    def _level_of(self, name: str) -> Level | None:
        return next((check.level for check in self.checks if check.name == name), None)

    def _note_change(self, check: Check, before: Level | None) -> None:
        quiet = before in {None, Level.UNKNOWN} and check.level is Level.OK
        if check.level is not before and not quiet:
            self._context.events.add(CheckChanged.of(check, before))


def _judged(check: Check, verdict: Verdict, at: datetime | None) -> Check:
    return msgspec.structs.replace(check, level=verdict.level, text=verdict.text, at=at)


def _tells_more(rate: Reading[SuccessRate], check: Check, rules: FailureRules) -> bool:
    """Return whether a reading has the window of the failure rate check and is newer."""
    if not rate.live or rate.value is None or rate.value.window != timedelta(hours=rules.window_h):
        return False
    return check.at is None or (rate.at is not None and rate.at > check.at)
