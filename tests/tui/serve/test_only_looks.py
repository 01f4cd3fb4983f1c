"""A monitor that only looks: the façade itself refuses every order there is, and a note, and leaves no trace of one."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.backend.target import Target
from core.base.store import NotKept
from core.domain.actions import (
    ACTIONS,
    CHECK_NOW,
    OBSERVE_OFF,
    RESTART,
    TEST_MESSAGE,
    HealPlan,
    Result,
    ResultPhase,
    RetryMatchingPlan,
    RetryPlan,
    UndoPlan,
)
from core.domain.queries import Filter
from core.monitor import Config, Monitor, Places
from core.services.action_desk import ONLY_LOOKS
from tests.running import Running
from tests.tui.drawn import app_on, monitor_of, run, settled, text_of
from tests.tui.pictures import OBSERVING
from tests.tui.serve.serving import kept
from tui.screens.keys import NOTE_KEY

ID = "00000000-0000-4000-8000-000000000001"
GIVEN: dict[str, Callable[[Monitor], Awaitable[Result]]] = {
    "acknowledge": lambda monitor: monitor.acknowledge("stuck_tasks"),
    "silence": lambda monitor: monitor.silence("stuck_tasks", timedelta(hours=1), "we know"),
    "end a silence": lambda monitor: monitor.end_silence(ID),
    "reset_breaker": lambda monitor: monitor.reset_breaker(None),
    "hold_breaker": lambda monitor: monitor.hold_breaker("db:tasks", "we know"),
    "release_breaker": lambda monitor: monitor.release_breaker("db:tasks"),
    "withdraw": lambda monitor: monitor.withdraw(ID),
    "heal": lambda monitor: monitor.heal(HealPlan()),
    "emergency_stop": lambda monitor: monitor.stop("we must"),
    "lift": lambda monitor: monitor.lift(requeue=True),
    "dry_run_on": lambda monitor: monitor.set_dry_run(True),
    "dry_run_off": lambda monitor: monitor.set_dry_run(False),
    "run_pending": lambda monitor: monitor.run_pending(),
    "retry": lambda monitor: monitor.retry(RetryPlan(task=ID, text="it broke")),
    "retry_matching": lambda monitor: monitor.retry_matching(
        RetryMatchingPlan(filter=Filter(), ids=(ID,), at=datetime.now(UTC), text="one"), "we know"
    ),
    "requeue": lambda monitor: monitor.lift(requeue=True),
    "clean_up": lambda monitor: monitor.heal(HealPlan(only=("old_logs",))),
    "undo": lambda monitor: monitor.undo(UndoPlan(run=ID, text="heal", tasks=1)),
}
SILENT = {OBSERVE_OFF.name, RESTART.name, TEST_MESSAGE.name}
"""They answer with nothing."""


@pytest.fixture
def looks(sandbox: Running, tmp_path: Path) -> Monitor:
    target = Target(name="probe", url=sandbox.url, key=sandbox.service_key)
    return Monitor(Config(target=target, only_looks=True), places=Places.within(tmp_path), jitter=False)


async def test_every_order_and_a_note_are_refused_and_nothing_is_written(sandbox: Running, looks: Monitor) -> None:
    sandbox.stuck(3)
    before, asked = kept(sandbox), sandbox.functions()
    assert {name for name, order in ACTIONS.items() if looks.may(order) != ONLY_LOOKS} == {CHECK_NOW.name}
    assert {*GIVEN, *SILENT} >= {*ACTIONS} - {CHECK_NOW.name}
    for name, give in GIVEN.items():
        result = await give(looks)
        assert (result.phase, result.text) == (ResultPhase.REFUSED, ONLY_LOOKS), name
    looks.lift_observe()
    looks.restart_watchdog()
    assert (await looks.try_alerts(), await looks.confirm_waiting(ID)) == ((), False)
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
