"""Messages for people: what happened, since when, how bad, what to do, which project, who acts."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from core.alerting.escalation import Tell
from core.base.text import clean, short
from core.domain.alerts import Phase, Severity

_SPACE: Final = uuid.UUID("6f0bb4c9-7b0c-4d4c-8e4f-5d6f0a2f9b11")
_BAD: Final = {
    Severity.CRITICAL: "critical: somebody must act now",
    Severity.HIGH: "high: somebody should look soon",
    Severity.MEDIUM: "medium: it can wait for an hour, not for a week",
    Severity.LOW: "low: for the next time somebody looks",
}


class Sender(msgspec.Struct, frozen=True, kw_only=True):
    """The sender of a message. `why`: why this monitor sends it too; then the subject names its `host`."""

    project: str
    address: str
    acts: str
    host: str
    why: str = ""


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One message, ready to send. A repeated delivery carries the same `id`; `thread` is its episode."""

    id: str
    thread: str
    subject: str
    body: str
    severity: Severity
    phase: Phase


def message(tells: Sequence[Tell], to: str, sender: Sender, now: datetime) -> Message:
    """Return one message about all `tells` for a recipient, the worst first. `tells` is not empty."""
    ordered = sorted(tells, key=lambda one: (one.phase is Phase.RESOLVED, one.alert.severity.rank))
    worst = ordered[0]
    names = ",".join(f"{one.alert.episode}/{one.alert.key}/{one.alert.messages}" for one in ordered)
    identity = str(uuid.uuid5(_SPACE, f"{sender.address}|{to}|{names}"))
    more = f" and {len(ordered) - 1} more" if len(ordered) > 1 else ""
    host = f" (from {sender.host})" if sender.why else ""
    subject = f"[{sender.project}] {_headline(worst)}{more}{host}"
    parts = [_paragraph(one, now) for one in ordered]
    ending = (
        f"Project:    {sender.project} ({sender.address})\n"
        f"Auto-heal:  {sender.acts}\n"
        f"Sent by:    watchdesk on {sender.host}{f' ({sender.why})' if sender.why else ''}\n"
        f"Message:    {identity}"
    )
    return Message(
        id=identity,
        thread=worst.alert.episode,
        subject=clean(subject, 200),
        body="\n\n".join((*parts, ending)) + "\n",
        severity=worst.alert.severity,
        phase=worst.phase,
    )


def trial(to: str, sender: Sender, now: datetime, name: str) -> Message:
    """Return a test message."""
    body = (
        f"This is a test: nothing is wrong. Somebody asked watchdesk on {sender.host} to send it to {to}\n"
        f"at {_at(now)}, to see that alerts arrive.\n\n"
        f"Project:    {sender.project} ({sender.address})\nMessage:    {name}\n"
    )
    subject = clean(f"[{sender.project}] test message", 200)
    return Message(id=name, thread=name, subject=subject, body=body, severity=Severity.LOW, phase=Phase.FIRING)


def _headline(one: Tell) -> str:
    word = {
        Phase.FIRING: one.alert.severity.upper(),
        Phase.FLAPPING: f"{one.alert.severity.upper()}, flapping",
        Phase.ESCALATED: f"{one.alert.severity.upper()}, not acknowledged",
        Phase.REPEATED: f"{one.alert.severity.upper()}, still",
        Phase.RESOLVED: "RESOLVED",
    }[one.phase]
    return f"{word}: {one.alert.title}"


def _paragraph(one: Tell, now: datetime) -> str:
    alert = one.alert
    lines = [
        _headline(one),
        "",
        f"What:       {clean(alert.text or alert.title)}",
        f"Since:      {_since(one, now)}",
        f"Severity:   {_BAD[alert.severity]}",
    ]
    if one.phase is Phase.RESOLVED:
        lines[-1] = f"Severity:   {alert.severity}"
    else:
        lines.append(f"What to do: {alert.runbook}")
        if one.phase is Phase.FLAPPING:
            lines.append(
                "Note:       it keeps firing and resolving; the next message comes once it has been stable for 20"
                " minutes"
            )
        lines.append(f"To acknowledge: press a on the screen, or run: watchdesk ack {alert.episode[:8]}")
    return "\n".join(lines)


def headers(message: Message) -> dict[str, str]:
    """Return the headers of a mail."""
    return {
        "X-Watchdesk-Id": message.id,
        "X-Watchdesk-Phase": message.phase.value,
        "X-Watchdesk-Severity": message.severity.value,
        "References": f"<{message.thread}@watchdesk>",
        "Auto-Submitted": "auto-generated",
    }


def _since(one: Tell, now: datetime) -> str:
    alert = one.alert
    if alert.began_at is None:
        return "unknown"
    if one.phase is Phase.RESOLVED:
        ended = alert.resolved_at or now
        return f"{_at(alert.began_at)} to {_at(ended)} ({short(ended - alert.began_at)})"
    return f"{_at(alert.began_at)} ({short(now - alert.began_at)})"


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
