"""What is printed after the app goes round the net below every widget: one clean sentence, whatever happened."""

import pytest

from tests.running import Command
from tests.tui.terminal import Failing

FAILED = "watchdesk failed (RuntimeError); see the log file"


@pytest.mark.parametrize(
    ("key", "code", "said", "logged"),
    [
        pytest.param(b"H", 1, FAILED, "RuntimeError: evil", id="a-key"),
        pytest.param(b"B", 1, "evil", "said at the end: ", id="what-textual-would-draw"),
        pytest.param(b"J", 0, "evil ␛]52;c;Zg== ·2J sb_secret_…", "said at the end: evil", id="a-message"),
        pytest.param(b"D", 1, FAILED, "RuntimeError: evil", id="its-end"),
        pytest.param(b"E", 0, "", "RuntimeError: evil", id="a-thread-after-its-end"),
    ],
)
def test_it_is_one_clean_sentence_and_no_secret(
    key: bytes, code: int, said: str, logged: str, command: Command
) -> None:
    terminal = Failing(command, None, SUPABASE_URL="http://127.0.0.1:9", SUPABASE_KEY="sb_secret_hunter2")
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
