"""Variables of the terminal and of Textual that hold nonsense: the monitor says which, or does without."""

import pytest

from core.base.errors import SettingsError
from tests.running import ONE_SHAPE, Command, Running
from tests.tui.hand import Open, opened
from tests.tui.states import NOBODY
from tui.terminal.variables import check_toolkit

__all__ = ["opened"]


NO_DRIVER = "which is no driver of Textual's; unset it"


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("TEXTUAL_COLOR_SYSTEM", "junk", "TEXTUAL_COLOR_SYSTEM is 'junk'; unset it"),
        ("TEXTUAL_DRIVER", "junk", f"TEXTUAL_DRIVER is 'junk', {NO_DRIVER}"),
        ("TEXTUAL_DRIVER", "os:path", f"TEXTUAL_DRIVER is 'os:path', {NO_DRIVER}"),
        ("TEXTUAL_DRIVER", "", f"TEXTUAL_DRIVER is '', {NO_DRIVER}"),
        ("TEXTUAL_LOG", "/nowhere/at/all", "TEXTUAL_LOG is '/nowhere/at/all', where nothing can be written; unset it"),
    ],
)
def test_what_the_screen_cannot_start_with_is_an_error_of_the_settings(name: str, value: str, told: str) -> None:
    with pytest.raises(SettingsError) as error:
        check_toolkit({name: value})
    assert str(error.value).startswith(told)


@pytest.mark.parametrize(("name", "value"), [("TEXTUAL_COLOR_SYSTEM", "junk"), ("TEXTUAL_DRIVER", "junk")])
def test_it_is_said_in_one_sentence(command: Command, opened: Open, name: str, value: str) -> None:
    hand = opened(command, None, size=(120, 24), **NOBODY, **{name: value})
    assert hand.ended() == 2
    lines = [line.strip() for line in hand.screen.display if line.strip()]
    assert len(lines) == 1
    assert lines[0].startswith(f"Error: {name} is '{value}'")


@ONE_SHAPE
@pytest.mark.parametrize(
    "odd",
    [
        {"COLUMNS": "junk", "LINES": "²", "TERM": "junk"},
        {
            "COLUMNS": "99999999",
            "LINES": "-5",
            **{f"TEXTUAL_{name}": "junk" for name in ("FPS", "ANIMATIONS", "THEME", "FILTERS")},
            **dict.fromkeys(("ESCDELAY", "COLORTERM", "FORCE_COLOR", "COLORFGBG", "LC_ALL"), "junk"),
        },
    ],
    ids=["sizes and the terminal", "everything else"],
)
def test_what_it_can_do_without_stops_no_monitor(
    sandbox: Running, command: Command, opened: Open, odd: dict[str, str]
) -> None:
    hand = opened(command, sandbox, **odd)
    hand.await_text("LIVE")
    hand.press("q")
    assert hand.ended() == 0


@ONE_SHAPE
def test_without_a_kind_of_terminal_it_is_one_status(sandbox: Running, command: Command, opened: Open) -> None:
    hand = opened(command, sandbox, TERM="")
    assert hand.ended() == 0
    assert "IDLE" in hand.read(0.1)
