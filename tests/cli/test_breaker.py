"""`breaker`: from a second shell on the monitor that runs here, and what is said where none does or it is silent."""

import contextlib
import json
import re
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from core.actions.delegated import KIND
from tests.running import ONE_SHAPE, Command, Running
from tests.tui.terminal import Terminal

TASKS = "db:fetch_tasks"
NOBODY = "no monitor of "
OFTEN = {"WATCHDESK_REFRESH_PERIOD_S": "1", "WATCHDESK_WATCH_INTERVAL_S": "2"}


@pytest.fixture
def screen(sandbox: Running, command: Command) -> Iterator[Callable[..., Terminal]]:
    """Starts monitors on terminals, each ready to take what another shell asks."""
    started: list[Terminal] = []

    def start(*args: str) -> Terminal:
        started.append(Terminal(command, sandbox, *args, size=(140, 40), **OFTEN))
        started[-1].await_text("watching")
        while started[-1].process.pid not in {one["pid"] for one in listed(command, sandbox)}:
            started[-1].read(0.1)
        return started[-1]

    yield start
    for one in started:
        one.dispose()


def listed(command: Command, sandbox: Running) -> list[dict[str, Any]]:
    return list(json.loads(command("breaker", "list", "--json", sandbox=sandbox).stdout)["monitors"])


def state(monitor: dict[str, Any], key: str = TASKS) -> str:
    return next(str(one["state"]) for one in monitor["breakers"] if one["key"] == key)


def state_of(command: Command) -> "contextlib.closing[sqlite3.Connection]":
    (database,) = (command.home / "state" / "watchdesk" / "state").glob("*.db")
    return contextlib.closing(sqlite3.connect(database, 0))


def await_asked(command: Command) -> None:
    """Wait until something is handed over."""
    with state_of(command) as state:
        while not state.execute("SELECT 1 FROM document WHERE kind = ?", (KIND,)).fetchall():
            time.sleep(0.05)


def stop_between_writes(monitor: Terminal, command: Command) -> None:
    """Stop it, but not while it has the state's only right to write, which nobody could take from it."""
    while True:
        monitor.process.send_signal(signal.SIGSTOP)
        monitor.await_stopped()
        with contextlib.suppress(sqlite3.OperationalError), state_of(command) as state:
            state.execute("BEGIN IMMEDIATE")
            return
        monitor.process.send_signal(signal.SIGCONT)
        monitor.read(0.05)


@ONE_SHAPE
def test_held_and_reset_from_a_second_shell_and_nothing_of_it_after_a_kill(
    sandbox: Running, command: Command, screen: Callable[..., Terminal]
) -> None:
    monitor = screen()
    pid = monitor.process.pid

    def breaker(*words: str) -> tuple[int, str]:
        done = command("breaker", *words, sandbox=sandbox)
        return done.returncode, done.stdout + done.stderr

    assert breaker("hold", TASKS, "--reason", "replaying", "--dry-run")[0] == 1
    assert breaker("hold", TASKS, "--reason", "replaying")[0] == 2  # nobody is there to confirm
    assert state(listed(command, sandbox)[0]) == "closed"
    assert breaker("hold", TASKS, "--reason", "replaying", "--yes") == (
        0,
        f"pid {pid}: {TASKS} held open: replaying\n",
    )
    told = listed(command, sandbox)[0]
    assert (told["pid"], told["acts"], state(told)) == (pid, True, "held")
    monitor.await_text("4 Connections 1 of ")
    code, page = breaker("list")
    status = command("status", sandbox=sandbox).stdout
    assert f"monitor: pid {pid}, acts, since " in status
    assert f"held      {TASKS}" in status
    data = json.loads(command("status", "--json", sandbox=sandbox).stdout)
    assert state(data) == "held"
    watchdog = data["watchdog"]
    assert (watchdog["pid"], watchdog["consecutive_failures"], watchdog["age_s"] < 60) == (pid, 0, True)
    assert watchdog["last_check_at"] < watchdog["next_check_at"]
    assert watchdog["verdicts"]["breakers"] == "warning"
    assert code == 0
    assert re.fullmatch(r"1 of \d+ breakers not closed", page.splitlines()[1])
    assert "by operator " in page.splitlines()[3]
    assert breaker("release", "db:fetch_task") == (
        2,
        f"watchdesk: no monitor here has a breaker db:fetch_task; near it: {TASKS}; all: watchdesk breaker list\n",
    )
    assert breaker("reset", TASKS, "--reason", "done with it") == (0, f"pid {pid}: {TASKS} reset\n")
    assert state(listed(command, sandbox)[0]) == "closed"
    monitor.await_text("4 Connections all ")
    query = "SELECT input_data->'plan'->>'reason' FROM autonomous_execution_logs WHERE input_data->>'order' = %s"
    monitor.await_that(
        lambda _: ("done with it",) in sandbox.sql(query, "reset_breaker") and sandbox.sql(query, "hold_breaker") != [],
        "not in the audit trail",
    )

    stop_between_writes(monitor, command)
    code, said = breaker("reset", "--wait", "3")
    assert (code, "withdrawn, nothing was changed" in said) == (4, True), said
    with ThreadPoolExecutor() as pool:
        waits = pool.submit(breaker, "reset", "--wait", "60")
        await_asked(command)
        monitor.process.send_signal(signal.SIGKILL)
        monitor.process.wait()
        assert waits.result() == (
            4,
            f"pid {pid}: the monitor ended and had not taken it up: withdrawn, nothing was changed\n",
        )
    code, said = breaker("reset", TASKS)
    assert (code, said.startswith(NOBODY)) == (4, True)
    assert listed(command, sandbox) == []
    data = json.loads(command("status", "--json", sandbox=sandbox).stdout)
    assert (data["watchdog"], state(data)) == (None, "closed")


@ONE_SHAPE
def test_two_shells_at_once_and_two_monitors_each_with_breakers_of_its_own(
    sandbox: Running, command: Command, screen: Callable[..., Terminal]
) -> None:
    first, second = screen(), screen("--observe")
    with ThreadPoolExecutor() as pool:
        words = ("breaker", "hold", TASKS, "--reason", "r", "--yes", "--json", "--pid", str(first.process.pid))
        done = list(pool.map(lambda _: command(*words, sandbox=sandbox), range(2)))
    results = [json.loads(one.stdout)["result"] for one in done]
    assert [(one.returncode, result["phase"]) for one, result in zip(done, results, strict=True)] == [
        (0, "verified")
    ] * 2
    assert results[0]["run"] != results[1]["run"]
    assert {one["pid"]: state(one) for one in listed(command, sandbox)} == {
        first.process.pid: "held",
        second.process.pid: "closed",
    }
    both = command("breaker", "reset", sandbox=sandbox)
    assert (both.returncode, both.stdout) == (0, f"pid {first.process.pid}: all breakers reset\n")
    observing = command("breaker", "reset", "--pid", str(second.process.pid), sandbox=sandbox)
    assert observing.returncode == 2
    assert observing.stderr == f"pid {second.process.pid}: started with --observe: nothing is written\n"
    wrong = command("breaker", "reset", "--pid", "1", sandbox=sandbox)
    assert wrong.returncode == 2
    assert f"there is pid {first.process.pid}, pid {second.process.pid}" in wrong.stderr


@ONE_SHAPE
def test_where_no_monitor_runs_that_is_said(sandbox: Running, command: Command) -> None:
    none = command("breaker", "list", "--json", sandbox=sandbox)
    assert (none.returncode, json.loads(none.stdout)) == (4, {"version": 1, "monitors": []})
    assert "no monitor of 127.0.0.1" in none.stderr
    reset = command("breaker", "reset", "--json", sandbox=sandbox)
    assert (reset.returncode, json.loads(reset.stdout)["result"]["phase"]) == (4, "unreachable")
    assert command("breaker", "hold", TASKS, sandbox=sandbox).returncode == 2  # a reason is wanted
    observing = command("--observe", "breaker", "reset", sandbox=sandbox)
    assert (observing.returncode, "started with --observe" in observing.stderr) == (2, True)
