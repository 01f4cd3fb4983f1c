"""Courses over time: gaps are gaps, no slot counts twice, what the tables tell is never taken for what was seen."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from core.history.trends import (
    CUTS,
    SLOT,
    Finished,
    FromTables,
    Observed,
    Queued,
    Trends,
    Window,
    floor,
    grid,
    slots_due,
    trends,
    unchecked,
    unseen,
)

NOW = datetime(2026, 3, 1, 12, 10, tzinfo=UTC)
FINE = grid(timedelta(hours=24), timedelta(minutes=15), NOW)
QUARTER = timedelta(minutes=15)


def slots(begin: datetime, *counted: tuple[int, int]) -> tuple[tuple[datetime, Finished], ...]:
    return tuple((begin + n * SLOT, Finished(*one)) for n, one in enumerate(counted))


def course(trends: Trends, name: str) -> dict[datetime, float | None]:
    found = trends.of(name)
    return dict(zip(found.grid.begins, found.own, strict=True))


@pytest.mark.parametrize("window", Window)
def test_a_window_is_as_many_whole_buckets_and_the_last_one_is_under_way(window: Window) -> None:
    cut = CUTS[window]
    for bucket in (cut.bucket, cut.coarse):
        found = grid(cut.length, bucket, NOW)
        assert found.count * bucket == cut.length
        assert found.begins[-1] <= NOW < found.until
        assert bucket % SLOT == timedelta(0)
    assert 90 <= grid(cut.length, cut.bucket, NOW).count <= 170 or cut.bucket == SLOT


def test_a_moment_on_a_line_begins_a_bucket() -> None:
    line = datetime(2026, 3, 1, 12, 15, tzinfo=UTC)
    assert floor(line, QUARTER) == line
    assert floor(line - timedelta(microseconds=1), QUARTER) == line - QUARTER


def test_success_is_the_share_of_what_a_bucket_finished_and_nothing_finished_is_a_gap() -> None:
    begin = FINE.begins[10]
    seen = Observed(finished=(*slots(begin, (3, 1), (0, 0), (6, 0)), *slots(begin + QUARTER, (0, 0), (0, 0), (0, 0))))
    shown = trends(Window.DAY, NOW, seen, None)
    assert course(shown, "success")[begin] == 90.0
    assert course(shown, "failures")[begin] == 1.0
    assert course(shown, "success")[begin + QUARTER] is None
    assert course(shown, "failures")[begin + QUARTER] == 0.0
    assert course(shown, "failures")[begin + 2 * QUARTER] is None


def test_a_bucket_of_which_a_slot_was_not_counted_is_not_known() -> None:
    begin = FINE.begins[10]
    seen = Observed(finished=slots(begin, (3, 1), (5, 0)))
    assert course(trends(Window.DAY, NOW, seen, None), "failures")[begin] is None
    assert begin in unseen(FINE, seen, NOW)


def test_slots_that_may_still_be_counted_do_not_keep_a_bucket_back() -> None:
    last = FINE.begins[-1]  # 12:00, and it is 12:10
    seen = Observed(finished=(*slots(last - QUARTER, (1, 0), (1, 0)), *slots(last, (2, 2))))
    shown = trends(Window.DAY, NOW, seen, None)
    assert course(shown, "success")[last] == 50.0
    assert course(shown, "success")[last - QUARTER] == 100.0


def test_a_slot_that_was_counted_twice_counts_once() -> None:
    begin = FINE.begins[10]
    seen = Observed(finished=(*slots(begin, (1, 1), (1, 1), (1, 1)), *slots(begin, (4, 2))))
    assert course(trends(Window.DAY, NOW, seen, None), "failures")[begin] == 4.0


def test_a_clock_set_back_shows_nothing_of_the_future() -> None:
    ahead = NOW + timedelta(hours=2)
    seen = Observed(
        finished=slots(floor(ahead, QUARTER), (9, 9), (9, 9), (9, 9)),
        queue=((ahead, Queued(7)), (NOW - SLOT, Queued(3))),
        checks=((ahead, 1.0),),
    )
    shown = trends(Window.DAY, NOW, seen, None)
    assert [value for one in shown.series for value in one.own if value is not None] == [3.0]


def test_queue_and_checks_are_medians_of_what_a_bucket_saw() -> None:
    at = FINE.begins[20]
    minute = timedelta(minutes=1)
    seen = Observed(
        queue=tuple((at + n * minute, Queued(value)) for n, value in enumerate((5, 400, 7))),
        checks=((at, 0.2), (at + minute, 0.4)),
    )
    shown = trends(Window.DAY, NOW, seen, None)
    assert course(shown, "queue")[at] == 7.0
    assert course(shown, "checks")[at] == pytest.approx(0.3)
    assert at not in unchecked(FINE, seen, NOW)
    assert course(shown, "queue")[at + QUARTER] is None


def test_the_tables_fill_what_was_not_seen_and_nothing_else() -> None:
    mine, theirs = FINE.begins[10], FINE.begins[30]
    seen = Observed(finished=slots(mine, (1, 1), (1, 1), (1, 1)), checks=((mine, 0.2),))
    told = FromTables(
        bucket=FINE.bucket,
        finished={mine: Finished(100, 0), theirs: Finished(3, 1)},
        checks={mine: 9.0, theirs: 0.5},
        at=NOW,
    )
    shown = trends(Window.DAY, NOW, seen, told)
    for name, own, filled in (("success", 50.0, 75.0), ("failures", 3.0, 1.0), ("checks", 0.2, 0.5)):
        found = shown.of(name)
        assert found.own[10] == own
        assert found.told[10] is None
        assert (found.own[30], found.told[30]) == (None, filled)
    assert not any(value is not None for value in shown.of("queue").told)


def test_of_a_project_with_too_many_tasks_the_buckets_are_coarse() -> None:
    hour = floor(NOW, timedelta(hours=1)) - timedelta(hours=3)
    seen = Observed(finished=slots(hour, *[(2, 1)] * 12))
    shown = trends(Window.DAY, NOW, seen, FromTables(bucket=timedelta(hours=1), finished={}))
    assert shown.of("failures").grid.count == 24
    assert course(shown, "failures")[hour] == 12.0
    assert shown.of("queue").grid.count == 96


def test_who_sees_no_task_at_all_is_not_told_that_none_failed() -> None:
    begins = dict.fromkeys(FINE.begins, Finished())
    told = FromTables(bucket=FINE.bucket, finished=begins, finished_until=NOW)
    shown = trends(Window.DAY, NOW, Observed(finished=slots(FINE.begins[3], (0, 0), (0, 0), (0, 0))), told)
    failures = shown.of("failures")
    assert not any(value is not None for value in (*failures.own, *failures.told))
    assert failures.why == "no task finished in these 24 h is visible to this account"
    month = trends(Window.MONTH, NOW, Observed(), FromTables(bucket=CUTS[Window.MONTH].coarse, finished_until=NOW))
    assert month.of("success").why == "no task finished in these 30 d is visible to this account"


def test_nothing_known_says_why_in_words() -> None:
    before = trends(Window.DAY, NOW, Observed(), None)
    assert "are being read" in before.of("success").why
    assert "no table keeps it" in before.of("queue").why
    asked = trends(Window.DAY, NOW, Observed(), FromTables(bucket=FINE.bucket, checks_until=NOW)).of("checks").why
    assert asked == "nothing known yet: the log has no checks; this machine makes them while it watches"
    down = FromTables(bucket=FINE.bucket, faults={"finished": "nobody answers", "checks": "nobody answers"})
    shown = trends(Window.DAY, NOW, Observed(), down)
    assert shown.of("failures").why == "nothing known: nobody answers"
    assert shown.of("checks").why == "nothing known: nobody answers"
    assert shown.faults == ("nobody answers",)
    known = msgspec.structs.replace(down, finished={FINE.begins[5]: Finished(1, 0)})
    assert trends(Window.DAY, NOW, Observed(), known).of("failures").why == ""


def test_the_last_value_is_none_of_long_ago() -> None:
    told = FromTables(bucket=FINE.bucket, finished={FINE.begins[-2]: Finished(3, 1), FINE.begins[0]: Finished(1, 0)})
    assert trends(Window.DAY, NOW, Observed(), told).of("success").last == 75.0
    old = msgspec.structs.replace(told, finished={FINE.begins[-3]: Finished(3, 1)})
    assert trends(Window.DAY, NOW, Observed(), old).of("success").last is None


def test_each_slot_is_due_once_when_it_is_over_and_a_long_sleep_is_no_flood() -> None:
    assert slots_due(None, NOW, 12) == (NOW - SLOT,)
    assert slots_due(NOW - SLOT, NOW, 12) == ()
    assert slots_due(NOW - SLOT, NOW + SLOT - timedelta(seconds=1), 12) == ()
    assert slots_due(NOW - 3 * SLOT, NOW, 12) == (NOW - 2 * SLOT, NOW - SLOT)
    assert len(slots_due(NOW - timedelta(days=3), NOW, 12)) == 12
    assert slots_due(NOW + timedelta(hours=1), NOW, 12) == ()
