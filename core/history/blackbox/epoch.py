"""One epoch of a box: files in ascending time, searched by bisection. Times are microseconds since 1970."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final, NamedTuple

import msgspec

from core.domain.snapshot import Snapshot
from core.domain.status import Level
from core.history.blackbox.delta import Unfit
from core.history.blackbox.frame import Decoder, Flag, FrameEntry, Kind, level_in, moment_of
from core.history.blackbox.ring import Part
from core.history.blackbox.segment import Contents
from core.history.blackbox.segment_cache import SegmentCache
from core.history.blackbox.segment_index import Marked
from core.history.blackbox.settings import GAP_S

_GAP_US: Final = int(GAP_S * 1e6)
_BEGAN, _ENDED = int(Flag.BEGAN), int(Flag.ENDED)
"""Plain numbers: over the marks of weeks, flags with names take ten times as long."""

_NAMED_US: Final = 1000
"""The precision of the moment in a file's name."""


class WatchedSpan(msgspec.Struct, frozen=True):
    """A period that was observed without a gap."""

    since: datetime
    until: datetime


class LevelSpan(msgspec.Struct, frozen=True):
    """A period that was observed without a gap, and in all of which the state had one level.

    Where only a single frame tells of it, it is that moment alone.
    """

    since: datetime
    until: datetime
    level: Level


class LevelRun(NamedTuple):
    """The same in microseconds since 1970.

    `covers`: up to when its last snapshot stands, as `Epoch.covering` has it. `starts`: it is only the seconds in which
    a monitor that was just started knew nothing yet.
    """

    since: int
    until: int
    level: Level
    covers: int
    starts: bool = False


class Spot(NamedTuple):
    """One frame of one file."""

    at: int
    contents: Contents
    place: int

    def snapshot(self) -> Snapshot:
        """Return the decoded snapshot. Raises Unfit."""
        decoder = Decoder()
        for entry in self.contents.entries[self._first() : self.place + 1]:
            if entry.kind in (Kind.WHOLE, Kind.CHANGE):
                decoder.take(entry.kind, self.contents.body(entry))
        return decoder.snapshot(self.at)

    def ends(self) -> tuple["Spot", "Spot"]:
        """Return the first and the last frame of its group."""
        entries, last = self.contents.entries, self.place
        while last + 1 < len(entries) and entries[last + 1].kind != Kind.WHOLE:
            last += 1
        first = self._first()
        return Spot(entries[first].at, self.contents, first), Spot(entries[last].at, self.contents, last)

    def _first(self) -> int:
        """Return the index of the group's whole snapshot; without one, that of the file's first frame."""
        entries = self.contents.entries
        return next((place for place in range(self.place, 0, -1) if entries[place].kind == Kind.WHOLE), 0)


class Epoch:
    """The files of one epoch, the oldest first."""

    def __init__(self, segments: SegmentCache, parts: tuple[Part, ...]) -> None:
        self._segments = segments
        self._parts = parts

    def covering(self, at: int) -> Spot | None:
        """Return the last frame at or before a moment; `None` if that moment was not observed."""
        spot = self._last_until(at, changes=False)
        if spot is None or at - spot.at > _GAP_US:
            return None
        ended = spot.contents.entries[spot.place].flags & Flag.ENDED
        return None if ended and at > spot.at else spot

    def before(self, at: int) -> Spot | None:
        """Return the last snapshot before a moment."""
        return self._last_until(at - 1, changes=True)

    def after(self, at: int) -> Spot | None:
        """Return the first snapshot after a moment."""
        for part in self._parts[max(0, self._index(at)) :]:
            contents = self._segments.contents(part)
            for index in range(bisect_right(contents.entries, at, key=_at), len(contents.entries)):
                if _changes(contents.entries[index]):
                    return Spot(contents.entries[index].at, contents, index)
        return None

    def last(self) -> Spot | None:
        """Return the last frame of any kind."""
        return self._last_until(2**62, changes=False)

    def snapshots(self, since: int, until: int) -> Iterator[tuple[int, Callable[[int], Snapshot]]]:
        """Yield moments in order, each with a function that returns its snapshot until the next one is asked for."""
        for part in self._within(since, until):
            contents, decoder = self._segments.contents(part), Decoder()
            for entry in contents.entries:
                if entry.at >= until or not _changes(entry):
                    continue
                try:
                    decoder.take(entry.kind, contents.body(entry))
                except Unfit:
                    decoder = Decoder()
                    continue
                if entry.at >= since:
                    yield entry.at, decoder.snapshot

    def flagged(self, since: int, until: int) -> Iterator[tuple[int, int]]:
        """Yield the moments at which something happened, in order, with their flags."""
        for part in self._within(since, until):
            yield from ((at, flags) for at, flags in self._segments.flagged(part) if since <= at < until)

    def looks(self, since: int, until: int) -> Iterator[WatchedSpan]:
        """Yield the observed periods, cut to the given one."""
        began: int | None = None
        reached, open_ = 0, False
        for part in self._within(since - _GAP_US, until):
            for entry in self._segments.contents(part).entries:
                if began is not None and (not open_ or entry.at - reached > _GAP_US):
                    yield from _cut(began, reached, since, until)
                    began = None
                began = entry.at if began is None else began
                reached, open_ = entry.at, not entry.flags & Flag.ENDED
        if began is not None:
            yield from _cut(began, reached, since, until)

    def levels(self, since: int, end: int) -> Iterator[LevelRun]:
        """Yield the level of the state over the observed periods, in order, from the indexes of the files alone.

        They reach beyond the given period.
        """
        begun: int | None = None
        until, level, fresh, open_ = 0, Level.UNKNOWN, False, True
        for part in self._within(since - _GAP_US, end):
            for number, (at, flags) in enumerate(self._told(part)):
                told = level_in(flags)
                if begun is not None:
                    anew = number == 0 or flags & _BEGAN  # nowhere else can there be a gap
                    gap = anew and (not open_ or at - until > _GAP_US)
                    until = until if gap else at
                    if gap or told not in {None, level}:
                        starts = fresh and not gap and level is Level.UNKNOWN and until - begun <= _GAP_US
                        yield LevelRun(begun, until, level, until + _GAP_US * (gap and open_), starts)
                        begun, level = None, Level.UNKNOWN if gap else level
                if begun is None:
                    begun, until, level, fresh = at, at, told or level, bool(flags & _BEGAN)
                open_ = not flags & _ENDED
        if begun is not None:
            yield LevelRun(begun, until, level, until + _GAP_US * open_)

    def _told(self, part: Part) -> Marked:
        """Return the marks of a file, from its first moment on; earlier versions did not always list that."""
        marks = self._segments.flagged(part)
        return marks if not marks or marks[0][0] - part.first < _NAMED_US else ((part.first, 0), *marks)

    def _index(self, at: int) -> int:
        """Return the index of the file that would hold a moment; -1: the moment is before all of them."""
        return bisect_right(self._parts, at, key=_first) - 1

    def _within(self, since: int, until: int) -> tuple[Part, ...]:
        return self._parts[max(0, self._index(since)) : bisect_left(self._parts, until, key=_first)]

    def _last_until(self, at: int, *, changes: bool) -> Spot | None:
        for part in reversed(self._parts[: self._index(at) + 1]):
            contents = self._segments.contents(part)
            for index in reversed(range(bisect_right(contents.entries, at, key=_at))):
                if not changes or _changes(contents.entries[index]):
                    return Spot(contents.entries[index].at, contents, index)
        return None


def read_epochs(segments: SegmentCache) -> tuple[Epoch, ...]:
    """Return every epoch, the newest first."""
    epochs: dict[int, list[Part]] = {}
    for part in segments.parts():
        epochs.setdefault(part.epoch, []).append(part)
    return tuple(Epoch(segments, tuple(epochs[epoch])) for epoch in sorted(epochs, reverse=True))


def _cut(began: int, reached: int, since: int, until: int) -> Iterator[WatchedSpan]:
    if reached >= since and began < until:
        yield WatchedSpan(moment_of(max(began, since)), moment_of(min(reached, until)))


def _changes(entry: FrameEntry) -> bool:
    return entry.kind in (Kind.WHOLE, Kind.CHANGE)


def _at(entry: FrameEntry) -> int:
    return entry.at


def _first(part: Part) -> int:
    return part.first
