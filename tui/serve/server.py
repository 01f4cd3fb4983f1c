"""The server: textual-serve's, behind a gate, for a few browsers at once; its page loads nothing from the internet."""

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import aiohttp_jinja2
from aiohttp import web
from textual_serve.server import Server

from tui.serve.gate import gate, new_token, sign
from tui.serve.session import InputBlocked, Session, cells

log = logging.getLogger(__name__)

LOOPBACK: Final = "127.0.0.1"
_PAGE: Final = Path(__file__).parent / "page"
_MESSAGE_BYTES: Final = 65_536
_HEARTBEAT_S: Final = 15.0
_HURRY_S: Final = 0.6
"""Seconds that monitors may take to end when the server does."""

_NONSENSE: Final = (AssertionError, AttributeError, LookupError, TypeError, ValueError)
"""The exceptions that textual-serve raises for a message that no page of ours sends."""


def bound(port: int) -> socket.socket:
    """Return a socket bound to the loopback interface. Raises OSError if the port is taken."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((LOOPBACK, port))
    except OSError:
        listening.close()
        raise
    return listening


class BrowserServer(Server):
    """Serves `program`, a monitor process per browser, to at most `most` at once: each takes memory and requests."""

    def __init__(self, program: Sequence[str], port: int, most: int) -> None:
        super().__init__(" ".join(program), host=LOOPBACK, port=port, title="watchdesk", templates_path=_PAGE)
        self.token = new_token()
        self._program = program
        self._most = most
        self._open: dict[Session, web.WebSocketResponse] = {}

    @property
    def address(self) -> str:
        """The address to open in a browser."""
        return f"{self.public_url}/{self.token}/"

    async def run(self, listening: socket.socket, ready: Callable[[], None]) -> None:
        """Serve until SIGTERM or SIGINT; then end every monitor."""
        over = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, over.set)
        # No access log: the address is in it.
        runner = web.AppRunner(await self.made(), access_log=None, shutdown_timeout=0.2)
        await runner.setup()
        try:
            await web.SockSite(runner, listening).start()
            ready()
            await over.wait()
        finally:
            await runner.cleanup()

    async def made(self) -> web.Application:
        """Return textual-serve's application below the token, behind the gate."""
        outer = web.Application(middlewares=[gate(self.token)])
        inner = await self._make_app()
        inner.router.add_get("/focus.js", self.handle_script)
        outer.add_subapp(f"/{self.token}", inner)
        outer.on_response_prepare.append(sign)
        return outer

    async def on_startup(self, app: web.Application) -> None:
        """Print nothing; the caller prints the address."""

    async def on_shutdown(self, app: web.Application) -> None:
        """End every monitor, and tell its page."""
        await asyncio.gather(*(_end(session, websocket) for session, websocket in self._open.items()))

    @aiohttp_jinja2.template("index.html")
    async def handle_index(self, request: web.Request) -> dict[str, Any]:
        """Return the page's values. Its addresses use the request's host, so that a tunnel may have another port."""
        return {"socket": f"ws://{request.host}/{self.token}/ws", "title": self.title}

    async def handle_script(self, request: web.Request) -> web.StreamResponse:
        """Return the page's own script."""
        return web.FileResponse(_PAGE / "focus.js")

    async def handle_download(self, request: web.Request) -> web.StreamResponse:
        """Raise HTTPNotFound: there is nothing to download."""
        raise web.HTTPNotFound

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """Run one browser's monitor until either ends. Raises HTTPServiceUnavailable if too many are open."""
        if len(self._open) >= self._most:
            raise web.HTTPServiceUnavailable(text="the maximum number of browsers is connected; close one first\n")
        websocket = web.WebSocketResponse(heartbeat=_HEARTBEAT_S, max_msg_size=_MESSAGE_BYTES, timeout=0.2)
        session = Session(
            self._program,
            write_bytes=websocket.send_bytes,
            write_str=websocket.send_str,
            close=websocket.close,
            download_manager=self.download_manager,
        )
        self._open[session] = websocket
        try:
            await websocket.prepare(request)
            await session.start(cells(request.query.get("width", 80)), cells(request.query.get("height", 24)))
            await self._process_messages(websocket, session)
        except _NONSENSE as error:
            log.warning("a page sent what no page of ours sends (%s)", type(error).__name__)
            await websocket.close()
        except InputBlocked:
            log.warning("a monitor in the browser does not take its keys; it is ended")
            await websocket.close()
        finally:
            await asyncio.shield(session.stop())
            del self._open[session]
        return websocket


async def _end(session: Session, websocket: web.WebSocketResponse) -> None:
    await session.stop(_HURRY_S)
    with contextlib.suppress(ConnectionError, RuntimeError):  # it was never opened, or is gone
        await websocket.close()
