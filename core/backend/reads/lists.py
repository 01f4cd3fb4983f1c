"""Reads of the lists: a page, the number of matches, one row in full, and the ids for an action on many rows."""

import contextlib
import itertools
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

import msgspec

from core.backend.columns import Row, each, moment, row_id
from core.backend.conditions import has_another_value, without_mark
from core.backend.conditions import narrowed as narrowed_by
from core.backend.faults import Failed
from core.backend.log_rows import log_of, log_selection, narrowed
from core.backend.reads import list_columns as listed
from core.backend.reads.list_columns import ListTable, ordered
from core.backend.reads.read import LEAST_CAP, PAGE, Read, Subject, batched, read
from core.backend.reads.safety import SafetyReads, shape_of_safety
from core.backend.rows import safety_narrowed, safety_of, safety_selection, task_of
from core.backend.schema import LOGS, SAFETY, TASKS, Shape
from core.backend.simulated import Telltale
from core.domain.chosen_tasks import Beside
from core.domain.markers import PAUSED
from core.domain.queries import OWN_SORT, PAGE_ROWS, Filter, ListedRow, Listing, Page, Table
from core.domain.records import ChosenTask, LogEntry, SafetyCheck
from core.domain.row_details import LogDetail, SafetyDetail, TaskDetail, row_detail
from core.domain.sorting import SORTED_HERE, in_order
from core.resilience.fault import Counts, Evidence, Fault

COUNTED_ROWS: Final = 50_000
"""The number of rows up to which matches are counted exactly; above it the server's estimate will do."""

_KEYS: Final = {
    Table.TASKS: "db:list_tasks",
    Table.INBOX: "db:list_inbox",
    Table.LOGS: "db:list_logs",
    Table.ORDERS: "db:list_orders",
    Table.SAFETY: "db:list_safety_checks",
}

_NO_TASKS: Final = Fault(
    kind="filter",
    counts=Counts.NEUTRAL,
    evidence=Evidence.NONE,
    message="the safety checks of this project belong to no task",
    remedy="leave task: out of the filter",
)


_NOTHING_BESIDE: Final = Beside()


class ListReads(Subject):
    """Typed reads of the lists of one project."""

    def page(self, listing: Listing, offset: int, limit: int) -> Read[Page[ListedRow]]:
        """Return up to `limit` rows (500 at most) of a list from `offset` on. Raises ValueError for other numbers."""
        if offset < 0 or not 1 <= limit <= PAGE_ROWS:
            raise ValueError(f"a page has 1 to {PAGE_ROWS} rows, not {limit} from {offset}")
        page = self._page_sorted_here if listing.within else self._page
        return self._read(_KEYS[listing.table], partial(page, listing, offset, limit))

    async def _page_sorted_here(self, listing: Listing, offset: int, limit: int) -> Page[ListedRow]:
        own = Listing(table=listing.table, filter=listing.filter, sort=OWN_SORT[listing.table])
        first, now, value = await self._page(own, 0, SORTED_HERE), self._now, listing.column.value
        rows = in_order(first.rows, lambda row: value(row, now), descending=listing.sort.descending)
        shown = tuple(rows[offset : offset + limit])
        return Page(rows=shown, offset=offset, more=offset + limit < len(rows), total=first.total)

    async def _page(self, listing: Listing, offset: int, limit: int) -> Page[ListedRow]:
        """Return a page as the server sorts it. Raises Failed where it is empty and that proves nothing."""
        source, now = await self._source(listing), self._now
        order = source.order(listing.sort)

        def build(query: Any, first: int) -> Any:
            query = _matching(query, source, listing.filter, now)
            # One row more than asked for shows whether others follow.
            return ordered(query, order).range(first, offset + limit)

        rows = list[Row]()
        with _refusals_explained():
            while len(rows) <= limit:
                begin = partial(build, first=offset + len(rows))
                part = await self._calls.selected(f"list {listing.table}", source.selection, begin)
                rows += part
                if len(part) < LEAST_CAP:
                    break  # more, and the API may have kept some back
        if not rows and offset == 0:
            await self._calls.must_show(source.selection.table)
        more, shown = len(rows) > limit, tuple(self._listed(source, row) for row in rows[:limit])
        shown = await self._with_failed_checks(shown) if listing.table is Table.INBOX else shown
        last = not more and (bool(rows) or offset == 0)
        return Page(rows=shown, offset=offset, more=more, total=offset + len(shown) if last else None)

    async def _with_failed_checks(self, rows: tuple[ListedRow, ...]) -> tuple[ListedRow, ...]:
        """Return tasks in review with how many safety checks each fails. They are listed where that is not known."""
        failed: dict[str, tuple[SafetyCheck, ...]] = {}
        try:
            if await shape_of_safety(self._access) is not Shape.DEPLOYED:
                return rows
            for part in batched(tuple(row.id for row in rows), LEAST_CAP):
                failed |= await SafetyReads(self._access).failed(part).ask()
        except Failed:
            return rows
        return tuple(
            msgspec.structs.replace(row, failed_checks=len(failed.get(row.id, ())))
            if isinstance(row, ChosenTask)
            else row
            for row in rows
        )

    @read("db:count_listed")
    async def total(self, listing: Listing) -> tuple[int, bool]:
        """Return how many rows match, and whether that is exact: counted where the server estimates them as few."""
        source = await self._source(listing)
        estimate = await self._count(listing, source, "planned")
        if estimate > COUNTED_ROWS:
            return estimate, False
        try:
            return await self._count(listing, source, "exact"), True
        except Failed as failed:
            if failed.fault.kind == "timeout" or failed.fault.code == "57014":
                return estimate, False  # looking at every row takes the server too long
            raise

    @read("db:fetch_task_detail")
    async def task_detail(self, name: str) -> TaskDetail | None:
        """Return one task in full; `None` when none is visible to this account."""
        row = await self._row(TASKS, name)
        if row is None:
            return None
        task = self._calls.oddities.see("task", task_of(row))
        return TaskDetail(task=task, row=row_detail(row_id(row), row))

    @read("db:fetch_log_detail")
    async def log_detail(self, name: str) -> LogDetail | None:
        """Return one row of the log in full; `None` when none is visible to this account."""
        row = await self._row(LOGS, name)
        if row is None:
            return None
        entry = self._calls.oddities.see("log row", log_of(narrowed(row), self._schema.log_time))
        return LogDetail(entry=entry, row=row_detail(row_id(row), row))

    @read("db:fetch_safety_detail")
    async def safety_detail(self, name: str) -> SafetyDetail | None:
        """Return one safety check in full; `None` when none is visible to this account."""
        await shape_of_safety(self._access)  # which says it better where there is no such table
        row = await self._row(SAFETY, name)
        if row is None:
            return None
        check = self._calls.oddities.see("safety check", safety_of(safety_narrowed(row)))
        return SafetyDetail(check=check, row=row_detail(row_id(row), row))

    @read("db:fetch_whole_row")
    async def whole_row(self, table: Table, name: str) -> Row | None:
        """Return one row of a list's table, every column as the project has it; `None` when this account sees none."""
        row = await self._row((await self._source(Listing(table=table))).selection.table, name)
        if row is not None:
            row_id(row)  # else it is none
        return row

    @read("db:fetch_log_detail")
    async def log_entry(self, name: str) -> LogEntry | None:
        """Return what lists show of one row of the log; `None` when none is visible to this account."""
        rows = await self._calls.selected(
            "read log row", log_selection(self._schema.log_time), lambda query: query.eq("id", name).limit(1)
        )
        return log_of(rows[0], self._schema.log_time) if rows else None

    @read("db:fetch_safety_detail")
    async def safety_check(self, name: str) -> SafetyCheck | None:
        """Return what lists show of one safety check; `None` when none is visible to this account."""
        deployed = await shape_of_safety(self._access) is Shape.DEPLOYED
        selection = safety_selection(deployed=deployed)
        rows = await self._calls.selected("read check", selection, lambda query: query.eq("id", name).limit(1))
        return safety_of(rows[0]) if rows else None

    async def matching_tasks(
        self, given: Filter, limit: int, beside: Beside = _NOTHING_BESIDE
    ) -> dict[str, datetime | None]:
        """Return the ids of up to `limit` tasks that match, in order, each with when the task was over."""
        if beside.simulated and not self._schema.telltale.any:
            return {}
        found: dict[str, datetime | None] = {}
        after = ""
        while len(found) < limit:
            part = await self._matching_tasks(given, after, beside)
            if not part:
                break
            found |= dict(part)
            after = part[-1][0]
        return dict(itertools.islice(found.items(), limit))

    @read("db:fetch_matching_tasks")
    async def _matching_tasks(
        self, given: Filter, after: str, beside: Beside
    ) -> tuple[tuple[str, datetime | None], ...]:
        """Return the next 500 tasks that match, by id, those above `after`: each id, and when the task was over."""
        source, now = listed.tasks(self._schema), self._now
        telltale = self._schema.telltale if beside.simulated else Telltale()

        def build(c: Any) -> Any:
            query = c.table(TASKS).select(telltale.select("id,completed_at"))
            query = telltale.joined(query).or_(telltale.simulated()) if beside.simulated else query
            query = _matching(_beside(query, source, beside), source, given, now)
            return (query.gt("id", after) if after else query).order("id").limit(PAGE)

        with _refusals_explained():
            rows = await self._calls.rows("read matching tasks", build)
        if not rows and not after:
            await self._calls.must_show(TASKS)
        return tuple((row_id(row), moment(row["completed_at"])) for row in each(rows, "completed_at"))

    @read("db:count_matching_tasks")
    async def count_matching(self, given: Filter, beside: Beside) -> int:
        """Return how many tasks match; `beside.simulated` is not looked at."""
        source, now = listed.tasks(self._schema), self._now

        def build(c: Any) -> Any:
            query = _beside(c.table(TASKS).select("id", count="exact"), source, beside)
            return _matching(query, source, given, now).limit(1)

        with _refusals_explained():
            return await self._calls.count("count matching tasks", build)

    def _listed(self, source: ListTable, row: Row) -> ListedRow:
        record = source.record(row)
        return self._calls.oddities.see(source.noun, record)

    @property
    def _now(self) -> datetime:
        """The time from which a filter's times are counted: the server's, as far as it is known."""
        return self._calls.server_time() or datetime.now(UTC)

    async def _count(self, listing: Listing, source: ListTable, how: str) -> int:
        now = self._now

        def build(c: Any) -> Any:
            # No row with it: finding the only one that matches takes as long as counting.
            return _matching(
                c.table(source.selection.table).select("id", count=how), source, listing.filter, now
            ).limit(0)

        with _refusals_explained():
            return await self._calls.count(f"count {listing.table}", build)

    async def _row(self, table: str, name: str) -> Row | None:
        try:
            rows = await self._calls.rows(
                f"read one of {table}", lambda c: c.table(table).select("*").eq("id", name).limit(1)
            )
        except Failed as failed:
            if failed.fault.kind == "bad_input":
                return None  # it is no id at all
            raise
        return rows[0] if rows else None

    async def _source(self, listing: Listing) -> ListTable:
        match listing.table:
            case Table.TASKS:
                return listed.tasks(self._schema)
            case Table.INBOX:
                return listed.inbox(self._schema)
            case Table.LOGS:
                return listed.logs(self._schema)
            case Table.ORDERS:
                return listed.orders(self._schema)
            case Table.SAFETY:
                source = listed.safety_checks(await shape_of_safety(self._access))
                if listing.filter.task and not source.searched.of_task:
                    raise Failed(_NO_TASKS)
                return source


def _matching(query: Any, source: ListTable, given: Filter, now: datetime) -> Any:
    query = query if source.only is None else query.eq(*source.only)
    query = without_mark(query, source.without, source.searched.error) if source.without else query
    return narrowed_by(query, given, source.searched, now)


def _beside(query: Any, source: ListTable, beside: Beside) -> Any:
    query = query if beside.set_aside else without_mark(query, PAUSED, source.searched.error)
    return query if beside.other_than is None else has_another_value(query, *beside.other_than)


@contextlib.contextmanager
def _refusals_explained() -> Iterator[None]:
    """Word the fault of a value that the database refuses: the filter must be changed."""
    try:
        yield
    except Failed as failed:
        if failed.fault.kind != "bad_input":
            raise
        message = f"the database rejected a value of the filter ({failed.fault.message})"
        raise Failed(msgspec.structs.replace(failed.fault, message=message, remedy="change the filter")) from failed
