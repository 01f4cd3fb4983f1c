"""Read a past moment from the black box. Everything here reads files and blocks; call it in a thread.

A past moment is shown as its snapshot at its own time: every age on it is the age at that moment.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from core.base.errors import WatchdeskError
from core.base.text import short
from core.domain.events import Event
from core.domain.snapshot import Degradation, Project, Snapshot
from core.domain.status import Level
from core.history.blackbox import GAP_S, Box, Note
from core.resilience import DegradationLevel
from tui.rendering.text import Line, ago

_TICK: Final = timedelta(microseconds=1)
_NOTED: Final = timedelta(hours=24)
_MOST_NOTES: Final = 20
"""The age and the number of notes that are listed among the events of a moment, at most."""

NOTHING: Final = "the black box holds nothing yet"


class Gap(msgspec.Struct, frozen=True):
    """A time without recordings: no monitor ran, or the black box was off, full or damaged."""

    since: datetime
    until: datetime

    @property
    def words(self) -> str:
        """The gap in words."""
        same = self.since.astimezone().date() == self.until.astimezone().date()
        until = f"{self.until.astimezone():%H:%M:%S}" if same else clock(self.until)
        return f"nothing was recorded from {clock(self.since)} to {until}, for {short(self.until - self.since)}"


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """One moment as it is shown: its snapshot, or the gap that it lies in.

    `noted`: the notes about it; in a gap, about any moment of the gap.
    """

    at: datetime
    snapshot: Snapshot | None = None
    gap: Gap | None = None
    noted: tuple[Note, ...] = ()


class NotThere(WatchdeskError):
    """There is nothing to show in that direction, or of that time. The message is one sentence."""


def moment_at(box: Box, at: datetime, now: datetime) -> Moment | None:
    """Return what was recorded of a moment; `None` for now. Raises NotThere."""
    span = box.span()
    if at > now:
        raise NotThere(f"{clock(at)} has not come yet: it is {clock(now)}")
    if at == now:
        return None
    if span is None:
        raise NotThere(NOTHING)
    if at < span[0]:
        raise NotThere(f"the black box begins at {clock(span[0])}: {clock(at)} is not in it")
    found = box.at(at)
    return _unknown(box, _gap_around(box, at, now), at) if found is None else _shown(box, found, at)


def again(box: Box, moment: Moment, now: datetime) -> Moment | None:
    """Return the same moment with notes taken since; one in a gap stays in that. Raises NotThere."""
    return moment_at(box, moment.at, now) if moment.gap is None else _unknown(box, moment.gap, moment.at)


def stepped(box: Box, start: Moment, by: int, now: datetime) -> Moment | None:
    """Return the snapshot `by` changes later or earlier, but stop at the first gap on the way. `None`: now.

    Raises NotThere before the first one.
    """
    found = box.step(start.at, by)
    if found is None and by < 0:
        begins = box.span()
        unread = begins is not None and begins[0] < start.at
        raise NotThere(f"the recording before {clock(start.at)} cannot be read") if unread else _none_before(box)
    passed = _passed(box, start, now if found is None else found.at)
    if passed:
        gap = passed[0] if by > 0 else passed[-1]
        edge = min(timedelta(milliseconds=1), (gap.until - gap.since) / 2)
        return _unknown(box, gap, gap.since + edge if by > 0 else gap.until - edge)
    return None if found is None else _shown(box, found, found.at)


def marked(box: Box, start: Moment, by: int, now: datetime) -> Moment | None:
    """Return where an incident began, ended or grew worse, `by` later or earlier; `None`: now.

    Raises NotThere before the first.
    """
    found = box.incident(start.at, by)
    if by > 0 and (found is None or found.at > now):
        return None
    if found is None:
        begins = box.span()
        raise NotThere(
            NOTHING
            if begins is None
            else f"no incident is recorded before {clock(start.at)}; the black box begins at {clock(begins[0])}"
        )
    snapshot = box.at(found.at)
    if snapshot is None:  # a note about when nothing was kept
        return _unknown(box, _gap_around(box, found.at, now), found.at)
    return _shown(box, snapshot, found.at)


def _none_before(box: Box) -> NotThere:
    span = box.span()
    return NotThere(NOTHING if span is None else f"the black box begins at {clock(span[0])}: nothing is before")


def _shown(box: Box, snapshot: Snapshot, at: datetime) -> Moment:
    """Return the snapshot as the screen showed it at that moment, with the notes up to then among its events."""
    notes = box.notes(at - _NOTED, at + _TICK)[-_MOST_NOTES:]
    told = tuple(Event(at=note.at, who=note.who, text=f"note: {note.text}", level=Level.WARNING) for note in notes)
    events = sorted((*told, *snapshot.events), key=lambda event: event.at, reverse=True) if told else snapshot.events
    return Moment(
        at=at,
        snapshot=msgspec.structs.replace(snapshot, at=at, events=tuple(events)),
        noted=tuple(note for note in notes if note.at == at),
    )


def _unknown(box: Box, gap: Gap, at: datetime) -> Moment:
    """Return a moment in a gap."""
    return Moment(at=at, gap=gap, noted=box.notes(gap.since + _TICK, gap.until)[-_MOST_NOTES:])


def _gap_around(box: Box, at: datetime, now: datetime) -> Gap:
    """Return the gap around a moment: between two spans in which something was recorded."""
    before, after = box.step(at, -1), box.step(at, 1)
    since = before.at if before is not None else at
    until = after.at if after is not None else now
    looks = box.looks(since, until + _TICK)
    ended = max((span.until for span in looks if span.until <= at), default=since)
    began = min((span.since for span in looks if span.since > at), default=until)
    return Gap(ended, began)


def _passed(box: Box, start: Moment, end: datetime) -> tuple[Gap, ...]:
    """Return the gaps between a moment and another, the oldest first, but not the one that the moment lies in."""
    found = _gaps_between(box, *sorted((start.at, end)))
    return tuple(gap for gap in found if start.gap is None or not gap.since <= start.at <= gap.until)


def _gaps_between(box: Box, earlier: datetime, later: datetime) -> Iterator[Gap]:
    """Yield the gaps between two moments, the oldest first."""
    reached = earlier
    for span in box.looks(earlier, later + _TICK):
        if span.since > reached:
            yield Gap(reached, span.since)
        reached = max(reached, span.until)
    if later - reached > timedelta(seconds=GAP_S):
        yield Gap(reached, later)


def blank(moment: Moment, project: Project) -> Snapshot:
    """Return an empty snapshot for a moment in a gap."""
    why = moment.gap.words if moment.gap is not None else ""
    nothing = Degradation(level=DegradationLevel.SEVERE)
    return Snapshot(at=moment.at, project=project, state_why=why, degradation=nothing, ready=True)


def unavailable(moment: Moment, *, kept: bool) -> str:
    """Return the text for a view that cannot show the moment, else empty. `kept`: the black box has its data."""
    if moment.gap is not None:
        notes = (f"note {clock(note.at)}: {note.text}" for note in moment.noted)
        return "\n".join((f"{moment.gap.words}: nothing is known of that time", *notes))
    if kept:
        return ""
    return f"this list was not recorded at {clock(moment.at)}; only its present content can be read"


def clock(at: datetime, now: datetime | None = None) -> str:
    """Return a moment in local time, with its date unless that is the date of `now`: `24 Nov 03:10:05`."""
    today = now is not None and now.astimezone().date() == at.astimezone().date()
    return f"{at.astimezone():{'%H:%M:%S' if today else '%-d %b %H:%M:%S'}}"


def sentence(moment: Moment, back: str, now: datetime) -> str:
    """Return why no action is possible in the past, and the way back."""
    local, today = moment.at.astimezone(), now.astimezone().date()
    day = {today: "", today - timedelta(days=1): " yesterday"}.get(local.date(), f" on {local:%-d %b}")
    return f"this is {local:%H:%M:%S}{day}, the past; {back} goes back to now"


def banner(moment: Moment, live: Snapshot, began: Sequence[str], back: str, now: datetime) -> Line:
    """Return the time shown, the present state, alerts that began since, and notes: the most important first."""
    told = [
        f"PAST {clock(moment.at)}, {ago(moment.at, now)}",
        f"now {live.state.upper()} {live.link.word}",
        *(f"NEW ALERT {title}" for title in began),
        *(("not recorded",) if moment.gap is not None else ()),
        f"{back} goes back to now",
        *(f"note: {note.text}" for note in moment.noted),
    ]
    return tuple((one, "past") for one in told)
