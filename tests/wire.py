"""A real socket between the client and a sandbox that misbehaves where told: the faults of a network, byte by byte."""

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from urllib.parse import urlsplit

Act = Callable[[asyncio.StreamWriter], Awaitable[None]]


def answer(
    body: bytes = b"[]",
    status: str = "200 OK",
    kind: str = "application/json",
    *,
    length: int | None = None,
    headers: str = "",
) -> Act:
    """A whole answer. `length` overrides what it says of its own length."""

    async def act(writer: asyncio.StreamWriter) -> None:
        size = len(body) if length is None else length
        head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {size}\r\n{headers}Connection: close\r\n"
        writer.write(head.encode() + b"\r\n" + body)
        await writer.drain()

    return act


async def hang(_writer: asyncio.StreamWriter) -> None:
    """Connected, and silent."""
    await asyncio.sleep(3600)


async def reset(writer: asyncio.StreamWriter) -> None:
    """The connection breaks."""
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def drip(seconds: float = 0.05) -> Act:
    """An answer of which a byte comes now and then, for ever."""

    async def act(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n[")
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(seconds)

    return act


class Wire:
    """Listens at `url`. What begins with a path in `acts` gets that treatment, the rest goes on to `beyond`.

    `once` are treatments for one request each, by path too; `lost` are requests (`METHOD path`) that arrive beyond and
    whose answer is lost, once each. `delays` holds back what goes on, in seconds, `holds` until its event is set.
    `seen` are the requests that came, as `METHOD path`; `heads` their heads, whole. `writes` counts those that change
    something, `carried` the bytes that came back from beyond.

    `lose_at`: the answer to the write of that number is lost. `end_at`: from the write of that number on nothing comes
    through any more, as when whoever writes is killed; whether that write still does says `arrives`. `ended` is then
    called.
    """

    def __init__(self, beyond: str = "") -> None:
        self._beyond = urlsplit(beyond)
        self.acts: dict[str, Act] = {}
        self.once: list[tuple[str, Act]] = []
        self.lost: list[str] = []
        self.delays: dict[str, float] = {}
        self.holds: dict[str, asyncio.Event] = {}
        self.seen: list[str] = []
        self.heads: list[str] = []
        self.url = ""
        self.writes = self.carried = 0
        self.lose_at = self.end_at = 0
        self.arrives = True
        self.ended: Callable[[], None] = lambda: None
        self._tasks: set[asyncio.Task[None]] = set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await self._one(reader, writer)
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        method, path, _ = head.split(b" ", 2)
        text = head.decode("latin-1")
        self.seen.append(f"{method.decode()} {path.decode()}")
        self.heads.append(text)
        length = next((int(v) for k, v in _fields(text) if k == "content-length"), 0)
        body = await reader.readexactly(length)
        self.writes += _is_write(self.seen[-1])
        if self.end_at and self.writes >= self.end_at:
            if self.writes == self.end_at and self.arrives and _is_write(self.seen[-1]):
                await self._forward(head, body, None)
            if self.writes == self.end_at:
                self.ended()
            await reset(writer)
            return
        if self.lose_at and self.writes == self.lose_at and _is_write(self.seen[-1]):
            await self._forward(head, body, None)
            await reset(writer)
            return
        for index, (prefix, act) in enumerate(self.once):
            if path.decode().startswith(prefix):
                del self.once[index]
                await act(writer)
                return
        for prefix, act in tuple(self.acts.items()):
            if path.decode().startswith(prefix):
                await act(writer)
                return
        for prefix, seconds in tuple(self.delays.items()):
            if path.decode().startswith(prefix):
                await asyncio.sleep(seconds)
        for prefix, event in tuple(self.holds.items()):
            if path.decode().startswith(prefix):
                await event.wait()
        losing = next((one for one in self.lost if self.seen[-1].startswith(one)), None)
        if losing is None:
            await self._forward(head, body, writer)
            return
        self.lost.remove(losing)
        await self._forward(head, body, None)
        await reset(writer)

    async def _forward(self, head: bytes, body: bytes, writer: asyncio.StreamWriter | None) -> None:
        there, back = await asyncio.open_connection(self._beyond.hostname, self._beyond.port)
        lines = [line for line in head.split(b"\r\n") if line and not line.lower().startswith(b"connection:")]
        back.write(b"\r\n".join([*lines, b"Connection: close"]) + b"\r\n\r\n" + body)
        while chunk := await there.read(65536):
            self.carried += len(chunk)
            if writer is not None:
                writer.write(chunk)
                await writer.drain()
        back.close()

    async def end(self) -> None:
        """Break off whatever is still held."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@contextlib.asynccontextmanager
async def wire(beyond: str = "", tls: ssl.SSLContext | None = None) -> AsyncIterator[Wire]:
    """A wire for the length of a test; encrypted with `tls`."""
    made = Wire(beyond)
    server = await asyncio.start_server(made._serve, "127.0.0.1", 0, ssl=tls)
    made.url = f"{'http' if tls is None else 'https'}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield made
    finally:
        server.close()
        await made.end()


@contextlib.contextmanager
def never_accepts():  # type: ignore[no-untyped-def]  # a generator of one URL
    """A URL whose host lets nobody in and says nothing: connecting takes for ever."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = []
        for _ in range(4):  # fill the queue of connections nobody accepts
            one = socket.socket()
            one.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                one.connect(listener.getsockname())
            waiting.append(one)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        for one in waiting:
            one.close()


def _fields(head: str) -> list[tuple[str, str]]:
    lines = head.split("\r\n")[1:]
    return [(k.strip().lower(), v.strip()) for k, _, v in (line.partition(":") for line in lines)]


_READS = ("/auth/", "/rest/v1/rpc/get_autonomous_config", "/rest/v1/rpc/watchdesk_overview")


def _is_write(request: str) -> bool:
    method, path = request.split(" ", 1)
    return method in {"POST", "PATCH", "DELETE"} and not path.startswith(_READS)
