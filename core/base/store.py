"""Durable state: small documents by kind and key, and samples by time, in one SQLite file.

A write is committed and on the disk before it is accepted. Any process of the user may write, in short transactions; a
lock beside the file, which is freed when its process dies, decides which process runs the loops. A corrupt file is
moved aside and replaced by a new one, which every process reports for as long as the old one lies there. Where the file
is not writable, or not ours, each write raises `NotKept`, `warning` says why, and everything else goes on.
"""

import asyncio
import contextlib
import logging
import os
import sqlite3
import time
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from core.base.errors import WatchdeskError
from core.base.owner_lock import OwnerLock
from core.base.safe_files import (
    SetAside,
    Unsafe,
    found_aside,
    identity,
    own_directory,
    place_aside,
    prepare_database,
)

T = TypeVar("T")

log = logging.getLogger(__name__)

MIGRATIONS: Final = (
    """
    CREATE TABLE document (
      kind TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL,
      PRIMARY KEY (kind, key)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE sample (series TEXT NOT NULL, at INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
    CREATE INDEX sample_by_time ON sample (series, at)
    """,
)
"""Statements that lead from each version of the file to the next; `PRAGMA user_version` counts those applied."""

Stamp = tuple[tuple[int, int, int], ...]
"""Inode, size and time of the last change (nanoseconds) of each file of the store that there is."""

_SETTLED_NS: Final = 1_500_000_000
"""For so long a file may be changed again without another time: file systems count in ticks, some in seconds."""
_BUSY_S: Final = 2.0
_BROKEN: Final = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_ERRORS: Final = (sqlite3.Error, OSError)


class NotKept(WatchdeskError):
    """A write was not kept; the text says why, in words."""


class _TooNew(WatchdeskError):
    """The file is of a later version of this program: neither read nor touched."""


class Transaction:
    """Reads and writes that happen together or not at all. Valid only within `Store.change`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def get(self, kind: str, key: str, type_: type[T]) -> T | None:
        """Return one document; `None` if there is none, or it is not of that type."""
        row = self._connection.execute("SELECT body FROM document WHERE kind = ? AND key = ?", (kind, key)).fetchone()
        return None if row is None else _decoded(row[0], type_)

    def all(self, kind: str, type_: type[T]) -> dict[str, T]:
        """Return every document of a kind, by key, in the order of the keys. Those not of that type are left out."""
        rows = self._connection.execute("SELECT key, body FROM document WHERE kind = ? ORDER BY key", (kind,))
        found = ((key, _decoded(body, type_)) for key, body in rows)
        return {key: value for key, value in found if value is not None}

    def put(self, kind: str, key: str, value: Any) -> None:
        """Store a document, replacing an older one."""
        body = msgspec.json.encode(value).decode()
        self._connection.execute(
            "INSERT INTO document VALUES (?, ?, ?) ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body",
            (kind, key, body),
        )

    def remove(self, kind: str, key: str) -> bool:
        """Delete a document. Returns whether there was one."""
        cursor = self._connection.execute("DELETE FROM document WHERE kind = ? AND key = ?", (kind, key))
        return cursor.rowcount > 0

    def retain(self, kind: str, keys: Collection[str]) -> int:
        """Delete every document of a kind but those, readable or not. Returns how many."""
        found = [key for (key,) in self._connection.execute("SELECT key FROM document WHERE kind = ?", (kind,))]
        return sum(self.remove(kind, key) for key in found if key not in keys)

    def append(self, series: str, at: datetime, value: Any) -> None:
        """Add a sample. Times are stored to the millisecond."""
        body = msgspec.json.encode(value).decode()
        self._connection.execute("INSERT INTO sample VALUES (?, ?, ?)", (series, _ms(at), body))

    def samples(self, series: str, since: datetime, until: datetime, type_: type[T]) -> tuple[tuple[datetime, T], ...]:
        """Return the samples from `since` up to, not including, `until`, oldest first."""
        rows = self._connection.execute(
            "SELECT at, body FROM sample WHERE series = ? AND at >= ? AND at < ? ORDER BY at, rowid",
            (series, _ms(since), _ms(until)),
        )
        found = ((datetime.fromtimestamp(at / 1000, UTC), _decoded(body, type_)) for at, body in rows)
        return tuple((at, value) for at, value in found if value is not None)

    def trim(self, series: str, before: datetime) -> int:
        """Delete the samples older than `before`. Returns how many."""
        return self._connection.execute(
            "DELETE FROM sample WHERE series = ? AND at < ?", (series, _ms(before))
        ).rowcount


class Store:
    """The durable state of one project and user, in `directory`/`space`.db. A thread of its own does the disk work.

    Every write is on the disk when it returns, or raises NotKept. Reads never raise: what cannot be read counts as
    absent.
    """

    def __init__(self, directory: Path, space: str) -> None:
        self._path = directory / f"{space}.db"
        self._files = tuple(f"{self._path}{end}" for end in ("", "-wal"))
        self._connection: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None
        """Of the file that was opened last."""
        self._failing = self._why_aside = ""
        self._aside: tuple[SetAside, ...] = ()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="state")
        self._lock = self.lock()
        self._read_before: dict[tuple[str, object], tuple[Stamp, dict[str, Any]]] = {}
        """Every document of a kind as it was read last, with the state of the files just before."""

    @property
    def warning(self) -> str | None:
        """The current problem, in words; `None` while all is well. A file moved aside counts while it lies there."""
        return self._failing or self._aside_in_words() or self._lock.warning or None

    @property
    def unwritable(self) -> str:
        """The reason why the last write was not kept, in words; empty while writes succeed."""
        return self._failing

    async def prove_writable(self) -> None:
        """Write something and delete it again. Raises NotKept."""

        def work(transaction: Transaction) -> None:
            transaction.put("probe", "writable", 0)
            transaction.remove("probe", "writable")

        await self.change(work)

    async def open(self) -> None:
        """Create or open the file. Never raises."""
        with contextlib.suppress(NotKept):
            await self._run(lambda connection: None, writes=False)

    async def get(self, kind: str, key: str, type_: type[T]) -> T | None:
        """See `Transaction.get`."""
        return await self._read(lambda t: t.get(kind, key, type_), None)

    async def all(self, kind: str, type_: type[T]) -> dict[str, T]:
        """See `Transaction.all`. While no process writes, that takes a look at the files' times and sizes."""
        stamp = self._stamp()
        known_at, known = self._read_before.get((kind, type_), ((), {}))
        if stamp and stamp == known_at:
            return dict(known)
        settled = _is_settled(stamp)
        found: dict[str, T] | None = await self._read(lambda t: t.all(kind, type_), None)
        if found is not None and settled:
            self._read_before[kind, type_] = (stamp, found)
        return dict(found or {})

    async def samples(
        self, series: str, since: datetime, until: datetime, type_: type[T]
    ) -> tuple[tuple[datetime, T], ...]:
        """See `Transaction.samples`."""
        return await self._read(lambda t: t.samples(series, since, until, type_), ())

    async def put(self, kind: str, key: str, value: Any) -> None:
        """See `Transaction.put`. Raises NotKept."""
        await self.change(lambda t: t.put(kind, key, value))

    async def remove(self, kind: str, key: str) -> bool:
        """See `Transaction.remove`. Raises NotKept."""
        return await self.change(lambda t: t.remove(kind, key))

    async def append(self, series: str, at: datetime, value: Any) -> None:
        """See `Transaction.append`. Raises NotKept."""
        await self.change(lambda t: t.append(series, at, value))

    async def change(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` in one transaction, in the store's thread. All of it is on the disk at the return. Raises NotKept.

        A cancelled caller does not know whether it happened; it happened whole or not at all.
        """

        def transact(connection: sqlite3.Connection) -> T:
            connection.execute("BEGIN IMMEDIATE")
            try:
                result = work(Transaction(connection))
                connection.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
                raise
            return result

        return await self._run(transact, writes=True)

    async def close(self) -> None:
        """Close the file and release the lock. Waits for a write under way."""
        with contextlib.suppress(RuntimeError):
            await asyncio.wrap_future(self._thread.submit(self._disconnect))
        self._thread.shutdown(wait=True)
        self._lock.release()

    def lock(self, name: str = "") -> OwnerLock:
        """Return a lock beside the file; without a name the one of `own`."""
        return OwnerLock(self._path.with_suffix(f".{name}.lock" if name else ".lock"))

    def own(self) -> bool:
        """Become the one process of this project and user that runs the loops. Returns whether this process is it."""
        return self._lock.take()

    def disown(self) -> None:
        """Let another process run the loops."""
        self._lock.release()

    def owner(self) -> str:
        """Return the holder of the lock, `pid N on HOST`; empty while there is none."""
        return self._lock.holder()

    def _stamp(self) -> Stamp:
        """Return what differs once any process has written; empty where the files cannot be looked at."""
        found = []
        for file in self._files:
            try:
                of = os.stat(file)
            except OSError:
                continue
            found.append((of.st_ino, of.st_size, of.st_mtime_ns))
        return tuple(found)

    async def _read(self, work: Callable[[Transaction], T], nothing: T) -> T:
        try:
            return await self._run(lambda connection: work(Transaction(connection)), writes=False)
        except NotKept:
            return nothing

    async def _run(self, work: Callable[[sqlite3.Connection], T], *, writes: bool) -> T:
        try:
            future = self._thread.submit(self._guarded, work, writes)
        except RuntimeError as error:
            raise NotKept("the state is closed") from error
        return await asyncio.wrap_future(future)

    def _guarded(self, work: Callable[[sqlite3.Connection], T], writes: bool) -> T:
        try:
            result = work(self._connected())
        except _TooNew as error:
            self._failing = f"state not usable: {self._path} was written by a later version of watchdesk"
            raise NotKept(self._failing) from error
        except _ERRORS as error:
            if not _is_broken(error):
                self._failing = self._unusable(error)
                raise NotKept(self._failing) from error
            self._set_aside(error)
            try:
                result = work(self._connected())
            except (*_ERRORS, _TooNew) as again:
                self._disconnect()
                self._failing = f"state not usable: {self._path}: {_words(again)}"
                raise NotKept(self._failing) from again
        if writes:
            self._failing = ""
        return result

    def _unusable(self, error: Exception) -> str:
        if isinstance(error, Unsafe):
            return f"state not usable: {error}"
        return f"state not writable: {self._path}: {_words(error)}"

    def _connected(self) -> sqlite3.Connection:
        if self._aside:
            self._aside = tuple(one for one in self._aside if one.path.exists())
        if self._connection is not None and self._identity == identity(self._path):
            return self._connection
        self._disconnect()  # a deleted file is begun anew: writing into it would keep nothing
        own_directory(self._path.parent, above=1)
        prepare_database(self._path)
        self._identity, self._aside = identity(self._path), found_aside(self._path)
        # Only the thread uses it; it is closed elsewhere only once the thread has ended.
        connection = sqlite3.connect(self._path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            _migrate(connection)
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        return connection

    def _set_aside(self, error: Exception) -> None:
        self._disconnect()
        if self._identity != identity(self._path):
            return  # another process was faster, and has begun anew
        aside = place_aside(self._path)
        try:
            aside.path.mkdir(mode=0o700)
            for end in ("", "-wal", "-shm", "-journal"):
                name = self._path.name + end
                with contextlib.suppress(FileNotFoundError):
                    (self._path.parent / name).rename(aside.path / name)
        except OSError:
            return  # the next attempt says what is wrong
        self._why_aside = f" ({error})"

    def _aside_in_words(self) -> str:
        if not self._aside:
            return ""
        more = f" (and {len(self._aside) - 1} more)" if len(self._aside) > 1 else ""
        return (
            f"the state file was unreadable and was moved aside {self._aside[-1]}{more}{self._why_aside}:"
            " acknowledgements, silences and waiting actions in it are lost; delete or move that file to clear this"
            " message"
        )

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(sqlite3.Error):
                connection.close()


def _is_settled(stamp: Stamp) -> bool:
    """Return whether the next write gives the files another stamp, by the time that passed since the last one."""
    return all(time.time_ns() - changed_at > _SETTLED_NS for _, _, changed_at in stamp)


def _migrate(connection: sqlite3.Connection) -> None:
    """Bring the file to the newest version, each step whole. Raises _TooNew."""
    if _version(connection) == len(MIGRATIONS):
        return
    connection.execute("BEGIN EXCLUSIVE")  # two that start at once: the second finds it done
    try:
        version = _version(connection)
        if version > len(MIGRATIONS):
            raise _TooNew
        for script in MIGRATIONS[version:]:
            for statement in script.split(";"):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _version(connection: sqlite3.Connection) -> int:
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version


def _decoded(body: str, type_: type[T]) -> T | None:
    try:
        return msgspec.json.decode(body, type=type_)
    except msgspec.MsgspecError:
        return None  # kept by another version of us: as good as nothing


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def _is_broken(error: Exception) -> bool:
    """Return whether the file itself is broken, and not just out of reach: full, locked, read-only."""
    return isinstance(error, sqlite3.Error) and (getattr(error, "sqlite_errorcode", 0) & 0xFF) in _BROKEN


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__
