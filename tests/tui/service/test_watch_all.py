"""`watchdesk watch --all`: a process for each project, one service for all, and none of them left at the end."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import psutil
import pytest

from tests.running import ONE_SHAPE, Command, Running
from tests.running_projects import NOBODY, configure, three, well
from tests.tui.service.serving import Service
from tests.until import awaited

Watch = Callable[..., Service]


@pytest.fixture
def watch(command: Command, sandbox: Running) -> Iterator[Watch]:
    made: list[Service] = []

    def make(*args: str, **env: str) -> Service:
        made.append(Service(command, sandbox, "--all", *args, watchdog_s=3.0, **env))
        return made[-1]

    yield make
    for one in made:
        one.close()


def told(service: Service) -> dict[str, dict[str, Any]]:
    """How it says that each project is."""
    return {one["project"]: one for one in service.get("/healthz").json()["projects"]}


def gone(pids: list[int]) -> bool | None:
    """Whether no such process runs any more."""
    return (
        not any(psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE for pid in pids) or None
    )


def test_one_is_down_and_one_has_a_wrong_key_and_the_third_is_watched(
    sandbox: Running, watch: Watch, command: Command
) -> None:
    configure(command, three(sandbox))
    service = watch()
    service.notified("READY=1")
    service.notified("WATCHDOG=1", times=2)
    service.line("state", project="well", link="LIVE")
    service.line("state", project="dead", link="OFFLINE")
    ended = service.line("ended", project="wrong")
    assert ended["text"].startswith("ended, exit 2: ")
    assert "key" in ended["text"]
    assert all("project" in line for line in service.lines if line["event"] not in {"started", "stopping"})
    assert service.get("/healthz").status_code == 200
    assert service.get("/readyz").status_code == 503
    awaited(lambda: 'watchdesk_up{project="well"} 1.0' in service.get("/metrics").text or None, "measured")
    text = service.get("/metrics").text
    assert 'watchdesk_up{project="dead"} 0.0' in text
    assert 'watchdesk_monitor_up{project="wrong"} 0.0' in text
    assert text.count("# TYPE watchdesk_up gauge") == 1
    pids = [one["pid"] for one in told(service).values() if one["pid"]]
    began = time.monotonic()
    assert service.end() == 0
    assert time.monotonic() - began < 10
    assert gone(pids)
    service.notified("STOPPING=1")
    assert service.stderr.read() == ""


@ONE_SHAPE
def test_one_that_is_killed_comes_back_and_no_other_notices(sandbox: Running, watch: Watch, command: Command) -> None:
    configure(command, {"well": well(sandbox), "dead": {"url": NOBODY, "key": "sb_secret_x"}})
    service = watch()
    service.line("state", project="well", link="LIVE")
    before = told(service)
    os.kill(before["well"]["pid"], signal.SIGKILL)
    assert service.line("ended", project="well")["text"] == "ended, by SIGKILL"
    awaited(lambda: told(service)["well"]["pid"] not in {None, before["well"]["pid"]} or None, "another one")
    assert told(service)["dead"]["pid"] == before["dead"]["pid"]
    awaited(lambda: told(service)["well"]["reached"] or None, "it watches again")


@ONE_SHAPE
def test_where_it_is_killed_all_its_processes_end(sandbox: Running, watch: Watch, command: Command) -> None:
    configure(command, {"well": well(sandbox), "dead": {"url": NOBODY, "key": "sb_secret_x"}})
    service = watch()
    service.line("state", project="well", link="LIVE")
    below = [one.pid for one in psutil.Process(service.process.pid).children(recursive=True)]
    assert len(below) == 3
    service.end(signal.SIGKILL)
    awaited(lambda: gone(below), "they end")
    held = "SELECT input_data->>'holder' <> '' FROM autonomous_execution_logs WHERE execution_step = 'lease'"
    assert (True,) not in sandbox.sql(held)


@pytest.mark.skipif(sys.platform != "linux", reason="it takes Linux to hear of a parent's end while stopped")
@ONE_SHAPE
@pytest.mark.parametrize("stopped", ["a-project", "what-they-are-forked-from", "all"])
def test_where_it_is_killed_those_that_are_stopped_end_as_well(
    stopped: str, sandbox: Running, watch: Watch, command: Command
) -> None:
    configure(command, {"well": well(sandbox), "dead": {"url": NOBODY, "key": "sb_secret_x"}})
    service = watch()
    service.line("state", project="well", link="LIVE")
    (parent,) = psutil.Process(service.process.pid).children()
    projects = parent.children()
    below = [one.pid for one in (parent, *projects)]
    assert len(below) == 3
    for one in {"a-project": projects[:1], "what-they-are-forked-from": [parent], "all": [parent, *projects]}[stopped]:
        one.suspend()
    service.end(signal.SIGKILL)
    awaited(lambda: gone(below), "they end")


@ONE_SHAPE
def test_projects_are_added_and_removed_while_it_runs(sandbox: Running, watch: Watch, command: Command) -> None:
    configure(command, {"a": well(sandbox)})
    service = watch()
    service.line("started", project="a")
    configure(command, {"b": {"url": NOBODY, "key": "sb_secret_x"}})
    service.process.send_signal(signal.SIGHUP)
    assert service.line("reloaded")["projects"] == ["b"]
    service.line("state", project="b", link="OFFLINE")
    awaited(lambda: list(told(service)) == ["b"] or None, "only one is left")
    (command.home / "config" / "watchdesk" / "config.toml").write_text("[projects")
    service.process.send_signal(signal.SIGHUP)
    assert "the old settings stay" in service.line("reload_failed")["text"]
    assert list(told(service)) == ["b"]


@pytest.mark.parametrize("args", [("watch", "--all"), ("status", "--all"), ("--all",)])
def test_without_a_project_it_is_one_sentence(args: tuple[str, ...], command: Command) -> None:
    done = command(*args)
    assert done.returncode == 2
    assert "has none: add [projects.NAME] tables" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "args", [("watch", "--all", "--once"), ("--all", "--project", "a"), ("--all", "status"), ("--all", "watch")]
)
def test_what_does_not_go_together_is_wrong_use(args: tuple[str, ...], command: Command) -> None:
    done = command(*args)
    assert done.returncode == 2
    assert "--all" in done.stderr or "--once" in done.stderr
