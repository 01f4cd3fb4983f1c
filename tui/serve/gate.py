"""Who is let in: this machine's own names, the address with its token, and pages of our own."""

import secrets
from typing import Final
from urllib.parse import urlsplit

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

NAMES: Final = frozenset({"127.0.0.1", "localhost"})
"""The names a browser may know us by: another one was made to point here."""

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
"""On every answer. The page takes nothing from elsewhere, is shown within no other, and tells nobody its address."""


def new_token() -> str:
    """What stands in the address, so that knowing the port is not enough."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def refusal(request: web.Request, token: str) -> str:
    """Why a request is refused, empty if it is not.

    Another page can neither ask us under a name of its own (`Host`), nor open a WebSocket in a browser that has the
    address (`Origin`, which every browser sends with one).
    """
    if _name(request.host) not in NAMES:
        return "this is served to this machine alone"
    given = request.rel_url.raw_path.removeprefix("/").partition("/")[0]  # `OPTIONS *` and CONNECT name no path
    if not secrets.compare_digest(given.encode(), token.encode()):
        return "the address is not complete: take it as it was printed, with its token"
    if request.method not in {hdrs.METH_GET, hdrs.METH_HEAD}:
        return "it is only looked at"
    origin = request.headers.get(hdrs.ORIGIN)
    opens_socket = hdrs.UPGRADE in request.headers
    if origin != f"http://{request.host}" and (opens_socket or origin is not None):
        return "another page asks"
    return ""


def gate(token: str) -> Middleware:
    """The middleware before everything, also before what is not there."""

    @web.middleware
    async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
        if why := refusal(request, token):
            return web.Response(status=403, text=f"{why}\n")
        return await handler(request)

    return guarded


async def sign(_: web.Request, response: web.StreamResponse) -> None:
    """Puts our headers on an answer."""
    response.headers.update(_HEADERS)


def _name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
