"""Reads of the execution log: the newest rows, those of the watchdog, the lease, rows past retention."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from core.backend.columns import Row, moment_of_only, row_id
from core.backend.conditions import Place, not_before, past
from core.backend.log_rows import log_of, log_selection, watchdog_entry_of, watchdog_selection
from core.backend.reads.read import PAGE, Subject, read
from core.backend.rows import alert_row_of, alert_selection, lease_of
from core.backend.schema import LOGS, TASKS
from core.backend.selection import Selection
from core.backend.timestamps import FIRST, stamp, until
from core.domain.log_steps import ALERTS, ALL_OURS, AUDIT, HEALTH_CHECK, STATES
from core.domain.records import LeaseRow, LogEntry, SpoiltLease, WatchdogEntry

_MOST_KEPT: Final = 100
"""The number of ids that fit into the URL of a request."""


class LogReads(Subject):
    """Typed reads of one project's log."""

    @read("db:fetch_execution_logs")
    async def newest(self, limit: int) -> tuple[LogEntry, ...]:
        """Return the execution log's newest rows, newest first."""
        column = self._schema.log_time

        def build(query: Any) -> Any:
            return query.order(column, desc=True).order("id", desc=True).limit(limit)

        found = tuple(map(self._entry, await self._calls.selected("read newest logs", log_selection(column), build)))
        return await self._proven(LOGS, found, empty=not found)

    @read("db:fetch_execution_logs")
    async def newer(self, since: Place | None, known: tuple[str, ...], limit: int) -> tuple[LogEntry, ...]:
        """Return the rows at `since` or above it in the order of `newest`, but for those whose ids are `known`."""
        column = self._schema.log_time

        def build(query: Any) -> Any:
            query = query if since is None else query.or_(not_before(since, column))
            query = query.not_.in_("id", known) if known else query
            return query.order(column, desc=True).order("id", desc=True).limit(limit)

        return tuple(map(self._entry, await self._calls.selected("read newer logs", log_selection(column), build)))

    @read("db:fetch_watchdog_logs")
    async def by_watchdog(self, *, healing: bool, since: datetime | None, limit: int) -> tuple[WatchdogEntry, ...]:
        """Return the watchdog's rows, newest first, up to `limit`, page by page; `healing`: only those of actions."""
        column = self._schema.log_time

        def only(query: Any) -> Any:
            step = "execution_step"
            query = query.eq(step, AUDIT) if healing else query.like(step, ALL_OURS)
            return query if since is None else query.gte(column, since.isoformat())

        rows = await self._newest("read watchdog's logs", watchdog_selection(column), only, limit)
        found = tuple(self._calls.oddities.see("log row", watchdog_entry_of(row, column)) for row in rows)
        return await self._proven(LOGS, found, empty=not found)

    @read("db:fetch_told")
    async def told_between(self, since: datetime, until: datetime, limit: int) -> tuple[LogEntry, ...]:
        """Return the rows of watchdogs and actions in a period, newest first, except those of checks."""
        column = self._schema.log_time

        def only(query: Any) -> Any:
            query = query.gte(column, since.isoformat()).lt(column, until.isoformat())
            return query.like("execution_step", ALL_OURS).neq("execution_step", HEALTH_CHECK)

        rows = await self._newest("read what happened", log_selection(column), only, limit)
        found = tuple(map(self._entry, rows))
        return await self._proven(LOGS, found, empty=not found)

    @read("db:fetch_failed_steps")
    async def failed_between(self, since: datetime, until: datetime, limit: int) -> tuple[LogEntry, ...]:
        """Return the agents' failed steps in a period, newest first. A query of its own, so they displace no action."""
        column = self._schema.log_time

        def only(query: Any) -> Any:
            query = query.gte(column, since.isoformat()).lt(column, until.isoformat())
            return query.eq("step_status", "failed").not_.like("execution_step", ALL_OURS)

        return tuple(map(self._entry, await self._newest("read failed steps", log_selection(column), only, limit)))

    @read("db:fetch_alert_rows")
    async def alert_rows(
        self, since: datetime, orders: tuple[str, ...], limit: int = PAGE
    ) -> tuple[dict[str, Any], ...]:
        """Return the monitors' rows of alerts since `since`, and of `orders` about them, newest first, as written."""
        column = self._schema.log_time

        def build(query: Any) -> Any:
            query = past(query, column, since).or_(
                f"execution_step.like.{ALERTS}*,and(execution_step.eq.{AUDIT},"
                f"input_data->>order.in.({','.join(orders)}))"
            )
            return query.order(column, desc=True).limit(limit)

        return tuple(map(alert_row_of, await self._calls.selected("read alert rows", alert_selection(), build)))

    @read("db:fetch_newest_health")
    async def newest_health_at(self, since: datetime, now: datetime | None = None) -> datetime | None:
        """Return when a monitor last wrote a row of a scheduled check; `None` if none has since `since`.

        A row stamped later than five minutes from `now` does not count.
        """
        column = self._schema.log_time

        def build(c: Any) -> Any:
            query = c.table(LOGS).select(column).eq("execution_step", HEALTH_CHECK)
            query = query.gte(column, stamp(since)).lte(column, until(now))
            return query.order(column, desc=True).limit(1)

        return moment_of_only(await self._calls.rows("read newest health row", build), column)

    @read("db:read_lease")
    async def lease(self, lease_id: str) -> LeaseRow | SpoiltLease | None:
        """Return the lease's row, as spoilt where it cannot be parsed; `None` when it is gone, which means free."""
        column = self._schema.log_time

        def build(c: Any) -> Any:
            return c.table(LOGS).select(f"id,execution_step,input_data,{column}").eq("id", lease_id).limit(1)

        rows = await self._calls.rows("read lease", build)
        return lease_of(rows[0], column) if rows else None

    @read("db:fetch_old_logs")
    async def old(self, before: datetime, audit_before: datetime, kept_run: str, limit: int) -> tuple[str, ...]:
        """Return ids of the oldest log rows before `before` that may go; in the audit trail before `audit_before`.

        Excludes leases, the run `kept_run`, and tasks that still run: the newest row of one may be the only proof that
        it is alive, or silent.
        """
        column = self._schema.log_time
        kept = await self._tasks_running_since(before)

        def build(c: Any) -> Any:
            return (
                _outdated(c.table(LOGS).select("id"), column, before, audit_before, kept_run, kept)
                .order(column)
                .limit(limit)
            )

        return tuple(row_id(row) for row in await self._calls.rows("read old logs", build))

    @read("db:count_old_logs")
    async def count_old(self, before: datetime, audit_before: datetime, kept_run: str) -> int:
        """Return how many log rows before `before` may go, of the audit trail those before `audit_before`; exactly."""
        column = self._schema.log_time
        kept = await self._tasks_running_since(before)

        def build(c: Any) -> Any:
            return _outdated(
                c.table(LOGS).select("id", count="exact"), column, before, audit_before, kept_run, kept
            ).limit(1)

        return await self._calls.count("count old logs", build)

    @read("db:read_back_logs")
    async def among(self, ids: tuple[str, ...]) -> tuple[str, ...]:
        """Return which of up to 100 log rows exist: the read-back of a deletion whose answer was lost."""
        rows = await self._calls.rows("read back logs", lambda c: c.table(LOGS).select("id").in_("id", list(ids)))
        return tuple(map(row_id, rows))

    async def _tasks_running_since(self, before: datetime) -> tuple[str, ...] | None:
        """Return running tasks old enough to have log rows from before `before`; `None` if they are too many."""
        stamp = before.isoformat().replace("+00:00", "Z")

        def build(c: Any) -> Any:
            query = c.table(TASKS).select("id").eq("status", "in_progress")
            return query.or_(f"created_at.is.null,created_at.lt.{stamp},started_at.lt.{stamp}").limit(_MOST_KEPT + 1)

        ids = tuple(row_id(row) for row in await self._calls.rows("read tasks that still run", build))
        return ids if len(ids) <= _MOST_KEPT else None

    async def _newest(self, what: str, selection: Selection, only: Callable[[Any], Any], limit: int) -> list[Row]:
        """Return the newest rows, up to `limit`, until a page is empty: a server may return fewer than asked for."""
        column, found = self._schema.log_time, list[Row]()
        while len(found) < limit:
            start = len(found)

            def build(query: Any, start: int = start) -> Any:
                ordered = only(query).order(column, desc=True).order("id", desc=True)
                return ordered.range(start, min(start + PAGE, limit) - 1)

            page = await self._calls.selected(what, selection, build)
            if not page:
                break
            found += page
        return found

    def _entry(self, row: Row) -> LogEntry:
        return self._calls.oddities.see("log row", log_of(row, self._schema.log_time))


def _outdated(
    query: Any,
    column: str,
    before: datetime,
    audit_before: datetime,
    kept_run: str,
    kept_tasks: tuple[str, ...] | None,
) -> Any:
    query = query.gte(column, FIRST).lt(column, stamp(before)).not_.in_("execution_step", list(STATES))
    if audit_before < before:
        query = query.or_(f"execution_step.neq.{AUDIT},{column}.lt.{stamp(audit_before)}")
    if kept_tasks is None:
        query = query.is_("task_id", "null")
    elif kept_tasks:
        query = query.or_(f"task_id.is.null,task_id.not.in.({','.join(kept_tasks)})")
    if kept_run:
        query = query.or_(f"input_data->>run.is.null,input_data->>run.neq.{kept_run}")
    return query
