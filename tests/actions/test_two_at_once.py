"""Two monitors at the same moment: each change is made once, and counted once."""

import asyncio
from typing import Any

from core.actions.dry_run import DRY_RUN_OFF
from core.actions.emergency_stop import EMERGENCY_STOP
from core.actions.heal import HEAL
from core.actions.resume import RESUME
from core.actions.retry_matching import RETRY_MATCHING
from core.actions.retry_task import RETRY
from core.domain.actions import Result, ResultPhase
from core.domain.plans import PlanChanged
from tests.actions.conftest import Begin
from tests.actions.driving import failures, statuses
from tests.actions.others import failed_task, flag, pending, without_the_stop_function
from tests.running import ONE_SHAPE, Running
from tests.wire import wire


@ONE_SHAPE
async def test_a_retry_is_one_of_theirs(sandbox: Running, begin: Begin) -> None:
    task = failed_task(sandbox)
    one, two = await begin("one"), await begin("two")
    plans = await one.monitor.plan(RETRY, task=task), await two.monitor.plan(RETRY, task=task)
    results = await asyncio.gather(one.monitor.run(RETRY, plans[0]), two.monitor.run(RETRY, plans[1]))
    assert sum(result.changed for result in results) == 1, results


async def test_a_task_that_failed_anew_between_the_look_and_the_write_is_not_sent_back(
    sandbox: Running, begin: Begin
) -> None:
    """The write itself names the failure that is meant."""
    task = failed_task(sandbox)
    driven = await begin("one")
    shown = await driven.monitor.plan(RETRY, task=task)
    sandbox.sql("UPDATE autonomous_tasks SET completed_at = now() + interval '1 second' WHERE id = %s", task)
    changed = await driven.parts.writes.tasks.retry(task, failed_at=shown.failed_at)
    assert (changed, statuses(sandbox)) == (False, {"failed": 1})
    again = await driven.monitor.plan(RETRY, task=task)
    assert await driven.parts.writes.tasks.retry(task, failed_at=again.failed_at)


@ONE_SHAPE
async def test_a_dry_run_is_turned_off_by_one_of_them(sandbox: Running, begin: Begin) -> None:
    one, two = await begin("one"), await begin("two")
    results = await asyncio.gather(one.monitor.run(DRY_RUN_OFF), two.monitor.run(DRY_RUN_OFF))
    assert sum(result.changed for result in results) == 1, results
    assert {result.phase for result in results} == {ResultPhase.VERIFIED, ResultPhase.UNCHANGED}
    assert all(result.done for result in results), results


async def test_a_heal_fails_each_task_once(sandbox: Running, begin: Begin) -> None:
    """Who comes late enough is told that it is not what was shown any more."""
    sandbox.stuck(130)
    one, two = await begin("one"), await begin("two")
    plans = await one.monitor.plan(HEAL), await two.monitor.plan(HEAL)
    results = await asyncio.gather(
        one.monitor.run(HEAL, plans[0]), two.monitor.run(HEAL, plans[1]), return_exceptions=True
    )
    assert {type(result) for result in results} <= {Result, PlanChanged}, results
    assert sum(result.changed for result in results if isinstance(result, Result)) == 130, results
    assert statuses(sandbox) == {"failed": 130}


async def test_a_lift_gives_each_task_back_once(sandbox: Running, begin: Begin) -> None:
    pending(sandbox, 130)
    one, two = await begin("one"), await begin("two")
    assert (await one.monitor.run(EMERGENCY_STOP, reason="one")).done
    results = await asyncio.gather(one.monitor.run(RESUME, requeue=True), two.monitor.run(RESUME, requeue=True))
    assert sum(result.changed for result in results) == 130, results
    assert statuses(sandbox) == {"pending": 130}


@ONE_SHAPE
async def test_a_lift_that_another_was_faster_with_still_gives_back(sandbox: Running, begin: Begin) -> None:
    """The other lifted between our look and our write, and left the tasks rejected."""
    pending(sandbox)
    one, two = await begin("one"), await begin("two")
    assert (await one.monitor.run(EMERGENCY_STOP, reason="one")).done
    whole = one.parts.writes.clear_stop

    async def late(*ids: Any, **more: Any) -> int:
        assert (await two.monitor.run(RESUME)).done
        return await whole(*ids, **more)

    one.parts.writes.clear_stop = late  # type: ignore[method-assign]  # between its look and its write
    result = await one.monitor.run(RESUME, requeue=True)
    assert (result.changed, result.done) == (4, True), result
    assert statuses(sandbox) == {"pending": 4}


async def test_of_two_stops_with_two_reasons_all_is_given_back(sandbox: Running, begin: Begin) -> None:
    pending(sandbox, 30)
    one, two = await begin("one"), await begin("two")
    await asyncio.gather(
        one.monitor.run(EMERGENCY_STOP, reason="first"), two.monitor.run(EMERGENCY_STOP, reason="second")
    )
    assert (flag(sandbox), statuses(sandbox)) == (True, {"rejected": 30})
    await one.monitor.run(RESUME, requeue=True)
    assert statuses(sandbox) == {"pending": 30}


async def test_two_stops_tell_in_their_audit_what_each_rejected(sandbox: Running, begin: Begin) -> None:
    """The second finds the flag set and the first still rejecting, and helps."""
    pending(sandbox, 300)
    async with wire(sandbox.url) as between:
        one, two = await begin("one", url=between.url), await begin("two", url=between.url)
        between.delays["/rest/v1/autonomous_tasks?id=in"] = 0.3
        async with without_the_stop_function(sandbox):
            first = asyncio.create_task(one.monitor.run(EMERGENCY_STOP, reason="first"))
            while not flag(sandbox):
                await asyncio.sleep(0.02)
            await asyncio.sleep(0.3)
            results = await two.monitor.run(EMERGENCY_STOP, reason="second"), await first
    told = sandbox.sql(
        "SELECT jsonb_array_length(output_data->'ids') FROM autonomous_execution_logs"
        " WHERE input_data->>'order' = 'emergency_stop' AND step_status <> 'started'"
    )
    assert statuses(sandbox) == {"rejected": 300}
    assert sum(count for (count,) in told) == sum(result.changed for result in results) == 300, results


@ONE_SHAPE
async def test_a_stop_that_is_ordered_while_a_retry_opens_its_audit_ends_it(sandbox: Running, begin: Begin) -> None:
    failures(sandbox, 250)
    driven = await begin()
    plan = await driven.monitor.plan(RETRY_MATCHING, tasks=("status:failed",))
    whole, opening, on = driven.parts.action_context.insert, asyncio.Event(), asyncio.Event()

    async def slow(*args: object) -> object:
        if not opening.is_set():
            opening.set()
            await on.wait()
        return await whole(*args)  # type: ignore[arg-type]  # as they came

    driven.parts.action_context.insert = slow  # type: ignore[method-assign,assignment]  # its first row takes its time
    retrying = asyncio.create_task(driven.monitor.run(RETRY_MATCHING, plan, reason="again"))
    await opening.wait()
    assert (await driven.monitor.run(EMERGENCY_STOP, reason="one")).done
    on.set()
    assert not (await retrying).done
    assert statuses(sandbox) == {"failed": 250}
