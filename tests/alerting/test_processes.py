"""Monitors as real processes on machines of their own: one is killed amid a mail, one is cut off from the project."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.alerting.mail_server import ANNA, Mailbox, Server, lift, stop
from tests.alerting.test_sync import OVER, STOP
from tests.faults.proxies import proxy
from tests.running import ONE_SHAPE, ROOT, Running
from tests.until import until
from tests.wire import reset

_MOST_S = 40.0


class Machines:
    """Monitors by the name of their host."""

    def __init__(self, sandbox: Running, place: Path) -> None:
        self._sandbox = sandbox
        self._place = place
        self.processes: dict[str, subprocess.Popen[str]] = {}

    async def start(self, host: str, server: Server, way_out: str = "") -> None:
        """Start one; `way_out` is the proxy that its machine reaches the project by."""
        given = {
            "url": self._sandbox.url,
            "key": self._sandbox.service_key,
            "place": str(self._place / host),
            "host": host,
            "smtp_port": str(server.rules().smtp_port),
        }
        process = subprocess.Popen(  # noqa: ASYNC220 - what it prints is waited for in a thread
            [sys.executable, "-m", "tests.alerting.monitor_process", json.dumps(given)],
            cwd=ROOT,
            env=os.environ | ({"HTTP_PROXY": way_out} if way_out else {}),
            stdout=subprocess.PIPE,
            text=True,
        )
        self.processes[host] = process
        assert process.stdout is not None
        assert await asyncio.to_thread(process.stdout.readline) == "watching\n"

    def end(self) -> None:
        for process in self.processes.values():
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()


@pytest.fixture
async def machines(sandbox: Running, tmp_path: Path) -> AsyncIterator[Machines]:
    made = Machines(sandbox, tmp_path)
    yield made
    made.end()


def heard(server: Server, words: str) -> list[str]:
    """The thread of each mail with these words in its subject: one for each episode."""
    mails = [mail for mail in server.box.to(ANNA) if words in " ".join(str(mail["Subject"]).split())]
    return [str(mail["References"]) for mail in mails]


def holder(sandbox: Running) -> str:
    found = sandbox.sql("SELECT input_data->>'host' FROM autonomous_execution_logs WHERE execution_step = 'lease'")
    assert len(found) <= 1
    return str(found[0][0]) if found else ""


def rows(sandbox: Running, rule: str) -> dict[str, set[str]]:
    """The episodes of an alert, each with the phases that rows tell of it."""
    found: dict[str, set[str]] = {}
    for episode, phase in sandbox.sql(
        "SELECT input_data->>'episode', input_data->>'phase' FROM autonomous_execution_logs"
        " WHERE input_data->>'alert' = %s",
        rule,
    ):
        found.setdefault(episode, set()).add(phase)
    return found


@ONE_SHAPE
async def test_a_holder_killed_amid_a_mail_leaves_the_telling_and_the_end_to_the_other(
    sandbox: Running, machines: Machines
) -> None:
    with Server(Mailbox()) as server:
        await machines.start("anna", server)
        await until(lambda: holder(sandbox) == "anna")
        await machines.start("boris", server)
        server.box.before_answer = lambda: os.kill(machines.processes["anna"].pid, signal.SIGKILL)
        stop(sandbox)
        await until(lambda: bool(heard(server, STOP)))
        server.box.before_answer = None
        await until(lambda: any("told" in phases for phases in rows(sandbox, "emergency_stop").values()))
        assert set(rows(sandbox, "emergency_stop")) == {next(iter(rows(sandbox, "emergency_stop")))}  # one episode
        await until(lambda: holder(sandbox) == "boris")
        lift(sandbox)
        await until(lambda: bool(heard(server, OVER)))
        await until(lambda: any("resolved" in phases for phases in rows(sandbox, "emergency_stop").values()))
        assert len(set(heard(server, STOP) + heard(server, OVER))) == 1


@ONE_SHAPE
async def test_a_holder_that_is_cut_off_keeps_nobody_from_telling_and_both_agree_afterwards(
    sandbox: Running, machines: Machines
) -> None:
    with Server(Mailbox()) as server:
        async with proxy() as between:
            await machines.start("anna", server, between.url)
            await until(lambda: holder(sandbox) == "anna")
            await machines.start("boris", server)
            between.temper = reset
            stop(sandbox)
            await until(lambda: bool(heard(server, STOP)))
            await until(lambda: holder(sandbox) == "boris")
            between.temper = None
            lift(sandbox)
            await until(lambda: bool(heard(server, OVER)))
            await until(lambda: any("resolved" in one for one in rows(sandbox, "emergency_stop").values()))
            await asyncio.sleep(3 * 1.0)  # three evaluations of both: nobody adopts what is over
        assert len(rows(sandbox, "emergency_stop")) == 1
        assert len(set(heard(server, STOP) + heard(server, OVER))) == 1  # twice rather than never, of one episode
