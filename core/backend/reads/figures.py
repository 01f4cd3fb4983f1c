"""Reads of finished tasks one by one, the newest first: for figures by day, week and type."""

from datetime import datetime
from typing import Any, Final

import msgspec

from core.backend.columns import Columns, Row, each, needed_moment, row_id
from core.backend.conditions import Place, below, not_before
from core.backend.faults import Failed, garbage
from core.backend.reads.read import LEAST_CAP, Subject, read
from core.backend.reads.simulated_tasks import simulated_among
from core.backend.schema import TASKS
from core.backend.timestamps import stamp, until
from core.domain.figures import FinishedTask
from core.domain.periods import LONGEST_WORK
from core.domain.records import ENDED

ROWS: Final = 1_000
"""The rows that are asked for at once; an API may return fewer."""

_JOIN_S: Final = 3.0
"""The time for the log rows of a page's tasks; what takes longer is asked for without a join."""

_TYPE_CHARS: Final = 60
_KEY: Final = "db:fetch_figures"


class Stream(msgspec.Struct, frozen=True):
    """Finished tasks in one order: those of some statuses, by when they were completed, or created where that is null.

    One status each has an index to go by; the few without `completed_at` are read all together.
    """

    statuses: tuple[str, ...]
    column: str = "completed_at"

    def rows(self, query: Any, since: datetime, now: datetime, after: Place | None) -> Any:
        """Return `query` for the next tasks that were over since `since`, below the place `after`."""
        query = query.in_("status", self.statuses) if len(self.statuses) > 1 else query.eq("status", self.statuses[0])
        query = query if self.column == "completed_at" else query.is_("completed_at", "null")
        query = query.gte(self.column, stamp(since)).order(self.column, desc=True).order("id", desc=True).limit(ROWS)
        if after is None:
            return query.lte(self.column, until(now))
        return query.lte(self.column, stamp(after[0])).or_(below(after, self.column))  # an index finds only the first


STREAMS: Final = (*(Stream((status,)) for status in ENDED), Stream(ENDED, "created_at"))
"""All that is finished, each task in one of them."""


class FinishedPage(msgspec.Struct, frozen=True):
    """The next tasks of a stream, the newest first. `last`: the place of the last one; `more`: others may follow."""

    tasks: tuple[FinishedTask, ...]
    last: Place | None
    more: bool


class FigureReads(Subject):
    """Typed reads of one project's finished tasks."""

    @read(_KEY)
    async def page(self, stream: Stream, since: datetime, now: datetime, after: Place | None) -> FinishedPage:
        """Return a stream's next tasks, below the place `after`; none stamped later than five minutes from `now`."""

        def build(c: Any) -> Any:
            query = c.table(TASKS).select("id,status,task_type,created_at,started_at,completed_at")
            return stream.rows(query, since, now, after)

        rows = await self._calls.rows("read finished tasks", build)
        each(rows, "status", "task_type", "created_at", "started_at", "completed_at")
        if any(row["status"] not in stream.statuses for row in rows):
            raise Failed(garbage("expected finished tasks, got others"))
        tasks = [_task(row, stream) for row in rows]
        last = (tasks[-1].at, tasks[-1].id) if tasks else None
        simulated = await self._simulated(stream, now, after, tasks)
        page = tuple(_as_simulated(task) if task.id in simulated else task for task in tasks)
        return await self._proven(TASKS, FinishedPage(page, last, len(rows) >= LEAST_CAP), empty=not rows)

    @read(_KEY)
    async def about(self, since: datetime, now: datetime) -> int:
        """Return how many tasks finished within the span, as the planner puts it."""

        def build(c: Any) -> Any:
            query = c.table(TASKS).select("id", count="planned").in_("status", ENDED)
            return query.gte("completed_at", stamp(since)).lte("completed_at", until(now)).limit(1)

        return await self._calls.count("estimate what finished", build)

    async def _simulated(
        self, stream: Stream, now: datetime, after: Place | None, tasks: list[FinishedTask]
    ) -> set[str]:
        """Return which tasks of a page were only simulated."""
        completed = tuple(task.id for task in tasks if task.status == "completed")
        telltale, sizes = self._schema.telltale, self._calls.sizes
        if not completed or not telltale.any:
            return set()
        if not (telltale.environments and sizes.slow_joins):
            try:
                with sizes.joining():
                    return await self._joined(stream, now, after, (tasks[-1].at, tasks[-1].id))
            except Failed:
                if not sizes.slow_joins:
                    raise
        return await simulated_among(self._calls, telltale, completed)

    async def _joined(self, stream: Stream, now: datetime, after: Place | None, last: Place) -> set[str]:
        """Return the simulated tasks of a stream between two places, `last` included."""
        telltale, found = self._schema.telltale, set[str]()
        while True:

            def build(c: Any, after: Place | None = after) -> Any:
                query = telltale.joined(c.table(TASKS).select(telltale.select(f"id,{stream.column}")))
                query = stream.rows(query.eq("status", "completed"), last[0], now, after)
                return query.or_(not_before(last, stream.column)).or_(telltale.simulated())

            rows = await self._calls.rows("read simulated tasks", build, timeout_s=_JOIN_S)
            found |= {row_id(row) for row in each(rows, stream.column)}
            if len(rows) < LEAST_CAP:
                return found
            after = (needed_moment(rows[-1], stream.column), row_id(rows[-1]))


def _task(row: Row, stream: Stream) -> FinishedTask:
    read, at = Columns(row), needed_moment(row, stream.column)
    began = read.moment("started_at") if row["completed_at"] is not None else None
    took = None if began is None or began > at else min(at - began, LONGEST_WORK)
    return FinishedTask(
        id=row_id(row),
        task_type=read.text("task_type", _TYPE_CHARS),
        status=row["status"],
        at=at,
        took_s=None if took is None else took.total_seconds(),
    )


def _as_simulated(task: FinishedTask) -> FinishedTask:
    return msgspec.structs.replace(task, simulated=True)
