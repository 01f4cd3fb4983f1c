"""An answer whose rows lack what was asked for, or that counts less than nothing, is garbage and no default."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime

import msgspec
import pytest

from core.backend.client import Backend, RequestLimits
from core.backend.faults import Failed, Trace
from core.backend.reads import Reads
from core.backend.reads.figures import STREAMS
from core.backend.reads.overview import OverviewRequest
from core.backend.schema import UNDISCOVERED, discover
from core.backend.simulated import Telltale
from core.backend.target import Target
from core.base.clock import SystemClock
from core.domain.chosen_tasks import Beside
from core.domain.markers import Markers
from core.domain.queries import Listing, Table
from tests.backend.rows import odd
from tests.wire import Wire, answer, wire

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
IDS = ("a", "b")
MARKS = Markers(begins=("m",))
SCHEMA = msgspec.structs.replace(UNDISCOVERED, telltale=Telltale(results=True, environments=True))
NONE = Listing(table=Table.TASKS)

ASKED = OverviewRequest(since=AT, now=AT, most_tasks=5, most_logs=5, slow=True)

READS: dict[str, Callable[[Reads], Awaitable[object]]] = {
    "config.fetch": lambda reads: reads.config.fetch(),
    "config.visible": lambda reads: reads.config.visible(),
    "config.is_absent": lambda reads: reads.config.is_absent(),
    "probes.database": lambda reads: reads.probes.database(1, Trace()),
    "counts.in_status": lambda reads: reads.counts.in_status("pending"),
    "counts.exactly": lambda reads: reads.counts.exactly("pending"),
    "counts.by_status": lambda reads: reads.counts.by_status(),
    "counts.started": lambda reads: reads.counts.started(AT, AT),
    "overview.fetch": lambda reads: reads.overview.fetch(ASKED),
    "tasks.newest": lambda reads: reads.tasks.newest(5),
    "tasks.first": lambda reads: reads.tasks.first("pending", 3),
    "tasks.oldest": lambda reads: reads.tasks.oldest("awaiting_review", 3),
    "tasks.failed_since": lambda reads: reads.tasks.failed_since(AT, 3),
    "tasks.running": lambda reads: reads.tasks.running(),
    "tasks.oldest_pending_at": lambda reads: reads.tasks.oldest_pending_at(AT),
    "tasks.oldest_in_review_at": lambda reads: reads.tasks.oldest_in_review_at(AT),
    "tasks.fetch": lambda reads: reads.tasks.fetch("a"),
    "tasks.with_visible_logs": lambda reads: reads.tasks.with_visible_logs(IDS),
    "tasks.with_signs_of_life": lambda reads: reads.tasks.with_signs_of_life(IDS, AT, AT),
    "counts.open": lambda reads: reads.counts.open(),
    "task_ids.marked_among": lambda reads: reads.task_ids.marked_among(IDS, "failed", MARKS),
    "task_ids.count_unchanged": lambda reads: reads.task_ids.count_unchanged(IDS, AT),
    "task_ids.count_marked": lambda reads: reads.task_ids.count_marked(MARKS, "failed"),
    "task_ids.marked": lambda reads: reads.task_ids.marked(MARKS, "failed", 5),
    "task_ids.in_status": lambda reads: reads.task_ids.in_status("pending", 5),
    "task_ids.count_failed_until": lambda reads: reads.task_ids.count_failed_until(IDS, AT),
    "task_ids.sent_back_among": lambda reads: reads.task_ids.sent_back_among(IDS, AT),
    "config.rows": lambda reads: reads.config.rows(),
    "chosen.of_ids": lambda reads: reads.chosen.of_ids(IDS),
    "chosen.in_status": lambda reads: reads.chosen.in_status(IDS, ("pending",), approved=True, reviewed=(AT, AT)),
    "task_ids.completed_until": lambda reads: reads.task_ids.completed_until(IDS, AT),
    "task_ids.pending_as_completed": lambda reads: reads.task_ids.pending_as_completed(IDS, AT),
    "outcomes.simulated_among": lambda reads: reads.outcomes.simulated_among(IDS),
    "chosen.with_value": lambda reads: reads.chosen.with_value(IDS, "priority", 3, statuses=("pending",)),
    "audit.plan_of": lambda reads: reads.audit.plan_of("a"),
    "audit.set_by_run": lambda reads: reads.audit.set_by_run("a", "priority"),
    "pauses.standing": lambda reads: reads.pauses.standing(),
    "pauses.of_type": lambda reads: reads.pauses.of_type("bug_fix"),
    "pauses.pending": lambda reads: reads.pauses.pending("bug_fix", 5),
    "pauses.count": lambda reads: reads.pauses.count("bug_fix", "pending"),
    "tasks.created_since": lambda reads: reads.tasks.created_since("bug_fix", "x", AT),
    "task_ids.failed_among": lambda reads: reads.task_ids.failed_among(IDS),
    "audit.chosen_by_run": lambda reads: reads.audit.chosen_by_run("a"),
    "outcomes.last_completed_at": lambda reads: reads.outcomes.last_completed_at(AT),
    "outcomes.last_failed_at": lambda reads: reads.outcomes.last_failed_at(AT),
    "outcomes.simulated": lambda reads: reads.outcomes.simulated(AT, AT),
    "outcomes.success_rate": lambda reads: reads.outcomes.success_rate(AT, AT),
    "counts.healed": lambda reads: reads.counts.healed(AT),
    "audit.completed_among": lambda reads: reads.audit.completed_among(IDS),
    "audit.given_back": lambda reads: reads.audit.given_back(AT),
    "audit.healed_ids": lambda reads: reads.audit.healed_ids(AT),
    "audit.heal_durations": lambda reads: reads.audit.heal_durations(AT),
    "audit.false_rescues": lambda reads: reads.audit.false_rescues(AT),
    "audit.last_resume_at": lambda reads: reads.audit.last_resume_at(AT),
    "audit.of_run": lambda reads: reads.audit.of_run("r"),
    "audit.ended": lambda reads: reads.audit.ended(AT, ("heal",)),
    "audit.tasks_of": lambda reads: reads.audit.tasks_of(("r",)),
    "audit.stop_trail": lambda reads: reads.audit.stop_trail(),
    "audit.row_time": lambda reads: reads.audit.row_time("a"),
    "audit.unfinished": lambda reads: reads.audit.unfinished("heal", AT),
    "logs.newest": lambda reads: reads.logs.newest(5),
    "tasks.newer": lambda reads: reads.tasks.newer((AT, "a"), IDS, 5),
    "logs.newer": lambda reads: reads.logs.newer(None, IDS, 5),
    "logs.old": lambda reads: reads.logs.old(AT, AT, "", 5),
    "logs.count_old": lambda reads: reads.logs.count_old(AT, AT, ""),
    "logs.among": lambda reads: reads.logs.among(IDS),
    "logs.by_watchdog": lambda reads: reads.logs.by_watchdog(healing=False, since=None, limit=5),
    "logs.told_between": lambda reads: reads.logs.told_between(AT, AT, 5),
    "logs.failed_between": lambda reads: reads.logs.failed_between(AT, AT, 5),
    "logs.alert_rows": lambda reads: reads.logs.alert_rows(AT, ("silence",)),
    "logs.newest_health_at": lambda reads: reads.logs.newest_health_at(AT, AT),
    "logs.lease": lambda reads: reads.logs.lease("a"),
    "lists.page": lambda reads: reads.lists.page(NONE, 0, 5),
    "lists.total": lambda reads: reads.lists.total(NONE),
    "lists.task_detail": lambda reads: reads.lists.task_detail("a"),
    "lists.log_detail": lambda reads: reads.lists.log_detail("a"),
    "lists.whole_row": lambda reads: reads.lists.whole_row(Table.TASKS, "a"),
    "lists.log_entry": lambda reads: reads.lists.log_entry("a"),
    "lists.safety_check": lambda reads: reads.lists.safety_check("a"),
    "lists.safety_detail": lambda reads: reads.lists.safety_detail("a"),
    "lists.count_matching": lambda reads: reads.lists.count_matching(NONE.filter, Beside()),
    "lists.matching_tasks": lambda reads: reads.lists.matching_tasks(NONE.filter, 5),
    "trends.count_finished": lambda reads: reads.trends.count_finished(AT, AT),
    "trends.count_simulated": lambda reads: reads.trends.count_simulated(AT, AT),
    "trends.failures": lambda reads: reads.trends.failures(AT, AT),
    "trends.finished": lambda reads: reads.trends.finished(AT, AT, ""),
    "trends.simulated": lambda reads: reads.trends.simulated(AT, AT, ""),
    "trends.events": lambda reads: reads.trends.events(AT, AT, ("heal",), ("blind",)),
    "trends.checks": lambda reads: reads.trends.checks(AT, AT, 0),
    "safety.settings": lambda reads: reads.safety.settings("a"),
    "safety.failed": lambda reads: reads.safety.failed(IDS),
    "safety.switched": lambda reads: reads.safety.switched(IDS, enabled=True),
    "figures.page": lambda reads: reads.figures.page(STREAMS[0], AT, AT, None),
    "figures.about": lambda reads: reads.figures.about(AT, AT),
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


async def test_every_read_there_is_stands_in_the_table(backend: Backend) -> None:
    subjects = {name: one for name, one in vars(Reads(backend.calls, SCHEMA)).items() if not name.startswith("_")}
    reads = {f"{name}.{method}" for name, one in subjects.items() for method in dir(one) if not method.startswith("_")}
    assert set(READS) == reads - {"probes.edge_function", "overview.proven"} - {f"{name}.sees_all" for name in subjects}


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("read", READS)
async def test_a_row_without_its_columns_is_garbage(read: str, body: str, between: Wire, backend: Backend) -> None:
    between.acts["/rest/"] = answer(json.dumps(BODIES[body]).encode(), headers="Content-Range: 0-0/1\r\n")
    await is_garbage(READS[read](Reads(backend.calls, SCHEMA)))


@pytest.mark.parametrize("body", BODIES)
async def test_a_schema_is_not_found_out_from_garbage(body: str, between: Wire, backend: Backend) -> None:
    between.acts["/rest/"] = answer(json.dumps(BODIES[body]).encode())
    await is_garbage(discover(backend))


@pytest.mark.parametrize("told", ["0-0/-5", "*/-5", "*/*", "*/none", f"*/{10**30}", ""])
@pytest.mark.parametrize(
    "read", ["counts.exactly", "counts.in_status", "counts.healed", "logs.count_old", "lists.total"]
)
async def test_a_count_below_zero_or_none_is_garbage(read: str, told: str, between: Wire, backend: Backend) -> None:
    between.acts["/rest/"] = answer(b"[]", headers=f"Content-Range: {told}\r\n" if told else "")
    await is_garbage(READS[read](Reads(backend.calls, UNDISCOVERED)))


async def test_a_server_that_answers_the_same_page_for_ever_is_garbage(between: Wire, backend: Backend) -> None:
    between.acts["/rest/"] = answer(json.dumps([odd.TASK]).encode())
    await is_garbage(Reads(backend.calls, UNDISCOVERED).tasks.running())
    between.acts["/rest/"] = answer(json.dumps([{"task_id": "c"}]).encode())
    await is_garbage(Reads(backend.calls, UNDISCOVERED).tasks.with_signs_of_life(IDS, AT))


@pytest.mark.parametrize("value", odd.ODD)
async def test_an_odd_task_costs_no_other_one(value: object, between: Wire, backend: Backend) -> None:
    rows = [odd.TASK | dict.fromkeys(set(odd.TASK) - {"id"}, value), odd.TASK | {"id": "fine", "status": "pending"}]
    between.acts["/rest/"] = answer(json.dumps(rows).encode())
    first, second = await Reads(backend.calls, UNDISCOVERED).tasks.newest(5)
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
    assert await Reads(backend.calls, UNDISCOVERED).config.is_absent() is absent


async def test_a_config_function_that_raises_where_there_is_none_proves_it(between: Wire, backend: Backend) -> None:
    between.acts["/rest/"] = answer(b'{"code": "P0001", "message": "no config"}', "400 Bad Request")
    assert await Reads(backend.calls, UNDISCOVERED).config.is_absent()
