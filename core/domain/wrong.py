"""What is wrong, the gravest first, and which of it is named: the gravest that nobody takes care of yet. Pure."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final, NamedTuple

from core.base.text import plural
from core.domain.alert_view import AlertView
from core.domain.alerts import DISABLED, SLOW_RULE, STOP_RULE, Severity
from core.domain.checks import UNREACHABLE, verdict_in_words
from core.domain.records import SystemConfig
from core.domain.snapshot import LinkWord, Snapshot
from core.domain.status import Level
from core.resilience.reading import Source

BY_CONFIG: Final = frozenset({STOP_RULE, "config_rows"})
"""Rules whose condition the config row shows every few seconds; the alerts are evaluated only once a minute."""

_DATABASE, _EDGE, _BREAKERS = "db", "edge", "breakers"

_FAILS_WHERE_SLOW: Final = frozenset({_DATABASE, _EDGE, _BREAKERS})
"""The subjects of what fails while the project answers slowly."""

DOWN_RULE: Final = "database_down"

_RATES: Final = ("failure rate", "success rate")

SUBJECT_OF_CHECK: Final = {
    "database": _DATABASE,
    "edge_function": _EDGE,
    "failure_rate": "failure rate",
    "activity": "no_activity",
}
"""The subject of the alerts about what a check looks at, where it is not the check's own name."""

_OF_CHECK: Final = {"stuck_tasks": Severity.HIGH, "failure_rate": Severity.HIGH, "activity": Severity.LOW}
"""The severity of the alert about a check's warning; one about which there is none, or not at once, is medium."""

_LAST: Final = len(Severity)
"""The rank of what is no alert yet, or is about to be none."""


class Wrong(NamedTuple):
    """One thing that is wrong. `rank`: 0 is the gravest; `began_at`: since when it is so, where that is known.

    `subject`: the same for a check and the alerts about it. `alert`: its key, empty where it is no alert.
    `care`: acknowledged or silenced, empty where nobody takes care of it yet; `over`: it is about to resolve.
    """

    rank: int
    level: Level
    text: str
    subject: str
    began_at: datetime | None = None
    alert: str = ""
    care: str = ""
    over: bool = False


def wrong_now(snapshot: Snapshot) -> tuple[Wrong, ...]:
    """Return everything that is wrong, the gravest first; of equals the most telling."""
    return tuple(sorted(_wrong(snapshot), key=lambda one: one.rank))


def cause_of(snapshot: Snapshot) -> Wrong | None:
    """Return the gravest of what is wrong that nobody takes care of yet; if there is none, the gravest."""
    return named(wrong_now(snapshot))


def named(wrong: tuple[Wrong, ...]) -> Wrong | None:
    """Return the same of what is wrong, the gravest first. Where all is slow, that stands before what fails of it."""
    bad = [one for one in wrong if one.level in {Level.CRITICAL, Level.WARNING}]
    cause = min(bad, key=lambda one: (one.over, bool(one.care)), default=None)
    slow = next((one for one in bad if one.alert.startswith(SLOW_RULE) and one.rank < _LAST and not one.over), None)
    if cause is None or slow is None or cause.alert == slow.alert or cause.over or cause.care or slow.care:
        return cause
    by_itself = cause.subject == _DATABASE and (not cause.alert or cause.alert.startswith(DOWN_RULE))
    if cause.subject not in _FAILS_WHERE_SLOW or by_itself:  # that says itself that it is slow, or does not answer
        return cause
    began = min((at for at in (cause.began_at, slow.began_at) if at is not None), default=None)
    return cause._replace(text=f"{slow.text}; {cause.text}", began_at=began)


def cared_for(wrong: tuple[Wrong, ...]) -> Wrong | None:
    """Return what is graver than what is named, which somebody takes care of; `None` where there is none."""
    cause, gravest = named(wrong), wrong[0] if wrong else None
    if cause is None or gravest is None or not gravest.care or cause.subject == gravest.subject:
        return None
    return gravest


def cause_in_words(wrong: tuple[Wrong, ...]) -> str:
    """Return what is named, and what is graver but taken care of."""
    cause, graver = named(wrong), cared_for(wrong)
    if cause is None or graver is None:
        return cause.text if cause is not None else ""
    return f"{cause.text} ({graver.text}: {graver.care})"


def _wrong(snapshot: Snapshot) -> Iterator[Wrong]:
    config = snapshot.config.value if snapshot.config.source is not Source.DEFAULT else None
    by_gravity = sorted(snapshot.alerts, key=lambda one: -Severity(one.severity).rank)
    cared = {one.subject: one for one in by_gravity if one.fires and one.cared}  # the gravest of a subject

    def care_of(subject: str) -> str:
        """Return how what a check or a reading shows is taken care of: its own alert, or the one that explains it."""
        down = cared.get(_DATABASE)
        whole = subject != _EDGE or snapshot.link.why.startswith(UNREACHABLE)  # of the functions as well
        explained = whole and down is not None and down.rule == DOWN_RULE and down.is_so
        alert = cared.get(subject) or (down if explained else None)
        if alert is None and subject in _RATES:  # one quantity
            alert = next((cared[one] for one in _RATES if one in cared), None)
        if alert is None and subject == _BREAKERS:
            alert = next((one for one in cared.values() if one.rule == _BREAKERS), None)
        return alert.state if alert is not None else ""

    for check in snapshot.health.checks:
        if check.level not in {Level.CRITICAL, Level.WARNING}:
            continue
        severity = Severity.CRITICAL if check.level is Level.CRITICAL else _OF_CHECK.get(check.name, Severity.MEDIUM)
        subject = SUBJECT_OF_CHECK.get(check.name, check.name)
        text = verdict_in_words(check.name, check.text)
        yield Wrong(severity.rank, check.level, text, subject, care=care_of(subject))
    if snapshot.tasks.stuck:  # shown as STUCK, whatever became of the verdict since
        text = f"{plural(len(snapshot.tasks.stuck), 'running task')} stuck"
        yield Wrong(Severity.HIGH.rank, Level.WARNING, text, "stuck_tasks", care=care_of("stuck_tasks"))
    if snapshot.link.word is LinkWord.OFFLINE:
        why = snapshot.link.why
        text = why if why.startswith(UNREACHABLE) else f"the project is down: {why}"
        yield Wrong(
            Severity.CRITICAL.rank, Level.CRITICAL, text, _DATABASE, snapshot.link.down_since, care=care_of(_DATABASE)
        )
    if config is not None and config.several:
        yield Wrong(Severity.CRITICAL.rank, Level.CRITICAL, config.several, "config_rows", care=care_of("config_rows"))
    for alert in sorted(snapshot.alerts, key=lambda one: one.cared):
        severity = Severity(alert.severity)
        if severity.level is Level.OK or (by_config(alert.rule, config) and not _is_over(alert, config)):
            continue
        had = alert if alert.cared else cared.get(alert.subject)
        care = had.state if had is not None and (had is alert or _covers(had, alert)) else ""
        of = Wrong(severity.rank, severity.level, alert.title, alert.subject, alert.began_at, alert.key, care)
        if _is_so(alert, snapshot, config):
            yield of
        elif alert.state == "pending" and not alert.well:
            yield of._replace(rank=_LAST + of.rank, level=Level.WARNING, text=f"{alert.title} (alert pending)")
        elif alert.resolving:
            text = f"{alert.title} (resolving)"
            yield of._replace(rank=2 * _LAST + of.rank, level=Level.WARNING, text=text, over=True)
    if snapshot.low_success.holds(snapshot.tasks.success_24h):  # the alerts are evaluated only once a minute
        text, subject = "success rate is below its target", "success rate"
        yield Wrong(Severity.MEDIUM.rank, Level.WARNING, text, subject, care=care_of(subject))


def _covers(graver: AlertView, alert: AlertView) -> bool:
    """Return whether who has one alert has another: one of the same episode. A silence is only of what it names."""
    known = graver.state == "acknowledged" and graver.episode == alert.episode
    return known and Severity(graver.severity).rank <= Severity(alert.severity).rank


def _is_so(alert: AlertView, snapshot: Snapshot, config: SystemConfig | None) -> bool:
    """Return whether an alert's condition holds now; a hidden one counts once the alert that hides it has resolved."""
    return alert.is_so or (alert.state == "hidden" and not alert.well and not _still_hides(alert, snapshot, config))


def _still_hides(alert: AlertView, snapshot: Snapshot, config: SystemConfig | None) -> bool:
    """Return whether the condition that hides an alert holds by the newest reading."""
    if alert.behind == DISABLED:
        return config is not None and not config.enabled
    if by_config(alert.behind, config):
        return config is not None and config.emergency_stop
    return any(one.rule == alert.behind and one.is_so for one in snapshot.alerts)


def _is_over(alert: AlertView, config: SystemConfig | None) -> bool:
    """Return whether an alert about the config row resolves, and the row does not say that it is so once more."""
    again = config is not None and (config.emergency_stop if alert.rule == STOP_RULE else bool(config.several))
    return alert.resolving and not again


def by_config(rule: str, config: SystemConfig | None) -> bool:
    """Return whether the config row, read more often than alerts are evaluated, tells whether the rule's holds."""
    return config is not None and rule in BY_CONFIG
