"""What happened while nobody was there, from the snapshots alone; weeks of it take no more room than minutes."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from core.domain.alert_view import AlertView
from core.domain.counts import TaskCounts
from core.domain.records import LogEntry
from core.domain.snapshot import Link, LinkWord, Snapshot, State, Tasks
from core.history.away import Absence, ActionSummary, Summary
from core.resilience.reading import Reading, Source
from tests.tui.well import HEALTHY

AT = HEALTHY.at
QUIET = msgspec.structs.replace(HEALTHY, alerts=(), logs=Reading(value=(), source=Source.LIVE, at=AT))


def at(minutes: float, **more: Any) -> Snapshot:
    return msgspec.structs.replace(QUIET, at=AT + timedelta(minutes=minutes), **more)


def told(*snapshots: Snapshot) -> Summary:
    """The first was left, the last is come back to."""
    absence = Absence(snapshots[0])
    for snapshot in snapshots[1:-1]:
        absence.heard(snapshot)
    return absence.until(snapshots[-1])


def every_minute(minutes: int, **more: Any) -> list[Snapshot]:
    return [at(minute, **more) for minute in range(minutes)]


def alarm(key: str, state: str, episode: str = "e1") -> AlertView:
    return AlertView(key=key, rule=key, subject=key, severity="high", state=state, title=key, episode=episode)


def ended(name: str, minute: float, order: str, status: str = "completed", **more: Any) -> LogEntry:
    when: datetime = AT + timedelta(minutes=minute)
    known: dict[str, Any] = {"actor": "watchdog jana@bastion"} | more
    return LogEntry(id=name, at=when, step="watchdog_healing", status=status, order=order, **known)


def logs(*entries: LogEntry) -> Reading[tuple[LogEntry, ...]]:
    return Reading(value=entries, source=Source.LIVE, at=AT)


def counted(completed: int, failed: int, *, exact: bool = True, source: Source = Source.LIVE) -> Tasks:
    counts = TaskCounts({"completed": completed, "failed": failed}, () if exact else ("completed",))
    return Tasks(counts=Reading(value=counts, source=source, at=AT))


def states(summary: Summary) -> list[tuple[str, float]]:
    return [(step.state.value, (step.at - AT).total_seconds() / 60) for step in summary.path]


def test_nothing_happened() -> None:
    summary = told(*every_minute(30))
    assert summary.quiet
    assert (summary.since, summary.until) == (AT, AT + timedelta(minutes=29))


def test_states_that_are_well_are_one_and_every_other_change_is_told() -> None:
    words = (State.HEALTHY, State.ACTIVE, State.IDLE, State.WARNING, State.CRITICAL, State.CRITICAL, State.ACTIVE)
    summary = told(*(at(minute, state=state) for minute, state in enumerate(words)))
    assert states(summary) == [("healthy", 0), ("warning", 3), ("critical", 4), ("active", 6)]
    assert (summary.skipped, summary.worst, summary.quiet) == (0, None, False)


def test_of_many_states_the_first_the_last_and_the_worst_are_kept() -> None:
    to_and_fro = [State.HEALTHY, State.WARNING] * 500
    to_and_fro[501] = State.CRITICAL
    summary = told(*(at(minute, state=state) for minute, state in enumerate(to_and_fro)))
    assert [minute for _, minute in states(summary)] == [0, 1, 2, 997, 998, 999]
    assert summary.skipped == 994
    assert summary.worst is not None
    assert (summary.worst.state, summary.worst.at) == (State.CRITICAL, AT + timedelta(minutes=501))


def test_alerts_are_counted_by_episode_and_what_hides_behind_another_is_not_over() -> None:
    summary = told(
        at(0, alerts=(alarm("a", "firing"), alarm("b", "acknowledged"))),
        at(1, alerts=(alarm("a", "resolved"), alarm("b", "hidden"), alarm("c", "pending"))),
        at(2, alerts=(alarm("a", "firing", "e2"), alarm("b", "firing"), alarm("c", "firing"))),
        at(3, alerts=(alarm("a", "silenced", "e2"), alarm("c", "resolved"))),
    )
    assert (summary.fired, summary.resolved, summary.firing) == (2, 3, ("high: a (silenced)",))


def test_orders_are_told_by_who_gave_them_once_each_with_the_rows_they_changed() -> None:
    old, heal = ended("old", -5, "heal", changed=9), ended("h1", 1, "heal", changed=50)
    stop = ended("s", 3, "emergency_stop", "failed", actor="operator maria@desk")
    begun, shown = ended("h2", 4, "heal", "started"), ended("h3", 5, "heal", "skipped")
    again = ended("h4", 6, "heal", changed=1)
    summary = told(
        at(0, logs=logs(old)),
        at(2, logs=logs(heal, old)),
        at(4, logs=logs(stop, heal, old)),
        at(5, logs=Reading(value=(), source=Source.DEFAULT)),  # it could not be read meanwhile
        at(7, logs=logs(again, shown, begun, stop, heal)),
    )
    assert summary.actions == (
        ActionSummary(actor="operator maria@desk", action="emergency_stop", times=1, rows=0, failed=1),
        ActionSummary(actor="watchdog jana@bastion", action="heal", times=2, rows=51),
    )


def test_old_orders_that_come_into_sight_again_are_no_news() -> None:
    summary = told(at(0, logs=logs(ended("new", -1, "lift"))), at(5, logs=logs(ended("old", -300, "heal", changed=9))))
    assert summary.actions == ()


@pytest.mark.parametrize("word", [LinkWord.OFFLINE, LinkWord.BLIND])
def test_time_without_an_answer_and_time_in_which_this_monitor_stood_still_are_told_apart(word: LinkWord) -> None:
    silent = Link(word=word)
    summary = told(at(0), at(1, link=silent), at(2, link=silent), at(3), at(4), at(300), at(301))
    assert (summary.silent_s, summary.unseen_s) == (120.0, 296 * 60.0)


def test_tasks_are_counted_as_they_come_and_what_was_not_measured_is_not_guessed() -> None:
    summary = told(
        at(0, tasks=counted(100, 10)),
        at(1, tasks=counted(110, 12)),
        at(2, tasks=counted(0, 0, source=Source.CACHED)),
        at(3, tasks=counted(60, 2)),  # sent back, or deleted
        at(4, tasks=counted(5_000, 900, exact=False)),
        at(5, tasks=counted(61, 3)),
    )
    assert (summary.completed, summary.failed, summary.quiet) == (11, 3, True)


def test_weeks_of_everything_take_no_more_room_than_a_day() -> None:
    def sizes(days: int) -> list[int]:
        absence = Absence(at(0))
        for minute in range(0, days * 1440, 10):
            name = f"r{minute}"
            order = ended(name, minute, f"order_{minute % 77}", actor=f"operator {minute % 1000}@desk", changed=1)
            state = State.CRITICAL if minute % 20 else State.HEALTHY
            absence.heard(at(minute, state=state, logs=logs(order), alerts=(alarm(name, "firing", name),)))
        return [len(held) for held in vars(absence).values() if hasattr(held, "__len__")]

    assert sizes(60) == sizes(30)


def test_what_fires_now_says_whether_somebody_has_it() -> None:
    now = at(1, alerts=(alarm("a", "firing"), alarm("b", "acknowledged"), alarm("c", "silenced")))
    assert told(at(0), now).firing == ("high: a", "high: b (acknowledged)", "high: c (silenced)")
    graver = msgspec.structs.replace(alarm("d", "acknowledged"), severity="critical")
    now = at(1, alerts=(alarm("a", "firing"), graver))
    assert told(at(0), now).firing == ("critical: d (acknowledged)", "high: a")


def test_it_says_when_nothing_answered_for_the_first_time() -> None:
    offline = Link(word=LinkWord.OFFLINE)
    found = told(at(0), at(1, link=offline), at(2, link=offline), at(3), at(4, link=offline), at(5))
    assert (found.silent_s, found.silent_at) == (180.0, AT + timedelta(minutes=1))
    assert told(at(0), at(1)).silent_at is None


def test_actions_are_told_in_the_order_in_which_they_came_an_operators_first() -> None:
    def row(number: int, order: str, actor: str) -> LogEntry:
        moment = AT + timedelta(seconds=number)
        told = {"step": "watchdog_healing", "status": "completed", "order": order, "actor": actor, "run": f"{number}"}
        return LogEntry(id=f"{number}", at=moment, **told)

    of = "operator a@b"
    rows = (row(4, "acknowledge", of), row(3, "requeue", of), row(2, "dry_run_off", of), row(1, "heal", "watchdog a@b"))
    found = told(at(0), at(1, logs=Reading(value=rows, source=Source.LIVE, at=AT)))
    assert [one.action for one in found.actions] == ["dry_run_off", "requeue", "acknowledge", "heal"]
