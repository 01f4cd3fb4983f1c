"""The state word: the project's state in one word, never better than any of its parts. Pure."""

from collections.abc import Iterable
from typing import Final

import msgspec

from core.domain.alert_view import AlertView
from core.domain.alerts import STOP_RULE
from core.domain.records import SystemConfig
from core.domain.snapshot import LinkWord, Snapshot, State
from core.domain.status import NOT_VISIBLE, Level
from core.domain.wrong import DOWN_RULE, cause_in_words, wrong_now
from core.resilience.reading import Reading, Source

BLIND_IS_UNKNOWN_S: Final = 600.0

_HIDDEN: Final = (
    "this account cannot see the config row: it is not known whether a stop is set",
    "no task is visible to this account",
)


def state_of(
    snapshot: Snapshot,
    *,
    blind_for_s: float | None,
    healthy_within_s: float = 3600.0,
) -> tuple[State, str]:
    """Return the state word and its reason, by the first condition that holds. `blind_for_s`: seconds without proof."""
    config = snapshot.config.value if snapshot.config.source is not Source.DEFAULT else None
    counts = snapshot.tasks.counts.value
    last = snapshot.tasks.last_completed_at.value
    wrong = wrong_now(snapshot)
    levels = {one.level for one in wrong}
    if config is not None and config.emergency_stop:
        return State.STOPPED, config.stop_reason or "emergency stop"
    unseen = hidden(snapshot)
    if len(unseen) == len(_HIDDEN):
        return State.UNKNOWN, "nothing of this project is visible to this account"
    if config is None and counts is None:
        return State.UNKNOWN, "nothing has been read yet"
    if blind_for_s is not None and blind_for_s >= BLIND_IS_UNKNOWN_S:
        return State.UNKNOWN, "the project has not been reachable from here for ten minutes"
    if Level.CRITICAL in levels:
        return State.CRITICAL, cause_in_words(wrong)
    if config is not None and not config.enabled:
        return State.DISABLED, "the system is disabled"
    if Level.WARNING in levels:
        return State.WARNING, cause_in_words(wrong)
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


def as_readings_show(
    alerts: Iterable[AlertView], config: Reading[SystemConfig], link: LinkWord
) -> tuple[AlertView, ...]:
    """Return the alerts; whether one resolves is as newer readings show it: evaluated is only once a minute.

    A stop by the config row; a database by the last refresh.
    """
    row = config.value if config.live else None
    so = {} if row is None else {STOP_RULE: row.emergency_stop, "config_rows": bool(row.several)}
    so |= {DOWN_RULE: link is LinkWord.OFFLINE} if link in {LinkWord.LIVE, LinkWord.OFFLINE} else {}
    return tuple(
        msgspec.structs.replace(one, well=not so[one.rule]) if one.rule in so and one.fires else one for one in alerts
    )
