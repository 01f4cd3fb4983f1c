"""Failures of one cause are one group, whatever their ids, numbers and paths; other causes stay apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.records import Task
from core.domain.task_groups import GroupBy, cause, grouped
from tests.hostile import CONTROL, HOSTILE

ALIKE = {
    "numbers": ("tests failed: 2 of 148", "tests failed: 13 of 9", "tests failed: <n> of <n>"),
    "ids": (
        "row 0b5e1a52-55a2-4f3c-9f43-2d1f0c5d7a11 is locked",
        "row 9C1C7D1E-0000-4000-8000-0000000000AA is locked",
        "row <id> is locked",
    ),
    "paths": ("merge conflict in src/pricing.ts", "merge conflict in lib/a/b/fare.py:12:3", "merge conflict in <path>"),
    "a file alone": ("cannot read fare.ts", "cannot read night-fare.test.ts", "cannot read <path>"),
    "quoted parts": ('column "fare" is missing', "column 'night' is missing", "column <text> is missing"),
    "addresses": ("GET https://a.example/x?y=1 failed", "GET http://b.example failed", "GET <url> failed"),
    "commits": ("cannot apply 3f2c1b9aa0", "cannot apply 00ab12cd34ef", "cannot apply <id>"),
    "names with numbers": ("job-20481 timed out", "job-99 timed out", None),
    "times": ("timeout after 12.5 s", "timeout after 8 s", "timeout after <n> s"),
    "blanks": ("broken  pipe\n", "broken pipe", "broken pipe"),
    "our own mark": (
        "watchdesk:stuck:0b5e1a52-55a2-4f3c-9f43-2d1f0c5d7a11: by operator jana",
        "watchdesk:stuck:9c1c7d1e-0000-4000-8000-0000000000aa: by operator jana",
        None,
    ),
}
APART = ("model answered with an empty patch", "model answered with no patch", "can't connect", "don't ask", "", "2")


@pytest.mark.parametrize("case", ALIKE)
def test_what_differs_by_chance_is_left_out(case: str) -> None:
    one, other, told = ALIKE[case]
    assert cause(one) == cause(other)
    assert told is None or cause(one) == told


def test_other_causes_stay_apart() -> None:
    assert len({cause(text) for text in APART}) == len(APART)


@given(st.one_of(st.text(max_size=3_000), st.sampled_from(sorted(HOSTILE.values()))))
def test_of_any_text_a_cause_is_one_harmless_line(text: str) -> None:
    assert not CONTROL.search(cause(text))
    assert len(cause(text)) <= 161


def test_the_largest_group_is_the_first_and_what_has_no_error_is_in_none() -> None:
    errors = ["boom 1", "", "boom 2", "other", "boom 3"]
    tasks = [Task(id=f"{n}", task_type="x", description="", status="failed", error=e) for n, e in enumerate(errors)]
    found = grouped(tasks, GroupBy.ERROR, whole=False)
    assert [(one.name, one.count, one.ids) for one in found.groups] == [
        ("boom <n>", 3, ("0", "2", "4")),
        ("other", 1, ("3",)),
    ]
    assert (found.looked, found.whole) == (5, False)
    (of_type,) = grouped(tasks, GroupBy.TYPE, whole=True).groups
    assert (of_type.name, of_type.count, of_type.ids_in(("failed", "pending"))) == ("x", 5, tuple("01234"))
    assert of_type.ids_in(("pending",)) == ()


LONG = ("-" * 500, "\\" * 500, "Object.fn." * 50, "a/" * 250, "a" * 500, "a:" * 250, "1" * 500)
"""Texts for which a careless pattern takes a second each."""


def test_no_text_takes_long() -> None:
    for text in LONG:
        for n in range(300):
            assert cause(f"{n} {text}")
