"""What stands on the terminal is what a new one would be shown, wherever one goes: only what changed is written."""

from typing import Final

import pytest

from tests.running import ONE_SHAPE, Running
from tests.tui.states import Starts, assert_as_if_painted_anew
from tests.tui.terminal import Terminal

ESC: Final = "\x1b[27u"
HOME: Final = (ESC, "2 Tasks")
LISTS: Final = ("Health", "Tasks 1/1", "Degradation", "Breakers", "Key figures", "Alerts", "Events", "Audit trail")
IN_IT: Final = {"Breakers": "─ Breakers 1/26"}
"""What is read once the next snapshot has come: with the breaker of the read that the list of tasks just made."""
TOURS: Final = {
    "the past": [("[", "PAST"), ("?", "escape closes"), (ESC, "PAST"), ("t", "not recorded"), (ESC, "PAST"), HOME],
    "frozen": [(" ", "FROZEN"), ("t", "follows"), HOME, (" ", "LIVE")],
    "lists": [step for n, title in enumerate(LISTS, 1) for step in ((str(n), IN_IT.get(title, f"─ {title}")), HOME)],
    "a row": [("t", "it is done"), ("\r", "All columns"), (ESC, "it is done"), HOME],
    "plots": [("v", "Queue length"), ("\t", "Success rate"), ("\t", "Failures"), HOME],
    "the wall": [("b", "b back"), ("b", "2 Tasks")],
    "dialogs": [("h", "Nothing to heal"), HOME, ("\x05", "type STOP"), HOME, ("@", "What did it look like"), HOME],
    "menus": [("r", "Which breaker"), HOME, ("\x10", "Search for commands"), HOME],
}
"""What is pressed, and what is then to be read."""

TOGETHER: Final = [("the past", "frozen", "the wall"), ("lists",), ("a row", "plots", "dialogs", "menus")]
"""What one program goes through: each tour ends where it began."""


@ONE_SHAPE
@pytest.mark.parametrize("tours", TOGETHER, ids=", ".join)
def test_it_is_as_if_painted_anew(tours: tuple[str, ...], sandbox: Running, start: Starts) -> None:
    sandbox.sql("INSERT INTO autonomous_tasks (description, status) VALUES ('it is done', 'completed')")
    terminal = start(Terminal, sandbox)
    terminal.await_text("checked")
    for key, word in (step for tour in tours for step in TOURS[tour]):
        terminal.type(key.encode())
        terminal.await_text(word)
        assert_as_if_painted_anew(terminal)
