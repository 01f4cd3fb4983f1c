"""Connections that rest between two requests: for how long, when they have ended, and what was asked of one that had.

A refresh comes every five seconds or later, and a new connection costs each of its requests two or three ways to the
project and back, and kilobytes of certificates. So a connection rests for a minute, which is less than the servers and
routers in between give it.
"""

import select
from collections.abc import Callable
from typing import Any, Final

import httpx

from core.backend.tracing import TRACE

REST_S: Final = 60.0
"""The longest that a connection rests, in seconds that count the sleep of the machine as well."""

_HUNG_UP: Final = "the other end closed the connection while it rested"
"""The text of the error where it then answered nothing to what came over it last."""

_REPEATABLE: Final = frozenset({"GET", "HEAD"})


def resting(transport: httpx.AsyncHTTPTransport, elapsed: Callable[[], float]) -> httpx.AsyncBaseTransport:
    """Return `transport` with connections that rest; `elapsed` as of a `Clock`.

    Whether one has ended is asked cheaply: the HTTP client asks that of every one of them, twice a request, and would
    look up the addresses of both ends and more each time, a seventh of what a request costs.
    """
    from httpcore import ReadError  # noqa: PLC0415 - it would load more than is used, before it is told not to

    pool: Any = transport._pool
    pool._network_backend = _Network(pool._network_backend, elapsed, ReadError)
    return _Again(transport)


class _Again(httpx.AsyncBaseTransport):
    """Asks once more, over another connection, what a connection that was just being closed did not answer.

    Only what may be repeated: a write whose answer is lost is read back by whoever sent it.
    """

    def __init__(self, network: httpx.AsyncHTTPTransport) -> None:
        self._network = network

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """See httpx."""
        while True:
            try:
                return await self._network.handle_async_request(request)
            except httpx.ReadError as error:
                if not (str(error) == _HUNG_UP and request.method in _REPEATABLE):
                    raise
            if (trace := request.extensions.get(TRACE)) is not None:
                trace.sent = False

    async def aclose(self) -> None:
        """See httpx."""
        await self._network.aclose()


class _Network:
    """Makes connections as `backend` does."""

    def __init__(self, backend: Any, elapsed: Callable[[], float], failed: type[Exception]) -> None:
        self._backend = backend
        self._made_with = (elapsed, failed)

    async def connect_tcp(self, *args: Any, **more: Any) -> "_Stream":
        return _Stream(await self._backend.connect_tcp(*args, **more), *self._made_with)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._backend, name)


class _Stream:
    """A connection as `stream` is. It rests while nobody reads: what can be read then is its end.

    `failed`: what is raised where it cannot be read.
    """

    def __init__(self, stream: Any, elapsed: Callable[[], float], failed: type[Exception]) -> None:
        self._stream = stream
        self._elapsed = elapsed
        self._failed = failed
        self._socket = stream.get_extra_info("socket")
        self._used_at_s = elapsed()
        self._answered = False
        """It has answered a request before."""
        self._silent = False
        """Nothing came since something was sent."""

    async def start_tls(self, *args: Any, **more: Any) -> "_Stream":
        return _Stream(await self._stream.start_tls(*args, **more), self._elapsed, self._failed)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._used_at_s, self._silent = self._elapsed(), True
        await self._stream.write(buffer, timeout)

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            got: bytes = await self._stream.read(max_bytes, timeout)
        except self._failed as error:
            if self._answered and self._silent:
                raise self._failed(_HUNG_UP) from error
            raise
        if not got and self._answered and self._silent:
            raise self._failed(_HUNG_UP)
        self._answered, self._silent = self._answered or bool(got), False
        return got

    def get_extra_info(self, info: str) -> Any:
        return self._has_ended() if info == "is_readable" else self._stream.get_extra_info(info)

    def _has_ended(self) -> bool:
        number = self._socket.fileno()
        if number < 0 or self._elapsed() - self._used_at_s > REST_S:
            return True
        poll = select.poll()
        poll.register(number, select.POLLIN)
        return bool(poll.poll(0))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
