"""Every read names its columns, and of JSON the values it shows; a column that a project lacks costs its value only."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.backend.client import Backend, RequestLimits
from core.backend.faults import Failed
from core.backend.json_paths import text_in, text_paths, value_at
from core.backend.reads import Reads
from core.backend.schema import discover
from core.backend.selection import LackingColumns, Selection
from core.backend.target import Target
from core.base.clock import SystemClock
from core.domain.queries import Listing, Table
from core.resilience.fault import Counts, Evidence, Fault
from tests.backend.rows.test_odd_answers import READS, SCHEMA
from tests.running import ONE_SHAPE, Running
from tests.wire import Wire, answer, wire

JSON_COLUMNS = {"input_data", "output_data", "error_data", "result", "rollback_data", "details"}
IN_FULL = {"lists.task_detail", "lists.log_detail", "lists.safety_detail"}
"""One row, because somebody opened it."""
COMPARED_WHOLE = {"logs.lease"}
"""A spoilt lease is taken over by comparing all of it."""


@pytest.fixture
async def line(sandbox: Running) -> AsyncIterator[tuple[Wire, Backend]]:
    async with wire(sandbox.url) as between:
        backend = Backend(Target(name="t", url=between.url, key=sandbox.service_key), SystemClock(), RequestLimits())
        yield between, backend
        await backend.close()


def selected(request: str) -> set[str]:
    """What a request asks for, without the names it is to have."""
    asked = parse_qs(urlsplit(request.partition(" ")[2]).query).get("select", [""])[0]
    return {item.rpartition(":")[2] for item in asked.split(",")}


async def test_every_read_but_that_of_a_row_in_full_names_its_columns_and_of_json_its_paths() -> None:
    async with wire() as between:
        between.acts["/rest/"] = answer(b"[]", headers="Content-Range: */0\r\n")
        backend = Backend(Target(name="t", url=between.url, key="sb_secret_x"), SystemClock(), RequestLimits())
        for name, ask in READS.items():
            between.seen.clear()
            with contextlib.suppress(Failed):
                await ask(Reads(backend.calls, SCHEMA))
            asked = {item for request in between.seen if request.startswith("GET") for item in selected(request)}
            assert ("*" in asked) == (name in IN_FULL), name
            assert name in COMPARED_WHOLE or not asked & JSON_COLUMNS, (name, asked & JSON_COLUMNS)
        await backend.close()


async def test_what_the_panels_and_lists_read_weighs_the_same_however_long_the_json_of_a_row(
    line: tuple[Wire, Backend], sandbox: Running
) -> None:
    between, backend = line
    weights = []
    for size in (0, 100_000):
        sandbox.reset()
        told = json.dumps({"message": "patched", "order": 5, "blob": "x" * size, "deep": [{"blob": "x" * size}]})
        sandbox.sql(
            "INSERT INTO autonomous_tasks (description, status, result, rollback_data)"
            " SELECT 't', 'in_progress', %s::jsonb, %s::jsonb FROM generate_series(1, 20)",
            told,
            told,
        )
        sandbox.sql(
            "INSERT INTO autonomous_execution_logs"
            " (execution_step, step_status, input_data, output_data, error_data)"
            " SELECT 'patch', 'completed', %s::jsonb, %s::jsonb, %s::jsonb FROM generate_series(1, 20)",
            told,
            told,
            told,
        )
        reads = Reads(backend.calls, await discover(backend))
        before = between.carried
        assert len(await reads.tasks.newest(20)) == len(await reads.tasks.running()) == 20
        assert {entry.summary for entry in await reads.logs.newest(20)} == {"patched"}
        for table in (Table.TASKS, Table.LOGS):
            await reads.lists.page(Listing(table=table), 0, 50)
        weights.append(between.carried - before)
    thin, fat = weights
    assert abs(fat - thin) < 2_000, weights


@contextlib.contextmanager
def without(sandbox: Running, table: str, *columns: str) -> Iterator[None]:
    """As in a project whose table never had these columns."""
    for column in columns:
        sandbox.sql(f"ALTER TABLE {table} RENAME COLUMN {column} TO was_{column}")
    try:
        yield
    finally:
        for column in columns:
            sandbox.sql(f"ALTER TABLE {table} RENAME COLUMN was_{column} TO {column}")


async def settled(sandbox: Running, table: str, column: str, status: int) -> None:
    """Wait until who serves the API knows the table as it is now."""
    while sandbox.rest(f"{table}?select={column}&limit=1").status_code != status:
        await asyncio.sleep(0.05)


async def test_columns_that_a_project_lacks_cost_their_values_and_are_asked_for_again_after_a_new_look(
    line: tuple[Wire, Backend], sandbox: Running
) -> None:
    between, backend = line
    sandbox.sql("INSERT INTO autonomous_tasks (description, status, risk_level) VALUES ('t', 'pending', 'high')")
    sandbox.sql(
        "INSERT INTO autonomous_execution_logs (execution_step, step_status, error_data, output_data)"
        """ VALUES ('patch', 'failed', '"boom"', '{"message": "half done"}')"""
    )
    schema = await discover(backend)
    reads = Reads(backend.calls, schema)
    with (
        without(sandbox, "autonomous_tasks", "risk_level", "estimated_duration_minutes"),
        without(sandbox, "autonomous_execution_logs", "error_data"),
        without(sandbox, "autonomous_system_config", "notification_email"),
    ):
        await settled(sandbox, "autonomous_tasks", "risk_level", 400)
        await settled(sandbox, "autonomous_system_config", "notification_email", 400)
        (task,) = await reads.tasks.newest(5)
        assert (task.description, task.risk_level, task.estimated_minutes, task.odd) == ("t", "", None, ())
        assert [entry.summary for entry in await reads.logs.newest(5)] == ["half done"]
        config = await reads.config.fetch()
        assert config is not None
        assert (config.enabled, config.notification_email) == (True, "")
        between.seen.clear()
        await reads.tasks.newest(5)
        assert len(between.seen) == 1  # what is lacking is known
    await settled(sandbox, "autonomous_tasks", "risk_level", 200)
    await settled(sandbox, "autonomous_system_config", "notification_email", 200)
    assert (await reads.tasks.newest(5))[0].risk_level == ""
    await discover(backend)
    assert (await reads.tasks.newest(5))[0].risk_level == "high"
    assert [entry.summary for entry in await reads.logs.newest(5)] == ["boom"]


@ONE_SHAPE
async def test_without_a_column_it_cannot_do_without_a_table_is_not_read(
    line: tuple[Wire, Backend], sandbox: Running
) -> None:
    _, backend = line
    reads = Reads(backend.calls, await discover(backend))
    with without(sandbox, "autonomous_tasks", "started_at"):
        await settled(sandbox, "autonomous_tasks", "started_at", 400)
        with pytest.raises(Failed) as caught:
            await reads.tasks.newest(5)
        assert caught.value.fault.kind == "missing_column"
    await settled(sandbox, "autonomous_tasks", "started_at", 200)


def refusal(message: str, kind: str = "missing_column") -> Fault:
    return Fault(kind=kind, counts=Counts.NEUTRAL, evidence=Evidence.ALIVE, message=message)


def test_only_a_refusal_that_names_a_wanted_column_is_learnt_from_and_once() -> None:
    lacking = LackingColumns()
    asked = Selection(table="t", needed=("id",), wanted=("kind", "why:told->plan->why", "who:told->who"))
    assert not lacking.note(asked, refusal("column t.id does not exist"))
    assert not lacking.note(asked, refusal("column t.kind does not exist", kind="missing_table"))
    assert not lacking.note(asked, refusal("something else"))
    assert asked.items(lacking.of("t")) == ("id", "kind", "why:told->plan->why", "who:told->who")
    assert lacking.note(asked, refusal("column t.told does not exist"))
    assert not lacking.note(asked, refusal("column t.told does not exist"))
    assert asked.items(lacking.of("t")) == ("id", "kind")
    assert asked.items(lacking.of("another")) == asked.items()
    lacking.forget()
    assert asked.items(lacking.of("t")) == asked.items()


values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["", "a", "boom"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["text", "message", "order", "plan"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@ONE_SHAPE
def test_a_path_finds_in_a_whole_row_what_postgresql_finds_in_its_column(session_sandbox: Running) -> None:
    @given(value=values)
    def holds(value: object) -> None:
        paths = [*text_paths({"e": "told"}).values(), "told->plan->reason", "told->plan->text"]
        sql = ", ".join(f"(c.told{path.removeprefix('told').replace('->0', '-> 0')})" for path in map(literal, paths))
        (found,) = session_sandbox.sql(f"SELECT {sql} FROM (SELECT %s::jsonb AS told) c", json.dumps(value))
        assert list(found) == [value_at({"told": value}, path) for path in paths], value

    holds()


def literal(path: str) -> str:
    """The path as SQL spells it."""
    column, *keys = path.split("->")
    return column + "".join(f"->{key if key.isdigit() else repr(key)}" for key in keys)


def test_the_words_for_people_are_those_of_the_first_column_that_has_any() -> None:
    row = {"e_message": None, "e_0": "", "o_message": 5, "o_reason": "b", "o_text": "a", "i_0": "c"}
    assert text_in(row, {"e": "error", "o": "output", "i": "input"}) == "a"
    assert text_in(row | {"o_text": None, "o_reason": None}, {"e": "error", "o": "output", "i": "input"}) == "c"
    assert text_in({}, {"e": "error"}) == ""
