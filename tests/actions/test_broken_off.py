"""Each action, its answer lost or itself killed at each of its writes, then ordered again, here and by another monitor.

Whoever is killed writes nothing from then on, and releases nothing. In the end PostgreSQL is as ordered, every audit
that was opened is closed, and no result ever said that something is done which is not.
"""

import contextlib
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import pytest

from core.actions.catalogue import AUDITED
from core.actions.dry_run import DRY_RUN_OFF
from core.actions.emergency_stop import EMERGENCY_STOP
from core.actions.heal import HEAL
from core.actions.resume import RESUME
from core.actions.retry_matching import RETRY_MATCHING
from core.actions.retry_task import RETRY
from core.backend.schema import Schema
from core.domain.actions import Result, ResultPhase
from core.resilience import NotLive
from tests.actions.driving import Driven, Watchdog, failures, statuses
from tests.actions.kept import kept
from tests.running import ONE_SHAPE, Running
from tests.wire import Wire, wire

FAILED = ("status:failed",)
MOST_WRITES = 12
SETTLED_AGAIN_S = 61.0
"""By then a monitor looks again for audit rows that nothing closed."""


class Case(msgspec.Struct, frozen=True):
    """One action: what there is before it, how it is ordered, and whether everything is as ordered."""

    prepare: Callable[[Running], None]
    order: Callable[[Driven], Awaitable[Result]]
    holds: Callable[[Running], bool]
    orders: tuple[str, ...]
    rows: int
    """How many rows a run changes that nothing breaks off."""


def flag(sandbox: Running) -> bool:
    return bool(sandbox.sql("SELECT bool_or(emergency_stop) FROM autonomous_system_config")[0][0])


def dry_run(sandbox: Running) -> bool:
    return bool(sandbox.sql("SELECT dry_run_mode FROM autonomous_system_config")[0][0])


def pending(sandbox: Running, count: int = 130) -> None:
    sandbox.sql(f"INSERT INTO autonomous_tasks (description) SELECT 'p' || i FROM generate_series(1, {count}) AS i")


def before_stop(sandbox: Running) -> None:
    pending(sandbox)
    sandbox.sql("INSERT INTO autonomous_tasks (description, status, started_at) VALUES ('r', 'in_progress', now())")


def before_heal(sandbox: Running) -> None:
    sandbox.stuck(130)
    sandbox.sql("UPDATE autonomous_system_config SET dry_run_mode = false")
    failures(sandbox)


def before_retry(sandbox: Running) -> None:
    sandbox.sql(
        "INSERT INTO autonomous_tasks (id, description, status, completed_at)"
        " VALUES ('7f000000-0000-4000-8000-000000000001', 'f', 'failed', now() - interval '1 hour')"
    )


async def stop(driven: Driven) -> Result:
    return await driven.monitor.run(EMERGENCY_STOP, reason="burning")


async def resume(driven: Driven) -> Result:
    return await driven.monitor.run(RESUME, requeue=True)


async def heal(driven: Driven) -> Result:
    return await driven.monitor.run(HEAL, await driven.monitor.plan(HEAL))


async def dry_run_off(driven: Driven) -> Result:
    return await driven.monitor.run(DRY_RUN_OFF)


async def retry(driven: Driven) -> Result:
    return await driven.monitor.run(
        RETRY, await driven.monitor.plan(RETRY, task="7f000000-0000-4000-8000-000000000001")
    )


async def retry_matching(driven: Driven) -> Result:
    return await driven.monitor.run(
        RETRY_MATCHING, await driven.monitor.plan(RETRY_MATCHING, tasks=FAILED), reason="again"
    )


CASES = {
    "stop": Case(
        before_stop,
        stop,
        lambda sandbox: flag(sandbox) and statuses(sandbox) == {"rejected": 131},
        ("emergency_stop",),
        131,
    ),
    "resume": Case(
        before_stop,
        resume,
        lambda sandbox: not flag(sandbox) and statuses(sandbox) == {"pending": 130, "rejected": 1},
        ("lift", "requeue"),
        130,
    ),
    "heal": Case(
        before_heal,
        heal,
        lambda sandbox: dry_run(sandbox) and statuses(sandbox) == {"failed": 150},
        ("heal",),
        131,
    ),
    "dry_run_off": Case(lambda _: None, dry_run_off, lambda sandbox: not dry_run(sandbox), ("dry_run_off",), 1),
    "retry": Case(before_retry, retry, lambda sandbox: statuses(sandbox) == {"pending": 1}, ("retry",), 1),
    "retry_matching": Case(
        lambda sandbox: failures(sandbox, 130),
        retry_matching,
        lambda sandbox: statuses(sandbox) == {"pending": 130},
        ("retry_matching",),
        130,
    ),
}
KILLED, LOST, UNSENT = "killed when it had arrived", "answer lost", "killed before it arrived"


def unclosed(sandbox: Running, orders: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The runs that have a first audit row and no last one."""
    return sandbox.sql(
        "SELECT input_data->>'order', input_data->>'run' FROM autonomous_execution_logs"
        " WHERE input_data->>'order' = ANY(%s) GROUP BY 1, 2"
        " HAVING bool_and(step_status = 'started')",
        list(orders),
    )


async def driven_on(url: str, account: str, sandbox: Running, home: Path, schema: Schema | None = None) -> Driven:
    driven = Watchdog.as_(account, sandbox, home, url=url, autonomous=False)
    return await driven.begin(schema)


async def set_up(name: str, account: str, sandbox: Running, home: Path) -> Schema | None:
    """What there is before the action; a resume has a stop before it. The schema is what it found."""
    CASES[name].prepare(sandbox)
    driven = await driven_on(sandbox.url, account, sandbox, home / "before")
    if name == "resume":
        assert (await driven.monitor.run(EMERGENCY_STOP, reason="burning")).done
    await driven.monitor.close()
    return driven.parts.checks.schema


def break_at(between: Wire, how: str, write: int) -> None:
    between.writes = 0
    between.arrives = how == KILLED
    if how == LOST:
        between.lose_at = write
    else:
        between.end_at = write


@ONE_SHAPE
@pytest.mark.parametrize("how", [KILLED, LOST])
@pytest.mark.parametrize("name", CASES)
async def test_an_action_broken_off_at_any_of_its_writes_and_ordered_again(
    name: str, how: str, sandbox: Running, tmp_path: Path
) -> None:
    await broken_off(name, (how, how), sandbox, tmp_path)


@ONE_SHAPE
@pytest.mark.parametrize("name", CASES)
async def test_an_action_killed_before_any_of_its_writes_arrived_does_not_say_it_is_done(
    name: str, sandbox: Running, tmp_path: Path
) -> None:
    """What it left is what one left that was killed when the write before had arrived: that is ordered again above."""
    await broken_off(name, (UNSENT, UNSENT), sandbox, tmp_path)


@pytest.mark.parametrize("session_sandbox", ["documented"], indirect=True)
@pytest.mark.parametrize("name", CASES)
async def test_on_the_other_shape_too_broken_off_in_either_way_by_turns(
    name: str, sandbox: Running, tmp_path: Path
) -> None:
    await broken_off(name, (LOST, KILLED), sandbox, tmp_path)


async def broken_off(name: str, hows: tuple[str, str], sandbox: Running, tmp_path: Path) -> None:
    """Break an action off at each of its writes, by turns in two ways, order it again, and look at what is left."""
    account = "service_role" if sandbox.shape == "deployed" else "master"  # there the policies tell them apart
    case = CASES[name]
    schema = await set_up(name, account, sandbox, tmp_path)
    restore = kept(sandbox)
    for write in range(1, MOST_WRITES):
        how, here = hows[write % 2], write // 2 % 2 == 0
        restore()
        home = tmp_path / str(write)
        async with wire(sandbox.url) as between:
            first = await driven_on(between.url, account, sandbox, home / "a", schema)
            break_at(between, how, write)
            result = await case.order(first)
            reached = between.writes >= write
            if result.done:
                assert case.holds(sandbox), (write, how, result)
                assert result.changed == case.rows, (write, how, result)
            if result.phase in {ResultPhase.REFUSED, ResultPhase.UNREACHABLE} and not result.refused:
                assert not result.changed, (write, how, result)
            if how != LOST:
                await first.kill()
            elif here:  # its line is whole again
                first.clock.advance(SETTLED_AGAIN_S)
                await order_again(case, first, sandbox, (write, how, result))
                await first.monitor.close()
            else:
                await first.monitor.close()
        if not (how == LOST and here) and (how != UNSENT or write == 1):
            again = await driven_on(sandbox.url, account, sandbox, home / ("a" if here else "b"), schema)
            await order_again(case, again, sandbox, (write, how, result))
            await again.monitor.close()
        if not reached:
            break
    else:
        pytest.fail("it writes more often than was tried")


async def order_again(case: Case, driven: Driven, sandbox: Running, told: object) -> None:
    """Order what does not hold yet; then it does, and no audit of it is left open."""
    if not case.holds(sandbox):
        second = await case.order(driven)
        assert second.done or second.phase is ResultPhase.PARTLY, (told, second)
    assert case.holds(sandbox), (told, statuses(sandbox))
    for action in AUDITED:
        if action.name in case.orders:
            await driven.parts.runner.settle(action, driven.parts.operator)
    assert unclosed(sandbox, case.orders) == [], told


@pytest.mark.parametrize("name", CASES)
async def test_an_ordinary_user_may_do_it_or_is_told_that_nothing_was_changed(
    name: str, sandbox: Running, tmp_path: Path
) -> None:
    """The deployed shape's policies let everybody write, the documented one's only the master account."""
    case = CASES[name]
    await set_up(name, "service_role", sandbox, tmp_path)
    before = (flag(sandbox), dry_run(sandbox), statuses(sandbox))
    driven = await driven_on(sandbox.url, "viewer", sandbox, tmp_path / "viewer")
    result = None
    with contextlib.suppress(NotLive):  # no task is visible, which is no answer to what matches a filter
        result = await case.order(driven)
    await driven.monitor.close()
    if sandbox.shape == "deployed":
        assert result is not None
        assert result.done, result
        assert case.holds(sandbox)
    else:
        assert result is None or result.phase in {ResultPhase.REFUSED, ResultPhase.UNCHANGED}, result
        assert (flag(sandbox), dry_run(sandbox), statuses(sandbox)) == before
