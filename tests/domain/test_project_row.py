"""One project as a line: what is not known stays unknown, the worst goes first, and the worst exit code counts."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from core.domain.counts import SuccessRate, TaskCounts
from core.domain.project_row import ProjectRow, row_of, worst_first
from core.domain.snapshot import WORST_FIRST, Link, LinkWord, State
from core.resilience.reading import Reading, Source
from tests.tui.well import ACTIVE, changed, tasks_of


def test_what_was_never_read_is_unknown() -> None:
    nothing = tasks_of(ACTIVE, counts=Reading(), success_24h=Reading(), oldest_review_at=Reading())
    row = row_of(changed(ACTIVE, tasks=nothing, link=Link(), ready=False))
    assert (row.alerts, row.pending, row.success, row.in_review, row.oldest_review_at) == (None,) * 5
    assert (row.pending_shown, row.success_shown) == ("", "")
    assert row.last_known


def test_an_estimate_is_marked_and_the_last_known_is_told_as_such() -> None:
    counts = TaskCounts({"pending": 81_234, "awaiting_review": 0}, estimated=("pending",))
    rate = SuccessRate(90, 10, ACTIVE.tasks.success_24h.value.window, exact=False)  # type: ignore[union-attr]
    old = Reading(value=counts, source=Source.CACHED, at=ACTIVE.at)
    row = row_of(changed(ACTIVE, tasks=tasks_of(ACTIVE, counts=old, success_24h=replace(old, value=rate))))
    assert (row.pending_shown, row.success_shown, row.last_known) == ("≈81,200", "≈90.0 %", True)
    assert (row.in_review, row.oldest_review_at) == (0, None)


def test_the_name_is_the_one_in_the_config_file_and_is_cleaned() -> None:
    assert row_of(ACTIVE, "a\x1b[2J").project == "a␛[2J"
    assert row_of(ACTIVE).project == ACTIVE.project.name


def test_the_worst_state_is_the_first_then_the_most_alerts_then_the_name() -> None:
    rows = [ProjectRow(project=state.value, state=state) for state in reversed(WORST_FIRST)]
    assert [row.state for row in worst_first(rows)] == list(WORST_FIRST)
    same = [
        ProjectRow(project=name, state=State.CRITICAL, alerts=alerts) for name, alerts in (("c", 1), ("b", 3), ("a", 1))
    ]
    assert [row.project for row in worst_first(same)] == ["b", "a", "c"]


@pytest.mark.parametrize("word", [LinkWord.OFFLINE, LinkWord.BLIND])
def test_a_link_that_is_cut_is_the_cause(word: LinkWord) -> None:
    assert row_of(replace(ACTIVE, link=Link(word=word, why="no route"))).why == "no route"
    assert row_of(replace(ACTIVE, link=Link(word=word))).why == ACTIVE.state_why


def test_it_tells_when_the_project_last_was_live_not_since_when_it_is_down() -> None:
    last = ACTIVE.at - timedelta(minutes=5)
    link = Link(word=LinkWord.OFFLINE, why="refused", since=last, failing_since=last + timedelta(minutes=1))
    assert row_of(changed(ACTIVE, link=link)).since == last
