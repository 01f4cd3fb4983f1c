"""Last-known data: in memory while fresh, on disk for as long as it takes. JSON only, never a pickle.

May be deleted at any time. Corrupt, full, read-only or locked, it is set aside with a warning and the rest goes on.
"""

import asyncio
import contextlib
import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import diskcache
import msgspec

from core.clock import Clock

T = TypeVar("T")

_MODE_JSON: Final = 2  # diskcache's mode for text kept in the row itself


class CacheRules(msgspec.Struct, frozen=True, kw_only=True):
    """Caps of the disk part, and how long the memory part answers. Bytes and seconds."""

    memory_s: float = 300.0
    entries: int = 1000
    bytes: int = 50_000_000


class Cached(msgspec.Struct, frozen=True, kw_only=True):
    """A kept value (builtin types), when it was live, and which layer gave it."""

    value: Any
    at: datetime
    layer: str


class _Kept(msgspec.Struct, frozen=True):
    at: datetime
    value: Any


class _JsonDisk(diskcache.Disk):  # type: ignore[misc]  # diskcache is untyped
    """Rows hold JSON text. Whatever else a row claims to hold is refused unread: no pickle is ever loaded."""

    def put(self, key: str) -> tuple[str, bool]:
        return key, True

    def get(self, key: Any, raw: bool) -> str:
        if not raw or not isinstance(key, str):
            raise ValueError("a key that is no text")
        return key

    def store(self, value: str, read: bool, key: Any = None) -> tuple[int, int, None, str]:
        return len(value), _MODE_JSON, None, value

    def fetch(self, mode: int, filename: Any, value: Any, read: bool) -> str:
        if mode != _MODE_JSON or filename is not None or not isinstance(value, str) or read:
            raise ValueError("an entry that is no JSON text")
        return value


class Cache:
    """One project's and user's last-known data, under `directory`/`space`. Disk work runs in a thread of its own."""

    def __init__(self, directory: Path, space: str, clock: Clock, rules: CacheRules | None = None) -> None:
        self._path = directory / space
        self._clock = clock
        self._rules = rules or CacheRules()
        self._memory: dict[str, tuple[float, _Kept]] = {}
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="watchdesk-cache")
        self._disk: Any = None
        self.warning: str | None = None
        """What is wrong with the disk part, in words; `None` while all is well."""
        self._open()

    def get_sync(self, key: str) -> Cached | None:
        """The kept value straight from the disk. Blocks for a fraction of a millisecond: for the first picture."""
        kept = self._load(key)
        return None if kept is None else Cached(value=kept.value, at=kept.at, layer="disk")

    async def get(self, key: str) -> Cached | None:
        """The kept value, from memory while it is fresh, else from the disk."""
        remembered = self._memory.get(key)
        if remembered is not None and self._clock.elapsed() - remembered[0] <= self._rules.memory_s:
            return Cached(value=remembered[1].value, at=remembered[1].at, layer="memory")
        kept = await self._in_thread(lambda: self._load(key))
        return None if kept is None else Cached(value=kept.value, at=kept.at, layer="disk")

    async def put(self, key: str, value: Any, at: datetime) -> None:
        """Keep a live value of builtin types. Never raises: a disk that fails is set aside."""
        kept = _Kept(at, value)
        self._memory[key] = (self._clock.elapsed(), kept)
        if len(self._memory) > self._rules.entries:
            del self._memory[next(iter(self._memory))]
        await self._in_thread(lambda: self._save(key, kept))

    def close(self) -> None:
        """End the thread and close the file. Waits for a write under way."""
        if self._disk is not None:
            # A connection belongs to its thread: the thread's own must be closed there, or its locks live on.
            with contextlib.suppress(RuntimeError):
                self._thread.submit(self._disk.close)
        self._thread.shutdown(wait=True)
        self._close_disk()

    async def _in_thread(self, work: Callable[[], T]) -> T | None:
        try:
            future = asyncio.get_running_loop().run_in_executor(self._thread, work)
        except RuntimeError:  # closed already
            return None
        return await future

    def _open(self) -> None:
        try:
            self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._path.chmod(0o700)
            before = os.umask(0o077)
            try:
                self._disk = self._connect()
            finally:
                os.umask(before)
        except (OSError, sqlite3.Error, ValueError) as error:
            if self._set_aside(error):
                with contextlib.suppress(OSError, sqlite3.Error, ValueError):
                    self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
                    self._disk = self._connect()

    def _connect(self) -> Any:
        disk = diskcache.Cache(
            str(self._path),
            disk=_JsonDisk,
            timeout=1,
            size_limit=self._rules.bytes,
            eviction_policy="least-recently-stored",
            cull_limit=10,
            statistics=0,
            tag_index=0,
        )
        len(disk)  # a file that is no database shows itself here
        return disk

    def _load(self, key: str) -> _Kept | None:
        if self._disk is None:
            return None
        try:
            text = self._disk.get(key)
            return None if text is None else msgspec.json.decode(text, type=_Kept)
        except (msgspec.DecodeError, ValueError):
            return None  # one bad entry; the next live answer replaces it
        except (OSError, sqlite3.Error, diskcache.Timeout) as error:
            self._set_aside(error)
            return None

    def _save(self, key: str, kept: _Kept) -> None:
        if self._disk is None:
            return
        try:
            self._disk.set(key, msgspec.json.encode(kept).decode())
            while len(self._disk) > self._rules.entries:
                self._drop_oldest()
        except (OSError, sqlite3.Error, diskcache.Timeout, ValueError) as error:
            self._set_aside(error)

    def _drop_oldest(self) -> None:
        self._disk.delete(next(iter(self._disk)))

    def _set_aside(self, error: Exception) -> bool:
        """Go on without the disk; move a broken one out of the way. Whether a new one may be tried."""
        self._close_disk()
        self.warning = f"cache set aside: {self._path} is not usable ({error})"
        broken = self._path.with_name(f"{self._path.name}.broken")
        try:
            if broken.exists():
                return False
            self._path.rename(broken)
        except OSError:
            return False
        return True

    def _close_disk(self) -> None:
        disk, self._disk = self._disk, None
        if disk is not None:
            with contextlib.suppress(OSError, sqlite3.Error):
                disk.close()
