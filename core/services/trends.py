"""Samples for the trends. What this machine did not observe is read from the project, at most once in five minutes.

A window costs the project at most 98 requests, one after another: two that count, then up to 9 pages of rows, or, of a
project with more than 4,000 finished tasks in it, two for each of up to 30 coarse buckets; 20 pages of checks, 9 of
what was only simulated, and 7 of what happened: of both there is seldom more than one.
"""

import asyncio
import contextlib
import statistics
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

import msgspec

from core.backend.reads import Read
from core.backend.reads.read import LEAST_CAP, PAGE
from core.backend.reads.trends import MOST_CHECKS, MOST_TASKS
from core.base.store import NotKept, Transaction
from core.domain.periods import HISTORY_KEPT
from core.domain.throughput import RunningBucket, Throughput
from core.history.trends import (
    CUTS,
    SLOT,
    Finished,
    FromTables,
    Grid,
    Observed,
    Queued,
    Trends,
    Window,
    floor,
    grid,
    medians,
    over,
    slots_due,
    sums,
    throughput,
    trends,
    unchecked,
    unseen,
)
from core.resilience import NotLive, Policy
from core.resilience.fault import Evidence
from core.services.context import Context
from core.services.kpis import CHECKS, CheckSample
from core.services.past_events import PastEvents
from core.services.readings import Readings

T = TypeVar("T")

_FINISHED: Final = "finished"
_QUEUE: Final = "queue"
_CAUGHT_UP: Final = 12
"""The most slots that are counted after one check; older ones are read when the window is shown."""

_FILL_EVERY_S: Final = 300.0

_COUNTED_AGAIN_S: Final = 60.0
"""How often it is counted, at most, while tasks fail or a count had no answer; else it is after each check."""

_DAY: Final = timedelta(days=1)
"""The time of which a refresh counts what was only simulated."""

_FEW_AGAIN: Final = MOST_TASKS * 4 // 5
"""After too many tasks were counted instead, they are read one by one again only up to this number (hysteresis)."""


class TrendService:
    """The trends of one project. `keeps`: whether this process stores samples; `discover` reads the schema."""

    def __init__(
        self,
        context: Context,
        readings: Readings,
        past: PastEvents,
        discover: Callable[[], Awaitable[Any]],
        *,
        keeps: Callable[[], bool],
    ) -> None:
        self._context = context
        self._reads = context.panel_reads.trends
        self._readings = readings
        self._past = past
        self._discover = discover
        self._keeps = keeps
        self._slot: datetime | None = None
        self._waiting: list[int] = []
        """The number of pending tasks at each refresh in the current slot."""
        self._asked: datetime | None = None
        self._told: dict[Window, FromTables] = {}
        self._filled: dict[Window, float] = {}
        self._filling = asyncio.Lock()
        self.throughput = Throughput()
        """What finished over `period`, as `count_period` found it."""
        self.period = Window.DAY
        self._counted_at = 0.0
        """When it was counted last."""
        self._failures = 0
        """The failures of a day that were counted then."""
        self._unanswered = False
        """Something was not counted then, as the project did not answer."""

    # Sampling

    async def refreshed(self) -> None:
        """Take the number of pending tasks after a refresh. Never raises."""
        slot = floor(self._context.clock.now(), SLOT)
        if slot != self._slot:
            await self._keep_queue()
            self._slot = slot
        reading = self._readings.values["open_counts"]
        if reading.live and reading.value is not None:
            self._waiting.append(reading.value.of("pending"))

    @property
    def due(self) -> bool:
        """Whether to count the period again before the next check: a storm's bar grows, a gap is filled."""
        more = self._unanswered or self._failed() > self._failures
        idle = not self._filling.locked()
        return more and idle and self._context.clock.elapsed() - self._counted_at >= _COUNTED_AGAIN_S

    async def checked(self) -> None:
        """Count, after a scheduled check, what finished in each slot of the buckets that are over. Raises nothing.

        Bucket by bucket, for that is how they are shown.
        """
        if not self._keeps():
            return
        now = self._context.time.likely()
        if self._asked is None:
            kept = await self._context.store.samples(_FINISHED, now - _CAUGHT_UP * SLOT, now, Finished)
            self._asked = kept[-1][0] if kept else None
        with contextlib.suppress(NotLive, NotKept):  # the slot stays due; the store reports its own faults
            slots = slots_due(self._asked, floor(now, CUTS[Window.DAY].bucket), _CAUGHT_UP)
            for slot, found in (await self._count_each(slots)).items():
                self._asked = slot
                await self._keep(_FINISHED, slot, found)

    async def count_period(self) -> None:
        """Bring `throughput` up to date, after a check or a change of `period`. Never raises.

        The project is asked for what is over and nobody here counted, once: a monitor that runs counts it (`checked`).
        """
        async with self._filling:
            self._counted_at, self._unanswered = self._context.clock.elapsed(), False
            window = max(self.period, Window.DAY, key=lambda one: CUTS[one].length)  # what is shorter is a part of it
            now = self._context.time.likely()
            seen = await self._seen(window, now)
            told = self._told.get(window) or FromTables(bucket=CUTS[window].bucket)
            buckets = over(grid(CUTS[window].length, told.bucket, now))
            missing = unseen(buckets, seen, now)
            if any(_is_open(begin, buckets, told.finished_until) for begin in missing):
                begun = msgspec.structs.replace(told, faults={})
                counted = await self._try("finished", begun, lambda: self._tell_finished(window, seen, begun, now))
                self._told[window] = told = counted
            fine = over(grid(CUTS[window].length, CUTS[window].bucket, now))
            if told.simulated_until is None or told.simulated_until < fine.until:
                known = told
                told = await self._try("simulated", known, lambda: self._tell_simulated(window, known, now))
                self._told[window] = told
            begin = over(grid(CUTS[window].length, told.bucket, now)).until
            running = await self._count_running(begin, begin + told.bucket)
            self.throughput = throughput(window, now, seen, told, running).newest(CUTS[self.period].length)

    async def _count_running(self, begin: datetime, end: datetime) -> RunningBucket | None:
        """Count the bucket that is not over; what was known of it where the project does not answer."""
        failures = self._failed()
        now = self._context.time.likely()
        try:
            found = await self._count(begin, end)
            simulated = await self._read_simulated(begin, end)
        except NotLive as not_live:
            self._note_unanswered(not_live)
            known = self.throughput.running
            return known if known is not None and known.at >= begin else None
        self._failures = failures
        pretended = None if simulated is None else len(simulated)
        return RunningBucket(at=now, completed=found.completed, failed=found.failed, simulated=pretended)

    @property
    def _none_simulated(self) -> bool:
        """Whether it is known that no task of the last day was only simulated."""
        simulated = self._readings.values["simulated"]
        return simulated.live and simulated.value is not None and not simulated.value.count

    def _failed(self) -> int:
        """Return how many tasks failed in a day, as far as it is known."""
        rate = self._readings.values["success_24h"]
        return rate.value.failed if rate.live and rate.value is not None else self._failures

    async def close(self) -> None:
        """Store the current slot."""
        await self._keep_queue()

    # Showing

    async def trends(self, window: Window) -> Trends:
        """Return the trends as far as they are known now; nothing is read from the project."""
        now = self._context.clock.now()
        seen = await self._seen(window, now)
        happened = await self._past.happened(now - CUTS[window].length, now)
        return await asyncio.to_thread(trends, window, now, seen, self._with_running(window), happened)

    def _with_running(self, window: Window) -> FromTables | None:
        """Return what the tables tell of a window, with what was counted since in the bucket that is not over."""
        told, known = self._told.get(window), self.throughput
        bucket = CUTS[window].bucket if told is None else told.bucket
        now = known.running
        if now is None or known.until is None or known.bucket != bucket:
            return told
        told = told or FromTables(bucket=bucket)
        if told.finished_until is not None and told.finished_until > now.at:
            return told
        counted = {known.until: Finished(now.completed, now.failed)}
        return msgspec.structs.replace(told, finished=told.finished | counted)

    async def fill(self, window: Window) -> None:
        """Read from the project what this machine did not observe. Reads that fail are faults in the trends."""
        async with self._filling:
            elapsed = self._context.clock.elapsed()
            if elapsed - self._filled.get(window, -_FILL_EVERY_S) < _FILL_EVERY_S:
                return
            now = self._context.clock.now()
            seen = await self._seen(window, now)
            known = self._told.get(window) or FromTables(bucket=CUTS[window].bucket)
            begun = msgspec.structs.replace(known, faults={})
            counted = await self._try("finished", begun, lambda: self._tell_finished(window, seen, begun, now))
            beside = await self._try("simulated", counted, lambda: self._tell_simulated(window, counted, now))
            checked = await self._try("checks", beside, lambda: self._tell_checks(window, seen, beside, now))
            told = await self._try("events", checked, lambda: self._tell_events(window, checked, now))
            if not told.faults:  # a failed read is repeated when the window is shown again
                told = msgspec.structs.replace(told, at=now)
                self._filled[window] = elapsed
            self._told[window] = told

    async def _try(self, name: str, told: FromTables, tell: Callable[[], Awaitable[FromTables]]) -> FromTables:
        try:
            await self._discover()
            found = await tell()
        except NotLive as not_live:
            self._note_unanswered(not_live)
            return msgspec.structs.replace(told, faults=told.faults | {name: not_live.fault.sentence()})
        return msgspec.structs.replace(found, faults={of: why for of, why in found.faults.items() if of != name})

    def _note_unanswered(self, not_live: NotLive) -> None:
        """Note that something had no answer; a refusal is one, and costs the project the same each time."""
        self._unanswered = self._unanswered or not_live.fault.evidence is not Evidence.ALIVE

    async def _tell_finished(self, window: Window, seen: Observed, told: FromTables, now: datetime) -> FromTables:
        """Read finished tasks one by one, or count them in coarse buckets if there are too many."""
        cut = CUTS[window]
        known, most = (told, MOST_TASKS) if told.bucket == cut.bucket else (_begun(told, cut.bucket), _FEW_AGAIN)
        fine = grid(cut.length, cut.bucket, now)
        due = [begin for begin in unseen(fine, seen, now) if _is_open(begin, fine, known.finished_until)]
        if not due:
            return msgspec.structs.replace(known, finished_until=now)
        whole = await self._count(due[0], now)
        if whole.completed + whole.failed <= most:
            found = dict.fromkeys(due, Finished()) | await self._read_finished(fine, due[0], now, whole)
            return _gone_on(known, found, fine, now)
        known = _begun(told, cut.coarse) if told.bucket == cut.bucket else told
        coarse = grid(cut.length, cut.coarse, now)
        due = [begin for begin in unseen(coarse, seen, now) if _is_open(begin, coarse, known.finished_until)]
        found = {begin: await self._count(begin, min(begin + cut.coarse, now)) for begin in due}
        return _gone_on(known, found, coarse, now)

    async def _read_finished(
        self, cut: Grid, since: datetime, until: datetime, whole: Finished
    ) -> dict[datetime, Finished]:
        found: dict[str, tuple[datetime, Finished]] = {}
        after = ""
        while len(found) < whole.completed + whole.failed:
            page = await self._ask(self._reads.finished(since, until, after))
            if not page:
                break  # some were deleted since they were counted
            found |= _by_id(page)
            after = page[-1][0]
        return sums(cut, found.values())

    async def _tell_checks(self, window: Window, seen: Observed, told: FromTables, now: datetime) -> FromTables:
        cut = CUTS[window]
        fine = grid(cut.length, cut.bucket, now)
        due = [begin for begin in unchecked(fine, seen, now) if _is_open(begin, fine, told.checks_until)]
        found: list[tuple[datetime, float]] = []
        while due and len(found) < MOST_CHECKS:
            page = await self._ask(self._reads.checks(due[0], now, len(found)))
            if not page:
                break
            found += page
        kept = {begin: took for begin, took in told.checks.items() if begin >= fine.since}
        return msgspec.structs.replace(told, checks=kept | medians(fine, found), checks_until=now)

    async def _tell_simulated(self, window: Window, told: FromTables, now: datetime) -> FromTables:
        """Read what was only simulated; of too many tasks it is not known."""
        cut = CUTS[window]
        fine = grid(cut.length, cut.bucket, now)
        due = [begin for begin in fine.begins if _is_open(begin, fine, told.simulated_until)]
        found = await self._read_simulated(due[0], now) if due else {}
        if found is None:
            return msgspec.structs.replace(told, simulated={}, simulated_until=None)
        kept = {begin: many for begin, many in told.simulated.items() if fine.since <= begin < due[0]} if due else {}
        counts = Counter(fine.begin_of(at) for at in found.values())
        return msgspec.structs.replace(told, simulated=kept | counts, simulated_until=now)

    async def _read_simulated(self, since: datetime, until: datetime) -> dict[str, datetime] | None:
        """Return when each of what was only simulated was completed; `None` where that is not known, or too many."""
        if self._none_simulated and until - since <= _DAY:
            return {}
        found: dict[str, datetime] = {}
        after = ""
        while len(found) <= MOST_TASKS:
            page = await self._ask(self._reads.simulated(since, until, after))
            if page is None:
                return None
            found |= dict(page)
            if len(page) < LEAST_CAP:
                return found
            after = page[-1][0]
        return None

    async def _tell_events(self, window: Window, told: FromTables, now: datetime) -> FromTables:
        await self._past.read(now - CUTS[window].length, now)
        return told

    async def _count_each(self, slots: tuple[datetime, ...]) -> dict[datetime, Finished]:
        """Return what finished in each of the slots, which follow one another: of few by their rows, else counted."""
        if not slots:
            return {}
        cut = Grid(since=slots[0], bucket=SLOT, count=len(slots))
        found: dict[str, tuple[datetime, Finished]] = {}
        after = ""
        while page := await self._ask(self._reads.finished(cut.since, cut.until, after)):
            found |= _by_id(page)
            after = page[-1][0]
            if len(found) >= PAGE:
                return {slot: await self._count(slot, slot + SLOT) for slot in slots}
        return dict.fromkeys(slots, Finished()) | sums(cut, found.values())

    async def _count(self, since: datetime, until: datetime) -> Finished:
        rate = await self._ask(self._reads.count_finished(since, until))
        return Finished(rate.completed, rate.failed)

    async def _ask(self, read: Read[T]) -> T:
        policy = Policy(total_s=self._context.config.refresh.total_s, retry=None)
        return await self._context.guard.live(read.key, read.ask, policy=policy)

    # Stored samples

    async def _seen(self, window: Window, now: datetime) -> Observed:
        since, until = now - CUTS[window].length, now + timedelta(milliseconds=1)
        store = self._context.store
        queue = await store.samples(_QUEUE, since, until, Queued)
        checks = await store.samples(CHECKS, since, until, CheckSample)
        if self._waiting and self._slot is not None and self._slot <= now:
            queue = (*queue, (self._slot, Queued(statistics.median(self._waiting))))
        return Observed(
            finished=await store.samples(_FINISHED, since, until, Finished),
            queue=queue,
            checks=tuple((at, sample.took_s) for at, sample in checks),
        )

    async def _keep_queue(self) -> None:
        waiting, self._waiting = self._waiting, []
        if waiting and self._slot is not None and self._keeps():
            with contextlib.suppress(NotKept):  # the store reports it
                await self._keep(_QUEUE, self._slot, Queued(statistics.median(waiting)))

    async def _keep(self, series: str, at: datetime, value: Any) -> None:
        before = self._context.clock.now() - HISTORY_KEPT

        def work(transaction: Transaction) -> None:
            transaction.append(series, at, value)
            transaction.trim(series, before)

        await self._context.store.change(work)


def _by_id(page: tuple[tuple[str, datetime, bool], ...]) -> dict[str, tuple[datetime, Finished]]:
    """Return a page of finished tasks as it is summed."""
    return {name: (at, Finished(int(well), int(not well))) for name, at, well in page}


def _begun(told: FromTables, bucket: timedelta) -> FromTables:
    """Return the same without finished tasks, for new buckets."""
    return msgspec.structs.replace(told, bucket=bucket, finished={}, finished_until=None)


def _gone_on(told: FromTables, found: dict[datetime, Finished], cut: Grid, now: datetime) -> FromTables:
    """Return the same with newly found buckets, without those before the window."""
    kept = {begin: one for begin, one in told.finished.items() if begin >= cut.since}
    return msgspec.structs.replace(told, finished=kept | found, finished_until=now)


def _is_open(begin: datetime, cut: Grid, until: datetime | None) -> bool:
    """Return whether a bucket was not over yet when it was last read."""
    return until is None or begin + cut.bucket > until
