"""All of a refresh by our function: the same values as each by itself, and each by itself wherever it fails."""

import asyncio
import contextlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import core.backend.reads.overview
from core.backend.optional_sql import script
from core.backend.overview_sql import OVERVIEW_VERSION
from core.backend.schema import Shape
from core.domain.records import STATUSES
from core.domain.status import Truth
from core.resilience.reading import Reading
from tests.actions.driving import Driven
from tests.backend.rows.spoiling import lenient
from tests.running import ONE_SHAPE, Running
from tests.wire import wire


@contextlib.contextmanager
def function(sandbox: Running, sql: str = "") -> Iterator[None]:
    """Our function in the project, or another one under its name."""
    sandbox.sql(sql or script("stats", Shape(sandbox.shape)))
    try:
        yield
    finally:
        dropped(sandbox)


def dropped(sandbox: Running) -> None:
    sandbox.sql("DROP FUNCTION IF EXISTS public.watchdesk_overview(jsonb); NOTIFY pgrst, 'reload schema'")


def another(body: str) -> str:
    return (
        "CREATE OR REPLACE FUNCTION public.watchdesk_overview(asked jsonb) RETURNS jsonb LANGUAGE plpgsql"
        f" AS $$ BEGIN {body} END $$; NOTIFY pgrst, 'reload schema'"
    )


def fill(sandbox: Running) -> None:
    """Tasks of every status and of none we know, finished now and long ago, in earnest and in dry-run."""
    sandbox.sql(
        "INSERT INTO autonomous_tasks (description, status, created_at, completed_at, result, error_message)"
        " SELECT repeat('long ', 300), s, now() - i * interval '7 hours',"
        "  CASE WHEN s IN ('completed', 'failed', 'rejected') AND i %% 3 > 0 THEN now() - i * interval '5 hours' END,"
        '  CASE WHEN i = 4 THEN \'"DRY RUN: x"\'::jsonb WHEN i = 5 THEN \'{"message": "DRY RUN"}\'::jsonb'
        "  WHEN i = 1 THEN '\"done\"' END, 'boom'"
        " FROM unnest(%s::text[]) AS s, generate_series(1, 9) AS i",
        [*STATUSES, "dreaming", "", None],
    )
    column = sandbox.time_column
    sandbox.sql(
        "INSERT INTO autonomous_execution_logs"
        f" (task_id, execution_step, step_status, environment, input_data, output_data, duration_ms, {column})"
        " SELECT id, 'patch', 'completed', CASE WHEN status < 'd' THEN 'dry_run' END,"
        '  \'{"order": "heal", "who": "me", "plan": {"reason": "why"}}\', \'["done"]\', 5, created_at'
        " FROM autonomous_tasks LIMIT 70"
    )
    sandbox.sql(  # those with a result and this were done for real
        "INSERT INTO autonomous_execution_logs (task_id, execution_step, step_status, environment)"
        " SELECT id, 'task_completed', 'completed', 'production' FROM autonomous_tasks"
        " WHERE completed_at > now() - interval '20 hours'"
    )


def said(values: dict[str, Reading[Any]]) -> dict[str, Any]:
    """What a refresh found, without when."""
    return {name: (one.value, one.source, one.fault and one.fault.kind) for name, one in values.items()}


@pytest.mark.parametrize("account", ["service_role", "master", "viewer"])
@pytest.mark.parametrize("rows", [True, False], ids=["rows", "no rows"])
async def test_it_finds_what_the_reads_find_each_by_itself(
    rows: bool, account: str, sandbox: Running, tmp_path: Path
) -> None:
    with lenient(sandbox):
        if rows:
            fill(sandbox)
        singly = await Driven.as_(account, sandbox, tmp_path / "a", observe=True).begin()
        with function(sandbox):
            async with wire(sandbox.url) as between:
                in_one = await Driven.as_(account, sandbox, tmp_path / "b", url=between.url, observe=True).begin()
                assert in_one.parts.readings._overview.usable()
                between.seen.clear()
                in_one.clock.advance(40)
                await in_one.monitor.refresh()
                asked = [request for request in between.seen if "overview" in request]
        assert len(asked) == 1
        found, expected = said(in_one.parts.readings.values), said(singly.parts.readings.values)
        for name, value in expected.items():
            if name == "success_24h" and value[0] is not None:
                assert abs(value[0].window - timedelta(hours=24)) < timedelta(seconds=1)
            assert found[name] == value, name
        lately = in_one.parts.readings.success_1h(60)
        assert (lately is None) == (found["success_24h"][0] is None)
        await in_one.monitor.close()
        await singly.monitor.close()


FAILING = {
    "it is gone": "",
    "it raises": another("RAISE EXCEPTION 'no';"),
    "it takes too long": another("PERFORM pg_sleep(6); RETURN '{}';"),
    "it says something else": another(f'RETURN \'{{"version": {OVERVIEW_VERSION}, "counts": 5}}\';'),
    "it sends more rows than were asked for": another(
        f"RETURN jsonb_build_object('version', {OVERVIEW_VERSION}, 'counts', '[]'::jsonb, 'config', '[]'::jsonb,"
        " 'tasks', (SELECT jsonb_agg(0) FROM generate_series(1, 60)), 'logs', '[]'::jsonb);"
    ),
    "has another version": another('RETURN \'{"version": 0, "counts": []}\';'),
}


@ONE_SHAPE
@pytest.mark.parametrize("failing", FAILING)
async def test_where_it_fails_each_value_is_read_by_itself(failing: str, sandbox: Running, tmp_path: Path) -> None:
    sandbox.stuck(2)
    with function(sandbox):
        driven = await Driven(sandbox.url, sandbox.service_key, tmp_path, observe=True).begin()
        if FAILING[failing]:
            sandbox.sql(FAILING[failing])
        else:
            dropped(sandbox)
        for _ in range(1 if failing != "it takes too long" else 2):
            driven.clock.advance(5)
            await driven.monitor.refresh()
        values = driven.parts.readings.values
        assert all(one.live for one in values.values()), {name: one.fault for name, one in values.items()}
        assert not driven.parts.readings._overview.usable()
        sandbox.sql(script("stats", Shape(sandbox.shape)))
        driven.clock.advance(601)
        assert driven.parts.readings._overview.usable()  # it is tried again
        await driven.monitor.refresh()
        assert driven.parts.readings._overview.usable()
        await driven.monitor.close()


@ONE_SHAPE
async def test_one_that_says_nothing_of_the_config_is_not_believed(sandbox: Running, tmp_path: Path) -> None:
    silent = f'RETURN \'{{"version": {OVERVIEW_VERSION}, "counts": [], "tasks": [], "logs": []}}\';'
    with function(sandbox, another(silent)):
        driven = await Driven(sandbox.url, sandbox.service_key, tmp_path, observe=True).begin()
        config = driven.parts.readings.config
        assert config.live
        assert config.value is not None
        assert not driven.parts.readings._overview.usable()
        await driven.monitor.close()


@ONE_SHAPE
async def test_one_of_another_version_is_not_asked_and_is_named(sandbox: Running, tmp_path: Path) -> None:
    with function(sandbox, FAILING["has another version"]):
        driven = await Driven(sandbox.url, sandbox.service_key, tmp_path, observe=True).begin()
        assert driven.parts.checks.schema is not None
        assert driven.parts.checks.schema.overview is Truth.UNKNOWN
        assert driven.monitor.snapshot.tasks.counts.live
        assert any("watchdesk sql stats" in notice for notice in driven.monitor.snapshot.notices)
        await driven.monitor.close()


@ONE_SHAPE
async def test_what_is_too_much_to_be_counted_is_estimated_kind_by_kind(sandbox: Running, tmp_path: Path) -> None:
    """Neither the kind that comes first in an index nor the older one counts for more."""
    for status, tasks, hours in (("completed", 600, 20), ("failed", 300, 2)):
        sandbox.sql(
            "INSERT INTO autonomous_tasks (description, status, completed_at)"
            " SELECT 't', %s, now() - make_interval(hours => %s) FROM generate_series(1, %s)",
            *(status, hours, tasks),
        )
    sandbox.sql("ANALYZE autonomous_tasks")
    few = script("stats", Shape(sandbox.shape)).replace("50000", "100")
    with function(sandbox, few):
        driven = await Driven(sandbox.url, sandbox.service_key, tmp_path, observe=True).begin()
        rate = driven.parts.readings.values["success_24h"].value
        assert not rate.exact
        assert rate.percent == pytest.approx(66.7, abs=7)
        await driven.monitor.close()


@ONE_SHAPE
async def test_of_what_was_seen_to_be_many_the_plan_is_enough_for_a_while(
    sandbox: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where each is asked for by itself: until the plan says that they are few, or the rows were seen long ago."""
    sandbox.completed(600)
    sandbox.sql("ANALYZE autonomous_tasks")
    monkeypatch.setattr(core.backend.reads.overview, "EXACT_UP_TO", 100)
    with function(sandbox, script("stats", Shape(sandbox.shape)).replace("50000", "100")):
        driven = await Driven(sandbox.url, sandbox.service_key, tmp_path, observe=True).begin()

        async def completed(after_s: float = 0.0) -> tuple[int, bool]:
            driven.clock.advance(after_s)
            await driven.monitor.refresh(everything=True)
            counts = driven.parts.readings.counts.value
            assert counts is not None
            return counts.of("completed"), "completed" not in counts.estimated

        many = (pytest.approx(600, abs=30), False)
        assert await completed() == many
        sandbox.sql("DELETE FROM autonomous_tasks WHERE id NOT IN (SELECT id FROM autonomous_tasks LIMIT 5)")
        assert await completed(300) == many  # the plan is as it was
        assert await completed(301) == (5, True)
        sandbox.completed(600)
        sandbox.sql("ANALYZE autonomous_tasks")
        assert (await completed())[1] is False
        sandbox.sql("DELETE FROM autonomous_tasks WHERE id NOT IN (SELECT id FROM autonomous_tasks LIMIT 7)")
        sandbox.sql("ANALYZE autonomous_tasks")
        assert await completed() == (7, True)
        await driven.monitor.close()


@ONE_SHAPE
async def test_an_answer_that_was_asked_for_earlier_replaces_no_newer_one(
    sandbox: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    driven = await Driven(sandbox.url, sandbox.service_key, tmp_path, observe=True).begin()
    readings, answered, come = driven.parts.readings, asyncio.Event(), asyncio.Event()
    read, asked = readings._read, list[str]()

    async def slower(name: str) -> Reading[Any]:
        first, reading = name not in asked, await read(name)
        asked.append(name)
        if name == "config" and first:
            answered.set()
            await come.wait()  # the answer is still on its way
        return reading

    monkeypatch.setattr(readings, "_read", slower)
    early = asyncio.ensure_future(readings.refresh())
    await asyncio.wait_for(answered.wait(), 20)
    sandbox.sql("UPDATE autonomous_system_config SET emergency_stop = true")
    await readings.refresh(everything=True)
    come.set()
    await early
    config = readings.config
    assert config.value is not None
    assert config.value.emergency_stop
    await driven.monitor.close()
