"""The sandbox as a whole: PostgreSQL, schema, gateway, workload; started, announced in one JSON line, and stopped."""

import asyncio
import contextlib
import secrets
import signal
import socket
import sys
from pathlib import Path
from typing import Any, Final

import msgspec
import psycopg
import uvicorn

from core.sandbox.chaos import Faults
from core.sandbox.functions import COMPANY, EdgeFunctions
from core.sandbox.gateway.app import Gateway
from core.sandbox.gateway.auth import ApiKeys, Auth, new_keys, password_hash
from core.sandbox.gateway.database import Database
from core.sandbox.limits import Dial, Limits
from core.sandbox.postgres import Postgres, SandboxError
from core.sandbox.workload import run_workload, seed_history

SQL: Final = Path(__file__).parent / "sql"
MASTER: Final = "master@sandbox.example"
VIEWER: Final = "viewer@sandbox.example"

_RESTS_S: Final = 75
"""An idle connection is closed after so many seconds, as by the nginx that a hosted project stands behind."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """The options of a sandbox. Port 0 is a free one; no `data` is a temporary directory."""

    shape: str = "deployed"
    port: int = 0
    data: Path | None = None
    workload: bool = False
    faults: tuple[str, ...] = ()
    limits: Limits = Limits()


class Info(msgspec.Struct, frozen=True, kw_only=True):
    """The connection details: the line printed when it is ready."""

    url: str
    publishable_key: str
    service_key: str
    function_key: str
    """The legacy key, which functions that verify JWTs accept."""
    database_url: str
    user: str
    password: str
    viewer: str
    viewer_password: str


class _KeptKeys(msgspec.Struct, frozen=True):
    """The part that must survive a restart with the same data."""

    shape: str
    keys: ApiKeys
    password: str
    viewer_password: str


class Sandbox:
    """A local Supabase in this process: `async with Sandbox(Options()) as sandbox: sandbox.info`."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self.faults = Faults()
        self.dial = Dial(options.limits)
        self._stop = asyncio.Event()
        self._tasks: list[asyncio.Task[Any]] = []
        self.info: Info

    async def __aenter__(self) -> "Sandbox":
        self._socket = _listen(self._options.port)
        try:
            self._postgres = await asyncio.to_thread(Postgres, self._options.data)
        except BaseException:
            self._socket.close()
            raise
        try:
            await self._come_up()
        except BaseException:
            await self._end()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._end()

    async def _come_up(self) -> None:
        await asyncio.to_thread(self._postgres.start)
        kept = await asyncio.to_thread(self._load)
        url = self._postgres.url
        database = Database(url, self.dial)
        self._database = database
        functions = EdgeFunctions(url, self.dial, strict=self._options.shape == "deployed")
        auth = Auth(kept.keys, database)
        gateway = Gateway(auth, database, functions, faults=self.faults, dial=self.dial)
        config = uvicorn.Config(
            gateway.application(),
            log_level="critical",
            access_log=False,
            lifespan="on",
            timeout_keep_alive=_RESTS_S,
        )
        self._server = uvicorn.Server(config)
        self._server.config.load()
        # `serve` would take over the signals and raise them again at its end; its inner part does neither.
        self._tasks.append(asyncio.create_task(self._server._serve(sockets=[self._socket]), name="gateway"))
        while not self._server.started:
            if self._tasks[0].done():
                await self._tasks[0]
                raise SandboxError("the gateway could not start")
            await asyncio.sleep(0.005)
        self.faults.on_change("database_down", self._database_down)
        for name in self._options.faults:
            await self.faults.set(name, True)
        if self._options.workload:
            work = run_workload(url, self._options.shape, self.faults.is_on, self._stop)
            self._tasks.append(asyncio.create_task(work, name="workload"))
        self.info = Info(
            url=f"http://127.0.0.1:{self._socket.getsockname()[1]}",
            publishable_key=kept.keys.publishable,
            service_key=kept.keys.secret,
            function_key=auth.legacy("service_role"),
            database_url=url,
            user=MASTER,
            password=kept.password,
            viewer=VIEWER,
            viewer_password=kept.viewer_password,
        )

    def _load(self) -> _KeptKeys:
        """Load the schema into new data and create users and keys; return those of kept data."""
        path = self._postgres.home / "sandbox.json"
        if not self._postgres.fresh:
            try:
                kept = msgspec.json.decode(path.read_bytes(), type=_KeptKeys)
            except (OSError, msgspec.DecodeError) as error:
                raise SandboxError(f"{self._postgres.home} holds no whole sandbox; choose another --data") from error
            if kept.shape != self._options.shape:
                raise SandboxError(f"{self._postgres.home} holds the {kept.shape} shape; say --shape {kept.shape}")
            return kept
        kept = _KeptKeys(self._options.shape, new_keys(), secrets.token_urlsafe(12), secrets.token_urlsafe(12))
        with psycopg.connect(self._postgres.url, autocommit=True) as owner:
            for name in ("platform", self._options.shape):
                owner.execute((SQL / f"{name}.sql").read_text().encode())
            for email, password, role in (
                (MASTER, kept.password, "master"),
                (VIEWER, kept.viewer_password, "viewer"),
            ):
                claims = msgspec.json.encode({"role": role, "company_id": COMPANY}).decode()
                owner.execute(
                    "INSERT INTO auth.users (email, password_sha256, app_metadata) VALUES (%s, %s, %s)",
                    (email, password_hash(password), claims),
                )
            if self._options.workload:
                seed_history(owner, self._options.shape)
        path.touch(mode=0o600)
        path.write_bytes(msgspec.json.encode(kept))
        return kept

    async def _database_down(self, on: bool) -> None:
        if on:
            await self._database.drop()
        await asyncio.to_thread(self._postgres.stop if on else self._postgres.start)

    async def _end(self) -> None:
        self._stop.set()
        if hasattr(self, "_server"):
            self._server.should_exit = True
            self._server.force_exit = True
        if self._tasks:
            _done, late = await asyncio.wait(self._tasks, timeout=2)
            for task in late:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
        self._socket.close()
        await asyncio.to_thread(self._postgres.close)


def run(options: Options) -> int:
    """Run in the foreground until SIGTERM or SIGINT. Returns the exit code; errors go to stderr as one sentence."""
    try:
        asyncio.run(_foreground(options))
    except SandboxError as error:
        print(f"watchdesk sandbox: {error}", file=sys.stderr)
        return 2
    return 0


async def _foreground(options: Options) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, ended.set)
    async with Sandbox(options) as sandbox:
        print(msgspec.json.encode(sandbox.info).decode(), flush=True)
        await ended.wait()


def _listen(port: int) -> socket.socket:
    try:
        # With the protocol named, or uvicorn leaves Nagle's algorithm on: 44 ms a request.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
    except (OSError, OverflowError) as error:
        raise SandboxError(
            f"port {port} cannot be used ({error}); choose another --port, or 0 for a free one"
        ) from error
    listener.listen(128)
    listener.setblocking(False)
    return listener
