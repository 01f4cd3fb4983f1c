"""Whether the screen can be drawn, by what the environment and the streams tell."""

import pytest

from tui.terminal.facts import TerminalFacts, judged

GOOD = {"there": True, "term": "xterm-256color", "width": 80, "height": 24}


@pytest.mark.parametrize(
    ("facts", "state", "words"),
    [
        (GOOD, "ok", "xterm-256color, 80×24, colours: 256, UTF-8"),
        (GOOD | {"colours": "truecolor"}, "ok", "colours: truecolor"),
        (GOOD | {"colours": "NO_COLOR"}, "ok", "colours: NO_COLOR"),
        (GOOD | {"encoding": "UTF8".lower()}, "ok", "UTF-8"),
        (GOOD | {"encoding": "latin-1"}, "warning", "plain ASCII: set LANG to a UTF-8 locale"),
        (GOOD | {"term": "dumb"}, "warning", "TERM is dumb: the screen cannot be drawn: set TERM"),
        (GOOD | {"term": ""}, "warning", "TERM is not set"),
        (GOOD | {"there": False}, "ok", "not a terminal"),
        (GOOD | {"trouble": "TEXTUAL_LOG is bad; unset it"}, "failed", "TEXTUAL_LOG is bad; unset it"),
    ],
)
def test_a_terminal_is_judged(facts: dict[str, object], state: str, words: str) -> None:
    found = judged(TerminalFacts(**facts))  # type: ignore[arg-type]  # as the table has them
    assert found.state == state
    assert words in str(found)
