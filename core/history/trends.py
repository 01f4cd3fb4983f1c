"""Success, failures, checks and queue over time: samples and a window in, buckets out; `None` is not known.

The two sources are kept apart: what this machine observed, and, where it did not, what the project's tables hold.
"""

import statistics
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final, TypeVar

import msgspec

from core.domain.periods import HISTORY_KEPT
from core.domain.throughput import RunningBucket, Throughput
from core.history.trend_events import NOTHING_HAPPENED, Happened, TrendEvent

T = TypeVar("T")

SLOT: Final = timedelta(minutes=5)
"""The time that one sample stands for, beginning at a full multiple of it."""

_LATE: Final = 3 * SLOT
"""The age of a slot's end up to which it may still be counted."""


class Window(StrEnum):
    """The length of the past that is shown."""

    HOUR = "1 h"
    SIX_HOURS = "6 h"
    DAY = "24 h"
    WEEK = "7 d"
    MONTH = "30 d"


class Buckets(msgspec.Struct, frozen=True, kw_only=True):
    """The buckets of a window. `coarse`: their length where the project holds too many tasks to read each."""

    length: timedelta
    bucket: timedelta
    coarse: timedelta


CUTS: Final = {
    Window.HOUR: Buckets(length=timedelta(hours=1), bucket=SLOT, coarse=timedelta(minutes=15)),
    Window.SIX_HOURS: Buckets(length=timedelta(hours=6), bucket=SLOT, coarse=timedelta(minutes=30)),
    Window.DAY: Buckets(length=timedelta(hours=24), bucket=timedelta(minutes=15), coarse=timedelta(hours=1)),
    Window.WEEK: Buckets(length=timedelta(days=7), bucket=timedelta(hours=1), coarse=timedelta(hours=6)),
    Window.MONTH: Buckets(length=HISTORY_KEPT, bucket=timedelta(hours=6), coarse=timedelta(hours=24)),
}


class Grid(msgspec.Struct, frozen=True, kw_only=True):
    """Buckets side by side, in UTC; the last one is not over."""

    since: datetime
    bucket: timedelta
    count: int

    @property
    def begins(self) -> tuple[datetime, ...]:
        """Return the beginnings of the buckets."""
        return tuple(self.since + n * self.bucket for n in range(self.count))

    @property
    def until(self) -> datetime:
        """Return the end of the last bucket."""
        return self.since + self.count * self.bucket

    def index_of(self, at: datetime) -> int | None:
        """Return the number of the bucket that a moment is in; `None` outside."""
        number = (at - self.since) // self.bucket
        return number if 0 <= number < self.count else None

    def begin_of(self, at: datetime) -> datetime:
        """Return the beginning of the bucket that a moment is in."""
        return floor(at, self.bucket)


class Finished(msgspec.Struct, frozen=True):
    """The number of tasks that were completed and that failed in some time."""

    completed: int = 0
    failed: int = 0

    @property
    def percent(self) -> float | None:
        """The share of completed ones, 0..100; `None` where nothing was finished."""
        both = self.completed + self.failed
        return 100.0 * self.completed / both if both else None

    def __add__(self, other: "Finished") -> "Finished":
        return Finished(self.completed + other.completed, self.failed + other.failed)


class Queued(msgspec.Struct, frozen=True):
    """The number of waiting tasks in a slot, the median of its samples."""

    pending: float


class Observed(msgspec.Struct, frozen=True, kw_only=True):
    """Samples of this machine, each with its time: finished by slot, waiting tasks, durations of checks in seconds."""

    finished: tuple[tuple[datetime, Finished], ...] = ()
    queue: tuple[tuple[datetime, Queued], ...] = ()
    checks: tuple[tuple[datetime, float], ...] = ()


class FromTables(msgspec.Struct, frozen=True, kw_only=True):
    """Values from the project's tables, by the beginning of buckets; those of finished tasks are `bucket` long.

    `simulated`: how many were only simulated. `…_until`: the times up to which they were read; `None`: they were not.
    `faults`: why a series could not be, by table.
    """

    bucket: timedelta
    finished: dict[datetime, Finished] = {}
    checks: dict[datetime, float] = {}
    simulated: dict[datetime, int] = {}
    finished_until: datetime | None = None
    checks_until: datetime | None = None
    simulated_until: datetime | None = None
    at: datetime | None = None
    faults: dict[str, str] = {}


class TimeSeries(msgspec.Struct, frozen=True, kw_only=True):
    """One figure over time. `told` has values only where `own` has none. `why`: why there is none at all, in words."""

    name: str
    grid: Grid
    own: tuple[float | None, ...]
    told: tuple[float | None, ...]
    why: str = ""

    @property
    def last(self) -> float | None:
        """Return the newest value in the last two buckets, the current one included."""
        return next((value for value in reversed(self._both[-2:]) if value is not None), None)

    @property
    def last_is_over(self) -> bool:
        """Return whether that is of a bucket that is over."""
        return not self._both or self._both[-1] is None

    @property
    def _both(self) -> list[float | None]:
        return [mine if mine is not None else theirs for mine, theirs in zip(self.own, self.told, strict=True)]

    def at(self, moment: datetime) -> float | None:
        """Return the value of the bucket that a moment is in; `None`: it is not known, or there is none."""
        n = self.grid.index_of(moment)
        if n is None:
            return None
        return self.own[n] if self.own[n] is not None else self.told[n]


class Trends(msgspec.Struct, frozen=True, kw_only=True):
    """All series over one window as known at `at`, and what happened in it, the oldest first.

    `told_at`: when the project's tables were last read. `faults`: why they were not, each once. `events_since`: what
    happened before it is not all known; `None`: all that was written is.
    """

    window: Window
    at: datetime
    series: tuple[TimeSeries, ...]
    told_at: datetime | None = None
    faults: tuple[str, ...] = ()
    events: tuple[TrendEvent, ...] = ()
    events_since: datetime | None = None

    @property
    def grid(self) -> Grid:
        """Return the finest buckets of any series: those that a cursor stands on."""
        return min((series.grid for series in self.series), key=lambda grid: grid.bucket)

    def of(self, name: str) -> TimeSeries:
        """Return the series of that name. Raises KeyError."""
        for series in self.series:
            if series.name == name:
                return series
        raise KeyError(name)


def floor(at: datetime, span: timedelta) -> datetime:
    """Return the last full multiple of `span` since 1970, at or before a moment."""
    length_s = int(span.total_seconds())
    return datetime.fromtimestamp(at.timestamp() // length_s * length_s, UTC)


def grid(length: timedelta, bucket: timedelta, now: datetime) -> Grid:
    """Return the buckets over `length` until now."""
    count = length // bucket
    return Grid(since=floor(now, bucket) - (count - 1) * bucket, bucket=bucket, count=count)


def slots_due(last: datetime | None, now: datetime, most: int) -> tuple[datetime, ...]:
    """Return the slots that are over, after `last`, the last one counted: the newest `most`, oldest first."""
    newest = floor(now, SLOT) - SLOT
    first = newest if last is None else max(last + SLOT, newest - (most - 1) * SLOT)
    return tuple(first + n * SLOT for n in range((newest - first) // SLOT + 1))


def unseen(cut: Grid, seen: Observed, now: datetime) -> tuple[datetime, ...]:
    """Return the buckets whose finished tasks this machine has not all counted, without those yet to come."""
    counted = _counted(cut, seen, now)
    return tuple(begin for begin in cut.begins if begin not in counted and begin <= now)


def unchecked(cut: Grid, seen: Observed, now: datetime) -> tuple[datetime, ...]:
    """Return the buckets in which this machine made no check, by their beginning."""
    made = {cut.begin_of(at) for at, _ in seen.checks}
    return tuple(begin for begin in cut.begins if begin not in made and begin <= now)


def medians(cut: Grid, samples: Iterable[tuple[datetime, float]]) -> dict[datetime, float]:
    """Return the median of the samples in each bucket that has any."""
    return {begin: statistics.median(values) for begin, values in _sorted(cut, samples).items()}


def sums(cut: Grid, samples: Iterable[tuple[datetime, Finished]]) -> dict[datetime, Finished]:
    """Return the finished tasks in each bucket that has any sample."""
    return {begin: sum(parts, Finished()) for begin, parts in _sorted(cut, samples).items()}


def trends(
    window: Window, now: datetime, seen: Observed, told: FromTables | None, happened: Happened = NOTHING_HAPPENED
) -> Trends:
    """Return every series over a window, in the order of display, and what happened in it."""
    cut = CUTS[window]
    told = told or FromTables(bucket=cut.bucket)
    fine = grid(cut.length, cut.bucket, now)
    finished = _finished(window, grid(cut.length, told.bucket, now), seen, told, now)
    checks = _series("checks", fine, medians(fine, seen.checks), told.checks)
    queue = _series("queue", fine, medians(fine, ((at, queued.pending) for at, queued in seen.queue)), {})
    return Trends(
        window=window,
        at=now,
        series=(
            *finished,
            _explained(checks, told.faults.get("checks"), _NO_CHECKS if told.checks_until else _READING),
            _explained(queue, None, _NO_QUEUE),
        ),
        told_at=told.at,
        faults=tuple(dict.fromkeys(told.faults.values())),
        events=tuple(event for event in happened.events if fine.index_of(event.at) is not None),
        events_since=happened.since,
    )


def throughput(
    window: Window, now: datetime, seen: Observed, told: FromTables | None, running: RunningBucket | None = None
) -> Throughput:
    """Return what finished in each bucket of a window that is over, and with it what `running` tells of the next."""
    cut = CUTS[window]
    told = told or FromTables(bucket=cut.bucket)
    buckets = over(grid(cut.length, told.bucket, now))
    found = told.finished | _counted(buckets, seen, now)
    simulated = _simulated(buckets, told)
    any_now = running is not None and (running.completed or running.failed or running.simulated)
    if sum(found.values(), Finished()) == Finished() and not any(simulated.values()) and not any_now:
        found, simulated, running = {}, {}, None  # where no task is visible, it is not known that none was finished
    known = [found.get(begin) for begin in buckets.begins]
    fault = told.faults.get("finished")
    return Throughput(
        since=buckets.since,
        bucket_min=buckets.bucket // timedelta(minutes=1),
        completed=tuple(None if one is None else one.completed for one in known),
        failed=tuple(None if one is None else one.failed for one in known),
        simulated=tuple(simulated.get(begin) for begin in buckets.begins),
        running=running,
        why="" if any(known) else fault or ("" if told.finished_until else _READING),
    )


def over(cut: Grid) -> Grid:
    """Return the buckets of a grid that are over: all but the last one."""
    return Grid(since=cut.since, bucket=cut.bucket, count=cut.count - 1)


_READING: Final = "nothing known yet: the project's tables are being read"
_NO_CHECKS: Final = "nothing known yet: the log has no checks; this machine makes them while it watches"
_NO_QUEUE: Final = "nothing known yet: no table keeps it; this machine notes it every 5 minutes while it watches"


def _finished(window: Window, cut: Grid, seen: Observed, told: FromTables, now: datetime) -> tuple[TimeSeries, ...]:
    """Return success, failures and completions, which come from one count, and what was only simulated beside them."""
    own, theirs = _counted(cut, seen, now), told.finished
    total = sum((*own.values(), *theirs.values()), Finished())
    nothing = f"no task finished in these {window} is visible to this account" if told.finished_until else _READING
    simulated = _simulated(cut, told)
    if total == Finished() and not any(simulated.values()):
        own, theirs, simulated = {}, {}, {}  # where no task is visible, it is not known that none failed
    success = _series("success", cut, _each(own, lambda f: f.percent), _each(theirs, lambda f: f.percent, but=own))
    failures = _series(
        "failures", cut, _each(own, lambda f: float(f.failed)), _each(theirs, lambda f: float(f.failed), but=own)
    )
    completed = _series(
        "completed", cut, _each(own, lambda f: float(f.completed)), _each(theirs, lambda f: float(f.completed), but=own)
    )
    pretended = _series("simulated", cut, {}, {begin: float(many) for begin, many in simulated.items()})
    fault = told.faults.get("finished")
    return _explained(success, fault, nothing), _explained(failures, fault, nothing), completed, pretended


def _simulated(cut: Grid, told: FromTables) -> dict[datetime, int]:
    """Return how many tasks were only simulated in each bucket, as far as they were read."""
    if told.simulated_until is None:
        return {}
    found = {begin: 0 for begin in cut.begins if begin < told.simulated_until}
    for begin, many in told.simulated.items():
        if (at := cut.begin_of(begin)) in found:
            found[at] += many
    return found


def _counted(cut: Grid, seen: Observed, now: datetime) -> dict[datetime, Finished]:
    """Return the finished tasks of each bucket in which this machine counted every slot that is over."""
    slots = dict(seen.finished)  # a slot that was asked about twice counts once
    found = sums(cut, slots.items())
    over = floor(now - _LATE, SLOT)
    return {begin: found[begin] for begin in cut.begins if begin in found and _whole(begin, cut.bucket, slots, over)}


def _whole(begin: datetime, bucket: timedelta, slots: dict[datetime, Finished], over: datetime) -> bool:
    due = (begin + n * SLOT for n in range(bucket // SLOT))
    return all(slot in slots or slot + SLOT > over for slot in due)


def _each(
    counted: dict[datetime, Finished],
    figure: Callable[[Finished], float | None],
    *,
    but: dict[datetime, Finished] | None = None,
) -> dict[datetime, float]:
    figures = {begin: figure(one) for begin, one in counted.items() if begin not in (but or {})}
    return {begin: value for begin, value in figures.items() if value is not None}


def _series(name: str, cut: Grid, own: dict[datetime, float], told: dict[datetime, float]) -> TimeSeries:
    return TimeSeries(
        name=name,
        grid=cut,
        own=tuple(own.get(begin) for begin in cut.begins),
        told=tuple(told.get(begin) if begin not in own else None for begin in cut.begins),
    )


def _explained(series: TimeSeries, fault: str | None, nothing: str) -> TimeSeries:
    if any(value is not None for value in (*series.own, *series.told)):
        return series
    return msgspec.structs.replace(series, why=f"nothing known: {fault}" if fault else nothing)


def _sorted(cut: Grid, samples: Iterable[tuple[datetime, T]]) -> dict[datetime, list[T]]:
    buckets: dict[datetime, list[T]] = {}
    for at, value in samples:
        if cut.since <= at < cut.until:
            buckets.setdefault(cut.begin_of(at), []).append(value)
    return buckets
