"""What is printed after the app goes round the net below every widget: one clean sentence, whatever happened."""

import pytest

from tests.running import Command
from tests.tui.terminal import Failing

FAILED = "watchdesk failed (RuntimeError); see the log file"


@pytest.mark.parametrize(
    ("key", "code", "said", "logged"),
    [
        pytest.param(None, 1, FAILED, "RuntimeError: evil", id="at-start"),
        pytest.param(None, 1, "evil", "said at the end: ", id="as-textual"),
        pytest.param(b"J", 0, "evil ␛]52;c;Zg== ·2J sb_secret_…", "said at the end: evil", id="a-message"),
        pytest.param(b"D", 1, FAILED, "RuntimeError: evil", id="its-end"),
        pytest.param(b"E", 0, "", "RuntimeError: evil", id="a-thread-after-its-end"),
    ],
)
def test_it_is_one_clean_sentence_and_no_secret(
    key: bytes | None, code: int, said: str, logged: str, command: Command, request: pytest.FixtureRequest
) -> None:
    fails = "" if key else request.node.callspec.id
    terminal = Failing(command, None, FAILS=fails, SUPABASE_URL="http://127.0.0.1:9", SUPABASE_KEY="sb_secret_hunter2")
    if key:
        terminal.await_text("OFFLINE")
        terminal.type(key)
    assert terminal.ended() == code
    words = terminal.raw.rpartition(b"\x1b[?1004l")[2]
    assert said in words.decode()
    assert len(words) < 2500
    for unclean in (b"\x1b", b"\x07", b"\xc2\x9b", b"hunter2", b"Traceback"):
        assert unclean not in words
    log = "".join(path.read_text() for path in command.home.rglob("watchdesk.log"))
    assert "hunter2" not in log
    assert logged in log
    terminal.dispose()


@pytest.mark.parametrize("key", [b"H", b"B"])
def test_from_the_first_picture_on_an_error_is_told_without_its_words_and_the_screen_goes_on(
    key: bytes, command: Command
) -> None:
    terminal = Failing(command, None, SUPABASE_URL="http://127.0.0.1:9", SUPABASE_KEY="sb_secret_hunter2")
    terminal.await_text("OFFLINE")
    terminal.type(key)
    terminal.await_text("this screen failed (")
    terminal.type(b"q")
    assert terminal.ended() == 0
    assert b"hunter2" not in terminal.raw
    log = "".join(path.read_text() for path in command.home.rglob("watchdesk.log"))
    assert "evil" in log
    assert "hunter2" not in log
    terminal.dispose()
