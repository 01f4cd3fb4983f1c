"""What waits longest and what failed lately is seen although fifty newer tasks came, and read only where it is not."""

from datetime import UTC, datetime
from pathlib import Path

from core.monitor.after_refresh import after_refresh
from tests.actions.driving import Driven
from tests.clock import FakeClock
from tests.running import ONE_SHAPE, Running
from tests.wire import Wire, wire


def old(sandbox: Running) -> None:
    """Three in review, twelve pending, and two that failed, all of them created an hour ago or longer."""
    sandbox.sql(
        "INSERT INTO autonomous_tasks (description, status, created_at, completed_at)"
        " SELECT s || ' ' || i, s, now() - i * interval '1 hour',"
        "  CASE s WHEN 'failed' THEN now() - i * interval '10 minutes' END"
        " FROM unnest(ARRAY['awaiting_review', 'pending', 'failed']) AS s, generate_series(1, 12) AS i"
        " WHERE i <= CASE s WHEN 'awaiting_review' THEN 3 WHEN 'failed' THEN 2 ELSE 12 END"
    )


async def turn(driven: Driven, between: Wire, after_s: float = 5.0) -> list[str]:
    """One refresh and what follows from it: the requests for tasks that were made for these."""
    driven.clock.advance(after_s)
    await driven.monitor.refresh()
    between.seen.clear()
    await after_refresh(driven.parts, live=True)
    driven.monitor._publish()
    return [
        one for one in between.seen if "autonomous_tasks?select=id" in one and "limit=10" in one and "order=c" in one
    ]


async def test_what_waits_longest_and_what_failed_lately_is_found(sandbox: Running, tmp_path: Path) -> None:
    old(sandbox)
    sandbox.completed(60)
    clock = FakeClock(datetime.now(UTC))
    async with wire(sandbox.url) as between:
        driven = await Driven(between.url, sandbox.service_key, tmp_path, clock, observe=True).begin()
        asked = [await turn(driven, between) for _ in range(5)]
        assert [len(one) for one in asked] == [1, 1, 1, 0, 0]  # one kind after a refresh
        found = [task.description for task in driven.monitor.snapshot.tasks.urgent]
        assert sorted(found) == sorted(
            [
                *(f"awaiting_review {i}" for i in (1, 2, 3)),
                *(f"pending {i}" for i in range(3, 13)),
                "failed 1",
                "failed 2",
            ]
        )
        later = [await turn(driven, between, 31) for _ in range(2)]
        assert [len(one) for one in later] == [1, 1]
        assert not any("status=eq.failed" in one[0] for one in later)  # no other has failed
        sandbox.sql("UPDATE autonomous_tasks SET status = 'completed' WHERE status = 'awaiting_review'")
        await turn(driven, between)
        assert not any(task.status == "awaiting_review" for task in driven.monitor.snapshot.tasks.urgent)
        sandbox.sql("UPDATE autonomous_tasks SET status = 'in_progress', started_at = now() WHERE status = 'pending'")
        for _ in range(3):
            await turn(driven, between, 31)
        running = [task for task in driven.monitor.snapshot.tasks.urgent if task.status == "in_progress"]
        assert len(running) == 10  # what ran next is seen, though it was created long ago
        assert not any(task.status == "pending" for task in driven.monitor.snapshot.tasks.urgent)
        await driven.monitor.close()


@ONE_SHAPE
async def test_nothing_is_asked_where_all_of_them_are_among_the_newest(sandbox: Running, tmp_path: Path) -> None:
    sandbox.completed(60)
    old(sandbox)
    sandbox.sql("UPDATE autonomous_tasks SET created_at = now() WHERE status <> 'completed'")
    async with wire(sandbox.url) as between:
        driven = await Driven(between.url, sandbox.service_key, tmp_path, observe=True).begin()
        assert [await turn(driven, between, 61) for _ in range(3)] == [[], [], []]
        assert driven.monitor.snapshot.tasks.urgent == ()
        await driven.monitor.close()


@ONE_SHAPE
async def test_failures_that_were_among_the_newest_for_a_while_are_found_again(
    sandbox: Running, tmp_path: Path
) -> None:
    old(sandbox)
    sandbox.completed(60)
    clock = FakeClock(datetime.now(UTC))
    async with wire(sandbox.url) as between:
        driven = await Driven(between.url, sandbox.service_key, tmp_path, clock, observe=True).begin()

        async def failed() -> int:
            for _ in range(4):
                await turn(driven, between, 61)
            return sum(task.status == "failed" for task in driven.monitor.snapshot.tasks.urgent)

        assert await failed() == 2
        sandbox.sql("UPDATE autonomous_tasks SET created_at = now() WHERE status = 'failed'")
        assert await failed() == 0
        sandbox.completed(60)
        assert await failed() == 2
        await driven.monitor.close()
