"""Last-known data: in memory while fresh, on disk for longer. JSON only, never a pickle.

May be deleted at any time. Where the disk part is corrupt, full, read-only or locked, the cache works in memory only,
with a warning.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import msgspec

from core.base.clock import Clock
from core.resilience.disk import Disk

T = TypeVar("T")

log = logging.getLogger(__name__)

_PATIENCE_S: Final = 2.0
_SOON_S: Final = 0.25


class CacheRules(msgspec.Struct, frozen=True, kw_only=True):
    """Caps of the disk part, and size and freshness of the memory part. Bytes and seconds."""

    memory_s: float = 300.0
    memory_bytes: int = 8_000_000
    entries: int = 1000
    bytes: int = 50_000_000


class Cached(msgspec.Struct, frozen=True, kw_only=True):
    """A kept value (builtin types), when it was live, and which layer gave it: `memory` or `disk`."""

    value: Any
    at: datetime
    layer: str


class _Stored(msgspec.Struct, frozen=True):
    at: Annotated[datetime, msgspec.Meta(tz=True)]
    value: Any


_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(_Stored).decode


class Cache:
    """The last-known data of one project and user, under `directory`/`space`. A thread of its own does the disk work.

    Raises ValueError for a `space` that is not the name of one directory.
    """

    def __init__(self, directory: Path, space: str, clock: Clock, rules: CacheRules | None = None) -> None:
        if space in {"", ".", ".."} or Path(space).name != space:
            raise ValueError(f"not a name for a cache: {space!r}")
        self._clock = clock
        self._rules = rules or CacheRules()
        self._memory: dict[str, tuple[float, bytes]] = {}
        self._memory_bytes = 0
        self._unsaved: dict[str, bytes] = {}
        """What is to be written next, all at once: the answers of one refresh come together."""
        self._due: asyncio.TimerHandle | None = None
        self._disk = Disk(directory / space, entries=self._rules.entries, size=self._rules.bytes)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="cache")
        self._opened = self._thread.submit(self._disk.open)
        self._wait(self._opened)

    @property
    def warning(self) -> str | None:
        """The problem with the disk part, in words; `None` while all is well."""
        return self._disk.warning if self._opened.done() else "cache in memory only: the disk does not answer"

    def get_sync(self, key: str) -> Cached | None:
        """Return the kept value, straight from the disk. Blocks for a fraction of a millisecond: for the first view."""
        self._write()
        text = self._wait(self._submit(lambda: self._disk.load(key)))
        return None if text is None else _decoded(text, "disk")

    def load_all(self) -> dict[str, Cached]:
        """Return everything kept on the disk, by key. Blocks: for the first screen."""
        self._write()
        texts = self._wait(self._submit(self._disk.load_all)) or {}
        found = ((key, _decoded(text, "disk")) for key, text in texts.items())
        return {key: cached for key, cached in found if cached is not None}

    async def get(self, key: str) -> Cached | None:
        """Return the kept value, from memory while it is fresh, else from the disk."""
        remembered = self._memory.get(key)
        if remembered is not None and self._clock.elapsed() - remembered[0] <= self._rules.memory_s:
            return _decoded(remembered[1], "memory")
        if key in self._unsaved:
            self._write()
        future = self._submit(lambda: self._disk.load(key))
        text = None if future is None else await asyncio.wrap_future(future)
        return None if text is None else _decoded(text, "disk")

    async def on_disk(self, keys: Iterable[str]) -> dict[str, Cached]:
        """Return what lies on the disk under `keys`: where another process keeps the same, it may be newer."""
        wanted = tuple(keys)
        future = self._submit(lambda: {key: self._disk.load(key) for key in wanted})
        texts = {} if future is None else await asyncio.wrap_future(future)
        found = ((key, _decoded(text, "disk")) for key, text in texts.items() if text is not None)
        return {key: cached for key, cached in found if cached is not None}

    def keep(self, key: str, value: Any, at: datetime) -> None:
        """Keep a live value of builtin types: in memory at once, on the disk soon. Never raises, never waits."""
        try:
            data = _encode(_Stored(at, value))
        except (TypeError, ValueError, OverflowError):
            log.exception("not kept: %s holds what JSON cannot", key)
            return
        self._remember(key, data)
        self._unsaved[key] = data
        if self._due is None:
            self._write_soon()

    async def put(self, key: str, value: Any, at: datetime) -> None:
        """Do what `keep` does, and wait until the disk has it."""
        self.keep(key, value, at)
        await self.flush()

    async def flush(self) -> None:
        """Wait until everything kept so far is on the disk."""
        self._write()
        future = self._submit(lambda: None)
        if future is not None:
            await asyncio.wrap_future(future)

    async def sweep(self) -> None:
        """Enforce the caps on disk and drop from memory what is no longer fresh. To be called every few minutes."""
        oldest = self._clock.elapsed() - self._rules.memory_s
        for key in [key for key, (since, _) in self._memory.items() if since < oldest]:
            self._forget(key)
        future = self._submit(self._disk.sweep)
        if future is not None:
            await asyncio.wrap_future(future)

    def close(self) -> None:
        """Write the rest, close the file, end the thread. Blocks until then."""
        self._write()
        self._submit(self._disk.close)
        self._thread.shutdown(wait=True)

    def _write_soon(self) -> None:
        try:
            self._due = asyncio.get_running_loop().call_later(_SOON_S, self._write)
        except RuntimeError:  # there is no loop
            self._write()

    def _write(self) -> None:
        if self._due is not None:
            self._due.cancel()
        self._due = None
        if not self._opened.done():
            return  # it waits for the disk, and for the next write
        unsaved, self._unsaved = self._unsaved, {}
        if unsaved:
            self._submit(lambda: self._disk.save({key: data.decode() for key, data in unsaved.items()}))

    def _remember(self, key: str, data: bytes) -> None:
        self._forget(key)
        self._memory[key] = (self._clock.elapsed(), data)
        self._memory_bytes += len(data)
        while self._memory_bytes > self._rules.memory_bytes or len(self._memory) > self._rules.entries:
            self._forget(next(iter(self._memory)))

    def _forget(self, key: str) -> None:
        dropped = self._memory.pop(key, None)
        if dropped is not None:
            self._memory_bytes -= len(dropped[1])

    def _submit(self, work: Callable[[], T]) -> Future[T] | None:
        """Hand work to the thread; `None` once closed, or while the disk has not even opened."""
        if not self._opened.done():
            return None
        try:
            return self._thread.submit(work)
        except RuntimeError:  # closed
            return None

    def _wait(self, future: Future[T] | None) -> T | None:
        try:
            return None if future is None else future.result(timeout=_PATIENCE_S)
        except NotYet:
            return None


def _decoded(data: bytes | str, layer: str) -> Cached | None:
    """Decode a kept value; `None` for one that is not ours or of another version."""
    try:
        kept = _decode(data)
    except (msgspec.MsgspecError, ValueError):
        return None
    return Cached(value=kept.value, at=kept.at, layer=layer)
