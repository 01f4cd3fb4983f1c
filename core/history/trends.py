"""Success, failures, checks and queue over time: samples and a window in, buckets out; `None` is what nobody knows.

Two sources that are never one: what this machine saw, and, where it saw nothing, what the project's tables tell.
"""

import statistics
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final, TypeVar

import msgspec

T = TypeVar("T")

KEPT: Final = timedelta(days=30)
SLOT: Final = timedelta(minutes=5)
"""One sample stands for so much time, from a full multiple of it on."""

_LATE: Final = 3 * SLOT
"""A slot that ended less than this ago may still be asked about."""


class Window(StrEnum):
    """How far back one looks."""

    DAY = "24 h"
    WEEK = "7 d"
    MONTH = "30 d"


class Buckets(msgspec.Struct, frozen=True, kw_only=True):
    """How a window is cut. `coarse`: its buckets where the project holds too many tasks to read each."""

    length: timedelta
    bucket: timedelta
    coarse: timedelta


CUTS: Final = {
    Window.DAY: Buckets(length=timedelta(hours=24), bucket=timedelta(minutes=15), coarse=timedelta(hours=1)),
    Window.WEEK: Buckets(length=timedelta(days=7), bucket=timedelta(hours=1), coarse=timedelta(hours=6)),
    Window.MONTH: Buckets(length=timedelta(days=30), bucket=timedelta(hours=6), coarse=timedelta(hours=24)),
}


class Grid(msgspec.Struct, frozen=True, kw_only=True):
    """Buckets side by side, in UTC; the last one is under way."""

    since: datetime
    bucket: timedelta
    count: int

    @property
    def begins(self) -> tuple[datetime, ...]:
        """When each begins."""
        return tuple(self.since + n * self.bucket for n in range(self.count))

    @property
    def until(self) -> datetime:
        """When the last one ends."""
        return self.since + self.count * self.bucket

    def begin_of(self, at: datetime) -> datetime:
        """When the bucket begins that a moment is in."""
        return floor(at, self.bucket)


class Finished(msgspec.Struct, frozen=True):
    """How many tasks were completed and how many failed in some time."""

    completed: int = 0
    failed: int = 0

    @property
    def percent(self) -> float | None:
        """Completed of both, 0..100; `None` where nothing was finished."""
        both = self.completed + self.failed
        return 100.0 * self.completed / both if both else None

    def __add__(self, other: "Finished") -> "Finished":
        return Finished(self.completed + other.completed, self.failed + other.failed)


class Queued(msgspec.Struct, frozen=True):
    """How many tasks waited in a slot, at the median of its looks."""

    pending: float


class Observed(msgspec.Struct, frozen=True, kw_only=True):
    """What this machine saw, each with when: slots by their begin, how many waited, how long checks took in seconds."""

    finished: tuple[tuple[datetime, Finished], ...] = ()
    queue: tuple[tuple[datetime, Queued], ...] = ()
    checks: tuple[tuple[datetime, float], ...] = ()


class FromTables(msgspec.Struct, frozen=True, kw_only=True):
    """What the project's tables told, by the begin of buckets; those of finished tasks are `bucket` long.

    `until`: up to when finished tasks, and checks, were asked for. `faults`: why a course could not be, by its table.
    """

    bucket: timedelta
    finished: dict[datetime, Finished] = {}
    checks: dict[datetime, float] = {}
    finished_until: datetime | None = None
    checks_until: datetime | None = None
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
        """The newest value there is in the last two buckets, the one under way among them."""
        both = [mine if mine is not None else theirs for mine, theirs in zip(self.own, self.told, strict=True)]
        return next((value for value in reversed(both[-2:]) if value is not None), None)


class Trends(msgspec.Struct, frozen=True, kw_only=True):
    """Everything over one window as it was known at `at`.

    `told_at`: when the project last told its part. `faults`: why it did not, each once.
    """

    window: Window
    at: datetime
    courses: tuple[TimeSeries, ...]
    told_at: datetime | None = None
    faults: tuple[str, ...] = ()

    def of(self, name: str) -> TimeSeries:
        """The course of that name. Raises KeyError."""
        for course in self.courses:
            if course.name == name:
                return course
        raise KeyError(name)


def floor(at: datetime, span: timedelta) -> datetime:
    """The last full multiple of `span` since 1970, at or before a moment."""
    length_s = int(span.total_seconds())
    return datetime.fromtimestamp(at.timestamp() // length_s * length_s, UTC)


def grid(length: timedelta, bucket: timedelta, now: datetime) -> Grid:
    """The buckets of so long a time until now."""
    count = length // bucket
    return Grid(since=floor(now, bucket) - (count - 1) * bucket, bucket=bucket, count=count)


def slots_due(last: datetime | None, now: datetime, most: int) -> tuple[datetime, ...]:
    """The slots that are over, after the `last` one that was asked about: the newest `most`, oldest first."""
    newest = floor(now, SLOT) - SLOT
    first = newest if last is None else max(last + SLOT, newest - (most - 1) * SLOT)
    return tuple(first + n * SLOT for n in range((newest - first) // SLOT + 1))


def unseen(cut: Grid, seen: Observed, now: datetime) -> tuple[datetime, ...]:
    """The buckets whose finished tasks this machine has not counted all, by their begin, those yet to come left out."""
    counted = _counted(cut, seen, now)
    return tuple(begin for begin in cut.begins if begin not in counted and begin <= now)


def unchecked(cut: Grid, seen: Observed, now: datetime) -> tuple[datetime, ...]:
    """The buckets in which this machine made no check, by their begin."""
    made = {cut.begin_of(at) for at, _ in seen.checks}
    return tuple(begin for begin in cut.begins if begin not in made and begin <= now)


def medians(cut: Grid, samples: Iterable[tuple[datetime, float]]) -> dict[datetime, float]:
    """The median of the samples in each bucket that has any."""
    return {begin: statistics.median(values) for begin, values in _sorted(cut, samples).items()}


def sums(cut: Grid, samples: Iterable[tuple[datetime, Finished]]) -> dict[datetime, Finished]:
    """What was finished in each bucket that has any sample."""
    return {begin: sum(parts, Finished()) for begin, parts in _sorted(cut, samples).items()}


def trends(window: Window, now: datetime, seen: Observed, told: FromTables | None) -> Trends:
    """Every course over a window, in the order they are shown."""
    cut = CUTS[window]
    told = told or FromTables(bucket=cut.bucket)
    fine = grid(cut.length, cut.bucket, now)
    finished = _finished(window, grid(cut.length, told.bucket, now), seen, told, now)
    checks = _course("checks", fine, medians(fine, seen.checks), told.checks)
    queue = _course("queue", fine, medians(fine, ((at, queued.pending) for at, queued in seen.queue)), {})
    return Trends(
        window=window,
        at=now,
        courses=(
            *finished,
            _explained(checks, told.faults.get("checks"), _NO_CHECKS if told.checks_until else _READING),
            _explained(queue, None, _NO_QUEUE),
        ),
        told_at=told.at,
        faults=tuple(dict.fromkeys(told.faults.values())),
    )


_READING: Final = "nothing known yet: the project's tables are being read"
_NO_CHECKS: Final = "nothing known yet: the log has no checks; this machine makes them while it watches"
_NO_QUEUE: Final = "nothing known yet: no table keeps it; this machine notes it every 5 minutes while it watches"


def _finished(
    window: Window, cut: Grid, seen: Observed, told: FromTables, now: datetime
) -> tuple[TimeSeries, TimeSeries]:
    """Success and failures, which are one count."""
    own, theirs = _counted(cut, seen, now), told.finished
    total = sum((*own.values(), *theirs.values()), Finished())
    nothing = f"no task was finished in these {window}, or none that this key sees" if told.finished_until else _READING
    if total == Finished():
        own, theirs = {}, {}  # who sees no task at all cannot say that none failed
    success = _course("success", cut, _each(own, lambda f: f.percent), _each(theirs, lambda f: f.percent, but=own))
    failures = _course(
        "failures", cut, _each(own, lambda f: float(f.failed)), _each(theirs, lambda f: float(f.failed), but=own)
    )
    fault = told.faults.get("finished")
    return _explained(success, fault, nothing), _explained(failures, fault, nothing)


def _counted(cut: Grid, seen: Observed, now: datetime) -> dict[datetime, Finished]:
    """What was finished in each bucket of which this machine counted every slot that is over."""
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


def _course(name: str, cut: Grid, own: dict[datetime, float], told: dict[datetime, float]) -> TimeSeries:
    return TimeSeries(
        name=name,
        grid=cut,
        own=tuple(own.get(begin) for begin in cut.begins),
        told=tuple(told.get(begin) if begin not in own else None for begin in cut.begins),
    )


def _explained(course: TimeSeries, fault: str | None, nothing: str) -> TimeSeries:
    if any(value is not None for value in (*course.own, *course.told)):
        return course
    return msgspec.structs.replace(course, why=f"nothing known: {fault}" if fault else nothing)


def _sorted(cut: Grid, samples: Iterable[tuple[datetime, T]]) -> dict[datetime, list[T]]:
    buckets: dict[datetime, list[T]] = {}
    for at, value in samples:
        if cut.since <= at < cut.until:
            buckets.setdefault(cut.begin_of(at), []).append(value)
    return buckets
