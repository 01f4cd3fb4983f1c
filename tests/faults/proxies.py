"""Proxies of every temper, on real sockets: what a company puts between its machines and the world."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

from tests.wire import Act


class TestProxy:
    """Passes requests on, CONNECT too, unless it has a temper of its own. `asked` are the first lines that came."""

    __test__ = False

    def __init__(self, temper: Act | None) -> None:
        self.temper = temper
        self.asked: list[str] = []
        self.url = ""

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            line = head.split(b"\r\n", 1)[0].decode()
            self.asked.append(line)
            if self.temper is not None:
                await self.temper(writer)
            elif line.startswith("CONNECT"):
                await self._tunnel(line.split()[1], reader, writer)
            else:
                await self._forward(line, head, reader, writer)
        writer.close()

    async def _tunnel(self, where: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, _, port = where.rpartition(":")
        there, back = await asyncio.open_connection(host, int(port))
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await asyncio.gather(_carry(reader, back), _carry(there, writer))

    async def _forward(
        self, line: str, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        method, url, version = line.split()
        target = urlsplit(url)
        rest = head.split(b"\r\n", 1)[1]
        length = next((int(v) for k, v in _fields(rest) if k == b"content-length"), 0)
        body = await reader.readexactly(length)
        there, back = await asyncio.open_connection(target.hostname, target.port)
        path = target.path + (f"?{target.query}" if target.query else "")
        back.write(f"{method} {path} {version}\r\nConnection: close\r\n".encode() + rest + body)
        await _carry(there, writer)
        back.close()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while chunk := await reader.read(65536):
            writer.write(chunk)
            await writer.drain()
        writer.close()


def _fields(head: bytes) -> list[tuple[bytes, bytes]]:
    parts = (line.partition(b":") for line in head.split(b"\r\n"))
    return [(name.strip().lower(), value.strip()) for name, _, value in parts]


@contextlib.asynccontextmanager
async def proxy(temper: Act | None = None) -> AsyncIterator[TestProxy]:
    """A proxy for the length of a test."""
    made = TestProxy(temper)
    server = await asyncio.start_server(made._serve, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield made
    finally:
        server.close()
