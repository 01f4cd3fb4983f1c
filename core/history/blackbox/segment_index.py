"""The last frame of a full file: the moments in it at which something happened. Found from the file's end.

A search for the next event, and the course of the state, go over days of files and read only this frame of each.
"""

import os
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec

from core.base.safe_files import open_own
from core.history.blackbox.frame import HEADER, Flag, FrameEntry, Kind, entry_at, framed
from core.history.blackbox.settings import GAP_S, INDEX_BYTES

Marked = tuple[tuple[int, int], ...]
"""Moments, in microseconds since 1970, and flags; of the last frame before a gap, and in the file, as well."""

_LENGTH: Final = 4
_GAP_US: Final = int(GAP_S * 1e6)


def marked(entries: Iterable[FrameEntry]) -> Marked:
    """Return moments and flags of the frames at which something happened, or behind which a gap begins.

    Where a damaged part left a gap, the frame after it is told as one at which observation begins.
    """
    frames = [entry for entry in entries if entry.kind != Kind.INDEX]
    found: list[tuple[int, int]] = []
    for number, entry in enumerate(frames):
        lost = number > 0 and entry.at - frames[number - 1].at > _GAP_US
        flags = entry.flags | (Flag.BEGAN if lost else 0)
        after = frames[number + 1] if number + 1 < len(frames) else None
        if flags or after is None or after.flags & Flag.BEGAN or after.at - entry.at > _GAP_US:
            found.append((entry.at, int(flags)))
    return tuple(found)


def index_frame(marks: Iterable[tuple[int, int]], last: FrameEntry) -> bytes:
    """Return the index frame that follows the last one. It ends with its own length."""
    body = zlib.compress(msgspec.msgpack.encode(list(marks)), 9)
    length = HEADER.size + len(body) + _LENGTH
    return framed(Kind.INDEX, last.flags & Flag.ENDED, last.at, body + length.to_bytes(_LENGTH, "little"))


def read_index(path: Path) -> Marked | None:
    """Return the marks in a file's index frame; `None` if it has none. Raises OSError."""
    with open(open_own(path, os.O_RDONLY), "rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _LENGTH))
        length = int.from_bytes(file.read(_LENGTH), "little")
        if not HEADER.size + _LENGTH < length <= min(size, INDEX_BYTES):
            return None
        file.seek(size - length)
        data = file.read(length)
    entry = entry_at(data, 0)
    if entry is None or entry.kind != Kind.INDEX or entry.offset + entry.length != length:
        return None
    try:
        found = msgspec.msgpack.decode(zlib.decompress(data[entry.offset : -_LENGTH]), type=Marked)
    except (zlib.error, msgspec.MsgspecError):
        return None
    # The frame has the time of the last one before it, which earlier versions did not list.
    return found if found and found[-1][0] >= entry.at else (*found, (entry.at, 0))
