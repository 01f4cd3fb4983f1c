"""What began an incident, what followed, and its times: made out from pictures, or from rows alone; never invented."""

from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.actions import ResultPhase
from core.domain.alert_view import AlertView
from core.domain.alerts import Phase, Severity
from core.domain.events import ActionEnded, AlertChanged, CheckChanged, ContactTold, Event
from core.domain.markers import STUCK
from core.domain.records import AlertNews, LogEntry
from core.domain.snapshot import Link, LinkWord, Snapshot, State, Telling
from core.domain.status import Level
from core.domain.work_done import TaskFailure, WorkDone
from core.history.report import Report, markdown
from core.history.report.record import IncidentCourse, IncidentStep
from core.resilience import BreakerState
from tests.history.blackbox.pictures import NOON, after
from tests.history.report.made import JANA, SAM, breaker, happened, look, of, row, shot

OFFLINE = Link(word=LinkWord.OFFLINE, why="connection refused")
DOWN: dict[str, Any] = {
    "state": State.CRITICAL,
    "state_why": "the project is down: connection refused",
    "link": OFFLINE,
}
LOW = "success rate is low"


def alert(began: float, fired: float, state: str = "firing", **more: Any) -> AlertView:
    given = {"key": "low", "rule": "low", "subject": "", "severity": "critical", "title": LOW, "episode": "e"}
    return AlertView(
        **given | {"state": state, "began_at": NOON + after(began), "fired_at": NOON + after(fired)} | more
    )


def seconds(course: IncidentCourse) -> dict[str, float | None]:
    times = {one.step.value: one.at for one in course.milestones}
    return {step: None if at is None else (at - NOON).total_seconds() for step, at in times.items()}


def how(course: IncidentCourse, step: IncidentStep) -> str:
    return next(f"{one.how} {one.who}".strip() for one in course.milestones if one.step is step)


def only(report: Report) -> IncidentCourse:
    (course,) = report.incidents
    return course


def test_the_cause_is_what_came_first_and_not_the_loudest_alert() -> None:
    told = happened(150, ContactTold(to="ann@example.org", phase=Phase.FIRING, subject="[probe] critical: low"))
    ack = ActionEnded(who=JANA, action="acknowledge", phase=ResultPhase.VERIFIED, outcome="on it", done=True, run="a")
    stop = ActionEnded(
        who=SAM,
        action="emergency_stop",
        phase=ResultPhase.VERIFIED,
        outcome="stopped",
        done=True,
        run="s",
        reason="bad",
    )
    events = (happened(300, stop), happened(200, ack), told)
    course = only(
        of(
            shot(0),
            shot(60, **DOWN),
            shot(120, alerts=(alert(60, 120),), **DOWN),
            shot(310, alerts=(alert(60, 120, acked=JANA),), events=events, **DOWN),
            shot(400),
        )
    )
    assert course.cause.text == "the project was down: connection refused"
    assert [(one.text, one.who) for one in course.then] == [("the agents were stopped: bad", SAM)]
    assert seconds(course) == {"began": 60, "detected": 60, "told": 150, "acknowledged": 200, "resolved": 400}
    assert how(course, IncidentStep.TOLD) == "the first message was accepted ann@example.org"
    assert how(course, IncidentStep.ACKNOWLEDGED) == f"an alert was acknowledged {JANA}"


def test_failures_of_the_agents_before_anybody_saw_it_are_the_cause_and_a_single_one_is_not() -> None:
    failed = {"step": "patch", "order": "", "actor": "", "run": ""}
    rows = tuple(row(at, "failed", summary=f"the gateway answers 401 to {at}", **failed) for at in (30, 40, 50))
    bad = {"state": State.CRITICAL, "state_why": LOW}
    course = only(of(shot(0), shot(120, **bad), shot(300), rows=rows))
    assert course.cause.text.startswith("the agents' work failed 3 times within 20 s, most often: patch: the gateway")
    assert seconds(course) == {"began": 30, "detected": 120, "told": None, "acknowledged": None, "resolved": 300}
    assert how(course, IncidentStep.DETECTED) == f"on the screen: the state became CRITICAL: {LOW}"
    alone = only(of(shot(0), shot(120, **bad), shot(300), rows=rows[:1]))
    assert alone.cause.text == f"the state became CRITICAL: {LOW}"
    for error, began in (("x", "most often: x"), (f"{STUCK}run: by watchdog", f"the state became CRITICAL: {LOW}")):
        failures = tuple(TaskFailure(at=NOON + after(n), error=error) for n in (1, 2, 3))
        work = WorkDone(completed=0, failed=3, failures=failures)
        assert only(of(shot(0), shot(120, **bad), shot(300), work=work)).cause.text.endswith(began), error


def test_a_task_that_failed_before_an_outage_did_not_begin_it_nor_is_it_of_the_burst_after() -> None:
    def told(*at: float, began: float = 400) -> str:
        failures = tuple(TaskFailure(at=NOON + after(n), error=f"at {n:.0f}") for n in at)
        work = WorkDone(completed=0, failed=len(at), failures=failures)
        course = only(of(shot(0), shot(began, **DOWN), shot(700), until=900, work=work))
        return f"{(course.since - NOON).total_seconds():.0f}: {course.cause.text} {[one.text for one in course.then]}"

    down = "400: the project was down: connection refused"
    assert told(200) == told(200, 390) == f"{down} []"
    follows = "['the agents' work failed 3 times within 20 s, most often: at 410']"
    assert (
        told(200, 410, 420, 430)
        == told(390, 410, 420, 430)
        == f"{down} {follows}".replace("['", '["').replace("']", '"]')
    )
    assert told(370, 380, 390, 410).startswith("370: the agents' work failed 4 times within 40 s")
    assert told(100, 370, 380, 390).startswith("370: the agents' work failed 3 times within 20 s")


def test_each_incident_is_told_with_its_own_times_and_the_gravest_first_however_long_the_others_are() -> None:
    slow = {"state": State.WARNING, "state_why": "database: slow"}
    shots = [shot(0), shot(60, **DOWN), shot(200), shot(400, **slow), shot(1000), shot(1300, **slow), shot(1400)]
    for n in range(5):
        shots += [shot(2000 + 300 * n, **slow), shot(2010 + 300 * n)]
    shots.append(shot(3590, **slow))
    failed = {"step": "patch", "order": "", "actor": "", "run": ""}
    rows = tuple(row(at, "failed", summary="x", **failed) for at in (500, 505, 510, 1310))
    report = of(*shots, until=3600, rows=rows)
    assert [(one.worst, one.failed, one.cut_off_s) for one in report.incidents] == [
        ("critical", 0, 140),
        ("warning", 3, 0),
        ("warning", 1, 0),
        *[("warning", 0, 0)] * 6,
    ]
    page = markdown(report)
    assert "**Incidents:** 9 in the window; what follows is about the gravest, at 12:01:00." in page
    assert "**What began it:** 12:01:00, the project was down" in page
    assert (
        "**Another:** 12:06:40 to 12:16:40 (10 min): the state became WARNING: database: slow; worst state WARNING,"
        " 3 failures of the agents' work." in page
    )
    assert page.count("**Another:**") == 6
    assert "**More:** 2 lesser incidents, under Times." in page
    assert page.count("| Began |") == 4
    assert page.count("**Effect:** worst state") == 4
    assert (
        "- 12:38:20, the state became WARNING: database: slow; detected 12:38:20; told —; acknowledged —; resolved"
        " 12:38:30; worst state WARNING, no failed work is recorded." in page
    )
    assert page.count("detected") == 5  # those of no table of their own
    last = markdown(of(shot(0), shot(60, **DOWN), shot(200), shot(590, **slow)))
    assert "12:09:50 to 12:10:00 (10 s), it still goes on at the end of the window: the state became WARNING" in last
    assert "| Resolved | — | — | not yet: it still goes on at the end of the window |" in last


def test_a_second_outage_in_trouble_that_lasts_is_told_and_a_flapping_one_is_not() -> None:
    low = {"state": State.WARNING, "state_why": LOW}
    course = only(
        of(
            shot(0),
            shot(60, **DOWN),
            shot(200, **low),
            shot(230, **DOWN),
            shot(240, **low),
            shot(800, **DOWN),
            shot(900, **low),
            shot(1000),
            until=1200,
        )
    )
    assert [(one.at - NOON).total_seconds() for one in (course.cause, *course.then)] == [60, 800]
    assert course.cut_off_s == 250


def test_breakers_that_open_as_nothing_answers_are_no_fault_of_their_own() -> None:
    failed = {"step": "patch", "order": "", "actor": "", "run": ""}
    rows = tuple(row(at, "failed", summary="x", **failed) for at in (30, 40, 50))
    low = {"state": State.WARNING, "state_why": LOW}

    def followed(at: float) -> list[str]:
        opened = (breaker(at, "db:x", BreakerState.OPEN, "no answer"),)
        report = of(shot(0), shot(60, **low), shot(100, **DOWN), shot(130, events=opened, **low), shot(200), rows=rows)
        return [one.text for one in only(report).then]

    down = "the project was down: connection refused"
    assert followed(120) == [down]
    assert followed(80) == ["calls failed and were suspended (db:x): no answer", down]


def test_what_is_not_known_is_not_invented() -> None:
    going = only(of(shot(0, **DOWN), shot(100), until=300))
    assert seconds(going)["began"] is None
    assert how(going, IncidentStep.BEGAN).startswith("before it was watched")
    endless = only(of(shot(0), shot(100, **DOWN), until=300, looks=(look(0, 200),)))
    assert (seconds(endless)["resolved"], how(endless, IncidentStep.RESOLVED)) == (
        None,
        "not seen: nobody watched after that",
    )
    assert how(endless, IncidentStep.TOLD) == "nobody: no contact and no channel is set"
    contacts = {"telling": Telling(contacts=1)}
    assert how(only(of(shot(0, **contacts), shot(9, **DOWN | contacts))), IncidentStep.TOLD) == "no message is recorded"
    page = markdown(of(shot(0), shot(100, **DOWN), until=300, looks=(look(0, 200),)))
    assert "| Resolved | — | — | not seen: nobody watched after that |" in page
    assert "**How long:** 1.7 min at least, " in page


def test_a_message_about_the_end_tells_nobody_that_it_began() -> None:
    ended = happened(90, ContactTold(to="ann", phase=Phase.RESOLVED, subject="over"))
    assert seconds(only(of(shot(0), shot(60, **DOWN), shot(100, events=(ended,)))))["told"] is None


def test_incidents_apart_are_told_apart_and_a_pause_is_part_of_one() -> None:
    paused = of(shot(0), shot(60, **DOWN), shot(120), shot(240, **DOWN), shot(300), until=3000)
    assert seconds(only(paused))["resolved"] == 300
    apart = of(shot(0), shot(60, **DOWN), shot(120), shot(1000, **DOWN), shot(1300), until=3000)
    assert [(seconds(one)["began"], seconds(one)["resolved"]) for one in apart.incidents] == [(60, 120), (1000, 1300)]
    well = of(shot(0), shot(60, **DOWN), shot(120), shot(300, **DOWN), until=3000, looks=(look(0, 3000),))
    first, second = well.incidents
    assert seconds(first)["resolved"] == 120  # it was well for three minutes
    assert seconds(second)["began"] == 300
    unseen = of(
        shot(0), shot(60, **DOWN), shot(300, **DOWN), shot(400), until=3000, looks=(look(0, 100), look(300, 3000))
    )
    assert seconds(only(unseen))["resolved"] == 400  # nobody saw that it was well
    page = markdown(apart)
    assert "**Incidents:** 2 in the window; what follows is about the gravest, at 12:16:40" in page
    assert page.count("| Began |") == 2


def test_calm_is_no_incident_nor_is_a_project_that_is_disabled() -> None:
    assert of(shot(0), shot(60, state=State.DISABLED), shot(90)).incidents == ()
    assert "Nothing was wrong" in markdown(of(shot(0)))


def test_rows_alone_tell_of_an_incident_as_far_as_they_go() -> None:
    def news(at: float, phase: Phase) -> LogEntry:
        ends = phase in {Phase.RESOLVED, Phase.TOLD}
        text = f"{phase}: {LOW}" + ("" if ends else ": 27 %")
        told = {"step": "watchdog_alert_critical", "order": "", "run": f"{at}", "actor": "watchdog jana@there"}
        return row(at, "completed" if ends else "started", summary=text, alert=AlertNews("low", phase), **told)

    acked = row(200, "completed", order="acknowledge", run="a", summary="on it", actor=SAM)
    rows = (news(60, Phase.FIRING), news(90, Phase.TOLD), acked, news(400, Phase.RESOLVED))
    report = of(rows=rows, looks=(), unseen="there is no black box here yet")
    course = only(report)
    assert course.cause.text == f"alert: {LOW}: 27 %"
    assert seconds(course) == {"began": 60, "detected": 60, "told": 90, "acknowledged": 200, "resolved": 400}
    page = markdown(report)
    assert "**Watched:** not from this machine: there is no black box here yet." in page
    assert f"| {LOW}: 27 % | critical | 12:01:00 | — (no row tells) | 12:06:40 | 6 min |" in page
    endless = only(of(rows=rows[:1], looks=(), unseen="x"))
    assert how(endless, IncidentStep.RESOLVED) == "not seen: no row tells of an end"


# Whatever happened


MOMENTS = st.floats(0, 3_000).map(lambda at: round(at, 1))


@st.composite
def events(draw: st.DrawFn) -> Event:
    at = draw(MOMENTS)
    level = draw(st.sampled_from(Level))
    what = draw(
        st.sampled_from(
            (
                CheckChanged(check="database", before=Level.OK, after=level, why="no answer"),
                ContactTold(to="ann", phase=draw(st.sampled_from(Phase)), subject="s"),
                ActionEnded(
                    who=JANA, action="acknowledge", phase=ResultPhase.VERIFIED, outcome="x", done=True, run="a"
                ),
                ActionEnded(
                    who=JANA, action="emergency_stop", phase=ResultPhase.VERIFIED, outcome="x", done=True, run=f"{at}"
                ),
                AlertChanged(
                    key="low", episode="e", phase=Phase.FIRING, severity=Severity.CRITICAL, title=LOW, why="27 %"
                ),
            )
        )
    )
    return happened(at, what)


@st.composite
def snapshots(draw: st.DrawFn) -> list[Snapshot]:
    moments = sorted(draw(st.lists(MOMENTS, min_size=1, max_size=12, unique=True)))
    found = tuple(sorted(draw(st.lists(events(), max_size=8)), key=lambda one: one.at, reverse=True))
    course = []
    for at in moments:
        began = draw(MOMENTS)
        shown = (alert(began, began + 60, draw(st.sampled_from(("pending", "firing", "resolved")))),)
        more = {
            "state": draw(st.sampled_from(State)),
            "link": Link(word=draw(st.sampled_from(LinkWord))),
            "events": tuple(one for one in found if one.at <= NOON + after(at)),
            "alerts": shown if draw(st.booleans()) else (),
        }
        course.append(shot(at, **more))
    return course


@st.composite
def reports(draw: st.DrawFn) -> Report:
    edges = sorted(draw(st.lists(MOMENTS, min_size=2, max_size=6, unique=True)))
    looks = tuple(look(*pair) for pair in zip(edges[::2], edges[1::2], strict=False))
    failed = {"step": "patch", "order": "", "actor": "", "run": "", "summary": "401"}
    rows = tuple(row(at, "failed", **failed) for at in draw(st.lists(MOMENTS, max_size=6, unique=True)))
    return of(*draw(snapshots()), until=3_600, looks=looks, rows=rows)


@settings(deadline=None)
@given(reports())
def test_its_times_are_in_order_and_within_what_was_recorded(report: Report) -> None:
    reached = None
    for course in report.incidents:
        assert report.since - timedelta(minutes=10) <= course.since <= course.until <= report.until
        assert reached is None or course.since > reached
        reached = course.until
        assert [one.step for one in course.milestones] == list(IncidentStep)
        known = [one.at for one in course.milestones if one.at is not None]
        assert all(course.since <= at <= course.until for at in known)
        began, detected, told, resolved = map(
            course.at, (IncidentStep.BEGAN, IncidentStep.DETECTED, IncidentStep.TOLD, IncidentStep.RESOLVED)
        )
        assert began is None or began == course.since
        assert told is None or detected is None or detected <= told
        assert resolved is None or resolved == course.until
        assert course.cause.at >= course.since
        assert all(one.at >= course.cause.at for one in course.then)
        assert all(one.how for one in course.milestones)
    page = markdown(report)
    assert page.count("| Began |") == min(4, len(report.incidents))
    assert ("## Open questions" in page) == bool(report.incidents)
