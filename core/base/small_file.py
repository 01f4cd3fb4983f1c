"""Reads a small text file that somebody else provides, even if it is a device or a pipe without a writer."""

import contextlib
import os
import select
import stat
import time
from pathlib import Path
from typing import Final

from core.base.errors import WatchdeskError

MOST_BYTES: Final = 1_000_000
PATIENCE_S: Final = 2.0
_LOOK_S: Final = 0.05
_WAITS_FOR_NOBODY: Final = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
_CHUNK_BYTES: Final = 65_536


class Unreadable(WatchdeskError):
    """The file cannot be read; the text says why, in a few words."""


def read_text(path: Path) -> str | None:
    """Return the text of the file; `None` where there is none or it is a directory. Takes at most `PATIENCE_S`.

    Raises Unreadable.
    """
    try:
        file = os.open(path, os.O_RDONLY | _WAITS_FOR_NOBODY)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        raise _unreadable(error) from error
    try:
        kind = os.fstat(file).st_mode
        return None if stat.S_ISDIR(kind) else _bytes(file, is_pipe=stat.S_ISFIFO(kind)).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable("not UTF-8 text") from error
    except OSError as error:
        raise _unreadable(error) from error
    finally:
        os.close(file)


def _bytes(file: int, *, is_pipe: bool) -> bytes:
    """Return all there is to read. A pipe may stay empty for a while before somebody begins to write."""
    found = bytearray()
    until = time.monotonic() + PATIENCE_S
    while len(found) <= MOST_BYTES:
        if time.monotonic() > until:
            raise Unreadable(f"its writer did not finish within {PATIENCE_S:g} s")
        with contextlib.suppress(BlockingIOError):
            chunk = os.read(file, _CHUNK_BYTES)
            found += chunk
            if chunk:
                continue
            if found or not is_pipe:
                return bytes(found)
            time.sleep(_LOOK_S)
        select.select([file], [], [], _LOOK_S)
    raise Unreadable(f"larger than {MOST_BYTES:,} bytes")


def _unreadable(error: OSError | ValueError) -> Unreadable:
    return Unreadable((isinstance(error, OSError) and error.strerror) or type(error).__name__)
