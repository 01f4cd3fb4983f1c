"""The panels' values: read from the backend, cached as last known, each with its source and age."""

import asyncio
from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from core.backend.reads import Reads
from core.base.clock import Clock
from core.domain.counts import Amount, Simulated, SuccessRate, TaskCounts
from core.domain.log_steps import AUDIT, LEASE
from core.domain.pauses import Pause
from core.domain.records import ENDED, FINISHED, STATUSES, LogEntry, SystemConfig, Task
from core.domain.status import NOT_VISIBLE
from core.domain.task_overview import TaskOverview
from core.resilience import BreakerRecord, Cache, Guard, Policy
from core.resilience.fault import Fault
from core.resilience.guard import Outcome
from core.resilience.reading import Reading, Source
from core.services.config import RefreshRules
from core.services.newest_page import NewestPage
from core.services.overview import OverviewSource, Told
from core.services.panel_read import PanelRead
from core.services.slow_reads import SlowReads

_DAY: Final = timedelta(hours=24)

DEFAULT_CONFIG: Final = SystemConfig()
"""The assumed config row while nothing is known. Shown as a default, never as a measurement."""


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
        self._overview = OverviewSource(clock, guard, reads, self._policy)
        self._tasks = NewestPage(
            clock,
            full=lambda: reads.tasks.newest(rules.tasks),
            newer=lambda since, known: reads.tasks.newer(since, known, rules.tasks),
            at=lambda task: task.created_at,
            settled=lambda task: task.status in FINISHED,
            limit=rules.tasks,
        )
        self._logs = NewestPage(
            clock,
            full=lambda: reads.logs.newest(rules.logs),
            newer=lambda since, known: reads.logs.newer(since, known, rules.logs),
            at=lambda entry: entry.at,
            settled=lambda entry: entry.step != LEASE,
            limit=rules.logs,
        )
        self._fast = {
            "config": PanelRead(kind=SystemConfig | None, read=reads.config.visible),
            "open_counts": PanelRead(kind=TaskCounts, read=reads.counts.open),
            "tasks": PanelRead(kind=tuple[Task, ...], read=self._tasks.read),
            "logs": PanelRead(kind=tuple[LogEntry, ...], read=self._logs.read),
        }
        self._slow = {
            **{
                _count_of(status): PanelRead(kind=Amount, read=partial(reads.counts.in_status, status))
                for status in ENDED
            },
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
            "oldest_review": PanelRead(
                kind=datetime | None, read=lambda: reads.tasks.oldest_in_review_at(server_now())
            ),
        }
        self._round = 0
        """The number of times that what is known was distrusted: reads of different rounds share no request."""
        self._slow_reads = SlowReads(clock, rules)
        self._keys: dict[str, str] = {}
        """The breaker of each value that was read, by the value's name."""
        self._late: dict[str, asyncio.Task[None]] = {}
        """The reads under way of what seldom changes, by name."""
        self._lost: set[str] = set()
        """The values that are not due yet, and are last known because the refresh found nothing that answers."""
        self._refreshes = 0
        self._refresh_of: dict[str, int] = {}
        """The refresh that gave each value: an answer that was asked for earlier replaces none."""
        self.new_faults: tuple[Fault, ...] = ()
        """The faults of what the last refresh read; what it did not read keeps an older one."""
        self.shared_for_s = 0.0
        """The age of the values where the last refresh took them from another process, seconds; else 0."""
        self.pauses: tuple[Pause, ...] = ()
        """The task types that are paused, as `PausedTypes` found them last."""
        self.actions = 0
        """The number of audit rows of actions that refreshes have found."""
        self.values: dict[str, Reading[Any]] = {name: Reading() for name in (*self._fast, *self._slow)}

    def paint(self) -> None:
        """Load last-known values from the disk, without a network, for the first snapshot."""
        if self._cache is None:
            return
        kept = self._cache.load_all()
        for name, asked in (self._fast | self._slow).items():
            found = kept.get(self._key(name))
            if found is None:
                continue
            try:
                value = asked.decoded(found.value)
            except msgspec.ValidationError:
                continue  # written by another version
            self.values[name] = Reading(value=value, source=Source.CACHED, at=found.at)

    def forget(self) -> None:
        """Drop all values, where the cached ones cannot be shown."""
        self.values = {name: Reading() for name in self.values}
        self._slow_reads.make_all_due()

    async def refresh(
        self, *, everything: bool = False, younger_than_s: float = 0.0, patience_s: float | None = None
    ) -> bool:
        """Read what is due, side by side. Returns whether the project answered any of it. Never raises for a fault.

        An empty answer because rows are hidden from us counts too: the project is there. What another process of ours
        on this machine read less than `younger_than_s` seconds ago is taken from there. What seldom changes is waited
        for up to `patience_s` seconds; what comes later is taken all the same.
        """
        self.shared_for_s = 0.0
        this = self._refreshes = self._refreshes + 1
        known = _actions(self.values["logs"].value)
        if everything:
            self.make_all_due()
        elif younger_than_s and await self._take_over(younger_than_s, this):
            self.actions += len(_actions(self.values["logs"].value) - known)
            return True
        due = self._due()
        told = await self._ask_at_once(slow=bool(due)) if self._overview.usable() else None
        whole = await self._all_of(told) if told is not None else None
        singly = () if whole is not None else [name for name in due if name not in self._late]
        # What the screen lives by goes first: on a slow project there is no connection left for what comes last.
        fast = asyncio.ensure_future(self._read_fast(known)) if whole is None else None
        try:
            await asyncio.sleep(0)  # it begins
            self._late |= {name: asyncio.create_task(self._read_slow(name, this)) for name in singly}
            late = tuple(self._late.values())
            readings = await fast if fast is not None else whole or {}
        except asyncio.CancelledError:
            if fast is not None:
                fast.cancel()
            raise
        self._take(readings, this)
        self._lose_or_find(readings.values())
        self.actions += len(_actions(self.values["logs"].value) - known)
        if late:
            done, _ = await asyncio.wait(late, timeout=patience_s)
            for task in done:
                if not task.cancelled():
                    task.result()  # it raises what is no fault
        came = (*readings.values(), *(self.values[name] for name in due if name not in self._late))
        self.new_faults = tuple(reading.fault for reading in came if reading.fault is not None)
        return any(reading.live or _answered(reading) for reading in came)

    def tells_at_once(self, within_s: float) -> bool:
        """Return whether the project tells all in one answer, and took no longer for the last one."""
        return self._overview.usable() and self._overview.took_s <= within_s

    async def refresh_at_once(self) -> TaskOverview | None:
        """Read everything by one request of its own, and return what that told of the tasks. Never raises for a fault.

        `None`: nothing came, and all readings stay what they are.
        """
        this = self._refreshes = self._refreshes + 1
        known = _actions(self.values["logs"].value)
        told = await self._ask_at_once(slow=True)
        if told is None or told.tasks is None:
            return None
        self.shared_for_s = 0.0
        self._take(await self._all_of(told), this)
        self.actions += len(_actions(self.values["logs"].value) - known)
        return told.tasks

    async def take_rate(self, rate: SuccessRate) -> None:
        """Take the success rate that a check has read now, if it is of a day, as the one of the panels."""
        if rate.window == _DAY:
            reading = await self._kept("success_24h", Outcome(data=rate, at=self._clock.now()))
            self._take({"success_24h": reading}, self._refreshes)

    async def close(self) -> None:
        """Cancel the reads that nobody waits for."""
        late, self._late = self._late, {}
        for task in late.values():
            task.cancel()
        await asyncio.gather(*late.values(), return_exceptions=True)

    async def _read_fast(self, known: set[str]) -> dict[str, Reading[Any]]:
        """Read the other values, the tasks once more after an action that is not `known`."""
        readings = dict(zip(self._fast, await asyncio.gather(*map(self._read, self._fast)), strict=True))
        if _actions(readings["logs"].value) - known:
            self._distrust_pages()
            readings["tasks"] = await self._read("tasks")
        return readings

    async def _read_slow(self, name: str, this: int) -> None:
        try:
            self._take({name: await self._read(name)}, this)
        finally:
            self._late.pop(name, None)

    def _take(self, readings: dict[str, Reading[Any]], this: int) -> None:
        """Take the readings of one refresh, but for those that a later one has given already."""
        newest = {name: reading for name, reading in readings.items() if self._refresh_of.get(name, 0) <= this}
        self._refresh_of |= dict.fromkeys(newest, this)
        self.values |= newest
        self._lost -= newest.keys()
        for name in self._slow.keys() & newest:
            if newest[name].live:
                self._slow_reads.read([name])
            else:
                self._slow_reads.failed(name)

    def _lose_or_find(self, read: Collection[Reading[Any]]) -> None:
        """Let what seldom changes be last known while nothing answers: it is no more live than what is read beside it.

        Once something answers again, what is not due yet is what it was.
        """
        if any(one.live or _answered(one) for one in read):
            found = {name for name in self._lost if self._slow_reads.waits(name)}
            self.values |= {name: replace(self.values[name], source=Source.LIVE, fault=None) for name in found}
            self._lost -= found
            return
        fault = next((one.fault for one in read if one.fault is not None), None)
        lost = {name for name in self._slow if self.values[name].live}
        self.values |= {name: replace(self.values[name], source=Source.CACHED, fault=fault) for name in lost}
        self._lost |= lost

    async def _take_over(self, younger_than_s: float, this: int) -> bool:
        """Take the values that another process has just read. Returns whether that is all that is due."""
        now = self._clock.now()
        names = [name for name in (*self._fast, *self._due()) if self.asks(name)]
        found = await self._cache.on_disk(map(self._key, names)) if self._cache is not None else {}
        taken = dict[str, Reading[Any]]()
        for name in names:
            kept, own = found.get(self._key(name)), self.values[name]
            if kept is None or not timedelta(0) <= now - kept.at < timedelta(seconds=younger_than_s):
                return False
            if own.at is not None and kept.at <= own.at:
                return False
            try:
                taken[name] = Reading(value=self._panel_read(name).decoded(kept.value), source=Source.LIVE, at=kept.at)
            except msgspec.ValidationError:  # by another version
                return False
        if not taken:
            return False
        self.values |= taken
        self._refresh_of |= dict.fromkeys(taken, this)
        self._distrust_pages()
        age_s = max((now - reading.at).total_seconds() for reading in taken.values() if reading.at is not None)
        self._slow_reads.read(self._slow.keys() & taken, age_s)
        self.shared_for_s = age_s
        return True

    async def _ask_at_once(self, *, slow: bool) -> Told | None:
        """Ask for all values by one request, `None` where the project does not answer that."""
        return await self._overview.ask(*self._day(), tasks=self._rules.tasks, logs=self._rules.logs, slow=slow)

    async def _all_of(self, told: Told) -> dict[str, Reading[Any]]:
        """Return the readings of one answer for all of them."""
        self._distrust_pages()  # they have not seen what came by another way
        asked = {name: outcome for name, outcome in told.outcomes.items() if self.asks(name)}
        return dict(zip(asked, await asyncio.gather(*map(self._kept, asked, asked.values())), strict=True))

    def _due(self) -> tuple[str, ...]:
        """Return which of the slow values are read now."""
        return self._slow_reads.due([name for name in self._slow if self.asks(name) and name not in self._late])

    def asks(self, name: str) -> bool:
        """Return whether a value is read at all, as far as the project's schema is known."""
        return self._panel_read(name).where(self._reads.schema)

    def success_1h(self, younger_than_s: float) -> SuccessRate | None:
        """Return the rate of the last hour, where a refresh has told it less than `younger_than_s` seconds ago."""
        return self._overview.success_1h(younger_than_s)

    def make_all_due(self) -> None:
        """Let the next refresh read everything."""
        self._slow_reads.make_all_due()
        self._distrust_pages()

    def _distrust_pages(self) -> None:
        """Let the next read of both pages be a full one, shared with none that is under way."""
        self._tasks.distrust()
        self._logs.distrust()
        self._round += 1

    @property
    def too_slow(self) -> tuple[str, ...]:
        """Return the values that the project takes too long for, in words."""
        return tuple(name.replace("_", " ") for name in self._slow_reads.failing)

    def refused_for_s(self, breakers: Iterable[BreakerRecord]) -> float:
        """Return the seconds for which a refresh asks nothing, as every breaker of it refuses; 0 where one does not."""
        keys = {self._keys[name] for name in (*self._fast, *self._due()) if name in self._keys}
        waits = [one.opens_in_s or 0.0 for one in breakers if one.key in keys]
        return min(waits, default=0.0)

    def faults(self) -> tuple[Fault, ...]:
        """Return the faults of the values that are not live."""
        return tuple(reading.fault for reading in self.values.values() if reading.fault is not None)

    @property
    def config(self) -> Reading[SystemConfig]:
        """Return the config row; the built-in default, labelled so, where nothing is known."""
        reading: Reading[SystemConfig] = self.values["config"]
        if reading.source is Source.DEFAULT:
            return replace(reading, value=DEFAULT_CONFIG)
        return reading

    @property
    def counts(self) -> Reading[TaskCounts]:
        """Return all counts as one reading, as old as its oldest part and no more live than it."""
        opened: Reading[TaskCounts] = self.values["open_counts"]
        ended: dict[str, Reading[Amount]] = {status: self.values[_count_of(status)] for status in ENDED}
        parts: tuple[Reading[Any], ...] = (opened, *ended.values())
        if opened.value is None or any(part.value is None for part in parts):
            return Reading(fault=next((part.fault for part in parts if part.fault), None))
        oldest = min(parts, key=lambda part: (part.live, part.at))
        amounts = {status: part.value for status, part in ended.items() if part.value is not None}
        found = opened.value.counts | {status: one.rows for status, one in amounts.items()}
        counts = {status: found[status] for status in dict.fromkeys((*STATUSES, *found)) if status in found}
        estimated = (*opened.value.estimated, *(status for status, one in amounts.items() if not one.exact))
        return Reading(value=TaskCounts(counts, estimated), source=oldest.source, at=oldest.at, fault=oldest.fault)

    async def _read(self, name: str) -> Reading[Any]:
        asked, began = self._panel_read(name), self._clock.elapsed()
        read = asked.read()
        self._keys[name] = read.key
        reading = await self._guard.last_known(
            read.key,
            read.ask,
            policy=self._policy,
            cache_key=self._key(name),
            encode=msgspec.to_builtins,
            decode=asked.decoded,
            share=(name, self._round) if asked.shared else None,
        )
        self._slow_reads.took(name, self._clock.elapsed() - began)
        return reading

    async def _kept(self, name: str, outcome: Outcome[Any]) -> Reading[Any]:
        decode = self._panel_read(name).decoded
        return await self._guard.kept(outcome, cache_key=self._key(name), encode=msgspec.to_builtins, decode=decode)

    def _key(self, name: str) -> str:
        """Return the name in the cache: processes with pages of other lengths share none."""
        rows = {"tasks": self._rules.tasks, "logs": self._rules.logs}.get(name)
        return name if rows is None else f"{name}/{rows}"

    def _panel_read(self, name: str) -> PanelRead:
        return self._fast.get(name) or self._slow[name]

    def _day(self) -> tuple[datetime, datetime]:
        now = self._server_now()
        return now - _DAY, now


def _count_of(status: str) -> str:
    return f"{status}_count"


def _actions(entries: tuple[LogEntry, ...] | None) -> set[str]:
    """Return the ids of the entries that tell of an action: it may have changed tasks that were final."""
    return {entry.id for entry in entries or () if entry.step == AUDIT}


def _answered(reading: Reading[Any]) -> bool:
    """Return whether the project answered, but with rows hidden from us."""
    return reading.fault is not None and reading.fault.kind == NOT_VISIBLE
