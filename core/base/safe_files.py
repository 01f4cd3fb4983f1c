"""The one place that opens this machine's files: what lies under a name is checked before it is used or changed.

A name in our directories may hold something we never put there: a symbolic link to another file, a named pipe on which
an open waits for ever, a device, somebody else's file. None of them is followed, waited for or changed; `Unsafe` says
in one sentence what it is and what to do. Where the platform lacks a flag, the name is checked before the open.

Files that a person provides, such as configuration, may be links and may belong to anybody: `small_file` reads those.
"""

import contextlib
import errno
import os
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

from core.base.errors import WatchdeskError

_GUARDS: Final = sum(
    getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_NOCTTY", "O_NOINHERIT", "O_BINARY")
)
_KINDS: Final = {
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFDIR: "a directory",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFREG: "a file",
}
_SIDE_FILES: Final = ("-wal", "-shm", "-journal")
"""Suffixes of the files that SQLite keeps beside a database."""

_STAMP: Final = "%Y%m%dT%H%M%S%fZ"
_BROKEN: Final = ".broken"


class Unsafe(WatchdeskError, OSError):
    """The file under a name is not ours; the text is one sentence for people, with what to do."""

    def __init__(self, path: Path, what: str, remedy: str = "move it away") -> None:
        super().__init__(errno.EPERM, f"{path} {what}; {remedy}", str(path))
        self.what = f"it {what}"

    def __str__(self) -> str:
        return str(self.strerror)


class TooLarge(WatchdeskError, OSError):
    """A file is larger than any of its kind may be. The text reads like that of any other OSError."""

    def __init__(self, path: Path, most: int) -> None:
        super().__init__(errno.EFBIG, f"larger than {most:,} bytes", str(path))

    def __str__(self) -> str:
        return f"{self.filename} is {self.strerror}"


class SetAside(NamedTuple):
    """A file that was moved out of the way: when, and its path now."""

    at: datetime
    path: Path

    def __str__(self) -> str:
        return f"{self.at.astimezone():%d %b %H:%M} as {self.path}"


def open_own(path: Path, flags: int, mode: int = 0o600) -> int:
    """Open a regular file of our own like `os.open`, and return the descriptor. Raises Unsafe, OSError.

    If `flags` ask for it, the file is truncated, but only once it is known to be ours.
    """
    with contextlib.suppress(FileNotFoundError):
        check_own(path)
    file = _opened(path, flags & ~os.O_TRUNC | _GUARDS, mode)
    try:
        _check(path, os.fstat(file), stat.S_IFREG)
        if flags & os.O_TRUNC:
            os.ftruncate(file, 0)
    except BaseException:
        os.close(file)
        raise
    return file


def read_own(path: Path, most: int) -> bytes:
    """Read a regular file of our own. Raises Unsafe, TooLarge for one of more than `most` bytes, OSError."""
    return _within(path, head_of_own(path, most + 1), most)


def head_of_own(path: Path, most: int) -> bytes:
    """Read the first `most` bytes of a regular file of our own. Raises Unsafe, OSError."""
    return _head(open_own(path, os.O_RDONLY), most)


def replace_own(path: Path, data: bytes) -> None:
    """Replace the file under a name by `data`, on the disk at the return, whole or not at all. Raises OSError."""
    new = path.with_name(f"{path.name}.{os.getpid()}.new")
    write_new(new, data)
    new.replace(path)


def write_new(path: Path, data: bytes) -> None:
    """Create a file of our own, on the disk at the return. Replaces what lay there, but never the target of a link.

    Raises OSError, and leaves nothing there.
    """
    path.unlink(missing_ok=True)
    file = open_own(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    try:
        write_all(file, data)
        os.fsync(file)
    except OSError:
        os.close(file)
        path.unlink(missing_ok=True)
        raise
    os.close(file)


def write_all(file: int, data: bytes) -> None:
    """Write all of `data`. Raises OSError; a part may then be written."""
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]


def check_own(path: Path) -> None:
    """Check that a regular file of our own lies there. Raises Unsafe, FileNotFoundError, OSError."""
    _check(path, path.lstat(), stat.S_IFREG)


def own_directory(path: Path, *, above: int = 0) -> None:
    """Create a directory, or check the existing one, and keep other users out of it. Raises Unsafe, OSError.

    `above`: the number of parent directories that are the product's as well. Those may be root's; they must not be
    links.
    """
    for one in reversed(path.parents[:above]):
        with contextlib.suppress(FileExistsError):
            one.mkdir(mode=0o700, parents=True, exist_ok=True)
        _check(one, one.lstat(), stat.S_IFDIR, root=True)
    with contextlib.suppress(FileExistsError):  # something else lies there, and is named below
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = path.lstat()
    _check(path, found, stat.S_IFDIR)
    if stat.S_IMODE(found.st_mode) != 0o700:
        _keep_others_out(path, 0o700, getattr(os, "O_DIRECTORY", 0))


def prepare_database(path: Path) -> None:
    """Create a database's file, or check the existing one and those that SQLite keeps beside it.

    SQLite opens by name, and gives its side files the permissions of the database. Raises Unsafe, OSError.
    """
    for side in _SIDE_FILES:
        with contextlib.suppress(FileNotFoundError):
            check_own(path.with_name(path.name + side))
    os.close(open_own(path, os.O_RDWR | os.O_CREAT))
    if stat.S_IMODE(path.lstat().st_mode) != 0o600:
        _keep_others_out(path, 0o600, 0)


def move_aside(path: Path) -> SetAside:
    """Rename whatever lies under a name, never the target of a link, and return its new place. Raises OSError."""
    aside = place_aside(path)
    path.rename(aside.path)
    return aside


def place_aside(path: Path) -> SetAside:
    """Return the place for a file that is moved aside now. What was moved aside earlier stays where it is."""
    now = datetime.now(UTC)
    return SetAside(now, path.with_name(f"{path.name}.{now.strftime(_STAMP)}{_BROKEN}"))


def found_aside(path: Path) -> tuple[SetAside, ...]:
    """Return what any process moved aside under a name and still lies there, the oldest first. Never raises."""
    found = []
    with contextlib.suppress(OSError):
        for one in path.parent.iterdir():
            with contextlib.suppress(ValueError):  # it is something else
                stamp = f"{path.name.replace('%', '%%')}.{_STAMP}{_BROKEN}"
                found.append(SetAside(datetime.strptime(one.name, stamp).replace(tzinfo=UTC), one))
    return tuple(sorted(found))


def identity(path: Path) -> tuple[int, int] | None:
    """Return the device and inode of the file under a name; `None` if there is none."""
    try:
        found = path.lstat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _opened(path: Path, flags: int, mode: int) -> int:
    try:
        return os.open(path, flags, mode)
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENXIO, errno.EISDIR}:  # it came there after we had looked
            check_own(path)
        raise


def _head(file: int, most: int) -> bytes:
    with open(file, "rb") as stream:
        return stream.read(most)


def _within(path: Path, data: bytes, most: int) -> bytes:
    if len(data) > most:
        raise TooLarge(path, most)
    return data


def _keep_others_out(path: Path, mode: int, flags: int) -> None:
    """Restrict the permissions of a file of ours, without following a link that has replaced it meanwhile."""
    change: Callable[[int, int], None] | None = getattr(os, "fchmod", None)
    if change is None:
        path.chmod(mode)
        return
    file = _opened(path, os.O_RDONLY | flags | _GUARDS, 0)
    try:
        _check(path, os.fstat(file), stat.S_IFDIR if flags else stat.S_IFREG)
        change(file, mode)
    finally:
        os.close(file)


def _check(path: Path, found: os.stat_result, kind: int, *, root: bool = False) -> None:
    """Raise Unsafe for a file of another kind, or of another user. `root`: root may own it as well."""
    _check_kind(path, found, kind)
    whoami: Callable[[], int] | None = getattr(os, "geteuid", None)
    if whoami is not None and found.st_uid != whoami() and not (root and found.st_uid == 0):
        remedy = "run watchdesk as that user, or move it away"
        raise Unsafe(path, f"belongs to another user (uid {found.st_uid}, this is uid {whoami()})", remedy)


def _check_kind(path: Path, found: os.stat_result, kind: int) -> None:
    if stat.S_IFMT(found.st_mode) != kind:
        what = _KINDS.get(stat.S_IFMT(found.st_mode), "an unknown file type")
        raise Unsafe(path, f"is {what}, not {_KINDS[kind]}")
