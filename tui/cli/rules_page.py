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
The first contact is told of a critical alert at once, the next one after each {alerts.escalate_s} without an \
acknowledgement; of a high one after {alerts.high_after_s}, a medium one after {alerts.medium_after_s}, a low one \
after {alerts.low_after_s}. Channels hear all that the first contact hears. Repeated every {alerts.repeat_s} while \
nobody acknowledges (a, or watchdesk ack), which holds for {alerts.ack_s}, until it is over or gets worse. z, or \
watchdesk silence, silences for up to seven days; what was told before is still told when it is over.

Evaluated every {alerts.evaluate_s}. What is not known freezes a rule: nothing fires and nothing resolves for want of \
data. An inhibited rule follows from another alert, and nobody is told of it; {alerts.flap_changes} changes within \
{alerts.flap_s} are flapping, told once. What is no longer so is resolving for {alerts.resolve_s} (about a rate: \
{alerts.rate_hold_s}); it inhibits nothing, and the state word is no better than WARNING until it is over.

A column of the config row that is false mutes its kind; {ends} mute the ends. Without contacts the config row's \
notification_email is told: one address or several, with names. An address is sent to exactly as it is written, or \
refused by name. email_template sends mail through the project's send-template-email as well: {{template_id, \
recipient_email, custom_data}} first, where that is refused {{template, to, data}}; the data are id, subject, text and \
severity.

Every message is on the disk before it is sent, and forgotten once it was accepted: at least once, a second copy \
under the same X-Watchdesk-Id. It is tried again for 24 h (after 30 s, doubled, at most 15 min); then the screen says \
so. The holder of the lease tells first. Another monitor tells as well, with its host in the subject, where nobody \
holds it, where its holder reaches nobody or never reports, and where no row says that somebody was told \
{alerts.late_critical_s} (critical) or {alerts.late_s} after it was due. Each alert is a row watchdog_alert_critical, \
…_warning or …_info of the execution log, from which the next holder goes on."""


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
