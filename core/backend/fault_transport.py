"""A way to the project that can be cut at will: for trying out, on the real client, what happens then."""

import asyncio
from enum import StrEnum

import httpx


class LineFault(StrEnum):
    """How the line behaves. `WHOLE`: as if it were not there."""

    WHOLE = "whole"
    REFUSED = "refused"
    SILENT = "silent"
    UNAVAILABLE = "unavailable"
    GARBAGE = "garbage"


class FaultTransport(httpx.AsyncBaseTransport):
    """Passes requests on, or fails them as a network does. `tried` are all that came, `METHOD path?query`."""

    def __init__(self) -> None:
        self._beyond = httpx.AsyncHTTPTransport()
        self.cut = LineFault.WHOLE
        self.tried: list[str] = []

    def count(self, *words: str) -> int:
        """How many requests were tried that contain all these words."""
        return sum(all(word in line for word in words) for line in self.tried)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """See httpx."""
        self.tried.append(f"{request.method} {request.url.path}?{request.url.query.decode()}")
        match self.cut:
            case LineFault.REFUSED:
                raise httpx.ConnectError("All connection attempts failed", request=request)
            case LineFault.SILENT:
                if "trace" in request.extensions:
                    await request.extensions["trace"]("http11.send_request_headers.started", {})
                await asyncio.sleep(3600)
            case LineFault.UNAVAILABLE:
                return httpx.Response(503, json={"code": "PGRST001", "message": "no connection"}, request=request)
            case LineFault.GARBAGE:
                return httpx.Response(200, text="<html>", headers={"content-type": "text/html"}, request=request)
        return await self._beyond.handle_async_request(request)

    async def aclose(self) -> None:
        """See httpx."""
        await self._beyond.aclose()
