"""Each rule's edges, each stage's and each telling's, on a clock that moves when told."""

from datetime import timedelta
from typing import Any, Final

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.alerting.conditions import Facts, degraded
from core.alerting.escalation import Tell
from core.alerting.rules import rules
from core.alerting.settings import AlertRules
from core.alerting.silences import acknowledged, acknowledged_as
from core.alerting.sync import heard, of_alert
from core.checks.failure_rate import judge
from core.domain.alerts import AlertState, Phase
from core.domain.counts import SuccessRate
from core.domain.failure_rate import FailureRules
from core.domain.status import Level, Truth, Verdict
from core.resilience import BreakerState
from tests.alerting.timeline import START, Lives, breaker, facts_at, phases, rate

HOUR = timedelta(hours=1)
DOWN = {"database": Level.CRITICAL, "failure_rate": Level.UNKNOWN, "stuck_tasks": Level.UNKNOWN}
UNKNOWN = dict.fromkeys(("database", "failure_rate", "stuck_tasks", "activity"), Level.UNKNOWN)


def truth(rule: str, facts: Facts, subject: str = "") -> Truth:
    """What one rule says of such facts."""
    settings = AlertRules()
    found = [r for r in rules(settings) if r.name == rule and subject in {"", r.subject}]
    return found[0].judge(facts, settings).truth


@pytest.mark.parametrize(
    ("percent", "hour", "day"),
    [
        (79.9, Truth.TRUE, Truth.TRUE),
        (80.0, Truth.FALSE, Truth.TRUE),
        (94.9, Truth.FALSE, Truth.TRUE),
        (95.0, Truth.FALSE, Truth.FALSE),
    ],
)
def test_success_below_80_in_an_hour_is_critical_and_below_95_in_a_day_medium(
    percent: float, hour: Truth, day: Truth
) -> None:
    facts = facts_at(START, success_1h=rate(percent, HOUR), success_24h=rate(percent))
    assert truth("success_rate_critical", facts) is hour
    assert truth("success_rate_medium", facts) is day


@pytest.mark.parametrize(
    ("failed", "high", "critical"),
    [
        (50.0, Truth.FALSE, Truth.FALSE),
        (50.1, Truth.TRUE, Truth.FALSE),
        (80.0, Truth.TRUE, Truth.FALSE),
        (80.1, Truth.TRUE, Truth.TRUE),
    ],
)
def test_failures_above_50_are_high_and_above_80_critical(failed: float, high: Truth, critical: Truth) -> None:
    verdict = judge(rate(100 - failed), FailureRules())
    facts = Facts(at=START, verdicts={"failure_rate": verdict})
    assert truth("failure_rate_high", facts) is high
    assert truth("failure_rate_critical", facts) is critical


@pytest.mark.parametrize(("finished", "expected"), [(4, Truth.FALSE), (5, Truth.TRUE)])
def test_a_rate_of_four_finished_tasks_says_nothing(finished: int, expected: Truth) -> None:
    none = SuccessRate(0, finished, HOUR)
    facts = Facts(at=START, success_1h=none, success_24h=none, verdicts={"failure_rate": judge(none, FailureRules())})
    for rule in ("success_rate_critical", "success_rate_medium", "failure_rate_high", "failure_rate_critical"):
        assert truth(rule, facts) is expected


def test_what_was_not_measured_is_unknown_to_every_rule_that_needs_it() -> None:
    facts = Facts(at=START)
    known = {"healing_braked", "blind", "breakers_held", "set_aside"}  # about ourselves: always known
    settings = AlertRules()
    unknown = {r.name for r in rules(settings) if r.judge(facts, settings).truth is Truth.UNKNOWN}
    assert unknown == {r.name for r in rules(settings)} - known


@pytest.mark.parametrize(("held_s", "fires"), [(299.0, False), (301.0, True)])
def test_a_breaker_fires_after_five_minutes_not_closed_across_failed_probes(held_s: float, fires: bool) -> None:
    lives = Lives()
    for at_s in (60.0, 119.0, held_s):
        state = {60.0: BreakerState.HALF_OPEN, 119.0: BreakerState.DUE}.get(at_s, BreakerState.OPEN)
        one = breaker(lives.now + timedelta(seconds=at_s - lives.passed), state, at_s)
        lives.minute(at_s - lives.passed, breakers=(one,))
    assert lives.stage("breakers:db") == ("firing" if fires else "pending")
    assert bool(lives.told("breakers:db")) is fires


def test_a_breaker_that_is_merely_due_never_fires() -> None:
    lives = Lives()
    for _ in range(60):
        lives.minute(breakers=(breaker(lives.now, BreakerState.DUE, 3000.0),))
    assert lives.stage("breakers:db") == "inactive"
    assert lives.said == []


@pytest.mark.parametrize("state", [BreakerState.OPEN, BreakerState.HALF_OPEN])
def test_a_probe_under_way_is_not_closed_either(state: BreakerState) -> None:
    lives = Lives()
    lives.minute(breakers=(breaker(lives.now, state, 301.0),))
    assert lives.stage("breakers:db") == "firing"


def test_while_a_breaker_is_freshly_due_its_alert_waits_for_the_probe() -> None:
    lives = Lives()
    lives.minute(breakers=(breaker(lives.now, BreakerState.OPEN, 400.0),))
    for _ in range(10):
        lives.minute(breakers=(breaker(lives.now, BreakerState.DUE, 400.0),))  # opened anew each time
    assert lives.stage("breakers:db") == "firing"


def test_an_alert_about_a_breaker_that_became_due_and_is_never_called_again_resolves() -> None:
    lives = Lives()
    lives.minute(breakers=(breaker(lives.now, BreakerState.OPEN, 400.0),))
    assert lives.stage("breakers:db") == "firing"
    opened = lives.now
    for _ in range(5):
        due = breaker(opened, BreakerState.DUE, 30.0)
        lives.minute(breakers=(due,))
    assert lives.stage("breakers:db") == "resolved"


def test_a_breaker_that_nobody_calls_keeps_no_alert_once_another_was_closed_since_it_opened() -> None:
    lives = Lives()
    seldom = breaker(lives.now, BreakerState.OPEN, 400.0)
    lives.minute(breakers=(seldom,))
    assert lives.stage("breakers:db") == "firing"
    due = msgspec.structs.replace(seldom, state=BreakerState.DUE)
    before, since = (
        msgspec.structs.replace(seldom, key="db:often", state=BreakerState.CLOSED, since=seldom.since + span)
        for span in (timedelta(seconds=-1), timedelta(seconds=1))
    )
    lives.minute(10, breakers=(due, before))  # it was closed all the time: whether calls are answered now, nobody knows
    assert lives.stage("breakers:db") == "firing"
    for _ in range(3):
        lives.minute(breakers=(due, since))
    assert lives.stage("breakers:db") == "resolved"


def test_calls_refused_for_what_failed_before_another_was_answered_wait_for_their_probe() -> None:
    lives = Lives()
    opened = breaker(lives.now, BreakerState.OPEN, 400.0)
    answered = msgspec.structs.replace(
        opened, key="db:often", state=BreakerState.CLOSED, failures=0, since=lives.now + timedelta(seconds=1)
    )
    lives.minute(10, breakers=(opened, answered))
    assert lives.stage("breakers:db") == "inactive"
    again = breaker(lives.now, BreakerState.OPEN, 400.0)
    lives.minute(20, breakers=(msgspec.structs.replace(again, since=lives.now), answered))  # its probe failed
    assert lives.stage("breakers:db") == "firing"


def test_what_an_outage_hid_stays_hidden_until_it_is_measured_again() -> None:
    lives = Lives()
    for _ in range(9):
        lives.minute(breakers=(breaker(lives.now, BreakerState.OPEN, 301.0),), **DOWN)
    assert lives.alert("breakers:db").hidden == "database down"
    opened = breaker(lives.now, BreakerState.OPEN, 301.0)
    answered = msgspec.structs.replace(opened, key="db:often", state=BreakerState.CLOSED, failures=0, since=lives.now)
    lives.minute(10, breakers=(opened, answered))  # the database is back, and one call of two was answered
    assert (lives.alert("database_down:db").known, lives.alert("breakers:db").hidden) == (False, "database down")
    lives.minutes(2, breakers=(answered,))
    assert lives.stage("breakers:db") == "resolved"
    assert {key for _, key, _, _ in lives.said} == {"database_down:db"}
    lives.minutes(3, breakers=(breaker(lives.now, BreakerState.OPEN, 301.0),), **DOWN)
    lives.minute(breakers=(breaker(lives.now + timedelta(seconds=60), BreakerState.OPEN, 301.0),))
    assert (lives.stage("breakers:db"), lives.alert("breakers:db").hidden) == ("firing", "")  # it is so by itself


def test_an_alert_is_called_by_what_is_known_of_it_now() -> None:
    lives = Lives()
    page = Verdict(Level.CRITICAL, "API unreachable: a proxy answered 503 instead of the API")
    lives.minute(verdicts={"database": page})
    assert lives.alert("database_down:db").title == "API unreachable"
    lives.minute(**DOWN)
    assert lives.alert("database_down:db").title == "database down"


def test_in_an_outage_and_just_after_one_no_monitor_could_report() -> None:
    lives = Lives()
    for answers_for_s in (0.0, 10.0, 660.0):
        lives.minutes(2, health_row_age_s=4000.0, answers_for_s=answers_for_s)
    assert lives.stage("health_rows") == "inactive"
    lives.minutes(2, health_row_age_s=4000.0, answers_for_s=661.0)
    assert lives.stage("health_rows") == "firing"
    lives.minutes(5, health_row_age_s=4000.0, answers_for_s=10.0)  # another outage says nothing of it
    assert lives.stage("health_rows") == "firing"


def test_a_breaker_held_by_an_operator_never_fires_and_is_shown_as_taken_care_of() -> None:
    lives = Lives()
    held = breaker(START, BreakerState.HELD, 0.0, held_by="operator anna@ops", held_why="migration")
    lives.minutes(600, breakers=(held,))
    assert lives.stage("breakers:db") == "inactive"
    assert lives.alert("breakers_held").acked == "operator anna@ops"
    lives.minutes(1500, breakers=(held,))  # beyond a day, and without expiry
    assert lives.told() == []


def test_breakers_of_a_mail_server_or_a_heartbeat_are_no_alert() -> None:
    facts = facts_at(START, breakers=(breaker(START, BreakerState.OPEN, 900.0, key="alert:ntfy-1"),))
    assert {truth("breakers", facts, name) for name in ("db", "edge", "auth")} == {Truth.UNKNOWN}


@pytest.mark.parametrize(("last_s", "fires"), [(59.0, False), (61.0, True)])
def test_down_fires_as_high_at_once_and_rises_to_critical_after_600_seconds(last_s: float, fires: bool) -> None:
    lives = Lives()
    lives.minute(**DOWN)
    first = lives.alert("database_down:db")
    assert (first.stage, first.severity) == ("firing", "high")
    assert [phase for _, _, phase, _ in lives.said] == ["firing"]  # logged: an outage is never silent
    lives.minutes(9, **DOWN)  # known down for nine minutes
    lives.minute(last_s, **DOWN)
    last = lives.alert("database_down:db")
    assert last.severity == ("critical" if fires else "high")
    assert last.episode == first.episode
    assert phases(lives.told("database_down:db")) == (["firing"] if fires else [])


def test_who_took_care_of_a_short_outage_is_asked_again_when_it_is_a_long_one() -> None:
    lives = Lives(contacts=1)
    lives.minutes(2, **DOWN)
    lives.ack("database_down:db")
    lives.minutes(7, **DOWN)
    assert lives.alert("database_down:db").acked == "anna"
    lives.minutes(3, **DOWN)
    assert lives.alert("database_down:db").acked == ""
    assert lives.told() == [(12.0, "firing", (0,))] or lives.told() == [(11.0, "firing", (0,))]


@pytest.mark.parametrize(("answer_s", "stage"), [(2.0, "inactive"), (3.04, "firing")])
def test_a_database_of_which_every_answer_is_slow_for_two_minutes_is_an_alert(answer_s: float, stage: str) -> None:
    lives = Lives()
    lives.minutes(2, answer_s=answer_s)
    assert lives.stage("database_slow:db") != "firing"
    lives.minute(answer_s=answer_s)
    assert lives.stage("database_slow:db") == stage


def test_a_slow_database_that_goes_down_is_one_episode() -> None:
    lives = Lives()
    lives.minutes(3, answer_s=3.04)
    slow = lives.alert("database_slow:db")
    assert (slow.severity, slow.title, slow.text) == ("medium", "database slow", "answers take 3 s, more than 2 s")
    lives.minutes(2, answer_s=None, **DOWN)
    slow, down = lives.alert("database_slow:db"), lives.alert("database_down:db")
    assert (slow.episode, slow.hidden) == (down.episode, "database down")
    lives.minutes(2)
    assert lives.stage("database_slow:db") == "resolved"


@pytest.mark.parametrize(("blind_s", "fires"), [(599.0, False), (601.0, True)])
def test_blind_for_599_seconds_is_pending_and_for_601_fires(blind_s: float, fires: bool) -> None:
    lives = Lives()
    lives.minute(blind_for_s=blind_s - 60, **UNKNOWN)
    lives.minute(blind_for_s=blind_s, **UNKNOWN)
    assert lives.stage("blind") == ("firing" if fires else "pending")


@pytest.mark.parametrize(
    ("so", "key"),
    [
        ({"stuck_tasks": Level.WARNING}, "stuck_tasks"),
        ({"braked": "60 stuck tasks"}, "healing_braked"),
        ({"failure_rate": Level.WARNING}, "failure_rate_high:failure rate"),
        ({"success_1h": rate(70.0, HOUR)}, "success_rate_critical:success rate"),
        ({"success_24h": rate(90.0)}, "success_rate_medium:success rate"),
        ({"lost": ("tasks",)}, "degraded"),
        ({"health_row_age_s": 661.0}, "health_rows"),
        ({"activity": Level.WARNING}, "no_activity"),
        ({"set_aside": "the cache file was unreadable"}, "set_aside"),
        ({"clock_skew_s": -30.1}, "clock_skew"),
    ],
)
def test_without_a_time_of_its_own_a_condition_holds_for_two_evaluations(so: dict[str, Any], key: str) -> None:
    lives = Lives()
    lives.minute(**so)
    assert lives.stage(key) == "pending"
    lives.minute(**so)
    assert lives.stage(key) == "firing"
    lives.minute()
    assert lives.stage(key) == "firing"  # one false is not enough
    lives.minutes(9 if "rate" in key else 1)
    assert lives.stage(key) == "resolved"


@pytest.mark.parametrize(
    ("so", "key"),
    [
        ({"stopped": True, "stop_text": "why"}, "emergency_stop"),
        ({"failure_rate": Level.CRITICAL}, "failure_rate_critical:failure rate"),
    ],
)
def test_what_has_no_patience_fires_and_is_told_at_once(so: dict[str, Any], key: str) -> None:
    lives = Lives()
    lives.minute(**so)
    assert lives.told(key) == [(1.0, "firing", (0,))]


@pytest.mark.parametrize(
    ("so", "key"),
    [
        ({"health_row_age_s": 660.0}, "health_rows"),
        ({"clock_skew_s": 30.0}, "clock_skew"),
        ({"blind_for_s": 0.0}, "blind"),
    ],
)
def test_on_the_line_is_not_beyond_it(so: dict[str, Any], key: str) -> None:
    lives = Lives()
    lives.minutes(3, **so)
    assert lives.stage(key) == "inactive"


def test_two_falses_less_than_a_minute_apart_resolve_nothing() -> None:
    lives = Lives()
    lives.minutes(2, stuck_tasks=Level.WARNING)
    lives.minute(30)
    lives.minute(59)
    assert lives.stage("stuck_tasks") == "firing"
    lives.minute(1)
    assert lives.stage("stuck_tasks") == "resolved"


def test_a_rate_holds_ten_minutes_after_it_was_last_true() -> None:
    lives = Lives()
    lives.minute(failure_rate=Level.CRITICAL)
    lives.minutes(9)
    assert lives.stage("failure_rate_critical:failure rate") == "firing"
    lives.minute()
    assert lives.stage("failure_rate_critical:failure rate") == "resolved"


def test_unknown_in_the_middle_of_its_time_freezes_it() -> None:
    lives = Lives()
    lives.minutes(6, **DOWN)  # five minutes known
    lives.minutes(60, **UNKNOWN)
    assert lives.alert("database_down:db").severity == "high"
    lives.minutes(5, **DOWN)  # the first of them only knows again: four minutes more
    assert lives.alert("database_down:db").severity == "high"
    lives.minute(**DOWN)
    assert lives.alert("database_down:db").severity == "critical"


def test_unknown_resolves_nothing_and_repeats_and_escalates_go_on() -> None:
    lives = Lives(contacts=2)
    lives.minutes(11, **DOWN)
    lives.minutes(300, **UNKNOWN)
    assert lives.stage("database_down:db") == "firing"
    assert phases(lives.told("database_down:db")) == ["firing", "escalated", "repeated"]


@pytest.mark.parametrize(("away_s", "stage"), [(3599.0, "firing"), (3601.0, "pending")])
def test_a_restart_keeps_what_was_held_if_away_for_an_hour_at_most(away_s: float, stage: str) -> None:
    lives = Lives()
    lives.minute(blind_for_s=480.0, **UNKNOWN)
    lives.restart(away_s)
    lives.minute(blind_for_s=1.0, **UNKNOWN)  # it knows again: the time away was seen by nobody
    lives.minutes(2, blind_for_s=1.0, **UNKNOWN)
    assert lives.stage("blind") == stage


def test_a_restart_keeps_for_how_long_an_outage_lasted() -> None:
    lives = Lives()
    lives.minutes(9, **DOWN)  # eight minutes
    lives.restart(3000.0)
    lives.minutes(2, **DOWN)
    assert lives.alert("database_down:db").severity == "high"
    lives.minute(**DOWN)  # two more
    assert lives.alert("database_down:db").severity == "critical"


def test_a_restart_sends_nothing_again_and_repeats_on_time() -> None:
    lives = Lives(contacts=1)
    lives.minute(stopped=True)
    lives.restart(3 * 3600)
    lives.minutes(30, stopped=True)
    assert phases(lives.told()) == ["firing"]
    lives.minutes(31, stopped=True)
    assert phases(lives.told()) == ["firing", "repeated"]


def test_a_low_alert_is_told_after_a_day_however_often_the_monitor_was_restarted() -> None:
    lives = Lives(contacts=1)
    lives.minutes(2, activity=Level.WARNING)
    for _ in range(25):
        lives.restart(3480)
        lives.minutes(2, activity=Level.WARNING)
    assert phases(lives.told()) == ["firing"]


def test_critical_goes_to_the_next_contact_every_five_minutes_and_is_repeated_every_four_hours() -> None:
    lives = Lives(contacts=3)
    lives.minutes(1 + 5 * 60, stopped=True)
    assert lives.told() == [
        (1.0, "firing", (0,)),
        (6.0, "escalated", (1,)),
        (11.0, "escalated", (2,)),
        (251.0, "repeated", (0, 1, 2)),
    ]


@pytest.mark.parametrize(
    ("so", "key", "after_min"),
    [
        ({"stuck_tasks": Level.WARNING}, "stuck_tasks", 15),
        ({"success_24h": rate(90.0)}, "success_rate_medium:success rate", 60),
        ({"clock_skew_s": 99.0}, "clock_skew", 24 * 60),
    ],
)
def test_the_less_bad_it_is_the_later_the_first_contact_is_told(so: dict[str, Any], key: str, after_min: int) -> None:
    lives = Lives(contacts=2)
    lives.minutes(1 + after_min, **so)
    assert lives.told(key) == []
    lives.minute(**so)
    assert lives.told(key) == [(2.0 + after_min, "firing", (0,))]
    lives.minutes(230, **so)
    assert phases(lives.told(key)) == ["firing"]  # no second contact, no repeat before four hours
    lives.minutes(11)
    assert lives.told(key)[-1][1:] == ("resolved", (0,))


def test_an_acknowledgement_ends_the_telling_until_it_expires_after_eight_hours() -> None:
    lives = Lives(contacts=3)
    lives.minutes(3, stopped=True)
    lives.ack("emergency_stop")
    lives.minutes(8 * 60 - 1, stopped=True)
    assert phases(lives.told()) == ["firing"]
    lives.minute(stopped=True)
    assert lives.told()[-1] == (8 * 60 + 3.0, "escalated", (1,))


def test_an_acknowledgement_ends_with_the_episode() -> None:
    lives = Lives()
    lives.minutes(2, stopped=True)
    lives.ack("emergency_stop")
    lives.minutes(3)
    assert phases(lives.told()) == ["firing", "resolved"]
    lives.minute(stopped=True)
    assert phases(lives.told()) == ["firing", "resolved", "firing"]


def test_a_stop_is_over_as_soon_as_it_is_seen_to_be_lifted_and_one_of_another_monitor_is_not() -> None:
    lives = Lives()
    lives.minutes(2, stopped=True)
    lives.minute(after_s=5.0)
    assert phases(lives.told()) == ["firing", "resolved"]
    other = Lives()
    other.minutes(3)
    firing = msgspec.structs.replace(lives.alert("emergency_stop"), stage=AlertState.FIRING, episode="theirs")
    other.state_machine.adopt((firing,))
    other.minute(after_s=5.0)  # what it has read is older than that stop
    assert other.alert("emergency_stop").stage is AlertState.FIRING
    other.minutes(2)
    assert other.alert("emergency_stop").stage is AlertState.RESOLVED


def test_what_must_hold_twice_holds_twice_across_restarts_and_unknowns_and_not_within_a_moment() -> None:
    restarted, unsure, hurried = Lives(), Lives(), Lives()
    for _ in range(2):  # as one command after the other does it
        assert restarted.stage("stuck_tasks") != "firing"
        restarted.minute(stuck_tasks=Level.WARNING)
        restarted.restart(60)
    assert restarted.stage("stuck_tasks") == "firing"
    unsure.minute(stuck_tasks=Level.WARNING)
    unsure.minute(stuck_tasks=Level.UNKNOWN)
    unsure.minute(stuck_tasks=Level.WARNING)
    assert unsure.stage("stuck_tasks") == "firing"
    for _ in range(5):  # something else called for each of them
        hurried.minute(after_s=5.0, stuck_tasks=Level.WARNING)
        assert hurried.stage("stuck_tasks") == "pending"
    hurried.minute(after_s=30.0, stuck_tasks=Level.WARNING)
    assert hurried.stage("stuck_tasks") == "firing"


def test_an_acknowledgement_does_not_cover_a_rise_in_severity_of_the_same_episode() -> None:
    lives = Lives()
    lives.minutes(2, failure_rate=Level.WARNING)
    lives.ack("failure_rate_high:failure rate")
    lives.minutes(60, failure_rate=Level.WARNING)
    assert lives.told() == []
    lives.minute(failure_rate=Level.CRITICAL)
    assert lives.alert("failure_rate_critical:failure rate").episode == lives.acks[0].episode
    assert lives.told() == [(63.0, "firing", (0,))]
    lives.ack("failure_rate_critical:failure rate")
    lives.minutes(60, failure_rate=Level.WARNING)  # and a fall is covered
    assert phases(lives.told()) == ["firing", "resolved"]


def test_a_milder_alert_that_an_acknowledgement_covers_says_what_was_acknowledged() -> None:
    lives = Lives()
    lives.minutes(2, failure_rate=Level.CRITICAL)
    grave = lives.alert("failure_rate_critical:failure rate")
    lives.ack(grave.key)
    assert acknowledged_as(grave, lives.acks, lives.now, lives.settings) == ""
    lives.minutes(30, failure_rate=Level.WARNING)
    mild = lives.alert("failure_rate_high:failure rate")
    assert acknowledged(mild, lives.acks, lives.now, lives.settings) == "anna"
    assert acknowledged_as(mild, lives.acks, lives.now, lives.settings) == "critical"
    lives.ack(mild.key)
    assert acknowledged_as(mild, lives.acks, lives.now, lives.settings) == ""


def test_what_comes_back_after_it_was_over_is_acknowledged_by_nobody_though_a_milder_alert_went_on() -> None:
    lives = Lives()
    lives.minutes(2, failure_rate=Level.CRITICAL)
    lives.ack("failure_rate_critical:failure rate")
    lives.minutes(30, failure_rate=Level.WARNING)
    assert lives.alert("failure_rate_critical:failure rate").stage is AlertState.RESOLVED
    assert lives.alert("failure_rate_high:failure rate").acked == "anna"
    lives.minutes(2, failure_rate=Level.CRITICAL)
    again = lives.alert("failure_rate_critical:failure rate")
    assert (again.acked, again.episode == lives.acks[0].episode) == ("", False)
    assert phases(lives.told("failure_rate_critical:failure rate")) == ["firing", "resolved", "firing"]
    lives.ack(again.key)
    lives.minutes(30, failure_rate=Level.WARNING)
    assert lives.alert("failure_rate_high:failure rate").acked == "anna"  # the first acknowledgement still is of it


RATE: Final = "failure_rate_critical:failure rate"


def test_a_second_storm_within_the_hold_of_the_first_is_news_and_acknowledged_by_nobody() -> None:
    lives = Lives()
    lives.minutes(5, failure_rate=Level.CRITICAL)
    lives.ack(RATE)
    lives.minutes(4)
    first = lives.alert(RATE)
    assert (first.firing, first.known, first.acked) == (True, False, "anna")
    second_at = lives.now + timedelta(minutes=1)
    lives.minutes(2, failure_rate=Level.CRITICAL)
    again = lives.alert(RATE)
    assert (again.firing, again.acked, again.episode == first.episode) == (True, "", False)
    assert (again.began_at, again.fired_at) == (second_at, second_at)
    assert phases(lives.told(RATE)) == ["firing", "resolved", "firing"]
    assert [turn for _, key, turn in lives.turns if key == RATE] == ["fired", "fired"]


def test_no_later_storm_is_acknowledged_with_the_first_though_a_milder_alert_went_on_through_all_of_them() -> None:
    lives, low = Lives(), "success_rate_critical:success rate"
    seen = set[str]()
    for storm in range(4):
        lives.minutes(5, success_1h=rate(70.0), success_24h=rate(90.0))
        assert lives.alert(low).firing
        assert (lives.alert(low).acked, lives.alert(low).episode in seen) == ("", False), storm
        seen.add(lives.alert(low).episode)
        if storm == 0:
            lives.ack(low)
        lives.minutes(15, success_1h=rate(99.0), success_24h=rate(90.0))
        assert not lives.alert(low).firing
        assert lives.alert("success_rate_medium:success rate").firing


def test_what_must_hold_twice_is_news_once_it_held_twice_again() -> None:
    lives = Lives()
    low, key = {"success_1h": rate(70.0)}, "success_rate_critical:success rate"
    lives.minutes(5, **low)
    lives.ack(key)
    lives.minutes(4)
    began_at = lives.now + timedelta(minutes=1)
    lives.minute(**low)
    assert (lives.alert(key).acked, lives.alert(key).known) == ("anna", True)
    lives.minute(**low)
    assert (lives.alert(key).acked, lives.alert(key).began_at) == ("", began_at)


def test_what_nobody_has_and_comes_back_within_the_hold_goes_on_as_one() -> None:
    lives, key = Lives(), "failure_rate_high:failure rate"
    lives.minutes(20, failure_rate=Level.WARNING)
    first = lives.alert(key).episode
    lives.minutes(4)
    lives.minutes(2, failure_rate=Level.WARNING)
    assert lives.alert(key).episode == first
    lives.minutes(15)
    assert lives.stage(key) == "resolved"
    assert phases(lives.told(key)) == ["firing", "resolved"]


def test_what_a_contact_was_told_of_is_ended_though_what_came_back_is_over_before_anybody_is_told() -> None:
    lives, key = Lives(), "failure_rate_high:failure rate"
    lives.minutes(20, failure_rate=Level.WARNING)
    lives.ack(key)
    lives.minutes(4)
    lives.minutes(2, failure_rate=Level.WARNING)
    lives.minutes(15)
    assert lives.stage(key) == "resolved"
    assert phases(lives.told(key)) == ["firing", "resolved"]


@pytest.mark.parametrize(
    ("well_min", "ill_min"), [(1, 1), (1, 5), (2, 2), (2, 1), (3, 3), (6, 6), (9, 6), (4, 7), (8, 4), (3, 2)]
)
def test_a_rate_about_its_threshold_is_no_flood(well_min: int, ill_min: int) -> None:
    lives = Lives(contacts=1)
    while lives.passed < 6 * 3600:
        lives.minutes(ill_min, failure_rate=Level.CRITICAL)
        lives.minutes(well_min)
    told = phases(lives.told(RATE))
    assert [phase for phase in told if phase != "repeated"] == ["firing"]
    assert len(told) <= 1 + 6


@pytest.mark.parametrize("who", ["", "anna"])
def test_what_flaps_and_comes_back_has_its_new_beginning_and_is_told_to_nobody(who: str) -> None:
    lives = Lives(contacts=1)
    lives.minute()
    for _ in range(2):
        lives.minutes(2, **DOWN)
        lives.minutes(3)
    flapping = lives.alert("database_down:db")
    assert (flapping.firing, flapping.flapping, flapping.known) == (True, True, False)
    if who:
        lives.ack("database_down:db")
    said, third_at = len(lives.said), lives.now + timedelta(minutes=1)
    lives.minutes(3, **DOWN)
    third = lives.alert("database_down:db")
    assert (third.flapping, third.began_at, third.acked) == (True, third_at, who)
    assert lives.said[said:] == []


def test_a_moment_in_between_is_no_new_outage_of_what_flaps() -> None:
    lives = Lives()
    lives.minute()
    for _ in range(2):
        lives.minutes(2, **DOWN)
        lives.minutes(2)
    lives.minutes(2, **DOWN)
    began_at = lives.alert("database_down:db").began_at
    lives.minute()
    lives.minute(**DOWN)
    assert lives.alert("database_down:db").began_at == began_at


def test_what_ended_here_does_not_come_back_because_another_monitor_has_not_seen_it_yet() -> None:
    theirs, ours = Lives(), Lives()
    theirs.minute(activity=Level.WARNING)
    theirs.minute(activity=Level.WARNING)
    row = of_alert(Tell(alert=theirs.alert("no_activity"), phase=Phase.FIRING), "watchdog b@b", "b", theirs.now)
    ours.minute()
    said = heard([row.told], ours.rules, ours.now + timedelta(minutes=1))
    ours.state_machine.adopt(said.alerts, follow=True)
    assert ours.stage("no_activity") == "firing"
    ours.minutes(2)
    assert ours.stage("no_activity") == "resolved"
    ours.minute(activity=Level.WARNING)
    for _ in range(3):
        ours.state_machine.adopt(said.alerts, follow=True)
        ours.minute()
        assert ours.stage("no_activity") == "inactive"


@pytest.mark.parametrize("restarted", [False, True])
def test_a_second_storm_seen_here_first_is_not_the_first_one_again_until_its_sender_sees_it(restarted: bool) -> None:
    theirs, ours = Lives(), Lives()
    theirs.minute(failure_rate=Level.CRITICAL)
    first = theirs.alert(RATE)
    ours.state_machine.adopt([first], follow=True)
    ours.minutes(3, failure_rate=Level.CRITICAL)
    ours.ack(RATE)
    ours.minutes(3)
    ours.minute(failure_rate=Level.CRITICAL)
    second = ours.alert(RATE).episode
    assert second != first.episode
    if restarted:
        ours.state_machine.restore(dict(ours.state_machine.alerts), 0.0)
    ours.state_machine.adopt([first], follow=True)
    assert ours.alert(RATE).episode == second
    ours.minutes(10, failure_rate=Level.CRITICAL)  # the sender knows of one episode alone
    ours.state_machine.adopt([first], follow=True)
    assert ours.alert(RATE).episode == first.episode


def test_what_another_monitor_saw_the_end_of_is_over_here_unless_it_was_last_seen_to_hold() -> None:
    ours = Lives()
    ours.minutes(3, activity=Level.WARNING)
    fired = ours.alert("no_activity")
    assert fired.firing
    ours.state_machine.adopt([], {("no_activity", fired.episode): ours.now})
    for level in (Level.WARNING, Level.UNKNOWN, Level.UNKNOWN):
        ours.minute(activity=level)
        assert ours.stage("no_activity") == "firing"
    ours.minute()
    assert ours.stage("no_activity") == "resolved"


def test_what_is_known_to_be_over_ends_with_the_word_of_another_monitor_though_nobody_looked_since() -> None:
    ours = Lives()
    ours.minutes(3, activity=Level.WARNING)
    ours.minute()
    ours.minute(**UNKNOWN)
    fired = ours.alert("no_activity")
    assert (fired.firing, fired.known) == (True, False)
    ours.state_machine.adopt([], {("no_activity", fired.episode): ours.now})
    ours.minute(**UNKNOWN)
    assert ours.stage("no_activity") == "resolved"


def test_what_fails_here_alone_is_no_new_alert_after_each_end_that_another_monitor_sees() -> None:
    ours = Lives()
    ours.minute(breakers=(breaker(ours.now, BreakerState.OPEN, 301.0),))
    key = next(key for key, one in ours.state_machine.alerts.items() if one.firing)
    episode = ours.alert(key).episode
    for minute in range(12):
        ours.state_machine.adopt([], {(key, ours.alert(key).episode): ours.now})
        state = BreakerState.OPEN if minute % 2 else BreakerState.DUE
        ours.minute(breakers=(breaker(ours.now, state, 301.0 + 60 * minute),))
    assert (ours.alert(key).firing, ours.alert(key).episode) == (True, episode)


def test_a_silence_that_ends_while_it_is_true_sends_at_once() -> None:
    lives = Lives()
    lives.silence("emergency_stop", minutes=30)
    lives.minutes(29, stopped=True)
    assert lives.stage("emergency_stop") == "firing"
    assert lives.told() == []
    lives.minute(stopped=True)
    assert lives.told() == [(30.0, "firing", (0,))]


def test_what_was_sent_as_firing_is_sent_as_resolved_while_muted() -> None:
    lives = Lives()
    lives.minute(stopped=True)
    lives.silence("*", minutes=600)
    lives.minutes(300, stopped=True)
    lives.minutes(2)
    assert phases(lives.told()) == ["firing", "resolved"]


def test_what_nobody_heard_of_is_not_sent_as_resolved() -> None:
    lives = Lives()
    lives.silence("critical", minutes=600)
    lives.minutes(5, stopped=True)
    lives.minutes(5)
    assert lives.told() == []


def test_a_stop_that_an_operator_ordered_fires_acknowledged_by_them_without_expiry() -> None:
    lives = Lives(contacts=3)
    lives.minutes(24 * 60, stopped=True, stopped_by="operator anna@ops")
    assert lives.alert("emergency_stop").acked == "operator anna@ops"
    assert lives.told() == []
    lives.minutes(2)
    assert lives.told() == []


def test_from_the_first_minute_a_database_that_is_down_hides_what_follows_from_it() -> None:
    lives = Lives()
    for _ in range(9):
        one = breaker(lives.now, BreakerState.OPEN, 301.0)
        lives.minute(breakers=(one,), lost=("tasks", "stats"), **DOWN)
    assert lives.stage("breakers:db") == "firing"
    assert lives.alert("breakers:db").hidden == "database down"
    assert {key for _, key, _, _ in lives.said} == {"database_down:db"}
    assert lives.told() == []


def test_what_is_pending_keeps_what_follows_from_it_from_starting_and_mutes_nothing_that_fires() -> None:
    lives = Lives(settings=AlertRules(success_critical_percent=80.0))
    low = {"success_1h": rate(70.0, HOUR), "success_24h": rate(70.0)}
    lives.minutes(2, success_24h=rate(70.0))
    assert lives.stage("success_rate_medium:success rate") == "firing"
    lives.minute(**low)
    assert lives.stage("success_rate_critical:success rate") == "pending"
    assert lives.alert("success_rate_medium:success rate").hidden == ""
    other = Lives()
    other.minute(**low)
    assert other.stage("success_rate_medium:success rate") == "pending"
    other.minute(**low)
    assert other.stage("success_rate_critical:success rate") == "firing"
    assert {key for _, key, _, _ in other.said} == {"success_rate_critical:success rate"}


def test_what_is_about_to_be_over_hides_nothing_and_what_it_hid_is_told_only_if_it_is_so() -> None:
    lives = Lives(contacts=1)
    lives.minutes(12, failure_rate=Level.CRITICAL, database=Level.CRITICAL, lost=("tasks",))
    assert [key for _, key, _, _ in lives.said if key != "failure_rate_critical:failure rate"]
    lives.said.clear()
    lives.minute(failure_rate=Level.CRITICAL)  # it is back: the outage is resolving, the failures are so
    assert lives.alert("database_down:db").stage == "firing"
    assert lives.alert("failure_rate_critical:failure rate").hidden == ""
    assert {key for _, key, _, to in lives.said if to} == {"failure_rate_critical:failure rate"}
    assert "degraded" not in {key for _, key, _, _ in lives.said}


def test_failing_calls_become_the_database_being_down_in_the_same_episode() -> None:
    lives = Lives()
    lives.minute(breakers=(breaker(lives.now, BreakerState.OPEN, 400.0),))
    lives.ack("breakers:db")
    lives.minutes(11, **DOWN)
    assert lives.alert("database_down:db").episode == lives.alert("breakers:db").episode
    assert phases(lives.told("database_down:db")) == []  # acknowledged, and no worse than that
    assert lives.alert("database_down:db").acked == "anna"


@pytest.mark.parametrize("so", [{"stopped": True, "stopped_by": "operator anna@ops"}, {"enabled": False}])
def test_a_stopped_or_disabled_system_is_expected_to_do_nothing(so: dict[str, Any]) -> None:
    lives = Lives()
    bad = {"activity": Level.WARNING, "success_1h": rate(10.0, HOUR), "success_24h": rate(10.0)}
    lives.minutes(26 * 60, **so, **bad)
    assert lives.told() == []
    lives.minutes(2, **bad)
    lives.minutes(3, **bad)
    assert phases(lives.told("success_rate_critical:success rate")) == ["firing"]  # not hidden any more


def test_critical_hides_the_lower_one_of_its_subject() -> None:
    lives = Lives()
    lives.minutes(60, failure_rate=Level.CRITICAL)
    assert lives.alert("failure_rate_high:failure rate").hidden == "most tasks fail"
    assert lives.told("failure_rate_high:failure rate") == []


MANY_FAIL = {"failure_rate": Level.WARNING, "success_24h": rate(48.9)}
"""Half of the day's tasks failed."""


def hidden(lives: Lives) -> dict[str, str]:
    """What hides each alert that fires; empty where nothing does."""
    return {one.rule: one.hidden for one in lives.state_machine.alerts.values() if one.firing}


def test_one_quantity_is_told_by_its_gravest_alert_alone() -> None:
    lives = Lives(contacts=1)
    lives.minutes(90, success_1h=rate(11.7, HOUR), **MANY_FAIL)
    assert {key for _, key, _, _ in lives.said} == {"success_rate_critical:success rate"}
    lives.minutes(11, **MANY_FAIL)  # the last hour is well again, the day is not
    assert hidden(lives) == {"failure_rate_high": "", "success_rate_medium": "many tasks fail"}
    assert phases(lives.told("failure_rate_high:failure rate")) == ["firing"]
    lives.minutes(11, success_24h=rate(92.0))
    assert hidden(lives) == {"success_rate_medium": ""}
    lives.minutes(11)
    assert hidden(lives) == {}


def test_what_follows_comes_into_force_only_if_it_is_so_when_the_graver_one_is_over() -> None:
    lives = Lives(contacts=1)
    lives.minutes(90, success_1h=rate(11.7, HOUR), **MANY_FAIL)
    before = len(lives.said)
    lives.minutes(30)  # all is well at once
    assert [phase for _, _, phase, _ in lives.said[before:]] == ["resolved"]


def test_what_is_held_back_itself_holds_nothing_back() -> None:
    lives = Lives(contacts=1)
    lives.minutes(30, stopped=True, success_1h=rate(11.7, HOUR), **MANY_FAIL)
    found = hidden(lives)
    assert found["success_rate_critical"] == "emergency stop is set"
    assert found["failure_rate_high"] == ""  # a stop explains no failures, and nothing graver tells of them


@pytest.mark.parametrize(
    ("lost", "answers_for_s", "truth"),
    [
        (("stats",), None, Truth.TRUE),
        (("stats",), 0.0, Truth.TRUE),  # the outage lasts, and inhibits it
        (("stats",), 5.0, Truth.UNKNOWN),
        (("stats",), 61.0, Truth.TRUE),
        (("stats", "edge_function"), 5.0, Truth.TRUE),
        ((), 5.0, Truth.FALSE),
    ],
)
def test_what_is_read_again_after_an_outage_is_no_degraded_mode_yet(
    lost: tuple[str, ...], answers_for_s: float | None, truth: Truth
) -> None:
    facts = Facts(at=START, lost=lost, answers_for_s=answers_for_s)
    assert degraded(facts, AlertRules()).truth is truth


def test_what_a_stop_holds_back_is_not_said_to_follow_from_it() -> None:
    def why(**so: Any) -> str:
        lives = Lives()
        low = lives.alert_of("success_rate_critical", success_1h=rate(11.7, HOUR), **so)
        return low.why_hidden(lives.state_machine.cause_of(low))

    assert why() == ""
    assert why(stopped=True) == "held back while: emergency stop is set"
    assert why(enabled=False) == "held back while: the system is disabled"
    lives = Lives()
    follows = lives.alert_of("failure_rate_high", success_1h=rate(11.7, HOUR), **MANY_FAIL)
    cause = lives.state_machine.cause_of(follows)
    assert follows.why_hidden(cause) == "follows from: success rate is low"
    assert cause is not None
    acked = msgspec.structs.replace(cause, acked="anna")
    assert follows.why_hidden(acked) == "follows from: success rate is low (acknowledged)"


def test_nothing_follows_from_what_began_later_or_is_over_and_what_is_over_follows_from_nothing() -> None:
    lives = Lives(contacts=1)
    lives.minutes(5, **MANY_FAIL)
    assert lives.stage("failure_rate_high:failure rate") == "firing"
    lives.minutes(3, success_1h=rate(11.7, HOUR), **MANY_FAIL)
    high = lives.alert("failure_rate_high:failure rate")
    assert high.why_hidden(lives.state_machine.cause_of(high)) == "held back while: success rate is low"
    over = msgspec.structs.replace(high, stage=AlertState.RESOLVED)
    assert over.why_hidden(lives.state_machine.cause_of(over)) == ""
    lives.minutes(12, **MANY_FAIL)
    assert lives.stage("success_rate_critical:success rate") == "resolved"
    assert high.hidden
    assert high.why_hidden(lives.state_machine.cause_of(high)) == ""


FOLLOWERS = ("breakers:db", "degraded", "failure_rate_critical:failure rate")


def an_outage(lives: Lives) -> None:
    """Nine minutes of one in which everything fails that may fail by it."""
    for _ in range(9):
        opened = breaker(lives.now, BreakerState.OPEN, 301.0)
        lives.minute(database=Level.CRITICAL, failure_rate=Level.CRITICAL, breakers=(opened,), lost=("tasks",))


def test_what_followed_from_an_outage_never_stands_as_resolving_once_that_is_over() -> None:
    lives = Lives(contacts=1)
    an_outage(lives)
    assert [lives.alert(key).unheard for key in FOLLOWERS] == [True, True, True]
    closed = msgspec.structs.replace(breaker(lives.now, BreakerState.CLOSED, 0.0), failures=0)
    for _ in range(15):
        lives.minute(breakers=(closed,))
        for key in FOLLOWERS:
            alert = lives.alert(key)
            assert not (alert.firing and not alert.hidden), key
    assert [lives.stage(key) for key in FOLLOWERS] == ["resolved"] * 3
    assert {key for _, key, _, _ in lives.said} == {"database_down:db"}


FACTS: Final = st.fixed_dictionaries(
    {
        "database": st.sampled_from([Level.OK, Level.CRITICAL]),
        "failure_rate": st.sampled_from([Level.OK, Level.WARNING, Level.CRITICAL, Level.UNKNOWN]),
        "success_1h": st.sampled_from([rate(100.0, HOUR), rate(11.7, HOUR), None]),
        "stopped": st.sampled_from([False, True, None]),
        "enabled": st.sampled_from([True, False, None]),
        "lost": st.sampled_from([(), ("tasks",), None]),
        "answer_s": st.sampled_from([0.1, 3.0, None]),
    }
)


@given(st.lists(FACTS, min_size=5, max_size=30), st.integers(0, 1))
def test_whatever_happens_only_what_was_told_stands_as_resolving(course: list[dict[str, Any]], contacts: int) -> None:
    lives = Lives(contacts=contacts)
    for facts in course:
        lives.minute(**facts)
        for alert in lives.state_machine.alerts.values():
            if alert.firing and not alert.hidden and alert.known is False:
                assert alert.messages, alert.key
            cause = lives.state_machine.cause_of(alert)
            if "follows from" in alert.why_hidden(cause):
                assert cause is not None
                assert cause.firing
                assert cause.began_at <= alert.began_at


def test_what_was_told_before_an_outage_hid_it_resolves_as_anything_else_does() -> None:
    lives = Lives(contacts=1)
    lives.minutes(3, failure_rate=Level.CRITICAL)
    an_outage(lives)
    assert lives.alert("failure_rate_critical:failure rate").hidden == "database down"
    lives.minutes(2)
    assert lives.stage("failure_rate_critical:failure rate") == "firing"  # resolving: a rate holds for ten minutes
    lives.minutes(10)
    assert phases(lives.told("failure_rate_critical:failure rate")) == ["firing", "resolved"]


@pytest.mark.parametrize("contacts", [0, 1])
def test_what_is_so_without_what_hid_it_comes_into_force_with_a_row(contacts: int) -> None:
    lives = Lives(contacts=contacts)
    an_outage(lives)
    lives.minutes(3, lost=("tasks",))
    assert ("degraded", "firing") in [(key, phase) for _, key, phase, _ in lives.said]


def test_what_an_outage_hid_and_nobody_measured_since_is_told_to_nobody_once_that_is_over() -> None:
    lives = Lives(contacts=1)
    an_outage(lives)
    lives.minutes(3, failure_rate=Level.UNKNOWN, lost=None)
    assert lives.stage("database_down:db") == "resolved"
    assert lives.stage("failure_rate_critical:failure rate") == "inactive"
    assert {key for _, key, _, _ in lives.said} == {"database_down:db"}
    lives.minute(failure_rate=Level.CRITICAL)  # and if it is so all the same, it begins by itself
    assert phases(lives.told("failure_rate_critical:failure rate")) == ["firing"]


def test_a_breaker_not_called_since_the_database_answered_says_nothing_of_it() -> None:
    lives = Lives(contacts=1)
    an_outage(lives)
    opened = breaker(lives.now, BreakerState.OPEN, 301.0)
    answered_at = {"database": lives.now + timedelta(seconds=1)}
    lives.minutes(2, breakers=(opened,), checked_at=answered_at)
    assert lives.stage("database_down:db") == "resolved"
    assert "breakers:db" not in {key for _, key, _, _ in lives.said}
    for _ in range(2):  # the next call fails, too
        again = breaker(lives.now + timedelta(seconds=60), BreakerState.OPEN, 500.0)
        lives.minute(breakers=(again,), checked_at=answered_at)
    assert phases(lives.told("breakers:db")) == ["firing"]


def test_no_follower_is_graver_than_what_it_follows_from() -> None:
    found = {rule.name: rule for rule in rules(AlertRules())}
    for rule in found.values():
        causes = [found[name] for name in rule.hidden_by if name in found]
        assert all(cause.severity.rank <= rule.severity.rank for cause in causes), rule.name
        assert rule.name not in {name for cause in causes for name in cause.hidden_by}, rule.name


def test_four_changes_in_twenty_minutes_flap_once_and_end_after_twenty_quiet_ones() -> None:
    lives = Lives(contacts=2)
    for number in range(4):  # there, gone, there, gone: three changes
        lives.minute(activity=Level.WARNING if number % 2 == 0 else Level.OK)
    assert not lives.alert("no_activity").flapping
    lives.minute(activity=Level.WARNING)
    assert lives.alert("no_activity").flapping
    lives.minutes(19, activity=Level.WARNING)
    assert lives.alert("no_activity").flapping
    lives.minute(activity=Level.WARNING)
    assert not lives.alert("no_activity").flapping
    assert lives.stage("no_activity") == "firing"


def test_what_goes_to_and_fro_hides_nothing_while_it_is_well() -> None:
    lives = Lives()
    for number in range(6):
        lives.minute(**(DOWN if number % 2 == 0 else {}))
    assert lives.alert("database_down:db").flapping
    lives.minute(stuck_tasks=Level.WARNING)
    lives.minutes(2, stuck_tasks=Level.WARNING)
    assert lives.stage("database_down:db") == "firing"
    assert (lives.stage("stuck_tasks"), lives.alert("stuck_tasks").hidden) == ("firing", "")
    lives.minute(**DOWN)
    assert lives.alert("stuck_tasks").hidden == "database down"


def test_changes_further_apart_than_that_do_not_flap_and_unknown_is_no_time() -> None:
    lives = Lives()
    for _ in range(6):
        lives.minute(activity=Level.WARNING)
        lives.minutes(19)
    assert not lives.alert("no_activity").flapping
    lives = Lives()
    for _ in range(5):
        lives.minute(activity=Level.WARNING)
        lives.minutes(60, **UNKNOWN)
        lives.minute()
    assert lives.alert("no_activity").flapping  # the hours in between were seen by nobody


def test_a_breaker_flapping_for_an_hour_is_one_message_and_one_when_it_is_steady() -> None:
    lives = Lives(contacts=3)
    for number in range(60):
        state = BreakerState.OPEN if number % 3 else BreakerState.CLOSED
        lives.minute(breakers=(breaker(lives.now, state, 60.0),))
    assert phases(lives.told()) == ["flapping"]
    for _ in range(25):
        lives.minute(breakers=(breaker(lives.now, BreakerState.CLOSED, 0.0),))
    assert phases(lives.told()) == ["flapping", "resolved"]


def test_a_database_down_for_an_hour_is_one_message_to_each_contact_and_one_when_it_is_over() -> None:
    lives = Lives(contacts=1)
    for _ in range(60):
        open_ones = tuple(breaker(lives.now, BreakerState.OPEN, 301.0, key=key) for key in ("db:a", "db:b", "auth:c"))
        lives.minute(
            breakers=open_ones,
            lost=("system_config", "tasks", "execution_logs", "stats"),
            stopped=None,
            enabled=None,
            success_1h=None,
            success_24h=None,
            health_row_age_s=4000.0,
            braked="60 stuck tasks",
            **DOWN,
        )
    assert lives.told() == [(11.0, "firing", (0,))]
    closed = tuple(breaker(lives.now, BreakerState.CLOSED, 0.0, key=key) for key in ("db:a", "db:b", "auth:c"))
    lives.minutes(30, breakers=closed)
    assert lives.told() == [(11.0, "firing", (0,)), (62.0, "resolved", (0,))]


def test_an_alert_is_adopted_with_its_episode_and_what_was_told() -> None:
    theirs, ours = Lives(), Lives()
    theirs.minutes(7, stopped=True)
    ours.minute()
    ours.minute(stopped=True)
    ours.said.clear()
    ours.state_machine.adopt([theirs.alert("emergency_stop")])
    assert ours.alert("emergency_stop").episode == theirs.alert("emergency_stop").episode
    ours.minutes(4, stopped=True)
    assert ours.told() == []  # both contacts were told
    ours.minutes(3)
    assert ours.told()[-1][1:] == ("resolved", (0, 1))


def test_what_is_only_pending_here_and_was_told_there_is_not_told_again() -> None:
    theirs, ours = Lives(contacts=1), Lives(contacts=1)
    theirs.minutes(20, stuck_tasks=Level.WARNING)
    assert phases(theirs.told()) == ["firing"]
    ours.minutes(19)
    ours.minute(stuck_tasks=Level.WARNING)
    assert ours.stage("stuck_tasks") == "pending"
    ours.state_machine.adopt([theirs.alert("stuck_tasks")])
    ours.minutes(60, stuck_tasks=Level.WARNING)
    assert ours.told() == []
    ours.minutes(3)
    assert phases(ours.told()) == ["resolved"]


def test_the_next_holder_counts_on_from_the_rows_of_the_last_one() -> None:
    theirs, ours = Lives(contacts=3), Lives(contacts=3)
    theirs.minute(stopped=True)
    ours.minutes(1)
    ours.state_machine.adopt([theirs.alert("emergency_stop")])
    theirs.minutes(10, stopped=True)
    ours.state_machine.adopt([theirs.alert("emergency_stop")])
    ours.minutes(3)
    mine, last = ours.alert("emergency_stop"), theirs.alert("emergency_stop")
    assert (mine.episode, mine.messages) == (last.episode, last.messages + 1)


def test_an_alert_whose_monitor_is_gone_is_resolved_by_the_next_one() -> None:
    theirs, ours = Lives(), Lives()
    theirs.minute(stopped=True)
    ours.minute()
    ours.state_machine.adopt([theirs.alert("emergency_stop")])
    ours.minutes(3)
    assert ours.told() == [(3.0, "resolved", (0,))]


def test_what_was_read_before_another_monitor_saw_its_end_begins_nothing() -> None:
    """As with a machine whose line is back: its last reading is older than the rows it reads now."""
    ours = Lives()
    ours.minute()
    read_at = ours.now + timedelta(seconds=30)
    over = {("emergency_stop", "theirs"): ours.now + timedelta(seconds=40)}  # by a clock that is ahead
    ours.state_machine.adopt([], over)
    ours.minute(stopped=True, config_at=read_at)
    assert (ours.stage("emergency_stop"), ours.told()) == ("inactive", [])
    ours.state_machine.adopt([], {name: at + timedelta(minutes=5) for name, at in over.items()})
    ours.minute(stopped=True, config_at=ours.now + timedelta(seconds=50))  # stopped anew, and read since
    assert [phase for _, phase, _ in ours.told()] == ["firing"]


def test_the_same_stop_is_one_episode_on_monitors_that_cannot_hear_each_other() -> None:
    """Each tells of it, twice rather than never, and the mails are of one thing."""
    one, other = Lives(), Lives()
    for lives in (one, other):
        lives.minute(stopped=True, stop_id="the stop of three o'clock")
    assert one.alert("emergency_stop").episode == other.alert("emergency_stop").episode == "the stop of three o'clock"
    one.minutes(5)
    one.minute(stopped=True, stop_id="another stop")
    assert one.alert("emergency_stop").episode == "another stop"


def test_what_fires_here_goes_on_although_another_monitor_saw_the_end_of_it() -> None:
    ours = Lives()
    ours.minute(stopped=True)
    ours.state_machine.adopt([], {("emergency_stop", ours.alert("emergency_stop").episode): ours.now})
    ours.minute(stopped=True, config_at=ours.now - timedelta(seconds=5))
    assert ours.alert("emergency_stop").truth is Truth.TRUE


def test_what_was_hidden_from_its_beginning_to_its_end_is_not_even_logged() -> None:
    lives = Lives()
    lives.minutes(5, lost=("tasks",), **DOWN)
    assert lives.stage("degraded") == "firing"
    lives.minutes(5, lost=(), **DOWN)
    assert lives.stage("degraded") == "resolved"
    assert {key for _, key, _, _ in lives.said} == {"database_down:db"}


def test_what_somebody_said_the_end_of_is_not_adopted_and_owed_no_more() -> None:
    theirs, ours = Lives(), Lives()
    theirs.minute(stopped=True)
    one = Tell(alert=theirs.alert("emergency_stop"), phase=Phase.FIRING)
    end = Tell(alert=msgspec.structs.replace(one.alert, messages=2), phase=Phase.RESOLVED)
    rows = [of_alert(tell, "watchdog w@h", "h", theirs.now).told for tell in (end, one)]
    found = heard(rows, ours.rules, ours.now)
    assert found.alerts == ()
    assert set(found.resolved) == {("emergency_stop", one.alert.episode)}
    ours.state_machine.adopt([one.alert])
    ours.minutes(2)
    ours.state_machine.alerts["emergency_stop"] = msgspec.structs.replace(ours.alert("emergency_stop"), owed=True)
    ours.state_machine.adopt(found.alerts, found.resolved)
    assert not ours.alert("emergency_stop").owed


def test_a_word_from_the_future_or_for_ever_is_not_believed() -> None:
    lives = Lives(contacts=1)
    lives.minute(stopped=True)
    lives.ack("emergency_stop")
    lives.acks = [msgspec.structs.replace(lives.acks[0], at=lives.now + timedelta(days=365))]
    lives.minutes(241, stopped=True)
    assert phases(lives.told()) == ["firing", "repeated"]
    lives.silence("*", minutes=60 * 24 * 365)
    for_ever, late = lives.silences[0], msgspec.structs.replace(lives.silences[0], id="x", at=START + timedelta(days=9))
    rows = [{"order": "silence", "plan": msgspec.to_builtins(one)} for one in (for_ever, late)]
    (kept,) = heard(rows, lives.rules, lives.now).silences
    assert kept.until == kept.at + timedelta(days=7)


def test_a_verdict_nobody_measured_lately_is_unknown() -> None:
    assert Facts(at=START, verdicts={"database": Verdict.ok("")}).verdict("stuck_tasks").level is Level.UNKNOWN


def test_a_breaker_that_another_was_closed_after_by_a_clock_set_back_since_fires_all_the_same() -> None:
    lives = Lives()
    for minute in range(1, 8):
        open_ = breaker(lives.now, BreakerState.OPEN, 60.0 * minute)
        later = lives.now + timedelta(hours=5)
        closed = msgspec.structs.replace(
            open_, key="db:often", state=BreakerState.CLOSED, since=later, failures=0, not_closed_since=None
        )
        lives.minute(breakers=(open_, closed))
    assert lives.stage("breakers:db") == "firing"


def test_an_alert_does_not_wait_for_ever_for_one_that_would_hide_it_and_is_not_measured_again() -> None:
    lives = Lives()
    lives.minute(success_1h=rate(40), failure_rate=Level.WARNING)
    assert lives.stage("success_rate_critical:success rate") == "pending"
    lives.minutes(3, success_1h=None, failure_rate=Level.WARNING)
    assert lives.stage("failure_rate_high:failure rate") == "pending"
    lives.minutes(10, success_1h=None, failure_rate=Level.WARNING)
    assert lives.stage("failure_rate_high:failure rate") == "firing"
    assert lives.stage("success_rate_critical:success rate") == "pending"
