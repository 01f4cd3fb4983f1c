"""The sandbox as a process: ends cleanly, leaves nothing, cleans up after a kill, keeps what it is told to keep."""

import signal
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import psutil
import psycopg
import pytest

from tests.running import ONE_SHAPE, Command, Running


def server_of(running: Running) -> psutil.Process:
    [server] = [p for p in psutil.Process(running.process.pid).children() if p.name() == "postgres"]
    return server


def test_what_a_kill_left_is_cleaned_up_at_the_next_start(lone_sandbox: Callable[..., Running]) -> None:
    first = lone_sandbox()
    server = server_of(first)
    home = Path(server.cmdline()[2]).parent
    first.process.kill()
    first.process.wait(60)
    assert server.is_running()
    lone_sandbox()
    until = time.monotonic() + 100
    while server.is_running() and server.status() != psutil.STATUS_ZOMBIE and time.monotonic() < until:
        time.sleep(0.05)
    assert not home.exists()
    assert not server.is_running() or server.status() == psutil.STATUS_ZOMBIE


def test_a_signal_ends_it_no_server_is_left_and_data_is_kept_with_its_keys(
    tmp_path: Path, lone_sandbox: Callable[..., Running]
) -> None:
    keys = set()
    for number in (signal.SIGTERM, signal.SIGINT):
        running = lone_sandbox("documented", "--data", str(tmp_path / "kept"))
        server = server_of(running).pid
        keys.add(running.service_key)
        assert running.sql("SELECT count(*) FROM autonomous_tasks") == [(0 if number == signal.SIGTERM else 3,)]
        running.completed(3)
        running.process.send_signal(number)
        assert running.process.wait(60) == 0
        assert not psutil.pid_exists(server)
    assert len(keys) == 1


def test_a_port_that_is_taken_is_one_sentence_and_two(sandbox: Running, command: Command) -> None:
    done = command("sandbox", "--port", sandbox.url.rsplit(":", 1)[1])
    assert done.returncode == 2
    assert "--port" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_fault_is_two(command: Command) -> None:
    done = command("sandbox", "--fault", "earthquake")
    assert done.returncode == 2
    assert "database_down" in done.stderr


def test_a_fresh_one_holds_one_config_row_and_nothing_else(sandbox: Running) -> None:
    counts = [
        sandbox.sql(f"SELECT count(*) FROM {table}")[0][0]
        for table in ("autonomous_system_config", "autonomous_tasks", "autonomous_execution_logs")
    ]
    assert counts == [1, 0, 0]


@ONE_SHAPE
def test_the_database_is_really_stopped_and_started(sandbox: Running) -> None:
    running = sandbox
    headers = {"apikey": running.service_key}
    running.fault("database_down", True)
    with pytest.raises(psycopg.OperationalError):
        running.sql("SELECT 1")
    answer = httpx.get(f"{running.url}/rest/v1/autonomous_tasks", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (503, "PGRST000")
    running.fault("database_down", False)
    assert httpx.get(f"{running.url}/rest/v1/autonomous_tasks", headers=headers).status_code == 200


def test_the_workload_moves_and_misbehaves_when_told(lone_sandbox: Callable[..., Running]) -> None:
    running = lone_sandbox("deployed", "--workload", "--fault", "stuck-tasks")
    assert running.sql("SELECT count(*) > 2000 FROM autonomous_tasks") == [(True,)]
    old = "SELECT count(*) > 0 FROM autonomous_execution_logs WHERE \"timestamp\" < now() - interval '30 days'"
    assert running.sql(old) == [(True,)]
    stuck = (
        "SELECT count(*) FROM autonomous_tasks WHERE status = 'in_progress' AND started_at < now() - interval '1 hour'"
    )
    until = time.monotonic() + 100
    while running.sql(stuck) == [(0,)]:
        assert time.monotonic() < until, "no task got stuck"
        time.sleep(0.3)
