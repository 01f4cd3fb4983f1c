"""Writes of tasks: what actions change, each only where the task still is as it was seen."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from core.backend.api_calls import ApiCalls
from core.backend.conditions import has_value, over_by
from core.backend.faults import Failed
from core.backend.schema import CREATE_RPC, TASKS, Schema, Shape
from core.backend.timestamps import stamp
from core.backend.writes.error_texts import ErrorTexts
from core.backend.writes.rows import ANY, changed_ids, some
from core.domain.markers import Markers
from core.domain.queries import is_uuid
from core.domain.records import ColumnValue


class TaskWrites:
    """Typed writes of one project's tasks. All raise Failed and nothing else."""

    def __init__(self, calls: ApiCalls, schema: Schema) -> None:
        self._calls = calls
        self.schema = schema
        self._review = 0
        """How much of a review this project's columns do not take; `reviewed_by` of the documented shape is an id."""

    async def fail_stuck(self, ids: tuple[str, ...], *, began_before: datetime, error: str) -> tuple[str, ...]:
        """Fail those of up to 100 tasks that still run and began before `began_before`. Returns the ids that changed.

        Their end is the database's own time.
        """
        before = stamp(began_before)

        def where(query: Any) -> Any:
            query = query.eq("status", "in_progress")
            return query.or_(f"started_at.lt.{before},and(started_at.is.null,created_at.lt.{before})")

        change = {"status": "failed", "completed_at": "now"}
        return await self._texts.mark("fail stuck tasks", ids, change, error, where)

    async def reject(self, ids: tuple[str, ...], *, status: str, error: str, by: str = "") -> tuple[str, ...]:
        """Reject those of up to 100 tasks that are still in `status`. Returns the ids that changed.

        `by`: who reviewed them and says so; empty where it is no review.
        """

        async def send(review: dict[str, str]) -> tuple[str, ...]:
            change = {"status": "rejected"} | review
            return await self._texts.mark(
                f"reject {status} tasks", ids, change, error, lambda query: query.eq("status", status)
            )

        return await (self._reviewed(send, by) if by else send({}))

    async def approve(self, ids: tuple[str, ...], *, by: str) -> tuple[str, ...]:
        """Let the agents run those of up to 100 tasks that still wait for a review. Returns the ids that changed.

        They run what is pending and requires no approval, and nothing else.
        """
        change = {"status": "pending", "requires_approval": False}

        async def send(review: dict[str, str]) -> tuple[str, ...]:
            def build(c: Any) -> Any:
                query = c.table(TASKS).update(change | review).in_("id", some(ids))
                return query.eq("status", "awaiting_review").select("id")

            return changed_ids(await self._calls.rows("approve tasks", build))

        return await self._reviewed(send, by)

    async def take_back_approval(self, ids: tuple[str, ...], *, since: datetime, until: datetime) -> tuple[str, ...]:
        """Let those of up to 100 tasks wait for a review again that are pending as they were approved in that time.

        Returns the ids that changed.
        """
        change = {"status": "awaiting_review", "requires_approval": True, "reviewed_at": None, "reviewed_by": None}

        def build(c: Any) -> Any:
            query = c.table(TASKS).update(change).in_("id", some(ids)).eq("status", "pending")
            query = query.is_("requires_approval", "false")
            return query.gte("reviewed_at", stamp(since)).lte("reviewed_at", stamp(until)).select("id")

        return changed_ids(await self._calls.rows("take approvals back", build))

    async def give_back(
        self, ids: tuple[str, ...], *, marks: Markers, from_status: str, to_status: str
    ) -> tuple[str, ...]:
        """Requeue in `to_status` those of up to 100 tasks that carry one of `marks`. Returns the ids that changed.

        The error text that a mark was written before stands there again.
        """
        change = {"status": to_status, "completed_at": None}
        review = {"reviewed_at": None, "reviewed_by": None} if to_status == "awaiting_review" else {}

        async def send(more: dict[str, None]) -> tuple[str, ...]:
            return await self._texts.unmark(
                "give tasks back", ids, change | more, marks, lambda query: query.eq("status", from_status)
            )

        try:
            return await send(review)
        except Failed as failed:
            if not review or failed.fault.kind != "missing_column":
                raise
            return await send({})

    async def retry(self, name: str, *, failed_at: datetime | None) -> bool:
        """Send a failed task back to pending, if it failed at `failed_at`. Returns whether it changed."""

        def build(c: Any) -> Any:
            change = {"status": "pending", self.schema.error_column: None, "completed_at": None, "started_at": None}
            query = c.table(TASKS).update(change).eq("id", name).eq("status", "failed")
            if failed_at is not None:
                return query.eq("completed_at", stamp(failed_at)).select("id")
            return query.or_(over_by("completed_at", None)).select("id")

        return bool(changed_ids(await self._calls.rows("retry task", build)))

    async def retry_failed(self, ids: tuple[str, ...], *, until: datetime) -> tuple[str, ...]:
        """Send those of up to 100 tasks that failed by `until` back to pending. Returns the ids that changed."""

        def build(c: Any) -> Any:
            change = {"status": "pending", self.schema.error_column: None, "completed_at": None, "started_at": None}
            query = c.table(TASKS).update(change).in_("id", some(ids)).eq("status", "failed")
            return query.or_(over_by("completed_at", until)).select("id")

        return changed_ids(await self._calls.rows("retry tasks", build))

    async def set_value(
        self, ids: tuple[str, ...], *, column: str, value: ColumnValue, statuses: tuple[str, ...], before: Any = ANY
    ) -> tuple[str, ...]:
        """Set a column of those of up to 100 tasks that still are in one of `statuses`. Returns the ids that changed.

        `before`: what the column must be; `ANY` for whatever it is.
        """

        def build(c: Any) -> Any:
            query = c.table(TASKS).update({column: value}).in_("id", some(ids)).in_("status", list(statuses))
            return (query if before is ANY else has_value(query, column, before)).select("id")

        return changed_ids(await self._calls.rows(f"set {column}", build))

    async def create(self, task_type: str, description: str, *, level: int, priority: int) -> str:
        """Create a task by the project's own function. Returns its id; empty where the function does not tell it."""
        told: dict[str, Any] = {"p_task_type": task_type, "p_description": description}
        told |= {"p_autonomy_level": level, "p_priority": priority}
        answer = await self._calls.query("create a task", lambda c: c.rpc(CREATE_RPC, told))
        return answer.data if isinstance(answer.data, str) and is_uuid(answer.data) else ""

    async def set_aside(self, ids: tuple[str, ...], *, task_type: str, error: str) -> tuple[str, ...]:
        """Let the pending ones of up to 100 tasks of a type wait for a review. Returns the ids that changed.

        No agent takes up what waits for a review; the tables know no other way.
        """

        def where(query: Any) -> Any:
            return query.eq("status", "pending").eq("task_type", task_type)

        return await self._texts.mark("set tasks aside", ids, {"status": "awaiting_review"}, error, where)

    async def requeue(self, ids: tuple[str, ...], *, status: str) -> tuple[str, ...]:
        """Send those of up to 100 tasks back to pending that still are in `status`. Returns the ids that changed."""

        def build(c: Any) -> Any:
            change = {"status": "pending", self.schema.error_column: None, "completed_at": None, "started_at": None}
            return c.table(TASKS).update(change).in_("id", some(ids)).eq("status", status).select("id")

        return changed_ids(await self._calls.rows(f"requeue {status} tasks", build))

    async def requeue_completed(self, ids: tuple[str, ...], *, until: datetime | None) -> tuple[str, ...]:
        """Send those of up to 100 tasks that were completed by `until` back to pending. Returns the ids that changed.

        They keep their result and their times, so that it can be taken back until an agent takes them up.
        """

        def build(c: Any) -> Any:
            query = c.table(TASKS).update({"status": "pending"}).in_("id", some(ids)).eq("status", "completed")
            return query.or_(over_by("completed_at", until)).select("id")

        return changed_ids(await self._calls.rows("requeue completed tasks", build))

    async def complete_again(self, ids: tuple[str, ...], *, until: datetime) -> tuple[str, ...]:
        """Take that back of those of up to 100 tasks that still are pending. Returns the ids that changed."""

        def build(c: Any) -> Any:
            query = c.table(TASKS).update({"status": "completed"}).in_("id", some(ids)).eq("status", "pending")
            return query.lte("completed_at", stamp(until)).select("id")

        return changed_ids(await self._calls.rows("complete tasks again", build))

    async def insert_task(self, row: dict[str, Any]) -> None:
        """Add one task, for the self-test. It carries an id of our own, so a second insert is 23505."""
        await self._calls.query("write task", lambda c: c.table(TASKS).insert(row, returning="minimal"))

    async def delete_tasks(self, ids: tuple[str, ...], *, mark: str) -> int:
        """Delete those of up to 100 tasks whose description is `mark`, after a self-test. Returns how many."""

        def build(c: Any) -> Any:
            return c.table(TASKS).delete().in_("id", some(ids)).eq("description", mark).select("id")

        return len(changed_ids(await self._calls.rows("delete tasks", build)))

    @property
    def _texts(self) -> ErrorTexts:
        return ErrorTexts(self._calls, self.schema.error_column)

    async def _reviewed(self, send: Callable[[dict[str, str]], Awaitable[tuple[str, ...]]], by: str) -> tuple[str, ...]:
        """Write with when it was reviewed and by whom, as far as this project's columns take that."""
        reviews: tuple[dict[str, str], ...] = ({"reviewed_at": "now", "reviewed_by": by}, {"reviewed_at": "now"}, {})
        while True:
            review = reviews[max(self._review, self.schema.shape is Shape.DOCUMENTED)]
            try:
                return await send(review)
            except Failed as failed:
                if not review or failed.fault.kind not in {"bad_input", "missing_column"}:
                    raise
                self._review = reviews.index(review) + 1
