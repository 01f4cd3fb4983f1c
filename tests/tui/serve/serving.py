"""A served monitor as it is run, and a browser's side of it without the browser: its WebSocket, and what it shows."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

import aiohttp
import psutil
import pyte
import pytest

from tests.running import Command, Running

BEGUN_S = 100.0
REFUSALS = {
    key: f"{title}: this screen is read-only"
    for key, title in (
        ("h", "Heal"),
        ("r", "Reset breaker"),
        ("\x05", "Emergency stop"),
        ("u", "Resume"),
        ("d", "Dry-run on"),
        ("a", "Acknowledge"),
        ("z", "Silence"),
        ("p", "Run pending tasks"),
        ("w", "Restart the watchdog"),
        ("n", "Note"),
        ("R", "Retry failed tasks"),
    )
}
"""What each key that orders must say: its own name, since what was said of the key before may still stand there."""


class Served:
    """`watchdesk serve` on a port of its own."""

    def __init__(self, command: Command, sandbox: Running | None, *args: str, **env: str) -> None:
        nothing = os.open(os.devnull, os.O_RDONLY)
        (out, its_out), (err, its_err) = os.pipe(), os.pipe()
        self.stdout, self.stderr = open(out), open(err)  # noqa: SIM115 - closed when it is disposed of
        self.process = command.start(("serve", "--port", "0", *args), (nothing, its_out, its_err), sandbox, **env)
        for one in (nothing, its_out, its_err):
            os.close(one)
        self.address = self.stdout.readline().strip()
        assert self.address.endswith("/"), (self.address, self.stderr.read())
        self.origin, self.token = self.address[:-1].rsplit("/", 1)
        self.host = self.origin.removeprefix("http://")
        self.port = int(self.host.partition(":")[2])

    def monitors(self) -> list[psutil.Process]:
        """One for each browser."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def end(self, number: int = signal.SIGTERM, within_s: float = 20.0) -> int:
        """End it; its exit code."""
        self.process.send_signal(number)
        return self.process.wait(within_s)

    def dispose(self) -> None:
        """Nothing of it lives on."""
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(60)
        self.stdout.close()
        self.stderr.close()


Serve = Callable[..., Served]


@pytest.fixture
def serve(command: Command) -> Iterator[Serve]:
    """Serves; nothing outlives the test."""
    made: list[Served] = []

    def make(sandbox: Running | None, *args: str, **env: str) -> Served:
        made.append(Served(command, sandbox, *args, **env))
        return made[-1]

    yield make
    for one in made:
        one.dispose()


class Page:
    """A browser that looks."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, width: int, height: int) -> None:
        self.socket = socket
        self.screen = pyte.Screen(width, height)
        self._stream = pyte.ByteStream(self.screen)
        self.told: list[str] = []
        """What came that is no picture."""

    @property
    def text(self) -> str:
        """What it shows."""
        return "\n".join(self.screen.display)

    async def read(self) -> bool:
        """Take in one message; whether there may be more."""
        message = await self.socket.receive(timeout=BEGUN_S)
        if message.type is aiohttp.WSMsgType.BINARY:
            self._stream.feed(message.data)
        elif message.type is aiohttp.WSMsgType.TEXT:
            self.told.append(message.data)
        else:
            return False
        return True

    async def await_text(self, word: str, *, gone: bool = False) -> str:
        """Read until `word` is there, or is there no more."""
        until = time.monotonic() + BEGUN_S
        while (word in self.text) is gone:
            assert time.monotonic() < until, f"{word!r} in:\n{self.text}"
            assert await self.read(), f"it ended with:\n{self.text}"
        return self.text

    async def type(self, keys: str) -> None:
        """Press keys."""
        await self.socket.send_json(["stdin", keys])

    async def refuses(self, key: str) -> None:
        """Press a key, and wait until it is said that the very order behind it is refused; no question is open."""
        await self.type(key)
        await self.await_text(REFUSALS[key])
        await self.type("?")  # a help is no question: it shows that none is open
        await self.await_text("escape closes")
        await self.type("\x1b")
        await self.await_text("escape closes", gone=True)

    async def settled(self) -> str:
        """Ask for an answer that comes after all that was sent before, and show what stands then."""
        await self.socket.send_json(["ping", "settled"])
        while not self.told or "settled" not in self.told[-1]:
            assert await self.read()
        return self.text

    async def ended(self) -> None:
        """Read to the end."""
        while await self.read():
            pass


async def look(client: aiohttp.ClientSession, served: Served, width: int = 100, height: int = 30) -> Page:
    """Open what the page would open."""
    address = f"{served.address}ws?width={width}&height={height}"
    socket = await client.ws_connect(address, headers={"Origin": served.origin})
    return Page(socket, width, height)


async def refused(client: aiohttp.ClientSession, address: str, **headers: str) -> int:
    """The status with which a WebSocket was not opened."""
    with pytest.raises(aiohttp.WSServerHandshakeError) as error:
        await client.ws_connect(address, headers=headers)
    return error.value.status


def gone(pids: list[int]) -> bool:
    """Whether none of them runs."""
    return not any(map(_runs, pids))


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def kept(sandbox: Running) -> Any:
    """Everything in the project's tables."""
    tables = ("tasks", "execution_logs", "safety_checks", "system_config")
    return {name: sandbox.sql(f"SELECT * FROM autonomous_{name} ORDER BY id::text") for name in tables}


def killed(served: Served) -> None:
    """As by the system, with no time to do anything."""
    os.kill(served.process.pid, signal.SIGKILL)
    served.process.wait()
