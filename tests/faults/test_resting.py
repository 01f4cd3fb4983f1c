"""A connection that rests between two requests is used again, unless its other end has hung up meanwhile."""

import asyncio
import contextlib
import ssl
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
import trustme

from core.backend.client import Backend
from core.backend.faults import Failed
from core.backend.proxies import authorities
from core.backend.target import Target
from core.base.clock import SystemClock
from tests.clock import FakeClock

ROWS = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 13\r\n\r\n[{"id": "a"}]'


def serving(place: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """Who shows a certificate that is trusted from now on."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(place / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(place / "ca.pem"))
    authorities.cache_clear()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.mark.parametrize("encrypted", [False, True])
async def test_one_that_is_still_there_is_used_again_and_one_that_is_gone_is_not(
    encrypted: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    came: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(writer)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(ROWS)

    context = serving(tmp_path, monkeypatch) if encrypted else None
    patience = {"ssl_shutdown_timeout": 0.2} if encrypted else {}  # a client that rests says no goodbye
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context, **patience)
    url = f"{'https' if encrypted else 'http'}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    backend = Backend(Target(name="probe", url=url, key="sb_secret_x"), SystemClock())

    async def asked() -> None:
        assert await backend.calls.rows("read", lambda client: client.table("tasks").select("id")) == [{"id": "a"}]

    try:
        await asked()
        await asked()
        assert len(came) == 1
        for number in (2, 3):
            came[-1].close()
            with contextlib.suppress(OSError, ssl.SSLError):
                await came[-1].wait_closed()
            await asked()
            assert len(came) == number
    finally:
        await backend.close()
        server.close()
        authorities.cache_clear()


class Server:
    """Answers every request on a connection; from `hangs_up` on, it closes one that asks for a second time.

    One that is `curt` closes every connection right behind an answer, without a word about it.
    """

    def __init__(self) -> None:
        self.connections, self.asked, self.hangs_up, self.curt = 0, list[str](), False, False
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        answered = 0
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                self.asked.append(head.split(b" ", 1)[0].decode())
                if self.hangs_up and answered:
                    break
                writer.write(ROWS)
                answered += 1
                if self.curt:
                    break
        writer.close()


@pytest.fixture
async def answering() -> AsyncIterator[Server]:
    served = Server()
    server = await asyncio.start_server(served.serve, "127.0.0.1", 0)
    served.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield served
    server.close()


async def read(backend: Backend) -> None:
    """One read, answered."""
    assert await backend.calls.rows("read", lambda client: client.table("tasks").select("id")) == [{"id": "a"}]


async def test_it_rests_through_the_pauses_between_refreshes_and_no_longer_than_a_minute(
    answering: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed = [0.0]
    still = SimpleNamespace(monotonic=lambda: time.monotonic() + passed[0])
    monkeypatch.setattr("httpcore._async.http11.time", still)
    clock = FakeClock(datetime.now(UTC))
    backend = Backend(Target(name="probe", url=answering.url, key="sb_secret_x"), clock)
    try:
        for pause, connections in ((0, 1), (5, 1), (15, 1), (36, 1), (61, 2)):
            passed[0] += pause
            clock.advance(pause)
            await read(backend)
            assert answering.connections == connections, pause
        clock.advance(120)  # the machine slept: the client's own clock stood still
        await read(backend)
        assert answering.connections == 3
    finally:
        await backend.close()


async def test_what_a_connection_that_was_being_closed_did_not_answer_is_asked_over_another(answering: Server) -> None:
    backend = Backend(Target(name="probe", url=answering.url, key="sb_secret_x"), SystemClock())
    try:
        await read(backend)
        answering.hangs_up = True
        await read(backend)
        assert (answering.asked, answering.connections) == (["GET", "GET", "GET"], 2)
    finally:
        await backend.close()


async def test_a_write_is_never_sent_twice(answering: Server) -> None:
    backend = Backend(Target(name="probe", url=answering.url, key="sb_secret_x"), SystemClock())
    try:
        await read(backend)
        answering.hangs_up = True
        with pytest.raises(Failed):
            await backend.calls.rows("write", lambda client: client.table("tasks").insert({"id": "a"}))
        assert answering.asked == ["GET", "POST"]
    finally:
        await backend.close()


async def test_a_write_right_behind_an_answer_takes_no_connection_that_was_closed_behind_it(answering: Server) -> None:
    answering.curt = True
    backend = Backend(Target(name="probe", url=answering.url, key="sb_secret_x"), SystemClock())
    try:
        await read(backend)
        for _ in range(5):
            await asyncio.sleep(0.003)
            await backend.calls.rows("write", lambda client: client.table("tasks").insert({"id": "a"}))
        assert (answering.asked, answering.connections) == (["GET", *["POST"] * 5], 6)
    finally:
        await backend.close()


async def test_a_new_connection_that_answers_nothing_is_not_asked_again() -> None:
    came = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal came
        came += 1
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    backend = Backend(Target(name="probe", url=url, key="sb_secret_x"), SystemClock())
    try:
        with pytest.raises(Failed):
            await read(backend)
        assert came == 1
    finally:
        await backend.close()
        server.close()
