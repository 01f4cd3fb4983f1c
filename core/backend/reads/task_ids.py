"""Reads for actions on many tasks: the ids to change, and the read-backs of what was changed."""

from datetime import datetime
from functools import partial
from typing import Any

from core.backend.columns import each, moment, row_id
from core.backend.conditions import filed_by, marked, over_by
from core.backend.reads.read import Read, Subject, read
from core.backend.schema import TASKS
from core.backend.timestamps import stamp
from core.domain.markers import Markers


class TaskIdReads(Subject):
    """Typed reads of ids of tasks."""

    def in_status(
        self, status: str, limit: int, after: str = "", *, started: bool = False, until: datetime | None = None
    ) -> Read[tuple[str, ...]]:
        """Return ids of up to `limit` tasks in one status, in order, those above `after`.

        `started`: only those that have a start time. `until`: only those filed by then, as far as that is known.
        """
        ask = partial(self._in_status, status, limit, after, started=started, until=until)
        return self._read(f"db:fetch_{status}_ids", ask)

    async def _in_status(
        self, status: str, limit: int, after: str, *, started: bool, until: datetime | None
    ) -> tuple[str, ...]:
        def build(c: Any) -> Any:
            query = c.table(TASKS).select("id").eq("status", status)
            query = query.not_.is_("started_at", "null") if started else query
            query = query if until is None else query.or_(filed_by(until))
            return (query.gt("id", after) if after else query).order("id").limit(limit)

        return tuple(row_id(row) for row in await self._calls.rows(f"read {status} ids", build))

    @read("db:fetch_marked")
    async def marked(self, marks: Markers, status: str, limit: int, after: str = "") -> tuple[str, ...]:
        """Return ids of up to `limit` tasks in `status` that carry one of `marks`, in order, those above `after`."""
        error = self._schema.error_column

        def build(c: Any) -> Any:
            query = marked(c.table(TASKS).select("id").eq("status", status), marks, error)
            return (query.gt("id", after) if after else query).order("id").limit(limit)

        return tuple(row_id(row) for row in await self._calls.rows("read marked tasks", build))

    @read("db:count_marked")
    async def count_marked(self, marks: Markers, status: str) -> int:
        """Return how many tasks in `status` carry one of `marks`."""
        error = self._schema.error_column

        def build(c: Any) -> Any:
            query = c.table(TASKS).select("id", count="exact").eq("status", status)
            return marked(query, marks, error).limit(1)

        return await self._calls.count("count marked tasks", build)

    @read("db:read_back_tasks")
    async def marked_among(self, ids: tuple[str, ...], status: str, marks: Markers) -> tuple[str, ...]:
        """Return which of up to 100 `ids` are in `status` with one of `marks`: the read-back of a write."""
        error = self._schema.error_column

        def build(c: Any) -> Any:
            return marked(c.table(TASKS).select("id").in_("id", list(ids)).eq("status", status), marks, error)

        return tuple(row_id(row) for row in await self._calls.rows("read back tasks", build))

    @read("db:read_back_running")
    async def count_unchanged(self, ids: tuple[str, ...], began_before: datetime) -> int:
        """Return how many of up to 100 tasks still run, and began before `began_before`."""
        before = stamp(began_before)

        def build(c: Any) -> Any:
            query = c.table(TASKS).select("id").in_("id", list(ids)).eq("status", "in_progress")
            return query.or_(f"started_at.lt.{before},and(started_at.is.null,created_at.lt.{before})")

        return len(each(await self._calls.rows("read back running tasks", build), "id"))

    @read("db:fetch_failed_among")
    async def failed_among(self, ids: tuple[str, ...]) -> dict[str, datetime | None]:
        """Return which of up to 100 tasks are failed, each with when it was over."""

        def build(c: Any) -> Any:
            return c.table(TASKS).select("id,completed_at").in_("id", list(ids)).eq("status", "failed")

        rows = each(await self._calls.rows("read failed tasks", build), "completed_at")
        return {row_id(row): moment(row["completed_at"]) for row in rows}

    @read("db:read_back_failed")
    async def count_failed_until(self, ids: tuple[str, ...], until: datetime) -> int:
        """Return how many of up to 100 tasks are failed and were over by `until`."""

        def build(c: Any) -> Any:
            query = c.table(TASKS).select("id").in_("id", list(ids)).eq("status", "failed")
            return query.or_(over_by("completed_at", until))

        return len(each(await self._calls.rows("read back failed tasks", build), "id"))

    @read("db:read_back_completed")
    async def completed_until(self, ids: tuple[str, ...], until: datetime | None) -> frozenset[str]:
        """Return which of up to 100 tasks are completed, and were by `until`; `None`: those without a time."""

        def build(c: Any) -> Any:
            query = c.table(TASKS).select("id").in_("id", list(ids)).eq("status", "completed")
            return query.or_(over_by("completed_at", until))

        return frozenset(map(row_id, await self._calls.rows("read back completed tasks", build)))

    @read("db:read_back_requeued")
    async def pending_as_completed(self, ids: tuple[str, ...], until: datetime) -> tuple[str, ...]:
        """Return which of up to 100 tasks are pending and were completed by `until`, before they were requeued."""

        def build(c: Any) -> Any:
            query = c.table(TASKS).select("id").in_("id", list(ids)).eq("status", "pending")
            return query.lte("completed_at", stamp(until))

        return tuple(map(row_id, await self._calls.rows("read back requeued tasks", build)))

    @read("db:read_back_retried")
    async def sent_back_among(self, ids: tuple[str, ...], since: datetime) -> tuple[str, ...]:
        """Return which of up to 100 tasks that were failed at `since` went back to pending, or were started anew."""
        error = self._schema.error_column

        def build(c: Any) -> Any:
            waits = f"and(status.eq.pending,started_at.is.null,completed_at.is.null,{error}.is.null)"
            begun = f"and(status.neq.failed,started_at.gt.{stamp(since)})"
            return c.table(TASKS).select("id").in_("id", list(ids)).or_(f"{waits},{begun}")

        return tuple(map(row_id, await self._calls.rows("read back retried tasks", build)))
