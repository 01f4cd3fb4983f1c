"""Reads of the audit trail: stops, resumes, heals, the actions that ended, and those that never did."""

from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from core.backend.columns import Columns, each, moment, moment_of_only, row_id
from core.backend.conditions import past
from core.backend.log_rows import CHANGED_IDS, ENDED, audited_of, audited_selection, ended_of, ids_of
from core.backend.reads.audit_rows import BEGUN_FIELDS, STOP_FIELDS, begun_runs_of, set_columns_of, stop_trail_of
from core.backend.reads.read import PAGE, Subject, hundreds, read
from core.backend.schema import LOGS, TASKS
from core.backend.timestamps import FIRST, until
from core.domain.log_steps import AUDIT
from core.domain.records import AuditedAction, BegunRun, EndedAction, SetColumn
from core.domain.stops import StopTrail

_LONGEST_RUN: Final = timedelta(hours=1)
"""The longest that a run which was broken off may have gone on."""


class TasksOfRun(msgspec.Struct, frozen=True, kw_only=True):
    """The tasks that a run was about, and the time in which it changed them, by the database's clock."""

    ids: frozenset[str]
    since: datetime
    until: datetime


class AuditReads(Subject):
    """Typed reads of one project's audit trail."""

    @read("db:fetch_audit")
    async def of_run(self, run: str) -> AuditedAction | None:
        """Return the audit trail of one run; `None` if no row of it is visible."""
        column = self._schema.log_time

        def build(query: Any) -> Any:
            return query.eq("execution_step", AUDIT).eq("input_data->>run", run).order(column).limit(10)

        return audited_of(await self._calls.selected("read audit", audited_selection(column), build), column)

    @read("db:read_audit_time")
    async def row_time(self, name: str) -> datetime | None:
        """Return when one row was written, by the database's clock; `None` where it is not visible to us."""
        column = self._schema.log_time
        rows = await self._calls.rows(
            "read a row's time", lambda c: c.table(LOGS).select(column).eq("id", name).limit(1)
        )
        return moment_of_only(rows, column)

    @read("db:fetch_unfinished")
    async def unfinished(self, order: str, since: datetime) -> tuple[BegunRun, ...]:
        """Return the runs of an action begun since `since` whose audit has no closing row, newest first."""
        column = self._schema.log_time

        def build(c: Any) -> Any:
            query = c.table(LOGS).select(f"step_status,{column},{BEGUN_FIELDS}").eq("execution_step", AUDIT)
            query = past(query.eq("input_data->>order", order), column, since)
            return query.order(column, desc=True).limit(100)

        return begun_runs_of(await self._calls.rows("read unfinished audit", build), column)

    @read("db:fetch_ended_orders")
    async def ended(self, since: datetime, orders: tuple[str, ...]) -> tuple[EndedAction, ...]:
        """Return the `orders` that ended since `since`, by their closing rows, newest first; without their rows."""
        column = self._schema.log_time

        def build(c: Any) -> Any:
            query = c.table(LOGS).select(f"step_status,{column},{ENDED}").eq("execution_step", AUDIT)
            query = query.in_("step_status", ["completed", "failed"]).in_("input_data->>order", list(orders))
            return past(query, column, since).order(column, desc=True).limit(PAGE)

        rows = await self._calls.rows("read ended orders", build)
        return tuple(order for row in rows if (order := ended_of(row, column)) is not None)

    @read("db:fetch_orders_tasks")
    async def tasks_of(self, runs: tuple[str, ...]) -> dict[str, frozenset[str]]:
        """Return which tasks each of up to 100 runs changed, as far as its closing audit row names them."""

        def build(c: Any) -> Any:
            query = c.table(LOGS).select(f"run:input_data->>run,{CHANGED_IDS}").eq("execution_step", AUDIT)
            query = query.in_("input_data->>run", list(runs)).in_("step_status", ["completed", "failed"])
            return query.limit(len(runs))

        rows = await self._calls.rows("read orders' tasks", build)
        return {str(row["run"]): frozenset(ids_of(row["ids"])) for row in each(rows, "run", "ids")}

    @read("db:fetch_run_audit")
    async def chosen_by_run(self, run: str) -> TasksOfRun | None:
        """Return the tasks that one run was about, and when it ran; `None` if no row of it is visible."""
        column = self._schema.log_time

        def build(c: Any) -> Any:
            query = c.table(LOGS).select(
                f"step_status,{column},ids:input_data->plan->ids,{CHANGED_IDS.replace('ids:', 'changed:', 1)}"
            )
            return query.eq("execution_step", AUDIT).eq("input_data->>run", run).order(column).limit(10)

        rows = each(await self._calls.rows("read a run's audit", build), "step_status", column, "ids", "changed")
        times = [at for row in rows if (at := moment(row[column])) is not None]
        if not times:
            return None
        ids = frozenset(name for row in rows for name in (*ids_of(row["ids"]), *ids_of(row["changed"])))
        over = any(row["step_status"] in {"completed", "failed"} for row in rows)
        return TasksOfRun(ids=ids, since=min(times), until=max(times) if over else min(times) + _LONGEST_RUN)

    async def set_by_run(self, run: str, column: str) -> tuple[SetColumn, ...]:
        """Return what one run set in a column of tasks: each value it had before, with the tasks that had it."""
        plan = await self.plan_of(run)
        return set_columns_of(plan) if plan.get("column") == column else ()

    @read("db:fetch_set_audit")
    async def plan_of(self, run: str) -> dict[str, Any]:
        """Return what one run set out to do, as its opening audit row has it; nothing where none is visible."""

        def build(c: Any) -> Any:
            query = c.table(LOGS).select("plan:input_data->plan").eq("execution_step", AUDIT)
            return query.eq("input_data->>run", run).eq("step_status", "started").limit(1)

        plans = [row["plan"] for row in each(await self._calls.rows("read what a run set", build), "plan")]
        return next((plan for plan in plans if isinstance(plan, dict)), {})

    @read("db:fetch_stop_audit")
    async def stop_trail(self, limit: int = 60) -> StopTrail:
        """Return the newest stops that this product ordered, and when stops were lifted."""
        column = self._schema.log_time

        def build(c: Any) -> Any:
            query = c.table(LOGS).select(f"step_status,{column},{STOP_FIELDS}").eq("execution_step", AUDIT)
            query = query.in_("input_data->>order", ["emergency_stop", "lift"]).neq("step_status", "skipped")
            query = query.gte(column, FIRST).lte(column, until(None))
            return query.order(column, desc=True).limit(limit)

        return stop_trail_of(await self._calls.rows("read stops' audit", build), column)

    @read("db:fetch_last_lift")
    async def last_resume_at(self, now: datetime | None = None) -> datetime | None:
        """Return when a stop or dry-run was last lifted, by our audit rows; `None` where it never was.

        A row stamped later than five minutes from `now` does not count.
        """
        column = self._schema.log_time

        def build(c: Any) -> Any:
            query = c.table(LOGS).select(column).eq("execution_step", AUDIT).eq("step_status", "completed")
            query = query.in_("input_data->>order", ["lift", "dry_run_off"])
            return query.gte(column, FIRST).lte(column, until(now)).order(column, desc=True).limit(1)

        return moment_of_only(await self._calls.rows("read last lift", build), column)

    @read("db:fetch_heal_durations")
    async def heal_durations(self, since: datetime, limit: int = 1000) -> tuple[int, ...]:
        """Return the durations of the newest completed heals since `since`, milliseconds."""
        column = self._schema.log_time

        def build(c: Any) -> Any:
            query = c.table(LOGS).select("duration_ms").eq("execution_step", AUDIT)
            query = query.eq("step_status", "completed").eq("input_data->>order", "heal")
            query = past(query, column, since).not_.is_("duration_ms", "null")
            return query.order(column, desc=True).limit(limit)

        rows = await self._calls.rows("read heal durations", build)
        durations = (Columns(row, "duration_ms").milliseconds("duration_ms") for row in rows)
        return tuple(took for took in durations if took is not None)

    async def false_rescues(self, since: datetime) -> int:
        """Return how many tasks failed by heals since `since` are completed all the same, without a requeue."""
        healed = await self.healed_ids(since)
        undone = await self.given_back(since) if healed else frozenset()
        ids = tuple(name for name in healed if name not in undone)
        return sum([len(await self.completed_among(part)) for part in hundreds(ids)])

    @read("db:fetch_healed_ids")
    async def healed_ids(self, since: datetime) -> tuple[str, ...]:
        """Return ids of tasks that heals since `since` failed, newest heal first, as far as audit rows name them."""
        return tuple(dict.fromkeys(await self._changed_by("read healed tasks", "heal", since, 100)))[:1000]

    @read("db:fetch_given_back")
    async def given_back(self, since: datetime) -> frozenset[str]:
        """Return ids of tasks that an undo requeued since `since`, as far as its audit rows name them."""
        return frozenset(await self._changed_by("read undone tasks", "undo", since, PAGE))

    @read("db:fetch_rescued")
    async def completed_among(self, ids: tuple[str, ...]) -> tuple[str, ...]:
        """Return which of up to 100 tasks are completed."""

        def build(c: Any) -> Any:
            return c.table(TASKS).select("id").in_("id", list(ids)).eq("status", "completed")

        return tuple(map(row_id, await self._calls.rows("read rescued tasks", build)))

    async def _changed_by(self, what: str, action: str, since: datetime, limit: int) -> list[str]:
        """Return ids of tasks that the newest `limit` of such actions changed."""
        column = self._schema.log_time

        def build(c: Any) -> Any:
            query = c.table(LOGS).select(CHANGED_IDS).eq("execution_step", AUDIT)
            query = past(query.eq("input_data->>order", action), column, since)
            return query.not_.is_("output_data", "null").order(column, desc=True).limit(limit)

        rows = await self._calls.rows(what, build)
        return [name for row in each(rows, "ids") for name in ids_of(row["ids"])]
