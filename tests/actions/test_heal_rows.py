"""Of what is stuck an operator heals some tasks alone: on the screen by ticks, on the command line by ids."""

from pathlib import Path

import pytest

from core.actions.heal import HEAL
from core.domain.actions import ResultPhase
from core.domain.plans import PlanChanged
from tests.actions.driving import Driven
from tests.running import Command, Running


def stuck(sandbox: Running) -> list[str]:
    sandbox.stuck(3)
    return [str(name) for (name,) in sandbox.sql("SELECT id FROM autonomous_tasks ORDER BY id")]


def failed(sandbox: Running) -> set[str]:
    return {str(name) for (name,) in sandbox.sql("SELECT id FROM autonomous_tasks WHERE status = 'failed'")}


async def test_only_those_that_were_chosen_are_failed(sandbox: Running, tmp_path: Path) -> None:
    ids = stuck(sandbox)
    driven = await Driven(sandbox.url, sandbox.service_key, tmp_path).begin()
    monitor = driven.monitor
    every = await monitor.plan(HEAL)
    assert {row.id for row in every.offered} == set(ids)
    plan = await monitor.plan(HEAL, tasks=ids[:2])
    assert (plan.rows, {row.id for row in plan.offered}) == (2, set(ids))
    assert "1 other stuck task: left alone, not chosen" in plan.text
    result = await monitor.run(HEAL, plan, tasks=ids[:2])
    assert (result.phase, failed(sandbox)) == (ResultPhase.VERIFIED, set(ids[:2])), result
    assert (await monitor.plan(HEAL)).offered == ()  # one alone
    some = await monitor.plan(HEAL, tasks=ids)
    assert "2 chosen tasks not stuck: left alone" in some.text
    none = await monitor.plan(HEAL, tasks=ids[:1])
    assert none.refused == f"{ids[0]}: not stuck, or not visible to this account"
    assert (await monitor.run(HEAL, none, tasks=ids[:1])).phase is ResultPhase.REFUSED
    assert (await monitor.plan(HEAL, tasks=("xyz",))).refused == "xyz is not a task id"
    await monitor.close()


async def test_one_that_is_not_stuck_any_more_is_shown_again(sandbox: Running, tmp_path: Path) -> None:
    ids = stuck(sandbox)
    driven = await Driven(sandbox.url, sandbox.service_key, tmp_path).begin()
    plan = await driven.monitor.plan(HEAL, tasks=ids[:2])
    sandbox.sql("UPDATE autonomous_tasks SET status = 'completed' WHERE id = %s", ids[0])
    with pytest.raises(PlanChanged) as changed:
        await driven.monitor.run(HEAL, plan, tasks=ids[:2])
    assert (await driven.monitor.run(HEAL, changed.value.plan, tasks=ids[:2])).changed == 1
    assert failed(sandbox) == {ids[1]}
    await driven.monitor.close()


def test_ids_on_the_command_line(sandbox: Running, command: Command) -> None:
    ids = stuck(sandbox)
    sandbox.sql("UPDATE autonomous_system_config SET dry_run_mode = false")
    sandbox.sql(  # a failure rate for which a heal turns dry-run on
        "INSERT INTO autonomous_tasks (description, status, completed_at) SELECT 'f', 'failed', now()"
        " FROM generate_series(1, 20)"
    )
    ran = command("heal", ids[0], "--yes", sandbox=sandbox)
    assert (ran.returncode, failed(sandbox) & {*ids}) == (0, {ids[0]}), ran
    assert sandbox.sql("SELECT dry_run_mode FROM autonomous_system_config") == [(False,)]
    for name in (ids[0], "xyz"):
        ran = command("heal", name, "--yes", sandbox=sandbox)
        assert (ran.returncode, failed(sandbox) & {*ids}) == (2, {ids[0]}), ran
    ran = command("heal", "--only", "stuck", "--yes", sandbox=sandbox)
    assert (ran.returncode, failed(sandbox) & {*ids}) == (0, {*ids}), ran
