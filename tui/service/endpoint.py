"""`/healthz`, `/readyz` and `/metrics`, answered from a thread, also while the event loop or the project hangs."""

import contextlib
import hmac
import ipaddress
import socket
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, Protocol

import msgspec

from core.base.settings import SettingsError
from core.domain.snapshot import LinkWord, Snapshot
from tui.service.metrics import CONTENT_TYPE, exposition

LOOP_DEAD_AFTER_S: Final = 15.0
"""A loop that did not turn for so long is not alive."""

_AT_ONCE: Final = 16
_LINE_S: Final = 5.0
_MOST_OPEN: Final = 64
"""Connections open at once: whoever opens more takes no file and no thread from the watching."""
_LOCALHOST: Final = "localhost"


class ListenAddress(msgspec.Struct, frozen=True):
    """Where it listens."""

    host: str
    port: int

    @classmethod
    def of(cls, text: str, token: str) -> "ListenAddress":
        """Return the address that `HOST:PORT` or `PORT` names; without a token only one of this machine's own.

        Raises SettingsError.
        """
        host, _, port = text.rpartition(":")
        host = host.removeprefix("[").removesuffix("]") or "127.0.0.1"
        if not port.isdecimal() or int(port) > 65535:
            raise SettingsError(f"--metrics {text}: write HOST:PORT, such as 127.0.0.1:9464")
        try:
            mine = host == _LOCALHOST or ipaddress.ip_address(host).is_loopback
        except ValueError as error:
            raise SettingsError(f"--metrics {text}: {host} is no IP address; use 127.0.0.1 or ::1") from error
        if not mine and not token:
            raise SettingsError(
                f"--metrics {text}: others could read it; set WATCHDESK_SERVICE_TOKEN, or use a loopback address"
            )
        return cls("127.0.0.1" if host == _LOCALHOST else host, int(port))


class MetricsSource(Protocol):
    """What is served; asked from any thread."""

    @property
    def ready(self) -> bool:
        """Return whether all that is watched answers."""
        ...

    def metrics(self) -> bytes:
        """Return every metric as text."""
        ...

    def told(self) -> dict[str, Any]:
        """Return how it is, as JSON values."""
        ...


class MeasuredProject:
    """One project, by what `snapshot` returns."""

    def __init__(self, snapshot: Callable[[], Snapshot]) -> None:
        self._snapshot = snapshot

    @property
    def ready(self) -> bool:
        """Return whether the project answers."""
        return self._snapshot().link.word is LinkWord.LIVE

    def metrics(self) -> bytes:
        """Return every metric as text."""
        return exposition(self._snapshot(), datetime.now(UTC))

    def told(self) -> dict[str, Any]:
        """Return whether the project is reached, and its state."""
        snapshot = self._snapshot()
        reached = {
            "reached": snapshot.link.word is LinkWord.LIVE,
            "link": snapshot.link.word,
            "last_live_at": snapshot.link.since,
            "why": snapshot.link.why,
        }
        return {"project": reached, "state": snapshot.state, "at": snapshot.at}


class Endpoint:
    """Serves what is measured. `beat` is called on the event loop, again and again: that is how it is alive."""

    def __init__(self, address: ListenAddress, token: str, measured: MetricsSource) -> None:
        self._beaten = time.monotonic()
        self._measured = measured
        self._token = token
        self._room = threading.BoundedSemaphore(_AT_ONCE)
        try:
            self._server = _server(address, self._answer, self._room)
        except OSError as error:
            raise SettingsError(f"--metrics {address.host}:{address.port}: {error.strerror or error}") from error
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, name="watchdesk-endpoint", daemon=True).start()

    def beat(self) -> None:
        """Record that the event loop turns."""
        self._beaten = time.monotonic()

    def close(self) -> None:
        """Stop to serve."""
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, path: str, authorization: str) -> tuple[int, str, bytes]:
        if self._token and not hmac.compare_digest(authorization.encode(), f"Bearer {self._token}".encode()):
            return 401, "text/plain", b"a bearer token is needed\n"
        match path.partition("?")[0]:
            case "/metrics":
                return 200, CONTENT_TYPE, self._measured.metrics()
            case "/healthz":
                return self._told(well=self._loop_age_s() < LOOP_DEAD_AFTER_S)
            case "/readyz":
                return self._told(well=self._measured.ready)
        return 404, "text/plain", b"there are /healthz, /readyz and /metrics\n"

    def _told(self, *, well: bool) -> tuple[int, str, bytes]:
        age_s = self._loop_age_s()
        told = {"loop": {"alive": age_s < LOOP_DEAD_AFTER_S, "age_s": round(age_s, 1)}, **self._measured.told()}
        return 200 if well else 503, "application/json", msgspec.json.encode(told) + b"\n"

    def _loop_age_s(self) -> float:
        return time.monotonic() - self._beaten


def _server(
    address: ListenAddress, answer: Callable[[str, str], tuple[int, str, bytes]], room: threading.BoundedSemaphore
) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        timeout = _LINE_S
        protocol_version = "HTTP/1.0"
        server_version, sys_version = "watchdesk", ""

        def do_GET(self) -> None:
            if not room.acquire(blocking=False):
                self._send(503, "text/plain", b"too many at once\n")
                return
            try:
                self._send(*answer(self.path, self.headers.get("Authorization", "")))
            finally:
                room.release()

        do_HEAD = do_GET  # noqa: N815 - so is it called by its base; load balancers ask so

        def _send(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Write no line for a request."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False
        request_queue_size = 128
        address_family = socket.AF_INET6 if ":" in address.host else socket.AF_INET

        def __init__(self) -> None:
            super().__init__((address.host, address.port), Handler)
            self._open: dict[socket.socket, None] = {}
            self._lock = threading.Lock()

        def process_request(self, request: Any, client_address: Any) -> None:
            """Answer in a thread. Where too many are open, the oldest is closed: the newest is never turned away."""
            with self._lock:
                oldest = next(iter(self._open)) if len(self._open) >= _MOST_OPEN else None
                self._open[request] = None
                if oldest is not None:
                    del self._open[oldest]
                    with contextlib.suppress(OSError):
                        oldest.shutdown(socket.SHUT_RDWR)  # its thread reads the end, and closes it
            super().process_request(request, client_address)

        def shutdown_request(self, request: Any) -> None:
            """Close it."""
            with self._lock:
                self._open.pop(request, None)
            super().shutdown_request(request)

        def handle_error(self, *_: Any) -> None:
            """Write nothing about who hung up."""

    return Server()
