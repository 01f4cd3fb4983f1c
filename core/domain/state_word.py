"""The state word: the project's state in one word, never better than any of its parts. Pure."""

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from core.base.text import plural
from core.domain.alerts import DISABLED, STOP_RULE, Severity
from core.domain.checks import verdict_in_words
from core.domain.records import SuccessRate, SystemConfig
from core.domain.snapshot import AlertView, LinkWord, Snapshot, State
from core.domain.status import NOT_VISIBLE, Level
from core.resilience.reading import Reading, Source

BLIND_IS_UNKNOWN_S: Final = 600.0

_BY_CONFIG: Final = frozenset({STOP_RULE, "config_rows"})
"""Rules whose condition the config row shows every few seconds; the alerts are evaluated only once a minute."""

_OF_CHECK: Final = {"stuck_tasks": Severity.HIGH, "failure_rate": Severity.HIGH, "activity": Severity.LOW}
"""The severity of the alert about a check's warning; one about which there is none, or not at once, is medium."""

_LAST: Final = len(Severity)
"""The rank of what is no alert yet, or is about to be none."""

_HIDDEN: Final = (
    "this account cannot see the config row: it is not known whether a stop is set",
    "no task is visible to this account",
)


class LowSuccess(msgspec.Struct, frozen=True):
    """When the success rate of a day is too low: below `percent`, of at least `few` finished tasks."""

    percent: float = 95.0
    few: int = 5

    def holds(self, rate: Reading[SuccessRate]) -> bool:
        """Return whether a live reading is too low."""
        found = rate.value if rate.live else None
        if found is None or found.percent is None:
            return False
        return found.finished >= self.few and found.percent < self.percent


def state_of(
    snapshot: Snapshot,
    *,
    blind_for_s: float | None,
    healthy_within_s: float = 3600.0,
    low_success: LowSuccess = LowSuccess(),  # noqa: B008 - immutable
) -> tuple[State, str]:
    """Return the state word and its reason, by the first condition that holds. `blind_for_s`: seconds without proof."""
    config = snapshot.config.value if snapshot.config.source is not Source.DEFAULT else None
    counts = snapshot.tasks.counts.value
    last = snapshot.tasks.last_completed_at.value
    wrong: dict[Level, str] = {}
    for _, level, why in sorted(_wrong(snapshot, config, low_success), key=lambda one: one[0]):
        wrong.setdefault(level, why)
    if config is not None and config.emergency_stop:
        return State.STOPPED, config.stop_reason or "emergency stop"
    unseen = hidden(snapshot)
    if len(unseen) == len(_HIDDEN):
        return State.UNKNOWN, "nothing of this project is visible to this account"
    if config is None and counts is None:
        return State.UNKNOWN, "nothing has been read yet"
    if blind_for_s is not None and blind_for_s >= BLIND_IS_UNKNOWN_S:
        return State.UNKNOWN, "the project has not been reachable from here for ten minutes"
    if Level.CRITICAL in wrong:
        return State.CRITICAL, wrong[Level.CRITICAL]
    if config is not None and not config.enabled:
        return State.DISABLED, "the system is disabled"
    if Level.WARNING in wrong:
        return State.WARNING, wrong[Level.WARNING]
    if unseen:
        return State.UNKNOWN, unseen[0]
    if counts is not None and counts.of("in_progress"):
        return State.ACTIVE, f"{counts.of('in_progress'):,} in progress"
    if last is not None and (snapshot.at - last).total_seconds() <= healthy_within_s:
        return State.HEALTHY, "tasks completed in the last hour"
    if counts is None:
        return State.UNKNOWN, "the tasks have not been counted yet"
    if counts.of("pending"):
        return State.WAITING, f"{counts.of('pending'):,} pending, nothing running"
    if snapshot.in_review:
        return State.REVIEW, f"{snapshot.in_review:,} wait for a review, nothing else to do"
    return State.IDLE, "; ".join(one.text for one in snapshot.pauses) or "nothing to do"


def hidden(snapshot: Snapshot) -> tuple[str, ...]:
    """Return which parts of the config row and the tasks this account cannot see, a sentence each."""
    faults = (snapshot.config.fault, snapshot.tasks.counts.fault)
    return tuple(
        words for fault, words in zip(faults, _HIDDEN, strict=True) if fault is not None and fault.kind == NOT_VISIBLE
    )


def _wrong(
    snapshot: Snapshot, config: SystemConfig | None, low_success: LowSuccess
) -> Iterator[tuple[int, Level, str]]:
    """Yield everything that is wrong, with the rank of its severity and its level; of equals the most telling first."""
    for check in snapshot.health.checks:
        severity = Severity.CRITICAL if check.level is Level.CRITICAL else _OF_CHECK.get(check.name, Severity.MEDIUM)
        yield severity.rank, check.level, verdict_in_words(check.name, check.text)
    if snapshot.tasks.stuck:  # shown as STUCK, whatever became of the verdict since
        yield Severity.HIGH.rank, Level.WARNING, f"{plural(len(snapshot.tasks.stuck), 'running task')} stuck"
    if snapshot.link.word is LinkWord.OFFLINE:
        yield Severity.CRITICAL.rank, Level.CRITICAL, f"the project is down: {snapshot.link.why}"
    if config is not None and config.several:
        yield Severity.CRITICAL.rank, Level.CRITICAL, config.several
    for alert in sorted(snapshot.alerts, key=lambda alert: bool(alert.acked)):
        severity = Severity(alert.severity)
        if severity.level is Level.OK:
            continue
        if _is_so(alert, snapshot, config):
            yield severity.rank, severity.level, alert.title
        elif alert.state == "pending" and not alert.well and not _by_config(alert.rule, config):
            yield _LAST + severity.rank, Level.WARNING, f"pending: {alert.title}"
        elif alert.resolving and not _by_config(alert.rule, config):
            yield 2 * _LAST + severity.rank, Level.WARNING, f"resolving: {alert.title}"
    if low_success.holds(snapshot.tasks.success_24h):  # the alerts are evaluated only once a minute
        yield Severity.MEDIUM.rank, Level.WARNING, "success rate is below its target"


def _is_so(alert: AlertView, snapshot: Snapshot, config: SystemConfig | None) -> bool:
    """Return whether an alert's condition holds now; a hidden one counts once the alert that hides it has resolved."""
    if _by_config(alert.rule, config):
        return False
    return alert.is_so or (alert.state == "hidden" and not alert.well and not _still_hides(alert, snapshot, config))


def _still_hides(alert: AlertView, snapshot: Snapshot, config: SystemConfig | None) -> bool:
    """Return whether the condition that hides an alert holds by the newest reading."""
    if alert.behind == DISABLED:
        return config is not None and not config.enabled
    if _by_config(alert.behind, config):
        return config is not None and config.emergency_stop
    return any(one.rule == alert.behind and one.is_so for one in snapshot.alerts)


def _by_config(rule: str, config: SystemConfig | None) -> bool:
    return config is not None and rule in _BY_CONFIG


def as_config_shows(alerts: Iterable[AlertView], config: Reading[SystemConfig]) -> tuple[AlertView, ...]:
    """Return the alerts; those that the config row disproves are resolving, though evaluated only once a minute."""
    row = config.value if config.live else None
    disproved = (
        set()
        if row is None
        else _BY_CONFIG
        - {name for name, so in ((STOP_RULE, row.emergency_stop), ("config_rows", bool(row.several))) if so}
    )
    return tuple(
        msgspec.structs.replace(one, well=True) if one.rule in disproved and one.is_so else one for one in alerts
    )
