"""A lock between the processes of one user, on a file; it is freed when its holder ends, however that happens."""

import contextlib
import fcntl
import logging
import os
import socket
from pathlib import Path

from core.base.safe_files import Unsafe, move_aside, open_own, own_directory

log = logging.getLogger(__name__)


class OwnerLock:
    """A lock between processes, on a file; it is freed when its holder ends, however that happens."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None
        self.warning = ""
        """The file in its place that was moved aside, in words."""

    @property
    def deleted(self) -> bool:
        """Return whether it is ours, but its file is no longer there: others make a new one, and take that."""
        if self._file is None:
            return False
        try:
            return not os.path.samestat(os.fstat(self._file), os.lstat(self._path))
        except FileNotFoundError:
            return True
        except OSError:
            return False  # out of reach: nobody else reaches it either

    def take(self) -> bool:
        """Take the lock. Returns whether it is ours now, as it is where no such file can be made at all.

        A full disk keeps nobody out: the file then does not name its holder. A file that was deleted keeps nobody out
        either, so the lock of a holder is taken anew then, unless another was faster.
        """
        if self._file is not None:
            if not self.deleted:
                return True
            self.release()
        try:
            own_directory(self._path.parent, above=1)
            file = self._opened()
        except OSError:
            return True
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(file)
            return False
        with contextlib.suppress(OSError):
            os.ftruncate(file, 0)
            os.pwrite(file, f"pid {os.getpid()} on {socket.gethostname()}".encode(), 0)
        self._file = file
        return True

    def release(self) -> None:
        """Release the lock."""
        file, self._file = self._file, None
        if file is not None:
            with contextlib.suppress(OSError):
                os.ftruncate(file, 0)
            os.close(file)

    def remove(self) -> None:
        """Release the lock and delete its file: only one whose name nobody takes again."""
        with contextlib.suppress(OSError):
            self._path.unlink()
        self.release()

    def holder(self) -> str:
        """Return what the holder wrote about itself; empty while nobody holds the lock."""
        try:
            file = open_own(self._path, os.O_RDWR)
        except OSError:
            return ""
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return os.pread(file, 200, 0).decode(errors="replace") or "another process"
        except OSError:
            return ""
        finally:
            os.close(file)
        return ""

    def _opened(self) -> int:
        try:
            return open_own(self._path, os.O_RDWR | os.O_CREAT)
        except Unsafe as error:
            aside = move_aside(self._path)
            self.warning = (
                f"the lock file was unusable ({error.what}) and was moved aside {aside}; delete or move that file to"
                " clear this message"
            )
            log.warning(self.warning)
            return open_own(self._path, os.O_RDWR | os.O_CREAT)
