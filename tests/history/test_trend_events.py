"""What happened over time: each thing once, from whoever tells it first, in words that are harmless."""

from datetime import UTC, datetime, timedelta

import pytest

from core.alerting.rules import rules
from core.alerting.settings import AlertRules
from core.domain.actions import ResultPhase
from core.domain.alerts import Phase, Severity
from core.domain.events import ActionEnded, AlertChanged, BreakerChanged, CheckChanged, Event, Happening, Remark
from core.domain.incidents import Incident
from core.domain.log_steps import AUDIT, alert_step
from core.domain.records import AlertNews, LogEntry
from core.domain.status import Level
from core.history.blackbox import Note
from core.history.trend_events import (
    OF_ALERTS,
    TEXT_CHARS,
    TrendEventKind,
    in_order,
    of_events,
    of_incidents,
    of_notes,
    of_rows,
)
from core.resilience import BreakerCause, BreakerState
from tests.hostile import CONTROL, HOSTILE

NOW = datetime(2026, 3, 1, 3, tzinfo=UTC)


def row(minutes: int, order: str = "", *, run: str = "", status: str = "completed", **more: object) -> LogEntry:
    return LogEntry(
        **{  # type: ignore[arg-type]  # each value has its field's type
            "id": f"{minutes}-{order}-{status}",
            "at": NOW + timedelta(minutes=minutes),
            "step": AUDIT,
            "status": status,
            "order": order,
            "actor": "operator jana@bastion",
            "run": run,
            **more,
        }
    )


def alert(minutes: int, key: str, phase: Phase) -> LogEntry:
    news = AlertNews(key, phase.value)
    return row(minutes, step=alert_step(Severity.CRITICAL), alert=news, summary=f"{phase.value}: {key} is so")


def event(minutes: int, what: Happening) -> Event:
    return Event.of(what, NOW + timedelta(minutes=minutes))


def breaker(after: BreakerState, cause: BreakerCause, before: BreakerState = BreakerState.CLOSED) -> BreakerChanged:
    return BreakerChanged(key="db:read", before=before, after=after, cause=cause, why="5 failures in a row")


def kinds(found: object) -> list[tuple[TrendEventKind, str]]:
    return [(one.kind, one.text) for one in found]  # type: ignore[attr-defined]  # events


def test_rows_of_actions_that_ended_and_of_alerts_that_began_are_events() -> None:
    rows = (
        row(0, "heal", summary="2 changed", reason="they are stuck"),
        row(1, "emergency_stop", status="failed", summary="no answer"),
        row(2, "lift", status="started"),
        row(3, "acknowledge"),
        row(4, "lift", actor=""),
        row(5, "heal", at=None),
        alert(6, "database_down:database", Phase.FIRING),
        alert(7, "database_down:database", Phase.RESOLVED),
        alert(8, "breakers:tasks", Phase.FIRING),
        alert(9, "stuck_tasks:stuck tasks", Phase.FIRING),
        alert(10, "no_activity", Phase.FIRING),
        alert(11, "stuck_tasks:stuck tasks", Phase.TOLD),
    )
    assert kinds(of_rows(rows)) == [
        (TrendEventKind.HEAL, "heal: 2 changed (they are stuck), operator jana@bastion"),
        (TrendEventKind.STOP, "emergency stop failed: no answer, operator jana@bastion"),
        (TrendEventKind.RESUME, "resume, another monitor"),
        (TrendEventKind.OUTAGE, "database_down:database is so"),
        (TrendEventKind.BREAKER, "breakers:tasks is so"),
        (TrendEventKind.ALERT, "stuck_tasks:stuck tasks is so"),
    ]


def test_every_alert_that_should_be_seen_soon_is_an_event_and_no_other() -> None:
    soon = {one.name for one in rules(AlertRules()) if one.severity in {Severity.CRITICAL, Severity.HIGH}}
    assert set(OF_ALERTS) == soon


def test_two_alerts_at_once_are_two_and_one_that_two_tell_of_is_one() -> None:
    def told(key: str) -> Event:
        title = f"{key} is so"
        return event(0, AlertChanged(key=key, episode="e", phase=Phase.FIRING, severity=Severity.HIGH, title=title))

    found = in_order(
        of_events((told("stuck_tasks"), told("failure_rate_high"))),
        of_rows((alert(1, "stuck_tasks", Phase.FIRING), alert(1, "healing_braked", Phase.FIRING))),
    )
    assert [one.alert for one in found] == ["stuck_tasks", "failure_rate_high", "healing_braked"]


def test_of_this_machine_s_events_what_matters_over_time_is_kept() -> None:
    told = (
        event(0, breaker(BreakerState.OPEN, BreakerCause.FAILURES)),
        event(1, breaker(BreakerState.OPEN, BreakerCause.FAILURES, before=BreakerState.HALF_OPEN)),
        event(2, breaker(BreakerState.HELD, BreakerCause.HELD)),
        event(3, CheckChanged(check="database", before=Level.OK, after=Level.CRITICAL, why="no answer")),
        event(4, CheckChanged(check="database", before=Level.CRITICAL, after=Level.OK, why="answers")),
        event(5, ActionEnded(who="operator", action="heal", phase=ResultPhase.VERIFIED, outcome="2", done=True)),
        event(6, ActionEnded(who="operator", action="heal", phase=ResultPhase.REFUSED, outcome="no")),
        event(7, Remark(text="emergency stop")),
        event(
            8,
            AlertChanged(key="blind", episode="e", phase=Phase.FIRING, severity=Severity.HIGH, title="it is blind"),
        ),
    )
    assert [kind for kind, _ in kinds(of_events(told))] == [
        TrendEventKind.BREAKER,
        TrendEventKind.OUTAGE,
        TrendEventKind.HEAL,
        TrendEventKind.OUTAGE,
    ]


def test_an_outage_says_how_long_it_lasted_and_what_was_critical_alone_is_none() -> None:
    incidents = (
        Incident(began=NOW, ended=NOW + timedelta(minutes=4), down=True),
        Incident(began=NOW + timedelta(hours=1), ended=NOW + timedelta(hours=2)),
        Incident(began=NOW + timedelta(hours=3), down=True),
    )
    assert [text for _, text in kinds(of_incidents(incidents))] == [
        "database down, for 4 min",
        "database down, goes on",
    ]


@pytest.mark.parametrize("text", ["deploy 4.2", "Deployed the importer", "  DEPLOY"])
def test_a_note_that_begins_with_deploy_has_a_kind_of_its_own(text: str) -> None:
    notes = (
        Note(at=NOW, written_at=NOW, who="jana", text=text),
        Note(at=NOW, written_at=NOW, who="jana", text="no deploy"),
    )
    assert [kind for kind, _ in kinds(of_notes(notes))] == [TrendEventKind.DEPLOY, TrendEventKind.NOTE]


def test_hostile_notes_and_rows_become_one_harmless_line() -> None:
    text = "".join(HOSTILE.values())
    notes = (Note(at=NOW, written_at=NOW, who=text, text=text * 9),)
    rows = (row(1, "heal", summary=text, actor=text, reason=text),)
    found = (*of_notes(notes), *of_rows(rows))
    assert len(found) == 2
    for one in found:
        assert len(one.text) <= TEXT_CHARS
        assert not CONTROL.search(one.text)


def test_what_several_tell_is_told_once_and_two_of_one_source_are_two() -> None:
    outage = of_incidents((Incident(began=NOW, ended=NOW + timedelta(minutes=4), down=True),))
    ours = of_events(
        (
            event(1, CheckChanged(check="database", before=Level.OK, after=Level.CRITICAL, why="no answer")),
            event(
                9,
                ActionEnded(
                    who="operator", action="heal", phase=ResultPhase.VERIFIED, outcome="2", done=True, run="r1"
                ),
            ),
        )
    )
    rows = of_rows(
        (
            row(9, "heal", run="r1"),
            row(10, "heal", run="r2"),
            row(11, "heal"),
            row(12, "heal"),
            alert(2, "database_down", Phase.FIRING),
        )
    )
    found = in_order(outage, ours, rows)
    assert [one.at for one in found] == sorted(one.at for one in found)
    assert [(one.kind, one.run) for one in found] == [
        (TrendEventKind.OUTAGE, ""),
        *((TrendEventKind.HEAL, run) for run in ("r1", "r2", "", "")),
    ]
