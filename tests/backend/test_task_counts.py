"""Counts are right however many tasks a status has, however its column sorts, and whatever the planner believes."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from core.backend import sizes
from core.backend.client import Backend
from core.backend.faults import Failed
from core.backend.reads import Reads
from core.backend.schema import discover
from core.backend.target import Target
from core.base.clock import SystemClock
from core.domain.records import STATUSES
from tests.backend.rows.spoiling import lenient
from tests.running import ONE_SHAPE, Running
from tests.wire import wire

MANY = 600
"""More than a page of rows."""


@pytest.fixture
async def reads(sandbox: Running) -> AsyncIterator[Reads]:
    backend = Backend(Target(name="t", url=sandbox.url, key=sandbox.service_key), SystemClock())
    yield Reads(backend.calls, await discover(backend))
    await backend.close()


def put(sandbox: Running, status: str | None, tasks: int, *, ago_h: float = 1.0) -> None:
    finished = status in {"completed", "failed", "rejected"}
    sandbox.sql(
        "INSERT INTO autonomous_tasks (description, status, completed_at)"
        " SELECT 't', %s, now() - make_interval(secs => %s) FROM generate_series(1, %s)",
        *(status, 3600 * ago_h if finished else None, tasks),
    )


CROWDS: dict[str, dict[str | None, int]] = {
    "none": {"pending": 3, "in_progress": 2, "dreaming": 1, None: 1},
    "pending": {"pending": MANY, "in_progress": 5, "awaiting_review": 4},
    "without a status": {None: MANY, "pending": 10, "awaiting_review": 5},
    "four": dict.fromkeys(("pending", "in_progress", "awaiting_review", "approved"), MANY),
    "more than are counted each by itself": {f"s{n}": MANY for n in range(8)} | {"pending": 7, None: 3},
}


@ONE_SHAPE
@pytest.mark.parametrize("crowd", CROWDS)
async def test_open_tasks_are_counted_whichever_are_many(crowd: str, sandbox: Running, reads: Reads) -> None:
    with lenient(sandbox):
        for status, tasks in CROWDS[crowd].items():
            put(sandbox, status, tasks)
        put(sandbox, "completed", 700)
        for _ in range(2):  # what was learned the first time is right the second
            counts = (await reads.counts.open()).counts
            for status in (*(one for one in STATUSES if one not in {"completed", "failed", "rejected"}), None):
                assert counts.get(status or "none", 0) == CROWDS[crowd].get(status, 0), status
            assert sum(counts.values()) == sum(CROWDS[crowd].values())


@ONE_SHAPE
async def test_windows_that_do_not_fit_a_page_are_no_statuses(sandbox: Running, reads: Reads) -> None:
    now = datetime.now(UTC)
    put(sandbox, "completed", MANY, ago_h=0.5)
    for status in ("pending", "in_progress", "awaiting_review", "approved"):
        put(sandbox, status, MANY)
    for hours in (1, 24, 25, 168):
        rate = await reads.outcomes.success_rate(now - timedelta(hours=hours), now)
        assert (rate.completed, rate.failed, rate.exact) == (MANY, 0, True)
    counts = (await reads.counts.by_status()).counts
    assert set(counts) <= set(STATUSES)
    assert [counts[one] for one in ("pending", "in_progress", "awaiting_review", "approved")] == [MANY] * 4


@ONE_SHAPE
async def test_counts_at_the_same_time_do_not_disturb_each_other(sandbox: Running, reads: Reads) -> None:
    for status in ("pending", "in_progress", "awaiting_review", "approved"):
        put(sandbox, status, MANY)

    async def later(n: int) -> dict[str, int]:
        await asyncio.sleep(0.003 * n)
        return (await reads.counts.open()).counts

    for counts in await asyncio.gather(*(later(n) for n in range(12))):
        assert [counts[one] for one in ("pending", "in_progress", "awaiting_review", "approved")] == [MANY] * 4


@ONE_SHAPE
async def test_a_column_that_sorts_its_values_otherwise_is_asked_by_their_names(sandbox: Running) -> None:
    own = Running(sandbox.shape)
    try:
        order = "'rejected', 'pending', 'completed', 'in_progress', 'failed', 'awaiting_review'"
        with psycopg.connect(own.database_url, autocommit=True) as line:
            line.execute(f"CREATE TYPE word AS ENUM ({order})")
            line.execute("DROP VIEW autonomous_system_stats")
            for (name,) in line.execute(
                "SELECT conname FROM pg_constraint WHERE conrelid = 'autonomous_tasks'::regclass AND contype = 'c'"
                " AND pg_get_constraintdef(oid) LIKE '%%status%%'"
            ).fetchall():
                line.execute(f"ALTER TABLE autonomous_tasks DROP CONSTRAINT {name}")
            line.execute(
                "ALTER TABLE autonomous_tasks ALTER status DROP DEFAULT, ALTER status TYPE word USING status::word"
            )
            line.execute("NOTIFY pgrst, 'reload schema'")
            line.execute(
                "INSERT INTO autonomous_tasks (description, status)"
                " SELECT 't', s::word FROM generate_series(1, 40),"
                " unnest('{pending,in_progress,completed}'::text[]) AS s"
            )
        async with wire(own.url) as between:
            backend = Backend(Target(name="t", url=between.url, key=own.service_key), SystemClock())
            reads = Reads(backend.calls, await discover(backend))
            between.seen.clear()
            counts = (await reads.counts.open()).counts
            await backend.close()
        assert (counts["pending"], counts["in_progress"], sum(counts.values())) == (40, 40, 80)
        assert len(between.seen) == 2
    finally:
        own.close()


@ONE_SHAPE
@pytest.mark.parametrize("cap", [20, 100])
async def test_no_page_size_of_the_api_makes_a_rate_or_a_count_wrong(cap: int, sandbox: Running, reads: Reads) -> None:
    now = datetime.now(UTC)
    put(sandbox, "completed", 10, ago_h=0.5)
    put(sandbox, "pending", 150)
    assert (await reads.outcomes.success_rate(now - timedelta(hours=24), now)).finished == 10
    sandbox.limits(max_rows=cap)
    put(sandbox, "failed", 300, ago_h=0.4)
    rate = await reads.outcomes.success_rate(now - timedelta(hours=24), now)
    assert (rate.completed, rate.failed) == (10, 300)
    assert (await reads.counts.open()).counts["pending"] == 150


@ONE_SHAPE
async def test_a_planner_that_is_wrong_is_not_believed(
    sandbox: Running, reads: Reads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.backend.api_calls.EXACT_UP_TO", 100)
    monkeypatch.setattr(sizes, "EXACT_UP_TO", 100)
    put(sandbox, "completed", 900)
    sandbox.sql("ANALYZE autonomous_tasks")
    many = await reads.counts.in_status("completed")
    assert not many.exact
    assert many.rows == pytest.approx(900, rel=0.1)
    sandbox.sql("DELETE FROM autonomous_tasks WHERE id IN (SELECT id FROM autonomous_tasks LIMIT 895)")
    reads._access.calls.sizes._proven.clear()  # ten minutes later
    few = await reads.counts.in_status("completed")  # as the statistics have it there are still 900
    assert (few.rows, few.exact) == (5, True)


async def test_rows_that_are_hidden_are_not_counted_by_a_plan(
    sandbox: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    if sandbox.shape == "deployed":
        return  # everybody sees all of it there
    monkeypatch.setattr("core.backend.api_calls.EXACT_UP_TO", 100)
    put(sandbox, "completed", 900)
    sandbox.sql("ANALYZE autonomous_tasks")
    user = {"email": sandbox.info["viewer"], "password": sandbox.info["viewer_password"]}
    backend = Backend(Target(name="t", url=sandbox.url, key=sandbox.publishable_key, **user), SystemClock())
    reads = Reads(backend.calls, await discover(backend))
    with pytest.raises(Failed) as caught:
        await reads.counts.in_status("completed")
    assert caught.value.fault.kind == "not_visible"
    await backend.close()
