"""A transport that bounds answers: one that is too long, unpacked, is cut off and reported."""

from typing import Final

import httpx

from core.backend.faults import OF_A_PROXY, Failed, Trace, garbage
from core.backend.tracing import TRACE, trace_head
from core.backend.traffic import Traffic

_PACKINGS: Final = frozenset({"", "identity", "gzip", "deflate"})
"""The accepted encodings of an answer, one at a time: packed twice, it could unpack to a million times its size."""

_UNPACKED: Final = frozenset({"content-encoding", "content-length", "transfer-encoding"})


class BoundedTransport(httpx.AsyncBaseTransport):
    """Passes requests on to `network` and reads each answer whole, up to `most` bytes after unpacking.

    Counts requests and their bytes in `traffic`. Raises Failed for a longer one. One read of the network may exceed
    `most` by what it unpacks to, some megabytes.
    """

    def __init__(self, network: httpx.AsyncBaseTransport, most: int, traffic: Traffic | None = None) -> None:
        self._network = network
        self._most = most
        self._traffic = traffic or Traffic()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """See httpx."""
        self._traffic.asked(request)
        answer = await self._network.handle_async_request(request)
        trace = request.extensions.get(TRACE) or Trace()
        trace_head(answer, trace)
        try:
            body = b"" if answer.status_code in OF_A_PROXY else await self._body(answer, trace)
        finally:
            self._traffic.answered(answer)
            await answer.aclose()
        headers = [(name, value) for name, value in answer.headers.multi_items() if name.lower() not in _UNPACKED]
        return httpx.Response(answer.status_code, headers=headers, content=body, extensions=answer.extensions)

    async def _body(self, answer: httpx.Response, trace: Trace) -> bytes:
        packing = answer.headers.get("content-encoding", "").strip().lower()
        if packing not in _PACKINGS:
            raise Failed(garbage("it is packed in a way nobody asked for", trace))
        parts, size = [], 0
        async for part in answer.aiter_bytes():
            size += len(part)
            if size > self._most:
                raise Failed(garbage(f"it is larger than {self._most / 1_000_000:,.0f} MB", trace))
            parts.append(part)
        return b"".join(parts)

    async def aclose(self) -> None:
        """See httpx."""
        await self._network.aclose()
