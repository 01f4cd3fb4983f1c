"""The user's token: from settings, by password, or from a stored session; renewed behind one lock, its expiry known."""

import asyncio
import base64
import binascii
import contextlib
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from core.backend.faults import Failed, garbage
from core.backend.sessions import SessionFile, StoredSession
from core.backend.target import Target
from core.base.clock import Clock
from core.resilience.fault import Counts, Evidence, Fault

_AHEAD_S: Final = 60.0
"""The rest of its life at which a token is renewed before it is sent, seconds."""

_GONE: Final = Fault(
    kind="sign_in",
    counts=Counts.SUCCESS,
    evidence=Evidence.ALIVE,
    message="the stored session has expired",
    remedy="run: watchdesk login",
    person=True,
)

Send = Callable[[], Awaitable[Any]]
Prepare = Callable[[Any], Send]
"""Builds from the official client the function that sends one request. An error in it is ours, not the project's."""
Ask = Callable[[str, Prepare], Awaitable[Any]]


class SignIn:
    """Keeps one user's token fresh. `ask` runs a call of the official auth client and raises Failed."""

    def __init__(self, target: Target, clock: Clock, ask: Ask, stored: SessionFile | None = None) -> None:
        self._target = target
        self._clock = clock
        self._ask = ask
        self._stored = stored
        self._refresh_token = ""
        self._number = 0
        self._refused = False
        """The token is known to be dead: no request goes out with it."""
        self._lock = asyncio.Lock()
        self.token = target.access_token
        """The user's token; empty for none."""
        self.expires_at = expiry(self.token)
        """The token's expiry, aware, UTC; `None` when there is none or it is not known."""
        session = self._load()
        if not self.token and session is not None:
            self._take(session.access_token, session.refresh_token)

    @property
    def renews(self) -> bool:
        """Return whether an expired token can be replaced without a person."""
        return bool(self._target.password or self._refresh_token)

    async def fresh(self) -> int:
        """Ensure that there is a token to send, signing in or renewing it first if need be; return its number.

        Raises Failed.
        """
        if self._target.email and (not self.token or (self.renews and (self._refused or self._ends_soon()))):
            await self.renew(self._number)
        return self._number

    async def renew(self, number: int) -> None:
        """Replace the token of that number, once however many callers found it stale. Raises Failed."""
        async with self._lock:
            if self._number != number:
                return
            self._refused = True
            if self._stored is None or self._target.password:
                await self._renew()
                return
            async with self._stored.turn():
                await self._renew_stored()

    async def _renew_stored(self) -> None:
        session, used = await asyncio.to_thread(self._load), self._refresh_token
        if session is None:
            raise Failed(_GONE)
        if session.refresh_token == used or _ends_soon(expiry(session.access_token), self._clock.now()):
            self._refresh_token = session.refresh_token
            await self._renew()  # only then it counts: until it has succeeded nobody goes out with the old one
        else:
            self._take(session.access_token, session.refresh_token)  # another process has renewed it

    async def _renew(self) -> None:
        if self._refresh_token:
            try:
                await self._keep(await self._ask("refresh", self._refresh))
            except Failed as failed:
                if failed.fault.kind != "sign_in":  # not refused: nobody was there to ask
                    raise
            else:
                return
        if not self._target.password:
            raise Failed(_GONE)
        await self._keep(await self._ask("sign in", self._with_password))

    def _with_password(self, client: Any) -> Send:
        who = {"email": self._target.email, "password": self._target.password}
        return lambda: client.auth.sign_in_with_password(who)

    def _refresh(self, client: Any) -> Send:
        return lambda: client.auth.refresh_session(self._refresh_token)

    async def _keep(self, answer: Any) -> None:
        session = getattr(answer, "session", None)
        if session is None or not session.access_token:
            raise Failed(garbage("expected a session, got none"))
        self._take(session.access_token, session.refresh_token or "")
        if self._stored is not None and not self._target.password:
            # Not kept, the next start asks for a sign-in; this process goes on.
            with contextlib.suppress(OSError):
                await asyncio.to_thread(self._stored.save, self.session())

    def session(self) -> StoredSession:
        """Return the session as `login` stores it."""
        return StoredSession(
            url=self._target.url,
            email=self._target.email,
            access_token=self.token,
            refresh_token=self._refresh_token,
            expires_at=self.expires_at.timestamp() if self.expires_at else 0.0,
        )

    def _take(self, token: str, refresh_token: str) -> None:
        self._number += 1
        self._refused = False
        self.token, self._refresh_token = token, refresh_token
        self.expires_at = expiry(token)

    def _load(self) -> StoredSession | None:
        session = self._stored.load() if self._stored is not None else None
        return session if session is not None and session.email == self._target.email else None

    def _ends_soon(self) -> bool:
        return _ends_soon(self.expires_at, self._clock.now())


def _ends_soon(at: datetime | None, now: datetime) -> bool:
    return at is not None and (at - now).total_seconds() < _AHEAD_S


def expiry(token: str) -> datetime | None:
    """Return the expiry of a JWT, unverified; `None` for one that never expires and for what is no JWT."""
    try:
        payload = token.split(".")[1]
        claims = msgspec.json.decode(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return datetime.fromtimestamp(claims["exp"], UTC)
    except (IndexError, KeyError, TypeError, ValueError, OverflowError, OSError, binascii.Error, msgspec.DecodeError):
        return None
