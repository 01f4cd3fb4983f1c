"""The gate of the server: lets in requests to this machine's names, with the token, from our own pages."""

import secrets
from typing import Final
from urllib.parse import urlsplit

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

NAMES: Final = frozenset({"127.0.0.1", "localhost"})
"""The host names that are accepted; any other one was made to point to this machine."""

_TOKEN_BYTES: Final = 32
_HEADERS: Final = {
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "clipboard-read=(), camera=(), microphone=(), geolocation=()",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
        " font-src 'self'; connect-src 'self'; frame-ancestors 'none'; form-action 'none'; base-uri 'none'"
    ),
}
"""Headers of every response. The page loads nothing from elsewhere, is not framed, and tells nobody its address."""


def new_token() -> str:
    """Return a random token for the address, so that knowing the port is not enough."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def refusal(request: web.Request, token: str) -> str:
    """Return why a request is refused; empty if it is not.

    A foreign page can neither reach the server under a name of its own (`Host`), nor open a WebSocket from a browser
    that knows the address (`Origin`, which every browser sends with one).
    """
    if _name(request.host) not in NAMES:
        return "this is served to this machine alone"
    given = request.rel_url.raw_path.removeprefix("/").partition("/")[0]  # `OPTIONS *` and CONNECT name no path
    if not secrets.compare_digest(given.encode(), token.encode()):
        return "the address is not complete: take it as it was printed, with its token"
    if request.method not in {hdrs.METH_GET, hdrs.METH_HEAD}:
        return "read-only: only viewing is allowed"
    origin = request.headers.get(hdrs.ORIGIN)
    opens_socket = hdrs.UPGRADE in request.headers
    if origin != f"http://{request.host}" and (opens_socket or origin is not None):
        return "request from another website refused"
    return ""


def gate(token: str) -> Middleware:
    """Return the middleware that guards every path, also paths that do not exist."""

    @web.middleware
    async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
        if why := refusal(request, token):
            return web.Response(status=403, text=f"{why}\n")
        return await handler(request)

    return guarded


async def sign(_: web.Request, response: web.StreamResponse) -> None:
    """Add our headers to a response."""
    response.headers.update(_HEADERS)


def _name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
