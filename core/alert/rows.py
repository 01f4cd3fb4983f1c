"""What monitors tell each other through the project's log: rows of alerts, acknowledgements and silences."""

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final, TypeVar

import msgspec

from core.alert.record import Ack, Alert, Phase, Severity, Silence, Stage, key_of
from core.alert.rules import Rule
from core.alert.silences import LONGEST, SKEW
from core.alert.telling import Tell

T = TypeVar("T")

ACKNOWLEDGE: Final = "acknowledge"
SILENCE: Final = "silence"
ORDERS: Final = (ACKNOWLEDGE, SILENCE)

_LEVELS: Final = {Severity.CRITICAL: "critical", Severity.HIGH: "warning", Severity.MEDIUM: "warning"}


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the log on its way. Its `id` follows from what it says, so that writing it twice does no harm."""

    id: str
    step: str
    status: str
    told: dict[str, Any]
    text: str
    at: datetime


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What a row of an alert says of it."""

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
    """What others said: alerts that fire and were not resolved, who takes care, what is silenced."""

    alerts: tuple[Alert, ...] = ()
    resolved: frozenset[tuple[str, str]] = frozenset()
    """Alerts, by name and episode, of which somebody said that they are over."""
    acks: tuple[Ack, ...] = ()
    silences: tuple[Silence, ...] = ()


def of_alert(one: Tell, who: str, host: str, now: datetime) -> Row:
    """The row of something told of an alert."""
    alert = one.alert
    name = str(uuid.uuid5(uuid.NAMESPACE_URL, f"watchdesk-alert/{alert.episode}/{alert.key}/{alert.messages}"))
    told = Told(
        alert=alert.rule,
        subject=alert.subject,
        episode=alert.episode,
        phase=one.phase,
        severity=alert.severity,
        at=now,
        began_at=alert.began_at,
        fired_at=alert.fired_at,
        told=alert.told,
        messages=alert.messages,
        text=alert.text,
    )
    over = one.phase is Phase.RESOLVED
    return Row(
        id=name,
        step=f"watchdog_alert_{_LEVELS.get(alert.severity, 'info')}",
        status="completed" if over else "started",
        told={"who": who, "host": host, "run": name, **msgspec.to_builtins(told)},
        text=f"{'resolved' if over else one.phase.value}: {alert.title}" + ("" if over else f": {alert.text}"),
        at=now,
    )


def of_order(order: str, about: Ack | Silence, text: str, *, by: str, who: str, host: str) -> Row:
    """The audit row of an acknowledgement or a silence."""
    ended = about.ended_at if isinstance(about, Silence) else None
    run = about.id if ended is None else str(uuid.uuid5(uuid.UUID(about.id), "ended"))
    plan = msgspec.to_builtins(about)
    return Row(
        id=str(uuid.uuid5(uuid.UUID(run), "completed")),
        step="watchdog_healing",
        status="completed",
        told={"order": order, "run": run, "by": by, "who": who, "host": host, "plan": plan},
        text=text,
        at=about.at,
    )


def heard(rows: Iterable[Mapping[str, Any]], rules: tuple[Rule, ...], now: datetime) -> Heard:
    """What rows say, the newest first. What is not ours to understand is left out."""
    words = {(rule.name, rule.subject or rule.name): rule for rule in rules}
    newest: dict[tuple[str, str], Told] = {}
    acks: dict[str, Ack] = {}
    silences: dict[str, Silence] = {}
    for row in rows:
        if row.get("order") == ACKNOWLEDGE and (ack := _read(row.get("plan"), Ack)) is not None:
            acks.setdefault(ack.id, ack)
        elif row.get("order") == SILENCE and (silence := _read(row.get("plan"), Silence)) is not None:
            if silence.at > now + SKEW:
                continue
            silence = msgspec.structs.replace(silence, until=min(silence.until, silence.at + LONGEST))
            known = silences.get(silence.id)
            silences[silence.id] = silence if known is None or known.ended_at is None else known
        elif (told := _read(row, Told)) is not None:
            newest.setdefault((told.alert, told.subject), told)
    alerts = tuple(
        _alert(told, words[name], now)
        for name, told in newest.items()
        if name in words and told.phase is not Phase.RESOLVED
    )
    over = frozenset(
        (key_of(told.alert, told.subject), told.episode) for told in newest.values() if told.phase is Phase.RESOLVED
    )
    return Heard(alerts=alerts, resolved=over, acks=tuple(acks.values()), silences=tuple(silences.values()))


def _alert(told: Told, rule: Rule, now: datetime) -> Alert:
    since_s = max(0.0, (now - told.at).total_seconds())
    fired_at = told.fired_at or told.at
    return Alert(
        rule=rule.name,
        subject=told.subject,
        severity=rule.severity,
        title=rule.title,
        runbook=rule.runbook,
        text=told.text,
        stage=Stage.FIRING,
        episode=told.episode,
        began_at=told.began_at or fired_at,
        fired_at=fired_at,
        firing_s=max(0.0, (now - fired_at).total_seconds()),
        told=max(0, min(told.told, 100)),
        told_s=since_s,
        messages=max(0, told.messages),
        flapping=False,
    )


def _read(value: Any, type_: type[T]) -> T | None:
    try:
        return msgspec.convert(value, type_)
    except msgspec.ValidationError:
        return None
