"""Whose a flag of the config row is: what others set between a look and a write is theirs, and stays."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from core.actions.dry_run import DRY_RUN_OFF, DRY_RUN_ON
from core.actions.emergency_stop import EMERGENCY_STOP
from core.actions.heal import HEAL
from core.actions.resume import RESUME
from core.actions.undo import UNDO
from core.domain.actions import ResultPhase
from tests.actions.conftest import Begin
from tests.actions.driving import Watchdog, failures, statuses
from tests.actions.others import dry_run_elsewhere, flag, lifted_elsewhere, pending, stopped_elsewhere
from tests.running import ONE_SHAPE, Running

ANOTHER_ROW = "INSERT INTO autonomous_system_config (enabled, dry_run_mode) VALUES (true, {dry_run})"
TWO_ROWS = ONE_SHAPE
"""The documented shape has a check that lets there be one only."""


def dry_run(sandbox: Running) -> bool:
    return bool(sandbox.sql("SELECT bool_or(dry_run_mode) FROM autonomous_system_config")[0][0])


async def test_a_stop_that_took_the_place_of_the_one_that_was_seen_is_not_lifted(
    sandbox: Running, begin: Begin
) -> None:
    driven = await begin()
    assert (await driven.monitor.run(EMERGENCY_STOP, reason="one")).done
    plan = await driven.monitor.plan(RESUME)
    whole = driven.parts.writes.clear_stop

    async def late(*ids: Any, **more: Any) -> int:
        lifted_elsewhere(sandbox)
        stopped_elsewhere(sandbox, "second")
        return await whole(*ids, **more)

    driven.parts.writes.clear_stop = late  # type: ignore[method-assign]  # between its look and its write
    result = await driven.monitor.run(RESUME, stop=plan.stop)
    assert not result.done
    assert sandbox.sql("SELECT emergency_stop, emergency_stop_reason FROM autonomous_system_config") == [
        (True, "second")
    ]


async def test_a_stop_whose_row_was_only_touched_meanwhile_is_lifted(sandbox: Running, begin: Begin) -> None:
    driven = await begin()
    assert (await driven.monitor.run(EMERGENCY_STOP, reason="one")).done
    plan = await driven.monitor.plan(RESUME)
    whole = driven.parts.writes.clear_stop
    touched: list[bool] = []

    async def late(*ids: Any, **more: Any) -> int:
        if not touched:
            touched.append(True)
            sandbox.sql("UPDATE autonomous_system_config SET max_daily_tasks = 400, updated_at = now()")
        return await whole(*ids, **more)

    driven.parts.writes.clear_stop = late  # type: ignore[method-assign]  # between its look and its write
    assert (await driven.monitor.run(RESUME, stop=plan.stop)).done
    assert not flag(sandbox)


async def test_a_heal_does_not_call_a_dry_run_its_own_that_a_person_turned_on_meanwhile(
    sandbox: Running, begin: Begin
) -> None:
    failures(sandbox)
    sandbox.sql("UPDATE autonomous_system_config SET dry_run_mode = false")
    driven = await begin()
    plan = await driven.monitor.plan(HEAL)
    assert [step.name for step in plan.steps] == ["dry_run"]
    whole = driven.parts.writes.set_dry_run

    async def late(*ids: Any, **more: Any) -> int:
        dry_run_elsewhere(sandbox)
        return await whole(*ids, **more)

    driven.parts.writes.set_dry_run = late  # type: ignore[method-assign]  # between its look and its write
    result = await driven.monitor.run(HEAL, plan)
    assert result.changed == 0
    assert (await driven.monitor.plan(UNDO, run=result.run)).dry_run is None


async def test_an_undo_does_not_turn_off_a_dry_run_that_a_person_set_meanwhile(sandbox: Running, begin: Begin) -> None:
    failures(sandbox)
    sandbox.sql("UPDATE autonomous_system_config SET dry_run_mode = false")
    driven = await begin()
    healed = await driven.monitor.run(HEAL, await driven.monitor.plan(HEAL))
    plan = await driven.monitor.plan(UNDO, run=healed.run)
    assert plan.dry_run is False
    whole = driven.parts.writes.set_dry_run

    async def late(*ids: Any, **more: Any) -> int:
        dry_run_elsewhere(sandbox)
        return await whole(*ids, **more)

    driven.parts.writes.set_dry_run = late  # type: ignore[method-assign]  # between its look and its write
    assert not (await driven.monitor.run(UNDO, plan)).done
    assert dry_run(sandbox)


@TWO_ROWS
async def test_of_two_config_rows_a_stop_is_set_on_the_one_that_lacks_it_too(sandbox: Running, begin: Begin) -> None:
    pending(sandbox)
    stopped_elsewhere(sandbox)
    sandbox.sql(ANOTHER_ROW.format(dry_run="true"))
    driven = await begin()
    assert (await driven.monitor.run(EMERGENCY_STOP, reason="mine")).done
    assert sandbox.sql("SELECT bool_and(emergency_stop) FROM autonomous_system_config") == [(True,)]
    assert statuses(sandbox) == {"rejected": 4}


@TWO_ROWS
async def test_of_two_config_rows_dry_run_is_turned_off_on_both(sandbox: Running, begin: Begin) -> None:
    sandbox.sql(ANOTHER_ROW.format(dry_run="false"))
    driven = await begin()
    assert (await driven.monitor.run(DRY_RUN_OFF)).done
    assert not dry_run(sandbox)


@pytest.fixture
async def hidden(sandbox: Running) -> AsyncIterator[Running]:
    """The config row is there, and row level security shows it to nobody who is signed in."""
    sandbox.sql("CREATE POLICY hidden ON autonomous_system_config AS RESTRICTIVE FOR SELECT USING (false)")
    yield sandbox
    sandbox.sql("DROP POLICY hidden ON autonomous_system_config")


async def test_a_stop_on_a_row_we_cannot_see_is_not_called_lifted(hidden: Running, tmp_path: Path) -> None:
    stopped_elsewhere(hidden)
    driven = await Watchdog.as_("master", hidden, tmp_path, autonomous=False).begin()
    result = await driven.monitor.run(RESUME)
    await driven.monitor.close()
    assert (result.phase, flag(hidden)) == (ResultPhase.REFUSED, True)
    assert "this account cannot see the config row" in result.text


async def test_a_stop_that_was_set_on_a_row_we_cannot_see_is_not_called_refused(
    hidden: Running, tmp_path: Path
) -> None:
    pending(hidden)
    driven = await Watchdog.as_("master", hidden, tmp_path, autonomous=False).begin()
    result = await driven.monitor.run(EMERGENCY_STOP, reason="one")
    await driven.monitor.close()
    assert not result.done
    assert result.phase is ResultPhase.UNKNOWN or not flag(hidden), result


async def test_without_any_config_row_nothing_is_set_and_that_is_said(sandbox: Running, begin: Begin) -> None:
    sandbox.sql("DELETE FROM autonomous_system_config")
    pending(sandbox)
    driven = await begin()
    for result in (
        await driven.monitor.run(EMERGENCY_STOP, reason="one"),
        await driven.monitor.run(RESUME, requeue=True),
        await driven.monitor.run(DRY_RUN_ON),
    ):
        assert not result.done, result
        assert "this account cannot see the config row" in result.text
    assert statuses(sandbox) == {"pending": 4}


@TWO_ROWS
async def test_of_two_config_rows_the_stop_that_stands_on_one_keeps_its_reason(sandbox: Running, begin: Begin) -> None:
    stopped_elsewhere(sandbox, "theirs")
    sandbox.sql(ANOTHER_ROW.format(dry_run="true"))
    driven = await begin()
    assert (await driven.monitor.run(EMERGENCY_STOP, reason="mine")).done
    reasons = sandbox.sql("SELECT emergency_stop_reason FROM autonomous_system_config ORDER BY 1")
    assert reasons == [("mine",), ("theirs",)]


async def test_a_lift_that_names_no_stop_lifts_none_that_was_set_after_its_look(sandbox: Running, begin: Begin) -> None:
    stopped_elsewhere(sandbox, "first")
    driven = await begin()
    whole = driven.parts.writes.clear_stop
    replaced: list[bool] = []

    async def late(*ids: Any, **more: Any) -> int:
        if not replaced:
            replaced.append(True)
            lifted_elsewhere(sandbox)
            stopped_elsewhere(sandbox, "second")
        return await whole(*ids, **more)

    driven.parts.writes.clear_stop = late  # type: ignore[method-assign]  # between its look and its write
    result = await driven.monitor.run(RESUME)
    assert (result.done, flag(sandbox)) == (False, True)
    assert "another stop was set in the meantime" in result.text
