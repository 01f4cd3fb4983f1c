"""The event log as a record: what was seen stays for as long as there is room, and the dull goes first."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from core.domain.events import BreakerChanged, Event
from core.domain.records import LogEntry
from core.domain.status import Level
from core.resilience import BreakerCause, BreakerState
from core.services.events import KEPT, EventLog, kept
from tests.clock import FakeClock

CLOCK = FakeClock()
PAGE = 50


def failed(number: int, minutes: float) -> LogEntry:
    at = CLOCK.now() - timedelta(minutes=minutes)
    return LogEntry(id=f"row {number}", at=at, step="task_failed", status="failed", summary=f"type check {number}")


def passed(number: int) -> LogEntry:
    return LogEntry(id=f"dull {number}", at=CLOCK.now(), step="patch", status="completed")


def probe(log: EventLog) -> None:
    states = {"before": BreakerState.OPEN, "after": BreakerState.DUE}
    log.add(BreakerChanged(key="db:read", cause=BreakerCause.DUE, why="time for a probe", **states))


def test_failures_stay_when_newer_rows_push_them_off_the_page() -> None:
    log = EventLog(CLOCK)
    for begin in range(0, 188, PAGE):
        log.events(
            tuple(failed(number, 10 - number / 20) for number in range(begin, min(188, begin + PAGE))), live=True
        )
    found = log.events(tuple(map(passed, range(PAGE))), live=True)
    assert len(found) == 188
    assert [event.at for event in found] == sorted((event.at for event in found), reverse=True)


def test_rows_that_are_last_known_are_shown_and_not_kept() -> None:
    log = EventLog(CLOCK)
    assert len(log.events((failed(1, 1),))) == 1
    assert log.events(()) == ()


def test_probes_of_an_outage_push_out_neither_failures_nor_what_a_person_did() -> None:
    log = EventLog(CLOCK)
    log.say("operator jana", "acknowledged", run="r")
    log.events(tuple(failed(number, 10) for number in range(PAGE)), live=True)
    for _ in range(2 * KEPT):
        probe(log)
    found = log.events((), live=True)
    assert len(found) == KEPT
    assert sum(bool(event.failure) for event in found) == PAGE
    assert any(event.text == "acknowledged" for event in found)


def test_the_same_answer_as_long_as_nothing_came() -> None:
    log = EventLog(CLOCK)
    page = (failed(1, 1),)
    assert log.events(page, live=True) is log.events(page, live=True)
    before = log.events(page, live=True)
    log.say("watchdesk", "words")
    assert len(log.events(page, live=True)) == len(before) + 1


def test_the_rows_of_an_own_run_are_no_second_event() -> None:
    log = EventLog(CLOCK)
    row = LogEntry(id="a", at=CLOCK.now(), step="watchdog_healing", status="completed", order="heal", run="r")
    assert len(log.events((row,), live=True)) == 1
    log.ours("r")
    assert log.events((row,), live=True) == ()


EVENT = st.builds(
    Event,
    at=st.integers(0, 3000).map(lambda minutes: CLOCK.now() - timedelta(minutes=minutes)),
    who=st.just("agents"),
    text=st.just("x"),
    level=st.sampled_from(Level),
    run=st.sampled_from(["", "r"]),
)


@given(st.lists(EVENT, min_size=20, max_size=60), st.integers(1, 12))
def test_what_is_kept_is_bounded_in_order_and_no_lighter_than_what_went(some: list[Event], times: int) -> None:
    events = sorted(some * times, key=lambda event: event.at, reverse=True)
    found = kept(events)
    assert len(found) == min(KEPT, len(events))
    assert list(found) == sorted(found, key=lambda event: event.at, reverse=True)
    assert found[:100] == tuple(events[:100])
    since = events[0].at - timedelta(hours=24)
    gone = set(events) - set(found)
    heaviest = max((event.weight for event in gone if event.at >= since), default=0)
    assert all(event.weight >= heaviest for event in found[100:] if event.at >= since)
