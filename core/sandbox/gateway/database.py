"""Connections to PostgreSQL: a few kept open, one transaction a request, under the request's role and claims."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import psycopg
from psycopg.sql import SQL, Composed

from core.sandbox.gateway.catalogue import Catalogue, read_catalogue
from core.sandbox.gateway.errors import ApiError, of_database, unreachable
from core.sandbox.limits import Dial, Limits

_OPEN = 10
_WAIT_S = 10.0


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """The sender of a request: the role it runs as and the claims the policies see."""

    role: str
    claims: dict[str, Any]


class Database:
    """The gateway's access to PostgreSQL. Broken connections are dropped, new ones made when next needed."""

    def __init__(self, url: str, dial: Dial) -> None:
        self._url = url
        self._dial = dial
        self._idle: list[psycopg.AsyncConnection[Any]] = []
        self._slots = asyncio.Semaphore(_OPEN)
        self._catalogue: Catalogue | None = None
        self._listener: asyncio.Task[None] | None = None

    @property
    def limits(self) -> Limits:
        """The limits in force now."""
        return self._dial.now

    async def catalogue(self, *, fresh: bool = False) -> Catalogue:
        """Return the catalogue; read once and again after a change of the schema. Raises ApiError."""
        if self._catalogue is None or fresh:
            async with self._connection() as connection:
                self._catalogue = await read_catalogue(connection)
        if self._listener is None or self._listener.done():
            self._listener = asyncio.create_task(self._listen())
        return self._catalogue

    @contextlib.asynccontextmanager
    async def transaction(self, caller: Caller, *, read_only: bool = False) -> AsyncIterator[psycopg.AsyncCursor[Any]]:
        """Yield a cursor inside one transaction as `caller`. Commits at the end, rolls back on any error."""
        async with self._connection() as connection:
            cursor = connection.cursor()
            try:
                limit_s = self.limits.statement_s(caller.role)
                await cursor.execute(_begin(caller, limit_s, read_only=read_only))
                yield cursor
                await connection.commit()
            except psycopg.Error as error:
                raise of_database(error, caller.role) from error
            finally:
                if not connection.closed:
                    with contextlib.suppress(psycopg.Error):
                        await connection.rollback()

    async def close(self) -> None:
        """Close every connection."""
        if self._listener is not None:
            self._listener.cancel()
            await asyncio.gather(self._listener, return_exceptions=True)
            self._listener = None
        await self.drop()

    async def drop(self) -> None:
        """Drop idle connections: their server is going away."""
        idle, self._idle = self._idle, []
        for connection in idle:
            with contextlib.suppress(psycopg.Error):
                await connection.close()

    @contextlib.asynccontextmanager
    async def _connection(self) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
        try:
            async with asyncio.timeout(_WAIT_S):
                await self._slots.acquire()
        except TimeoutError as error:
            raise ApiError(504, "PGRST003", "Timed out acquiring connection from connection pool.") from error
        try:
            connection = self._idle.pop() if self._idle else await self._connect()
            try:
                yield connection
            except BaseException:
                await connection.close()
                raise
            if connection.closed:
                return
            self._idle.append(connection)
        finally:
            self._slots.release()

    async def _connect(self) -> psycopg.AsyncConnection[Any]:
        try:
            return await psycopg.AsyncConnection.connect(self._url, connect_timeout=3, autocommit=True)
        except psycopg.Error as error:
            raise unreachable(error) from error

    async def _listen(self) -> None:
        """Wait for changes of the schema for as long as the server lives."""
        with contextlib.suppress(psycopg.Error):
            connection = await psycopg.AsyncConnection.connect(self._url, autocommit=True)
            try:
                await connection.execute("LISTEN pgrst")
                async for _notice in connection.notifies():
                    self._catalogue = None
            finally:
                await connection.close()
        self._catalogue = None


def _begin(caller: Caller, limit_s: float, *, read_only: bool) -> Composed:
    """Return the statements that begin and become `caller`, as one message: several would cost as much as a read."""
    claims = msgspec.json.encode({"role": caller.role, **caller.claims}).decode()
    limit = f"{max(1, round(1000 * limit_s))}ms"
    return SQL(
        "BEGIN {}; SELECT set_config('role', {}, true), set_config('request.jwt.claims', {}, true),"
        " set_config('statement_timeout', {}, true)"
    ).format(SQL("READ ONLY" if read_only else "READ WRITE"), caller.role, claims, limit)
