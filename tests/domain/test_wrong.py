"""The cause that is named: the gravest of what is wrong that nobody takes care of yet."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
import pytest

from core.domain.alert_view import AlertView
from core.domain.checks import Check
from core.domain.counts import TaskCounts
from core.domain.records import SystemConfig
from core.domain.snapshot import Degradation, Health, Link, LinkWord, Project, Snapshot, State, Tasks
from core.domain.state_word import state_of
from core.domain.status import Level
from core.domain.wrong import cause_of, wrong_now
from core.resilience import DegradationLevel
from core.resilience.reading import Reading, Source

LIVE: Final = Link(word=LinkWord.LIVE)
NOW: Final = datetime(2026, 11, 24, 12, tzinfo=UTC)
SLOW: Final = Check(name="database", level=Level.WARNING, text="slow: answered after 3.0 s")
OPEN: Final = Check(name="breakers", level=Level.WARNING, text="open: db:fetch_tasks")
OFFLINE: Final = Link(word=LinkWord.OFFLINE, why="refused", since=NOW - timedelta(minutes=3))


def alert(rule: str, severity: str, state: str = "firing", subject: str = "", **more: Any) -> AlertView:
    began = NOW - timedelta(minutes=9)
    title = rule.replace("_", " ")
    return AlertView(
        key=rule,
        rule=rule,
        subject=subject or rule,
        severity=severity,
        state=state,
        title=title,
        began_at=began,
        **more,
    )


LOW: Final = alert("success_rate", "critical", "acknowledged", acked="operator jana")


def snapshot(*alerts: AlertView, checks: tuple[Check, ...] = (), link: Link = LIVE) -> Snapshot:
    return Snapshot(
        at=NOW,
        project=Project(name="p", url="u", user="x"),
        link=link,
        config=Reading(value=SystemConfig(), source=Source.LIVE, at=NOW),
        tasks=Tasks(counts=Reading(value=TaskCounts({}), source=Source.LIVE, at=NOW)),
        health=Health(checks=checks),
        alerts=alerts,
        degradation=Degradation(level=DegradationLevel.NORMAL),
    )


def said(*alerts: AlertView, checks: tuple[Check, ...] = (), link: Link = LIVE) -> tuple[State, str]:
    return state_of(snapshot(*alerts, checks=checks, link=link), blind_for_s=None)


@pytest.mark.parametrize(("state", "word"), [("acknowledged", "acknowledged"), ("silenced", "silenced")])
def test_what_nobody_has_yet_is_named_before_what_somebody_has(state: str, word: str) -> None:
    had = alert("success_rate", "critical", state)
    assert said(had) == (State.CRITICAL, "success rate")
    assert said(had, checks=(SLOW,)) == (
        State.CRITICAL,
        f"database: slow: answered after 3.0 s (success rate: {word})",
    )
    assert said(had, alert("degraded", "medium")) == (State.CRITICAL, f"degraded (success rate: {word})")
    assert said(had, alert("degraded", "medium", "pending"))[1] == f"degraded (alert pending) (success rate: {word})"


def test_a_stop_that_is_lifted_resolves_and_one_that_is_set_again_does_not() -> None:
    lifted = alert("emergency_stop", "critical", "acknowledged", well=True)
    seen = snapshot(lifted)
    assert [(one.text, one.level, one.over) for one in wrong_now(seen)] == [
        ("emergency stop (resolving)", Level.WARNING, True)
    ]
    again = Reading(value=SystemConfig(emergency_stop=True), source=Source.LIVE, at=NOW)
    assert wrong_now(msgspec.structs.replace(seen, config=again)) == ()


def test_the_gravest_is_named_alone_while_nobody_has_it() -> None:
    worse = alert("most_tasks_fail", "critical")
    assert said(LOW, worse, alert("degraded", "medium")) == (State.CRITICAL, "most tasks fail")
    assert said(worse, alert("degraded", "medium", "acknowledged")) == (State.CRITICAL, "most tasks fail")


def test_what_is_about_to_resolve_and_what_is_low_take_no_place() -> None:
    over = alert("degraded", "medium", well=True)
    assert said(LOW, over, alert("no_activity", "low")) == (State.CRITICAL, "success rate")


def test_a_check_of_what_somebody_has_is_no_new_fault() -> None:
    down = alert("database_down", "high", "acknowledged", subject="db")
    assert said(down, checks=(OPEN,), link=OFFLINE)[1] == "the project is down: refused"
    silent = Check(name="edge_function", level=Level.WARNING, text="silent")
    edge = alert("breakers", "critical", "acknowledged", subject="edge")
    assert said(edge, checks=(silent, OPEN)) == (State.CRITICAL, "breakers")
    assert said(down, checks=(silent, OPEN), link=OFFLINE)[1] == (
        "edge function: silent (the project is down: refused: acknowledged)"
    )


def test_the_cause_knows_since_when_it_is_so() -> None:
    cause = cause_of(snapshot(LOW, checks=(SLOW,), link=OFFLINE))
    assert cause is not None
    assert (cause.subject, cause.began_at) == ("db", OFFLINE.since)
    assert cause_of(snapshot()) is None


def test_where_all_is_slow_that_stands_before_what_fails_of_it() -> None:
    slow = alert("database_slow", "medium", subject="db")
    calls = alert("calls", "critical")
    assert said(slow, calls)[1] == "calls"  # nothing that slowness explains
    for subject in ("edge", "db", "breakers"):
        fails = msgspec.structs.replace(calls, subject=subject, began_at=NOW - timedelta(minutes=2))
        assert said(slow, fails) == (State.CRITICAL, "database slow; calls")
        cause = cause_of(snapshot(slow, fails))
        assert cause is not None
        assert cause.began_at == slow.began_at
    assert said(slow)[1] == "database slow"
    known = msgspec.structs.replace(slow, state="acknowledged", acked="operator jana")
    assert said(known, msgspec.structs.replace(calls, subject="edge"))[1] == "calls"


def test_what_follows_of_something_graver_that_somebody_has_is_not_named_before_it() -> None:
    down = alert("database_down", "critical", "acknowledged", subject="db")
    pending = alert("calls", "high", "pending", subject="db")
    assert said(down, pending)[1] == "database down"
    worse = alert("calls", "critical", subject="db")
    slow = alert("database_slow", "medium", "acknowledged", subject="db")
    assert said(slow, worse)[1].startswith("calls")  # what somebody has is milder
    assert said(down, slow, pending)[1] == "database down"


def test_what_is_down_is_not_called_slow_and_what_is_slow_not_twice() -> None:
    slow = alert("database_slow", "medium", subject="db")
    assert said(slow, link=OFFLINE) == (State.CRITICAL, "the project is down: refused")
    assert said(slow, alert("database_down", "high", subject="db")) == (State.WARNING, "database down")
    assert said(slow, checks=(SLOW,)) == (State.WARNING, "database: slow: answered after 3.0 s")


def test_a_silence_is_only_of_what_it_names_and_an_acknowledgement_of_its_episode() -> None:
    silenced = alert("calls", "critical", "silenced", subject="db")
    slow = alert("database_slow", "medium", subject="db")
    assert said(silenced, slow)[1] == "database slow"
    known = alert("calls", "critical", "acknowledged", subject="db", episode="one")
    assert said(known, msgspec.structs.replace(slow, episode="one"))[1] == "calls"
    assert said(known, msgspec.structs.replace(slow, episode="another"))[1] == "database slow"
