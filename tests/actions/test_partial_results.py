"""What gives back: a task retried, a stop lifted; each says what came of it."""

from pathlib import Path
from typing import Any

from core.actions.emergency_stop import EMERGENCY_STOP
from core.actions.resume import RESUME
from core.actions.retry_task import RETRY
from core.domain.actions import ResultPhase
from tests.actions.conftest import Begin
from tests.actions.driving import Watchdog, failures, statuses
from tests.actions.others import failed_task
from tests.running import Running


async def test_a_retry_that_changed_nothing_says_so(sandbox: Running, tmp_path: Path) -> None:
    """Somebody else retried the task since it was shown, and it failed anew."""
    failures(sandbox, 1)
    (task,) = sandbox.sql("SELECT id FROM autonomous_tasks")[0]
    driven = await Watchdog(sandbox.url, sandbox.service_key, tmp_path, autonomous=False).begin()
    plan = await driven.monitor.plan(RETRY, task=str(task))
    sandbox.sql("UPDATE autonomous_tasks SET completed_at = now() + interval '1 second'")
    result = await driven.monitor.run(RETRY, plan)
    await driven.monitor.close()
    assert (result.phase, result.changed) == (ResultPhase.UNCHANGED, 0)
    assert "it is not the failure that was shown any more" in result.text
    assert statuses(sandbox) == {"failed": 1}


async def test_a_lift_whose_requeue_was_partial_is_a_lift(sandbox: Running, tmp_path: Path) -> None:
    sandbox.sql("INSERT INTO autonomous_tasks (description) VALUES ('p')")
    driven = await Watchdog(sandbox.url, sandbox.service_key, tmp_path, autonomous=False).begin()
    assert (await driven.monitor.run(EMERGENCY_STOP, reason="fire")).done
    reads = driven.parts.reads.task_ids
    whole = reads.marked

    async def none(*_: Any, **__: Any) -> tuple[str, ...]:
        return ()

    reads.marked = none  # type: ignore[method-assign,assignment]  # as if they were hidden for the moment
    result = await driven.monitor.run(RESUME, requeue=True)
    assert (result.phase, result.changed) == (ResultPhase.PARTLY, 0)
    assert result.text.startswith("resumed (read back); ")
    assert sandbox.sql("SELECT emergency_stop FROM autonomous_system_config") == [(False,)]
    assert await driven.parts.reads.audit.last_resume_at() is not None
    reads.marked = whole  # type: ignore[method-assign]  # they are seen again
    assert (await driven.monitor.run(RESUME, requeue=True)).changed == 1
    await driven.monitor.close()
    assert statuses(sandbox) == {"pending": 1}


async def test_a_retry_of_a_task_that_was_rejected_meanwhile_is_not_done(sandbox: Running, begin: Begin) -> None:
    task = failed_task(sandbox)
    driven = await begin()
    plan = await driven.monitor.plan(RETRY, task=task)
    whole = driven.parts.writes.tasks.retry

    async def late(*ids: Any, **more: Any) -> Any:
        sandbox.sql("UPDATE autonomous_tasks SET status = 'rejected'")
        return await whole(*ids, **more)

    driven.parts.writes.tasks.retry = late  # type: ignore[method-assign]  # between its look and its write
    assert not (await driven.monitor.run(RETRY, plan)).done
    assert statuses(sandbox) == {"rejected": 1}


async def test_a_task_that_ended_at_no_time_that_is_one_is_retried(sandbox: Running, begin: Begin) -> None:
    task = failed_task(sandbox, "'infinity'")
    driven = await begin()
    assert (await driven.monitor.run(RETRY, await driven.monitor.plan(RETRY, task=task))).done
    assert statuses(sandbox) == {"pending": 1}
