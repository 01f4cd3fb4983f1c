"""Reads of finished tasks: when the last one was, how many were completed, failed, and only simulated."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from core.backend.columns import Row, each, moment, moment_of_only, row_id
from core.backend.faults import Failed, garbage
from core.backend.reads.read import PAGE, Subject, read
from core.backend.reads.simulated_tasks import simulated_among
from core.backend.schema import TASKS
from core.backend.simulated import Telltale
from core.backend.timestamps import FIRST, stamp, until
from core.domain.counts import Amount, Simulated, SuccessRate
from core.domain.markers import OUR_MARK

_DAY: Final = timedelta(days=1)


class OutcomeReads(Subject):
    """Typed reads of one project's finished tasks."""

    @read("db:fetch_last_completed")
    async def last_completed_at(self, now: datetime) -> datetime | None:
        """Return when a task was last completed; what is stamped later than five minutes from now does not count."""
        return await self._last_at("read last completed", "completed", now)

    @read("db:fetch_last_failed")
    async def last_failed_at(self, now: datetime) -> datetime | None:
        """Return when a task last failed that this product did not fail itself; none of the future, as above."""
        return await self._last_at("read last failed", "failed", now, without_ours=True)

    @read("db:fetch_success_rate")
    async def success_rate(self, since: datetime, now: datetime, *, without_ours: bool = False) -> SuccessRate:
        """Return the completed and failed since `since`: by `completed_at`, or `created_at` where that is null.

        What is stamped later than five minutes from `now` is left out, and what was only simulated. `without_ours`
        leaves out what this product failed itself, as automatic decisions must.
        """
        what = f"finished within {now - since}"
        windows = self._calls.sizes.windows
        slow = self._schema.telltale.environments and self._calls.sizes.slow_joins
        of_page = self._of_rows if slow else self._of_page
        rate = None if what in windows else await of_page(what, since, now, without_ours=without_ours)
        if rate is None:
            windows.add(what)
            completed = await self._finished("completed", since, now)
            failed = await self._finished("failed", since, now, without_ours=without_ours)
            exact = completed.exact and failed.exact
            rate = SuccessRate(completed=completed.rows, failed=failed.rows, window=now - since, exact=exact)
            if rate.finished < PAGE // 2:
                windows.discard(what)
        return await self._proven(TASKS, rate, empty=not rate.finished)

    @read("db:fetch_simulated")
    async def simulated(self, since: datetime, now: datetime) -> Simulated:
        """Return the simulated completions since `since`. Raises ValueError where this project does not mark them."""
        telltale = self._schema.telltale
        if not telltale.any:
            raise ValueError("what was only simulated cannot be told here: see `Telltale.any`")

        if telltale.environments and self._calls.sizes.slow_joins:
            found = await self._simulated_of_rows(since, now)
            if found is not None:
                return await self._proven(TASKS, found, empty=not found.count)

        loosely = msgspec.structs.replace(telltale, proofs=False)  # most of the time there is none even so

        def build(c: Any, tell: Telltale = loosely, how: str | None = None) -> Any:
            query = c.table(TASKS).select(tell.select("id,completed_at,created_at"), count=how)
            query = tell.joined(query).eq("status", "completed").or_(_within(since, now)).or_(tell.simulated())
            return query.order("completed_at", desc=True, nullsfirst=False).limit(1)

        count, rows = 0, list[Row]()
        with self._calls.sizes.joining():
            rows = await self._calls.rows("look for simulated tasks", build)
            if each(rows, "completed_at", "created_at"):
                count, rows = await self._calls.counted("count simulated tasks", lambda c: build(c, telltale, "exact"))
                each(rows, "completed_at", "created_at")
        times = (moment(row["completed_at"]) or moment(row["created_at"]) for row in rows)
        return await self._proven(TASKS, Simulated(count, next(times, None)), empty=not count)

    @read("db:fetch_simulated_among")
    async def simulated_among(self, ids: tuple[str, ...]) -> frozenset[str]:
        """Return which of a few completed tasks were only simulated; none where this project does not mark them."""
        return frozenset(await self._simulated_among(ids) if self._schema.telltale.any else ())

    async def _last_at(
        self, operation: str, status: str, now: datetime, *, without_ours: bool = False
    ) -> datetime | None:
        # Within a day first: without an index all that ever finished would be sorted.
        for since in (stamp(now - _DAY), FIRST):

            def build(c: Any, since: str = since) -> Any:
                query = self._done(c, "completed_at", status).gte("completed_at", since).lte("completed_at", until(now))
                query = self._not_ours(query) if without_ours else query
                return query.order("completed_at", desc=True).limit(1)

            found = moment_of_only(await self._calls.rows(operation, build), "completed_at")
            if found is not None:
                break
        return await self._proven(TASKS, found, empty=found is None)

    async def _of_page(self, what: str, since: datetime, now: datetime, *, without_ours: bool) -> SuccessRate | None:
        """Return the rate by the statuses of all that finished; `None` where they are more than a page."""

        def build(c: Any) -> Any:
            telltale = self._schema.telltale
            query = c.table(TASKS).select(telltale.select("status"), count="exact")
            query = query.in_("status", ["completed", "failed"]).or_(_within(since, now))
            query = telltale.left_out(query, but="status.eq.failed")
            return (self._not_ours(query, but="status.eq.completed,") if without_ours else query).limit(PAGE)

        with self._calls.sizes.joining():
            total, rows = await self._calls.counted(f"read what {what}", build, "status")
        return _rate(rows, now - since) if total == len(rows) else None

    async def _of_rows(self, what: str, since: datetime, now: datetime, *, without_ours: bool) -> SuccessRate | None:
        """Return the same without looking at each task's log rows by a join."""

        def build(c: Any) -> Any:
            query = c.table(TASKS).select("id,status", count="exact").in_("status", ["completed", "failed"])
            query = query.or_(_within(since, now))
            return (self._not_ours(query, but="status.eq.completed,") if without_ours else query).limit(PAGE)

        total, rows = await self._calls.counted(f"read all that {what}", build, "status")
        if total != len(rows):
            return None
        simulated = await self._simulated_among(row_id(row) for row in rows if row["status"] == "completed")
        return _rate([row for row in rows if row_id(row) not in simulated], now - since)

    async def _simulated_of_rows(self, since: datetime, now: datetime) -> Simulated | None:
        """Return what was simulated, without a join; `None` where what was completed is more than a page."""

        def build(c: Any) -> Any:
            query = c.table(TASKS).select("id,completed_at,created_at", count="exact").eq("status", "completed")
            return query.or_(_within(since, now)).limit(PAGE)

        total, rows = await self._calls.counted("read all completed tasks", build, "completed_at")
        if total != len(rows):
            return None
        times = {
            row_id(row): moment(row["completed_at"]) or moment(row["created_at"]) for row in each(rows, "created_at")
        }
        simulated = await self._simulated_among(times)
        return Simulated(len(simulated), max((at for name in simulated if (at := times[name])), default=None))

    async def _simulated_among(self, completed: Iterable[str]) -> set[str]:
        return await simulated_among(self._calls, self._schema.telltale, tuple(completed))

    async def _finished(self, status: str, since: datetime, now: datetime, *, without_ours: bool = False) -> Amount:
        def build(c: Any, how: str | None) -> Any:
            query = self._done(c, "id", status, count=how).or_(_within(since, now))
            return self._not_ours(query) if without_ours else query

        operation = f"count {status} within {now - since}"
        if without_ours:  # what acts by itself goes by what was counted
            return Amount(await self._calls.count(operation, lambda c: build(c, "exact").limit(1)))
        return await self._calls.amount(operation, build)

    def _done(self, c: Any, columns: str, status: str, **how: Any) -> Any:
        """Return the query for tasks in one status; simulated completions are left out."""
        if status != "completed":
            return c.table(TASKS).select(columns, **how).eq("status", status)
        telltale = self._schema.telltale
        return telltale.left_out(c.table(TASKS).select(telltale.select(columns), **how).eq("status", status))

    def _not_ours(self, query: Any, *, but: str = "") -> Any:
        error = self._schema.error_column
        return query.or_(f"{but}{error}.is.null,{error}.not.like.{OUR_MARK}*")


def _rate(rows: list[Row], window: timedelta) -> SuccessRate:
    """Return the rate of finished tasks by their statuses. Raises Failed where others came."""
    found = Counter(row["status"] for row in rows)
    if found.total() != found["completed"] + found["failed"]:
        raise Failed(garbage("expected finished tasks, got others"))
    return SuccessRate(completed=found["completed"], failed=found["failed"], window=window)


def _within(since: datetime, now: datetime) -> str:
    """Return the condition that a task was over: by `completed_at`, or by `created_at` where that is null."""
    over = f"completed_at.gte.{stamp(since)},completed_at.lte.{until(now)}"
    unsaid = f"completed_at.is.null,created_at.gte.{stamp(since)},created_at.lte.{until(now)}"
    return f"and({over}),and({unsaid})"
