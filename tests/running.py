"""Real parts: a sandbox of each shape per worker, emptied before each test, and the command as a person runs it."""

import fcntl
import json
import os
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from tests.warm import Amiss, Warm, WarmProcess

SHAPES = ("deployed", "documented")
ROOT = Path(__file__).parent.parent
PROGRAM = (sys.executable, "-m", "tui")
_COMMAND_S = 100.0


_EMPTIED = """
SET client_min_messages = error;
DO $$
BEGIN
  IF (SELECT sum(pg_table_size(name::regclass)) FROM unnest(ARRAY[
    'autonomous_tasks', 'autonomous_execution_logs', 'autonomous_safety_checks']) AS name) > 1000000
  THEN  -- twenty times as long, but it gives the space back
    TRUNCATE autonomous_tasks, autonomous_execution_logs, autonomous_safety_checks CASCADE;
  ELSE
    DELETE FROM autonomous_safety_checks;
    DELETE FROM autonomous_execution_logs;
    DELETE FROM autonomous_tasks;
  END IF;
END $$"""


class Running:
    """A sandbox in a process of its own."""

    def __init__(self, shape: str, *more: str, env: dict[str, str] | None = None) -> None:
        self.shape = shape
        self.process = subprocess.Popen(
            [*PROGRAM, "sandbox", "--shape", shape, *more],
            cwd=ROOT,
            env=os.environ | (env or {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.process.stderr.read() if self.process.stderr else "no line"
        self.info: dict[str, str] = json.loads(line)
        self.url = self.info["url"]
        self.service_key = self.info["service_key"]
        self.function_key = self.info["function_key"]
        self.publishable_key = self.info["publishable_key"]
        self.database_url = self.info["database_url"]
        self.time_column = '"timestamp"' if shape == "deployed" else "created_at"
        self.agents_log = False
        """Whether tasks that are put in have a log row of their beginning."""
        self._line: psycopg.Connection[Any] | None = None
        self._http = httpx.Client(base_url=self.url, headers={"apikey": self.service_key}, timeout=20, verify=False)

    def sql(self, query: str, *params: Any) -> list[tuple[Any, ...]]:
        """As the owner, straight in the database; no rows for what returns none."""
        try:
            cursor = self._connection().execute(query, params or None)
        except psycopg.OperationalError:
            if not self._connection_lost():
                raise
            cursor = self._connection().execute(query, params or None)
        return cursor.fetchall() if cursor.description else []

    def rest(self, path: str, method: str = "GET", **given: Any) -> httpx.Response:
        """What the API answers the secret key; `given` goes to the client as it is."""
        return self._http.request(method, f"/rest/v1/{path}", **given)

    def poll(self) -> httpx.Response:
        """What the agents' function answers when it is called."""
        return self._http.post("/functions/v1/ai-agent-poll", json={}, headers=self.to_functions)

    @property
    def to_functions(self) -> dict[str, str]:
        """What a call of an Edge Function carries: it takes no key but a JWT."""
        return {"Authorization": f"Bearer {self.function_key}"}

    def fault(self, name: str, on: bool) -> None:
        """Switch a fault."""
        answer = self._http.post(f"/sandbox/faults/{name}", json={"on": on})
        assert answer.status_code == 200, answer.text

    def limits(self, **changes: Any) -> dict[str, Any]:
        """The limits as they are, after changes; see `core.sandbox.limits`."""
        answer = self._http.put("/sandbox/limits", json=changes)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def functions(self) -> dict[str, Any]:
        """What the Edge Functions were asked to do."""
        return dict(self._http.get("/sandbox/functions").json())

    def reset(self) -> None:
        """As freshly started: no faults, its own limits, no rows; the system enabled, in dry-run, nobody to mail."""
        faults = self._http.get("/sandbox/faults").json()
        for name in [name for name, on in faults.items() if on]:
            self.fault(name, False)
        self._http.delete("/sandbox/limits").raise_for_status()
        self.agents_log = False
        self.sql(
            f"{_EMPTIED}; DELETE FROM autonomous_system_config;"
            " INSERT INTO autonomous_system_config"
            " (enabled, dry_run_mode, min_interval_minutes, max_daily_tasks, notification_email)"
            " VALUES (true, true, 5, 500, NULL)"
        )

    def stuck(self, count: int) -> None:
        """Tasks that started two hours ago and said nothing since; only then, where agents write logs."""
        ids = self.sql(
            "INSERT INTO autonomous_tasks (description, status, started_at, created_at)"
            " SELECT 'stuck ' || i, 'in_progress', now() - interval '2 hours', now() - interval '3 hours'"
            f" FROM generate_series(1, {count}) AS i RETURNING id"
        )
        if self.agents_log:
            self.sql(
                f"INSERT INTO autonomous_execution_logs (task_id, execution_step, step_status, {self.time_column})"
                " SELECT id, 'task_started', 'started', now() - interval '2 hours' FROM autonomous_tasks"
                " WHERE id = ANY(%s)",
                [name for (name,) in ids],
            )

    def completed(self, count: int) -> None:
        """Tasks completed an hour and a half ago."""
        self.sql(
            "INSERT INTO autonomous_tasks (description, status, started_at, completed_at)"
            " SELECT 'done ' || i, 'completed', now() - interval '2 hours', now() - interval '90 minutes'"
            f" FROM generate_series(1, {count}) AS i"
        )

    def close(self) -> int:
        """End it in order; its exit code."""
        self._http.close()
        if self._line is not None:
            self._line.close()
        self.process.terminate()
        code = self.process.wait(60)
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()
        return code

    def _connection(self) -> "psycopg.Connection[Any]":
        if self._line is None:
            self._line = psycopg.connect(self.database_url, autocommit=True, prepare_threshold=None)
        return self._line

    def _connection_lost(self) -> bool:
        """Whether the database went away since, as it does when a fault stops it; the next call connects anew."""
        lost = self._line is not None and self._line.closed
        self._line = None if lost else self._line
        return lost


class Command:
    """`watchdesk` as a person runs it: its own directories, only the environment it is given."""

    def __init__(self, home: Path, warm: Warm | None = None) -> None:
        self.home = home
        self._warm = warm

    def environment(self, sandbox: Running | None = None, **more: str) -> dict[str, str]:
        """The environment for one call; with a sandbox, as its service role."""
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
            "TZ": "UTC",
            "XDG_CACHE_HOME": str(self.home / "cache"),
            "XDG_STATE_HOME": str(self.home / "state"),
            "XDG_CONFIG_HOME": str(self.home / "config"),
            "XDG_RUNTIME_DIR": str(self.home),
            "PYTHONPATH": str(ROOT),
        }
        if sandbox is not None:
            env |= {"SUPABASE_URL": sandbox.url, "SUPABASE_KEY": sandbox.service_key}
            env["WATCHDESK_FUNCTION_KEY"] = sandbox.function_key
        return env | more

    def amiss(self, amiss: Amiss, *args: str, sandbox: Running | None = None) -> "subprocess.CompletedProcess[str]":
        """Run to the end where something is not as usual; of the start itself nothing is tested so."""
        assert self._warm is not None
        return self._warm.run(args, self.home, self.environment(sandbox), _COMMAND_S, amiss)

    def __call__(self, *args: str, sandbox: Running | None = None, **env: str) -> "subprocess.CompletedProcess[str]":
        """Run to the end, without a terminal."""
        environment = self.environment(sandbox, **env)
        if self._warm is not None and self._warm.fits(environment):
            return self._warm.run(args, self.home, environment, _COMMAND_S)
        return subprocess.run(
            [*PROGRAM, *args],
            check=False,
            cwd=self.home,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_COMMAND_S,
        )

    def start(
        self, args: Sequence[str], files: Sequence[int], sandbox: Running | None = None, **env: str
    ) -> "subprocess.Popen[bytes] | WarmProcess":
        """Start it in a session of its own, on copies of `files`, which may be closed here then; it runs on."""
        environment = self.environment(sandbox, **env)
        if self._warm is not None and self._warm.fits(environment):
            return self._warm.start(args, self.home, environment, files)
        stdin, stdout, stderr = files
        return subprocess.Popen(
            [*PROGRAM, *args],
            cwd=self.home,
            env=environment,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
        )

    def on_terminal(
        self, program: Sequence[str], env: Mapping[str, str], stdin: int, terminal: int
    ) -> "subprocess.Popen[bytes] | WarmProcess":
        """Start a program in a session of its own, on a terminal that is its controlling one; it runs on."""
        if self._warm is not None and tuple(program[: len(PROGRAM)]) == PROGRAM and self._warm.fits(env):
            return self._warm.on_terminal(program[len(PROGRAM) :], self.home, env, stdin, terminal)
        return subprocess.Popen(
            program,
            cwd=self.home,
            env=dict(env),
            stdin=stdin,
            stdout=terminal,
            stderr=terminal,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(1, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - makes it the controlling terminal
        )


ONE_SHAPE = pytest.mark.parametrize("session_sandbox", ["deployed"], indirect=True)
"""For tests of what the schema's shape has no part in: terminals, colours, signals."""


@pytest.fixture(scope="session")
def sandboxes() -> Iterator[Callable[[str], Running]]:
    """The sandbox of a shape, from the first test of the worker that asks for it to the worker's end.

    A worker that takes tests over from others has the shapes by turns, and need not start one at each turn.
    """
    started: dict[str, Running] = {}

    def of(shape: str) -> Running:
        if shape not in started:
            started[shape] = Running(shape)
            for table in ("autonomous_tasks", "autonomous_execution_logs", "autonomous_safety_checks"):
                started[shape].sql(f"ALTER TABLE {table} SET (autovacuum_enabled = false)")
        return started[shape]

    yield of
    for running in started.values():
        running.close()


@pytest.fixture(scope="session", params=SHAPES)
def session_sandbox(request: pytest.FixtureRequest, sandboxes: Callable[[str], Running]) -> Running:
    """One process per shape and worker. Rows lie in the order they are put in: nobody gives space back meanwhile."""
    return sandboxes(request.param)


@pytest.fixture
def sandbox(session_sandbox: Running) -> Running:
    """A sandbox of each shape, empty."""
    session_sandbox.reset()
    return session_sandbox


@pytest.fixture
def account(session_sandbox: Running) -> str:
    """Who acts: the secret key, or the master account where policies tell one user from another.

    What differs between the two is what the policies let through, and those of the deployed shape let through
    everything: `test_as_each_kind_of_user` has every account on every shape.
    """
    return "service_role" if session_sandbox.shape == "deployed" else "master"


@pytest.fixture
def lone_sandbox(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Makes sandboxes of a test's own, which it may kill; in a temporary place of their own, which only they tidy."""
    made: list[Running] = []
    place = tmp_path / "tmp"
    place.mkdir()
    for parent in (place, *place.parents):  # PostgreSQL's own user, whom root hands over to, must pass through
        if os.geteuid() == 0 and parent != Path(parent.anchor):
            parent.chmod(parent.stat().st_mode | 0o011)

    def make(shape: str = "deployed", *more: str) -> Running:
        made.append(Running(shape, *more, env={"TMPDIR": str(place)}))
        return made[-1]

    yield make
    for running in made:
        if running.process.poll() is None:
            running.close()


@pytest.fixture(scope="session")
def warm() -> Iterator[Warm]:
    """What commands are forked from, one for each worker."""
    one = Warm(ROOT)
    yield one
    one.close()


@pytest.fixture
def command(tmp_path: Path, warm: Warm) -> Command:
    """The command line, in a home of its own."""
    return Command(tmp_path, warm)
