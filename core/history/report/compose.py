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
from core.history.report.aggregates import Alerts, BreakersSeen, Figures, TasksSeen
from core.history.report.observed import Words, seen
from core.history.report.record import Origin, Report, Stay, TimelineEntry
from core.history.report.timeline import Happenings, in_order, without_verdicts
from core.history.report.turning_points import TurningPoints

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
    states, links, happenings = Words(), Words(), Happenings(since, until)
    alerts, breakers, figures, tasks, moments = Alerts(since), BreakersSeen(), Figures(), TasksSeen(), TurningPoints()
    last: Snapshot | None = None
    set_back = skewed = ""
    for one in seen(kept.snapshots, kept.looks, since, until):
        last = one.snapshot
        for part in (happenings, alerts, breakers, figures, tasks, moments):
            part.see(one)
        if last.ready:
            states.see(last.state, last.state_why, one)
            links.see(last.link.word, last.link.why, one)
        set_back, skewed = set_back or _set_back(last), skewed or _skewed(last)
    happenings.add(kept.rows)
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
        states=states.stays(),
        links=links.stays(),
        tasks=tasks.tally(),
        alerts=alerts.courses(),
        breakers=breakers.courses(),
        kpis=figures.courses(),
        notes=kept.notes,
        moments=moments.found(),
    )
    entries = [
        *without_verdicts(happenings.entries(frozenset({host})), {(stay.since, stay.why) for stay in report.states}),
        *_link_changes(report.links),
        *_state_changes(report.states),
        *(TimelineEntry(at=note.at, origin=Origin.NOTE, who=note.who, text=note.text) for note in kept.notes),
        *_gaps(report),
    ]
    return msgspec.structs.replace(report, timeline=in_order(entries))


def _state_changes(states: tuple[Stay, ...]) -> Iterable[TimelineEntry]:
    """Yield the changes of the state, except those between calm states."""
    before: Stay | None = None
    for stay in states:
        was = before.word if before is not None else None
        before = stay
        if stay.word == was or (stay.word in CALM and (was is None or was in CALM)):
            continue
        came = f" after {was.upper()}" if was is not None else ""
        level = Level.OK if stay.word in CALM else Level.WARNING
        why = f": {stay.why}" if stay.why else ""
        word = stay.word.upper()
        yield TimelineEntry(at=stay.since, origin=Origin.SEEN, text=f"{word}{came}{why}", word=word, level=level)


def _link_changes(links: tuple[Stay, ...]) -> Iterable[TimelineEntry]:
    """Yield when the project was lost, and when it answered again."""
    lost: Stay | None = None
    for stay in links:
        if stay.word in LOST and (lost is None or lost.word != stay.word):
            why = f": {stay.why}" if stay.why else ""
            text = f"{stay.word}{why}"
            yield TimelineEntry(at=stay.since, origin=Origin.SEEN, text=text, word=stay.word, level=Level.WARNING)
            lost = stay
        elif stay.word == LinkWord.LIVE and lost is not None:
            text = f"{stay.word} again, {short(stay.since - lost.since)} after it was {lost.word}"
            yield TimelineEntry(at=stay.since, origin=Origin.SEEN, text=text, word=stay.word)
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
