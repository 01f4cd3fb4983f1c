"""An undo takes back what still stands, each step by itself, and is not done when one of them is refused."""

from pathlib import Path

from core.actions.dry_run import DRY_RUN_OFF, DRY_RUN_ON
from core.actions.heal import HEAL
from core.actions.undo import UNDO
from core.domain.actions import ResultPhase, Tier
from tests.actions.driving import Driven, Watchdog, failures, statuses
from tests.running import Command, Running


async def healed(sandbox: Running, home: Path) -> tuple[Driven, str]:
    """A monitor, and the run of a heal that failed two tasks and turned dry-run on."""
    sandbox.sql("UPDATE autonomous_system_config SET dry_run_mode = false")
    failures(sandbox)
    sandbox.stuck(2)
    driven = await Watchdog(sandbox.url, sandbox.service_key, home, autonomous=False).begin()
    result = await driven.monitor.run(HEAL, await driven.monitor.plan(HEAL))
    assert result.changed == 3
    return driven, result.run


def dry_run(sandbox: Running) -> bool:
    return bool(sandbox.sql("SELECT dry_run_mode FROM autonomous_system_config")[0][0])


async def test_it_is_not_done_while_dry_run_is_refused(sandbox: Running, tmp_path: Path) -> None:
    driven, run = await healed(sandbox, tmp_path)
    await driven.monitor.close()
    sandbox.sql("CREATE POLICY no ON autonomous_system_config AS RESTRICTIVE FOR UPDATE USING (false)")
    try:
        master = await Watchdog.as_("master", sandbox, tmp_path / "master", autonomous=False).begin()
        plan = await master.monitor.plan(UNDO, run=run)
        result = await master.monitor.run(UNDO, plan)
        await master.monitor.close()
    finally:
        sandbox.sql("DROP POLICY no ON autonomous_system_config")
    assert (result.phase, result.changed) == (ResultPhase.PARTLY, 2)
    assert "dry-run is NOT off" in result.text
    assert dry_run(sandbox)
    assert statuses(sandbox) == {"failed": 20, "in_progress": 2}
    ended = sandbox.sql("SELECT step_status FROM autonomous_execution_logs WHERE output_data->>'undoes' = %s", run)
    assert ended == [("failed",)]


async def test_each_step_may_be_taken_back_by_itself(sandbox: Running, tmp_path: Path) -> None:
    driven, run = await healed(sandbox, tmp_path)
    tasks = await driven.monitor.plan(UNDO, run=run, only=("tasks",))
    assert (tasks.tasks, tasks.dry_run, tasks.action.tier) == (2, None, Tier.CONFIRM)
    assert (await driven.monitor.run(UNDO, tasks)).phase is ResultPhase.VERIFIED
    assert dry_run(sandbox)
    mode = await driven.monitor.plan(UNDO, run=run, only=("dry-run",))
    assert (mode.tasks, mode.dry_run, mode.action.tier) == (0, False, Tier.TYPED)
    assert (await driven.monitor.run(UNDO, mode)).phase is ResultPhase.VERIFIED
    assert not dry_run(sandbox)
    await driven.monitor.close()


async def test_a_dry_run_that_a_person_set_since_is_left_and_that_is_said(sandbox: Running, tmp_path: Path) -> None:
    driven, run = await healed(sandbox, tmp_path)
    assert (await driven.monitor.run(DRY_RUN_OFF)).done
    assert (await driven.monitor.run(DRY_RUN_ON)).done
    plan = await driven.monitor.plan(UNDO, run=run)
    assert plan.dry_run is None
    assert "the config row has changed since then" in plan.text
    assert (await driven.monitor.run(UNDO, plan)).phase is ResultPhase.VERIFIED
    await driven.monitor.close()
    assert dry_run(sandbox)


def test_on_the_command_line_a_step_is_named(sandbox: Running, command: Command) -> None:
    sandbox.stuck(1)
    assert command("heal", "--yes", sandbox=sandbox).returncode == 0
    run = sandbox.sql("SELECT input_data->>'run' FROM autonomous_execution_logs WHERE input_data ? 'run' LIMIT 1")[0][0]
    assert command("undo", run, "--only", "dry-run", "--yes", sandbox=sandbox).returncode == 1
    assert command("undo", run, "--only", "nonsense", "--yes", sandbox=sandbox).returncode == 2
    done = command("undo", run, "--only", "tasks", "--yes", sandbox=sandbox)
    assert (done.returncode, statuses(sandbox)) == (0, {"in_progress": 1})
