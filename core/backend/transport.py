"""What comes in is bounded: an answer that is too long, unpacked, is broken off and named."""

from typing import Final

import httpx

from core.backend.faults import Failed, garbage

_PACKINGS: Final = frozenset({"", "identity", "gzip", "deflate"})
"""How an answer may be packed: once. What is packed twice unpacks to a million times its size."""

_UNPACKED: Final = frozenset({"content-encoding", "content-length", "transfer-encoding"})


class BoundedTransport(httpx.AsyncBaseTransport):
    """Passes requests on to `network` and reads each answer whole, up to `most` bytes after unpacking.

    Raises Failed for a longer one. `most` may be passed by what one read of the network unpacks to, some megabytes.
    """

    def __init__(self, network: httpx.AsyncBaseTransport, most: int) -> None:
        self._network = network
        self._most = most

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """See httpx."""
        answer = await self._network.handle_async_request(request)
        try:
            body = await self._body(answer)
        finally:
            await answer.aclose()
        headers = [(name, value) for name, value in answer.headers.multi_items() if name.lower() not in _UNPACKED]
        return httpx.Response(answer.status_code, headers=headers, content=body, extensions=answer.extensions)

    async def _body(self, answer: httpx.Response) -> bytes:
        packing = answer.headers.get("content-encoding", "").strip().lower()
        if packing not in _PACKINGS:
            raise Failed(garbage("it is packed in a way nobody asked for"))
        parts, size = [], 0
        async for part in answer.aiter_bytes():
            size += len(part)
            if size > self._most:
                raise Failed(garbage(f"it is longer than {self._most / 1_000_000:,.0f} MB"))
            parts.append(part)
        return b"".join(parts)

    async def aclose(self) -> None:
        """See httpx."""
        await self._network.aclose()
