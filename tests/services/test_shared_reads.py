"""Monitors of one project on one machine share their reads: what one has just read, the others do not read again."""

from datetime import UTC, datetime
from pathlib import Path

from core.domain.log_steps import AUDIT
from core.domain.snapshot import LinkWord
from core.resilience.reading import Source
from core.services.config import RefreshRules
from tests.actions.driving import Driven
from tests.clock import FakeClock
from tests.running import ONE_SHAPE, Running
from tests.wire import answer, wire


@ONE_SHAPE
async def test_what_another_process_has_just_read_is_not_read_again(sandbox: Running, tmp_path: Path) -> None:
    clock = FakeClock(datetime.now(UTC))
    sandbox.stuck(2)
    async with wire(sandbox.url) as between:
        first = await Driven(between.url, sandbox.service_key, tmp_path, clock, observe=True).begin()
        second = await Driven(between.url, sandbox.service_key, tmp_path, clock, observe=True).begin()
        sandbox.stuck(1)
        clock.advance(5)
        await first.monitor.refresh()
        await first.parts.cache.flush()
        between.seen.clear()

        clock.advance(3)
        assert await second.parts.checks.refresh(younger_than_s=4.5)
        values = second.parts.readings.values
        assert between.seen == []
        assert second.parts.readings.shared_for_s == 3
        assert len(values["tasks"].value) == 3
        assert values["tasks"] == first.parts.readings.values["tasks"]  # with its time: it is three seconds old
        assert second.monitor.snapshot.tasks.newest.source is Source.LIVE

        assert await second.parts.checks.refresh(younger_than_s=4.5)  # nothing newer came: it reads by itself
        assert between.seen
        assert second.parts.readings.shared_for_s == 0
        between.seen.clear()
        clock.advance(5)
        await second.parts.checks.refresh(younger_than_s=4.5)  # too old
        assert between.seen
        await first.monitor.close()
        await second.monitor.close()


@ONE_SHAPE
async def test_pages_of_another_length_or_project_are_not_taken(sandbox: Running, tmp_path: Path) -> None:
    clock = FakeClock(datetime.now(UTC))
    async with wire(sandbox.url) as between:
        first = await Driven(between.url, sandbox.service_key, tmp_path, clock, observe=True).begin()
        others = [
            await Driven(
                between.url, sandbox.service_key, tmp_path, clock, observe=True, refresh=RefreshRules(tasks=7)
            ).begin(),
            await Driven.as_("viewer", sandbox, tmp_path, clock, url=between.url, observe=True).begin(),
        ]
        clock.advance(5)
        await first.monitor.refresh()
        await first.parts.cache.flush()
        for other in others:
            between.seen.clear()
            await other.parts.checks.refresh(younger_than_s=4.5)
            assert between.seen
            await other.monitor.close()
        await first.monitor.close()


async def test_an_open_row_is_read_in_full_again_only_when_it_changed(sandbox: Running, tmp_path: Path) -> None:
    sandbox.sql(
        "INSERT INTO autonomous_tasks (description, status, result) VALUES ('t', 'in_progress', '{\"message\": \"a\"}')"
    )
    name = str(sandbox.sql("SELECT id FROM autonomous_tasks")[0][0])
    async with wire(sandbox.url) as between:
        driven = await Driven(between.url, sandbox.service_key, tmp_path, observe=True).begin()

        async def opened() -> tuple[str, int]:
            """The shown result, and how many rows were read in full."""
            between.seen.clear()
            found = await driven.monitor.task_detail(name)
            assert found is not None
            (result,) = [column for column in found.row.columns if column.name == "result"]
            return "".join(result.lines), sum("select=%2A" in one or "select=*" in one for one in between.seen)

        assert (await opened())[1] == 1
        assert (await opened())[1] == 0
        sandbox.sql("UPDATE autonomous_tasks SET status = 'completed', result = '{\"message\": \"b\"}'")
        text, in_full = await opened()
        assert '"b"' in text
        assert in_full == 1
        sandbox.sql('UPDATE autonomous_tasks SET result = \'{"message": "c"}\'')  # nothing that lists show
        assert (await opened())[1] == 0
        driven.clock.advance(61)
        text, in_full = await opened()
        assert '"c"' in text
        assert in_full == 1
        sandbox.sql("DELETE FROM autonomous_tasks")
        assert await driven.monitor.task_detail(name) is None
        await driven.monitor.close()


async def test_what_came_from_another_process_is_known_to_the_next_own_read(sandbox: Running, tmp_path: Path) -> None:
    clock = FakeClock(datetime.now(UTC))
    sandbox.completed(3)
    first = await Driven(sandbox.url, sandbox.service_key, tmp_path, clock, observe=True).begin()
    second = await Driven(sandbox.url, sandbox.service_key, tmp_path, clock, observe=True).begin()
    sandbox.sql("UPDATE autonomous_tasks SET status = 'pending'")
    sandbox.sql("INSERT INTO autonomous_execution_logs (execution_step, step_status) VALUES (%s, 'completed')", AUDIT)
    clock.advance(5)
    await first.monitor.refresh()
    await first.parts.cache.flush()
    clock.advance(2)
    await second.parts.checks.refresh(younger_than_s=4.5)
    assert second.parts.readings.shared_for_s == 2
    clock.advance(5)
    await second.monitor.refresh()
    for driven in (first, second):
        assert {task.status for task in driven.parts.readings.values["tasks"].value} == {"pending"}
        await driven.monitor.close()


@ONE_SHAPE
async def test_nothing_is_taken_over_while_the_own_line_is_the_question(sandbox: Running, tmp_path: Path) -> None:
    clock = FakeClock(datetime.now(UTC))
    async with wire(sandbox.url) as between:
        first = await Driven(sandbox.url, sandbox.service_key, tmp_path, clock, observe=True).begin()
        second = await Driven(between.url, sandbox.service_key, tmp_path, clock, observe=True).begin()
        second.parts.cache, second.parts.readings._cache = first.parts.cache, first.parts.cache
        between.acts["/rest/"] = answer(b"{}", "503 Service Unavailable")
        clock.advance(5)
        await second.monitor.refresh()
        assert second.monitor.snapshot.link.word is not LinkWord.LIVE
        await first.monitor.refresh()
        await first.parts.cache.flush()
        clock.advance(1)
        await second.parts.checks.refresh(younger_than_s=4.5)
        assert second.parts.readings.shared_for_s == 0
        assert second.monitor.snapshot.link.word is not LinkWord.LIVE
        await first.monitor.close()
        await second.monitor.close()


async def test_two_kinds_of_rows_of_one_id_are_two_rows(sandbox: Running, tmp_path: Path) -> None:
    sandbox.stuck(1)
    name = str(sandbox.sql("SELECT id FROM autonomous_tasks")[0][0])
    sandbox.sql(
        "INSERT INTO autonomous_execution_logs (id, execution_step, step_status) VALUES (%s, 's', 'failed')", name
    )
    driven = await Driven(sandbox.url, sandbox.service_key, tmp_path, observe=True).begin()
    for _ in range(2):
        task, entry = await driven.monitor.task_detail(name), await driven.monitor.log_detail(name)
        assert task is not None
        assert entry is not None
        assert (task.task.status, entry.entry.status) == ("in_progress", "failed")
    await driven.monitor.close()
