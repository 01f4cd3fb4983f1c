"""The timeline: events of the snapshots and rows of the project's log, the oldest first, without duplicates."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final, TypeAlias

import msgspec

from core.base.text import plural, short
from core.domain.actions import label
from core.domain.actors import ANOTHER, By, by_of, host_of
from core.domain.alerts import Phase
from core.domain.events import (
    ActionEnded,
    AlertChanged,
    BreakerChanged,
    CheckChanged,
    DegradationChanged,
    Event,
    event_of,
)
from core.domain.records import LogEntry
from core.domain.status import Level
from core.history.report.observed import ShownSnapshot
from core.history.report.record import Origin, TimelineEntry
from core.resilience import BreakerState

_LATER: Final = timedelta(minutes=1)
"""A row this much later than the last event of a waiting action is about its result."""

_SAME_ALERT: Final = timedelta(minutes=10)
_STORM: Final = timedelta(minutes=5)
"""The longest gap between similar entries that are folded into one line."""

_TOGETHER: Final = timedelta(seconds=30)
"""The same, with others in between."""

_Kind: TypeAlias = Origin | BreakerState | str
_Run: TypeAlias = list[tuple[int, TimelineEntry]]
_PROBES: Final = {BreakerState.HALF_OPEN, BreakerState.DUE}
_MANY: Final = 3
_FEW_NAMED: Final = 6


class TimelineCollector:
    """Collects the events of snapshots and of the log's rows, without duplicates."""

    def __init__(self, since: datetime, until: datetime) -> None:
        self._since = since
        self._until = until
        self._events: dict[Event, None] = {}
        self._rows: dict[str, LogEntry] = {}
        self._waited: dict[str, datetime] = {}
        """The time each waiting action was last seen waiting, by run."""
        self._last: tuple[tuple[Event, ...], object] = ((), None)

    def add(self, one: ShownSnapshot) -> None:
        """Add the events of a snapshot and the rows it shows."""
        snapshot = one.snapshot
        if snapshot.events != self._last[0]:
            ours = (event for event in reversed(snapshot.events) if not event.row and self._within(event.at))
            self._events |= dict.fromkeys(ours)
        if snapshot.logs.value is not None and snapshot.logs.value != self._last[1]:
            self.add_rows(snapshot.logs.value)
        self._waited |= dict.fromkeys((order.id for order in snapshot.waiting), snapshot.at)
        self._last = (snapshot.events, snapshot.logs.value)

    def add_rows(self, rows: Iterable[LogEntry]) -> None:
        """Add rows of the project's log, in any order."""
        self._rows |= {row.id: row for row in rows if row.happened_at is not None and self._within(row.happened_at)}

    def rows(self) -> tuple[LogEntry, ...]:
        """Return the rows, the oldest first."""
        return tuple(self._in_turn())

    def entries(self, here: frozenset[str]) -> list[TimelineEntry]:
        """Return the entries, not yet in order. `here`: the names of this machine."""
        events = list(self._events)
        here |= {host_of(event.who) for event in events if event.run}
        rows = self._in_turn()
        reasons = {row.run: row.reason for row in rows if row.run and row.reason}
        ours = [*_ours(events, reasons)]
        told: dict[str, datetime] = {}
        for event in events:
            if event.run:
                told[event.run] = max(event.at, told.get(event.run, event.at))
        said = [(event.at, event.what) for event in events if isinstance(event.what, AlertChanged)]
        return [*ours, *self._of_others(rows, told, said, here)]

    def _in_turn(self) -> list[LogEntry]:
        """Return the rows, the oldest first; those of one moment in a fixed order, beginnings of actions first."""

        def turn(row: LogEntry) -> tuple[object, ...]:
            at = row.happened_at or self._since
            return at, row.status != "started", row.step, row.actor, row.summary, row.status, row.id

        return sorted(self._rows.values(), key=turn)

    def _of_others(
        self,
        rows: list[LogEntry],
        told: dict[str, datetime],
        said: list[tuple[datetime, AlertChanged]],
        here: frozenset[str],
    ) -> Iterable[TimelineEntry]:
        """Yield the entries for rows of which this machine has no event."""
        runs: dict[str, list[LogEntry]] = {}
        for row in rows:
            if row.order:
                runs.setdefault(row.run or row.id, []).append(row)
            elif not _said(row, said, here) and (event := event_of(row)) is not None:
                who = row.actor or event.who
                yield _entry(event, _origin(event.who), who=who, here=not row.actor or host_of(row.actor) in here)
        for run, its in runs.items():
            ended = its[-1].happened_at or self._since
            if run not in told:
                yield _action_entry(its[0].happened_at or ended, its, here)
            elif self._waits(run, told[run]) and ended > told[run] + _LATER:
                yield _action_entry(ended, its, here)

    def _waits(self, run: str, told: datetime) -> bool:
        """Return whether an action's last event here, at `told`, is that it waits: another monitor may carry it out."""
        return run in self._waited and told <= self._waited[run]

    def _within(self, at: datetime) -> bool:
        return self._since <= at < self._until


def _ours(events: Iterable[Event], reasons: Mapping[str, str]) -> Iterable[TimelineEntry]:
    """Yield this machine's events. Of a breaker only that it opened, was held and closed, not each probe."""
    opened: set[str] = set()
    for event in sorted(events, key=lambda event: event.at):
        match event.what:
            case DegradationChanged():
                continue  # repeats what other events say
            case CheckChanged(check="breakers", after=after) if after is not Level.UNKNOWN:
                continue  # each breaker has a line of its own
            case BreakerChanged(key=key, after=after, cause=cause):
                told = after not in _PROBES and not (after is BreakerState.OPEN and key in opened)
                if told:
                    (opened.discard if after is BreakerState.CLOSED else opened.add)(key)
                if not told or cause.by_hand:
                    continue  # the action that did this has an entry of its own
        entry = _entry(event, _origin(event.who), run=event.run)
        said = event.what.reason if isinstance(event.what, ActionEnded) else ""
        why = said or reasons.get(event.run, "")
        text = entry.text if said or why in entry.text else f"{entry.text} ({why})"
        yield msgspec.structs.replace(entry, text=text, why=why)


def _entry(event: Event, origin: Origin, *, who: str = "", here: bool = True, run: str = "") -> TimelineEntry:
    return TimelineEntry(
        at=event.at,
        origin=origin,
        who=who or event.who,
        here=here,
        text=event.text,
        level=event.level,
        run=run,
        what=event.what,
        written_at=event.written_at,
        action=event.what.action if isinstance(event.what, ActionEnded) else "",
    )


def _action_entry(at: datetime, rows: list[LogEntry], here: frozenset[str]) -> TimelineEntry:
    """Return the entry for an action from its rows: when it began, what it was, its result and its reason."""
    first, last = rows[0], rows[-1]
    name = label(first.order)
    summary = "" if last.summary in {last.order, name} else last.summary
    ended = {
        "started": "begun, and no row says how it ended",
        "completed": summary or "done",
        "failed": f"failed: {summary}" if summary else "failed",
        "skipped": f"not done: {summary}" if summary else "not done",
    }.get(last.status, f"{last.status}: {summary}" if summary else last.status)
    reason = next((row.reason for row in rows if row.reason), "")
    why = f" ({reason})" if reason and reason not in ended else ""
    who = first.actor or ANOTHER
    return TimelineEntry(
        at=at,
        origin=_origin(who),
        who=who,
        here=host_of(who) in here,
        text=f"{name}: {ended}{why}",
        level=Level.OK if last.status == "completed" else Level.WARNING,
        run=first.run or first.id,
        why=reason,
        action=first.order,
        written_at=last.written_at,
    )


def _said(row: LogEntry, said: list[tuple[datetime, AlertChanged]], here: frozenset[str]) -> bool:
    """Return whether this machine has an event for a row about an alert; for each of its own deliveries it has one."""
    happened = row.happened_at
    if row.alert is None or happened is None:
        return False
    if row.alert.phase == Phase.TOLD:
        return host_of(row.actor) in here
    return any(
        (what.key, what.phase) == (row.alert.key, row.alert.phase) and abs(at - happened) <= _SAME_ALERT
        for at, what in said
    )


def _origin(who: str) -> Origin:
    return Origin(by_of(who) or By.WATCHDESK)


def in_order(entries: Iterable[TimelineEntry]) -> tuple[TimelineEntry, ...]:
    """Return the entries, the oldest first; those of one moment by origin. Many of a kind in a row become one line."""
    rank = {origin: place for place, origin in enumerate(Origin)}
    ordered = sorted(entries, key=lambda one: (one.at, rank[one.origin]))
    told: dict[int, TimelineEntry] = {}
    for run in _runs(ordered):
        places, entries_of = zip(*run, strict=True)
        told |= zip(places, _folded(_kind(entries_of[0]), list(entries_of)), strict=False)
    return tuple(told[place] for place in sorted(told))


def _runs(entries: Iterable[TimelineEntry]) -> list[_Run]:
    """Return runs of entries of one kind, each entry with its place.

    Neighbours are never far apart; breakers and checks change together, and what comes between them parts them less.
    """
    runs: list[_Run] = []
    going: dict[_Kind, _Run] = {}
    for place, entry in enumerate(entries):
        kind = _kind(entry)
        run = going.get(kind) if kind is not None else None
        if run is not None and _belongs(entry, run, beside=run is runs[-1]):
            run.append((place, entry))
            continue
        runs.append([(place, entry)])
        if kind is not None:
            going[kind] = runs[-1]
    return runs


def _belongs(entry: TimelineEntry, run: _Run, *, beside: bool) -> bool:
    """Return whether an entry goes on with a run of its kind; what changed twice is told twice."""
    if entry.at - run[-1][1].at > (_STORM if beside else _TOGETHER):
        return False
    if entry.origin is Origin.AGENTS:
        return beside
    return all(_subject(entry) != _subject(one) for _, one in run)


def _subject(entry: TimelineEntry) -> str:
    what = entry.what
    return what.key if isinstance(what, BreakerChanged) else what.check if isinstance(what, CheckChanged) else ""


def without_verdicts(
    entries: Iterable[TimelineEntry], told: Collection[tuple[datetime, str]]
) -> Iterable[TimelineEntry]:
    """Yield the entries without the watchdog's verdicts that a change of the state word in `told` already says."""
    for entry in entries:
        if not isinstance(entry.what, CheckChanged) or (entry.at, entry.what.verdict) not in told:
            yield entry


def _kind(entry: TimelineEntry) -> _Kind | None:
    """Return the kind by which entries are folded; `None`: they are not.

    That is failures of agents, breakers in one state, and checks that cannot tell for one reason.
    """
    if entry.origin is Origin.AGENTS:
        return Origin.AGENTS
    if isinstance(entry.what, CheckChanged):
        return entry.what.why if entry.what.after is Level.UNKNOWN else None
    return entry.what.after if isinstance(entry.what, BreakerChanged) else None


def _folded(kind: _Kind | None, run: list[TimelineEntry]) -> Iterable[TimelineEntry]:
    first, last = run[0], run[-1]
    checks = [one.what.check.replace("_", " ") for one in run if isinstance(one.what, CheckChanged)]
    if len(checks) > 1:
        unknown = f"{', '.join(checks[:-1])} and {checks[-1]} unknown: {kind}"
        return [msgspec.structs.replace(first, text=unknown)]
    if kind is None or len(run) <= _MANY:
        return run
    length = last.at - first.at
    took = f" within {short(length)}" if length else ""
    if kind is Origin.AGENTS:
        ended = "" if last.text == first.text else f"; the last: {last.text}"
        text = f"{plural(len(run), 'failed step')}{took}, the first: {first.text}{ended}"
        return [msgspec.structs.replace(first, text=text)]
    told = [one.what for one in run if isinstance(one.what, BreakerChanged)]
    names = [one.key for one in told]
    more = f" and {len(names) - _FEW_NAMED} more" if len(names) > _FEW_NAMED else ""
    text = (
        f"{len(names)} breakers {told[0].state}{took}: {', '.join(names[:_FEW_NAMED])}{more}; the first: {told[0].why}"
    )
    return [msgspec.structs.replace(first, text=text)]
