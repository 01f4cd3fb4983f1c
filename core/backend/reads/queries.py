"""Every read, typed: of config and tasks here, of the log and of lists in `logs` and `lists`. Nothing else reads."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from core.backend.conditions import marked, quoted
from core.backend.faults import Failed, Trace, garbage
from core.backend.reads.lists import ListQueries
from core.backend.reads.logs import PAGE
from core.backend.rows import config_of, each, merged, moment, moment_of_only, of_only, row_id, whole
from core.backend.schema import CONFIG, CONFIG_RPC, POLL_FUNCTION, STATISTICS_RPC, TASKS
from core.backend.timestamps import FIRST, stamp, until
from core.base.text import clean
from core.domain.actors import By
from core.domain.markers import OUR_MARK, STUCK, Markers
from core.domain.records import NO_STATUS, Simulated, SuccessRate, SystemConfig, Task
from core.resilience.fault import Evidence

T = TypeVar("T")

SHARED: Final = frozenset(
    {"db:fetch_system_config", "db:count_open_tasks", "db:count_finished_tasks", "db:fetch_tasks"}
    | {"db:fetch_execution_logs", "db:fetch_success_rate", "db:fetch_last_completed"}
)
"""Operations whose identical reads may share one request while they overlap. Checks, plans and read-backs never do."""

MOST_CONFIGS: Final = 20
"""The most config rows that are read; there should be one."""

MOST_OTHERS: Final = 10
"""The most unknown statuses that are counted by name."""


class Queries(ListQueries):
    """Typed reads of one project. All raise Failed and nothing else."""

    async def config(self) -> SystemConfig | None:
        """Return the config row, or several of them merged.

        `None` when none is visible to us, which is not proof that there is none.
        """
        rows = await self._calls.rows(
            "read config", lambda c: c.table(CONFIG).select("*").order("id").limit(MOST_CONFIGS)
        )
        return merged(tuple(self._calls.oddities.see("config row", config_of(row)) for row in rows))

    async def visible_config(self) -> SystemConfig | None:
        """Return the same, `None` only where that is proven. Raises Failed where the row may be hidden from us."""
        config = await self.config()
        if config is None and not await self._is_absent():
            await self._calls.must_show(CONFIG)
        return config

    async def _is_absent(self) -> bool:
        try:
            return await self.config_absent()
        except Failed as failed:
            if failed.fault.evidence is not Evidence.ALIVE:
                raise
            return False

    async def config_absent(self) -> bool:
        """Return whether the project's own function, which bypasses row level security, finds no config row either."""
        try:
            answer = await self._calls.query("ask for config", lambda c: c.rpc(CONFIG_RPC, {}))
        except Failed as failed:
            if failed.fault.code == "P0001":  # it raises where there is no row
                return True
            raise
        found = answer.data[0] if isinstance(answer.data, list) and answer.data else answer.data
        if found is None or found == []:
            return True
        if not isinstance(found, dict):
            raise Failed(garbage("a config row was asked for, something else came"))
        return of_only([found], "id") is None  # an older one answers a composite of nulls

    async def ping(self, timeout_s: float, trace: Trace) -> None:
        """Ask the lightest question that the database itself must answer, within `timeout_s` seconds."""

        def build(c: Any) -> Any:
            return c.table(TASKS).select("id").limit(1)

        each(await self._calls.rows("ask the database", build, timeout_s=timeout_s, trace=trace), "id")

    async def count(self, status: str) -> int:
        """Return how many tasks are in one status, exactly."""
        return await self._calls.count(
            f"count {status}", lambda c: c.table(TASKS).select("id", count="exact").eq("status", status).limit(1)
        )

    async def counts(self, statuses: tuple[str, ...], known: tuple[str, ...] = ()) -> dict[str, int]:
        """Return how many tasks are in each of `statuses`, exactly, and in each that is in neither of them nor `known`.

        Those without a status are counted as `NO_STATUS`. One query where the project has our function for it.
        """
        if not self.schema.statistics:
            counted = await self._count_each(statuses) | await self._count_others((*statuses, *known))
            return await self._proven(counted, empty=not any(counted.values()))
        rows = await self._calls.rows("count by status", lambda c: c.rpc(STATISTICS_RPC, {}))
        found = _by_status((row["status"], row["tasks"]) for row in each(rows, "status", "tasks"))
        counted = dict.fromkeys(statuses, 0) | {name: tasks for name, tasks in found.items() if name not in known}
        return await self._proven(counted, empty=not any(found.values()))

    async def count_each(self, statuses: tuple[str, ...]) -> dict[str, int]:
        """Return how many tasks are in each of `statuses`, one query each: right for statuses with few tasks."""
        counted = await self._count_each(statuses)
        return await self._proven(counted, empty=not any(counted.values()))

    async def _count_each(self, statuses: tuple[str, ...]) -> dict[str, int]:
        counted = await asyncio.gather(*map(self.count, statuses))
        return dict(zip(statuses, counted, strict=True))

    async def _proven(self, value: T, *, empty: bool) -> T:
        """Return what was read of the tasks. Raises Failed where it is empty and that proves nothing."""
        if empty:
            await self._calls.must_show(TASKS)
        return value

    async def _count_others(self, known: tuple[str, ...]) -> dict[str, int]:
        """Return how many tasks are in each status not in `known`, the null one among them: usually none."""
        found: dict[object, int] = {}
        while True:
            excluded = ",".join(quoted(str(name)) for name in (*known, *(one for one in found if one is not None)))
            others = f"status.not.in.({excluded})" + ("" if None in found else ",status.is.null")

            def build(c: Any, others: str = others) -> Any:
                return c.table(TASKS).select("status").or_(others).limit(1)

            rows = each(await self._calls.rows("look for other statuses", build), "status")
            name = rows[0]["status"] if rows else None
            if not rows or name in found or name in known:
                return _by_status(found.items())
            if len(found) == MOST_OTHERS or len(str(name)) > _NAME_CHARS:  # no address would hold it
                return _by_status((*found.items(), ("other", await self._count_where(others))))
            found[name] = await self._count_where(
                "status.is.null" if name is None else f"status.eq.{quoted(str(name))}"
            )

    async def _count_where(self, condition: str) -> int:
        def build(c: Any) -> Any:
            return c.table(TASKS).select("id", count="exact").or_(condition).limit(1)

        return await self._calls.count("count other statuses", build)

    async def count_started(self, since: datetime, now: datetime) -> int:
        """Return how many tasks were started since `since`, exactly; starts in the future are left out."""

        def build(c: Any) -> Any:
            query = c.table(TASKS).select("id", count="exact").gte("started_at", stamp(since))
            return query.lte("started_at", until(now)).limit(1)

        return await self._calls.count("count started", build)

    async def newest_tasks(self, limit: int) -> tuple[Task, ...]:
        """Return the tasks created last, newest first."""

        def build(c: Any) -> Any:
            return c.table(TASKS).select("*").order("created_at", desc=True).order("id", desc=True).limit(limit)

        found = tuple(map(self._task, await self._calls.rows("read newest tasks", build)))
        return await self._proven(found, empty=not found)

    async def running_tasks(self) -> tuple[Task, ...]:
        """Return every task in progress, longest running first. Reads until a page is empty: an API may cap pages."""
        found: dict[str, Task] = {}
        after = ""
        while True:

            def build(c: Any, after: str = after) -> Any:
                query = c.table(TASKS).select("*").eq("status", "in_progress")
                return (query.gt("id", after) if after else query).order("id").limit(PAGE)

            page = tuple(map(self._task, await self._calls.rows("read running tasks", build)))
            if not page:
                return await self._proven(tuple(sorted(found.values(), key=_began)), empty=not found)
            if page[-1].id in found:
                raise Failed(garbage("a page that was there already"))
            found |= {task.id: task for task in page}
            after = page[-1].id

    async def marked_among(self, ids: tuple[str, ...], status: str, marks: Markers) -> tuple[str, ...]:
        """Return which of up to 100 `ids` are in `status` with one of `marks`: the read-back of a write."""
        error = self.schema.error_column

        def build(c: Any) -> Any:
            return marked(c.table(TASKS).select("id").in_("id", list(ids)).eq("status", status), marks, error)

        return tuple(row_id(row) for row in await self._calls.rows("read back tasks", build))

    async def oldest_pending_at(self, now: datetime) -> datetime | None:
        """Return when the oldest pending task was created; one from the future does not count."""
        return await self._edge("read oldest pending", "pending", "created_at", now, newest=False)

    async def oldest_in_review_at(self, now: datetime) -> datetime | None:
        """Return when the oldest task in review was created; no column says since when it waits."""
        return await self._edge("read oldest in review", "awaiting_review", "created_at", now, newest=False)

    async def last_completed_at(self, now: datetime) -> datetime | None:
        """Return when a task was last completed; what is stamped later than five minutes from now does not count."""
        return await self._edge("read last completed", "completed", "completed_at", now, newest=True)

    async def last_failed_at(self, now: datetime) -> datetime | None:
        """Return when a task last failed that this product did not fail itself; none of the future, as above."""
        return await self._edge("read last failed", "failed", "completed_at", now, newest=True, without_ours=True)

    async def success_rate(self, since: datetime, now: datetime, *, without_ours: bool = False) -> SuccessRate:
        """Return the completed and failed since `since`: by `completed_at`, or `created_at` where that is null.

        What is stamped later than five minutes from `now` is left out, and what was only simulated. `without_ours`
        leaves out what this product failed itself, as automatic decisions must.
        """
        completed = await self._finished("completed", since, now)
        failed = await self._finished("failed", since, now, without_ours=without_ours)
        rate = SuccessRate(completed=completed, failed=failed, window=now - since)
        return await self._proven(rate, empty=not rate.finished)

    async def simulated(self, since: datetime, now: datetime) -> Simulated:
        """Return the simulated completions since `since`. Raises ValueError where this project does not mark them."""
        telltale = self.schema.telltale
        if not telltale.any:
            raise ValueError("what was only simulated cannot be told here: see `Telltale.any`")

        def build(c: Any) -> Any:
            query = c.table(TASKS).select(telltale.select("id,completed_at,created_at"), count="exact")
            query = telltale.joined(query).eq("status", "completed").or_(_within(since, now)).or_(telltale.simulated())
            return query.order("completed_at", desc=True, nullsfirst=False).limit(1)

        count, rows = await self._calls.counted("count simulated tasks", build)
        each(rows, "completed_at", "created_at")
        times = (moment(row["completed_at"]) or moment(row["created_at"]) for row in rows)
        return await self._proven(Simulated(count, next(times, None)), empty=not count)

    async def count_healed(self, since: datetime) -> int:
        """Return how many stuck tasks a watchdog of ours failed since `since` that are still failed, exactly."""
        error = self.schema.error_column

        def build(c: Any) -> Any:
            query = c.table(TASKS).select("id", count="exact").eq("status", "failed")
            query = query.gte("completed_at", stamp(since)).lte("completed_at", until(None))
            query = query.like(error, f"{STUCK}*: by {By.WATCHDOG}*")
            return query.limit(1)

        return await self._calls.count("count healed tasks", build)

    async def count_unchanged(self, ids: tuple[str, ...], began_before: datetime) -> int:
        """Return how many of up to 100 tasks still run, and began before `began_before`."""
        before = stamp(began_before)

        def build(c: Any) -> Any:
            query = c.table(TASKS).select("id").in_("id", list(ids)).eq("status", "in_progress")
            return query.or_(f"started_at.lt.{before},and(started_at.is.null,created_at.lt.{before})")

        return len(each(await self._calls.rows("read back running tasks", build), "id"))

    async def completed_among(self, ids: tuple[str, ...]) -> tuple[str, ...]:
        """Return which of up to 100 tasks are completed."""

        def build(c: Any) -> Any:
            return c.table(TASKS).select("id").in_("id", list(ids)).eq("status", "completed")

        return tuple(map(row_id, await self._calls.rows("read rescued tasks", build)))

    async def task(self, name: str) -> Task | None:
        """Return one task by its id; `None` when none is visible to us."""
        rows = await self._calls.rows("read task", lambda c: c.table(TASKS).select("*").eq("id", name).limit(1))
        return self._task(rows[0]) if rows else None

    async def count_marked(self, marks: Markers, status: str) -> int:
        """Return how many tasks in `status` carry one of `marks`."""
        error = self.schema.error_column

        def build(c: Any) -> Any:
            query = c.table(TASKS).select("id", count="exact").eq("status", status)
            return marked(query, marks, error).limit(1)

        return await self._calls.count("count marked tasks", build)

    async def marked(self, marks: Markers, status: str, limit: int, after: str = "") -> tuple[str, ...]:
        """Return ids of up to `limit` tasks in `status` that carry one of `marks`, in order, those above `after`."""
        error = self.schema.error_column

        def build(c: Any) -> Any:
            query = marked(c.table(TASKS).select("id").eq("status", status), marks, error)
            return (query.gt("id", after) if after else query).order("id").limit(limit)

        return tuple(row_id(row) for row in await self._calls.rows("read marked tasks", build))

    async def ids_in(self, status: str, limit: int, after: str = "", *, started: bool = False) -> tuple[str, ...]:
        """Return ids of up to `limit` tasks in one status, in order, those above `after`.

        `started`: only those that have a start time.
        """

        def build(c: Any) -> Any:
            query = c.table(TASKS).select("id").eq("status", status)
            query = query.not_.is_("started_at", "null") if started else query
            return (query.gt("id", after) if after else query).order("id").limit(limit)

        return tuple(row_id(row) for row in await self._calls.rows(f"read {status} ids", build))

    async def poll_function_answers(self, timeout_s: float) -> None:
        """Ask the agents' function by OPTIONS whether it is there, so nothing runs. It has `timeout_s` seconds."""
        await self._calls.ask_function(POLL_FUNCTION, timeout_s)

    async def _edge(
        self, operation: str, status: str, column: str, now: datetime, *, newest: bool, without_ours: bool = False
    ) -> datetime | None:
        def build(c: Any) -> Any:
            query = self._done(c, column, status)
            query = query.gte(column, FIRST).lte(column, until(now))
            query = self._not_ours(query) if without_ours else query
            return query.order(column, desc=newest).limit(1)

        found = moment_of_only(await self._calls.rows(operation, build), column)
        return await self._proven(found, empty=found is None)

    async def _finished(self, status: str, since: datetime, now: datetime, *, without_ours: bool = False) -> int:
        def build(c: Any) -> Any:
            query = self._done(c, "id", status, count="exact").or_(_within(since, now))
            return (self._not_ours(query) if without_ours else query).limit(1)

        return await self._calls.count(f"count finished {status}", build)

    def _done(self, c: Any, columns: str, status: str, **how: Any) -> Any:
        """Return the query for tasks in one status; simulated completions are left out."""
        if status != "completed":
            return c.table(TASKS).select(columns, **how).eq("status", status)
        telltale = self.schema.telltale
        return telltale.left_out(c.table(TASKS).select(telltale.select(columns), **how).eq("status", status))

    def _not_ours(self, query: Any) -> Any:
        error = self.schema.error_column
        return query.or_(f"{error}.is.null,{error}.not.like.{OUR_MARK}*")


def _within(since: datetime, now: datetime) -> str:
    """Return the condition that a task was over: by `completed_at`, or by `created_at` where that is null."""
    over = f"completed_at.gte.{stamp(since)},completed_at.lte.{until(now)}"
    unsaid = f"completed_at.is.null,created_at.gte.{stamp(since)},created_at.lte.{until(now)}"
    return f"and({over}),and({unsaid})"


def _by_status(found: Iterable[tuple[object, object]]) -> dict[str, int]:
    """Return counts by the names under which statuses are shown; two that look alike are added. Raises Failed."""
    counts: dict[str, int] = {}
    for status, tasks in found:
        count = whole(tasks)
        if count is None or count < 0:
            raise Failed(garbage("statistics that are no counts"))
        name = NO_STATUS if status is None else clean(status, _NAME_CHARS) or "empty"
        counts[name] = counts.get(name, 0) + count
    return counts


_NAME_CHARS: Final = 40
_FOREVER: Final = datetime.max.replace(tzinfo=UTC)


def _began(task: Task) -> datetime:
    return task.began_at or _FOREVER
