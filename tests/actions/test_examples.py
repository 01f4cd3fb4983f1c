"""A stop and a run name some of the tasks they are about, and wait for no example that cannot be read."""

from pathlib import Path

from core.actions.emergency_stop import EMERGENCY_STOP
from core.actions.run_pending import RUN_PENDING
from tests.actions.test_task_changes import TASKS, add, at
from tests.hostile import HOSTILE
from tests.running import ONE_SHAPE, Running
from tests.wire import hang, wire


async def test_what_runs_longest_and_what_the_agents_take_first_is_named(sandbox: Running, tmp_path: Path) -> None:
    for name, hours in (("late", 1), ("early", 3)):
        (task,) = add(sandbox, "in_progress", description=name)
        sandbox.sql(
            "UPDATE autonomous_tasks SET started_at = now() - %s * interval '1 hour' WHERE id = %s", hours, task
        )
    for name, priority in (("unimportant", 1), ("urgent", 9), ("usual", 5), ("the last", 0)):
        add(sandbox, "pending", description=name, priority=priority)
    monitor = at(sandbox.url, sandbox, tmp_path)
    await monitor.discover()
    stop, run = await monitor.plan(EMERGENCY_STOP), await monitor.plan(RUN_PENDING)
    await monitor.close()
    assert stop.examples.endswith(" UTC: early; late.")
    assert run.examples == "The next: urgent; usual; unimportant."


async def test_a_description_cannot_break_the_line(sandbox: Running, tmp_path: Path) -> None:
    for text in list(HOSTILE.values())[:2]:
        add(sandbox, "pending", description=text.replace("\0", ""))
    monitor = at(sandbox.url, sandbox, tmp_path)
    await monitor.discover()
    plan = await monitor.plan(RUN_PENDING)
    await monitor.close()
    assert plan.examples.isprintable()


@ONE_SHAPE
async def test_a_stop_is_planned_without_them(sandbox: Running, tmp_path: Path) -> None:
    add(sandbox, "in_progress", description="it")
    async with wire(sandbox.url) as between:
        monitor = at(between.url, sandbox, tmp_path)
        await monitor.discover()
        between.acts[f"{TASKS}?select=id%2Cstatus"] = hang
        plan = await monitor.plan(EMERGENCY_STOP)
        await monitor.close()
    assert (plan.running, plan.examples) == (1, "")
