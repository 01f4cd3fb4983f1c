"""What is not asked is no answer: it proves no database alive, closes no breaker, and is shown as not known."""

from pathlib import Path

import msgspec
import pytest

from core.backend.simulated import Telltale
from core.domain.snapshot import LinkWord
from core.resilience import BreakerState
from tests.actions.driving import Driven
from tests.running import Running


@pytest.fixture
def down(sandbox: Running):  # type: ignore[no-untyped-def]  # a generator of nothing
    sandbox.fault("database_down", True)
    yield
    sandbox.fault("database_down", False)


@pytest.mark.usefixtures("down")
@pytest.mark.parametrize("publishable", ["", "known"])
async def test_a_project_that_was_never_reached_has_nothing_live_and_is_left_alone_by_its_breakers(
    publishable: str, sandbox: Running, tmp_path: Path
) -> None:
    driven = Driven(sandbox.url, sandbox.service_key, tmp_path, autonomous=False)
    if publishable:
        target = msgspec.structs.replace(driven.parts.backend.target, publishable_key=sandbox.publishable_key)
        driven.parts.backend.target = target
    await driven.begin()
    for _ in range(7):
        driven.clock.advance(5)
        await driven.monitor.refresh(everything=True)
        await driven.monitor._parts.checks.look_at_policies()
    live = [name for name, reading in driven.parts.readings.values.items() if reading.live]
    records = [one for one in driven.parts.breakers.all() if one.component == "db" and ":fetch_" in one.key]
    word = driven.monitor.snapshot.link.word
    await driven.monitor.close()
    assert live == []
    assert word is LinkWord.OFFLINE
    assert records
    assert {one.state for one in records} == {BreakerState.OPEN}


async def test_a_project_that_does_not_tell_simulated_work_goes_offline_like_any_other(
    sandbox: Running, tmp_path: Path
) -> None:
    driven = await Driven(sandbox.url, sandbox.service_key, tmp_path, autonomous=False).begin()
    plain = msgspec.structs.replace(driven.parts.panel_reads.schema, telltale=Telltale())
    driven.parts.learn(plain)
    await driven.monitor.refresh(everything=True)
    stats = next(one for one in driven.monitor.snapshot.degradation.components if one.name == "stats")
    assert stats.source == "live"  # what cannot be asked is not missing
    sandbox.fault("database_down", True)
    for _ in range(7):
        driven.clock.advance(5)
        await driven.monitor.refresh(everything=True)
    live = [name for name, reading in driven.parts.readings.values.items() if reading.live and name != "simulated"]
    word = driven.monitor.snapshot.link.word
    await driven.monitor.close()
    sandbox.fault("database_down", False)
    assert live == []
    assert word is LinkWord.OFFLINE


async def test_nothing_is_live_once_nothing_answers_and_what_is_not_due_is_again_with_the_first_answer(
    sandbox: Running, tmp_path: Path
) -> None:
    sandbox.completed(9)
    driven = await Driven(sandbox.url, sandbox.service_key, tmp_path, autonomous=False).begin()
    values = driven.parts.readings
    await driven.monitor.refresh(everything=True)
    before = dict(values.values)
    assert all(values.values[name].live for name in values.values if values.asks(name))
    sandbox.fault("database_down", True)
    driven.clock.advance(1)
    await driven.monitor.refresh()
    assert [name for name, reading in values.values.items() if reading.live] == []
    stats = next(one for one in driven.monitor.snapshot.degradation.components if one.name == "stats")
    assert (stats.source, stats.why != "") == ("cached", True)
    assert values.values["success_24h"].at == before["success_24h"].at
    sandbox.fault("database_down", False)
    driven.parts.breakers.make_all_due()
    driven.clock.advance(1)
    await driven.monitor.refresh()
    assert values.values["success_24h"] == before["success_24h"]
    await driven.monitor.close()


async def test_the_rate_that_a_check_reads_is_the_one_on_every_panel(sandbox: Running, tmp_path: Path) -> None:
    sandbox.completed(9)
    driven = await Driven(sandbox.url, sandbox.service_key, tmp_path, autonomous=False).begin()
    await driven.monitor.refresh(everything=True)
    before = driven.monitor.snapshot
    sandbox.sql("INSERT INTO autonomous_tasks (description, status, completed_at) VALUES ('fails', 'failed', now())")
    driven.clock.advance(5)
    await driven.monitor.check()
    await driven.monitor.refresh()  # what seldom changes is not due yet
    after = driven.monitor.snapshot
    await driven.monitor.close()
    assert before.tasks.success_24h.value is not None
    assert before.tasks.success_24h.value.shown == "100.0 %"
    assert after.tasks.success_24h.value is not None
    assert after.tasks.success_24h.live
    assert after.tasks.success_24h.value.shown == "90.0 %"
    check = next(one for one in after.health.checks if one.name == "failure_rate")
    assert check.text == "10.0 % of 10 failed in 24 h"


async def test_a_task_past_its_time_is_news_once_and_no_more_than_once_a_minute(
    sandbox: Running, tmp_path: Path
) -> None:
    driven = await Driven(sandbox.url, sandbox.service_key, tmp_path, autonomous=False).begin()
    checks = driven.parts.checks

    def passes(seconds: float) -> None:
        driven.clock.advance(seconds)
        driven.clock.jump_wall(-seconds)  # the project's time is real

    async def news() -> list[bool]:
        await driven.monitor.refresh(everything=True)
        return [checks.news.any() for _ in range(2)]

    try:
        assert await news() == [False, False]
        sandbox.stuck(2)
        assert await news() == [True, False]
        await checks.check()
        assert await news() == [False, False]
        passes(5)
        sandbox.stuck(1)
        assert await news() == [False, False]
        passes(60)
        assert await news() == [True, False]
        passes(60)
        await checks.check()
        assert await news() == [False, False]
        for _ in range(2):  # healed, and stuck once more
            sandbox.sql("UPDATE autonomous_tasks SET status = 'pending' WHERE status = 'in_progress'")
            await checks.check()
            assert await news() == [False, False]
            passes(60)
            sandbox.sql("UPDATE autonomous_tasks SET status = 'in_progress' WHERE status = 'pending'")
            assert await news() == [True, False]
    finally:
        await driven.monitor.close()


async def test_a_stop_and_a_resume_are_news_to_what_a_check_expected(sandbox: Running, tmp_path: Path) -> None:
    driven = await Driven(sandbox.url, sandbox.service_key, tmp_path, autonomous=False).begin()
    checks = driven.parts.checks

    async def news_after(stop: bool, seconds: float) -> list[bool]:
        sandbox.sql("UPDATE autonomous_system_config SET emergency_stop = %s", stop)
        driven.clock.advance(seconds)
        await driven.monitor.refresh(everything=True)
        return [checks.news.any() for _ in range(2)]

    try:
        assert await news_after(False, 5) == [False, False]
        await checks.check()
        assert await news_after(False, 5) == [False, False]
        assert await news_after(True, 60) == [True, False]
        await checks.check()
        assert await news_after(False, 5) == [False, False]  # a flapping switch makes no storm of checks
        assert await news_after(False, 11) == [True, False]
        await checks.check()
        assert await news_after(False, 60) == [False, False]
    finally:
        await driven.monitor.close()
