"""The read of all that a refresh asks for in one request, where the project has our function for it."""

from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final, Generic, ParamSpec, TypeVar

import msgspec

from core.backend.columns import Row, lacking, moment, whole
from core.backend.faults import Failed, garbage
from core.backend.log_rows import log_of
from core.backend.overview_sql import MOST_RUNNING, OVERVIEW_VERSION
from core.backend.reads.config import ConfigReads
from core.backend.reads.read import Subject, read
from core.backend.reads.task_counts import by_name, counting
from core.backend.rows import config_of, merged, task_of
from core.backend.schema import OVERVIEW_RPC
from core.backend.sizes import EXACT_UP_TO
from core.backend.tables import LOGS, TASKS
from core.backend.timestamps import stamp, until
from core.domain.counts import Amount, Simulated, SuccessRate, TaskCounts
from core.domain.records import ENDED, STATUSES, LogEntry, SystemConfig, Task

P = ParamSpec("P")
R = TypeVar("R")

_OPEN: Final = tuple(status for status in STATUSES if status not in ENDED)
_MOMENTS: Final = ("last_completed", "oldest_review", "oldest_pending")
_MARK_CHARS: Final = 64
_HOUR: Final = timedelta(hours=1)


class KnownRows(msgspec.Struct, Generic[R], frozen=True):
    """Rows that the caller has already, each with the mark by which the function knows whether it has changed."""

    marks: tuple[str, ...] = ()
    rows: tuple[R, ...] = ()


class OverviewRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for: the caller's rows, how many of the newest, and whether what seldom changes as well.

    `since` begins the time within which finished tasks are counted, `now` ends it.
    """

    since: datetime
    now: datetime
    most_tasks: int
    most_logs: int
    slow: bool
    config: KnownRows[SystemConfig] = KnownRows()
    tasks: KnownRows[Task] = KnownRows()
    logs: KnownRows[LogEntry] = KnownRows()


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """What came: the rows to be known from now on, the counts, and what seldom changes where it was asked for."""

    config: KnownRows[SystemConfig]
    tasks: KnownRows[Task]
    logs: KnownRows[LogEntry]
    open: TaskCounts
    ended: dict[str, Amount] = {}
    success: SuccessRate | None = None
    success_1h: SuccessRate | None = None
    """The rate of the last hour, where all that finished was counted."""
    simulated: Simulated | None = None
    last_completed_at: datetime | None = None
    oldest_review_at: datetime | None = None
    oldest_pending_at: datetime | None = None
    running: tuple[int, datetime | None] | None = None
    """How many tasks run, and when the first of them began; `None` where they are too many, or that is no time."""


class OverviewReads(Subject):
    """The one read that replaces all others of a refresh."""

    @read("db:fetch_overview")
    async def fetch(self, asked: OverviewRequest) -> Overview:
        """Return the overview. Raises Failed, also where the function is none that this version knows."""
        sizes = self._calls.sizes
        many = [status for status in STATUSES if sizes.large(counting(status))]
        arguments = {
            "since": stamp(asked.since),
            "until": until(asked.now),
            "hour": stamp(asked.now - _HOUR),
            "slow": asked.slow,
            "many": many,
            "most_tasks": asked.most_tasks,
            "most_logs": asked.most_logs,
            "config": asked.config.marks or None,
            "tasks": asked.tasks.marks,
            "logs": asked.logs.marks,
        }
        answer = await self._calls.query("read overview", lambda c: c.rpc(OVERVIEW_RPC, {"asked": arguments}))
        told = told_by_overview(answer.data)
        found = _counts(told["counts"])
        for status in found.keys() & set(STATUSES):
            if found[status] <= EXACT_UP_TO:
                sizes.counted(counting(status), found[status])
            elif status not in many:  # else no row was seen, only a plan
                sizes.prove_large(counting(status))
        return self._overview(told, found, asked)

    async def proven(self, overview: Overview) -> dict[str, Failed]:
        """Return the fault of each part that is empty where that proves nothing: rows may be hidden from us."""
        success, simulated = overview.success, overview.simulated
        of_tasks = {
            "tasks": overview.tasks.rows,
            "open_counts": any(overview.open.counts.values()),
            **{f"{status}_count": amount.rows for status, amount in overview.ended.items()},
            "success_24h": success is None or success.finished,
            "simulated": simulated is None or simulated.count,
            "last_completed": success is None or overview.last_completed_at,
            "oldest_review": success is None or overview.oldest_review_at,
        }
        return (
            await _unproven([name for name, found in of_tasks.items() if not found], self._calls.must_show, TASKS)
            | await _unproven([] if overview.logs.rows else ["logs"], self._calls.must_show, LOGS)
            | await _unproven([] if overview.config.rows else ["config"], self._prove_no_config)
        )

    async def _prove_no_config(self) -> None:
        """Raise Failed unless there is no config row."""
        if await ConfigReads(self._access).visible().ask() is not None:
            raise Failed(garbage("an overview without the config row that is there"))

    def _overview(self, told: Row, found: dict[str, int], asked: OverviewRequest) -> Overview:
        see = self._calls.oddities.see
        tasks = _page(told.get("tasks"), asked.tasks, asked.most_tasks, lambda row: see("task", task_of(row)))
        time = self._schema.log_time
        logs = _page(told.get("logs"), asked.logs, asked.most_logs, lambda row: see("log row", log_of(row, time)))
        for table, page in ((TASKS, tasks), (LOGS, logs)):
            if page.rows:
                self._calls.saw(table)
        exact = {status: rows <= EXACT_UP_TO for status, rows in found.items()}
        counted = dict.fromkeys(_OPEN, 0) | {status: rows for status, rows in found.items() if status not in ENDED}
        estimated = tuple(status for status in counted if not exact.get(status, True))
        overview = Overview(
            config=self._config(told, asked.config), tasks=tasks, logs=logs, open=TaskCounts(counted, estimated)
        )
        if not asked.slow:
            return overview
        lacking(told, "finished", *_MOMENTS, "running")
        finished = told["finished"]
        moments = {name: moment(told[name]) for name in _MOMENTS}
        impossible = any(at is None and told[name] is not None for name, at in moments.items())
        if not isinstance(finished, dict) or impossible:
            raise Failed(garbage("expected an overview, got something else"))
        names = ("completed", "failed", "completed_1h", "failed_1h", "simulated")
        completed, failed, completed_1h, failed_1h, simulated = (_amount(finished.get(name)) for name in names)
        lately = SuccessRate(completed_1h, failed_1h, _HOUR)
        return msgspec.structs.replace(
            overview,
            ended={status: Amount(found.get(status, 0), exact.get(status, True)) for status in ENDED},
            success=SuccessRate(
                completed=completed,
                failed=failed,
                window=asked.now - asked.since,
                exact=finished.get("estimated") is False,
            ),
            success_1h=lately if max(completed_1h, failed_1h) <= EXACT_UP_TO else None,
            simulated=Simulated(simulated, moment(finished.get("simulated_last"))),
            last_completed_at=moments["last_completed"],
            oldest_review_at=moments["oldest_review"],
            oldest_pending_at=moments["oldest_pending"],
            running=_running(told["running"]),
        )

    def _config(self, told: Row, known: KnownRows[SystemConfig]) -> KnownRows[SystemConfig]:
        if "config" not in told and known.marks:
            return known
        lacking(told, "config")
        rows, marks = told["config"], _marks(told.get("config_marks"))
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise Failed(garbage("expected config rows, got something else"))
        found = merged(tuple(self._calls.oddities.see("config row", config_of(row)) for row in rows))
        return KnownRows(marks, () if found is None else (found,))


async def _unproven(
    empty: list[str], look: Callable[P, Awaitable[object]], *given: P.args, **named: P.kwargs
) -> dict[str, Failed]:
    """Return the fault with which a look for a row fails, for each of the parts that are empty."""
    if empty:
        try:
            await look(*given, **named)
        except Failed as failed:
            return dict.fromkeys(empty, failed)
    return {}


def told_by_overview(data: object) -> Row:
    """Return what our function answered. Raises Failed where it is not this version's."""
    if not isinstance(data, dict) or data.get("version") != OVERVIEW_VERSION or "counts" not in data:
        raise Failed(garbage("expected an overview, got something else"))
    return data


def _page(told: object, known: KnownRows[R], most: int, record: Callable[[Row], R]) -> KnownRows[R]:
    """Return the page that was told: by their places rows that are known, in full those that are not."""
    if told is None:
        return known
    marks, rows = list[str](), list[R]()
    if not isinstance(told, list) or len(told) > most:
        raise Failed(garbage("expected a page of rows, got something else"))
    for one in told:
        if isinstance(one, dict):
            (mark,) = _marks([one.get("mark")])
            marks.append(mark)
            rows.append(record(one))
        elif (place := whole(one)) is not None and 0 <= place < len(known.rows):
            marks.append(known.marks[place])
            rows.append(known.rows[place])
        else:
            raise Failed(garbage("expected a page of rows, got something else"))
    return KnownRows(tuple(marks), tuple(rows))


def _marks(told: object) -> tuple[str, ...]:
    marks = told if isinstance(told, list) else [told]
    if not all(isinstance(mark, str) and len(mark) <= _MARK_CHARS for mark in marks):
        raise Failed(garbage("expected marks of rows, got something else"))
    return tuple(marks)


def _counts(told: object) -> dict[str, int]:
    """Return counts by status under the names that are shown."""
    try:
        pairs = msgspec.convert(told, list[tuple[str | None, int]])
    except (msgspec.ValidationError, UnicodeError):
        raise Failed(garbage("expected counts by status, got something else")) from None
    counts = Counter[str | None]()
    for status, tasks in pairs:
        counts[status] += _amount(tasks)
    return by_name(counts)


def _running(told: object) -> tuple[int, datetime | None] | None:
    if not isinstance(told, list) or len(told) != 2:
        raise Failed(garbage("expected running tasks, got something else"))
    tasks, since = _amount(told[0]), moment(told[1])
    if tasks > MOST_RUNNING or (tasks and since is None):
        return None
    return tasks, since


def _amount(told: object) -> int:
    count = whole(told)
    if count is None or count < 0:
        raise Failed(garbage("expected a count, got something else"))
    return count
