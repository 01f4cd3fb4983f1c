"""Composes a report from everything recorded of a window. Pure: the same input gives the same report."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import msgspec

from core.base.text import short
from core.domain.alert_view import alerts_in_words
from core.domain.alerts import Phase
from core.domain.events import ContactTold
from core.domain.records import LogEntry
from core.domain.snapshot import CALM, CUT_OFF, LinkWord, Snapshot
from core.domain.status import Level
from core.domain.work_done import WorkDone
from core.history.blackbox import Note, WatchedSpan
from core.history.report.aggregates import (
    AlertCollector,
    BreakerCollector,
    KpiCollector,
    SilenceCollector,
    TaskCollector,
)
from core.history.report.alert_times import as_told
from core.history.report.incident_course import Material, MessageSent, incidents_of
from core.history.report.observed import PeriodCollector, seen
from core.history.report.record import Closing, Origin, Report, StatePeriod, TimelineEntry
from core.history.report.row_alerts import alerts_in_rows
from core.history.report.signs import errors_of, failed_work
from core.history.report.timeline import TimelineCollector, in_order, without_verdicts
from core.history.report.turning_points import TurningPointCollector

_ERRORS: Final = 3
_AHEAD: Final = timedelta(seconds=2)
_SOON: Final = timedelta(minutes=1)
"""What was written so soon after it happened was written then."""


class RecordedWindow(NamedTuple):
    """The records of a window. `snapshots`: the snapshot valid at its beginning and all within, the oldest first.

    `rows`: rows of the project's log, in any order; `asked`: what is missing of them, empty if nothing is. `begins_at`:
    when the black box begins; `unseen`: why it has nothing of the window. `work`: what the task table says, if it was
    read.
    """

    snapshots: Iterable[Snapshot]
    looks: tuple[WatchedSpan, ...] = ()
    notes: tuple[Note, ...] = ()
    rows: tuple[LogEntry, ...] = ()
    asked: str = ""
    begins_at: datetime | None = None
    unseen: str = ""
    work: WorkDone | None = None


def compose(kept: RecordedWindow, *, since: datetime, until: datetime, made_at: datetime, host: str) -> Report:
    """Return the report of a window, made on `host`."""
    states, links, timeline = PeriodCollector(), PeriodCollector(), TimelineCollector(since, until)
    alerts, breakers, kpis = AlertCollector(since), BreakerCollector(), KpiCollector()
    tasks, moments, silences = TaskCollector(), TurningPointCollector(), SilenceCollector()
    last: Snapshot | None = None
    set_back = skewed = ""
    addresses: int | None = None
    for one in seen(kept.snapshots, kept.looks, since, until):
        last = one.snapshot
        for part in (timeline, alerts, silences, breakers, kpis, tasks, moments):
            part.add(one)
        if last.ready:
            states.add(last.state, last.state_why, one)
            links.add(last.link.word, last.link.why, one)
            addresses = max(addresses or 0, last.telling.contacts + last.telling.channels)
        set_back, skewed = set_back or _set_back(last), skewed or _skewed(last)
    timeline.add_rows(kept.rows)
    rows = timeline.rows()
    happened = timeline.entries(frozenset({host}))
    courses = as_told(alerts.courses(), happened, rows)
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
        tasks=tasks.tally(since, until),
        work=kept.work,
        unseen=kept.unseen,
        addresses=addresses,
        closing=closing_of(last) if last is not None and last.ready else None,
        alerts=tuple(sorted((*courses, *alerts_in_rows(rows, courses)), key=lambda one: (one.fired_at, one.key))),
        silences=silences.courses(),
        breakers=breakers.courses(),
        kpis=kpis.courses(),
        notes=kept.notes,
        moments=moments.found(),
    )
    told = {(period.since, period.why) for period in report.states}
    shown = [*_link_changes(report.links), *_state_changes(report.states)]
    entries = [
        *without_verdicts(happened, told),
        *shown,
        *map(_noted, kept.notes),
        *_gaps(report),
    ]
    seconds = (report.until - report.since).total_seconds()
    failed = failed_work(happened, kept.work.failures if kept.work is not None else ())
    material = Material(
        entries=[*happened, *shown],
        states=report.states,
        links=report.links,
        looks=report.looks,
        alerts=report.alerts,
        silences=report.silences,
        failures=failed,
        told=_messages(happened, rows),
        addresses=addresses,
        completed_per_s=kept.work.completed / seconds if kept.work is not None and seconds > 0 else 0.0,
        until=report.until,
    )
    incidents = incidents_of(material)
    return msgspec.structs.replace(
        report,
        timeline=in_order(entries),
        incidents=tuple(msgspec.structs.replace(one, tasks=tasks.tally(one.since, one.until)) for one in incidents),
        errors=errors_of(failed, _ERRORS),
        failed_at=tuple(one.at for one in failed),
    )


def closing_of(snapshot: Snapshot) -> Closing:
    """Return the figures of a snapshot, in the words of the screen; empty where one was never read."""
    counts, rate = snapshot.tasks.counts.value, snapshot.tasks.success_24h.value
    return Closing(
        at=snapshot.at,
        state=snapshot.state,
        state_why=snapshot.state_why,
        tasks="" if counts is None else str(counts),
        success_24h="" if rate is None else rate.shown,
        alerts=alerts_in_words(snapshot.alerts),
    )


def _messages(entries: Iterable[TimelineEntry], rows: Iterable[LogEntry]) -> tuple[MessageSent, ...]:
    """Return the messages about alerts that somebody was sent, by this machine's events and by rows of others."""
    ours = (
        MessageSent(entry.at, entry.what.to)
        for entry in entries
        if isinstance(entry.what, ContactTold) and entry.what.phase is not Phase.RESOLVED
    )
    told = (row.happened_at for row in rows if row.alert and row.alert.phase == Phase.TOLD)
    theirs = (MessageSent(at) for at in told if at is not None)
    return tuple(sorted((*ours, *theirs)))


def _noted(note: Note) -> TimelineEntry:
    late = note.written_at - note.at > _SOON
    written_at = note.written_at if late else None
    return TimelineEntry(at=note.at, origin=Origin.NOTE, who=note.who, text=note.text, written_at=written_at)


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
        text = f"{word}{came}{why}"
        yield TimelineEntry(at=period.since, origin=Origin.SEEN, text=text, word=word, why=period.why, level=level)


def _link_changes(links: tuple[StatePeriod, ...]) -> Iterable[TimelineEntry]:
    """Yield when the project was lost, and when it answered again."""
    lost: StatePeriod | None = None
    for period in links:
        if period.word in CUT_OFF and (lost is None or lost.word != period.word):
            why = f": {period.why}" if period.why else ""
            yield TimelineEntry(
                at=period.since,
                origin=Origin.SEEN,
                text=f"{period.word}{why}",
                word=period.word,
                why=period.why,
                level=Level.WARNING,
            )
            lost = period
        elif period.word == LinkWord.LIVE and lost is not None:
            text = f"{period.word} again, {short(period.since - lost.since)} after it was {lost.word}"
            yield TimelineEntry(at=period.since, origin=Origin.SEEN, text=text, word=period.word)
            lost = None


def _gaps(report: Report) -> Iterable[TimelineEntry]:
    """Yield the periods without records, which are not calm."""
    for gap in report.gaps if not report.unseen else ():
        if report.before_all(gap):
            yield TimelineEntry(at=gap.until, origin=Origin.NOBODY, text="the black box begins")
        else:
            length = short(gap.until - gap.since)
            yield TimelineEntry(at=gap.since, origin=Origin.NOBODY, text=f"nothing was recorded for {length}")


def _skewed(snapshot: Snapshot) -> str:
    """Return the sentence that the project's clock and this machine's differ, if the monitor found so; else empty."""
    found = next((one for one in snapshot.alerts if one.rule == "clock_skew" and one.fires), None)
    if found is None:
        return ""
    return (
        f"the clock of this machine is {found.text}: actions of other hosts and agents use the project's clock,"
        " everything on this machine uses its own"
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
