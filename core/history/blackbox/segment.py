"""One file of frames, only ever appended to: after a kill it is whole up to its last complete frame."""

import os
from pathlib import Path
from typing import Final

import msgspec

from core.base.errors import WatchdeskError
from core.base.safe_files import head_of_own, open_own, write_all
from core.history.blackbox.frame import HEADER, MAGIC, FrameEntry, Kind, claimed, entry_at
from core.history.blackbox.settings import SEGMENT_MOST

VERSION: Final = 1
_SIGN: Final = b"watchbox"
_IN_VAIN_BYTES: Final = 100_000_000
HEAD: Final = _SIGN + VERSION.to_bytes(2, "little") + bytes(6)


class Later(WatchdeskError):
    """The file is of a later version of this program."""


class NoSegment(WatchdeskError):
    """The file is none of ours."""


class Contents(msgspec.Struct, frozen=True, kw_only=True):
    """The readable part of a file, in order. `end`: the offset up to which it is whole; the rest was cut off.

    `damaged`: something in between is damaged; what cannot be decoded without it is left out.
    """

    data: bytes
    entries: tuple[FrameEntry, ...]
    end: int
    damaged: bool = False

    def body(self, entry: FrameEntry) -> memoryview:
        """Return the body of one of the frames."""
        return memoryview(self.data)[entry.offset : entry.offset + entry.length]

    def salvage(self) -> bytes:
        """Return the bytes of a file that holds only what is readable."""
        frames = (self.data[entry.offset - HEADER.size : entry.offset + entry.length] for entry in self.entries)
        return HEAD + b"".join(frames)


def check(head: bytes) -> None:
    """Check the beginning of a file. Raises Later or NoSegment."""
    if not head.startswith(_SIGN[: len(head)]):
        raise NoSegment
    if len(head) >= len(HEAD) and int.from_bytes(head[len(_SIGN) : len(_SIGN) + 2], "little") > VERSION:
        raise Later


def read(path: Path) -> Contents:
    """Read a whole file; blocking. Beyond the largest size of ours nothing is read.

    Raises Later, NoSegment, Unsafe, OSError.
    """
    data = head_of_own(path, SEGMENT_MOST + 1)
    check(data[: len(HEAD)])
    entries: list[FrameEntry] = []
    search = _Search(data)
    position, damaged, lost = len(HEAD), len(data) > SEGMENT_MOST, False
    while (entry := entry_at(data, position)) is not None or (position := search.next_group(position)) > 0:
        if entry is None:
            damaged = lost = True
            continue
        if entry.kind == Kind.WHOLE:
            lost = False
        if not lost or entry.kind == Kind.NOTE:  # a change of what is not there is none
            entries.append(entry)
        position = entry.offset + entry.length
    end = entries[-1].offset + entries[-1].length if entries else min(len(data), len(HEAD))
    return Contents(data=data, entries=tuple(entries), end=end, damaged=damaged)


class _Search:
    """Finds the beginning of the next group after a damaged part.

    Bytes that only look like a header cost a checksum over their claimed length: after a number of bytes it gives up.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._patience = _IN_VAIN_BYTES

    def next_group(self, position: int) -> int:
        """Return the offset of the next group; -1 if there is none."""
        while self._patience > 0 and (position := self._data.find(MAGIC, position + 1)) >= 0:
            entry = entry_at(self._data, position)
            if entry is not None and entry.kind in (Kind.WHOLE, Kind.NOTE):
                return position
            self._patience -= claimed(self._data, position)
        return -1


class Segment:
    """A file being written. Blocking; every write is one call, and undone if it was not whole."""

    def __init__(self, path: Path, file: int, size: int) -> None:
        self.path = path
        self.size = size
        self._file = file

    @classmethod
    def new(cls, path: Path) -> "Segment":
        """Create a file that must not exist yet. Raises OSError."""
        return cls(path, open_own(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND), 0)

    @classmethod
    def going_on(cls, path: Path, end: int) -> "Segment":
        """Continue a file that another process began, cut where it is whole. Raises OSError."""
        file = open_own(path, os.O_WRONLY | os.O_APPEND)
        try:
            os.ftruncate(file, end)
        except OSError:
            os.close(file)
            raise
        return cls(path, file, end)

    @property
    def there(self) -> bool:
        """Return whether the file still has a name: a deleted file accepts writes that nobody finds."""
        return os.fstat(self._file).st_nlink > 0

    def append(self, frame: bytes) -> None:
        """Write a frame whole or not at all. Raises OSError."""
        data = frame if self.size else HEAD + frame
        try:
            write_all(self._file, data)
        except OSError:
            os.ftruncate(self._file, self.size)
            raise
        self.size += len(data)

    def settle(self) -> None:
        """Flush to the disk, against a loss of power. Raises OSError."""
        os.fdatasync(self._file) if hasattr(os, "fdatasync") else os.fsync(self._file)

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)
