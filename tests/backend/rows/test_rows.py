"""Whatever a row holds, it becomes a record that nothing above can fall over, or is named as no row at all."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.backend.columns import YEARS, Row, moment, moment_of_only, of_only
from core.backend.faults import Failed
from core.backend.log_rows import audited_of, ended_of, ids_of, log_of, narrowed
from core.backend.oddities import MOST, Oddities
from core.backend.reads.audit_rows import stop_trail_of
from core.backend.rows import alert_row_of, config_of, lease_of, merged, safety_narrowed, safety_of, task_of
from core.base.text import clean
from core.domain.events import event_of
from core.domain.periods import LONGEST_WORK
from core.domain.records import AlertNews, Task
from core.domain.row_details import row_detail
from core.domain.stuck import StuckRules, cutoff
from tests.backend.rows import odd

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)

RECORDS: dict[str, tuple[Callable[[Row], Any], Row, frozenset[str]]] = {
    # what makes it: the function, a row, the columns no row of that table can lack or hold another type in
    "config": (config_of, odd.CONFIG, frozenset({"id", "enabled", "dry_run_mode", "emergency_stop"})),
    "task": (task_of, odd.TASK, frozenset({"id"})),
    "log": (lambda row: log_of(narrowed(row), "timestamp"), odd.LOG, frozenset({"id"})),
    "ended": (lambda row: ended_of(row, "timestamp"), odd.ENDED, frozenset()),
    "audited": (lambda row: audited_of([narrowed(row)] * 2, "timestamp"), odd.LOG, frozenset({"id"})),
    "safety": (lambda row: safety_of(safety_narrowed(row)), odd.SAFETY, frozenset({"id"})),
    "setting": (safety_of, odd.SETTING, frozenset({"id"})),
    "alert": (alert_row_of, odd.ALERT, frozenset()),
    "ids": (lambda row: ids_of(row["input_data"]), odd.LOG, frozenset()),
    "lease": (lambda row: lease_of(row, "timestamp"), odd.LEASE, frozenset()),
}

values = st.sampled_from(odd.ODD) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize("kind", RECORDS)
@given(data=st.data())
def test_any_row_is_a_record_or_garbage(kind: str, data: st.DataObject) -> None:
    make, row, strict = RECORDS[kind]
    spoilt = data.draw(st.dictionaries(st.sampled_from(sorted(row)), values, min_size=1, max_size=3))
    if strict & set(spoilt):
        bear(record_or_garbage(make, row | spoilt))
    else:
        bear(make(row | spoilt))
    row_detail("x", row | spoilt)


@pytest.mark.parametrize("kind", RECORDS)
@given(data=st.data())
def test_any_json_in_place_of_a_row_is_a_record_or_garbage(kind: str, data: st.DataObject) -> None:
    make, row, _ = RECORDS[kind]
    given_row = data.draw(st.dictionaries(st.sampled_from(sorted(row)) | st.text(max_size=5), values, max_size=6))
    if kind == "ids":
        bear(ids_of(given_row.get("output_data")))
        return
    bear(record_or_garbage(make, given_row))


def record_or_garbage(make: Callable[[Row], Any], row: Row) -> Any:
    try:
        return make(row)
    except Failed as failed:
        if failed.fault.kind != "garbage":
            raise
        return None


def bear(record: Any) -> None:
    """Do with a record what is done with it above the gate."""
    if isinstance(record, Task):
        cutoff(record, NOW, StuckRules(estimate_factor=1e300, after_s=1e300))
        assert record.estimated_minutes is None or 0 <= record.estimated_minutes <= LONGEST_WORK / timedelta(minutes=1)
    for name in ("at", "began_at", "started_at", "created_at", "completed_at", "updated_at", "stop_until"):
        at = getattr(record, name, None)
        if isinstance(at, datetime):  # a spoilt lease keeps it as it came, to be compared with
            assert abs(NOW - at) < timedelta(days=200 * 366)
            assert at + timedelta(days=400) > at.astimezone() - timedelta(days=400)
    took = getattr(record, "duration_ms", None)
    assert took is None or 0 <= timedelta(milliseconds=took) / LONGEST_WORK <= 1
    if hasattr(record, "step"):
        event_of(record)
    for words in getattr(record, "odd", ()):
        assert len(words) < 200
        assert clean(words) == words


@pytest.mark.parametrize("kind", ["config", "task", "log", "ended", "safety", "setting", "lease", "alert"])
def test_a_row_that_lacks_what_was_asked_for_is_garbage(kind: str) -> None:
    make = RECORDS[kind][0]
    with pytest.raises(Failed) as caught:
        make({})
    assert caught.value.fault.kind == "garbage"


def test_null_modes_are_false_and_named() -> None:
    config = config_of(odd.CONFIG | {"enabled": None, "dry_run_mode": None, "emergency_stop": None})
    assert (config.enabled, config.dry_run, config.emergency_stop) == (False, False, False)
    assert {words.split()[0] for words in config.odd} == {"enabled", "dry_run_mode", "emergency_stop"}


@pytest.mark.parametrize("minutes", [2**31 - 1, -5, -(2**31)])
def test_an_estimate_is_clamped_and_the_task_says_so(minutes: int) -> None:
    task = task_of(odd.TASK | {"estimated_duration_minutes": minutes})
    assert task.estimated_minutes == (43_200 if minutes > 0 else 0)
    (words,) = task.odd
    assert words.startswith(f"estimated_duration_minutes is {minutes:,}, taken as")


@pytest.mark.parametrize(("status", "shown"), [(None, "(none)"), ("", "(empty)"), ("dreaming", "dreaming")])
def test_a_status_nobody_knows_is_shown_under_its_own_name(status: str | None, shown: str) -> None:
    assert task_of(odd.TASK | {"status": status}).status == shown
    assert log_of(narrowed(odd.LOG | {"step_status": status}), "timestamp").status == shown


@pytest.mark.parametrize("at", ["infinity", "-infinity", "9999-12-31T00:00:00Z", "0001-01-01T00:00:00Z", 7])
def test_nobody_knows_how_long_a_task_runs_that_started_at_no_possible_time(at: object) -> None:
    assert task_of(odd.TASK | {"started_at": at}).began_at is None
    assert task_of(odd.TASK | {"started_at": None}).began_at == NOW


def test_times_are_utc_naive_or_not_and_bounded() -> None:
    assert moment("2026-11-24T12:00:00") == NOW
    assert moment("2026-11-24T17:45:00+05:45") == NOW
    assert moment(f"{YEARS[0] - 1}-12-31T23:59:59Z") is None
    assert moment(f"{YEARS[-1]}-12-31T23:59:59Z") is not None
    assert moment(f"{YEARS[-1]}-12-31T23:59:59-01:00") is None


def test_of_several_config_rows_any_stop_counts_and_dry_run_only_if_all_say_so() -> None:
    rows = [
        odd.CONFIG | {"id": "a", "dry_run_mode": True, "enabled": False, "emergency_stop_reason": "old"},
        odd.CONFIG | {"id": "b", "dry_run_mode": False, "emergency_stop": True, "emergency_stop_reason": "fire"},
    ]
    config = merged(tuple(map(config_of, rows)))
    assert config is not None
    assert (config.id, config.ids) == ("a", ("a", "b"))
    assert (config.emergency_stop, config.stop_reason) == (True, "fire")
    assert (config.enabled, config.dry_run) == (True, False)
    assert "2 config rows" in config.several
    assert not config_of(odd.CONFIG).several
    assert merged(()) is None


def test_the_column_of_the_only_row_is_there_or_that_is_garbage() -> None:
    assert of_only([], "x") is None
    assert of_only([{"x": None}], "x") is None
    for rows in ([{}], [{"x": 1}, {"x": 2}]):
        with pytest.raises(Failed):
            of_only(rows, "x")
    for value in (None, "infinity", 5):
        with pytest.raises(Failed):
            moment_of_only([{"x": value}], "x")


def test_each_oddity_is_said_once_and_not_all_of_them() -> None:
    oddities = Oddities()
    task = task_of(odd.TASK | {"status": None})
    for _ in range(3):
        assert oddities.see("task", task) is task
    assert oddities.drain() == (f"odd task {task.id}: status is null",)
    assert not oddities.drain()
    for number in range(10 * MOST):
        oddities.see("task", task_of(odd.TASK | {"id": number, "status": None}))
    said = oddities.drain()
    assert len(said) == MOST
    assert said[-1] == f"more rows are odd than these {MOST}"
    oddities.see("task", task_of(odd.TASK | {"id": "late", "status": None}))
    assert not oddities.drain()


@pytest.mark.parametrize(
    ("status", "lifted", "counts"),
    [
        ("completed", "true", True),
        ("failed", "true", True),
        ("failed", "false", False),
        ("failed", None, False),
    ],
)
def test_a_lift_counts_as_one_if_the_flag_was_seen_cleared(status: str, lifted: str | None, counts: bool) -> None:
    """Closed as failed it may have lifted all the same: an order that waits since before it is over."""
    run, at = "11111111-1111-4111-8111-111111111111", "2026-11-05T10:00:00+00:00"
    row = {"created_at": at, "step_status": status, "order": "lift", "run": run, "reason": None, "lifted": lifted}
    trail = stop_trail_of([row], "created_at")
    assert trail.lifts == ((datetime.fromisoformat(at),) if counts else ())


def test_a_row_about_an_alert_says_which_and_what_in_fields_and_no_other_row_does() -> None:
    told = {"alert": "breaker_open", "subject": "db:read", "phase": "firing"}
    about = odd.LOG | {"execution_step": "watchdog_alert_warning", "input_data": told}
    assert log_of(narrowed(about), "timestamp").alert == AlertNews("breaker_open:db:read", "firing")
    assert log_of(narrowed(about | {"input_data": told | {"subject": "breaker_open"}}), "timestamp").alert == AlertNews(
        "breaker_open", "firing"
    )
    for other in ({"input_data": {"alert": "x"}}, {"input_data": "x"}, {"execution_step": "patch"}):
        assert log_of(narrowed(about | other), "timestamp").alert is None
