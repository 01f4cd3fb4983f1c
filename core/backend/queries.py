"""Every read there is, typed. Nothing else in the project builds a query that reads."""

import asyncio
from datetime import UTC, datetime
from typing import Any, Final

from core.backend.client import Calls
from core.backend.faults import Failed, Trace, garbage
from core.backend.records import Row, audited_of, config_of, ids_of, lease_of, log_of, moment, task_of
from core.backend.schema import CONFIG, CONFIG_RPC, LOGS, POLL_FUNCTION, STATISTICS_RPC, TASKS, Schema
from core.model import AuditedOrder, LeaseRow, LogEntry, SuccessRate, SystemConfig, Task

PAGE: Final = 500
"""Rows a page; half of what the API caps a read at."""

SHARED: Final = frozenset(
    {"db:fetch_system_config", "db:count_open_tasks", "db:count_finished_tasks", "db:fetch_tasks"}
    | {"db:fetch_execution_logs", "db:fetch_success_rate", "db:fetch_last_completed"}
)
"""Operations whose identical reads may be one request while they overlap. Checks, plans and read-backs never are."""

OUR_MARK: Final = "watchdesk:"
"""What `error_message` begins with on rows this product failed or rejected."""


class Queries:
    """Typed reads of one project. All raise Failed and nothing else."""

    def __init__(self, calls: Calls, schema: Schema) -> None:
        self._calls = calls
        self.schema = schema

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
        if not all(isinstance(count, int) for count in found.values()):
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

        return tuple(task_id(row) for row in await self._calls.rows("read back tasks", build))

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

    async def newest_logs(self, limit: int) -> tuple[LogEntry, ...]:
        """The execution log's newest rows, newest first."""
        column = self.schema.log_time

        def build(c: Any) -> Any:
            return c.table(LOGS).select("*").order(column, desc=True).limit(limit)

        return tuple(log_of(row, column) for row in await self._calls.rows("read newest logs", build))

    async def logs_visible(self) -> bool:
        """Whether any row that agents wrote into the execution log shows itself to us; our own say nothing of it."""

        def build(c: Any) -> Any:
            query = c.table(LOGS).select("id").neq("execution_step", "lease")
            return query.not_.like("execution_step", "watchdog*").limit(1)

        return bool(await self._calls.rows("look for logs", build))

    async def with_signs_of_life(self, ids: tuple[str, ...], since: datetime) -> frozenset[str]:
        """Which of up to 100 tasks wrote a log row since `since`; the watchdog's own rows are none."""
        column = self.schema.log_time
        alive: set[str] = set()
        while True:
            rest = tuple(i for i in ids if i not in alive)
            if not rest:
                return frozenset(alive)

            def build(c: Any, rest: tuple[str, ...] = rest) -> Any:
                query = c.table(LOGS).select("task_id").in_("task_id", rest).gte(column, since.isoformat())
                return query.not_.like("execution_step", "watchdog*").limit(1000)

            found = {str(row.get("task_id")) for row in await self._calls.rows("look for signs of life", build)}
            if not found:
                return frozenset(alive)
            alive |= found

    async def old_logs(self, before: datetime, kept_run: str, limit: int) -> tuple[str, ...]:
        """Ids of the oldest log rows before `before` that may go: no lease, nothing of the run `kept_run`."""
        column = self.schema.log_time

        def build(c: Any) -> Any:
            return _outdated(c.table(LOGS).select("id"), column, before, kept_run).order(column).limit(limit)

        return tuple(task_id(row) for row in await self._calls.rows("read old logs", build))

    async def count_old_logs(self, before: datetime, kept_run: str) -> int:
        """How many log rows are older than `before` and may go, exactly."""
        column = self.schema.log_time

        def build(c: Any) -> Any:
            return _outdated(c.table(LOGS).select("id", count="exact"), column, before, kept_run).limit(1)

        return await self._calls.count("count old logs", build)

    async def logs_among(self, ids: tuple[str, ...]) -> tuple[str, ...]:
        """Which of up to 100 log rows are there: what a deletion whose answer was lost left."""
        rows = await self._calls.rows("read back logs", lambda c: c.table(LOGS).select("id").in_("id", list(ids)))
        return tuple(map(task_id, rows))

    async def last_lift_at(self) -> datetime | None:
        """When a stop or dry-run was last lifted, by our audit rows."""
        column = self.schema.log_time

        def build(c: Any) -> Any:
            query = c.table(LOGS).select("*").eq("execution_step", "watchdog_healing").eq("step_status", "completed")
            return query.in_("input_data->>order", ["lift", "dry_run_off"]).order(column, desc=True).limit(1)

        rows = await self._calls.rows("read last lift", build)
        return moment(rows[0].get(column)) if rows else None

    async def audited(self, run: str) -> AuditedOrder | None:
        """What the audit trail says of one order; `None` if it shows us no row of it."""
        column = self.schema.log_time

        def build(c: Any) -> Any:
            query = c.table(LOGS).select("*").eq("execution_step", "watchdog_healing").eq("input_data->>run", run)
            return query.order(column).limit(10)

        return audited_of(await self._calls.rows("read audit", build), column)

    async def given_back(self, since: datetime) -> frozenset[str]:
        """Ids of tasks that an undo gave back since `since`, as far as its audit rows name them."""
        column = self.schema.log_time

        def build(c: Any) -> Any:
            query = c.table(LOGS).select("output_data").eq("execution_step", "watchdog_healing")
            query = query.eq("input_data->>order", "undo").gte(column, since.isoformat())
            return query.not_.is_("output_data", "null").order(column, desc=True).limit(PAGE)

        rows = await self._calls.rows("read undone tasks", build)
        return frozenset(name for row in rows for name in ids_of(row.get("output_data")))

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

    async def healed_ids(self, since: datetime, limit: int = 1000) -> tuple[str, ...]:
        """Ids of tasks that heals since `since` failed, newest heal first, as far as their audit rows name them."""
        column = self.schema.log_time

        def build(c: Any) -> Any:
            query = c.table(LOGS).select("output_data").eq("execution_step", "watchdog_healing")
            query = query.eq("input_data->>order", "heal").gte(column, since.isoformat())
            return query.not_.is_("output_data", "null").order(column, desc=True).limit(100)

        rows = await self._calls.rows("read healed tasks", build)
        return tuple(dict.fromkeys(name for row in rows for name in ids_of(row.get("output_data"))))[:limit]

    async def completed_among(self, ids: tuple[str, ...]) -> tuple[str, ...]:
        """Which of up to 100 tasks are completed."""

        def build(c: Any) -> Any:
            return c.table(TASKS).select("id").in_("id", list(ids)).eq("status", "completed")

        return tuple(map(task_id, await self._calls.rows("read rescued tasks", build)))

    async def task(self, name: str) -> Task | None:
        """One task by its id; `None` when none is visible to us."""
        rows = await self._calls.rows("read task", lambda c: c.table(TASKS).select("*").eq("id", name).limit(1))
        return task_of(rows[0]) if rows else None

    async def stop_audit(self) -> LogEntry | None:
        """The audit row of the last emergency stop this product ordered."""
        column = self.schema.log_time

        def build(c: Any) -> Any:
            query = c.table(LOGS).select("*").eq("execution_step", "watchdog_healing")
            return query.eq("input_data->>order", "emergency_stop").order(column, desc=True).limit(1)

        rows = await self._calls.rows("read stop's audit", build)
        return log_of(rows[0], column) if rows else None

    async def watchdog_logs(self, *, healing: bool, since: datetime | None, limit: int) -> tuple[LogEntry, ...]:
        """What the watchdog wrote, or of it the orders alone, newest first; page by page up to `limit`."""
        column, found = self.schema.log_time, list[Row]()
        while len(found) < limit:
            start = len(found)

            def build(c: Any, start: int = start) -> Any:
                query = c.table(LOGS).select("*")
                step = "execution_step"
                query = query.eq(step, "watchdog_healing") if healing else query.like(step, "watchdog*")
                query = query if since is None else query.gte(column, since.isoformat())
                ordered = query.order(column, desc=True).order("id", desc=True)
                return ordered.range(start, min(start + PAGE, limit) - 1)

            page = await self._calls.rows("read watchdog's logs", build)
            found += page
            if len(page) < min(PAGE, limit - start):
                break
        return tuple(log_of(row, column) for row in found)

    async def heal_durations(self, since: datetime, limit: int = 1000) -> tuple[int, ...]:
        """How long the newest completed heals since `since` took, milliseconds."""
        column = self.schema.log_time

        def build(c: Any) -> Any:
            query = c.table(LOGS).select("duration_ms").eq("execution_step", "watchdog_healing")
            query = query.eq("step_status", "completed").eq("input_data->>order", "heal")
            query = query.gte(column, since.isoformat()).not_.is_("duration_ms", "null")
            return query.order(column, desc=True).limit(limit)

        rows = await self._calls.rows("read heal durations", build)
        return tuple(row["duration_ms"] for row in rows if isinstance(row.get("duration_ms"), int))

    async def lease(self, lease_id: str) -> LeaseRow | None:
        """The lease's row; `None` when it is gone, which means free."""

        def build(c: Any) -> Any:
            return c.table(LOGS).select("id,input_data").eq("id", lease_id).limit(1)

        rows = await self._calls.rows("read lease", build)
        return lease_of(rows[0]) if rows else None

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

        return tuple(task_id(row) for row in await self._calls.rows("read marked tasks", build))

    async def ids_in(self, status: str, limit: int) -> tuple[str, ...]:
        """Ids of up to `limit` tasks in one status, in the order of their ids."""

        def build(c: Any) -> Any:
            return c.table(TASKS).select("id").eq("status", status).order("id").limit(limit)

        return tuple(task_id(row) for row in await self._calls.rows(f"read {status} ids", build))

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


def task_id(row: Row) -> str:
    """The id of a row read for its id alone. Raises Failed."""
    value = row.get("id")
    if not isinstance(value, str | int):
        raise Failed(garbage("a row without an id"))
    return str(value)


def _outdated(query: Any, column: str, before: datetime, kept_run: str) -> Any:
    query = query.lt(column, before.isoformat()).neq("execution_step", "lease")
    if kept_run:
        query = query.or_(f"input_data->>run.is.null,input_data->>run.neq.{kept_run}")
    return query


_FOREVER: Final = datetime.max.replace(tzinfo=UTC)


def _began(task: Task) -> datetime:
    return task.began_at or _FOREVER
