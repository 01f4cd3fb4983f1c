"""The course of an alert: when it fired, who took care of it, whether it was seen to end; no more than was seen."""

from datetime import UTC
from typing import Any

from core.domain.alert_view import AlertView
from core.domain.alerts import Phase, Severity
from core.domain.events import AlertChanged, Event
from core.domain.records import AlertNews
from core.history.report import markdown
from tests.history.blackbox.pictures import NOON, after
from tests.history.report.made import JANA, happened, lines, look, of, row, shot


def alarm(state: str, **more: Any) -> tuple[AlertView, ...]:
    base = {"key": "stuck", "rule": "stuck", "subject": "", "severity": "high", "title": "tasks are stuck"}
    return (AlertView(state=state, episode="e1", **{"fired_at": NOON + after(20)} | base | more),)


def test_an_alerts_course_from_firing_to_resolved() -> None:
    report = of(
        shot(0),
        shot(21, alerts=alarm("firing", text="3 of 9")),
        shot(50, alerts=alarm("acknowledged", text="4 of 9", acked=JANA)),
        shot(90, alerts=alarm("resolved", resolved_at=NOON + after(88))),
        shot(200),
    )
    (course,) = report.alerts
    assert (course.text, course.acked_by, course.acked_at) == ("3 of 9", JANA, NOON + after(50))
    assert (course.fired_at, course.resolved_at) == (NOON + after(20), NOON + after(88))


def test_one_that_hides_behind_another_is_not_over_and_its_end_is_that_of_its_condition() -> None:
    pictures = (shot(0), shot(21, alerts=alarm("firing")), shot(60, alerts=alarm("hidden", muted="follows from: x")))
    (hidden,) = of(*pictures).alerts
    assert (hidden.fired_at, hidden.resolved_at, hidden.muted) == (NOON + after(20), None, "")
    again = (*pictures, shot(90, alerts=alarm("firing")))
    assert [one.resolved_at for one in of(*again).alerts] == [None]
    over = (*pictures, shot(90, alerts=alarm("resolved", resolved_at=NOON + after(88))))
    assert [one.resolved_at for one in of(*over).alerts] == [NOON + after(88)]


def test_one_that_was_hidden_all_the_time_is_no_alert_of_its_own() -> None:
    assert of(shot(0), shot(21, alerts=alarm("hidden")), shot(60)).alerts == ()


def test_one_that_nobody_saw_end_is_said_to_last_as_long_as_it_was_seen_to() -> None:
    pictures = (shot(0), shot(20, alerts=alarm("firing")))
    killed = markdown(of(*pictures, until=6 * 3600, looks=(look(0, 50),)), zone=UTC)
    assert "| 12:00:20 | nobody | not seen to end (last seen 12:00:50) | at least 30 s |" in killed
    watched = markdown(of(*pictures, until=6 * 3600, looks=(look(0, 6 * 3600 - 8),)), zone=UTC)
    assert "| 12:00:20 | nobody | still firing | at least 6 h |" in watched


def test_one_that_goes_to_and_fro_says_that_it_is_well_and_a_later_silence_is_none_of_what_is_over() -> None:
    well = markdown(of(shot(0), shot(20, alerts=alarm("firing", flapping=True, well=True)), until=60), zone=UTC)
    assert "still firing, resolving" in well
    over = alarm("resolved", resolved_at=NOON + after(88), muted="silenced until 14:00 by jana")
    assert [one.muted for one in of(shot(0), shot(20, alerts=alarm("firing")), shot(90, alerts=over)).alerts] == [""]


def test_one_that_was_gone_when_somebody_looked_again_is_not_said_to_have_ended_then_or_later() -> None:
    other = alarm("firing", key="slow", title="checks are slow", fired_at=NOON + after(450))
    report = of(
        shot(0),
        shot(20, alerts=alarm("firing")),
        shot(400),
        shot(450, alerts=other),
        looks=(look(0, 50), look(400, 600)),
    )
    gone, slow = report.alerts
    assert (gone.resolved_at, slow.resolved_at) == (None, None)
    page = markdown(report, zone=UTC)
    assert "not seen to end (last seen 12:00:50)" in page
    assert page.count("still firing") == 1


def test_who_took_care_of_one_before_anybody_looked_did_so_before_that() -> None:
    acked = alarm("acknowledged", fired_at=NOON - after(500), acked=JANA)
    report = of(shot(-5, alerts=acked), shot(90, alerts=acked))
    assert [(one.acked_by, one.acked_at) for one in report.alerts] == [(JANA, None)]
    assert "| before 12:00:00 by `operator jana@watch-1` |" in markdown(report, zone=UTC)
    later = of(shot(30, ready=False), shot(31, alerts=acked), looks=(look(30, 600),))
    assert "| before 12:00:31 by `operator jana@watch-1` |" in markdown(later, zone=UTC)
    away = of(
        shot(0, alerts=alarm("firing")),
        shot(300, alerts=alarm("acknowledged", acked=JANA)),
        looks=(look(0, 50), look(300, 600)),
    )
    assert "| before 12:05:00 by `operator jana@watch-1` |" in markdown(away, zone=UTC)


def test_who_took_care_of_one_as_it_began_did_so_then() -> None:
    report = of(shot(0), shot(21, alerts=alarm("acknowledged", acked=JANA)))
    assert [one.acked_at for one in report.alerts] == [NOON + after(21)]


def told(seconds: float, phase: Phase) -> Event:
    what = AlertChanged(key="stuck", episode="e1", phase=phase, severity=Severity.HIGH, title="tasks are stuck")
    return happened(seconds, what)


def test_one_firing_has_one_time_in_the_table_and_in_the_timeline() -> None:
    over = alarm("resolved", resolved_at=NOON + after(88))
    began, ended = told(23.4, Phase.FIRING), told(91.2, Phase.RESOLVED)
    report = of(
        shot(0),
        shot(24, alerts=alarm("firing"), events=(began,)),
        shot(92, alerts=over, events=(ended, began)),
        shot(200, alerts=over, events=(ended, began)),
    )
    (course,) = report.alerts
    assert (course.fired_at, course.resolved_at) == (began.at, ended.at)
    assert [at for at, _, text in lines(report) if text.startswith("alert")] == [23.4, 91.2]


def test_what_was_hidden_when_it_began_fired_when_it_came_into_force() -> None:
    began = told(301, Phase.FIRING)
    report = of(
        shot(0),
        shot(21, alerts=alarm("hidden", muted="follows from: x")),
        shot(302, alerts=alarm("firing"), events=(began,)),
        shot(310, alerts=alarm("acknowledged"), events=(began,)),
    )
    assert [one.fired_at for one in report.alerts] == [began.at]


def test_one_that_another_monitor_told_of_has_the_time_of_its_row() -> None:
    news = {"step": "watchdog_alert_warning", "order": "", "run": "", "alert": AlertNews("stuck", "firing")}
    report = of(shot(0), shot(60, alerts=alarm("firing")), rows=(row(22.5, "started", **news),))
    assert [one.fired_at for one in report.alerts] == [NOON + after(22.5)]
    elsewhere = of(shot(0), shot(60, alerts=alarm("firing")), rows=(row(222.5, "started", **news),))
    assert [one.fired_at for one in elsewhere.alerts if not one.of_rows] == [NOON + after(20)]


def test_one_whose_row_was_written_late_has_the_time_that_the_timeline_has() -> None:
    news = {"step": "watchdog_alert_warning", "order": "", "run": "", "alert": AlertNews("stuck", "firing")}
    late = row(622.5, "started", **news | {"late_s": 600})
    earlier = row(23.0, "started", **news | {"late_s": 1800})  # of half an hour before
    report = of(shot(0), shot(60, alerts=alarm("firing")), shot(700), rows=(late, earlier))
    assert [one.fired_at for one in report.alerts if not one.of_rows] == [NOON + after(22.5)]


def test_what_flaps_is_as_old_in_the_report_as_its_first_beginning() -> None:
    first, later = {"began_at": NOON + after(20)}, {"began_at": NOON + after(300)}
    report = of(shot(0), shot(21, alerts=alarm("firing", **first)), shot(301, alerts=alarm("firing", **later)))
    assert [one.began_at for one in report.alerts] == [NOON + after(20)]
