"""A transport that fails on purpose, to try out on the real client what happens then."""

import asyncio
from enum import StrEnum

import httpx

from core.backend.proxies import authorities


class LineFault(StrEnum):
    """The behaviour of the connection. `WHOLE`: no fault."""

    WHOLE = "whole"
    REFUSED = "refused"
    SILENT = "silent"
    UNAVAILABLE = "unavailable"
    GARBAGE = "garbage"


class FaultTransport(httpx.AsyncBaseTransport):
    """Passes requests on, or fails them as a network does. `tried` lists all requests, `METHOD path?query`."""

    def __init__(self) -> None:
        self._beyond = httpx.AsyncHTTPTransport(verify=authorities())
        self.cut = LineFault.WHOLE
        self.tried: list[str] = []

    def count(self, *words: str) -> int:
        """Return how many requests were tried that contain all these words."""
        return sum(all(word in line for word in words) for line in self.tried)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request on, or fail as `fault` says."""
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
