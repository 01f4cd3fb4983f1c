"""The files of a box: their names, their order, and which of them are deleted.

`EPOCH-NUMBER-MILLISECONDS.box`: numbered in the order of creation, and named after their first moment. Within an epoch
time only ascends; setting the wall clock back begins another.
"""

import contextlib
import os
import re
from collections.abc import Iterable
from itertools import takewhile
from pathlib import Path
from typing import Final

import msgspec

from core.history.blackbox.settings import SEGMENT_MOST, SEGMENT_S

_NAME: Final = re.compile(r"(?P<epoch>\d{4})-(?P<number>\d{8})-(?P<first>\d{13})\.box(?P<broken>\.broken)?")


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One file. `first`: microseconds since 1970, rounded down to the millisecond. `broken`: set aside, not read."""

    file: str
    size: int
    number: int
    epoch: int
    first: int
    broken: bool = False

    @property
    def path(self) -> Path:
        """The path of the file."""
        return Path(self.file)


def listing(directory: Path) -> tuple[Part, ...]:
    """Return every file of a box, in the order of creation; blocking. Raises OSError, but not where there is no box."""
    found: list[Part] = []
    try:
        with os.scandir(directory) as files:
            for file in files:
                match = _NAME.fullmatch(file.name)
                if match is None or (match["broken"] and file.is_dir(follow_symlinks=False)):
                    continue
                with contextlib.suppress(FileNotFoundError):  # its writer was faster
                    found.append(_part(match, file.path, file.stat(follow_symlinks=False).st_size))
    except FileNotFoundError:
        return ()
    return tuple(sorted(found, key=lambda part: (part.number, part.broken)))


def _part(match: re.Match[str], file: str, size: int) -> Part:
    return Part(
        file=file,
        size=size,
        number=int(match["number"]),
        epoch=int(match["epoch"]),
        first=int(match["first"]) * 1000,
        broken=match["broken"] is not None,
    )


def grown(part: Part) -> Part:
    """Return the file with its current size; the last one of a box is being written. Raises OSError."""
    return msgspec.structs.replace(part, size=part.path.lstat().st_size)


def following(directory: Path, last: Part | None, at: int, *, epoch: int) -> Path:
    """Return the name of the file that begins at `at`, after `last`."""
    number = 1 if last is None else last.number + 1
    return directory / f"{epoch:04}-{number:08}-{max(0, at) // 1000:013}.box"


def too_old(parts: Iterable[Part], *, before: int, newest: int) -> tuple[Part, ...]:
    """Return the files that end before a moment, the oldest first, and those that a wrong clock dated ahead."""

    def goes(part: Part) -> bool:
        return part.first + SEGMENT_S * 1e6 < before or part.first > newest

    return tuple(takewhile(goes, parts))


def too_many(parts: Iterable[Part], room: int) -> tuple[Part, ...]:
    """Return the files to delete so that the rest takes no more than `room` bytes.

    First those larger than any file of ours, which would otherwise cost all the others; then the oldest.
    """
    kept = sorted(parts, key=lambda part: part.size <= SEGMENT_MOST)
    size, going = sum(part.size for part in kept), 0
    while size > room and going < len(kept):
        size -= kept[going].size
        going += 1
    return tuple(kept[:going])
