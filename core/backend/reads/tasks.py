"""Reads of tasks: the newest, those that run and whether they are alive, how long others wait."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from core.backend.columns import Row, each, moment_of_only, row_id
from core.backend.conditions import Place, not_before, without_mark
from core.backend.faults import Failed, garbage
from core.backend.reads.read import PAGE, Subject, hundreds, read
from core.backend.rows import task_of, task_selection
from core.backend.schema import LOGS, TASKS
from core.backend.selection import Selection
from core.backend.timestamps import FIRST, stamp, until
from core.domain.log_steps import ALL_OURS
from core.domain.markers import PAUSED
from core.domain.records import Task

RUNNING: Final = "db:fetch_running_tasks"
OLDEST_PENDING: Final = "db:fetch_oldest_pending"
WAITING: Final = "db:fetch_tasks_that_wait"
SIGNS_OF_LIFE: Final = "db:look_for_signs_of_life"

_FOREVER: Final = datetime.max.replace(tzinfo=UTC)
_LOOKED_AT: Final = 50
"""Tasks among which one that was just created is looked for."""


class TaskReads(Subject):
    """Typed reads of one project's tasks."""

    @read("db:fetch_task")
    async def fetch(self, name: str) -> Task | None:
        """Return one task by its id; `None` when none is visible to this account."""
        rows = await self._calls.selected("read task", self._columns, lambda query: query.eq("id", name).limit(1))
        return self._task(rows[0]) if rows else None

    @read("db:fetch_tasks")
    async def newest(self, limit: int) -> tuple[Task, ...]:
        """Return the tasks created last, newest first."""

        def build(query: Any) -> Any:
            return query.order("created_at", desc=True).order("id", desc=True).limit(limit)

        found = tuple(map(self._task, await self._calls.selected("read newest tasks", self._columns, build)))
        return await self._proven(TASKS, found, empty=not found)

    @read("db:fetch_tasks")
    async def newer(self, since: Place | None, known: tuple[str, ...], limit: int) -> tuple[Task, ...]:
        """Return the tasks at `since` or above it in the order of `newest`, but for those whose ids are `known`."""

        def build(query: Any) -> Any:
            query = query if since is None else query.or_(not_before(since, "created_at"))
            query = query.not_.in_("id", known) if known else query
            return query.order("created_at", desc=True).order("id", desc=True).limit(limit)

        return tuple(map(self._task, await self._calls.selected("read newer tasks", self._columns, build)))

    @read("db:fetch_tasks")
    async def first(self, status: str, limit: int) -> tuple[Task, ...]:
        """Return the first tasks in a status: those that began first, of pending ones those the agents take first."""

        def build(query: Any) -> Any:
            query = query.eq("status", status)
            query = query.order("priority", desc=True, nullsfirst=False) if status == "pending" else query
            return query.order("created_at" if status == "pending" else "started_at").order("id").limit(limit)

        return tuple(map(self._task, await self._calls.selected("read first tasks", self._columns, build)))

    @read(WAITING)
    async def oldest(self, status: str, limit: int) -> tuple[Task, ...]:
        """Return the tasks in a status that were created first. What a paused type sets aside waits for nobody."""

        def build(query: Any) -> Any:
            query = query.eq("status", status).order("created_at", desc=False).order("id").limit(limit)
            return without_mark(query, PAUSED, self._schema.error_column) if status == "awaiting_review" else query

        return tuple(map(self._task, await self._calls.selected("read oldest tasks", self._columns, build)))

    @read(WAITING)
    async def failed_since(self, since: datetime, limit: int) -> tuple[Task, ...]:
        """Return the tasks that failed last, none of them before `since`."""

        def build(query: Any) -> Any:
            query = query.eq("status", "failed").gte("completed_at", stamp(since))
            return query.order("completed_at", desc=True).limit(limit)

        return tuple(map(self._task, await self._calls.selected("read failed tasks", self._columns, build)))

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

    @read("db:find_created_task")
    async def created_since(self, task_type: str, description: str, since: datetime) -> str | None:
        """Return the id of the newest task of a type with this description that was created since `since`."""

        def build(c: Any) -> Any:
            query = c.table(TASKS).select("id,description").eq("task_type", task_type)
            return query.gte("created_at", stamp(since)).order("created_at", desc=True).limit(_LOOKED_AT)

        rows = each(await self._calls.rows("look for a created task", build), "id", "description")
        return next((row_id(row) for row in rows if row["description"] == description), None)

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

    @read(OLDEST_PENDING)
    async def oldest_pending_at(self, now: datetime) -> datetime | None:
        """Return when the oldest pending task was created; one from the future does not count."""
        return await self._oldest_at("read oldest pending", "pending", now)

    @read("db:fetch_oldest_in_review")
    async def oldest_in_review_at(self, now: datetime) -> datetime | None:
        """Return when the oldest task in review was created; no column says since when it waits.

        What is set aside because its type is paused waits for none.
        """
        return await self._oldest_at("read oldest in review", "awaiting_review", now, without=PAUSED)

    async def _oldest_at(self, operation: str, status: str, now: datetime, *, without: str = "") -> datetime | None:
        def build(c: Any) -> Any:
            query = c.table(TASKS).select("created_at").eq("status", status)
            query = without_mark(query, without, self._schema.error_column) if without else query
            return query.gte("created_at", FIRST).lte("created_at", until(now)).order("created_at", desc=False).limit(1)

        found = moment_of_only(await self._calls.rows(operation, build), "created_at")
        return await self._proven(TASKS, found, empty=found is None)

    @property
    def _columns(self) -> Selection:
        return task_selection(self._schema.error_column)

    def _task(self, row: Row) -> Task:
        return self._calls.oddities.see("task", task_of(row))


def _began(task: Task) -> datetime:
    return task.began_at or _FOREVER
