"""The disk part of the cache: JSON rows in one SQLite file by way of diskcache, never a pickle.

Used from one thread. A broken file is moved aside and replaced by a new one, which every process reports while the old
one lies there, for a week; where the disk is full, locked, missing or not ours, the cache goes without it.
"""

import contextlib
import logging
import shutil
import sqlite3
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

import diskcache

from core.base.safe_files import SetAside, Unsafe, found_aside, move_aside, own_directory, prepare_database

T = TypeVar("T")

log = logging.getLogger(__name__)

_MODE_JSON: Final = 3  # diskcache's number for text; ours is always in the row, never in a file
_LOCKED_S: Final = 1.0
_ASIDE: Final = timedelta(days=7)
"""The time for which a file that was moved aside is kept."""

_BUSY: Final = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_BROKEN: Final = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_MISMATCH}
# Beside what SQLite and the file system raise: what diskcache stumbles over in a database somebody else has made.
_ERRORS: Final = (OSError, sqlite3.Error, diskcache.Timeout, ValueError, TypeError, KeyError, AttributeError)


class _JsonDisk(diskcache.Disk):  # type: ignore[misc]  # diskcache is untyped
    """Stores rows as JSON text. A row that claims to be anything else is refused unread: no pickle, no other file."""

    def put(self, key: str) -> tuple[str, bool]:
        return key, True

    def get(self, key: Any, raw: bool) -> str:
        if not raw or not isinstance(key, str):
            raise ValueError("a key that is no text")
        return key

    def store(self, value: str, read: bool, key: Any = None) -> tuple[int, int, None, str]:
        # Size 0: diskcache adds it to the size of the database file, in which the text lies already.
        return 0, _MODE_JSON, None, value

    def fetch(self, mode: int, filename: Any, value: Any, read: bool) -> str:
        if mode != _MODE_JSON or filename is not None or not isinstance(value, str) or read:
            raise ValueError("an entry that is no JSON text")
        return value

    def remove(self, file_path: str) -> None:
        """Do nothing: no row of ours has a file, and one that a planted row names is not ours to delete."""


class _Rows(diskcache.Cache):  # type: ignore[misc]  # diskcache is untyped
    """diskcache without its wait of a minute for another process's lock while it opens."""

    @property
    def _sql_retry(self) -> Callable[..., Any]:
        execute = self._sql

        def patient(*statement: Any) -> Any:
            end = time.monotonic() + _LOCKED_S
            while True:
                try:
                    return execute(*statement)
                except sqlite3.OperationalError as error:
                    if error.sqlite_errorcode not in _BUSY or time.monotonic() > end:
                        raise
                    time.sleep(0.002)

        return patient

    def oldest(self, count: int) -> list[str]:
        """Return the keys that were stored first."""
        found = self._sql("SELECT key FROM Cache ORDER BY store_time, rowid LIMIT ?", (count,))
        return [key for (key,) in found]


class Disk:
    """At most `entries` texts by key in a file of about `size` bytes below `path`; the oldest are dropped first.

    `warning` is the current problem in words; `None` while all is well.
    """

    def __init__(self, path: Path, *, entries: int, size: int) -> None:
        self._path = path
        self._entries = entries
        self._size = size
        self._rows: Any = None
        self._aside: SetAside | None = None
        self._why_aside = ""
        self._failing: str | None = None

    @property
    def warning(self) -> str | None:
        """The current problem first, then a past one: a file moved aside is reported while it lies there."""
        if self._failing or self._aside is None:
            return self._failing
        return (
            f"the cache file was unreadable and was moved aside {self._aside}{self._why_aside}; that file may be"
            " deleted"
        )

    def open(self) -> None:
        """Create or open the file. A broken one is moved aside, once."""
        try:
            self._rows = self._connect()
        except _ERRORS as error:
            if self._note(error):
                try:
                    self._rows = self._connect()
                except _ERRORS as again:
                    self._fail(again)

    def load(self, key: str) -> str | None:
        """Return the text kept under `key`. One bad row counts as no text; a bad file is moved aside."""
        return self._do(lambda rows: self._read(rows, key))

    def load_all(self) -> dict[str, str]:
        """Return every readable text by key."""

        def read(rows: Any) -> dict[str, str]:
            found = ((key, self._read(rows, key)) for key in rows)
            return {key: text for key, text in found if text is not None}

        return self._do(read) or {}

    def save(self, texts: Mapping[str, str]) -> None:
        """Keep texts by key. One larger than a tenth of the whole is not kept, and the text it replaces is dropped."""

        def write(rows: Any) -> bool:
            with rows.transact():
                for key, text in texts.items():
                    if len(text) * 10 <= self._size:
                        rows.set(key, text)
                    else:
                        rows.delete(key)
                self._drop(rows)
            return True

        if self._do(write):
            self._failing = None

    def sweep(self) -> None:
        """Enforce the caps, and give the space of the write-ahead log back to the file system."""

        def clean(rows: Any) -> None:
            with rows.transact():
                self._drop(rows)
            rows.cull()

        self._do(clean)
        self._look_aside()

    def close(self) -> None:
        """Close the file."""
        rows, self._rows = self._rows, None
        if rows is not None:
            with contextlib.suppress(*_ERRORS):
                rows.close()

    def _connect(self) -> Any:
        own_directory(self._path, above=1)
        prepare_database(self._path / diskcache.core.DBNAME)
        self._look_aside()
        rows = _Rows(
            str(self._path),
            disk=_JsonDisk,
            timeout=_LOCKED_S,
            size_limit=self._size,
            eviction_policy="least-recently-stored",
            cull_limit=10,
            statistics=0,
            tag_index=0,
            sqlite_cache_size=256,  # pages; the default could take 32 MB of memory
            sqlite_mmap_size=0,  # a truncated file would end the process with SIGBUS
        )
        len(rows)
        return rows

    def _read(self, rows: Any, key: str) -> str | None:
        try:
            text = rows.get(key)
        except (ValueError, TypeError):
            return None  # this row is none of ours; the next live answer replaces it
        return text if isinstance(text, str) else None

    def _drop(self, rows: Any) -> None:
        surplus = len(rows) - self._entries
        if surplus > 0:
            for key in rows.oldest(surplus):
                rows.delete(key)

    def _do(self, work: Callable[[Any], T]) -> T | None:
        if self._rows is None:
            return None
        try:
            return work(self._rows)
        except _ERRORS as error:
            if self._note(error):
                self.open()
            return None

    def _note(self, error: Exception) -> bool:
        """Record the problem. Returns whether the file was broken and is moved aside: a new one may be made."""
        if not _is_broken(error):
            self._fail(error)
            return False
        self.close()
        try:
            self._aside, self._why_aside = move_aside(self._path), f" ({error})"
        except OSError:
            self._fail(error)
            return False
        log.warning(self.warning)
        return True

    def _look_aside(self) -> None:
        """Look for files that were moved aside; only the newest stays, and for a week."""
        found = found_aside(self._path)
        gone = [one for one in found if one != found[-1] or datetime.now(UTC) - one.at > _ASIDE]
        for one in gone:
            shutil.rmtree(one.path, ignore_errors=True)
        self._aside = next((one for one in found if one not in gone), None)

    def _fail(self, error: Exception) -> None:
        words = str(error) or "locked by another process"
        where = "" if isinstance(error, Unsafe) else f"{self._path} is not usable: "
        self._failing = f"cache in memory only: {where}{words}"
        log.warning(self._failing)


def _is_broken(error: Exception) -> bool:
    """Return whether the file itself is broken, and not just out of reach: full, locked, read-only."""
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF in _BROKEN
    return not isinstance(error, OSError | diskcache.Timeout)
