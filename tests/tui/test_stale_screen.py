"""A monitor that was stopped says so when it goes on, and what a line takes is drawn in steps."""

import signal
import time

import pytest

from tests.running import ONE_SHAPE, Running
from tests.tui.drawn import app_on, monitor_of, run, settled, text_of
from tests.tui.states import IN_TIME_S, Starts
from tests.tui.terminal import Terminal
from tests.tui.well import HEALTHY
from tui.base.stale_screen import STILL_S
from tui.rendering.text import LEVELS, latencies, took


@ONE_SHAPE
def test_who_was_stopped_says_for_how_long_it_saw_nothing(sandbox: Running, start: Starts) -> None:
    terminal = start(Terminal, sandbox, size=(140, 40), WATCHDESK_SELF_MONITORING_STILL_S="1")
    terminal.await_text("watching")
    terminal.process.send_signal(signal.SIGSTOP)
    terminal.await_stopped()
    time.sleep(3)  # the subject: nothing turns meanwhile
    terminal.process.send_signal(signal.SIGCONT)
    shown = terminal.await_text("this monitor was not running for")
    assert "LIVE" in shown or "BLIND" in shown
    terminal.await_text("LIVE")
    terminal.type(b"q")
    assert terminal.ended(IN_TIME_S) == 0


async def test_a_picture_stands_still_after_so_long_and_not_before_it_ever_moved() -> None:
    app = app_on(HEALTHY)
    async with run(app, (60, 15)) as pilot:
        app.clock.advance(10 * STILL_S)  # type: ignore[attr-defined]  # the tests' own clock
        app.repaint()
        assert "NOT UPDATING" not in text_of(await settled(pilot))
        monitor_of(app).tell(HEALTHY)
        for after_s, stands in ((STILL_S - 1, False), (2, True)):
            app.clock.advance(after_s)  # type: ignore[attr-defined]  # as above
            app.repaint()
            shown = text_of(await settled(pilot))
            assert ("NOT UPDATING" in shown, "NOT NOW" in shown, "LIVE" in shown) == (stands, stands, not stands)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(None, ""), (0.0, "< 0.1 s"), (0.099, "< 0.1 s"), (0.1, "< 0.2 s"), (1.5, "< 2 s"), (60.0, "> 10 s")],
)
def test_how_long_it_took_is_said_in_steps(seconds: float | None, said: str) -> None:
    assert took(seconds) == said


def test_a_course_of_latencies_has_a_height_a_step_and_noise_within_one_is_not_seen() -> None:
    every = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
    assert latencies(every, 8) == LEVELS
    assert latencies((0.02, 0.09, None, 0.05), 6) == latencies((0.08, 0.01, None, 0.03), 6) == "  ▁▁ ▁"
