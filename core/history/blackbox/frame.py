"""One frame: a header with its moment, its length and a sum over all of it, then a body. Frames stand one by one.

A group is a whole picture and the changes that follow it, one deflate stream from the first to the last: what came
before in the group is what the next frame is told by. A jump decodes one group at most.
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
from core.history.blackbox.delta import Unfit, applied, changes

MAGIC: Final = b"\xf5w"
HEADER: Final = struct.Struct("<2sIBBIq")
_SUMMED: Final = struct.calcsize("<2sI")
"""From here on the sum in front is taken, up to the end of the body."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)

_GROUP_FRAMES: Final = 120
_GROUP_BYTES: Final = 150_000
"""After so many frames, or so much of them, a whole picture begins the next group: what a jump may cost."""

_FLUSHED: Final = b"\x00\x00\xff\xff"
"""What every flush of deflate ends with: left out on the disk."""


class Kind(IntEnum):
    """What a frame's body is."""

    WHOLE = 1
    CHANGE = 2
    ALIVE = 3
    """No body: somebody looked, and it still was as the frame before says."""
    NOTE = 4
    SEAL = 5
    """No more follows in this file."""


class Flag(IntFlag):
    """What happened at a frame, told without its body."""

    EVENT = 1
    STATE = 2
    ALERT = 4
    BEGAN = 8
    """Somebody looks again who, or where nobody, looked before."""
    ENDED = 16
    """Nobody looks any longer from here on."""


class FrameEntry(NamedTuple):
    """Where a frame lies in its file: `offset` is that of its body. `at`: microseconds since 1970."""

    kind: int
    flags: int
    at: int
    offset: int
    length: int


def microseconds(moment: datetime) -> int:
    """As frames and their files count time."""
    return (moment - _EPOCH) // _MICROSECOND


def moment_of(at: int) -> datetime:
    """Back to wall time, UTC."""
    return _EPOCH + at * _MICROSECOND


def framed(kind: Kind, flags: int, at: int, body: bytes = b"") -> bytes:
    """The bytes of a frame."""
    rest = HEADER.pack(MAGIC, 0, kind, flags, len(body), at)[_SUMMED:] + body
    return MAGIC + zlib.crc32(rest).to_bytes(4, "little") + rest


def entry_at(data: bytes, position: int) -> FrameEntry | None:
    """The frame that begins at `position`; `None` if none does, or it is not whole."""
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
    """How many bytes were summed to see whether a frame begins there."""
    if position + HEADER.size > len(data):
        return 0
    length: int = HEADER.unpack_from(data, position)[4]
    return length if position + HEADER.size + length <= len(data) else 0


class Encoder:
    """Snapshots to bodies, each told by the one before."""

    def __init__(self) -> None:
        self._last: Snapshot | None = None
        self._stream = zlib.compressobj()
        self._frames = self._bytes = 0

    @property
    def last(self) -> Snapshot | None:
        """What the next one is told by."""
        return self._last

    def begin_anew(self) -> None:
        """The next body is a whole picture: what was encoded last is not, or not there, where the next one goes."""
        self._last = None

    def encode(self, snapshot: Snapshot) -> tuple[Kind, bytes]:
        """What it is and its body. It must be written where the last one was, or `begin_anew`.

        Raises what the packing does of a value that does not fit; the next body is then a whole picture.
        """
        last, full = self._last, self._frames >= _GROUP_FRAMES or self._bytes >= _GROUP_BYTES
        self._last = None  # until it is packed: no other is told by what nobody can read
        if last is None or full:
            self._frames = self._bytes = 0
            self._stream = zlib.compressobj(level=9, wbits=-15, memLevel=9)
            kind, body = Kind.WHOLE, self._packed(snapshot)
        else:
            kind, body = Kind.CHANGE, self._packed(changes(last, snapshot))
        self._last = snapshot
        return kind, body

    def again(self, snapshot: Snapshot) -> tuple[Kind, bytes]:
        """The one before, at another moment; where that is not there, this one."""
        return self.encode(snapshot) if self._last is None else (Kind.ALIVE, b"")

    def _packed(self, value: Any) -> bytes:
        body = self._stream.compress(_plain(value)) + self._stream.flush(zlib.Z_SYNC_FLUSH)
        self._frames += 1
        self._bytes += len(body)
        return body.removesuffix(_FLUSHED)


class Decoder:
    """Bodies of one group, in their order, back to the picture. `tree`: the last one, in plain maps and lists."""

    def __init__(self) -> None:
        self.tree: dict[str, Any] | None = None
        self._stream = zlib.decompressobj(wbits=-15)

    def take(self, kind: int, body: bytes | memoryview) -> None:
        """One more. Raises Unfit for what is none, or does not follow."""
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

    def picture(self, at: int) -> Snapshot:
        """The last one, as it stood at a moment at which it was still so. Raises Unfit."""
        if self.tree is None:
            raise Unfit
        try:
            found = msgspec.convert(self.tree, Snapshot)
        except msgspec.ValidationError as error:  # of a version whose records were others
            raise Unfit from error
        moment = moment_of(at)
        return found if moment <= found.at else msgspec.structs.replace(found, at=moment)


def still(old: Snapshot, new: Snapshot) -> bool:
    """Whether nothing is told but that time goes by: the moment itself, and what is counted down to."""
    return _timeless(new, old) == old


def _timeless(new: Snapshot, old: Snapshot) -> Snapshot:
    """`new` with the time of `old`."""
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
    """In msgpack, without anything that looks like a key: a row's text may hold one that somebody pasted."""
    body = msgspec.msgpack.encode(value)
    if _SUSPECT.search(body) is None:
        return body
    return msgspec.msgpack.encode(_told(msgspec.msgpack.decode(body)))


def _told(value: Any) -> Any:
    if isinstance(value, str):
        return redacted(value)
    if isinstance(value, dict):
        return {name: _told(one) for name, one in value.items()}
    return [_told(one) for one in value] if isinstance(value, list) else value
