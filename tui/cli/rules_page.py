"""The alert rules as `alerts --rules` prints them, with the numbers of this configuration."""

import textwrap
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from core.alerting.rules import MUTES, Rule, rules
from core.alerting.settings import AlertRules
from core.base.bounds import unit_of
from core.base.text import short

_WIDTH: Final = 100
_MARGIN: Final = 16

_TOLD: Final = """\
The first contact is notified of a critical alert at once, and the next contact after every {alerts.escalate_s} \
without an acknowledgement; of a high alert after {alerts.high_after_s}, a medium one after {alerts.medium_after_s}, \
a low one after {alerts.low_after_s}. Channels receive everything the first contact receives. Messages repeat every \
{alerts.repeat_s} until somebody acknowledges (a, or watchdesk ack). An acknowledgement lasts {alerts.ack_s}, or \
until the alert resolves, gets worse, or fires again. z, or watchdesk silence, silences for up to seven days or in \
weekly windows; alerts already sent still get their resolved message.

Rules are evaluated every {alerts.evaluate_s}. While data is missing, a rule keeps its state: it neither fires nor \
resolves. An inhibited alert is covered by another alert, so nobody is notified of it. {alerts.flap_changes} changes \
within {alerts.flap_s} count as flapping, which is notified once. When its condition ends, an alert is resolving for \
{alerts.resolve_s} ({alerts.rate_hold_s} for rates); it then inhibits nothing, and the state is at best WARNING until \
it has resolved. One that was acknowledged fires again if its condition is back after {alerts.resolve_s} of that.

A notify_on_… column of the config row that is false mutes its kind of alert; {ends} mute the resolved messages. \
Without contacts, the config row's notification_email is used: one or more addresses, with names. An address is used \
exactly as written; an invalid one is named. email_template sends mail through the project's send-template-email as \
well: {{template_id, recipient_email, custom_data}} first, where that is refused {{template, to, data}}; the data are \
id, subject, text and severity.

Every message is stored on disk before it is sent and deleted once it is accepted: delivery is at least once, and a \
second copy has the same X-Watchdesk-Id. It is retried for 24 h (after 30 s, doubling up to 15 min); after that the \
screen shows the failure. The monitor that holds the lease sends first. Another monitor sends too, with its host in \
the subject, if nobody holds the lease, if the holder cannot deliver or never reports, or if no row says that the \
alert was sent {alerts.late_critical_s} (critical) or {alerts.late_s} after it was due. Each alert is a row \
watchdog_alert_critical, …_warning or …_info of the execution log, from which the next holder goes on."""


class _Worded:
    """A section whose settings are their values in words: `{alerts.blind_s}` is `10 min`."""

    def __init__(self, section: msgspec.Struct) -> None:
        self._section = section
        self._units = {field.name: unit_of(field.type) for field in msgspec.structs.fields(section)}

    def __getattr__(self, name: str) -> str:
        value, unit = getattr(self._section, name), self._units[name]
        if unit == "s" and (value < 60 or value % 60 == 0):
            return short(value)
        return f"{value:g} {unit}".rstrip()


def rules_as_data(sections: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return every rule, the worst first. `sections`: the settings by section."""
    words = _words(sections)
    return [
        {
            "name": rule.name,
            "subject": rule.subject,
            "severity": rule.severity,
            "begins": rule.begins or rule.severity,
            "title": rule.title,
            "when": rule.when.format_map(words),
            "for_s": rule.for_s,
            "rises_s": rule.rises_s if rule.begins is not None else None,
            "hidden_by": rule.hidden_by,
            "muted_by": _columns(rule.mutes),
            "runbook": rule.runbook,
        }
        for rule in rules(sections["alerts"])
    ]


def rules_page(sections: Mapping[str, Any]) -> str:
    """Return every rule for people, the worst first, and who is told when."""
    settings: AlertRules = sections["alerts"]
    words = _words(sections)
    ends = " and ".join(_columns(MUTES["end"]))
    told = _TOLD.format_map({**words, "ends": ends}).split("\n\n")
    blocks = ["\n".join(_block(rule, settings, words)) for rule in rules(settings)]
    return "\n\n".join([*blocks, *("\n".join(textwrap.wrap(one, _WIDTH, break_on_hyphens=False)) for one in told)])


def _block(rule: Rule, settings: AlertRules, words: Mapping[str, Any]) -> Iterable[str]:
    yield f"{rule.severity:<9} {rule.name}: {rule.title}"
    yield from _row("when", rule.when.format_map(words))
    yield from _row("fires", _patience(rule, settings))
    yield from _row("inhibited by", ", ".join(rule.hidden_by))
    yield from _row("muted by", ", ".join(_columns(rule.mutes)))
    yield from _row("to do", rule.runbook)


def _row(name: str, text: str) -> list[str]:
    if not text:
        return []
    margin = " " * _MARGIN
    indent = f"  {name}".ljust(_MARGIN)
    return textwrap.wrap(text, _WIDTH, initial_indent=indent, subsequent_indent=margin, break_on_hyphens=False)


def _patience(rule: Rule, settings: AlertRules) -> str:
    if rule.begins is not None:
        return f"at once as {rule.begins}, {rule.severity} once it has held for {short(rule.rises_s)}"
    if rule.for_s is None:
        return f"when it holds twice in a row, {short(settings.evaluate_s)} apart"
    return f"when it has held for {short(rule.for_s)}" if rule.for_s else "at once"


def _columns(mutes: Iterable[str]) -> list[str]:
    return [f"notify_on_{one}" for one in mutes]


def _words(sections: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _Worded(section) for name, section in sections.items()}
