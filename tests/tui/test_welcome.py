"""Without a project, on a terminal: what it is, and what to do, one key each. Without a terminal: one sentence."""

import signal

import pytest

from tests.running import Command
from tests.tui.hand import Hand, Open, opened

__all__ = ["opened"]


@pytest.fixture
def welcomed(command: Command, opened: Open) -> Hand:
    hand = opened(command, None)
    hand.await_text("No project is configured yet")
    return hand


@pytest.mark.parametrize(("key", "says"), [("c", "SUPABASE_URL=https://PROJECT.supabase.co"), ("q", "q  quit")])
def test_one_key_tells_what_to_set_or_leaves(welcomed: Hand, key: str, says: str) -> None:
    welcomed.press("x")  # no key of it
    welcomed.press(key)
    welcomed.await_text(says)
    assert welcomed.ended() == 2


@pytest.mark.timeout(120)
def test_one_key_begins_the_demo(welcomed: Hand) -> None:
    welcomed.press("d")
    welcomed.await_text("LIVE", 60)
    welcomed.press("q")
    assert welcomed.ended() == 0


@pytest.mark.parametrize(
    "keys", ["x\x1b[D", "x\x1bOD", "x" * 63 + "\x1b[D"], ids=["arrow", "other arrow", "cut in two"]
)
def test_an_arrow_is_no_letter_and_no_escape(welcomed: Hand, keys: str) -> None:
    """Right behind another key, or where what is read at once ends within it."""
    welcomed.press(keys)
    welcomed.press("c")
    welcomed.await_text("SUPABASE_URL=https://PROJECT.supabase.co")
    assert welcomed.ended() == 2


@pytest.mark.parametrize("keys", ["\x1b", "x\x1b", "x\x04"])
def test_escape_and_the_end_leave_whatever_was_typed_before(welcomed: Hand, keys: str) -> None:
    welcomed.press(keys)
    assert welcomed.ended() == 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_whatever_ends_it_leaves_the_terminal_as_it_was(welcomed: Hand, number: signal.Signals) -> None:
    assert welcomed.settings() != welcomed.settings_before
    welcomed.process.send_signal(number)
    assert welcomed.ended() == 128 + number
    assert welcomed.settings() == welcomed.settings_before


def test_without_a_terminal_it_is_one_sentence(command: Command) -> None:
    for args in ((), ("status",)):
        done = command(*args)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.count("\n") == 1
        assert "set SUPABASE_URL and SUPABASE_KEY" in done.stderr
        assert "watchdesk demo" in done.stderr
