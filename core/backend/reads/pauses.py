"""Reads of paused task types: which are paused, and what is pending of them."""

from typing import Any, Final

from core.backend.columns import Row, each, moment, row_id
from core.backend.reads.read import Subject, read
from core.backend.schema import LOGS, TASKS
from core.base.text import clean
from core.domain.log_steps import PAUSE
from core.domain.pauses import Pause, pause_id
from core.domain.queries import is_uuid

_MOST: Final = 200
_TYPE_CHARS: Final = 200
_TOLD: Final = ",".join(f"{name}:input_data->>{name}" for name in ("task_type", "run", "who", "reason"))


class PauseReads(Subject):
    """Typed reads of what is paused in one project."""

    @read("db:fetch_pauses")
    async def standing(self) -> tuple[Pause, ...]:
        """Return the task types that are paused, the oldest first; a row that says nothing of the kind is ignored."""
        column = self._schema.log_time
        rows = await self._calls.rows(
            "read what is paused",
            lambda c: (
                c.table(LOGS)
                .select(f"id,{_TOLD},{column}")
                .eq("execution_step", PAUSE)
                .not_.is_("input_data->>task_type", "null")
                .not_.is_("input_data->>run", "null")
                .order(column)
                .order("id")
                .limit(_MOST)
            ),
        )
        found = (_pause_of(row, column) for row in each(rows, "id", "task_type", "run", column))
        return tuple(one for one in found if one is not None)

    @read("db:fetch_pause")
    async def of_type(self, task_type: str) -> Pause | None:
        """Return the pause of one type; `None` where it is not paused, or not visible to us."""
        column = self._schema.log_time

        def build(c: Any) -> Any:
            query = c.table(LOGS).select(f"id,{_TOLD},{column}").eq("execution_step", PAUSE)
            return query.eq("id", pause_id(task_type)).limit(1)

        rows = each(await self._calls.rows("read a pause", build), "id", "task_type", "run", column)
        return next((one for row in rows if (one := _pause_of(row, column)) is not None), None)

    @read("db:fetch_pending_of_type")
    async def pending(self, task_type: str, limit: int, after: str = "") -> tuple[str, ...]:
        """Return ids of up to `limit` pending tasks of one type, in order, those above `after`."""

        def build(c: Any) -> Any:
            query = c.table(TASKS).select("id").eq("status", "pending").eq("task_type", task_type)
            return (query.gt("id", after) if after else query).order("id").limit(limit)

        return tuple(map(row_id, await self._calls.rows("read pending tasks of a type", build)))

    @read("db:count_of_type")
    async def count(self, task_type: str, status: str) -> int:
        """Return how many tasks of one type are in a status. Raises Failed where no task is visible to this account."""

        def build(c: Any) -> Any:
            query = c.table(TASKS).select("id", count="exact").eq("status", status).eq("task_type", task_type)
            return query.limit(1)

        count = await self._calls.count("count tasks of a type", build)
        return await self._proven(TASKS, count, empty=not count)


def _pause_of(row: Row, column: str) -> Pause | None:
    task_type, run = row["task_type"], row["run"]
    if not isinstance(task_type, str) or not isinstance(run, str) or not is_uuid(run):
        return None
    if row["id"] != pause_id(task_type) or len(task_type) > _TYPE_CHARS:
        return None
    who, reason = (said if isinstance(said := row.get(name), str) else "" for name in ("who", "reason"))
    return Pause(task_type=task_type, run=run, who=clean(who, 120), reason=clean(reason, 400), at=moment(row[column]))
