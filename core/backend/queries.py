"""Every read there is, typed: of config and tasks here, of the log and of lists beside. Nothing else builds a read."""

import asyncio
from datetime import UTC, datetime
from typing import Any, Final

from core.backend.faults import Failed, Trace, garbage
from core.backend.list_queries import ListQueries
from core.backend.log_queries import PAGE
from core.backend.rows import Row, config_of, moment, row_id, task_of, whole
from core.backend.schema import CONFIG, CONFIG_RPC, POLL_FUNCTION, STATISTICS_RPC, TASKS
from core.model import SuccessRate, SystemConfig, Task

SHARED: Final = frozenset(
    {"db:fetch_system_config", "db:count_open_tasks", "db:count_finished_tasks", "db:fetch_tasks"}
    | {"db:fetch_execution_logs", "db:fetch_success_rate", "db:fetch_last_completed"}
)
"""Operations whose identical reads may be one request while they overlap. Checks, plans and read-backs never are."""

OUR_MARK: Final = "watchdesk:"
"""What `error_message` begins with on rows this product failed or rejected."""


class Queries(ListQueries):
    """Typed reads of one project. All raise Failed and nothing else."""

    async def config(self) -> SystemConfig | None:
        """The config row; `None` when none is visible to us, which is not proof that there is none."""
        rows = await self._calls.rows("read config", lambda c: c.table(CONFIG).select("*").limit(1))
        return config_of(rows[0]) if rows else None

    async def config_absent(self) -> bool:
        """Whether the project's own function, which sees past row level security, finds no config row either."""
        answer = await self._calls.query("ask for config", lambda c: c.rpc(CONFIG_RPC, {}))
        return answer.data is None or answer.data == []

    async def ping(self, timeout_s: float, trace: Trace) -> None:
        """The lightest question the database itself must answer, with its own limit in seconds."""

        def build(c: Any) -> Any:
            return c.table(TASKS).select("id").limit(1)

        await self._calls.rows("ask the database", build, timeout_s=timeout_s, trace=trace)

    async def count(self, status: str) -> int:
        """How many tasks are in one status, exactly."""
        return await self._calls.count(
            f"count {status}", lambda c: c.table(TASKS).select("id", count="exact").eq("status", status).limit(1)
        )

    async def counts(self, statuses: tuple[str, ...]) -> dict[str, int]:
        """How many tasks are in each of `statuses`, exactly: in one pass where the project has our function for it."""
        if not self.schema.statistics:
            return await self.count_each(statuses)
        rows = await self._calls.rows("count by status", lambda c: c.rpc(STATISTICS_RPC, {}))
        found = {row.get("status"): row.get("tasks") for row in rows}
        if any(whole(count) is None for count in found.values()):
            raise Failed(garbage("statistics that are no counts"))
        return {status: found.get(status) or 0 for status in statuses}

    async def count_each(self, statuses: tuple[str, ...]) -> dict[str, int]:
        """How many tasks are in each of `statuses`, each counted by itself: right for the few that are open."""
        counted = await asyncio.gather(*map(self.count, statuses))
        return dict(zip(statuses, counted, strict=True))

    async def count_started(self, since: datetime) -> int:
        """How many tasks were started since `since`, exactly."""
        stamp = since.isoformat()

        def build(c: Any) -> Any:
            return c.table(TASKS).select("id", count="exact").gte("started_at", stamp).limit(1)

        return await self._calls.count("count started", build)

    async def newest_tasks(self, limit: int) -> tuple[Task, ...]:
        """The tasks created last, newest first."""

        def build(c: Any) -> Any:
            return c.table(TASKS).select("*").order("created_at", desc=True).order("id", desc=True).limit(limit)

        return tuple(task_of(row) for row in await self._calls.rows("read newest tasks", build))

    async def running_tasks(self) -> tuple[Task, ...]:
        """Every task in progress, the longest running first."""
        found: list[Row] = []
        while True:
            start = len(found)

            def build(c: Any, start: int = start) -> Any:
                query = c.table(TASKS).select("*").eq("status", "in_progress")
                return query.order("started_at").order("id").range(start, start + PAGE - 1)

            page = await self._calls.rows("read running tasks", build)
            found += page
            if len(page) < PAGE:
                return tuple(sorted({t.id: t for t in map(task_of, found)}.values(), key=_began))

    async def marked_among(self, ids: tuple[str, ...], status: str, marker: str) -> tuple[str, ...]:
        """Which of up to 100 `ids` are in `status` with our `marker`: what a write whose answer was lost did."""
        error = self.schema.error_column

        def build(c: Any) -> Any:
            query = c.table(TASKS).select("id").in_("id", list(ids)).eq("status", status)
            return query.like(error, f"{marker}*")

        return tuple(row_id(row) for row in await self._calls.rows("read back tasks", build))

    async def oldest_pending_at(self) -> datetime | None:
        """When the oldest waiting task came in."""
        return await self._edge("read oldest pending", "pending", "created_at", newest=False)

    async def last_completed_at(self) -> datetime | None:
        """When a task was last completed."""
        return await self._edge("read last completed", "completed", "completed_at", newest=True)

    async def last_failed_at(self) -> datetime | None:
        """When a task last failed that this product did not fail itself."""
        return await self._edge("read last failed", "failed", "completed_at", newest=True, without_ours=True)

    async def success_rate(self, since: datetime, now: datetime, *, without_ours: bool = False) -> SuccessRate:
        """Completed and failed since `since`: by `completed_at`, or by `created_at` where that is null.

        `without_ours` leaves out what this product failed itself, as automatic decisions must.
        """
        completed = await self._finished("completed", since)
        failed = await self._finished("failed", since, without_ours=without_ours)
        return SuccessRate(completed=completed, failed=failed, window=now - since)

    async def count_healed(self, since: datetime) -> int:
        """How many stuck tasks a watchdog of ours failed since `since` that still are, exactly."""
        error = self.schema.error_column

        def build(c: Any) -> Any:
            query = c.table(TASKS).select("id", count="exact").eq("status", "failed")
            query = query.gte("completed_at", since.isoformat()).like(error, f"{OUR_MARK}stuck:*: by watchdog*")
            return query.limit(1)

        return await self._calls.count("count healed tasks", build)

    async def count_unchanged(self, ids: tuple[str, ...], began_before: datetime) -> int:
        """How many of up to 100 tasks still run, and began before `began_before`."""
        stamp = began_before.isoformat().replace("+00:00", "Z")

        def build(c: Any) -> Any:
            query = c.table(TASKS).select("id").in_("id", list(ids)).eq("status", "in_progress")
            return query.or_(f"started_at.lt.{stamp},and(started_at.is.null,created_at.lt.{stamp})")

        return len(await self._calls.rows("read back running tasks", build))

    async def completed_among(self, ids: tuple[str, ...]) -> tuple[str, ...]:
        """Which of up to 100 tasks are completed."""

        def build(c: Any) -> Any:
            return c.table(TASKS).select("id").in_("id", list(ids)).eq("status", "completed")

        return tuple(map(row_id, await self._calls.rows("read rescued tasks", build)))

    async def task(self, name: str) -> Task | None:
        """One task by its id; `None` when none is visible to us."""
        rows = await self._calls.rows("read task", lambda c: c.table(TASKS).select("*").eq("id", name).limit(1))
        return task_of(rows[0]) if rows else None

    async def count_marked(self, marker: str, status: str) -> int:
        """How many tasks in `status` carry our `marker` at the beginning of their error text."""
        error = self.schema.error_column

        def build(c: Any) -> Any:
            query = c.table(TASKS).select("id", count="exact").eq("status", status)
            return query.like(error, f"{marker}*").limit(1)

        return await self._calls.count("count marked tasks", build)

    async def marked(self, marker: str, status: str, limit: int) -> tuple[str, ...]:
        """Ids of tasks in `status` that carry our `marker`."""
        error = self.schema.error_column

        def build(c: Any) -> Any:
            query = c.table(TASKS).select("id").eq("status", status).like(error, f"{marker}*")
            return query.order("id").limit(limit)

        return tuple(row_id(row) for row in await self._calls.rows("read marked tasks", build))

    async def ids_in(self, status: str, limit: int) -> tuple[str, ...]:
        """Ids of up to `limit` tasks in one status, in the order of their ids."""

        def build(c: Any) -> Any:
            return c.table(TASKS).select("id").eq("status", status).order("id").limit(limit)

        return tuple(row_id(row) for row in await self._calls.rows(f"read {status} ids", build))

    async def poll_function_answers(self, timeout_s: float) -> None:
        """Ask the agents' function whether it is there, by OPTIONS: nothing runs. It has `timeout_s` seconds."""
        await self._calls.invoke(POLL_FUNCTION, "OPTIONS", timeout_s=timeout_s)

    async def _edge(
        self, operation: str, status: str, column: str, *, newest: bool, without_ours: bool = False
    ) -> datetime | None:
        def build(c: Any) -> Any:
            query = c.table(TASKS).select(column).eq("status", status).not_.is_(column, "null")
            query = self._not_ours(query) if without_ours else query
            return query.order(column, desc=newest).limit(1)

        rows = await self._calls.rows(operation, build)
        return moment(rows[0].get(column)) if rows else None

    async def _finished(self, status: str, since: datetime, *, without_ours: bool = False) -> int:
        stamp = since.isoformat().replace("+00:00", "Z")

        def build(c: Any) -> Any:
            query = c.table(TASKS).select("id", count="exact").eq("status", status)
            query = query.or_(f"completed_at.gte.{stamp},and(completed_at.is.null,created_at.gte.{stamp})")
            return (self._not_ours(query) if without_ours else query).limit(1)

        return await self._calls.count(f"count finished {status}", build)

    def _not_ours(self, query: Any) -> Any:
        error = self.schema.error_column
        return query.or_(f"{error}.is.null,{error}.not.like.{OUR_MARK}*")


_FOREVER: Final = datetime.max.replace(tzinfo=UTC)


def _began(task: Task) -> datetime:
    return task.began_at or _FOREVER
