"""A connection that rests between two requests is used again, unless its other end has hung up meanwhile."""

import asyncio
import contextlib
import ssl
from pathlib import Path

import pytest
import trustme

from core.backend.client import Backend
from core.backend.proxies import authorities
from core.backend.target import Target
from core.base.clock import SystemClock

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
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
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
