"""Frames: a header with time, length and checksum, then a body. Frames follow one another in a file.

A group is a whole snapshot and the changes that follow it, one deflate stream from the first to the last: each frame
depends on those before it in the group. A jump decodes one group at most.
"""

import re
import struct
import zlib
from datetime import UTC, datetime, timedelta
from enum import IntEnum, IntFlag
from typing import Any, Final, NamedTuple

import msgspec

from core.base.text import redacted
from core.domain.snapshot import Snapshot
from core.domain.status import Level
from core.history.blackbox.delta import Unfit, applied, changes

MAGIC: Final = b"\xf5w"
HEADER: Final = struct.Struct("<2sIBBIq")
_SUMMED: Final = struct.calcsize("<2sI")
"""The offset in the header from which the checksum is taken, up to the end of the body."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)

_GROUP_FRAMES: Final = 120
_GROUP_BYTES: Final = 150_000
"""The size, like the number of frames, after which a whole snapshot begins the next group: the cost of a jump."""

_FLUSHED: Final = b"\x00\x00\xff\xff"
"""The bytes that end every flush of deflate; not written to the disk."""


class Kind(IntEnum):
    """The content of a frame's body."""

    WHOLE = 1
    CHANGE = 2
    ALIVE = 3
    """No body: observed, and unchanged since the frame before."""
    NOTE = 4
    INDEX = 5
    """The last frame of this file."""


class Flag(IntFlag):
    """The kinds of events at a frame, readable without its body."""

    EVENT = 1
    STATE = 2
    ALERT = 4
    BEGAN = 8
    """Observation begins, by another process or after a gap."""
    ENDED = 16
    """Observation ends here."""
    ACTION = 32
    """An action was carried out, or an emergency stop was set or lifted."""


_LEVELS: Final = (Level.UNKNOWN, Level.OK, Level.WARNING, Level.CRITICAL)
_LEVEL_BIT: Final = 6
"""The two bits of the flags that hold the level of the state. In files of earlier versions they are 0: not known."""


class FrameEntry(NamedTuple):
    """The position of a frame in its file: `offset` is that of its body. `at`: microseconds since 1970."""

    kind: int
    flags: int
    at: int
    offset: int
    length: int


def with_level(flags: int, level: Level) -> int:
    """Return flags that also tell the level of the state at their frame."""
    return flags | _LEVELS.index(level) << _LEVEL_BIT


def level_in(flags: int) -> Level | None:
    """Return the level of the state that flags tell; `None` where they tell nothing at all: it is as before."""
    return _LEVELS[flags >> _LEVEL_BIT & 3] if flags else None


def microseconds(moment: datetime) -> int:
    """Convert a time to the unit of frames and their files."""
    return (moment - _EPOCH) // _MICROSECOND


def moment_of(at: int) -> datetime:
    """Convert back to wall time, UTC."""
    return _EPOCH + at * _MICROSECOND


def framed(kind: Kind, flags: int, at: int, body: bytes = b"") -> bytes:
    """Return the bytes of a frame."""
    rest = HEADER.pack(MAGIC, 0, kind, flags, len(body), at)[_SUMMED:] + body
    return MAGIC + zlib.crc32(rest).to_bytes(4, "little") + rest


def entry_at(data: bytes, position: int) -> FrameEntry | None:
    """Return the frame that begins at `position`; `None` if none does, or it is not whole."""
    offset = position + HEADER.size
    if offset > len(data):
        return None
    magic, told, kind, flags, length, at = HEADER.unpack_from(data, position)
    if magic != MAGIC or offset + length > len(data):
        return None
    if zlib.crc32(data[position + _SUMMED : offset + length]) != told:
        return None
    return FrameEntry(kind, flags, at, offset, length)


def claimed(data: bytes, position: int) -> int:
    """Return how many bytes were summed to check whether a frame begins there."""
    if position + HEADER.size > len(data):
        return 0
    length: int = HEADER.unpack_from(data, position)[4]
    return length if position + HEADER.size + length <= len(data) else 0


class Encoder:
    """Encodes snapshots as bodies, each as the change from the one before."""

    def __init__(self) -> None:
        self._last: Snapshot | None = None
        self._stream = zlib.compressobj()
        self._frames = self._bytes = 0

    @property
    def last(self) -> Snapshot | None:
        """The snapshot that the next change is relative to."""
        return self._last

    def begin_anew(self) -> None:
        """Make the next body a whole snapshot: the last one encoded was not written, or not where the next one goes."""
        self._last = None

    def encode(self, snapshot: Snapshot) -> tuple[Kind, bytes]:
        """Return kind and body of a snapshot. It must be written after the last one, or call `begin_anew`.

        Raises whatever packing raises for a value that does not fit; the next body is then a whole snapshot.
        """
        last, full = self._last, self._frames >= _GROUP_FRAMES or self._bytes >= _GROUP_BYTES
        self._last = None  # until it is packed: no change may be relative to what nobody can read
        if last is None or full:
            self._frames = self._bytes = 0
            self._stream = zlib.compressobj(level=9, wbits=-15, memLevel=9)
            kind, body = Kind.WHOLE, self._packed(snapshot)
        else:
            kind, body = Kind.CHANGE, self._packed(changes(last, snapshot))
        self._last = snapshot
        return kind, body

    def again(self, snapshot: Snapshot) -> tuple[Kind, bytes]:
        """Return a body that repeats the last snapshot at another time; without a last one, encode this one."""
        return self.encode(snapshot) if self._last is None else (Kind.ALIVE, b"")

    def _packed(self, value: Any) -> bytes:
        body = self._stream.compress(_plain(value)) + self._stream.flush(zlib.Z_SYNC_FLUSH)
        self._frames += 1
        self._bytes += len(body)
        return body.removesuffix(_FLUSHED)


class Decoder:
    """Decodes the bodies of one group, in order. `tree`: the last snapshot, in plain maps and lists."""

    def __init__(self) -> None:
        self.tree: dict[str, Any] | None = None
        self._stream = zlib.decompressobj(wbits=-15)

    def take(self, kind: int, body: bytes | memoryview) -> None:
        """Decode one more body. Raises Unfit for one that is invalid or does not follow."""
        if kind == Kind.WHOLE:
            self._stream = zlib.decompressobj(wbits=-15)
        elif self.tree is None:
            raise Unfit
        try:
            value = msgspec.msgpack.decode(self._stream.decompress(bytes(body) + _FLUSHED))
        except (zlib.error, msgspec.DecodeError) as error:
            raise Unfit from error
        if not isinstance(value, dict):
            raise Unfit
        self.tree = value if kind == Kind.WHOLE or self.tree is None else applied(self.tree, value)

    def snapshot(self, at: int) -> Snapshot:
        """Return the last snapshot with another time at which it was still valid. Raises Unfit."""
        if self.tree is None:
            raise Unfit
        try:
            found = msgspec.convert(self.tree, Snapshot)
        except msgspec.ValidationError as error:  # of a version whose records were others
            raise Unfit from error
        moment = moment_of(at)
        return found if moment <= found.at else msgspec.structs.replace(found, at=moment)


def still(old: Snapshot, new: Snapshot) -> bool:
    """Return whether nothing differs but the passing of time: the moment itself, and countdowns."""
    return _timeless(new, old) == old


def _timeless(new: Snapshot, old: Snapshot) -> Snapshot:
    """Return `new` with the time of `old`."""
    replace = msgspec.structs.replace
    left = {record.key: record.opens_in_s for record in old.breakers}
    return replace(
        new,
        at=old.at,
        link=replace(new.link, next_at=old.link.next_at),
        health=replace(new.health, next_at=old.health.next_at),
        project=replace(new.project, orders_for_s=old.project.orders_for_s),
        breakers=tuple(replace(record, opens_in_s=left.get(record.key)) for record in new.breakers),
    )


_SUSPECT: Final = re.compile(rb"sb_(?:secret|publishable)_|eyJ|Bearer ")


def _plain(value: Any) -> bytes:
    """Encode in msgpack, without anything that looks like a key: a row's text may hold one that somebody pasted."""
    body = msgspec.msgpack.encode(value)
    if _SUSPECT.search(body) is None:
        return body
    return msgspec.msgpack.encode(_redacted(msgspec.msgpack.decode(body)))


def _redacted(value: Any) -> Any:
    if isinstance(value, str):
        return redacted(value)
    if isinstance(value, dict):
        return {name: _redacted(one) for name, one in value.items()}
    return [_redacted(one) for one in value] if isinstance(value, list) else value
