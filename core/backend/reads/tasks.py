"""Reads of tasks: how many, the newest, those that run and whether they are alive, how long others wait."""

import asyncio
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from core.backend.columns import Row, each, moment_of_only, whole
from core.backend.conditions import quoted
from core.backend.faults import Failed, garbage
from core.backend.reads.read import PAGE, Read, Subject, hundreds, read
from core.backend.rows import task_of, task_selection
from core.backend.schema import LOGS, STATISTICS_RPC, TASKS
from core.backend.selection import Selection
from core.backend.timestamps import FIRST, stamp, until
from core.base.text import clean
from core.domain.actors import By
from core.domain.log_steps import ALL_OURS
from core.domain.markers import STUCK
from core.domain.records import NO_STATUS, STATUSES, UNFINISHED, Task

RUNNING: Final = "db:fetch_running_tasks"
OLDEST_PENDING: Final = "db:fetch_oldest_pending"
SIGNS_OF_LIFE: Final = "db:look_for_signs_of_life"

MOST_OTHERS: Final = 10
"""The most unknown statuses that are counted by name."""

_OTHERS: Final = tuple(status for status in STATUSES if status not in UNFINISHED)
_NAME_CHARS: Final = 40
_FOREVER: Final = datetime.max.replace(tzinfo=UTC)


class TaskReads(Subject):
    """Typed reads of one project's tasks."""

    @read("db:fetch_task")
    async def fetch(self, name: str) -> Task | None:
        """Return one task by its id; `None` when none is visible to us."""
        rows = await self._calls.selected("read task", self._columns, lambda query: query.eq("id", name).limit(1))
        return self._task(rows[0]) if rows else None

    @read("db:fetch_tasks")
    async def newest(self, limit: int) -> tuple[Task, ...]:
        """Return the tasks created last, newest first."""

        def build(query: Any) -> Any:
            return query.order("created_at", desc=True).order("id", desc=True).limit(limit)

        found = tuple(map(self._task, await self._calls.selected("read newest tasks", self._columns, build)))
        return await self._proven(TASKS, found, empty=not found)

    @read(RUNNING)
    async def running(self) -> tuple[Task, ...]:
        """Return every task in progress, longest running first. Reads until a page is empty: an API may cap pages."""
        found: dict[str, Task] = {}
        after = ""
        while True:

            def build(query: Any, after: str = after) -> Any:
                query = query.eq("status", "in_progress")
                return (query.gt("id", after) if after else query).order("id").limit(PAGE)

            page = tuple(map(self._task, await self._calls.selected("read running tasks", self._columns, build)))
            if not page:
                return await self._proven(TASKS, tuple(sorted(found.values(), key=_began)), empty=not found)
            if page[-1].id in found:
                raise Failed(garbage("a page that was there already"))
            found |= {task.id: task for task in page}
            after = page[-1].id

    async def with_signs_of_life(
        self, ids: tuple[str, ...], since: datetime, now: datetime | None = None
    ) -> frozenset[str]:
        """Return which of the tasks wrote a log row since `since`; the watchdog's own rows do not count.

        Nor does one that is stamped later than five minutes from `now`.
        """
        return frozenset().union(*[await self._with_signs_of_life(part, since, now) for part in hundreds(ids)])

    async def with_visible_logs(self, ids: tuple[str, ...]) -> frozenset[str]:
        """Return which of the tasks have any log row visible to us; the watchdog's do not count."""
        return frozenset().union(*[await self._with_visible_logs(part) for part in hundreds(ids)])

    @read(SIGNS_OF_LIFE)
    async def _with_signs_of_life(self, ids: tuple[str, ...], since: datetime, now: datetime | None) -> frozenset[str]:
        column = self._schema.log_time

        def within(query: Any) -> Any:
            return query.gte(column, stamp(since)).lte(column, until(now))

        return await self._that_wrote("look for signs of life", ids, within)

    @read("db:look_for_logs")
    async def _with_visible_logs(self, ids: tuple[str, ...]) -> frozenset[str]:
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

    def count(self, status: str) -> Read[int]:
        """Return how many tasks are in one status, exactly."""
        return self._read(f"db:count_{status}", partial(self._count, status))

    @read("db:count_by_status")
    async def counts(self) -> dict[str, int]:
        """Return how many tasks are in each status, exactly, unknown ones and `NO_STATUS` included."""
        return await self._counts(STATUSES)

    @read("db:count_open_tasks")
    async def open_counts(self) -> dict[str, int]:
        """Return how many tasks are in each unfinished status, one query each: right for statuses with few tasks."""
        counted = await self._count_each(UNFINISHED)
        return await self._proven(TASKS, counted, empty=not any(counted.values()))

    @read("db:count_finished_tasks")
    async def other_counts(self) -> dict[str, int]:
        """Return how many tasks are in each other status, unknown ones and `NO_STATUS` included."""
        return await self._counts(_OTHERS, UNFINISHED)

    async def _count(self, status: str) -> int:
        return await self._calls.count(
            f"count {status}", lambda c: c.table(TASKS).select("id", count="exact").eq("status", status).limit(1)
        )

    async def _counts(self, statuses: tuple[str, ...], known: tuple[str, ...] = ()) -> dict[str, int]:
        """Return how many tasks are in each of `statuses`, exactly, and in each that is in neither of them nor `known`.

        Those without a status are counted as `NO_STATUS`. One query where the project has our function for it.
        """
        if not self._schema.statistics:
            counted = await self._count_each(statuses) | await self._count_others((*statuses, *known))
            return await self._proven(TASKS, counted, empty=not any(counted.values()))
        rows = await self._calls.rows("count by status", lambda c: c.rpc(STATISTICS_RPC, {}))
        found = _by_status((row["status"], row["tasks"]) for row in each(rows, "status", "tasks"))
        counted = dict.fromkeys(statuses, 0) | {name: tasks for name, tasks in found.items() if name not in known}
        return await self._proven(TASKS, counted, empty=not any(found.values()))

    async def _count_each(self, statuses: tuple[str, ...]) -> dict[str, int]:
        counted = await asyncio.gather(*map(self._count, statuses))
        return dict(zip(statuses, counted, strict=True))

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

    @read("db:count_started")
    async def count_started(self, since: datetime, now: datetime) -> int:
        """Return how many tasks were started since `since`, exactly; starts in the future are left out."""

        def build(c: Any) -> Any:
            query = c.table(TASKS).select("id", count="exact").gte("started_at", stamp(since))
            return query.lte("started_at", until(now)).limit(1)

        return await self._calls.count("count started", build)

    @read("db:count_healed")
    async def count_healed(self, since: datetime) -> int:
        """Return how many stuck tasks a watchdog of ours failed since `since` that are still failed, exactly."""
        error = self._schema.error_column

        def build(c: Any) -> Any:
            query = c.table(TASKS).select("id", count="exact").eq("status", "failed")
            query = query.gte("completed_at", stamp(since)).lte("completed_at", until(None))
            query = query.like(error, f"{STUCK}*: by {By.WATCHDOG}*")
            return query.limit(1)

        return await self._calls.count("count healed tasks", build)

    @read(OLDEST_PENDING)
    async def oldest_pending_at(self, now: datetime) -> datetime | None:
        """Return when the oldest pending task was created; one from the future does not count."""
        return await self._oldest_at("read oldest pending", "pending", now)

    @read("db:fetch_oldest_in_review")
    async def oldest_in_review_at(self, now: datetime) -> datetime | None:
        """Return when the oldest task in review was created; no column says since when it waits."""
        return await self._oldest_at("read oldest in review", "awaiting_review", now)

    async def _oldest_at(self, operation: str, status: str, now: datetime) -> datetime | None:
        def build(c: Any) -> Any:
            query = c.table(TASKS).select("created_at").eq("status", status)
            return query.gte("created_at", FIRST).lte("created_at", until(now)).order("created_at", desc=False).limit(1)

        found = moment_of_only(await self._calls.rows(operation, build), "created_at")
        return await self._proven(TASKS, found, empty=found is None)

    @property
    def _columns(self) -> Selection:
        return task_selection(self._schema.error_column)

    def _task(self, row: Row) -> Task:
        return self._calls.oddities.see("task", task_of(row))


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


def _began(task: Task) -> datetime:
    return task.began_at or _FOREVER
