"""Reads of the execution log: signs of life, the watchdog's own rows, actions, the lease, rows past retention."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from core.backend.client import ApiCalls
from core.backend.columns import Columns
from core.backend.faults import Failed, garbage
from core.backend.reads.audit_rows import BEGUN_FIELDS, STOP_FIELDS, begun_runs_of, stop_trail_of
from core.backend.rows import (
    ENDED,
    Row,
    audited_of,
    each,
    ended_of,
    ids_of,
    lease_of,
    log_of,
    moment_of_only,
    row_id,
    told_of,
)
from core.backend.schema import LOGS, TASKS, Schema
from core.backend.timestamps import FIRST, stamp, until
from core.domain.log_steps import ALERTS, ALL_OURS, AUDIT, HEALTH_CHECK, LEASE
from core.domain.records import AuditedAction, BegunRun, EndedAction, LeaseRow, LogEntry, SpoiltLease
from core.domain.stops import StopTrail

PAGE: Final = 500
"""Rows a page; half of the API's usual cap."""


_MOST_KEPT: Final = 100
"""The number of ids that fit into the URL of a request."""


class LogQueries:
    """Typed reads of one project's log. All raise Failed and nothing else."""

    def __init__(self, calls: ApiCalls, schema: Schema) -> None:
        self._calls = calls
        self.schema = schema

    async def newest_logs(self, limit: int) -> tuple[LogEntry, ...]:
        """Return the execution log's newest rows, newest first."""
        column = self.schema.log_time

        def build(c: Any) -> Any:
            return c.table(LOGS).select("*").order(column, desc=True).limit(limit)

        found = tuple(map(self._entry, await self._calls.rows("read newest logs", build)))
        if not found:
            await self._calls.must_show(LOGS)
        return found

    async def with_signs_of_life(
        self, ids: tuple[str, ...], since: datetime, now: datetime | None = None
    ) -> frozenset[str]:
        """Return which of up to 100 tasks wrote a log row since `since`; the watchdog's own rows do not count.

        Nor does one that is stamped later than five minutes from `now`.
        """
        column = self.schema.log_time

        def within(query: Any) -> Any:
            return query.gte(column, stamp(since)).lte(column, until(now))

        return await self._that_wrote("look for signs of life", ids, within)

    async def with_visible_logs(self, ids: tuple[str, ...]) -> frozenset[str]:
        """Return which of up to 100 tasks have any log row visible to us; the watchdog's do not count."""
        return await self._that_wrote("look for logs", ids, lambda query: query)

    async def _that_wrote(self, what: str, ids: tuple[str, ...], within: Callable[[Any], Any]) -> frozenset[str]:
        """Return which of the tasks wrote such rows. Reads until nothing new comes: one task's rows may fill a page."""
        found: set[str] = set()
        while rest := tuple(name for name in ids if name not in found):

            def build(c: Any, rest: tuple[str, ...] = rest) -> Any:
                query = within(c.table(LOGS).select("task_id").in_("task_id", rest))
                return query.not_.like("execution_step", ALL_OURS).limit(1000)

            new = {str(row["task_id"]) for row in each(await self._calls.rows(what, build), "task_id")}
            if not new:
                break
            if not new <= set(rest):
                raise Failed(garbage("log rows of tasks that were not asked about"))
            found |= new
        return frozenset(found)

    async def old_logs(self, before: datetime, audit_before: datetime, kept_run: str, limit: int) -> tuple[str, ...]:
        """Return ids of the oldest log rows before `before` that may go; in the audit trail before `audit_before`.

        Excludes leases, the run `kept_run`, and tasks that still run: the newest row of one may be the only proof that
        it is alive, or silent.
        """
        column = self.schema.log_time
        kept = await self._tasks_running_since(before)

        def build(c: Any) -> Any:
            return (
                _outdated(c.table(LOGS).select("id"), column, before, audit_before, kept_run, kept)
                .order(column)
                .limit(limit)
            )

        return tuple(row_id(row) for row in await self._calls.rows("read old logs", build))

    async def count_old_logs(self, before: datetime, audit_before: datetime, kept_run: str) -> int:
        """Return how many log rows before `before` may go, of the audit trail those before `audit_before`; exactly."""
        column = self.schema.log_time
        kept = await self._tasks_running_since(before)

        def build(c: Any) -> Any:
            return _outdated(
                c.table(LOGS).select("id", count="exact"), column, before, audit_before, kept_run, kept
            ).limit(1)

        return await self._calls.count("count old logs", build)

    async def _tasks_running_since(self, before: datetime) -> tuple[str, ...] | None:
        """Return running tasks old enough to have log rows from before `before`; `None` if they are too many."""
        stamp = before.isoformat().replace("+00:00", "Z")

        def build(c: Any) -> Any:
            query = c.table(TASKS).select("id").eq("status", "in_progress")
            return query.or_(f"created_at.is.null,created_at.lt.{stamp},started_at.lt.{stamp}").limit(_MOST_KEPT + 1)

        ids = tuple(row_id(row) for row in await self._calls.rows("read tasks that still run", build))
        return ids if len(ids) <= _MOST_KEPT else None

    async def logs_among(self, ids: tuple[str, ...]) -> tuple[str, ...]:
        """Return which of up to 100 log rows exist: the read-back of a deletion whose answer was lost."""
        rows = await self._calls.rows("read back logs", lambda c: c.table(LOGS).select("id").in_("id", list(ids)))
        return tuple(map(row_id, rows))

    async def last_lift_at(self, now: datetime | None = None) -> datetime | None:
        """Return when a stop or dry-run was last lifted, by our audit rows; `None` where it never was.

        A row stamped later than five minutes from `now` does not count.
        """
        column = self.schema.log_time

        def build(c: Any) -> Any:
            query = c.table(LOGS).select(column).eq("execution_step", AUDIT).eq("step_status", "completed")
            query = query.in_("input_data->>order", ["lift", "dry_run_off"])
            return query.gte(column, FIRST).lte(column, until(now)).order(column, desc=True).limit(1)

        return moment_of_only(await self._calls.rows("read last lift", build), column)

    async def audited(self, run: str) -> AuditedAction | None:
        """Return the audit trail of one run; `None` if no row of it is visible."""
        column = self.schema.log_time

        def build(c: Any) -> Any:
            query = c.table(LOGS).select("*").eq("execution_step", AUDIT).eq("input_data->>run", run)
            return query.order(column).limit(10)

        return audited_of(await self._calls.rows("read audit", build), column)

    async def orders_ended(self, since: datetime, orders: tuple[str, ...]) -> tuple[EndedAction, ...]:
        """Return the `orders` that ended since `since`, by their closing rows, newest first; without their rows."""
        column = self.schema.log_time

        def build(c: Any) -> Any:
            query = c.table(LOGS).select(f"step_status,{column},{ENDED}").eq("execution_step", AUDIT)
            query = query.in_("step_status", ["completed", "failed"]).in_("input_data->>order", list(orders))
            return _past(query, column, since).order(column, desc=True).limit(PAGE)

        rows = await self._calls.rows("read ended orders", build)
        return tuple(order for row in rows if (order := ended_of(row, column)) is not None)

    async def ids_of_orders(self, runs: tuple[str, ...]) -> dict[str, frozenset[str]]:
        """Return which tasks each of up to 100 runs changed, as far as its closing audit row names them."""

        def build(c: Any) -> Any:
            query = c.table(LOGS).select("run:input_data->>run,output_data").eq("execution_step", AUDIT)
            query = query.in_("input_data->>run", list(runs)).in_("step_status", ["completed", "failed"])
            return query.limit(len(runs))

        rows = await self._calls.rows("read orders' tasks", build)
        return {str(row["run"]): frozenset(ids_of(row["output_data"])) for row in each(rows, "run", "output_data")}

    async def given_back(self, since: datetime) -> frozenset[str]:
        """Return ids of tasks that an undo requeued since `since`, as far as its audit rows name them."""
        column = self.schema.log_time

        def build(c: Any) -> Any:
            query = c.table(LOGS).select("output_data").eq("execution_step", AUDIT)
            query = _past(query.eq("input_data->>order", "undo"), column, since)
            return query.not_.is_("output_data", "null").order(column, desc=True).limit(PAGE)

        rows = await self._calls.rows("read undone tasks", build)
        return frozenset(name for row in each(rows, "output_data") for name in ids_of(row["output_data"]))

    async def healed_ids(self, since: datetime, limit: int = 1000) -> tuple[str, ...]:
        """Return ids of tasks that heals since `since` failed, newest heal first, as far as audit rows name them."""
        column = self.schema.log_time

        def build(c: Any) -> Any:
            query = c.table(LOGS).select("output_data").eq("execution_step", AUDIT)
            query = _past(query.eq("input_data->>order", "heal"), column, since)
            return query.not_.is_("output_data", "null").order(column, desc=True).limit(100)

        rows = await self._calls.rows("read healed tasks", build)
        names = (name for row in each(rows, "output_data") for name in ids_of(row["output_data"]))
        return tuple(dict.fromkeys(names))[:limit]

    async def stop_trail(self, limit: int = 60) -> StopTrail:
        """Return the newest stops that this product ordered, and when stops were lifted."""
        column = self.schema.log_time

        def build(c: Any) -> Any:
            query = c.table(LOGS).select(f"step_status,{column},{STOP_FIELDS}").eq("execution_step", AUDIT)
            query = query.in_("input_data->>order", ["emergency_stop", "lift"]).neq("step_status", "skipped")
            query = query.gte(column, FIRST).lte(column, until(None))
            return query.order(column, desc=True).limit(limit)

        return stop_trail_of(await self._calls.rows("read stops' audit", build), column)

    async def log_time(self, name: str) -> datetime | None:
        """Return when one row was written, by the database's clock; `None` where it is not visible to us."""
        column = self.schema.log_time
        rows = await self._calls.rows(
            "read a row's time", lambda c: c.table(LOGS).select(column).eq("id", name).limit(1)
        )
        return moment_of_only(rows, column)

    async def unfinished(self, order: str, since: datetime) -> tuple[BegunRun, ...]:
        """Return the runs of an action begun since `since` whose audit has no closing row, newest first."""
        column = self.schema.log_time

        def build(c: Any) -> Any:
            query = c.table(LOGS).select(f"step_status,{column},{BEGUN_FIELDS}").eq("execution_step", AUDIT)
            query = _past(query.eq("input_data->>order", order), column, since)
            return query.order(column, desc=True).limit(100)

        return begun_runs_of(await self._calls.rows("read unfinished audit", build), column)

    async def watchdog_logs(self, *, healing: bool, since: datetime | None, limit: int) -> tuple[LogEntry, ...]:
        """Return the watchdog's rows, newest first, up to `limit`, page by page; `healing`: only those of actions."""
        column = self.schema.log_time

        def only(query: Any) -> Any:
            step = "execution_step"
            query = query.eq(step, AUDIT) if healing else query.like(step, ALL_OURS)
            return query if since is None else query.gte(column, since.isoformat())

        found = await self._newest("read watchdog's logs", only, limit)
        if not found:
            await self._calls.must_show(LOGS)
        return found

    async def told_between(self, since: datetime, until: datetime, limit: int) -> tuple[LogEntry, ...]:
        """Return the rows of watchdogs and actions in a period, newest first, except those of checks."""
        column = self.schema.log_time

        def only(query: Any) -> Any:
            query = query.gte(column, since.isoformat()).lt(column, until.isoformat())
            return query.like("execution_step", ALL_OURS).neq("execution_step", HEALTH_CHECK)

        return await self._newest("read what happened", only, limit)

    async def failed_between(self, since: datetime, until: datetime, limit: int) -> tuple[LogEntry, ...]:
        """Return the agents' failed steps in a period, newest first. A query of its own, so they displace no action."""
        column = self.schema.log_time

        def only(query: Any) -> Any:
            query = query.gte(column, since.isoformat()).lt(column, until.isoformat())
            return query.eq("step_status", "failed").not_.like("execution_step", ALL_OURS)

        return await self._newest("read failed steps", only, limit)

    async def _newest(self, what: str, only: Callable[[Any], Any], limit: int) -> tuple[LogEntry, ...]:
        """Return the newest rows, up to `limit`, until a page is empty: a server may return fewer than asked for."""
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
        return tuple(map(self._entry, found))

    async def heal_durations(self, since: datetime, limit: int = 1000) -> tuple[int, ...]:
        """Return the durations of the newest completed heals since `since`, milliseconds."""
        column = self.schema.log_time

        def build(c: Any) -> Any:
            query = c.table(LOGS).select("duration_ms").eq("execution_step", AUDIT)
            query = query.eq("step_status", "completed").eq("input_data->>order", "heal")
            query = _past(query, column, since).not_.is_("duration_ms", "null")
            return query.order(column, desc=True).limit(limit)

        rows = await self._calls.rows("read heal durations", build)
        durations = (Columns(row, "duration_ms").milliseconds("duration_ms") for row in rows)
        return tuple(took for took in durations if took is not None)

    async def alert_rows(
        self, since: datetime, orders: tuple[str, ...], limit: int = PAGE
    ) -> tuple[dict[str, Any], ...]:
        """Return the monitors' rows of alerts since `since`, and of `orders` about them, newest first, as written."""
        column = self.schema.log_time

        def build(c: Any) -> Any:
            query = _past(c.table(LOGS).select("input_data"), column, since)
            query = query.or_(
                f"execution_step.like.{ALERTS}*,and(execution_step.eq.{AUDIT},"
                f"input_data->>order.in.({','.join(orders)}))"
            )
            return query.order(column, desc=True).limit(limit)

        return tuple(map(told_of, each(await self._calls.rows("read alert rows", build), "input_data")))

    async def newest_health_at(self, since: datetime, now: datetime | None = None) -> datetime | None:
        """Return when a monitor last wrote a row of a scheduled check; `None` if none has since `since`.

        A row stamped later than five minutes from `now` does not count.
        """
        column = self.schema.log_time

        def build(c: Any) -> Any:
            query = c.table(LOGS).select(column).eq("execution_step", HEALTH_CHECK)
            query = query.gte(column, stamp(since)).lte(column, until(now))
            return query.order(column, desc=True).limit(1)

        return moment_of_only(await self._calls.rows("read newest health row", build), column)

    async def lease(self, lease_id: str) -> LeaseRow | SpoiltLease | None:
        """Return the lease's row, as spoilt where it cannot be parsed; `None` when it is gone, which means free."""
        column = self.schema.log_time

        def build(c: Any) -> Any:
            return c.table(LOGS).select(f"id,execution_step,input_data,{column}").eq("id", lease_id).limit(1)

        rows = await self._calls.rows("read lease", build)
        return lease_of(rows[0], column) if rows else None

    def _entry(self, row: Row) -> LogEntry:
        return self._calls.oddities.see("log row", log_of(row, self.schema.log_time))


def _past(query: Any, column: str, since: datetime) -> Any:
    """Return the query for rows written since `since`, but not later than now by the database's clock."""
    return query.gte(column, stamp(since)).lte(column, until(None))


def _outdated(
    query: Any,
    column: str,
    before: datetime,
    audit_before: datetime,
    kept_run: str,
    kept_tasks: tuple[str, ...] | None,
) -> Any:
    query = query.gte(column, FIRST).lt(column, stamp(before)).neq("execution_step", LEASE)
    if audit_before < before:
        query = query.or_(f"execution_step.neq.{AUDIT},{column}.lt.{stamp(audit_before)}")
    if kept_tasks is None:
        query = query.is_("task_id", "null")
    elif kept_tasks:
        query = query.or_(f"task_id.is.null,task_id.not.in.({','.join(kept_tasks)})")
    if kept_run:
        query = query.or_(f"input_data->>run.is.null,input_data->>run.neq.{kept_run}")
    return query
