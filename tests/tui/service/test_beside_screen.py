"""The program on a terminal beside a running service: who acts, who carries it out, and what is so once that ended."""

import signal

import pytest

from tests.running import ONE_SHAPE, Command, Running
from tests.tui.hand import Open, opened
from tests.tui.service.beside import Start, service
from tests.tui.slips import SWALLOWED_S

__all__ = ["opened", "service"]


@ONE_SHAPE
@pytest.mark.parametrize("size", [(80, 24), (140, 40)], ids=str)
def test_who_acts_is_said_before_during_and_after(
    size: tuple[int, int], sandbox: Running, command: Command, service: Start, opened: Open
) -> None:
    sandbox.stuck(2)
    there = service()
    hand = opened(command, sandbox, size=size)
    hand.await_text(f"the service, pid {there.process.pid}, acts for this project on this machine")
    if size[0] >= 120:
        assert f"the service, pid {there.process.pid}, acts  service_role" in hand.text
    hand.press("h")
    hand.await_text("Carried out by the service on this machine")
    hand.read(SWALLOWED_S)
    hand.press("\t\r")
    hand.await_text("2 changed (stuck tasks marked as failed: 2)")
    hand.await_text("(by the")  # the dialog breaks the line
    hand.escape()
    there.end(signal.SIGKILL)
    hand.await_gone("acts for this project on this machine")
    hand.press("c")
    hand.await_text("checked")
    assert "by the service" not in hand.text.split("checked", 1)[1][:20]
