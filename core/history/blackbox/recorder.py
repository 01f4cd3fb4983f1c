"""Writes published snapshots to the disk. Blocking: one thread owns it, so that the event loop never waits for it.

Only one process of a project and user writes, by a lock that is freed when it ends; another one takes over with its
next snapshot. A write that fails is reported once in `warning` and tried again; nothing here raises for a disk. A
snapshot that cannot be encoded is dropped alone.
"""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec

from core.base.clock import Clock
from core.base.errors import WatchdeskError
from core.base.owner_lock import OwnerLock
from core.base.safe_files import own_directory
from core.domain.snapshot import STATE_LEVEL, Snapshot
from core.history.blackbox.frame import (
    HEADER,
    Encoder,
    Flag,
    FrameEntry,
    Kind,
    framed,
    microseconds,
    moment_of,
    still,
    with_level,
)
from core.history.blackbox.marks import happened
from core.history.blackbox.notes import SIZE as NOTES_SIZE
from core.history.blackbox.notes import Notes
from core.history.blackbox.repair import FileRepair, newest_usable
from core.history.blackbox.ring import Part, following, listing, too_many, too_old
from core.history.blackbox.segment import Segment
from core.history.blackbox.segment_index import index_frame, marked
from core.history.blackbox.settings import ALIVE_S, FRAME_BYTES, GAP_S, SEGMENT_MOST, SEGMENT_S, BlackboxRules

log = logging.getLogger(__name__)

_RETRY_S: Final = 5.0
_SLACK_US: Final = 2_000_000
"""The correction of the wall clock, in microseconds, up to which it does not count as set back."""


_BODY_BYTES: Final = FRAME_BYTES - HEADER.size


class _TooLarge(WatchdeskError):
    """A snapshot is larger than a frame may be: with it, the file could not be told from a damaged one."""


class Recorder:
    """The writing end of the box in `directory`."""

    def __init__(self, directory: Path, rules: BlackboxRules, clock: Clock) -> None:
        self._directory = directory
        self._rules = rules
        self._clock = clock
        self._lock = OwnerLock(directory / "box.lock")
        self._repair = FileRepair(directory)
        self._encoder = Encoder()
        self._segment: Segment | None = None
        self._part: Part | None = None
        """The file that is written, or was last."""
        self._others = 0
        """The size of the other files in the directory, bytes."""
        self._at: int | None = None
        """The moment of the last frame of the epoch that is written."""
        self._frames: list[FrameEntry] = []
        """The frames of the file that is written, without their places: its index is made of them."""
        self._wrote_at: int | None = None
        """The same of the last frame that this process wrote."""
        self._seen: Snapshot | None = None
        """The last snapshot written, in whichever file."""
        self._failing = ""
        self._retry_at = 0.0

    @property
    def warning(self) -> str | None:
        """The current problem, in words; `None` while all is well. A file set aside stays reported."""
        return self._failing or self._repair.said or self._lock.warning or None

    def record(self, snapshot: Snapshot) -> None:
        """Write a snapshot, unless nothing changed and the last sign of life is recent."""
        self._guarded(lambda: self._record(snapshot))

    def repair(self, path: Path) -> None:
        """Set a damaged file aside, and keep what is readable of it."""
        self._guarded(lambda: self._repair_file(path))

    def close(self, now: datetime) -> None:
        """Write that observation ends, and release the lock."""
        last = self._encoder.last
        if self._segment is not None and last is not None:
            again = msgspec.structs.replace(last, at=now)
            self._guarded(lambda: self._write(microseconds(now), Flag.ENDED, lambda: self._encoder.again(again)))
        self._leave()
        self._lock.release()

    def _guarded(self, work: Callable[[], None]) -> None:
        if self._failing and self._clock.elapsed() < self._retry_at:
            return
        try:
            work()
        except OSError as error:
            if not self._failing:
                log.warning("the black box is paused", exc_info=True)
            self._failing = f"black box paused: {self._directory}: {error.strerror or error}"
            self._retry_at = self._clock.elapsed() + _RETRY_S
            self._leave()

    def _record(self, snapshot: Snapshot) -> None:
        at, last = microseconds(snapshot.at), self._seen
        if last is None:
            self._write(at, Flag(0), lambda: self._encoder.encode(snapshot))
        elif self._wrote_at is not None and 0 <= at - self._wrote_at < ALIVE_S * 1e6 and still(last, snapshot):
            return
        elif msgspec.structs.replace(snapshot, at=last.at) == last:
            self._write(at, Flag(0), lambda: self._encoder.again(snapshot))
        else:
            self._write(at, happened(last, snapshot), lambda: self._encoder.encode(snapshot))
        self._seen = self._encoder.last or self._seen

    def _write(self, at: int, flags: int, encoded: Callable[[], tuple[Kind, bytes]]) -> None:
        if self._segment is not None and not self._segment.there:
            self._leave()
            self._lock.release()  # it was deleted as well, and keeps nobody out
        if self._segment is None:
            own_directory(self._directory, above=2)
        if not self._lock.take():
            self._leave()
            return
        segment = self._for(at)
        if self._at is None or self._wrote_at is None or at - self._wrote_at > GAP_S * 1e6:
            flags |= Flag.BEGAN
        try:
            kind, body = encoded()
            if len(body) > _BODY_BYTES:
                raise _TooLarge(f"one of {len(body):,} bytes")
        except Exception as error:  # whatever it was, the snapshots that follow are kept
            self._encoder.begin_anew()
            if not self._failing:
                log.warning("a snapshot does not go into the black box", exc_info=True)
            self._failing = f"black box: snapshots are being lost: {error}"
            return
        if (shown := self._encoder.last) is not None and (flags or kind is Kind.WHOLE):
            flags = with_level(flags, STATE_LEVEL[shown.state])
        at = at if self._at is None else max(at, self._at)
        frame = framed(kind, flags, at, body)
        try:
            self._make_room(len(frame))
            segment.append(frame)
        except OSError:
            self._encoder.begin_anew()
            raise
        if kind is Kind.WHOLE:
            segment.settle()
        self._at = self._wrote_at = at
        self._frames.append(FrameEntry(kind, flags, at, 0, len(body)))
        self._failing = ""

    def _for(self, at: int) -> Segment:
        """Return the file for a frame of this moment."""
        segment = self._segment or self._found(at)
        part, back = self._part, self._at is not None and at < self._at - _SLACK_US
        full = segment.size >= self._rules.segment_size
        if part is not None and (back or full or at - part.first >= SEGMENT_S * 1e6):
            self._write_index(segment)
            self._leave()
            segment = self._begun(at, back=back)
        return segment

    def _found(self, at: int) -> Segment:
        """Return the newest file, if it can be continued; else a new one."""
        self._encoder.begin_anew()
        self._repair.look_over()
        found = newest_usable(self._directory, self._repair)
        if found is None:
            self._part, self._at = None, None
            return self._begun(at, back=False)
        self._part, contents = found
        self._frames = list(contents.entries)
        self._at = self._frames[-1].at
        self._count()
        segment = self._segment = Segment.going_on(self._part.path, contents.end)
        return segment

    def _begun(self, at: int, *, back: bool) -> Segment:
        before, parts = self._part, listing(self._directory)
        newest = parts[-1] if parts else None
        epoch = (newest.epoch if newest is not None else 0) + back
        self._at = None if back else self._at
        path = following(self._directory, newest, at, epoch=epoch)
        segment = self._segment = Segment.new(path)
        self._frames = []
        self._part = next(part for part in listing(self._directory) if part.path == path)
        if before is not None:
            self._age(min(before.first, at))
        self._count()
        return segment

    def _write_index(self, segment: Segment) -> None:
        if self._frames and self._frames[-1].kind != Kind.INDEX and segment.size > 0:
            frame = index_frame(marked(self._frames), self._frames[-1])
            self._make_room(len(frame))
            segment.append(frame)

    def _age(self, newest: int) -> None:
        """Delete what is too old. `newest`: a time that two files agree on, so that one wrong clock deletes nothing."""
        horizon = moment_of(newest) - timedelta(days=self._rules.days)
        others = (part for part in self._counted() if part.path != self._path)
        self._remove(too_old(others, before=microseconds(horizon), newest=newest))
        Notes(self._directory).trim(horizon)

    def _make_room(self, size: int) -> None:
        """Delete the oldest files until `size` bytes fit."""
        ours = self._segment.size if self._segment is not None else 0
        room = self._rules.size - NOTES_SIZE - ours - size
        if self._others > room:
            self._cut_down()
            self._remove(too_many((part for part in self._counted() if part.path != self._path), room))
            self._count()

    def _cut_down(self) -> None:
        """Replace a file larger than any of ours by its readable part, and report it."""
        for part in self._counted():
            if part.size > SEGMENT_MOST and not part.broken and part.path != self._path:
                self._repair.repair(part.path)

    def _remove(self, parts: Iterable[Part]) -> None:
        for part in parts:
            part.path.unlink(missing_ok=True)

    def _counted(self) -> tuple[Part, ...]:
        return tuple(part for part in listing(self._directory) if part.path not in self._repair.later)

    def _count(self) -> None:
        self._others = sum(part.size for part in self._counted() if part.path != self._path)

    @property
    def _path(self) -> Path | None:
        return None if self._part is None else self._part.path

    def _repair_file(self, path: Path) -> None:
        if not self._lock.take():
            return
        if self._path == path:
            self._leave()
        self._repair.repair(path)
        self._count()

    def _leave(self) -> None:
        segment, self._segment = self._segment, None
        self._encoder.begin_anew()
        if segment is not None:
            segment.close()
