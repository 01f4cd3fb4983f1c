"""Variables of the terminal and of Textual that hold nonsense: the monitor says which, or does without."""

import pytest

from tests.running import ONE_SHAPE, Command, Running
from tests.tui.hand import Open, opened

__all__ = ["opened"]


@ONE_SHAPE
@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("TEXTUAL_COLOR_SYSTEM", "junk", "TEXTUAL_COLOR_SYSTEM is 'junk'; unset it"),
        ("TEXTUAL_DRIVER", "junk", "TEXTUAL_DRIVER is 'junk', which is no driver of Textual's; unset it"),
        ("TEXTUAL_DRIVER", "os:path", "TEXTUAL_DRIVER is 'os:path', which is no driver of Textual's; unset it"),
        ("TEXTUAL_DRIVER", "", "TEXTUAL_DRIVER is '', which is no driver of Textual's; unset it"),
        ("TEXTUAL_LOG", "/nowhere/at/all", "TEXTUAL_LOG is '/nowhere/at/all', where nothing can be written; unset it"),
    ],
)
def test_what_the_screen_cannot_start_with_is_said_in_one_sentence(
    sandbox: Running, command: Command, opened: Open, name: str, value: str, told: str
) -> None:
    hand = opened(command, sandbox, size=(120, 24), **{name: value})
    assert hand.ended(30) == 2
    lines = [line.strip() for line in hand.screen.display if line.strip()]
    assert len(lines) == 1
    assert lines[0].startswith(f"Error: {told}")


@ONE_SHAPE
@pytest.mark.parametrize(
    "odd",
    [
        {"COLUMNS": "junk", "LINES": "²"},
        {"COLUMNS": "99999999", "LINES": "-5"},
        {"TERM": "junk"},
        {"TEXTUAL_FPS": "junk", "TEXTUAL_ANIMATIONS": "junk", "TEXTUAL_THEME": "junk", "TEXTUAL_FILTERS": "junk"},
        {"ESCDELAY": "junk", "COLORTERM": "junk", "FORCE_COLOR": "junk", "COLORFGBG": "junk", "LC_ALL": "junk"},
    ],
    ids=" ".join,
)
def test_what_it_can_do_without_stops_no_monitor(
    sandbox: Running, command: Command, opened: Open, odd: dict[str, str]
) -> None:
    hand = opened(command, sandbox, **odd)
    hand.await_text("LIVE")
    hand.press("q")
    assert hand.ended(10) == 0


@ONE_SHAPE
def test_without_a_kind_of_terminal_it_is_one_status(sandbox: Running, command: Command, opened: Open) -> None:
    hand = opened(command, sandbox, TERM="")
    assert hand.ended(30) == 0
    assert "IDLE" in hand.read(0.1)
