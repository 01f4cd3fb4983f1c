"""Notes of people, each about a moment: few, in a file of their own that any process may append to.

A note is about the past and may be written long after: among the snapshots nobody would look for it there.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from core.base.safe_files import Unsafe, check_own, open_own, own_directory, replace_own
from core.base.store import NotKept
from core.base.text import clean
from core.history.blackbox.frame import Kind, framed, microseconds, moment_of
from core.history.blackbox.segment import HEAD, Contents, Later, NoSegment, read

NAME: Final = "notes.box"
SIZE: Final = 1_000_000
"""The largest size of the file, in bytes."""

TEXT_CHARS: Final = 2000


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """A note. `at`: the moment it is about; `written_at`: when it was written."""

    at: datetime
    written_at: datetime
    who: str
    text: str


class _Body(msgspec.Struct, frozen=True):
    written_at: datetime
    who: str
    text: str


class Notes:
    """The notes of one box. Blocking."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / NAME

    def all(self) -> tuple[Note, ...]:
        """Return every note, by the moment it is about; unreadable ones are left out. Never raises."""
        try:
            contents = read(self._path)
        except (OSError, Later, NoSegment):
            return ()
        found = (_note(contents, at) for at in range(len(contents.entries)))
        return tuple(sorted((note for note in found if note is not None), key=lambda note: note.at))

    def damage(self) -> tuple[str, ...]:
        """Return why the notes cannot be read, in a sentence; empty if they can, or there are none."""
        try:
            check_own(self._path)
        except Unsafe as error:
            return (str(error),)
        except OSError:
            return ()
        return ()

    def add(self, note: Note) -> Note:
        """Append a note, on the disk at the return, and return it as written. Raises NotKept."""
        kept = msgspec.structs.replace(note, who=clean(note.who), text=clean(note.text, TEXT_CHARS))
        body = msgspec.msgpack.encode(_Body(kept.written_at, kept.who, kept.text))
        frame = framed(Kind.NOTE, 0, microseconds(kept.at), body)
        try:
            with self._held() as file:
                end = _end(self._path)
                if end + len(frame) > SIZE:
                    raise NotKept("there are too many notes")
                os.ftruncate(file, end)
                data = frame if end else HEAD + frame
                try:
                    if os.write(file, data) < len(data):
                        raise OSError("the disk takes no more")
                    os.fsync(file)
                except OSError:
                    os.ftruncate(file, end)
                    raise
        except Later as error:
            raise NotKept("the notes were written by a later version of watchdesk") from error
        except OSError as error:
            raise NotKept(f"the note was not written: {error.strerror or error}") from error
        return kept

    def trim(self, before: datetime) -> None:
        """Delete the notes about moments before `before`. Raises OSError."""
        if all(note.at >= before for note in self.all()):
            return
        with self._held(), contextlib.suppress(Later, NoSegment):
            contents = read(self._path)
            rest = tuple(entry for entry in contents.entries if entry.at >= microseconds(before))
            replace_own(self._path, msgspec.structs.replace(contents, entries=rest).salvage())

    @contextlib.contextmanager
    def _held(self) -> Iterator[int]:
        """Lock the file for this process alone. Raises OSError."""
        own_directory(self._path.parent, above=2)
        file = self._locked()
        try:
            yield file
        finally:
            os.close(file)

    def _locked(self) -> int:
        while True:
            file = open_own(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND)
            try:
                fcntl.flock(file, fcntl.LOCK_EX)
                if os.fstat(file).st_nlink:  # else another process put a new one in its place meanwhile
                    return file
            except OSError:
                os.close(file)
                raise
            os.close(file)


def _end(path: Path) -> int:
    """Return the offset of the next note. Raises Later, OSError."""
    try:
        contents = read(path)
    except NoSegment:
        path.replace(path.with_suffix(".broken"))
        raise OSError("the notes file was unreadable and was moved aside; write the note again") from None
    return contents.end if contents.entries else 0


def _note(contents: Contents, index: int) -> Note | None:
    entry = contents.entries[index]
    if entry.kind != Kind.NOTE:
        return None
    try:
        body = msgspec.msgpack.decode(contents.body(entry), type=_Body)
    except msgspec.MsgspecError:
        return None
    return Note(at=moment_of(entry.at), written_at=body.written_at, who=body.who, text=body.text)
