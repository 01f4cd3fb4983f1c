"""An hour in which one thing after the other fails while the success rate stays low: every outage of it is told."""

from datetime import UTC
from typing import Any

import pytest

from core.domain.actions import ResultPhase
from core.domain.counts import TaskCounts
from core.domain.events import ActionEnded, CheckChanged, Event
from core.domain.snapshot import Link, LinkWord, Snapshot, State, Tasks
from core.domain.status import Level
from core.domain.work_done import TaskFailure, WorkDone
from core.history.report import Report, markdown
from core.history.report.record import IncidentCourse
from core.resilience.reading import Reading, Source
from tests.history.blackbox.pictures import NOON, after
from tests.history.report.made import JANA, happened, of, shot

PROXY = Link(word=LinkWord.OFFLINE, why="the proxy answers 503")
GONE = Link(word=LinkWord.OFFLINE, why="connection refused")
LOW = {"state": State.CRITICAL, "state_why": "success rate is low"}
BEGAN = 367
"""12:06:07, two minutes after a task that failed as one does now and then."""


def check(at: float, name: str, level: Level, why: str) -> Event:
    before = Level.WARNING if level is Level.OK else Level.OK
    return happened(at, CheckChanged(check=name, before=before, after=level, why=why))


def storm(*before: float) -> tuple[TaskFailure, ...]:
    """Dense at its beginning, and after the resume now and then until the end of the hour."""
    dense = [BEGAN + 4 * n for n in range(12)]
    sparse = [700 + 100 * n for n in range(25)]
    return tuple(TaskFailure(at=NOON + after(at), error="the gateway answers 401") for at in (*before, *dense, *sparse))


def did(at: float, action: str, run: str) -> Event:
    verified = {"phase": ResultPhase.VERIFIED, "done": True, "run": run}
    return happened(at, ActionEnded(who=JANA, action=action, outcome="done", **verified))


EVENTS = (
    did(480, "emergency_stop", "s"),
    did(540, "lift", "l"),
    check(660, "database", Level.CRITICAL, "hanging: connected, but no answer for 10 s"),
    check(935, "database", Level.OK, "answers"),
    check(985, "edge_function", Level.WARNING, "unavailable: 503"),
    check(1165, "edge_function", Level.OK, "answers"),
    check(1262, "edge_function", Level.WARNING, "unavailable: the function does not boot"),
    check(1425, "edge_function", Level.OK, "answers"),
    check(1487, "stuck_tasks", Level.WARNING, "3 tasks"),
    check(1615, "database", Level.CRITICAL, "down: connection refused"),
    check(1680, "database", Level.OK, "answers"),
)


def hour(*more: Snapshot, failures: tuple[TaskFailure, ...] = storm(238), **given: Any) -> Report:
    events = tuple(reversed(EVENTS))
    work = WorkDone(completed=0, failed=len(failures), failures=failures)
    shots = (
        shot(0),
        *more,
        shot(400, **LOW),
        shot(983, link=PROXY, **LOW),
        shot(1161, **LOW),
        shot(1640, link=GONE, **LOW),
        shot(1680, events=events, **LOW),
        shot(3590, events=events, **LOW),
    )
    return of(*shots, until=3600, work=work, **given)


def followed(course: IncidentCourse) -> list[tuple[float, str]]:
    return [((one.at - NOON).total_seconds(), one.text) for one in course.then]


def test_each_outage_of_the_link_and_each_check_that_failed_anew_is_told() -> None:
    (course,) = hour().incidents
    assert followed(course) == [
        (480, "the agents were stopped"),
        (660, "the database check found: hanging: connected, but no answer for 10 s"),
        (983, "the project was down: the proxy answers 503"),
        (985, "the edge function check found: unavailable: 503"),
        (1262, "the edge function check found: unavailable: the function does not boot"),
        (1487, "the stuck tasks check found: 3 tasks"),
        (1615, "the database check found: down: connection refused"),
    ]


def test_an_outage_is_told_anew_though_no_check_had_seen_the_end_of_the_one_before() -> None:
    link = (shot(0), shot(60, **LOW), shot(400, link=GONE, **LOW), shot(500))
    slow = check(70, "database", Level.CRITICAL, "hanging")
    (course,) = of(*link[:3], shot(500, events=(slow,))).incidents
    assert [at for at, _ in followed(course)] == [70, 400]
    late = check(370, "database", Level.CRITICAL, "down")
    (course,) = of(*link[:3], shot(500, events=(late,))).incidents
    assert [at for at, _ in followed(course)] == [370]


def test_of_very_many_each_kind_is_told_and_how_much_more_there_was() -> None:
    shots, events = [shot(0), shot(60, **LOW)], [check(3000, "stuck_tasks", Level.WARNING, "3 tasks")]
    for n in range(20):
        shots += [shot(100 + 100 * n, link=GONE, **LOW), shot(120 + 100 * n, **LOW)]
    shots.append(shot(3500, events=tuple(events)))
    report = of(*shots, until=3600)
    (course,) = report.incidents
    assert (len(course.then), course.more) == (12, 9)
    assert course.then[-1].text == "the stuck tasks check found: 3 tasks"
    assert "the stuck tasks check found: 3 tasks; 9 more, in the timeline." in markdown(report, zone=UTC)


@pytest.mark.parametrize("before", [(), (238,), (20, 238), (20, 130, 238)])
def test_a_storm_begins_with_the_first_of_it_however_long_it_goes_on(before: tuple[float, ...]) -> None:
    (course,) = hour(failures=storm(*before)).incidents
    assert (course.since - NOON).total_seconds() == BEGAN
    assert course.cause.text.startswith("the agents' work failed 37 times within")


@pytest.mark.parametrize("tail", [(402, 406, 410), (402, 406, *range(500, 3500, 100))])
def test_a_storm_of_which_little_failed_before_it_was_seen_begins_with_that_and_not_with_what_failed_alone(
    tail: tuple[float, ...],
) -> None:
    few = tuple(TaskFailure(at=NOON + after(at), error="401") for at in (238, 390, 394, 398, *tail))
    for seen_of_it in (few, few[:1] + few[2:]):
        (course,) = hour(failures=seen_of_it).incidents
        assert (course.since, course.cause.at) == (seen_of_it[1].at, seen_of_it[1].at)
        assert course.cause.text.startswith("the agents' work failed")


def test_the_effect_of_an_incident_is_what_was_counted_from_its_beginning_to_its_end() -> None:
    def tasks(failed: int) -> dict[str, Tasks]:
        return {"tasks": Tasks(counts=Reading(value=TaskCounts({"failed": failed}), source=Source.LIVE, at=NOON))}

    report = of(shot(0, **tasks(5)), shot(40, **tasks(6)), shot(60, **LOW, **tasks(8)), shot(90), shot(99, **tasks(20)))
    (course,) = report.incidents
    assert (course.tasks.failed, report.tasks.failed) == (2, 15)
    page = markdown(report, zone=UTC)
    assert "**Effect:** tasks were seen to fail 2 times, to complete 0 times; one that" in page
    assert "| Failed | 15 |" in page
