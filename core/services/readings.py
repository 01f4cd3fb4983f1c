"""The panels' values: read from the backend, cached as last known, each with its source and age."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

import msgspec

from core.backend.reads.queries import SHARED, Queries
from core.backend.schema import Schema
from core.base.clock import Clock
from core.domain.records import STATUSES, UNFINISHED, LogEntry, Simulated, SuccessRate, SystemConfig, Task, TaskCounts
from core.domain.status import NOT_VISIBLE
from core.resilience import Cache, Guard, Policy
from core.resilience.fault import Fault
from core.resilience.reading import Reading, Source
from core.services.config import RefreshRules

T = TypeVar("T")

_OTHERS: Final = tuple(status for status in STATUSES if status not in UNFINISHED)

DEFAULT_CONFIG: Final = SystemConfig()
"""The assumed config row while nothing is known. Shown as a default, never as a measurement."""


class PanelRead(msgspec.Struct, frozen=True, kw_only=True):
    """One value of the panels: the operation it is read by and the type it is cached as.

    `where`: whether this project's schema has it at all. A value that is not read is no evidence of the connection.
    """

    key: str
    kind: Any
    ask: Callable[[Queries], Awaitable[Any]]
    where: Callable[[Schema], bool] = lambda _: True


class Readings:
    """The newest reading of every panel's value. `refresh` reads; a refused or failed read falls back to the cache.

    `server_now` gives the server's time, as far as it is known.
    """

    def __init__(
        self,
        clock: Clock,
        guard: Guard,
        queries: Queries,
        cache: Cache | None,
        rules: RefreshRules,
        server_now: Callable[[], datetime],
    ) -> None:
        self._clock = clock
        self._server_now = server_now
        self._guard = guard
        self._queries = queries
        self._cache = cache
        self._rules = rules
        self._policy = Policy(total_s=rules.total_s, retry=None)
        self._slow_due = 0.0
        self._fast = {
            "config": PanelRead(
                key="db:fetch_system_config", kind=SystemConfig | None, ask=lambda q: q.visible_config()
            ),
            "open_counts": PanelRead(
                key="db:count_open_tasks", kind=dict[str, int], ask=lambda q: q.count_each(UNFINISHED)
            ),
            "tasks": PanelRead(key="db:fetch_tasks", kind=tuple[Task, ...], ask=lambda q: q.newest_tasks(rules.tasks)),
            "logs": PanelRead(
                key="db:fetch_execution_logs", kind=tuple[LogEntry, ...], ask=lambda q: q.newest_logs(rules.logs)
            ),
        }
        self._slow = {
            "other_counts": PanelRead(
                key="db:count_finished_tasks", kind=dict[str, int], ask=lambda q: q.counts(_OTHERS, UNFINISHED)
            ),
            "success_24h": PanelRead(key="db:fetch_success_rate", kind=SuccessRate, ask=self._success),
            "simulated": PanelRead(
                key="db:fetch_simulated",
                kind=Simulated,
                ask=self._simulated,
                where=lambda schema: schema.telltale.any,
            ),
            "last_completed": PanelRead(
                key="db:fetch_last_completed", kind=datetime | None, ask=lambda q: q.last_completed_at(server_now())
            ),
        }
        self.values: dict[str, Reading[Any]] = {name: Reading() for name in (*self._fast, *self._slow)}

    def paint(self) -> None:
        """Load last-known values from the disk, without a network, for the first snapshot."""
        if self._cache is None:
            return
        kept = self._cache.load_all()
        for name, asked in (self._fast | self._slow).items():
            found = kept.get(name)
            if found is None:
                continue
            try:
                value = msgspec.convert(found.value, asked.kind)
            except msgspec.ValidationError:
                continue  # written by another version
            self.values[name] = Reading(value=value, source=Source.CACHED, at=found.at)

    def forget(self) -> None:
        """Drop all values, where the cached ones cannot be shown."""
        self.values = {name: Reading() for name in self.values}

    async def refresh(self, *, everything: bool = False) -> bool:
        """Read what is due, side by side. Returns whether the project answered any of it. Never raises for a fault.

        An empty answer because rows are hidden from us counts too: the project is there.
        """
        asked = dict(self._fast)
        if everything or self._clock.elapsed() >= self._slow_due:
            asked |= self._slow
            self._slow_due = self._clock.elapsed() + self._rules.slow_period_s
        asked = {name: one for name, one in asked.items() if self.asks(name)}
        readings = await asyncio.gather(*(self._read(name, one) for name, one in asked.items()))
        self.values.update(zip(asked, readings, strict=True))
        if any(self.values[name].source is not Source.LIVE for name in self._slow if self.asks(name)):
            self._slow_due = 0.0
        return any(reading.live or _answered(reading) for reading in readings)

    def asks(self, name: str) -> bool:
        """Return whether a value is read at all, as far as the project's schema is known."""
        return (self._fast | self._slow)[name].where(self._queries.schema)

    def make_all_due(self) -> None:
        """Let the next refresh read everything."""
        self._slow_due = 0.0

    def faults(self) -> tuple[Fault, ...]:
        """Return the faults of the values that are not live."""
        return tuple(reading.fault for reading in self.values.values() if reading.fault is not None)

    @property
    def config(self) -> Reading[SystemConfig]:
        """Return the config row; the built-in default, labelled so, where nothing is known."""
        reading: Reading[SystemConfig] = self.values["config"]
        if reading.source is Source.DEFAULT:
            return msgspec.structs.replace(reading, value=DEFAULT_CONFIG)
        return reading

    @property
    def counts(self) -> Reading[TaskCounts]:
        """Return all counts as one reading, as old as its older half and no more live than it."""
        halves = (self.values["open_counts"], self.values["other_counts"])
        if any(half.value is None for half in halves):
            return Reading(fault=next((half.fault for half in halves if half.fault), None))
        merged = dict.fromkeys(STATUSES, 0)
        for half in halves:
            merged.update(half.value or {})
        older = min(halves, key=lambda half: (half.live, half.at))
        return Reading(value=TaskCounts(merged), source=older.source, at=older.at, fault=older.fault)

    async def _read(self, name: str, asked: PanelRead) -> Reading[Any]:
        return await self._guard.last_known(
            asked.key,
            lambda: asked.ask(self._queries),
            policy=self._policy,
            cache_key=name,
            encode=msgspec.to_builtins,
            decode=lambda value: msgspec.convert(value, asked.kind),
            share=name if asked.key in SHARED else None,
        )

    async def _success(self, queries: Queries) -> SuccessRate:
        now = self._server_now()
        return await queries.success_rate(now - timedelta(hours=24), now)

    async def _simulated(self, queries: Queries) -> Simulated:
        now = self._server_now()
        return await queries.simulated(now - timedelta(hours=24), now)


def _answered(reading: Reading[Any]) -> bool:
    """Return whether the project answered, but with rows hidden from us."""
    return reading.fault is not None and reading.fault.kind == NOT_VISIBLE
