"""The mouse: buttons, wheel and drags, nothing for a mere move; and left alone where it is not wanted."""

from collections.abc import Iterator

import pytest

from tests.running import Command
from tests.tui.states import NOBODY
from tests.tui.terminal import Terminal


@pytest.fixture
def terminal(command: Command) -> Iterator[Terminal]:
    terminal = Terminal(command, None, size=(100, 30), **NOBODY)
    terminal.await_text("OFFLINE")
    yield terminal
    terminal.dispose()


def test_only_buttons_wheel_and_drags_are_reported(terminal: Terminal) -> None:
    assert terminal.modes() & {1000, 1002, 1003, 1006, 1015, 1016} == {1000, 1002, 1006}


def test_neither_titles_nor_pointers_are_set(terminal: Terminal) -> None:
    terminal.type(b"?")
    terminal.await_text("escape closes")
    terminal.click("escape closes")
    terminal.type(b"?")
    terminal.await_gone("escape closes")
    assert b"\x1b]" not in terminal.raw


def test_without_it_nothing_of_it_is_touched(command: Command) -> None:
    terminal = Terminal(command, None, "--no-mouse", **NOBODY)
    terminal.await_text("OFFLINE")
    terminal.type(b"q")
    assert terminal.ended() == 0
    assert b"\x1b[?10" not in terminal.raw.replace(b"\x1b[?1004", b"").replace(b"\x1b[?1049", b"")
    terminal.dispose()


def test_a_list_is_chosen_from_by_clicks_alone(terminal: Terminal) -> None:
    terminal.type(b"r")
    terminal.await_text("Which breaker?")
    terminal.read(0.5)
    terminal.click("hold one open")
    terminal.await_text("Hold which breaker open?")
    terminal.read(0.5)  # clicks ahead of a question are swallowed
    terminal.click("Cancel")
    terminal.await_gone("Hold which breaker open?")


def test_a_dialog_is_filled_in_and_left_by_clicks_alone(terminal: Terminal) -> None:
    terminal.type(b"\x05")
    terminal.await_text("Emergency stop (")
    terminal.read(0.5)
    terminal.click("type STOP")
    terminal.type(b"STO")
    terminal.await_text("STO ")
    terminal.click("Cancel")
    terminal.await_gone("Emergency stop (")


def test_the_wheel_scrolls(terminal: Terminal) -> None:
    terminal.resize(70, 15)
    terminal.await_text("quit")
    terminal.type(b"?")
    terminal.await_text("shows the plan")
    terminal.click("shows the plan", button=65)
    terminal.await_gone("shows the plan")
