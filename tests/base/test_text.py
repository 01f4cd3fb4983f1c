"""Text from outside is harmless before it is a record."""

import pytest

from core.base.text import clean, over, short


@pytest.mark.parametrize(
    "bad", ["\x1b]52;c;x\x07", "\x1b[2J", "\x9b2J", "\u202e", "\x00", "\ud800", "\u200b", "a\r\nb"]
)
def test_nothing_of_control_is_left(bad: str) -> None:
    cleaned = clean(bad)
    cleaned.encode()
    assert all(ord(char) >= 32 and not 0x7F <= ord(char) <= 0x9F and char not in "\u202e\u200b" for char in cleaned)


def test_a_long_text_is_cut_and_says_so() -> None:
    assert clean("x" * 1_000_000, 10) == "xxxxxxxxx…"


def test_durations_are_told_in_two_units_at_most() -> None:
    assert [short(s) for s in (0, 1.4, 59, 60, 61, 400, 7500, 90000)] == [
        "0 s", "1.4 s", "59 s", "1 min", "1 min", "7 min", "2 h 05", "1 d 1 h",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "some seconds"),
        (9.9, "some seconds"),
        (10, "over 10 s"),
        (59, "over 50 s"),
        (60, "over 1 min"),
        (89, "over 1.4 min"),
        (38 * 60, "over 35 min"),
        (3600, "over 1 h"),
        (100 * 3600, "over 4 d"),
    ],
)
def test_a_text_that_stays_says_how_long_something_lasts_at_least(seconds: float, words: str) -> None:
    assert over(seconds) == words
