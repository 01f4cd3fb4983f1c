"""Sessions stored by `watchdesk login`, one per project: a file of its own, readable by its owner only.

A refresh token can be used once; processes that share a session take turns by the file's lock and read what the
previous one stored.
"""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import msgspec

from core.base.owner_lock import OwnerLock
from core.base.safe_files import TooLarge, Unsafe, own_directory, read_own, replace_own

_MOST: Final = 1_000_000
"""The largest session, in bytes."""

_TURN_S: Final = 0.05
"""The pause between two attempts to take the lock, seconds."""


class StoredSession(msgspec.Struct, frozen=True, kw_only=True):
    """A stored user and the tokens. `expires_at`: seconds since the epoch. Its representation shows no secret."""

    url: str
    email: str
    access_token: str
    refresh_token: str
    expires_at: float

    def __repr__(self) -> str:
        return f"StoredSession(url={self.url!r}, email={self.email!r})"


class SessionFile:
    """The stored session of one project. Blocks for as long as a small file takes."""

    def __init__(self, directory: Path, url: str) -> None:
        self._url = url
        self._path = directory / f"{hashlib.sha256(url.encode()).hexdigest()[:24]}.json"
        self.trouble = ""
        """The reason why the file found by the last `load` is not used, in words; empty without one."""

    def load(self) -> StoredSession | None:
        """Return the session; `None` if there is none, or none that can be read."""
        self.trouble = ""
        try:
            session = msgspec.json.decode(read_own(self._path, _MOST), type=StoredSession)
        except (Unsafe, TooLarge) as error:
            self.trouble = f"stored session not used: {error}"
            return None
        except (OSError, msgspec.MsgspecError):
            return None
        return session if session.url == self._url else None

    def save(self, session: StoredSession) -> None:
        """Write the session to the disk, whole or not at all. Raises OSError."""
        own_directory(self._path.parent, above=1)
        replace_own(self._path, msgspec.json.encode(session))

    def remove(self) -> bool:
        """Delete the session. Returns whether there was one. Raises OSError."""
        try:
            self._path.unlink()
        except FileNotFoundError:
            return False
        return True

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Hold the project's lock: of all processes, one renews at a time. Cancellation ends the wait and frees it."""
        lock = OwnerLock(self._path.with_suffix(".lock"))
        while not lock.take():  # noqa: ASYNC110 - another process holds it, which sets no event of ours
            await asyncio.sleep(_TURN_S)
        try:
            yield
        finally:
            lock.release()
