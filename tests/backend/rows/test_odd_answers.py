"""An answer whose rows lack what was asked for, or that counts less than nothing, is garbage and no default."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime

import msgspec
import pytest

from core.backend.client import Backend, RequestLimits
from core.backend.faults import Failed, Trace
from core.backend.reads.queries import Queries
from core.backend.reads.trends import TrendQueries
from core.backend.schema import UNDISCOVERED, discover
from core.backend.simulated import Telltale
from core.backend.target import Target
from core.base.clock import SystemClock
from core.domain.markers import Markers
from core.domain.queries import Listing, Table
from core.domain.records import STATUSES
from tests.backend.rows import odd
from tests.wire import Wire, answer, wire

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
IDS = ("a", "b")
MARKS = Markers(begins=("m",))
SCHEMA = msgspec.structs.replace(UNDISCOVERED, telltale=Telltale(results=True, environments=True))
NONE = Listing(table=Table.TASKS)

READS: dict[str, Callable[[Queries], Awaitable[object]]] = {
    "config": lambda q: q.config(),
    "visible_config": lambda q: q.visible_config(),
    "config_absent": lambda q: q.config_absent(),
    "ping": lambda q: q.ping(1, Trace()),
    "count": lambda q: q.count("pending"),
    "counts": lambda q: q.counts(STATUSES),
    "count_started": lambda q: q.count_started(AT, AT),
    "newest_tasks": lambda q: q.newest_tasks(5),
    "running_tasks": lambda q: q.running_tasks(),
    "marked_among": lambda q: q.marked_among(IDS, "failed", MARKS),
    "oldest_pending_at": lambda q: q.oldest_pending_at(AT),
    "oldest_in_review_at": lambda q: q.oldest_in_review_at(AT),
    "last_completed_at": lambda q: q.last_completed_at(AT),
    "last_failed_at": lambda q: q.last_failed_at(AT),
    "simulated": lambda q: q.simulated(AT, AT),
    "success_rate": lambda q: q.success_rate(AT, AT),
    "count_healed": lambda q: q.count_healed(AT),
    "count_unchanged": lambda q: q.count_unchanged(IDS, AT),
    "completed_among": lambda q: q.completed_among(IDS),
    "task": lambda q: q.task("a"),
    "count_marked": lambda q: q.count_marked(MARKS, "failed"),
    "marked": lambda q: q.marked(MARKS, "failed", 5),
    "ids_in": lambda q: q.ids_in("pending", 5),
    "newest_logs": lambda q: q.newest_logs(5),
    "with_visible_logs": lambda q: q.with_visible_logs(IDS),
    "with_signs_of_life": lambda q: q.with_signs_of_life(IDS, AT, AT),
    "old_logs": lambda q: q.old_logs(AT, AT, "", 5),
    "count_old_logs": lambda q: q.count_old_logs(AT, AT, ""),
    "logs_among": lambda q: q.logs_among(IDS),
    "last_lift_at": lambda q: q.last_lift_at(AT),
    "audited": lambda q: q.audited("r"),
    "orders_ended": lambda q: q.orders_ended(AT, ("heal",)),
    "ids_of_orders": lambda q: q.ids_of_orders(("r",)),
    "given_back": lambda q: q.given_back(AT),
    "healed_ids": lambda q: q.healed_ids(AT),
    "stop_trail": lambda q: q.stop_trail(),
    "log_time": lambda q: q.log_time("a"),
    "unfinished": lambda q: q.unfinished("heal", AT),
    "watchdog_logs": lambda q: q.watchdog_logs(healing=False, since=None, limit=5),
    "told_between": lambda q: q.told_between(AT, AT, 5),
    "failed_between": lambda q: q.failed_between(AT, AT, 5),
    "heal_durations": lambda q: q.heal_durations(AT),
    "alert_rows": lambda q: q.alert_rows(AT, ("silence",)),
    "newest_health_at": lambda q: q.newest_health_at(AT, AT),
    "lease": lambda q: q.lease("a"),
    "page": lambda q: q.page(NONE, 0, 5),
    "total": lambda q: q.total(NONE),
    "task_detail": lambda q: q.task_detail("a"),
    "log_detail": lambda q: q.log_detail("a"),
    "safety_detail": lambda q: q.safety_detail("a"),
    "matching_tasks": lambda q: q.matching_tasks(NONE.filter, ""),
    "count_failed_until": lambda q: q.count_failed_until(IDS, AT),
    "sent_back_among": lambda q: q.sent_back_among(IDS, AT),
}

PAST: dict[str, Callable[[TrendQueries], Awaitable[object]]] = {
    "count_finished": lambda q: q.count_finished(AT, AT),
    "finished": lambda q: q.finished(AT, AT, ""),
    "checks": lambda q: q.checks(AT, AT, 0),
}

BODIES = {"a row of nothing": [{}], "a row of something else": [{"greeting": "hello"}], "no rows": {"a": 1}}


@pytest.fixture
async def between() -> AsyncIterator[Wire]:
    async with wire() as one:
        yield one


@pytest.fixture
async def backend(between: Wire) -> AsyncIterator[Backend]:
    one = Backend(Target(name="t", url=between.url, key="sb_secret_x"), SystemClock(), RequestLimits())
    yield one
    await one.close()


async def is_garbage(work: Awaitable[object]) -> None:
    with pytest.raises(Failed) as caught:
        await work
    assert caught.value.fault.kind == "garbage"


def test_every_read_there_is_stands_in_the_table() -> None:
    reads = {name for name in dir(Queries) if not name.startswith("_")} - {"poll_function_answers", "count_each"}
    assert set(READS) == reads
    assert set(PAST) == {name for name in dir(TrendQueries) if not name.startswith("_")}


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("read", READS)
async def test_a_row_without_its_columns_is_garbage(read: str, body: str, between: Wire, backend: Backend) -> None:
    between.acts["/rest/"] = answer(json.dumps(BODIES[body]).encode(), headers="Content-Range: 0-0/1\r\n")
    await is_garbage(READS[read](Queries(backend.calls, SCHEMA)))


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("read", PAST)
async def test_a_row_of_the_past_without_its_columns_is_garbage(
    read: str, body: str, between: Wire, backend: Backend
) -> None:
    between.acts["/rest/"] = answer(json.dumps(BODIES[body]).encode(), headers="Content-Range: 0-0/1\r\n")
    await is_garbage(PAST[read](TrendQueries(backend.calls, UNDISCOVERED)))


@pytest.mark.parametrize("body", BODIES)
async def test_a_schema_is_not_found_out_from_garbage(body: str, between: Wire, backend: Backend) -> None:
    between.acts["/rest/"] = answer(json.dumps(BODIES[body]).encode())
    await is_garbage(discover(backend))


@pytest.mark.parametrize("told", ["0-0/-5", "*/-5", "*/*", "*/none", f"*/{10**30}", ""])
@pytest.mark.parametrize("read", ["count", "count_healed", "count_old_logs", "total"])
async def test_a_count_below_zero_or_none_is_garbage(read: str, told: str, between: Wire, backend: Backend) -> None:
    between.acts["/rest/"] = answer(b"[]", headers=f"Content-Range: {told}\r\n" if told else "")
    await is_garbage(READS[read](Queries(backend.calls, UNDISCOVERED)))


async def test_a_server_that_answers_the_same_page_for_ever_is_garbage(between: Wire, backend: Backend) -> None:
    between.acts["/rest/"] = answer(json.dumps([odd.TASK]).encode())
    await is_garbage(Queries(backend.calls, UNDISCOVERED).running_tasks())
    between.acts["/rest/"] = answer(json.dumps([{"task_id": "c"}]).encode())
    await is_garbage(Queries(backend.calls, UNDISCOVERED).with_signs_of_life(IDS, AT))


@pytest.mark.parametrize("value", odd.ODD)
async def test_an_odd_task_costs_no_other_one(value: object, between: Wire, backend: Backend) -> None:
    rows = [odd.TASK | dict.fromkeys(set(odd.TASK) - {"id"}, value), odd.TASK | {"id": "fine", "status": "pending"}]
    between.acts["/rest/"] = answer(json.dumps(rows).encode())
    first, second = await Queries(backend.calls, UNDISCOVERED).newest_tasks(5)
    assert first.id == odd.TASK["id"]
    assert (second.id, second.status, second.odd) == ("fine", "pending", ())


@pytest.mark.parametrize(
    ("body", "absent"),
    [
        ("null", True),
        ("[]", True),
        ('{"id": null, "enabled": null}', True),
        ('[{"id": null, "enabled": null}]', True),
        ('{"id": "a", "enabled": null}', False),
    ],
)
async def test_a_config_function_that_finds_none_proves_it(
    body: str, absent: bool, between: Wire, backend: Backend
) -> None:
    between.acts["/rest/"] = answer(body.encode())
    assert await Queries(backend.calls, UNDISCOVERED).config_absent() is absent


async def test_a_config_function_that_raises_where_there_is_none_proves_it(between: Wire, backend: Backend) -> None:
    between.acts["/rest/"] = answer(b'{"code": "P0001", "message": "no config"}', "400 Bad Request")
    assert await Queries(backend.calls, UNDISCOVERED).config_absent()
