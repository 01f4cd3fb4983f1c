"""The endpoint has room for whoever asks, however many connections somebody keeps open."""

import contextlib
import socket
import threading
from collections.abc import Iterator

import httpx
import pytest

from tests.tui.well import ACTIVE
from tests.until import awaited
from tui.service.endpoint import Endpoint, ListenAddress, MeasuredProject


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    endpoint = Endpoint(ListenAddress.of("127.0.0.1:0", ""), "", MeasuredProject(lambda: ACTIVE))
    yield endpoint
    endpoint.close()


def answering() -> int:
    """Threads that serve a connection."""
    return sum("process_request_thread" in one.name for one in threading.enumerate())


@pytest.mark.parametrize("said", [b"", b"GET /metrics HTTP/1.1\r\nX-Slow: "])
def test_connections_that_say_little_are_few_and_turn_nobody_away(endpoint: Endpoint, said: bytes) -> None:
    before = answering()
    with contextlib.ExitStack() as many:
        most = 0
        for _ in range(300):
            one = many.enter_context(socket.create_connection(("127.0.0.1", endpoint.port)))
            one.sendall(said)
            most = max(most, answering() - before)
        assert most <= 150, "the room, and those that are about to end"
        awaited(lambda: answering() - before <= 64 or None, "few threads")
        for path in ("/healthz", "/readyz", "/metrics"):
            endpoint.beat()
            assert httpx.get(f"http://127.0.0.1:{endpoint.port}{path}", timeout=60).status_code == 200
        awaited(lambda: answering() - before <= 64 or None, "few threads")
    awaited(lambda: answering() <= before or None, "none is left")
