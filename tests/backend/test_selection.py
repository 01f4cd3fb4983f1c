"""Every read names its columns, and of JSON the values it shows; a column that a project lacks costs its value only."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.backend.client import Backend, RequestLimits
from core.backend.faults import Failed
from core.backend.json_paths import text_in, text_paths
from core.backend.reads import Reads
from core.backend.schema import discover
from core.backend.selection import Selection, TableQuirks, value_at
from core.backend.target import Target
from core.base.clock import SystemClock
from core.domain.queries import Listing, Table
from core.resilience.fault import Counts, Evidence, Fault
from tests.backend.rows.test_odd_answers import READS, SCHEMA
from tests.running import ONE_SHAPE, Running
from tests.wire import Wire, answer, wire

JSON_COLUMNS = {"input_data", "output_data", "error_data", "result", "rollback_data", "details"}
IN_FULL = {"lists.task_detail", "lists.log_detail", "lists.safety_detail", "lists.whole_row"}
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


async def test_one_row_whose_json_the_server_cannot_take_apart_hides_no_other(
    lone_sandbox: Callable[..., Running],
) -> None:
    """`jsonb` refuses such escapes, but not every project's columns are that."""
    sandbox = lone_sandbox()
    sandbox.sql("ALTER TABLE autonomous_execution_logs ALTER COLUMN output_data TYPE json")
    for document in ('{"message": "half done"}', '{"message": "\\ud800"}', '{"message": "\\u0000"}'):
        sandbox.sql(
            "INSERT INTO autonomous_execution_logs (execution_step, step_status, output_data)"
            " VALUES ('patch', 'failed', %s::json)",
            document,
        )
    backend = Backend(Target(name="t", url=sandbox.url, key=sandbox.service_key), SystemClock(), RequestLimits())
    reads = Reads(backend.calls, await discover(backend))
    try:
        found = [entry.summary for entry in await reads.logs.newest(5)]
        assert len(found) == 3
        assert "half done" in found
        page = await reads.lists.page(Listing(table=Table.LOGS), 0, 5)
        assert len(page.rows) == 3
    finally:
        await backend.close()


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


def refusal(message: str, kind: str = "missing_column", code: str | None = "42703") -> Fault:
    return Fault(kind=kind, counts=Counts.NEUTRAL, evidence=Evidence.ALIVE, message=message, code=code)


def test_only_a_refusal_that_names_a_wanted_column_is_learnt_from_and_once() -> None:
    quirks = TableQuirks()
    selection = Selection(table="t", needed=("id",), wanted=("kind", "why:told->plan->why", "who:told->who"))
    whole = quirks.asked(selection)
    assert whole.select == "id,kind,why:told->plan->why,who:told->who"
    assert not quirks.learn(selection, whole, refusal("column t.id does not exist"))
    assert not quirks.learn(selection, whole, refusal("column t.kind does not exist", kind="missing_table"))
    assert not quirks.learn(selection, whole, refusal("something else"))
    assert quirks.learn(selection, whole, refusal("column t.told does not exist"))
    assert quirks.learn(selection, whole, refusal("column t.told does not exist"))  # asked before that was known
    assert not quirks.learn(selection, quirks.asked(selection), refusal("column t.told does not exist"))
    assert quirks.asked(selection).select == "id,kind"
    assert quirks.asked(Selection(table="another", needed=("id",), wanted=("told",))).select == "id,told"
    quirks.forget()
    assert quirks.asked(selection) == whole


def test_json_that_the_server_cannot_take_apart_is_read_whole_unless_a_filter_was_at_fault() -> None:
    quirks, odd = TableQuirks(), refusal("invalid input syntax for type json", kind="bad_input", code="22P02")
    selection = Selection(table="t", needed=("id",), wanted=("kind", "why:told->plan->why", "who:told->who"))
    assert quirks.learn(selection, quirks.asked(selection), odd)
    asked = quirks.asked(selection)
    assert asked.select == "id,kind,told"
    (row,) = asked.read([{"id": "a", "kind": "b", "told": {"plan": {"why": 5}}}])
    assert (row["why"], row["who"]) == (5, None)
    with pytest.raises(Failed):
        asked.read([{"id": "a", "kind": "b"}])
    assert not quirks.learn(selection, asked, odd)  # whole as by path: it was no row
    assert quirks.asked(selection).select == "id,kind,why:told->plan->why,who:told->who"
    plain = Selection(table="t", needed=("id",))
    assert not quirks.learn(plain, quirks.asked(plain), odd)


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
