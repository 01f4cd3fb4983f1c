"""Reads of the past, for the trends: finished tasks by time, durations of health checks, and what the log tells of."""

from datetime import datetime
from typing import Any, Final

from core.backend.columns import Columns, Row, each, needed_moment, row_id
from core.backend.log_rows import log_of, log_selection
from core.backend.reads.read import LEAST_CAP, PAGE, Subject, read
from core.backend.schema import LOGS, TASKS
from core.backend.simulated import Telltale
from core.backend.timestamps import stamp
from core.domain.counts import SuccessRate
from core.domain.log_steps import ALERTS, AUDIT, HEALTH_CHECK
from core.domain.records import LogEntry
from core.domain.work_done import TaskFailure

MOST_TASKS: Final = 4_000
"""The number of finished tasks above which their rows are not read."""

MOST_CHECKS: Final = 10_000
"""The most health rows that are read, the newest; one every five minutes is 8,640 in thirty days."""

MOST_EVENTS: Final = 300
"""The most rows of actions and alerts that are read, the newest."""

_KEY: Final = "db:fetch_trends"


class TrendReads(Subject):
    """Typed reads of one project's past, each of a period from `since` up to, not including, `until`."""

    @read(_KEY)
    async def count_finished(self, since: datetime, until: datetime) -> SuccessRate:
        """Return how many tasks were completed and failed: by `completed_at`, or by `created_at` where that is null.

        What was only simulated is left out, here and in `finished`.
        """
        within = _finished_within(since, until)

        async def count(status: str) -> int:
            def build(c: Any) -> Any:
                telltale = self._schema.telltale if status == "completed" else Telltale()
                query = c.table(TASKS).select(telltale.select("id"), count="exact").eq("status", status)
                return telltale.left_out(query.or_(within)).limit(1)

            return await self._calls.count(f"count {status} within", build)

        return SuccessRate(completed=await count("completed"), failed=await count("failed"), window=until - since)

    @read(_KEY)
    async def count_simulated(self, since: datetime, until: datetime) -> int | None:
        """Return how many tasks were completed in dry-run only; `None` where this project does not mark them."""
        telltale, within = self._schema.telltale, _finished_within(since, until)

        def build(c: Any) -> Any:
            query = telltale.joined(c.table(TASKS).select(telltale.select("id"), count="exact"))
            return query.eq("status", "completed").or_(within).or_(telltale.simulated()).limit(1)

        return await self._calls.count("count simulated tasks within", build) if telltale.any else None

    @read(_KEY)
    async def failures(self, since: datetime, until: datetime) -> tuple[TaskFailure, ...]:
        """Return the first tasks that failed, the oldest first, a page at most."""
        error, within = self._schema.error_column, _finished_within(since, until)

        def build(c: Any) -> Any:
            query = c.table(TASKS).select(f"id,completed_at,created_at,{error}").eq("status", "failed").or_(within)
            return query.order("completed_at").order("id").limit(PAGE)

        rows = each(await self._calls.rows("read failed tasks", build), "completed_at", "created_at", error)
        found = tuple(TaskFailure(at=_finished_at(row), error=Columns(row).text(error)) for row in rows)
        return await self._proven(TASKS, found, empty=not found)

    @read(_KEY)
    async def finished(self, since: datetime, until: datetime, after: str) -> tuple[tuple[str, datetime, bool], ...]:
        """Return the next finished tasks by id, those above `after`: id, when, whether completed. A page at most."""
        within = _finished_within(since, until)

        def build(c: Any) -> Any:
            telltale = self._schema.telltale
            query = c.table(TASKS).select(telltale.select("id,status,completed_at,created_at"))
            query = query.in_("status", ["completed", "failed"]).or_(within)
            query = telltale.left_out(query, but="status.eq.failed")
            return (query.gt("id", after) if after else query).order("id").limit(PAGE)

        rows = await self._calls.rows("read finished tasks", build)
        each(rows, "status", "completed_at", "created_at")
        return tuple((row_id(row), _finished_at(row), row["status"] == "completed") for row in rows)

    @read(_KEY)
    async def simulated(self, since: datetime, until: datetime, after: str) -> tuple[tuple[str, datetime], ...] | None:
        """Return the next tasks by id that were only simulated, those above `after`, and when. A page at most.

        `None` where that is not told: this project does not mark them, or looking for them takes too long.
        """
        telltale, sizes = self._schema.telltale, self._calls.sizes
        if not telltale.any or (telltale.environments and sizes.slow_joins):
            return None

        def build(c: Any) -> Any:
            query = telltale.joined(c.table(TASKS).select(telltale.select("id,completed_at,created_at")))
            query = query.eq("status", "completed").or_(_finished_within(since, until)).or_(telltale.simulated())
            return (query.gt("id", after) if after else query).order("id").limit(PAGE)

        with sizes.joining():
            rows = each(await self._calls.rows("read simulated tasks", build), "completed_at", "created_at")
        return tuple((row_id(row), _finished_at(row)) for row in rows)

    @read(_KEY)
    async def events(
        self, since: datetime, until: datetime, actions: tuple[str, ...], rules: tuple[str, ...]
    ) -> tuple[LogEntry, ...]:
        """Return the rows of `actions` that ended and of alerts of `rules` that began, newest first: `MOST_EVENTS`."""
        column = self._schema.log_time
        found = list[Row]()
        ended = (
            f"execution_step.eq.{AUDIT},step_status.in.(completed,failed),input_data->>order.in.({','.join(actions)})"
        )
        began = f"execution_step.like.{ALERTS}*,input_data->>phase.eq.firing,input_data->>alert.in.({','.join(rules)})"
        while len(found) < MOST_EVENTS:

            def build(query: Any, start: int = len(found)) -> Any:
                query = query.gte(column, stamp(since)).lt(column, stamp(until)).or_(f"and({ended}),and({began})")
                return query.order(column, desc=True).order("id", desc=True).range(start, MOST_EVENTS - 1)

            page = await self._calls.selected("read events", log_selection(column), build)
            found += page
            if len(page) < LEAST_CAP:
                break
        return tuple(self._calls.oddities.see("log row", log_of(row, column)) for row in found)

    @read(_KEY)
    async def checks(self, since: datetime, until: datetime, offset: int) -> tuple[tuple[datetime, float], ...]:
        """Return the next health checks, newest first, after skipping `offset`: when, and seconds each took."""
        column = self._schema.log_time

        def build(c: Any) -> Any:
            query = c.table(LOGS).select(f"{column},duration_ms").eq("execution_step", HEALTH_CHECK)
            query = query.gte("duration_ms", 0).gte(column, stamp(since)).lt(column, stamp(until))
            return query.order(column, desc=True).order("id", desc=True).range(offset, offset + PAGE - 1)

        rows = each(await self._calls.rows("read health checks", build), column, "duration_ms")
        durations = ((needed_moment(row, column), Columns(row).milliseconds("duration_ms")) for row in rows)
        return tuple((at, took_ms / 1000) for at, took_ms in durations if took_ms is not None)


def _finished_within(since: datetime, until: datetime) -> str:
    begin, end = stamp(since), stamp(until)
    by_end = f"and(completed_at.gte.{begin},completed_at.lt.{end})"
    return f"{by_end},and(completed_at.is.null,created_at.gte.{begin},created_at.lt.{end})"


def _finished_at(row: Row) -> datetime:
    return needed_moment(row, "created_at" if row["completed_at"] is None else "completed_at")
