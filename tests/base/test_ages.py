"""An age is never off by more than a tenth, whoever tells it."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.base.text import JUST_NOW, in_steps, left_in_steps, next_steps, short
from tui.lists.listed import when
from tui.rendering.text import age, ago

NOW: Final = datetime(2026, 11, 24, 12, tzinfo=UTC)
UNIT_S: Final = {"s": 1, "min": 60, "h": 3600, "d": 86400}
WORDS: Final = {"now", "just now", JUST_NOW}
"""Of the last ten seconds: no number, so none that misleads."""

spans = st.one_of(st.floats(0, 120), st.floats(0, 7200), st.floats(0, 4 * 86400), st.floats(0, 3660 * 86400))


def told_s(text: str) -> float:
    """The seconds that an age tells."""
    parts = re.findall(r"([\d.]+)(?: (s|min|h|d))?", text)
    assert parts, text
    units = [unit or "min" for _, unit in parts]  # 2 h 05
    return sum(float(number) * UNIT_S[unit] for (number, _), unit in zip(parts, units, strict=True))


FORMATTERS = {
    "short": short,
    "in_steps": in_steps,
    "age": lambda span_s: age(NOW - timedelta(seconds=span_s), NOW),
    "ago": lambda span_s: ago(NOW - timedelta(seconds=span_s), NOW).removesuffix(" ago"),
    "when": lambda span_s: when(NOW - timedelta(seconds=span_s), NOW).split("(")[-1].removesuffix(" ago)"),
}


@pytest.mark.parametrize("name", FORMATTERS)
@given(spans)
def test_an_age_is_never_off_by_more_than_a_tenth(name: str, true_s: float) -> None:
    true_s = round(true_s, 6)  # what a clock can tell
    text = FORMATTERS[name](true_s)
    if text in WORDS:
        assert true_s < 10
    elif text.startswith("<"):
        assert told_s(text) / 3 <= true_s < told_s(text)
    elif true_s >= 0.01:
        assert abs(told_s(text) - true_s) <= true_s / 10 + 1e-6, text


@given(spans)
def test_a_stepped_age_fits_its_column(span_s: float) -> None:
    assert len(in_steps(span_s)) <= 7


@pytest.mark.parametrize("told", [short, in_steps])
@given(st.floats(60, 3599))
def test_of_minutes_no_age_is_told_in_seconds(told: Callable[[float], str], span_s: float) -> None:
    assert told(span_s).endswith(("min", "1 h"))


def test_ages_of_a_few_minutes_have_tenths() -> None:
    assert [in_steps(s) for s in (59, 60, 70, 100, 150, 270, 299, 300, 420)] == [
        "<1 min", "1 min", "1.2 min", "1.6 min", "2.5 min", "4.5 min", "5 min", "5 min", "7 min",
    ]  # fmt: skip


def test_ages_only_grow_and_an_idle_row_is_seldom_drawn() -> None:
    told = [in_steps(second) for second in range(86_400)]
    known = [told_s(text) for text in told if text not in WORDS]
    assert all(one <= other for one, other in pairwise(known))
    changes = [n for n, (one, other) in enumerate(pairwise(told)) if one != other]
    assert sum(n < 60 for n in changes) <= 3
    assert sum(60 <= n < 3600 for n in changes) <= 45
    assert sum(n >= 3600 for n in changes) <= 45


@given(spans)
def test_what_asks_when_an_age_is_told_otherwise_is_told_the_moment(span_s: float) -> None:
    with next_steps() as steps:
        told = in_steps(span_s)
    (left_s,) = steps
    assert left_s >= 0
    assert in_steps(span_s + left_s * 0.999) == told
    later_s = span_s
    for _ in range(3):  # where a longer step begins the number may be the same one yet
        with next_steps() as steps:
            in_steps(later_s)
        later_s += steps[0] + 0.001 + steps[0] / 1000
    assert in_steps(later_s) != told


@given(st.floats(-5, 600))
def test_what_is_left_is_told_in_tens_and_when_they_change(left_s: float) -> None:
    with next_steps() as steps:
        told = left_in_steps(left_s)
    assert abs(told_s(told) - max(0.0, left_s)) <= 5
    until_s = min(600.0, steps[0])
    assert left_in_steps(left_s - until_s * 0.999) == told
    if left_s > 5.1:
        assert left_in_steps(left_s - until_s - 0.001) != told
