"""Every read of the execution log: signs of life, what the watchdog wrote, orders, the lease, what is past its time."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from core.backend.client import Calls
from core.backend.records import (
    ENDED,
    Row,
    audited_of,
    ended_of,
    ids_of,
    lease_of,
    log_of,
    moment,
    row_id,
    told_of,
    whole,
)
from core.backend.schema import LOGS, TASKS, Schema
from core.model import AuditedOrder, EndedOrder, LeaseRow, LogEntry, SpoiltLease

PAGE: Final = 500
"""Rows a page; half of what the API caps a read at."""


_MOST_KEPT: Final = 100
"""So many ids have room in the address of a request."""


class LogQueries:
    """Typed reads of one project's log. All raise Failed and nothing else."""

    def __init__(self, calls: Calls, schema: Schema) -> None:
        self._calls = calls
        self.schema = schema

    async def newest_logs(self, limit: int) -> tuple[LogEntry, ...]:
        """The execution log's newest rows, newest first."""
        column = self.schema.log_time

        def build(c: Any) -> Any:
            return c.table(LOGS).select("*").order(column, desc=True).limit(limit)

        return tuple(log_of(row, column) for row in await self._calls.rows("read newest logs", build))

    async def with_signs_of_life(self, ids: tuple[str, ...], since: datetime, until: datetime) -> frozenset[str]:
        """Which of up to 100 tasks wrote a log row since `since`, none later than `until`; the watchdog's are none."""
        column = self.schema.log_time

        def within(query: Any) -> Any:
            return query.gte(column, since.isoformat()).lte(column, until.isoformat())

        return await self._that_wrote("look for signs of life", ids, within)

    async def with_visible_logs(self, ids: tuple[str, ...]) -> frozenset[str]:
        """Of which of up to 100 tasks any log row at all is visible to us; the watchdog's are none."""
        return await self._that_wrote("look for logs", ids, lambda query: query)

    async def _that_wrote(self, what: str, ids: tuple[str, ...], within: Callable[[Any], Any]) -> frozenset[str]:
        """Which of the tasks wrote such rows. Asked until nothing new comes: a page may be full of one task's rows."""
        found: set[str] = set()
        while rest := tuple(name for name in ids if name not in found):

            def build(c: Any, rest: tuple[str, ...] = rest) -> Any:
                query = within(c.table(LOGS).select("task_id").in_("task_id", rest))
                return query.not_.like("execution_step", "watchdog*").limit(1000)

            new = {str(row.get("task_id")) for row in await self._calls.rows(what, build)} & set(rest)
            if not new:
                break
            found |= new
        return frozenset(found)

    async def old_logs(self, before: datetime, kept_run: str, limit: int) -> tuple[str, ...]:
        """Ids of the oldest log rows before `before` that may go.

        No lease, nothing of the run `kept_run`, nothing of a task that still runs: its newest row may be its only proof
        of life, or of silence.
        """
        column = self.schema.log_time
        kept = await self._tasks_running_since(before)

        def build(c: Any) -> Any:
            return _outdated(c.table(LOGS).select("id"), column, before, kept_run, kept).order(column).limit(limit)

        return tuple(row_id(row) for row in await self._calls.rows("read old logs", build))

    async def count_old_logs(self, before: datetime, kept_run: str) -> int:
        """How many log rows are older than `before` and may go, exactly."""
        column = self.schema.log_time
        kept = await self._tasks_running_since(before)

        def build(c: Any) -> Any:
            return _outdated(c.table(LOGS).select("id", count="exact"), column, before, kept_run, kept).limit(1)

        return await self._calls.count("count old logs", build)

    async def _tasks_running_since(self, before: datetime) -> tuple[str, ...] | None:
        """Running tasks that are old enough to have log rows from before `before`; `None` if they are too many."""
        stamp = before.isoformat().replace("+00:00", "Z")

        def build(c: Any) -> Any:
            query = c.table(TASKS).select("id").eq("status", "in_progress")
            return query.or_(f"created_at.is.null,created_at.lt.{stamp},started_at.lt.{stamp}").limit(_MOST_KEPT + 1)

        ids = tuple(row_id(row) for row in await self._calls.rows("read tasks that still run", build))
        return ids if len(ids) <= _MOST_KEPT else None

    async def logs_among(self, ids: tuple[str, ...]) -> tuple[str, ...]:
        """Which of up to 100 log rows are there: what a deletion whose answer was lost left."""
        rows = await self._calls.rows("read back logs", lambda c: c.table(LOGS).select("id").in_("id", list(ids)))
        return tuple(map(row_id, rows))

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

    async def orders_ended(self, since: datetime, orders: tuple[str, ...]) -> tuple[EndedOrder, ...]:
        """The `orders` that ended since `since`, as their closing audit rows tell, newest first; without their rows."""
        column = self.schema.log_time

        def build(c: Any) -> Any:
            query = c.table(LOGS).select(f"step_status,{column},{ENDED}").eq("execution_step", "watchdog_healing")
            query = query.in_("step_status", ["completed", "failed"]).in_("input_data->>order", list(orders))
            return query.gte(column, since.isoformat()).order(column, desc=True).limit(PAGE)

        rows = await self._calls.rows("read ended orders", build)
        return tuple(order for row in rows if (order := ended_of(row, column)) is not None)

    async def ids_of_orders(self, runs: tuple[str, ...]) -> dict[str, frozenset[str]]:
        """Which tasks each of up to 100 orders changed, as far as its closing audit row names them."""

        def build(c: Any) -> Any:
            query = c.table(LOGS).select("run:input_data->>run,output_data").eq("execution_step", "watchdog_healing")
            query = query.in_("input_data->>run", list(runs)).in_("step_status", ["completed", "failed"])
            return query.limit(len(runs))

        rows = await self._calls.rows("read orders' tasks", build)
        return {str(row.get("run")): frozenset(ids_of(row.get("output_data"))) for row in rows}

    async def given_back(self, since: datetime) -> frozenset[str]:
        """Ids of tasks that an undo gave back since `since`, as far as its audit rows name them."""
        column = self.schema.log_time

        def build(c: Any) -> Any:
            query = c.table(LOGS).select("output_data").eq("execution_step", "watchdog_healing")
            query = query.eq("input_data->>order", "undo").gte(column, since.isoformat())
            return query.not_.is_("output_data", "null").order(column, desc=True).limit(PAGE)

        rows = await self._calls.rows("read undone tasks", build)
        return frozenset(name for row in rows for name in ids_of(row.get("output_data")))

    async def healed_ids(self, since: datetime, limit: int = 1000) -> tuple[str, ...]:
        """Ids of tasks that heals since `since` failed, newest heal first, as far as their audit rows name them."""
        column = self.schema.log_time

        def build(c: Any) -> Any:
            query = c.table(LOGS).select("output_data").eq("execution_step", "watchdog_healing")
            query = query.eq("input_data->>order", "heal").gte(column, since.isoformat())
            return query.not_.is_("output_data", "null").order(column, desc=True).limit(100)

        rows = await self._calls.rows("read healed tasks", build)
        return tuple(dict.fromkeys(name for row in rows for name in ids_of(row.get("output_data"))))[:limit]

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
        column = self.schema.log_time

        def only(query: Any) -> Any:
            step = "execution_step"
            query = query.eq(step, "watchdog_healing") if healing else query.like(step, "watchdog*")
            return query if since is None else query.gte(column, since.isoformat())

        return await self._newest("read watchdog's logs", only, limit)

    async def told_between(self, since: datetime, until: datetime, limit: int) -> tuple[LogEntry, ...]:
        """What watchdogs and orders wrote in a time, newest first, but for the checks."""
        column = self.schema.log_time

        def only(query: Any) -> Any:
            query = query.gte(column, since.isoformat()).lt(column, until.isoformat())
            return query.like("execution_step", "watchdog*").neq("execution_step", "watchdog_health_check")

        return await self._newest("read what happened", only, limit)

    async def failed_between(self, since: datetime, until: datetime, limit: int) -> tuple[LogEntry, ...]:
        """The agents' steps that failed in a time, newest first. Asked for alone: they push out no order."""
        column = self.schema.log_time

        def only(query: Any) -> Any:
            query = query.gte(column, since.isoformat()).lt(column, until.isoformat())
            return query.eq("step_status", "failed").not_.like("execution_step", "watchdog*")

        return await self._newest("read failed steps", only, limit)

    async def _newest(self, what: str, only: Callable[[Any], Any], limit: int) -> tuple[LogEntry, ...]:
        """The newest of some rows, up to `limit`, until a page is empty: a server may give fewer than asked."""
        column, found = self.schema.log_time, list[Row]()
        while len(found) < limit:
            start = len(found)

            def build(c: Any, start: int = start) -> Any:
                ordered = only(c.table(LOGS).select("*")).order(column, desc=True).order("id", desc=True)
                return ordered.range(start, min(start + PAGE, limit) - 1)

            page = await self._calls.rows(what, build)
            if not page:
                break
            found += page
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
        found = (whole(row.get("duration_ms")) for row in rows)
        return tuple(ms for ms in found if ms is not None and ms >= 0)

    async def alert_rows(
        self, since: datetime, orders: tuple[str, ...], limit: int = PAGE
    ) -> tuple[dict[str, Any], ...]:
        """What monitors told of alerts since `since`, and such `orders` about them, newest first, as they wrote it."""
        column = self.schema.log_time

        def build(c: Any) -> Any:
            query = c.table(LOGS).select("input_data").gte(column, since.isoformat())
            query = query.or_(
                f"execution_step.like.watchdog_alert_*,and(execution_step.eq.watchdog_healing,"
                f"input_data->>order.in.({','.join(orders)}))"
            )
            return query.order(column, desc=True).limit(limit)

        return tuple(told_of(row) for row in await self._calls.rows("read alert rows", build))

    async def newest_health_at(self, since: datetime) -> datetime | None:
        """When a monitor last wrote a row of a scheduled check; `None` if none has since `since`."""
        column = self.schema.log_time

        def build(c: Any) -> Any:
            query = c.table(LOGS).select(column).eq("execution_step", "watchdog_health_check")
            return query.gte(column, since.isoformat()).order(column, desc=True).limit(1)

        rows = await self._calls.rows("read newest health row", build)
        return moment(rows[0].get(column)) if rows else None

    async def lease(self, lease_id: str) -> LeaseRow | SpoiltLease | None:
        """The lease's row, spoilt where it cannot be read as one; `None` when it is gone, which means free."""
        column = self.schema.log_time

        def build(c: Any) -> Any:
            return c.table(LOGS).select(f"id,execution_step,input_data,{column}").eq("id", lease_id).limit(1)

        rows = await self._calls.rows("read lease", build)
        return lease_of(rows[0], column) if rows else None


def _outdated(query: Any, column: str, before: datetime, kept_run: str, kept_tasks: tuple[str, ...] | None) -> Any:
    query = query.lt(column, before.isoformat()).neq("execution_step", "lease")
    if kept_tasks is None:
        query = query.is_("task_id", "null")
    elif kept_tasks:
        query = query.or_(f"task_id.is.null,task_id.not.in.({','.join(kept_tasks)})")
    if kept_run:
        query = query.or_(f"input_data->>run.is.null,input_data->>run.neq.{kept_run}")
    return query
