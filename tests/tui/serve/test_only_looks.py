"""A monitor that only looks: the façade itself refuses every order there is, and a note, and leaves no trace of one."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.actions.acknowledge import ACKNOWLEDGE
from core.actions.approve import APPROVE
from core.actions.assign import ASSIGN
from core.actions.breakers import HOLD_BREAKER, RELEASE_BREAKER, RESET_BREAKER
from core.actions.cancel import CANCEL
from core.actions.catalogue import ACTIONS
from core.actions.create_task import CREATE_TASK, CreatePlan
from core.actions.dry_run import DRY_RUN_OFF, DRY_RUN_ON
from core.actions.emergency_stop import EMERGENCY_STOP
from core.actions.heal import HEAL
from core.actions.pause_type import PAUSE_TYPE, PausePlan
from core.actions.process import CHECK_NOW, OBSERVE_OFF, RESTART, TEST_MESSAGE
from core.actions.reject import REJECT
from core.actions.requeue_simulated import REQUEUE_SIMULATED
from core.actions.requeue_tasks import REQUEUE_TASKS
from core.actions.resume import RESUME
from core.actions.retry_matching import RETRY_MATCHING
from core.actions.retry_task import RETRY
from core.actions.rights import ONLY_LOOKS
from core.actions.run_pending import RUN_PENDING
from core.actions.safety_check import DISABLE_CHECK, ENABLE_CHECK, CheckPlan
from core.actions.set_config import DISABLE, ENABLE, SET_CONFIG, ConfigPlan
from core.actions.set_priority import SET_PRIORITY
from core.actions.silence import END_SILENCE, SILENCE
from core.actions.undo import UNDO
from core.actions.unpause_type import UNPAUSE_TYPE, UnpausePlan
from core.actions.withdraw import CONFIRM_WAITING, WITHDRAW
from core.backend.target import Target
from core.base.store import NotKept
from core.domain.actions import Result, ResultPhase
from core.domain.chosen_tasks import TasksPlan
from core.domain.plans import HealPlan, RetryMatchingPlan, RetryPlan, UndoPlan
from core.domain.queries import Filter
from core.monitor import Config, Monitor, Places
from tests.running import Running
from tests.tui.drawn import app_on, monitor_of, run, settled, text_of
from tests.tui.pictures import OBSERVING
from tests.tui.serve.serving import kept
from tui.screens.keys import NOTE_KEY

ID = "00000000-0000-4000-8000-000000000001"
GIVEN: dict[str, Callable[[Monitor], Awaitable[Result]]] = {
    "acknowledge": lambda monitor: monitor.run(ACKNOWLEDGE, alert="stuck_tasks"),
    "silence": lambda monitor: monitor.run(SILENCE, matcher="stuck_tasks", lasts=timedelta(hours=1), reason="we know"),
    "end_silence": lambda monitor: monitor.run(END_SILENCE, silence=ID),
    "reset_breaker": lambda monitor: monitor.run(RESET_BREAKER),
    "hold_breaker": lambda monitor: monitor.run(HOLD_BREAKER, breaker="db:tasks", reason="we know"),
    "release_breaker": lambda monitor: monitor.run(RELEASE_BREAKER, breaker="db:tasks"),
    "withdraw": lambda monitor: monitor.run(WITHDRAW, waiting=ID),
    "confirm_waiting": lambda monitor: monitor.run(CONFIRM_WAITING, waiting=ID),
    "lift_observe": lambda monitor: monitor.run(OBSERVE_OFF),
    "restart_watchdog": lambda monitor: monitor.run(RESTART),
    "test_message": lambda monitor: monitor.run(TEST_MESSAGE),
    "heal": lambda monitor: monitor.run(HEAL, HealPlan()),
    "emergency_stop": lambda monitor: monitor.run(EMERGENCY_STOP, reason="we must"),
    "lift": lambda monitor: monitor.run(RESUME, requeue=True),
    "dry_run_on": lambda monitor: monitor.run(DRY_RUN_ON),
    "dry_run_off": lambda monitor: monitor.run(DRY_RUN_OFF),
    "run_pending": lambda monitor: monitor.run(RUN_PENDING),
    "retry": lambda monitor: monitor.run(RETRY, RetryPlan(task=ID, text="it broke")),
    "retry_matching": lambda monitor: monitor.run(
        RETRY_MATCHING,
        RetryMatchingPlan(filter=Filter(), ids=(ID,), at=datetime.now(UTC), frozen="one"),
        reason="we know",
    ),
    "requeue": lambda monitor: monitor.run(RESUME, requeue=True),
    "clean_up": lambda monitor: monitor.run(HEAL, HealPlan(only=("old_logs",))),
    "approve": lambda monitor: monitor.run(APPROVE, TasksPlan(), tasks=(ID,)),
    "reject": lambda monitor: monitor.run(REJECT, TasksPlan(), tasks=(ID,), reason="no"),
    "cancel": lambda monitor: monitor.run(CANCEL, TasksPlan(), tasks=(ID,), reason="no"),
    "requeue_tasks": lambda monitor: monitor.run(REQUEUE_TASKS, TasksPlan(), tasks=(ID,)),
    "requeue_simulated": lambda monitor: monitor.run(REQUEUE_SIMULATED, TasksPlan(), tasks=(ID,)),
    "set_priority": lambda monitor: monitor.run(SET_PRIORITY, TasksPlan(), tasks=(ID,), to=3),
    "assign": lambda monitor: monitor.run(ASSIGN, TasksPlan(), tasks=(ID,), to="jana"),
    "create_task": lambda monitor: monitor.run(CREATE_TASK, CreatePlan(task_type="bug_fix", description="x")),
    "pause_type": lambda monitor: monitor.run(PAUSE_TYPE, PausePlan(task_type="bug_fix"), reason="why"),
    "unpause_type": lambda monitor: monitor.run(UNPAUSE_TYPE, UnpausePlan(task_type="bug_fix")),
    "set_config": lambda monitor: monitor.run(SET_CONFIG, ConfigPlan(name="enabled"), name="enabled", value="on"),
    "enable": lambda monitor: monitor.run(ENABLE, ConfigPlan(name="enabled")),
    "disable": lambda monitor: monitor.run(DISABLE, ConfigPlan(name="enabled")),
    "enable_check": lambda monitor: monitor.run(ENABLE_CHECK, CheckPlan(on=True), check=ID),
    "disable_check": lambda monitor: monitor.run(DISABLE_CHECK, CheckPlan(), check=ID),
    "undo": lambda monitor: monitor.run(UNDO, UndoPlan(run=ID, text="heal", tasks=1)),
}


@pytest.fixture
def looks(sandbox: Running, tmp_path: Path) -> Monitor:
    target = Target(name="probe", url=sandbox.url, key=sandbox.service_key)
    return Monitor(Config(target=target, only_looks=True), places=Places.within(tmp_path), jitter=False)


async def test_every_order_and_a_note_are_refused_and_nothing_is_written(sandbox: Running, looks: Monitor) -> None:
    sandbox.stuck(3)
    before, asked = kept(sandbox), sandbox.functions()
    assert {name for name, order in ACTIONS.items() if looks.may(order) != ONLY_LOOKS} == {CHECK_NOW.name}
    assert {*GIVEN} == {*ACTIONS} - {CHECK_NOW.name}
    for name, give in GIVEN.items():
        result = await give(looks)
        assert (result.phase, result.text) == (ResultPhase.REFUSED, ONLY_LOOKS), name
    assert await looks.try_alerts() == ()
    with pytest.raises(NotKept, match=ONLY_LOOKS):
        await looks.note("written from the browser")
    day = timedelta(days=1)
    assert looks.box.notes(datetime.now(UTC) - day, datetime.now(UTC) + day) == ()
    assert looks.snapshot.events == ()
    assert (kept(sandbox), sandbox.functions()) == (before, asked)
    await looks.close()


async def test_the_notes_key_is_struck_out_and_says_why_at_once() -> None:
    app = app_on(OBSERVING)
    monitor_of(app).takes_no_note = ONLY_LOOKS
    async with run(app, (260, 40)) as pilot:
        drawn = await settled(pilot)
        words = text_of(drawn).splitlines()[-1]
        struck = [line for line in drawn.splitlines() if line.startswith("40 ")]
        begin = words.index(" n note ") + 3
        assert f"struck {begin}-{begin + 3}" in struck[0]
        await pilot.press("n")
        await settled(pilot, lambda: [one.message for one in app._notifications] == [f"Note: {ONLY_LOOKS}"])
        assert len(app.screen_stack) == 1
        assert app.refusal(NOTE_KEY) == ONLY_LOOKS
