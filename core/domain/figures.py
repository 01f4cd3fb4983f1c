"""Figures of finished tasks by day, ISO week or type: how many, how they ended, how long the completed ones took."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Final

import msgspec

from core.base.percentiles import percentile
from core.base.text import plural

MOST_TYPES: Final = 200
"""The most types that are told each by itself, those with the most tasks."""

_DAY: Final = timedelta(days=1)


class FigureBy(StrEnum):
    """What the tasks of one row have in common."""

    DAY = "day"
    WEEK = "week"
    TYPE = "type"


class FinishedTask(msgspec.Struct, frozen=True, kw_only=True):
    """A task that is over: `at` is when, `took_s` the seconds since its start, `None` where they are not known.

    `simulated`: an agent in dry-run marked it completed without doing it.
    """

    id: str
    task_type: str
    status: str
    at: datetime
    took_s: float | None = None
    simulated: bool = False


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """The tasks of one day, week or type. `simulated` is `None` where the project does not mark such tasks.

    `begin`: of the day or week. `since`: set where only what was over from then on is in it; `goes_on`: it is not over.
    `mean_s`, `p95_s`: of what was completed, seconds; `None` where no duration is known.
    """

    name: str = ""
    begin: datetime | None = None
    since: datetime | None = None
    goes_on: bool = False
    completed: int = 0
    failed: int = 0
    rejected: int = 0
    simulated: int | None = 0
    mean_s: float | None = None
    p95_s: float | None = None

    @property
    def tasks(self) -> int:
        """Return how many finished, what was only simulated included."""
        return self.completed + self.failed + self.rejected + (self.simulated or 0)

    @property
    def success_percent(self) -> float | None:
        """Return the share of completed in completed and failed, 0..100; `None` where there is neither."""
        both = self.completed + self.failed
        return 100.0 * self.completed / both if both else None


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of a span. Each task counts in its type, and on the day and in the week in which it was over.

    `zone`: the time zone of the days. `looked`: how many tasks are in it, the newest; `reached`: set where those are
    not all, since when they are; `about`: how many finished in the span by the planner's estimate, where not all are in
    it.
    """

    since: datetime
    until: datetime
    zone: str
    days: tuple[Figure, ...]
    weeks: tuple[Figure, ...]
    types: tuple[Figure, ...]
    all: Figure
    looked: int
    reached: datetime | None = None
    about: int | None = None

    @property
    def whole(self) -> bool:
        """Return whether every task that finished in the span is in it."""
        return self.reached is None

    def by(self, by: FigureBy) -> tuple[Figure, ...]:
        """Return the rows: days and weeks newest first, types by their number of tasks."""
        return {FigureBy.DAY: self.days, FigureBy.WEEK: self.weeks, FigureBy.TYPE: self.types}[by]


class FigureSpan(msgspec.Struct, frozen=True, kw_only=True):
    """The span of the figures. `reached`: set where only what was over since then was read. `zone`: `None` is local.

    `marked`: the project marks what was only simulated.
    """

    since: datetime
    until: datetime
    reached: datetime | None = None
    zone: tzinfo | None = None
    marked: bool = True

    @property
    def start(self) -> datetime:
        """Return the moment from which on all is there."""
        return self.since if self.reached is None else max(self.since, self.reached)


def figures(tasks: Iterable[FinishedTask], span: FigureSpan, *, about: int | None = None) -> Figures:
    """Return the figures of these tasks, each counted once. A day or week without any has a row, too."""
    found = list({task.id: task for task in tasks}.values())
    return Figures(
        since=span.since,
        until=span.until,
        zone=f"{span.until.astimezone(span.zone):%Z}",
        days=_periods(found, span, _day_of, 1),
        weeks=_periods(found, span, _week_of, 7),
        types=_types(found, span),
        all=_figure(found, span),
        looked=len(found),
        reached=span.reached,
        about=about,
    )


def _types(tasks: list[FinishedTask], span: FigureSpan) -> tuple[Figure, ...]:
    """Return a row for each of the most frequent types, and one for all others together."""
    members: dict[str, list[FinishedTask]] = {}
    for task in tasks:
        members.setdefault(task.task_type, []).append(task)
    most = sorted(members, key=lambda name: (-len(members[name]), name))
    rows = [_figure(members[name], span, name=name) for name in most[:MOST_TYPES]]
    if others := most[MOST_TYPES:]:
        rest = [task for name in others for task in members[name]]
        rows.append(_figure(rest, span, name=plural(len(others), "other type")))
    return tuple(rows)


def _periods(
    tasks: list[FinishedTask], span: FigureSpan, first_day: Callable[[date], date], length: int
) -> tuple[Figure, ...]:
    """Return a row for each period of `length` days in the span, the newest first."""
    members: dict[date, list[FinishedTask]] = {
        day: [] for day in _days(first_day(_date(span.start, span)), _date(span.until, span), length)
    }
    for task in tasks:
        members.setdefault(first_day(_date(task.at, span)), []).append(task)
    now, rows = span.until, list[Figure]()
    for day, found in sorted(members.items(), reverse=True):
        begin, end = _midnight(day, span), _midnight(day + length * _DAY, span)
        rows.append(
            msgspec.structs.replace(
                _figure(found, span, name=f"{day}" if length == 1 else f"{day:%G-W%V}"),
                begin=begin,
                since=span.start if begin < span.start < end else None,
                goes_on=begin <= now < end,
            )
        )
    return tuple(rows)


def _figure(tasks: list[FinishedTask], span: FigureSpan, name: str = "") -> Figure:
    real = [task for task in tasks if not task.simulated]
    took_s = [task.took_s for task in real if task.status == "completed" and task.took_s is not None]
    return Figure(
        name=name,
        completed=sum(task.status == "completed" for task in real),
        failed=sum(task.status == "failed" for task in real),
        rejected=sum(task.status == "rejected" for task in real),
        simulated=len(tasks) - len(real) if span.marked else None,
        mean_s=sum(took_s) / len(took_s) if took_s else None,
        p95_s=percentile(took_s, 95) if took_s else None,
    )


def _day_of(day: date) -> date:
    return day


def _week_of(day: date) -> date:
    """Return the Monday of the ISO week of a day."""
    return day - day.weekday() * _DAY


def _days(first: date, last: date, length: int) -> Iterator[date]:
    while first <= last:
        yield first
        first += length * _DAY


def _date(at: datetime, span: FigureSpan) -> date:
    return at.astimezone(span.zone).date()


def _midnight(day: date, span: FigureSpan) -> datetime:
    """Return the beginning of a day there."""
    begin = datetime.combine(day, time.min, span.zone)
    return begin.astimezone() if span.zone is None else begin
