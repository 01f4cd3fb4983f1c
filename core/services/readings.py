"""The panels' values: read from the backend, cached as last known, each with its source and age."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from core.backend.reads import Read, Reads
from core.backend.schema import Schema
from core.base.clock import Clock
from core.domain.records import STATUSES, LogEntry, Simulated, SuccessRate, SystemConfig, Task, TaskCounts
from core.domain.status import NOT_VISIBLE
from core.resilience import Cache, Guard, Policy
from core.resilience.fault import Fault
from core.resilience.reading import Reading, Source
from core.services.config import RefreshRules

DEFAULT_CONFIG: Final = SystemConfig()
"""The assumed config row while nothing is known. Shown as a default, never as a measurement."""


class PanelRead(msgspec.Struct, frozen=True, kw_only=True):
    """One value of the panels: its read, and the type in which it is kept.

    `where`: whether this project's schema has it at all. A value that is not read is no evidence of the connection.
    `shared`: identical reads share one request while they overlap. Checks, plans and read-backs never do.
    """

    kind: Any
    read: Callable[[], Read[Any]]
    where: Callable[[Schema], bool] = lambda _: True
    shared: bool = True


class Readings:
    """The newest reading of every panel's value. `refresh` reads; a refused or failed read falls back to the cache.

    `server_now` gives the server's time, as far as it is known.
    """

    def __init__(
        self,
        clock: Clock,
        guard: Guard,
        reads: Reads,
        cache: Cache | None,
        rules: RefreshRules,
        server_now: Callable[[], datetime],
    ) -> None:
        self._clock = clock
        self._server_now = server_now
        self._guard = guard
        self._reads = reads
        self._cache = cache
        self._rules = rules
        self._policy = Policy(total_s=rules.total_s, retry=None)
        self._slow_due = 0.0
        self._fast = {
            "config": PanelRead(kind=SystemConfig | None, read=reads.config.visible),
            "open_counts": PanelRead(kind=dict[str, int], read=reads.tasks.open_counts),
            "tasks": PanelRead(kind=tuple[Task, ...], read=lambda: reads.tasks.newest(rules.tasks)),
            "logs": PanelRead(kind=tuple[LogEntry, ...], read=lambda: reads.logs.newest(rules.logs)),
        }
        self._slow = {
            "other_counts": PanelRead(kind=dict[str, int], read=reads.tasks.other_counts),
            "success_24h": PanelRead(kind=SuccessRate, read=lambda: reads.outcomes.success_rate(*self._day())),
            "simulated": PanelRead(
                kind=Simulated,
                read=lambda: reads.outcomes.simulated(*self._day()),
                where=lambda schema: schema.telltale.any,
                shared=False,
            ),
            "last_completed": PanelRead(
                kind=datetime | None, read=lambda: reads.outcomes.last_completed_at(server_now())
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
        return (self._fast | self._slow)[name].where(self._reads.schema)

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
        read = asked.read()
        return await self._guard.last_known(
            read.key,
            read.ask,
            policy=self._policy,
            cache_key=name,
            encode=msgspec.to_builtins,
            decode=lambda value: msgspec.convert(value, asked.kind),
            share=name if asked.shared else None,
        )

    def _day(self) -> tuple[datetime, datetime]:
        now = self._server_now()
        return now - timedelta(hours=24), now


def _answered(reading: Reading[Any]) -> bool:
    """Return whether the project answered, but with rows hidden from us."""
    return reading.fault is not None and reading.fault.kind == NOT_VISIBLE
