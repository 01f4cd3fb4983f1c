"""The reading end of the box. Everything here reads files and blocks: call it in a thread.

Where epochs overlap because the clock was set back, the newest one that covers a moment is read. Nothing here raises
for the contents of the disk: what cannot be read counts as not observed.
"""

import heapq
import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import count, islice
from pathlib import Path
from typing import Final

from core.domain.snapshot import Snapshot
from core.history.blackbox.delta import Unfit
from core.history.blackbox.epoch import Epoch, LevelRun, LevelSpan, Spot, WatchedSpan, read_epochs
from core.history.blackbox.frame import microseconds, moment_of
from core.history.blackbox.marks import Mark, MarkKind, kinds_of
from core.history.blackbox.notes import Note, Notes
from core.history.blackbox.segment_cache import SegmentCache
from core.history.blackbox.stops import APART, STARTS, GravityAt, gravity, stops, turns

log = logging.getLogger(__name__)
_TICK = timedelta(microseconds=1)

_TURNING: Final = (MarkKind.STATE, MarkKind.ALERT, MarkKind.BEGAN)
_MOST_GRAVE: Final = 300
"""The most snapshots that are read to find where it grew worse: a storm of days is then one stop all the same."""

_MOST_PASSED: Final = 40
"""The most unreadable groups that are skipped to find a readable one: those of some hours."""


class Box:
    """The reading end of the box in `directory`, whichever process writes it. May be used from several threads.

    `on_damage` is called with a file that is damaged, in the thread that reads.
    """

    def __init__(self, directory: Path, on_damage: Callable[[Path], None] | None = None) -> None:
        self._segments = SegmentCache(directory, on_damage or (lambda _: None))
        self._notes = Notes(directory)

    def span(self) -> tuple[datetime, datetime] | None:
        """Return the first and the last moment observed; `None`: there is none."""
        found = self._epochs()
        first = min((spot.at for epoch in found if (spot := epoch.after(-1)) is not None), default=None)
        last = max((spot.at for epoch in found if (spot := epoch.last()) is not None), default=None)
        return None if first is None or last is None else (moment_of(first), moment_of(last))

    def at(self, moment: datetime) -> Snapshot | None:
        """Return the snapshot of a moment; `None` if it was not observed. Its own `at` is when it was last seen so."""
        at = microseconds(moment)
        for epoch in self._epochs():
            if (spot := epoch.covering(at)) is not None and (found := self._snapshot(spot)) is not None:
                return found
        return None

    def step(self, moment: datetime, by: int) -> Snapshot | None:
        """Return the snapshot `by` changes after a moment, or before it; past the end, the last one.

        `None`: there is none in that direction, or none near enough that can be read.
        """
        epochs, at = self._epochs(), microseconds(moment)
        spot: Spot | None = None
        for _ in range(abs(by)):
            following = _next(epochs, at) if by > 0 else _previous(epochs, at)
            if following is None:
                break
            spot, at = following, following.at
        return self._readable(epochs, spot, forward=by > 0)

    def frames(self, since: datetime, until: datetime) -> Iterator[Snapshot]:
        """Yield every snapshot from `since` up to, not including, `until`, the oldest first."""
        epochs = self._epochs()
        runs = [epoch.snapshots(microseconds(since), microseconds(until)) for epoch in epochs]
        for at, newer, snapshot in heapq.merge(*(_numbered(run, n) for n, run in enumerate(runs)), key=lambda x: x[0]):
            if any(epoch.covering(at) is not None for epoch in epochs[:newer]):
                continue
            try:
                yield snapshot(at)
            except Unfit:
                log.debug("a frame of the black box does not fit")

    def marks(
        self, since: datetime, until: datetime, *, of: Collection[MarkKind] = tuple(MarkKind)
    ) -> tuple[Mark, ...]:
        """Return the marks of some kinds from `since` up to, not including, `until`, the oldest first."""
        epochs = self._epochs()
        found: dict[int, tuple[MarkKind, ...]] = {}
        for newer, epoch in enumerate(epochs):
            for at, flags in epoch.flagged(microseconds(since), microseconds(until)):
                kinds = tuple(kind for kind in kinds_of(flags) if kind in of)
                if kinds and not any(other.covering(at) is not None for other in epochs[:newer]):
                    found[at] = (*found.get(at, ()), *kinds)
        for note in self.notes(since, until) if MarkKind.NOTE in of else ():
            at = microseconds(note.at)
            found[at] = (*found.get(at, ()), MarkKind.NOTE)
        return tuple(Mark(moment_of(at), tuple(dict.fromkeys(found[at]))) for at in sorted(found))

    def incident(self, moment: datetime, by: int) -> Mark | None:
        """Return where an incident began, ended or grew worse, the `by`th after a moment, or before it.

        Past the end, the last one. A storm is one stop, however much of it there is, and each worsening in it another.
        """
        span = self.span()
        if span is None:
            return None
        found: Mark | None = None
        for stop in islice(self._stops(moment, span, forward=by > 0), abs(by)):
            found = stop
        return found

    def looks(self, since: datetime, until: datetime) -> tuple[WatchedSpan, ...]:
        """Return the observed periods between two moments, the oldest first."""
        spans = sorted(
            (look for epoch in self._epochs() for look in epoch.looks(microseconds(since), microseconds(until))),
            key=lambda look: look.since,
        )
        joined: list[WatchedSpan] = []
        for look in spans:
            if joined and look.since <= joined[-1].until:
                joined[-1] = WatchedSpan(joined[-1].since, max(joined[-1].until, look.until))
            else:
                joined.append(look)
        return tuple(joined)

    def levels(self, since: datetime, until: datetime) -> tuple[LevelSpan, ...]:
        """Return the level of the state over the observed periods between two moments, the oldest first.

        It is read from the indexes of the files: no snapshot is decoded. Files of earlier versions tell UNKNOWN. The
        seconds in which a monitor started and knew nothing yet are left out.
        """
        begin, end = microseconds(since), microseconds(until)
        found: list[LevelRun] = []
        for epoch in self._epochs():
            older = (rest for run in epoch.levels(begin, end) for rest in _beside(run, found))
            found = sorted((*found, *older))
        return tuple(
            LevelSpan(moment_of(max(run.since, begin)), moment_of(min(run.until, end)), run.level)
            for run in found
            if not run.starts and run.since < end and (run.until > begin or run.since >= begin)
        )

    def notes(self, since: datetime, until: datetime) -> tuple[Note, ...]:
        """Return the notes about moments from `since` up to, not including, `until`, the oldest first."""
        return tuple(note for note in self._notes.all() if since <= note.at < until)

    def damage(self) -> tuple[str, ...]:
        """Return the damage found in what was read so far, and files not ours or set aside, each in a sentence."""
        return tuple(f"black box: {words}" for words in (*self._segments.damage(), *self._notes.damage()))

    def note(self, at: datetime, text: str, who: str, *, now: datetime | None = None) -> Note:
        """Add a note about a moment, and return it as written. Any process may. Raises NotKept."""
        return self._notes.add(Note(at=at, written_at=now or datetime.now(UTC), who=who, text=text))

    def _stops(self, moment: datetime, span: tuple[datetime, datetime], *, forward: bool) -> Iterator[Mark]:
        """Yield the stops after a moment, or before it, the nearest first."""
        left = count(_MOST_GRAVE, -1)
        gravity_at = lru_cache(maxsize=None)(lambda at: gravity(self.at(at)) if next(left) > 0 else None)
        begin = moment
        if forward:  # a stop is told by what came before it
            for mark in self._turns(moment + _TICK, span, gravity_at, forward=False):
                if begin - mark.at > APART:
                    break
                begin = mark.at - _TICK
        marks = self._turns(begin, span, gravity_at, forward=forward)
        yield from (stop for stop in stops(marks, gravity_at) if not forward or stop.at > moment)

    def _turns(
        self, moment: datetime, span: tuple[datetime, datetime], gravity_at: GravityAt, *, forward: bool
    ) -> Iterator[Mark]:
        """Yield the marks of incidents from a moment on, or backwards, searched further and further away."""
        reach, most = timedelta(hours=1), span[1] - span[0] + abs(moment - span[0]) + timedelta(days=1)
        edge = moment + _TICK if forward else moment
        while abs(edge - moment) <= most:
            following = edge + reach if forward else edge - reach
            since, until = sorted((edge, following))
            marks = self.marks(since - STARTS, until, of=_TURNING)
            found = [mark for mark in turns(marks, gravity_at) if mark.at >= since]
            yield from found if forward else reversed(found)
            edge, reach = following, 4 * reach

    def _readable(self, epochs: tuple[Epoch, ...], spot: Spot | None, *, forward: bool) -> Snapshot | None:
        """Return the nearest readable snapshot. A group that is unreadable at both ends is skipped as a whole."""
        passed = 0
        while spot is not None and passed < _MOST_PASSED:
            if (found := self._snapshot(spot)) is not None:
                return found
            first, last = spot.ends()
            if self._snapshot(first) is None and (not forward or self._snapshot(last) is None):
                spot, passed = last if forward else first, passed + 1
            spot = _next(epochs, spot.at) if forward else _previous(epochs, spot.at)
        return None

    def _epochs(self) -> tuple[Epoch, ...]:
        return read_epochs(self._segments)

    def _snapshot(self, spot: Spot) -> Snapshot | None:
        try:
            return spot.snapshot()
        except Unfit:
            return None


def _beside(run: LevelRun, newer: Sequence[LevelRun]) -> Iterator[LevelRun]:
    """Yield what is left of a period beside those that a newer epoch observed, which are in order."""
    at = run.since
    for other in newer:
        if other.since > run.until:
            break
        if other.since > at:
            yield run._replace(since=at, until=other.since)
        at = max(at, other.covers)
    if at < run.until or at == run.since:
        yield run._replace(since=at)


def _next(epochs: tuple[Epoch, ...], at: int) -> Spot | None:
    while True:
        found = [(spot.at, newer, spot) for newer, epoch in enumerate(epochs) if (spot := epoch.after(at))]
        if not found:
            return None
        at, newer, spot = min(found, key=lambda one: one[:2])
        if not any(epoch.covering(at) is not None for epoch in epochs[:newer]):
            return spot


def _previous(epochs: tuple[Epoch, ...], at: int) -> Spot | None:
    while True:
        found = [(spot.at, -newer, spot) for newer, epoch in enumerate(epochs) if (spot := epoch.before(at))]
        if not found:
            return None
        at, newer, spot = max(found, key=lambda one: one[:2])
        if not any(epoch.covering(at) is not None for epoch in epochs[:-newer]):
            return spot


def _numbered(
    run: Iterator[tuple[int, Callable[[int], Snapshot]]], newer: int
) -> Iterator[tuple[int, int, Callable[[int], Snapshot]]]:
    return ((at, newer, snapshot) for at, snapshot in run)
