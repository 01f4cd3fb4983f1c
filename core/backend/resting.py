"""Connections that rest between two requests, and tell cheaply whether their other end has hung up.

The HTTP client asks that of every one of them, twice a request; what it asks looks up the addresses of both ends and
more each time, which is a seventh of what a request costs.
"""

import select
from typing import Any

import httpx


def tell_cheaply(transport: httpx.AsyncHTTPTransport) -> httpx.AsyncHTTPTransport:
    """Return `transport`, whose connections from now on do so."""
    pool: Any = transport._pool
    pool._network_backend = _Network(pool._network_backend)
    return transport


class _Network:
    """Makes connections as `backend` does."""

    def __init__(self, backend: Any) -> None:
        self._backend = backend

    async def connect_tcp(self, *args: Any, **more: Any) -> "_Stream":
        return _Stream(await self._backend.connect_tcp(*args, **more))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._backend, name)


class _Stream:
    """A connection as `stream` is. It rests while nobody reads: what can be read then is its end."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._socket = stream.get_extra_info("socket")

    async def start_tls(self, *args: Any, **more: Any) -> "_Stream":
        return _Stream(await self._stream.start_tls(*args, **more))

    def get_extra_info(self, info: str) -> Any:
        return self._has_ended() if info == "is_readable" else self._stream.get_extra_info(info)

    def _has_ended(self) -> bool:
        number = self._socket.fileno()
        if number < 0:
            return True
        poll = select.poll()
        poll.register(number, select.POLLIN)
        return bool(poll.poll(0))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
