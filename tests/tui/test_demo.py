"""The demo as its newcomer runs it: live at once, each fault shown and gone again, healed by itself, ended cleanly."""

import os
import signal
from collections.abc import Iterator

import psutil
import pytest

from core.sandbox.chaos import FAULTS
from tests.running import SHAPES, Command
from tests.tui.terminal import Terminal
from tui.actions.faults import GUIDE

_PROBED_S = 100.0
"""The time within which every open breaker is probed: 60 s, a tenth more, and the refresh that does it."""


class Demo(Terminal):
    """The demo in a terminal, its palette of faults at hand."""

    def switch(self, name: str) -> None:
        """Switch a fault through the palette, as a person does."""
        os.write(self.master, b"\x18")
        self.await_text("Switch which fault")
        self.read(0.4)  # keys typed ahead of a dialog are swallowed
        for _ in range(list(FAULTS).index(name) + 1):
            os.write(self.master, b"\x1b[B")
        self.settle()
        os.write(self.master, b"\r")
        self.await_gone("Switch which fault")


@pytest.fixture(params=SHAPES)
def demo(request: pytest.FixtureRequest, command: Command) -> Iterator[Demo]:
    terminal = Demo(command, None, "demo", "--shape", request.param, "--check-every", "4", size=(200, 50))
    terminal.await_text("LIVE")
    terminal.await_text("checked")
    yield terminal
    if terminal.process.poll() is None:
        terminal.process.terminate()
        terminal.ended()
    os.close(terminal.master)


def test_each_fault_says_what_is_to_be_seen_of_it() -> None:
    assert set(GUIDE) == set(FAULTS)


@pytest.mark.parametrize("demo", ["documented"], indirect=True)  # the faults are the sandbox's, whatever its shape
@pytest.mark.timeout(400)
def test_faults_show_themselves_and_go_away(demo: Demo) -> None:
    demo.switch("database_down")
    demo.await_text("OFFLINE")
    assert "2,9" in "\n".join(demo.screen.display)  # completed ones, last known
    demo.await_text("✖ database")  # its check as well
    demo.switch("database_down")
    demo.await_text("database ok: answers", _PROBED_S)
    demo.await_gone("OFFLINE", _PROBED_S)
    demo.switch("edge_down")
    os.write(demo.master, b"c")
    demo.await_text("edge function: unavailable")
    demo.switch("edge_down")
    os.write(demo.master, b"c")
    demo.await_gone("edge function: unavailable", _PROBED_S)
    demo.switch("errors")
    demo.await_text("a proxy answered 503")
    demo.await_text("OFFLINE")
    demo.switch("errors")
    demo.await_gone("OFFLINE", _PROBED_S)
    demo.switch("slow")
    os.write(demo.master, b"c")
    demo.await_text("slow: connected")
    demo.switch("slow")
    os.write(demo.master, b"c")
    demo.await_gone("WARNING   LIVE", _PROBED_S)  # where it went to and fro, some quiet must end that


@pytest.mark.parametrize("demo", ["deployed"], indirect=True)  # `test_autopilot_heals` has both
@pytest.mark.timeout(180)
def test_stuck_tasks_are_healed_without_anybody_and_it_ends_on_sigint_and_leaves_nothing(demo: Demo) -> None:
    demo.switch("failure_storm")
    demo.await_text("agents: task failed", 60)  # one, or several as one line: "(×3 in 9 s)"
    demo.switch("stuck_tasks")
    demo.await_text("heal: ", 90)
    os.write(demo.master, b'/"watchdesk:stuck"')
    demo.await_text('"watchdesk:stuck"')  # typed ahead of the list, and kept
    os.write(demo.master, b"\r")
    demo.await_text("stuck: by watchdog", 30)
    below = psutil.Process(demo.process.pid).children(recursive=True)
    assert any("postgres" in process.name() for process in below)
    demo.process.send_signal(signal.SIGINT)
    assert demo.ended() == 130
    assert psutil.wait_procs(below, timeout=30)[1] == []
