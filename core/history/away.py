"""A summary of an absence, fed snapshot by snapshot and kept in a few numbers however long it lasts."""

from collections import deque
from datetime import datetime, timedelta
from typing import Final

import msgspec

from core.domain.actors import By, by_of
from core.domain.alert_view import AlertView, in_order
from core.domain.counts import TaskCounts
from core.domain.records import LogEntry
from core.domain.snapshot import CALM, CUT_OFF, WORST_FIRST, Snapshot, State
from core.resilience.reading import Reading

_ENDED: Final = frozenset({"completed", "failed"})
_FIRST, _LAST = 3, 3
_ACTIONS: Final = 20
_ROWS_REMEMBERED: Final = 1000
_LATE: Final = timedelta(minutes=1)
"""The delay with which a row may come into sight after its time."""

UNSEEN_S: Final = 120.0
"""The gap between snapshots, seconds, from which this monitor itself stood still; they come every few seconds."""


class Step(msgspec.Struct, frozen=True):
    """A state, and since when."""

    state: State
    at: datetime


class ActionSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of action by one operator or watchdog: how often, how many rows changed, and how often it failed."""

    actor: str
    action: str
    times: int = 1
    rows: int = 0
    failed: int = 0


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """The events from `since` to `until`.

    `path`: the states in order, with all healthy ones as one; of many the first and the last, with `skipped` between
    them. `worst`: the worst state, if it is not on the path. `firing`: alerts that fire now, the worst first.
    `actions_more`: actions there was no room for. `silent_s`: seconds without an answer,
    since `silent_at` for the first time; `unseen_s`: seconds in which
    this monitor stood still. `completed`, `failed`: tasks, as far as they could be counted.
    """

    since: datetime
    until: datetime
    path: tuple[Step, ...] = ()
    skipped: int = 0
    worst: Step | None = None
    fired: int = 0
    resolved: int = 0
    firing: tuple[str, ...] = ()
    actions: tuple[ActionSummary, ...] = ()
    actions_more: int = 0
    silent_s: float = 0.0
    silent_at: datetime | None = None
    unseen_s: float = 0.0
    completed: int = 0
    failed: int = 0

    @property
    def quiet(self) -> bool:
        """Return whether nothing happened that a person must know; finished tasks alone are expected."""
        happened = (self.fired, self.resolved, self.actions, self.actions_more, self.silent_s, self.unseen_s)
        return len(self.path) < 2 and not any(happened)


class Absence:
    """An absence: begins with the last snapshot somebody saw, and is fed every one that follows."""

    def __init__(self, left: Snapshot) -> None:
        self._since = left.at
        self._first = [Step(left.state, left.at)]
        self._later: deque[Step] = deque(maxlen=_LAST)
        self._steps = 1
        self._worst = self._first[0]
        self._firing = {_name(one) for one in left.alerts if one.fires}
        self._fired = self._resolved = 0
        self._alerts = left.alerts
        self._logs = left.logs.value or ()
        self._rows: deque[str] = deque((entry.id for entry in self._logs), maxlen=_ROWS_REMEMBERED)
        newest = max((entry.at for entry in self._logs if entry.at is not None), default=None)
        self._old = None if newest is None else newest - _LATE
        self._actions: dict[tuple[str, str], ActionSummary] = {}
        self._actions_more = 0
        self._silent_s = self._unseen_s = 0.0
        self._silent_at: datetime | None = None
        self._counts = _measured(left.tasks.counts)
        self._done = {"completed": 0, "failed": 0}
        self._at, self._word = left.at, left.link.word

    def heard(self, snapshot: Snapshot) -> None:
        """Add what is different in a snapshot."""
        self._pass_time(snapshot)
        self._see_state(Step(snapshot.state, snapshot.at))
        if snapshot.alerts is not self._alerts:
            self._see_alerts(snapshot.alerts)
        logs = snapshot.logs.value or ()
        if logs is not self._logs:
            self._see_logs(logs)
        self._see_counts(_measured(snapshot.tasks.counts))

    def until(self, back: Snapshot) -> Summary:
        """Return the summary, up to a last snapshot."""
        self.heard(back)
        path = (*self._first, *self._later)
        return Summary(
            since=self._since,
            until=back.at,
            path=path,
            skipped=self._steps - len(path),
            worst=None if self._worst.state in {step.state for step in path} else self._worst,
            fired=self._fired,
            resolved=self._resolved,
            firing=tuple(map(_called, (one for one in in_order(back.alerts) if one.is_so))),
            actions=tuple(
                sorted(self._actions.values(), key=lambda one: by_of(one.actor) is not By.OPERATOR)  # else as they came
            ),
            actions_more=self._actions_more,
            silent_s=self._silent_s,
            silent_at=self._silent_at,
            unseen_s=self._unseen_s,
            completed=self._done["completed"],
            failed=self._done["failed"],
        )

    def _pass_time(self, snapshot: Snapshot) -> None:
        passed = max(0.0, (snapshot.at - self._at).total_seconds())
        if passed > UNSEEN_S:
            self._unseen_s += passed
        elif self._word in CUT_OFF:
            self._silent_s += passed
            self._silent_at = self._silent_at or self._at
        self._at, self._word = snapshot.at, snapshot.link.word

    def _see_state(self, now: Step) -> None:
        last = self._later[-1] if self._later else self._first[-1]
        if now.state is last.state or (now.state in CALM and last.state in CALM):
            return
        self._steps += 1
        if len(self._first) < _FIRST:
            self._first.append(now)
        else:
            self._later.append(now)
        if WORST_FIRST.index(now.state) < WORST_FIRST.index(self._worst.state):
            self._worst = now

    def _see_alerts(self, alerts: tuple[AlertView, ...]) -> None:
        self._alerts = alerts
        firing = {_name(one) for one in alerts if one.fires}
        hidden = {_name(one) for one in alerts if one.state == "hidden"}  # it is not over, another is worse
        over = self._firing - firing - hidden
        self._fired += len(firing - self._firing)
        self._resolved += len(over)
        self._firing = (self._firing | firing) - over

    def _see_logs(self, logs: tuple[LogEntry, ...]) -> None:
        """Add actions that ended. After a deletion of rows, old ones come into sight again; those are not counted."""
        old, known = self._old, set(self._rows)
        self._logs = logs
        for entry in reversed(logs):
            if entry.id in known or entry.at is None or (old is not None and entry.at < old):
                continue
            self._rows.append(entry.id)
            self._old = entry.at - _LATE if self._old is None else max(self._old, entry.at - _LATE)
            if entry.order and entry.status in _ENDED:
                self._note(entry)

    def _note(self, entry: LogEntry) -> None:
        key = (entry.actor, entry.order)
        known = self._actions.get(key)
        if known is None and len(self._actions) >= _ACTIONS:
            self._actions_more += 1
            return
        one = known or ActionSummary(actor=entry.actor, action=entry.order, times=0)
        self._actions[key] = msgspec.structs.replace(
            one,
            times=one.times + 1,
            rows=one.rows + (entry.changed or 0),
            failed=one.failed + (entry.status == "failed"),
        )

    def _see_counts(self, now: TaskCounts | None) -> None:
        """Add the rises of these counts; a fall is a requeue or a deletion, and does not undo what was done."""
        if now is None or now is self._counts:
            return
        if self._counts is not None:
            for status in self._done:
                self._done[status] += max(0, now.of(status) - self._counts.of(status))
        self._counts = now


def _called(alert: AlertView) -> str:
    """Return severity and title, and whether somebody takes care of it already."""
    care = f" ({alert.word})" if alert.word in {"acknowledged", "silenced"} else ""
    return f"{alert.severity}: {alert.title}{care}"


def _name(alert: AlertView) -> tuple[str, str]:
    return alert.key, alert.episode


def _measured(counts: Reading[TaskCounts]) -> TaskCounts | None:
    value = counts.value
    return value if counts.live and value is not None and value.exact else None
