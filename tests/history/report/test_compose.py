"""One timeline out of pictures, rows and notes: in order, each thing once, and what nobody saw is said."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest

from core.base.text import short
from core.domain.actions import ResultPhase
from core.domain.alert_view import AlertView
from core.domain.alerts import Phase, Severity
from core.domain.counts import TaskCounts
from core.domain.events import ActionEnded, AlertChanged, BreakerReopened, CheckChanged, Event
from core.domain.kpis import Kpi
from core.domain.records import AlertNews
from core.domain.snapshot import Link, LinkWord, Snapshot, State, Tasks, Waiting
from core.domain.status import Level
from core.history.blackbox import BlackboxRules, Box, Note, Recorder, WatchedSpan
from core.history.report import Origin, RecordedWindow, When, compose, kept, markdown
from core.resilience import BreakerCause, BreakerRecord, BreakerState
from core.resilience.reading import Reading, Source
from tests.clock import FakeClock
from tests.history.blackbox.pictures import NOON, after, record
from tests.history.report.made import JANA, RUN, SAM, breaker, event, happened, lines, look, of, row, shot

ENDED = ("started", "completed")
OPEN, CLOSED = BreakerState.OPEN, BreakerState.CLOSED


def test_pictures_rows_and_notes_are_told_in_the_order_they_happened() -> None:
    report = of(
        shot(0),
        shot(60, events=(event(50, "heal: 2 changed", JANA, run="a"), event(10, "started"))),
        rows=(row(20, "completed", summary="stopped (read back)"), row(19, "started", reason="too many")),
        notes=(Note(at=NOON + after(30), written_at=NOON + after(500), who=JANA, text="who deployed?"),),
    )
    assert lines(report) == [
        (10, "watchdesk", "started"),
        (19, SAM, "emergency stop: stopped (read back) (too many)"),
        (30, JANA, "who deployed?"),
        (50, JANA, "heal: 2 changed"),
    ]
    assert [one.here for one in report.timeline] == [True, False, True, True]


def test_an_order_is_told_once_whoever_tells_it_and_with_its_reason() -> None:
    said = event(10.4, "emergency stop: stopped (read back); 5 tasks rejected", JANA, run=RUN)
    mine = {"actor": JANA, "reason": "agents delete accounts"}
    rows = (
        row(10.5, "completed", summary="stopped (read back); 5 tasks rejected", actor=JANA),
        row(10.2, "started", **mine),
    )
    shown = Reading(value=rows, source=Source.LIVE, at=NOON)
    derived = event(10.2, "emergency stop started", JANA, run=RUN, row=rows[1].id)
    report = of(shot(0), shot(20, events=(said,), logs=shown), shot(30, events=(derived, said), logs=shown), rows=rows)
    assert lines(report) == [
        (10.4, JANA, "emergency stop: stopped (read back); 5 tasks rejected (agents delete accounts)")
    ]
    assert report.timeline[0].order


def test_an_order_that_waited_and_was_carried_out_later_is_told_at_both_times() -> None:
    said = event(10, "emergency stop: not reachable; kept until the project answers", JANA, run=RUN)
    rows = (row(300, "started", actor=JANA), row(301, "completed", actor=JANA, summary="stopped (read back)"))
    waits = (Waiting(id=RUN, words="emergency stop by jana", at=NOON + after(10)),)
    seen = (shot(0), shot(20, events=(said,), waiting=waits))
    told = [
        (10, "emergency stop: not reachable; kept until the project answers"),
        (301, "emergency stop: stopped (read back)"),
    ]
    report = of(*seen, rows=rows)
    assert [(at, text) for at, _, text in lines(report)] == told
    assert "\n1 action (1 by the operator here); " in markdown(report, zone=UTC)
    ended = event(301, "emergency stop: stopped (read back)", JANA, run=RUN)
    here = of(*seen, shot(310, events=(ended, said)), rows=rows)
    assert [(at, text) for at, _, text in lines(here)] == told
    assert "\n1 action (1 by the operator here); " in markdown(here, zone=UTC)


def test_an_order_that_was_taken_back_or_could_not_be_given_was_done_too_though_no_row_tells_of_it() -> None:
    stop, given = "emergency_stop", {"who": JANA, "reason": "too many"}
    waits = ActionEnded(action=stop, phase=ResultPhase.WAITING, outcome="kept", run=RUN, **given)
    lost = ActionEnded(action=stop, phase=ResultPhase.UNREACHABLE, outcome="no answer", **given)
    back = ActionEnded(who=JANA, action="withdraw", phase=ResultPhase.VERIFIED, outcome="withdrawn", done=True)
    events = (happened(30, lost), happened(20, back), happened(10, waits))
    page = markdown(of(shot(0), shot(40, events=events)), zone=UTC)
    assert "\n3 actions (3 by the operator here); " in page
    assert "| 12:00:20 | `operator jana@watch-1` | withdraw: withdrawn |" in page.partition("## Timeline")[0]
    assert "emergency stop: no answer (too many) |" in page.partition("## Timeline")[0]


@pytest.mark.parametrize("ahead_s", [120, 3600])
def test_an_own_order_is_told_once_however_wrong_a_clock_is_and_that_it_is_wrong_is_said(ahead_s: float) -> None:
    said = event(11, "dry run off: dry-run is off (read back)", JANA, run=RUN)
    own = {"actor": JANA, "order": "dry_run_off"}
    rows = (row(10 + ahead_s, "started", **own), row(11 + ahead_s, "completed", **own))
    skewed = AlertView(
        key="clock_skew",
        rule="clock_skew",
        subject="",
        severity="low",
        state="firing",
        title="this machine's clock is wrong",
        text=f"{short(ahead_s)} behind the project's",
    )
    report = of(shot(0), shot(20, events=(said,), alerts=(skewed,)), rows=rows, until=7200)
    assert [text for _, _, text in lines(report)] == ["dry run off: dry-run is off (read back)"]
    page = markdown(report, zone=UTC)
    assert "\n1 action (1 by the operator here); " in page
    assert f"**Beware:** the clock of this machine is {short(ahead_s)} behind the project's" in page
    assert "Beware" not in markdown(of(shot(0), shot(20, events=(said,))), zone=UTC)


@pytest.mark.parametrize(
    ("status", "summary", "told"),
    [
        ("started", "emergency_stop", "emergency stop: begun, and no row says how it ended"),
        ("failed", "the flag is not set", "emergency stop: failed: the flag is not set"),
        ("skipped", "dry-run", "emergency stop: not done: dry-run"),
        ("completed", "emergency_stop", "emergency stop: done"),
    ],
)
def test_an_order_says_how_it_ended(status: str, summary: str, told: str) -> None:
    report = of(shot(0), rows=(row(5, status, summary=summary),))
    assert [text for _, _, text in lines(report)] == [told]
    assert (report.timeline[0].level is Level.OK) is (status == "completed")


def test_who_acted_is_told_apart() -> None:
    report = of(
        shot(0),
        shot(9, events=(event(3, "heal: 1 changed", "watchdog jana@watch-1", run="b"), event(1, "x", JANA, run="a"))),
        rows=(
            row(4, "completed", run="c", actor="watchdog sam@bastion-2", order="heal"),
            row(5, "completed", run="d", actor=JANA, order="undo"),
            row(6, "failed", step="generate_patch", order="", actor="", run=""),
        ),
    )
    assert [(one.origin, one.here) for one in report.timeline] == [
        (Origin.OPERATOR, True),
        (Origin.WATCHDOG, True),
        (Origin.WATCHDOG, False),
        (Origin.OPERATOR, True),
        (Origin.AGENTS, True),
    ]


def test_an_alert_that_this_host_and_the_log_tell_of_is_told_once() -> None:
    many = AlertChanged(
        key="success_rate",
        episode="e",
        phase=Phase.FIRING,
        severity=Severity.HIGH,
        title="many tasks fail",
        why="70 % of 30 failed",
    )
    said = happened(10, many)
    told = {"step": "watchdog_alert_warning", "order": "", "actor": "watchdog sam@bastion-2"}
    news = {"alert": AlertNews("success_rate", "firing"), "summary": "firing: many tasks fail: 72 % of 33 failed"}
    same = row(15, "started", **told, run="x", **news)
    stuck = {"alert": AlertNews("stuck", "firing"), "summary": "firing: tasks are stuck: 3 of 9"}
    other = row(16, "started", **told, run="y", **stuck)
    report = of(shot(0), shot(20, events=(said,)), rows=(same, other))
    assert [text for _, _, text in lines(report)] == [
        "alert firing, high: many tasks fail: 70 % of 30 failed",
        "warning alert: firing: tasks are stuck: 3 of 9",
    ]


def test_what_is_outside_the_window_is_left_out() -> None:
    gone = AlertView(
        key="a", rule="a", subject="", severity="high", state="resolved", title="old", resolved_at=NOON - after(1)
    )
    events = (
        event(601, "too late"),
        event(600, "the end is not in it"),
        event(0, "the beginning is"),
        event(-1, "early"),
    )
    report = of(shot(-5, alerts=(gone,)), shot(599, events=events), rows=(row(-3, "started"), row(700, "completed")))
    assert [text for _, _, text in lines(report)] == ["the beginning is"]
    assert report.alerts == ()


def test_a_storm_of_agents_is_one_line_and_so_is_one_of_breakers() -> None:
    failed = tuple(
        row(n, "failed", step="patch", order="", actor="", run="", summary=f"error {n}") for n in range(100, 140)
    )
    opened = tuple(breaker(50 + n / 10, f"db:{n}", OPEN, "5 failures in a row: no route") for n in range(9))
    report = of(shot(0), shot(200, events=opened[::-1]), rows=failed)
    assert [text for _, _, text in lines(report)] == [
        "9 breakers open within 0.8 s: db:0, db:1, db:2, db:3, db:4, db:5 and 3 more;"
        " the first: 5 failures in a row: no route",
        "40 failed steps within 39 s, the first: patch: error 100; the last: patch: error 139",
    ]


def test_what_is_far_apart_is_no_storm_and_a_long_one_says_how_long_in_words() -> None:
    opened = tuple(breaker(3600 * n, f"db:{n}", OPEN, "5 failures in a row") for n in range(5))
    apart = of(shot(0), shot(15000, events=opened[::-1]), until=20000)
    assert [(at, text) for at, _, text in lines(apart)] == [
        (3600 * n, f"breaker db:{n} open: 5 failures in a row") for n in range(5)
    ]
    twice = tuple(breaker(at, f"db:{at}", OPEN, "no route") for at in (*range(0, 720, 90), *range(2000, 2004)))
    report = of(shot(0), shot(3000, events=twice[::-1]), until=20000)
    assert [text.partition(":")[0] for _, _, text in lines(report)] == [
        "8 breakers open within 10 min",
        "4 breakers open within 3 s",
    ]


def test_a_breakers_probes_are_not_told_and_what_an_order_did_to_it_is_told_as_the_order() -> None:
    events = (
        breaker(90, "db:x", CLOSED, f"reset by {JANA}", BreakerCause.RESET),
        event(90, "reset breaker: db:x reset", JANA, run="r"),
        breaker(70, "db:x", OPEN, "the probe failed", BreakerCause.PROBE_FAILED),
        breaker(60, "db:x", BreakerState.HALF_OPEN, "time for a probe", BreakerCause.DUE),
        breaker(10, "db:x", OPEN, "5 failures in a row"),
    )

    def records(state: BreakerState, since: float) -> tuple[BreakerRecord, ...]:
        base = {"key": "db:x", "component": "db", "failures": 5, "last_error": "503"}
        opened = NOON + after(10) if state is not BreakerState.CLOSED else None
        return (BreakerRecord(state=state, since=NOON + after(since), not_closed_since=opened, **base),)

    report = of(
        shot(0, breakers=records(BreakerState.CLOSED, -100)),
        shot(11, breakers=records(BreakerState.OPEN, 10)),
        shot(71, breakers=records(BreakerState.OPEN, 70)),
        shot(91, breakers=records(BreakerState.CLOSED, 90), events=events),
    )
    assert [text for _, _, text in lines(report)] == [
        "breaker db:x open: 5 failures in a row",
        "reset breaker: db:x reset",
    ]
    (course,) = report.breakers
    assert (course.since, course.closed_at, course.why) == (NOON + after(10), NOON + after(90), "503")


def test_a_state_does_not_hold_while_no_monitor_ran_though_the_next_one_found_it_again() -> None:
    """Between two runs the first snapshot knows nothing yet; the gap before it is nobody's state all the same."""
    report = of(shot(0), shot(400, ready=False), shot(401), looks=(look(0, 130), look(400, 550)))
    assert [(period.since, period.until) for period in report.states] == [
        (NOON, NOON + after(130)),
        (NOON + after(401), NOON + after(550)),
    ]
    assert len(report.links) == 2


def test_where_nothing_was_kept_is_said_and_nothing_is_claimed_of_it() -> None:
    report = of(
        shot(0),
        shot(100, state=State.CRITICAL, state_why="database: refused"),
        shot(400, state=State.CRITICAL, state_why="database: refused"),
        looks=(look(0, 130), look(400, 550)),
    )
    assert report.gaps == (look(130, 400), look(550, 600))
    assert [(at, text) for at, _, text in lines(report)] == [
        (100, "CRITICAL after HEALTHY: database: refused"),
        (130, "nothing was recorded for 4.5 min"),
        (550, "nothing was recorded for 50 s"),
    ]
    assert [(stay.word, stay.length_s) for stay in report.states] == [
        ("healthy", 100.0),
        ("critical", 30.0),
        ("critical", 150.0),
    ]
    assert report.looked_s == 280.0
    page = markdown(report, zone=UTC)
    assert (
        "46.6 % of the window; nothing was recorded from 12:02:10 to 12:06:40 (4.5 min), from 12:09:10 to 12:10:00"
        in page
    )
    assert "; not recorded: 5 min." in page
    assert "nobody looked" not in page


def test_what_was_before_the_black_box_is_no_time_of_which_nothing_was_kept(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, BlackboxRules(), FakeClock(NOON))
    record(recorder, [shot(n) for n in range(300, 400, 10)])
    recorder.close(NOON + after(400))
    until = NOON + after(600)
    report = compose(kept(Box(tmp_path), NOON, until), since=NOON, until=until, made_at=until, host="watch-1")
    assert [(at, text) for at, _, text in lines(report)] == [
        (300, "the black box begins"),
        (400, "nothing was recorded for 3.3 min"),
    ]
    page = markdown(report, zone=UTC)
    assert (
        "16.6 % of the window; the black box begins at 12:05:00; nothing was recorded from 12:06:40 to 12:10:00" in page
    )
    later = compose(
        kept(Box(tmp_path), NOON + after(310), until), since=NOON + after(310), until=until, made_at=until, host="h"
    )
    assert "the black box begins" not in markdown(later, zone=UTC)


def test_state_words_of_work_that_comes_and_goes_are_no_news() -> None:
    report = of(shot(0), shot(10, state=State.ACTIVE), shot(20, state=State.IDLE), shot(30, state=State.HEALTHY))
    assert report.timeline == ()
    assert len(report.states) == 4


def test_work_that_comes_and_goes_is_one_row_and_so_is_a_project_that_was_lost_many_times() -> None:
    comes = [State.ACTIVE, State.IDLE] * 50
    offline = Link(word=LinkWord.OFFLINE, why="refused")
    pictures = [
        *(shot(n, state=state, state_why=state.value) for n, state in enumerate(comes)),
        *(shot(100 + n, state=State.WARNING, link=offline if n % 2 else Link(word=LinkWord.LIVE)) for n in range(10)),
        shot(110, state=State.HEALTHY, state_why="tasks completed in the last hour"),
        shot(400, state=State.ACTIVE),
    ]
    report = of(*pictures, looks=(look(0, 150), look(400, 600)))
    assert len(report.states) == 103
    page = markdown(report, zone=UTC)
    rows = [line for line in page.splitlines() if "| state " in line]
    assert rows == [
        "| 12:00:00 | 12:01:40 | 1.7 min | state ACTIVE, IDLE | 99 changes between them |",
        "| 12:01:40 | 12:01:50 | 10 s | state WARNING | — |",
        "| 12:01:50 | 12:02:30 | 40 s | state HEALTHY | tasks completed in the last hour |",
        "| 12:06:40 | 12:10:00 | 3.3 min | state ACTIVE | — |",
    ]
    assert "Without connection: OFFLINE 5 s (5 times)." in page


def test_a_lost_project_and_its_return() -> None:
    offline = Link(word=LinkWord.OFFLINE, why="connection refused")
    report = of(shot(0), shot(60, link=offline, state=State.UNKNOWN), shot(180), until=300)
    assert [(at, text) for at, _, text in lines(report)] == [
        (60, "OFFLINE: connection refused"),
        (60, "UNKNOWN after HEALTHY"),
        (180, "LIVE again, 2 min after it was OFFLINE"),
        (180, "HEALTHY after UNKNOWN"),
    ]
    assert "The project answered 60.0 % of the 5 min that were seen." in markdown(report, zone=UTC)


def test_figures_at_the_beginning_at_their_worst_and_at_the_end() -> None:
    def figures(success: float | None, check: float) -> tuple[Kpi, ...]:
        text = "—" if success is None else f"{success} %"
        return (
            Kpi(name="s", title="Success", value=success, text=text, target="> 95 %", high_is_good=True),
            Kpi(name="c", title="Check", value=check, text=f"{check} s", target="< 2 s"),
        )

    report = of(shot(0, kpis=figures(None, 0.1)), shot(9, kpis=figures(40.0, 3.0)), shot(99, kpis=figures(99.0, 0.2)))
    assert [(one.first, one.worst, one.last) for one in report.kpis] == [
        ("—", "40.0 %", "99.0 %"),
        ("0.1 s", "3.0 s", "0.2 s"),
    ]


def test_a_task_that_failed_was_requeued_and_failed_again_failed_twice_and_is_not_two_tasks() -> None:
    def tasks(failed: int, source: Source = Source.LIVE) -> Tasks:
        return Tasks(counts=Reading(value=TaskCounts({"failed": failed}), source=source, at=NOON))

    report = of(
        *(shot(n, tasks=tasks(count)) for n, count in enumerate([5, 5, 9, 2, 4])),
        shot(50, tasks=tasks(900, Source.CACHED)),
    )
    assert report.tasks.failed == 6
    page = markdown(report, zone=UTC)
    assert (
        "**Effect:** tasks were seen to fail 6 times, to complete 0 times; one that was requeued counts each time."
        in page
    )
    assert "6 tasks failed" not in page


def test_the_pictures_are_the_last_good_one_the_worst_and_the_first_good_one_after() -> None:
    bad = {"state": State.WARNING}
    worst = shot(40, state=State.CRITICAL)
    course = [shot(0), shot(10), shot(20, **bad), shot(30, **bad), worst, shot(50, **bad), shot(60), shot(70)]
    assert [(one.when, one.snapshot) for one in of(*course).moments] == [
        (When.BEFORE, course[1]),
        (When.DURING, worst),
        (When.AFTER, course[6]),
    ]
    assert [(one.when, one.snapshot) for one in of(*course[2:6]).moments] == [
        (When.DURING, worst),
        (When.AFTER, course[5]),
    ]
    assert [(one.when, one.snapshot) for one in of(*course[:2]).moments] == [(When.AFTER, course[1])]


def test_a_start_is_no_trouble() -> None:
    starting = shot(0, ready=False, state=State.UNKNOWN, link=Link())
    report = of(starting, shot(10))
    assert report.timeline == ()
    assert [one.when for one in report.moments] == [When.AFTER]


def test_the_night_in_which_an_hour_is_there_twice() -> None:
    zone = ZoneInfo("Europe/Berlin")
    since = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # 02:30 in summer time; an hour later it is 02:30 again
    events = tuple(
        Event(at=since + timedelta(minutes=n), who=JANA, text=f"word {n}", run=str(n)) for n in (60, 5, 90, 59)
    )
    first, last = shot(0), shot(0, events=events)
    pictures = [
        Snapshot(**{name: getattr(one, name) for name in one.__struct_fields__} | {"at": at})
        for one, at in ((first, since), (last, since + timedelta(minutes=100)))
    ]
    until = since + timedelta(hours=2)
    report = compose(
        RecordedWindow(pictures, (WatchedSpan(since, until),)), since=since, until=until, made_at=until, host="watch-1"
    )
    assert [one.text for one in report.timeline] == ["word 5", "word 59", "word 60", "word 90"]
    page = markdown(report, zone=zone)
    assert "- **Window:** 2026-10-25 02:30:00 to 03:30:00, 2 h. The zone offset changed: CEST" in page
    assert "| 02:35:00 CEST (UTC+02:00) |" in page
    assert "| 02:30:00 CET (UTC+01:00) |" in page


def test_over_midnight_each_moment_has_its_date() -> None:
    report = of(shot(0), shot(9, events=(event(5, "started"),)), until=60 * 60 * 13)
    assert "| 2026-11-24 12:00:05 |" in markdown(report, zone=UTC)
    assert "| 12:00:05 |" in markdown(of(shot(0), shot(9, events=(event(5, "started"),))), zone=UTC)


def test_a_clock_that_was_set_back_is_said_and_breaks_nothing(tmp_path: Path) -> None:
    clock = FakeClock(NOON)
    recorder = Recorder(tmp_path, BlackboxRules(), clock)
    before = (event(280, "the last word before"),)
    record(recorder, [shot(n) for n in range(200, 290, 10)])
    record(recorder, [shot(290, events=before)])
    record(recorder, [shot(n, events=(event(n, f"at {n}"), *before)) for n in (100, 110, 120)])
    recorder.close(NOON + after(125))
    found = kept(Box(tmp_path), NOON, NOON + after(600))
    report = compose(found, since=NOON, until=NOON + after(600), made_at=NOON, host="watch-1")
    assert [(at, text) for at, _, text in lines(report) if not text.startswith(("nothing", "the black"))] == [
        (100, "at 100"),
        (110, "at 110"),
        (120, "at 120"),
        (280, "the last word before"),
    ]
    assert "the clock of this machine was set back by 3 min or more" in report.notices[0]
    assert "**Beware:** the clock" in markdown(report, zone=UTC)


def test_what_a_box_held_at_the_beginning_is_part_of_it(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, BlackboxRules(), FakeClock(NOON))
    record(recorder, [shot(0, state=State.WARNING, state_why="slow"), shot(9, state=State.WARNING, state_why="slow")])
    record(recorder, [shot(19, state=State.WARNING, state_why="slow"), shot(27, state=State.HEALTHY)])
    since, until = NOON + after(15), NOON + after(30)
    report = compose(kept(Box(tmp_path), since, until), since=since, until=until, made_at=until, host="watch-1")
    assert [(stay.word, stay.since) for stay in report.states] == [
        ("warning", since),
        ("healthy", NOON + after(27)),
    ]


@pytest.mark.parametrize("seed", range(5))
def test_the_same_rows_in_any_order_give_the_same_report(seed: int) -> None:
    rows = [
        *(row(5, status, run=f"r{n}", order="heal", summary=f"{n} changed") for n in range(3) for status in ENDED),
        *(row(5, "failed", step=f"step_{n}", order="", actor="", run="", summary="no") for n in range(3)),
        row(5, "started", step="watchdog_alert_high", order="", run="a", summary="firing: slow"),
    ]
    rows = [msgspec.structs.replace(one, id=str(n)) for n, one in enumerate(rows)]
    known = markdown(of(shot(0), shot(9), rows=tuple(rows)), zone=UTC)
    random.Random(seed).shuffle(rows)
    assert markdown(of(shot(0), shot(9), rows=tuple(rows)), zone=UTC) == known
    assert known.index("heal: 0 changed") < known.index("heal: 1 changed") < known.index("heal: 2 changed")


def test_what_was_said_at_one_moment_stands_as_it_was_said() -> None:
    first, second = event(5, "z came first", JANA), event(5, "a came second", JANA)
    third, other = event(5, "m came third", JANA), event(5, "before all of watchdesk's", "watchdog jana@watch-1")
    report = of(
        shot(0),
        shot(6, events=(second, first)),
        shot(9, events=(event(5, "watchdesk's own"), third, other, second, first)),
    )
    assert [text for _, _, text in lines(report)] == [
        "z came first",
        "a came second",
        "m came third",
        "before all of watchdesk's",
        "watchdesk's own",
    ]


def test_what_changes_together_is_one_line_though_others_stand_in_between() -> None:
    def check(at: float, name: str, why: str, level: Level = Level.UNKNOWN) -> Event:
        return happened(at, CheckChanged(check=name, before=Level.OK, after=level, why=why))

    events = (
        *(breaker(20 + n, f"db:{n}", OPEN, "no answer") for n in range(3)),
        check(21.5, "database", "down", Level.CRITICAL),
        check(22.5, "stuck_tasks", "no answer"),
        check(22.5, "failure_rate", "too slow"),
        check(22.5, "activity", "no answer"),
        *(breaker(45 + n, f"db:{n}", OPEN, "no answer") for n in (3, 4)),
        breaker(100, "db:5", OPEN, "no answer"),
    )
    report = of(shot(0), shot(110, events=events[::-1]))
    assert [(at, text) for at, _, text in lines(report)] == [
        (20, "5 breakers open within 29 s: db:0, db:1, db:2, db:3, db:4; the first: no answer"),
        (21.5, events[3].text),
        (22.5, "stuck tasks and activity unknown: no answer"),
        (22.5, events[5].text),
        (100, events[-1].text),
    ]


def test_a_breaker_that_is_closed_and_opens_again_at_one_moment_is_told_as_both() -> None:
    events = (
        happened(20, BreakerReopened(key="db:x", after_s=0.0, by=JANA)),
        breaker(20, "db:x", OPEN, "5 failures in a row"),
        breaker(20, "db:x", CLOSED, "a check got an answer", BreakerCause.CHECK_ANSWERED),
        breaker(10, "db:x", OPEN, "5 failures in a row"),
    )
    report = of(shot(0), shot(21, events=events))
    assert [text for _, _, text in lines(report)] == [one.text for one in reversed(events)]


def test_a_picture_of_an_older_version_has_only_words_and_each_of_them_is_told() -> None:
    """Whatever they say: nobody reads a kind out of a sentence."""
    words = ("partial degradation: queue not live", "breaker db:x half-open: time for a probe", "alert firing, high: x")
    events = tuple(event(10 + n, text) for n, text in enumerate(words))
    assert [text for _, _, text in lines(of(shot(0), shot(20, events=events[::-1])))] == list(words)


def test_a_reason_is_told_once_whoever_tells_it() -> None:
    ended = ActionEnded(
        who=JANA, action="emergency_stop", phase=ResultPhase.VERIFIED, outcome="stopped", reason="too many", run=RUN
    )
    report = of(shot(0), shot(20, events=(happened(10, ended),)), rows=(row(9, "started", actor=JANA, reason="many"),))
    assert [text for _, _, text in lines(report)] == ["emergency stop: stopped (too many)"]


@pytest.mark.parametrize(("at", "told"), [(10, []), (11, ["database critical: refused"])])
def test_a_verdict_that_the_state_word_gives_for_its_reason_is_not_told_beside_it(at: float, told: list[str]) -> None:
    verdict = CheckChanged(check="database", before=Level.OK, after=Level.CRITICAL, why="refused")
    bad = {"state": State.CRITICAL, "state_why": "database: refused"}
    report = of(shot(0), shot(10, **bad), shot(20, events=(happened(at, verdict),), **bad))
    assert [text for _, _, text in lines(report)] == ["CRITICAL after HEALTHY: database: refused", *told]
