"""Sessions stored by `watchdesk login`, one per project: a file of its own, readable by its owner only.

A refresh token is good for one use; processes that share a session take turns by the file's lock and read what the
one before has put there.
"""

import asyncio
import contextlib
import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import msgspec

from core.state import OwnerLock

_TURN_S: Final = 0.05
"""How often who waits for his turn asks for it."""


class StoredSession(msgspec.Struct, frozen=True, kw_only=True):
    """Who is signed in, and the tokens. `expires_at`: seconds since the epoch. Its representation shows no secret."""

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

    def load(self) -> StoredSession | None:
        """The session; `None` if there is none, or none that can be read."""
        try:
            session = msgspec.json.decode(self._path.read_bytes(), type=StoredSession)
        except (OSError, msgspec.MsgspecError):
            return None
        return session if session.url == self._url else None

    def save(self, session: StoredSession) -> None:
        """Put it on the disk, whole or not at all. Raises OSError."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path.parent.chmod(0o700)
        new = self._path.with_suffix(f".{os.getpid()}")
        file = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.write(file, msgspec.json.encode(session))
            os.fsync(file)
        finally:
            os.close(file)
        new.replace(self._path)

    def remove(self) -> bool:
        """Forget it. Whether there was one. Raises OSError."""
        try:
            self._path.unlink()
        except FileNotFoundError:
            return False
        return True

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Hold the project's lock: of all processes, one renews at a time. Cancelled, it waits and holds no longer."""
        lock = OwnerLock(self._path.with_suffix(".lock"))
        while not lock.take():  # noqa: ASYNC110 - another process holds it, which sets no event of ours
            await asyncio.sleep(_TURN_S)
        try:
            yield
        finally:
            lock.release()
