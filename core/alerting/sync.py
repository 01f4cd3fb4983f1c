"""Exchange between monitors through the project's log: rows of alerts, acknowledgements and silences.

Anybody who may write to the log may write such a row: its content is bounded before anything uses it.
"""

import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

import msgspec

from core.alerting.escalation import Tell
from core.alerting.rules import Rule
from core.alerting.silences import SKEW, titled
from core.base.error_boundary import ErrorBoundary
from core.base.text import clean
from core.domain.actors import By
from core.domain.alerts import Ack, Alert, AlertState, Phase, Severity, Silence, key_of
from core.domain.log_steps import AUDIT, alert_step
from core.domain.maintenance import FURTHEST, LONGEST, OnceWindow, WeeklyWindow, weekly_text

T = TypeVar("T")

ACKNOWLEDGE: Final = "acknowledge"
SILENCE: Final = "silence"
ORDERS: Final = (ACKNOWLEDGE, SILENCE)

_OLDEST: Final = timedelta(days=731)
"""The greatest age of a row that counts: two years."""
_NAME_CHARS: Final = 120
"""The longest name, episode, id or matcher; we write none that is longer."""
_ZONE_CHARS: Final = 60
_MOST_MESSAGES: Final = 10_000
LISTENED: Final = timedelta(days=7)
"""For how long rows of others are read back at first."""
MOST_WINDOWS: Final = 100
"""The most silences with windows that are heard of: somebody may write rows without end."""
_AGAIN: Final = timedelta(days=5)
"""After so long a silence with windows is told again."""


class LogRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the log on its way. Its `id` is derived from its content, so that writing it twice does no harm.

    `at`: when what it tells of happened, by this machine's clock.
    """

    id: str
    step: str
    status: str
    told: dict[str, Any]
    text: str
    at: datetime


class AlertRowBody(msgspec.Struct, frozen=True, kw_only=True):
    """The content of a row about an alert."""

    alert: str
    subject: str
    episode: str
    phase: Phase
    severity: Severity
    at: datetime
    began_at: datetime | None = None
    fired_at: datetime | None = None
    told: int = 0
    messages: int = 0
    text: str = ""


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """The state reported by others: alerts that fire and were not resolved, acknowledgements, silences.

    `told`: alerts, by name and episode, that reached somebody.
    """

    alerts: tuple[Alert, ...] = ()
    resolved: Mapping[tuple[str, str], datetime] = {}
    """When somebody reported an alert as over, by its name and episode; no later than now."""
    acks: tuple[Ack, ...] = ()
    silences: tuple[Silence, ...] = ()
    told: frozenset[tuple[str, str]] = frozenset()


def of_alert(one: Tell, who: str, host: str, now: datetime) -> LogRow:
    """Return the row of a message about an alert."""
    alert, phase = one.alert, one.phase
    what = phase.value if phase is Phase.TOLD else alert.messages
    name = str(uuid.uuid5(uuid.NAMESPACE_URL, f"watchdesk-alert/{alert.episode}/{alert.key}/{what}"))
    told = AlertRowBody(
        alert=alert.rule,
        subject=alert.subject,
        episode=alert.episode,
        phase=phase,
        severity=alert.severity,
        at=now,
        began_at=alert.began_at,
        fired_at=alert.fired_at,
        told=alert.told,
        messages=alert.messages,
        text=alert.text,
    )
    done = phase in {Phase.RESOLVED, Phase.TOLD}
    return LogRow(
        id=name,
        step=alert_step(alert.severity),
        status="completed" if done else "started",
        told={"who": who, "host": host, "run": name, **msgspec.to_builtins(told)},
        text=f"{phase.value}: {alert.title}" + ("" if done else f": {alert.text}"),
        at=now,
    )


def of_order(  # noqa: PLR0913 - all that the row of an action tells
    order: str, about: Ack | Silence, text: str, *, by: str, who: str, host: str, now: datetime
) -> LogRow:
    """Return the audit row of an acknowledgement or a silence that is made, or ended, now."""
    changed = _changed(about) if isinstance(about, Silence) else ""
    run = str(uuid.uuid5(_uuid(about.id), changed)) if changed else about.id
    plan = msgspec.to_builtins(about)
    return LogRow(
        id=str(uuid.uuid5(_uuid(run), "completed")),
        step=AUDIT,
        status="completed",
        told={"order": order, "run": run, "by": by, "who": who, "host": host, "plan": plan},
        text=text,
        at=now,
    )


def said_again(silence: Silence, now: datetime, *, who: str, host: str) -> LogRow | None:
    """Return the row that keeps a silence with windows known: rows are read back for no longer than `LISTENED`.

    `None` while its last one is new enough. Every monitor makes the same row, of which the log keeps one.
    """
    times = (now - silence.at) // _AGAIN
    if silence.window is None or silence.over(now) or times < 1:
        return None
    return _again(silence, f"{_changed(silence)} {times}", "is still silenced", now, who=who, host=host)


def ended_again(silence: Silence, now: datetime, *, who: str, host: str) -> LogRow:
    """Return the row that tells another monitor, which was away, that a silence was ended; the same for a day."""
    return _again(silence, f"ended {now:%Y-%m-%d}", "is not silenced any more", now, who=who, host=host)


def _again(silence: Silence, name: str, word: str, now: datetime, *, who: str, host: str) -> LogRow:
    run, when = str(uuid.uuid5(_uuid(silence.id), name)), silence.window.words if silence.window is not None else ""
    text = f"{titled(silence).called} {word}: {when}, of {silence.who}: {silence.reason}"
    plan = msgspec.to_builtins(silence)
    told = {"order": SILENCE, "run": run, "by": By.WATCHDOG.value, "who": who, "host": host, "plan": plan}
    name = str(uuid.uuid5(_uuid(run), "completed"))
    return LogRow(id=name, step=AUDIT, status="completed", told=told, text=text, at=now)


def _changed(silence: Silence) -> str:
    """Return what happened to a silence since it was made; empty: nothing."""
    if silence.ended_at is not None:
        return "ended"
    return "" if silence.skipped is None else f"skipped until {silence.skipped.isoformat()}"


def heard(
    rows: Iterable[Mapping[str, Any]],
    rules: tuple[Rule, ...],
    now: datetime,
    boundary: ErrorBoundary | None = None,
    *,
    likely: datetime | None = None,
) -> Heard:
    """Parse rows, the newest first. One that is not ours, or absurd, is left out alone.

    `likely`: the project's time, by which silences are made; `None`: as `now`.
    """
    boundary = boundary or ErrorBoundary(lambda _: None)
    words = {(rule.name, rule.subject or rule.name): rule for rule in rules}
    newest: dict[tuple[str, str], AlertRowBody] = {}
    acks: dict[str, Ack] = {}
    silences: dict[str, Silence] = {}
    reached: set[tuple[str, str]] = set()
    for row in rows:
        with boundary.around("reading a row about alerts"):
            match _parsed(row, now, likely or now):
                case Ack() as ack:
                    acks.setdefault(ack.id, ack)
                case Silence() as silence:
                    known = silences.get(silence.id)
                    silences[silence.id] = silence if known is None else known.with_word(silence)
                case AlertRowBody(phase=Phase.TOLD) as told:
                    reached.add((key_of(told.alert, told.subject), told.episode))
                case AlertRowBody() as told:
                    newest.setdefault((told.alert, told.subject), told)
    alerts = tuple(
        _alert(told, words[name], now)
        for name, told in newest.items()
        if name in words and told.phase is not Phase.RESOLVED
    )
    over = {
        (key_of(told.alert, told.subject), told.episode): told.at
        for told in newest.values()
        if told.phase is Phase.RESOLVED
    }
    return Heard(
        alerts=tuple(msgspec.structs.replace(one, reached=(one.key, one.episode) in reached) for one in alerts),
        resolved=over,
        acks=tuple(acks.values()),
        silences=tuple(silences.values()),
        told=frozenset(reached),
    )


def _parsed(row: Mapping[str, Any], now: datetime, likely: datetime) -> Ack | Silence | AlertRowBody | None:
    """Parse one row, within bounds; `None` for one that is not ours, or not credible."""
    order = row.get("order")
    if order == ACKNOWLEDGE and (ack := _read(row.get("plan"), Ack)) is not None:
        at = _credible(ack.at, now)
        return None if at is None or _long(ack.id, ack.episode) else msgspec.structs.replace(ack, at=at)
    if order == SILENCE and (silence := _read(row.get("plan"), Silence)) is not None:
        return _bounded_silence(silence, likely)
    told = _read(row, AlertRowBody)
    if told is None or _long(told.alert, told.subject, told.episode):
        return None
    times = {name: getattr(told, name) for name in ("at", "began_at", "fired_at")}
    believed = {name: _credible(at, now) for name, at in times.items() if at is not None}
    return None if None in believed.values() else msgspec.structs.replace(told, **believed)


def _bounded_silence(silence: Silence, now: datetime) -> Silence | None:
    at, until = zoned(silence.at), zoned(silence.until)
    if isinstance(silence.window, WeeklyWindow):
        at = max(at, now - _OLDEST)  # it may go on for years
    believed = _credible(at, now)
    ended_at = None if silence.ended_at is None else _credible(silence.ended_at, now)
    unsound = (silence.ended_at is None) is not (ended_at is None)
    if believed is None or unsound or _long(silence.id, silence.matcher):
        return None
    bounded = msgspec.structs.replace(
        silence,
        at=believed,
        until=min(until, believed + LONGEST),
        ended_at=ended_at,
        skipped=None if silence.skipped is None else zoned(silence.skipped),
        period=None,
    )
    if silence.window is None:
        return bounded
    window = _bounded_window(silence.window, believed)
    return None if window is None else msgspec.structs.replace(bounded, until=believed, window=window)


def _bounded_window(window: OnceWindow | WeeklyWindow, at: datetime) -> OnceWindow | WeeklyWindow | None:
    zone = clean(window.zone, _ZONE_CHARS)
    if isinstance(window, OnceWindow):
        since = min(max(zoned(window.since), at), at + FURTHEST)
        return OnceWindow(since=since, until=min(zoned(window.until), since + LONGEST), zone=zone)
    try:
        text = weekly_text(window.text)
    except ValueError:
        return None
    return WeeklyWindow(text=text, zone=zone, until=None if window.until is None else zoned(window.until))


def zoned(at: datetime) -> datetime:
    """Return a time that others wrote, in UTC; without a zone it is read as UTC."""
    if at.tzinfo is None:
        return at.replace(tzinfo=UTC)
    try:
        return at.astimezone(UTC)
    except OverflowError:  # at the edge of the calendar, where the zone does not matter
        return at.replace(tzinfo=UTC)


def _credible(at: datetime, now: datetime) -> datetime | None:
    """Return a time that others wrote, no later than now; `None` if it is no time of a row that counts."""
    at = zoned(at)
    return min(at, now) if now - _OLDEST <= at <= now + SKEW else None


def _long(*names: str) -> bool:
    return any(len(name) > _NAME_CHARS for name in names)


def _alert(told: AlertRowBody, rule: Rule, now: datetime) -> Alert:
    since_s = max(0.0, (now - told.at).total_seconds())
    fired_at = told.fired_at or told.at
    worse = told.severity if told.severity is rule.begins else rule.severity
    return Alert(
        rule=rule.name,
        subject=told.subject,
        severity=worse,
        title=rule.title,
        runbook=rule.runbook,
        text=told.text,
        stage=AlertState.FIRING,
        episode=told.episode,
        began_at=told.began_at or fired_at,
        fired_at=fired_at,
        firing_s=max(0.0, (now - fired_at).total_seconds()),
        told=max(0, min(told.told, 100)),
        told_s=since_s,
        messages=max(0, min(told.messages, _MOST_MESSAGES)),
        logged=True,
    )


def _read(value: Any, type_: type[T]) -> T | None:
    try:
        return msgspec.convert(value, type_)
    except msgspec.ValidationError:
        return None


def _uuid(name: str) -> uuid.UUID:
    """Return the id itself, or one derived from it: others may have any text as an id."""
    try:
        return uuid.UUID(name)
    except ValueError:
        return uuid.uuid5(uuid.NAMESPACE_URL, name)
