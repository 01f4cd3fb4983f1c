"""A screen beside a running service: its orders are carried out there, once, in the operator's name."""

from datetime import timedelta
from typing import Any

import pytest

from core.actions.approve import APPROVE
from core.actions.breakers import HOLD_BREAKER, RELEASE_BREAKER, RESET_BREAKER
from core.actions.cancel import CANCEL
from core.actions.dry_run import DRY_RUN_OFF
from core.actions.emergency_stop import EMERGENCY_STOP
from core.actions.heal import HEAL
from core.actions.process import CHECK_NOW, RESTART, TEST_MESSAGE
from core.actions.resume import RESUME
from core.actions.set_config import SET_CONFIG
from core.actions.set_priority import SET_PRIORITY
from core.actions.silence import END_SILENCE, SILENCE
from core.actions.undo import UNDO
from core.domain.actions import Action, Result, ResultPhase
from core.domain.plans import PlanChanged
from core.monitor import Monitor
from core.resilience import BreakerState
from tests.running import ONE_SHAPE, Running
from tests.tui.service.beside import Beside, Start, audited, beside, given, orders, service
from tests.until import until

__all__ = ["beside", "service"]

TASKS = "db:fetch_tasks"


async def test_every_kind_of_action_is_carried_out_there_once_in_the_operators_name(
    sandbox: Running, service: Start, beside: Beside
) -> None:
    there = service()
    monitor = await beside()
    pid, who = there.process.pid, str(monitor.parts.operator)
    sandbox.stuck(2)
    sandbox.sql(
        "INSERT INTO autonomous_tasks (task_type, description, status, requires_approval, risk_level)"
        " SELECT 'bug_fix', 'review ' || i, 'awaiting_review', true, 'low' FROM generate_series(1, 3) AS i"
    )
    (one,), (two,), (three,) = sandbox.sql("SELECT id::text FROM autonomous_tasks WHERE status = 'awaiting_review'")

    async def done(action: Action, **arguments: Any) -> Result:
        result = await given(monitor, action, **arguments)
        assert result.phase is ResultPhase.VERIFIED, result
        assert result.text.endswith("(by the service)"), result
        rows = audited(sandbox, result.run)
        assert rows == [(action.name, "started", pid, who), (action.name, "completed", pid, who)], result
        assert any(event.run == result.run for event in monitor.snapshot.events), result
        return result

    healed = await done(HEAL)
    assert healed.changed == 2
    await done(APPROVE, tasks=(one,), reason="")
    await done(CANCEL, tasks=(one,), reason="no use")
    await done(SET_PRIORITY, tasks=(two, three), to=9)
    turned = await done(DRY_RUN_OFF)
    await done(UNDO, run=turned.run)
    await done(SET_CONFIG, name="max_daily_tasks", value="77")
    sandbox.stuck(2)
    assert (await done(EMERGENCY_STOP, reason="as a test")).changed == 2
    await done(RESUME, requeue=True)
    assert sandbox.sql("SELECT emergency_stop FROM autonomous_system_config") == [(False,)]


@ONE_SHAPE
async def test_what_lives_in_one_process_is_done_in_both(sandbox: Running, service: Start, beside: Beside) -> None:
    there = service()
    monitor = await beside()
    pid = there.process.pid
    assert monitor.carried_out_by(HOLD_BREAKER, breaker=TASKS).startswith(
        f"Carried out by the service on this machine (pid {pid}), and in this screen too"
    )
    held = await given(monitor, HOLD_BREAKER, breaker=TASKS, reason="r")
    assert held.text == f"{TASKS} held open: r (by the service and here)"
    assert state(monitor) is BreakerState.HELD
    await until(lambda: [one.key for one in told(monitor)] == [TASKS])
    assert told(monitor)[0].held_by == str(monitor.parts.operator)
    assert monitor.carried_out_by(RELEASE_BREAKER, breaker=TASKS).endswith(f"; there {TASKS} is held.")
    assert (await monitor.run(RELEASE_BREAKER, breaker=TASKS)).text.endswith("(by the service and here)")
    assert (await monitor.run(RESET_BREAKER)).text == "all breakers reset (by the service and here)"
    await until(lambda: not told(monitor))
    monitor.parts.breakers.hold("db:mine_alone", "me", "r")
    alone = await monitor.run(RESET_BREAKER, breaker="db:mine_alone")
    assert alone.text == "db:mine_alone reset"
    lines = len(there.lines)
    assert (await monitor.run(CHECK_NOW)).text == "checked (by the service and here)"
    assert (await monitor.run(RESTART)).text == "the watchdog's loop was restarted (by the service and here)"
    assert (await monitor.run(TEST_MESSAGE)).text == (
        "nobody is notified of alerts: set [alerts] contacts (by the service)"
    )
    await until(lambda: len(there.lines) > lines)
    await until(lambda: [orders(sandbox, action) for action in (HOLD_BREAKER, RESTART)] == [1, 1])


@ONE_SHAPE
async def test_a_silence_is_seen_on_the_screen_at_once(sandbox: Running, service: Start, beside: Beside) -> None:
    service()
    monitor = await beside()
    result = await given(monitor, SILENCE, matcher="all", lasts=timedelta(hours=1), reason="r")
    assert result.text.endswith("(by the service)"), result
    (silence,) = monitor.snapshot.telling.silences
    assert silence.who == str(monitor.parts.operator)
    assert (await given(monitor, END_SILENCE, silence=silence.id)).text.endswith("(by the service)")
    assert monitor.snapshot.telling.silences == ()


async def test_what_was_shown_must_hold_there_too(sandbox: Running, service: Start, beside: Beside) -> None:
    service()
    monitor = await beside()
    sandbox.stuck(1)
    plan = await monitor.plan(HEAL)
    sandbox.stuck(1)
    with pytest.raises(PlanChanged) as changed:
        await monitor.run(HEAL, plan)
    assert changed.value.plan.rows == 2
    assert sandbox.sql("SELECT count(*) FROM autonomous_tasks WHERE status = 'in_progress'") == [(2,)]
    result = await monitor.run(HEAL, changed.value.plan)
    assert (result.changed, result.text.endswith("(by the service)")) == (2, True)


@ONE_SHAPE
async def test_what_cannot_be_handed_over_is_run_here_and_that_is_said(
    sandbox: Running, service: Start, beside: Beside
) -> None:
    there = service()
    monitor = await beside()
    result = await given(monitor, HOLD_BREAKER, breaker=TASKS, reason="r", until=None)
    assert result.text == f"{TASKS} held open: r (here: Hold breaker open knows no until)"
    assert (state(monitor), told(monitor)) == (BreakerState.HELD, ())
    assert there.process.poll() is None


def told(monitor: Monitor) -> tuple[Any, ...]:
    """The breakers of the service that are not closed, as the screen knows them."""
    return monitor.snapshot.service.breakers if monitor.snapshot.service is not None else ()


def state(monitor: Monitor) -> BreakerState:
    return next(one.state for one in monitor.parts.breakers.all() if one.key == TASKS)
