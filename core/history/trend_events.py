"""What happened over time, as marks beside the trends: outages, stops, alerts, heals, opened breakers, notes."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec

from core.base.text import clean, short
from core.domain.actions import label
from core.domain.actors import ANOTHER
from core.domain.alerts import Phase
from core.domain.events import ActionEnded, AlertChanged, BreakerChanged, CheckChanged, Event
from core.domain.incidents import Incident
from core.domain.log_steps import about_alert
from core.domain.records import LogEntry
from core.domain.status import Level
from core.history.blackbox import Note
from core.resilience import BreakerState

TEXT_CHARS: Final = 120
"""The longest text of an event, in characters."""

_DEPLOY: Final = "deploy"
_SAME: Final = timedelta(minutes=5)
"""The time within which a second outage, stop or breaker is the first one, as somebody else tells it."""


class TrendEventKind(StrEnum):
    """The kind of an event. `deploy`: a note that begins with this word."""

    OUTAGE = "outage"
    STOP = "stop"
    ALERT = "alert"
    RESUME = "resume"
    HEAL = "heal"
    BREAKER = "breaker"
    DEPLOY = "deploy"
    NOTE = "note"


class TrendEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened. `run`: the action that it is about, if any; `alert`: the alert, if it is one."""

    at: datetime
    kind: TrendEventKind
    text: str
    run: str = ""
    alert: str = ""


class Happened(msgspec.Struct, frozen=True, kw_only=True):
    """The events of a period, the oldest first. `since`: before it not all are known; `None`: all that was written."""

    events: tuple[TrendEvent, ...] = ()
    since: datetime | None = None


NOTHING_HAPPENED: Final = Happened()

OF_ACTIONS: Final = {
    "emergency_stop": TrendEventKind.STOP,
    "lift": TrendEventKind.RESUME,
    "heal": TrendEventKind.HEAL,
}
"""The actions that are events, by their names in the audit trail."""

OF_ALERTS: Final = {
    "database_down": TrendEventKind.OUTAGE,
    "blind": TrendEventKind.OUTAGE,
    "emergency_stop": TrendEventKind.STOP,
    "breakers": TrendEventKind.BREAKER,
    "config_rows": TrendEventKind.ALERT,
    "failure_rate_critical": TrendEventKind.ALERT,
    "success_rate_critical": TrendEventKind.ALERT,
    "failure_rate_high": TrendEventKind.ALERT,
    "stuck_tasks": TrendEventKind.ALERT,
    "healing_braked": TrendEventKind.ALERT,
}
"""The alerts whose beginning is an event, by their rules: all that begin critical or high."""

_TOLD_OFTEN: Final = frozenset(OF_ALERTS.values())


def of_rows(rows: Iterable[LogEntry]) -> Iterable[TrendEvent]:
    """Yield the events that rows of the project's log tell."""
    for row in rows:
        if (at := row.happened_at) is None:
            continue
        if about_alert(row.step):
            kind = OF_ALERTS.get(row.alert.key.partition(":")[0]) if row.alert is not None else None
            if row.alert is not None and kind is not None and row.alert.phase == Phase.FIRING:
                told = row.summary.removeprefix(f"{Phase.FIRING.value}: ")
                yield _event(at, kind, told or row.alert.key, alert=row.alert.key)
        elif (kind := OF_ACTIONS.get(row.order)) is not None and row.status in {"completed", "failed"}:
            told = f": {row.summary}" if row.summary not in {"", row.order} else ""
            why = f" ({row.reason})" if row.reason and row.reason not in told else ""
            failed = " failed" if row.status == "failed" else ""
            yield _event(at, kind, f"{label(row.order)}{failed}{told}{why}, {row.actor or ANOTHER}", row.run)


def of_events(events: Iterable[Event]) -> Iterable[TrendEvent]:
    """Yield those of a monitor's own events that matter over time."""
    for event in events:
        match event.what:
            case ActionEnded(action=action, done=True) if action in OF_ACTIONS:
                yield _event(event.at, OF_ACTIONS[action], f"{event.text}, {event.who}", event.run)
            case BreakerChanged(before=BreakerState.CLOSED, after=BreakerState.OPEN, cause=cause) if not cause.by_hand:
                yield _event(event.at, TrendEventKind.BREAKER, event.text)
            case CheckChanged(check="database", after=Level.CRITICAL):
                yield _event(event.at, TrendEventKind.OUTAGE, event.text)
            case AlertChanged(key=key, phase=Phase.FIRING) if kind := OF_ALERTS.get(key.partition(":")[0]):
                yield _event(event.at, kind, event.text, alert=key)


def of_incidents(incidents: Iterable[Incident]) -> Iterable[TrendEvent]:
    """Yield the outages that this machine saw: when each began, and how long it lasted."""
    for one in incidents:
        if one.down:
            lasted = "goes on" if one.ended is None else f"for {short(one.ended - one.began)}"
            yield _event(one.began, TrendEventKind.OUTAGE, f"database down, {lasted}")


def of_notes(notes: Iterable[Note]) -> Iterable[TrendEvent]:
    """Yield people's notes."""
    for note in notes:
        text = note.text.strip()
        if text.casefold().startswith(_DEPLOY):
            yield _event(note.at, TrendEventKind.DEPLOY, f"{text}, {note.who}")
        else:
            yield _event(note.at, TrendEventKind.NOTE, f"note: {text}, {note.who}")


def in_order(*sources: Iterable[TrendEvent]) -> tuple[TrendEvent, ...]:
    """Return the events of all sources, the oldest first, each once. Of one told twice the earlier source counts."""
    kept = list[TrendEvent]()
    runs = set[str]()
    for source in sources:
        before = tuple(kept)
        for event in source:
            if event.run in runs or _is_told(event, before):
                continue
            kept.append(event)
            runs |= {event.run} - {""}
    return tuple(sorted(kept, key=lambda event: event.at))


def _is_told(event: TrendEvent, before: Iterable[TrendEvent]) -> bool:
    """Return whether an event that several tell of is told by a source before this one."""
    if event.kind not in _TOLD_OFTEN:
        return False
    same = (one for one in before if (one.kind, one.alert) == (event.kind, event.alert))
    return any(abs(one.at - event.at) <= _SAME for one in same)


def _event(at: datetime, kind: TrendEventKind, text: str, run: str = "", alert: str = "") -> TrendEvent:
    """Return an event in clean words. Of an outage, a stop or a breaker several alerts, and others, tell the same."""
    named = alert if kind is TrendEventKind.ALERT else ""
    return TrendEvent(at=at, kind=kind, text=clean(text, TEXT_CHARS), run=run, alert=named)
