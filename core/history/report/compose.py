"""Composes a report from everything recorded of a window. Pure: the same input gives the same report."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import msgspec

from core.base.text import short
from core.domain.records import LogEntry
from core.domain.snapshot import CALM, LinkWord, Snapshot
from core.domain.status import Level
from core.history.blackbox import Note, WatchedSpan
from core.history.report.aggregates import AlertCollector, BreakerCollector, KpiCollector, TaskCollector
from core.history.report.observed import PeriodCollector, seen
from core.history.report.record import Origin, Report, StatePeriod, TimelineEntry
from core.history.report.timeline import TimelineCollector, in_order, without_verdicts
from core.history.report.turning_points import TurningPointCollector

LOST: Final = {LinkWord.OFFLINE, LinkWord.BLIND}
_AHEAD: Final = timedelta(seconds=2)


class RecordedWindow(NamedTuple):
    """The records of a window. `snapshots`: the snapshot valid at its beginning and all within, the oldest first.

    `rows`: rows of the project's log, in any order; `asked`: what is missing of them, empty if nothing is. `begins_at`:
    when the black box begins.
    """

    snapshots: Iterable[Snapshot]
    looks: tuple[WatchedSpan, ...] = ()
    notes: tuple[Note, ...] = ()
    rows: tuple[LogEntry, ...] = ()
    asked: str = ""
    begins_at: datetime | None = None


def compose(kept: RecordedWindow, *, since: datetime, until: datetime, made_at: datetime, host: str) -> Report:
    """Return the report of a window, made on `host`."""
    states, links, timeline = PeriodCollector(), PeriodCollector(), TimelineCollector(since, until)
    alerts, breakers, kpis = AlertCollector(since), BreakerCollector(), KpiCollector()
    tasks, moments = TaskCollector(), TurningPointCollector()
    last: Snapshot | None = None
    set_back = skewed = ""
    for one in seen(kept.snapshots, kept.looks, since, until):
        last = one.snapshot
        for part in (timeline, alerts, breakers, kpis, tasks, moments):
            part.add(one)
        if last.ready:
            states.add(last.state, last.state_why, one)
            links.add(last.link.word, last.link.why, one)
        set_back, skewed = set_back or _set_back(last), skewed or _skewed(last)
    timeline.add_rows(kept.rows)
    report = Report(
        project=last.project.name if last is not None else "",
        url=last.project.url if last is not None else "",
        host=host,
        made_at=made_at,
        since=since,
        until=until,
        asked=kept.asked,
        notices=tuple(filter(None, (set_back, skewed))),
        begins_at=kept.begins_at,
        looks=kept.looks,
        states=states.periods(),
        links=links.periods(),
        tasks=tasks.tally(),
        alerts=alerts.courses(),
        breakers=breakers.courses(),
        kpis=kpis.courses(),
        notes=kept.notes,
        moments=moments.found(),
    )
    told = {(period.since, period.why) for period in report.states}
    entries = [
        *without_verdicts(timeline.entries(frozenset({host})), told),
        *_link_changes(report.links),
        *_state_changes(report.states),
        *(TimelineEntry(at=note.at, origin=Origin.NOTE, who=note.who, text=note.text) for note in kept.notes),
        *_gaps(report),
    ]
    return msgspec.structs.replace(report, timeline=in_order(entries))


def _state_changes(states: tuple[StatePeriod, ...]) -> Iterable[TimelineEntry]:
    """Yield the changes of the state, except those between calm states."""
    before: StatePeriod | None = None
    for period in states:
        was = before.word if before is not None else None
        before = period
        if period.word == was or (period.word in CALM and (was is None or was in CALM)):
            continue
        came = f" after {was.upper()}" if was is not None else ""
        level = Level.OK if period.word in CALM else Level.WARNING
        why = f": {period.why}" if period.why else ""
        word = period.word.upper()
        yield TimelineEntry(at=period.since, origin=Origin.SEEN, text=f"{word}{came}{why}", word=word, level=level)


def _link_changes(links: tuple[StatePeriod, ...]) -> Iterable[TimelineEntry]:
    """Yield when the project was lost, and when it answered again."""
    lost: StatePeriod | None = None
    for period in links:
        if period.word in LOST and (lost is None or lost.word != period.word):
            why = f": {period.why}" if period.why else ""
            text = f"{period.word}{why}"
            yield TimelineEntry(at=period.since, origin=Origin.SEEN, text=text, word=period.word, level=Level.WARNING)
            lost = period
        elif period.word == LinkWord.LIVE and lost is not None:
            text = f"{period.word} again, {short(period.since - lost.since)} after it was {lost.word}"
            yield TimelineEntry(at=period.since, origin=Origin.SEEN, text=text, word=period.word)
            lost = None


def _gaps(report: Report) -> Iterable[TimelineEntry]:
    """Yield the periods without records, which are not calm."""
    for gap in report.gaps:
        if report.before_all(gap):
            yield TimelineEntry(at=gap.until, origin=Origin.NOBODY, text="the black box begins")
        else:
            length = short(gap.until - gap.since)
            yield TimelineEntry(at=gap.since, origin=Origin.NOBODY, text=f"nothing was kept for {length}")


def _skewed(snapshot: Snapshot) -> str:
    """Return the sentence that the project's clock and this machine's differ, if the monitor found so; else empty."""
    found = next((one for one in snapshot.alerts if one.rule == "clock_skew" and one.fires), None)
    if found is None:
        return ""
    return (
        f"the clock of this machine is {found.text}: what other hosts and agents did is told by the project's,"
        " what was seen and done here by this machine's"
    )


def _set_back(snapshot: Snapshot) -> str:
    """Return that this machine's clock was set back, if a time in the snapshot is after its own; else empty."""
    ahead = [event.at - snapshot.at for event in snapshot.events if not event.row]
    if not ahead or max(ahead) <= _AHEAD:
        return ""
    return (
        f"the clock of this machine was set back by {short(max(ahead))} or more:"
        " what is told around that moment may stand in another order than it happened"
    )
