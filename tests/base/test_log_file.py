"""The log file takes what happens without secrets; what it does not take is counted and said, and never printed."""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.base.log_file import JsonLines, LogFile, log_trouble
from core.services.events import EventLog
from core.services.log_watch import LogWatch
from tests.clock import FakeClock
from tests.running import ROOT

log = logging.getLogger("tests.log")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "watchdesk" / "watchdesk.log"


@pytest.fixture
def handler(path: Path) -> Iterator[LogFile]:
    handler = LogFile(path, size=2000)
    handler.setFormatter(JsonLines(("hunter2",)))
    root, before = logging.getLogger(), list(logging.getLogger().handlers)
    root.handlers = [*(one for one in before if not isinstance(one, LogFile)), handler]  # a command may have left one
    yield handler
    root.handlers = before
    handler.close()


def texts(path: Path) -> list[str]:
    return [json.loads(line)["text"] for line in path.read_text().splitlines()]


def test_it_gives_way_to_a_new_one_and_keeps_two(handler: LogFile, path: Path) -> None:
    for number in range(100):
        log.warning("line %s, hunter2", number)
    names = sorted(one.name for one in path.parent.iterdir())
    assert names == ["watchdesk.log", "watchdesk.log.1", "watchdesk.log.2"]
    assert all(one.stat().st_size < 2200 for one in path.parent.iterdir())
    assert {one.stat().st_mode & 0o777 for one in path.parent.iterdir()} == {0o600}
    assert texts(path)[-1] == "line 99, …"
    assert texts(path.with_name("watchdesk.log.1"))[-1] < texts(path)[0]
    assert handler.trouble == ""


def test_two_processes_share_it_and_follow_each_other_to_a_new_one(handler: LogFile, path: Path) -> None:
    other = LogFile(path, size=2000)
    other.setFormatter(JsonLines(()))
    for number in range(40):
        log.warning("line %s", number)
        other.emit(logging.makeLogRecord({"msg": f"other {number}"}))
    assert set(texts(path)[-2:]) == {"line 39", "other 39"}
    other.close()


def test_a_directory_that_vanished_is_made_anew(handler: LogFile, path: Path) -> None:
    log.warning("one")
    path.unlink()
    path.parent.rmdir()
    log.warning("two")
    assert texts(path) == ["two"]


def test_where_it_cannot_give_way_it_is_gone_on_with_and_that_is_said(handler: LogFile, path: Path) -> None:
    path.with_name("watchdesk.log.2").mkdir(parents=True)
    (path.with_name("watchdesk.log.2") / "full").touch()
    for number in range(100):
        log.warning("line %s", number)
    assert texts(path)[-1] == "line 99"
    assert "the log does not give way to a new one" in handler.trouble
    (path.with_name("watchdesk.log.2") / "full").unlink()
    path.with_name("watchdesk.log.2").rmdir()
    log.warning("line 100")
    assert texts(path) == ["line 100"]
    assert handler.trouble == ""


def test_a_pipe_in_its_place_is_said_and_what_follows_its_end_is_logged(handler: LogFile, path: Path) -> None:
    path.parent.mkdir(mode=0o700)
    os.mkfifo(path)
    for _ in range(3):
        log.warning("lost")
    assert handler.trouble == f"the log cannot be written: {path} is a named pipe, not a file; move it away"
    assert handler.lost == 3
    path.unlink()
    log.warning("kept")
    first, second = texts(path)
    assert first.startswith("3 records before this one lost: the log cannot be written: ")
    assert second == "kept"
    assert (handler.trouble, handler.lost) == ("", 0)


def test_arguments_that_do_not_fit_are_told_with_the_text_and_without_secrets(handler: LogFile, path: Path) -> None:
    handler.handle(logging.makeLogRecord({"msg": "%d of hunter2", "args": ("x",)}))
    assert texts(path) == ["%d of … (its arguments do not fit: TypeError)"]


def test_the_journal_hears_of_it_once_and_once_of_its_end(handler: LogFile, path: Path) -> None:
    clock = FakeClock()
    events = EventLog(clock)
    watch = LogWatch(clock, events)
    path.parent.mkdir(mode=0o700)
    os.mkfifo(path)
    handler.open()  # before there is anything to log
    for _ in range(3):
        watch.check()
        log.warning("lost")
    assert watch.warning == log_trouble() == handler.trouble
    path.unlink()
    watch.check()
    assert watch.warning is not None
    clock.advance(30)
    watch.check()  # nothing else is logged: it is tried all the same
    assert watch.warning is None
    said = [event.text for event in reversed(events.events(()))]
    trouble = f"the log cannot be written: {path} is a named pipe, not a file; move it away"
    assert said == [trouble, "the log is written again"]


_PRINTED = """
import asyncio, gc, logging, resource, sys, threading, warnings
from pathlib import Path
from core.base.log_file import log_to, log_trouble

path, full = Path(sys.argv[1]), sys.argv[2] == "full"
log_to(path, ("hunter2",))
if full:
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))

async def main():
    async def fails():
        raise RuntimeError("task hunter2")
    task = asyncio.ensure_future(fails())
    await asyncio.sleep(0)
    del task
    gc.collect()

class Untidy:
    def __del__(self):
        raise RuntimeError("tidying hunter2")

def thread():
    raise RuntimeError("thread hunter2")

logging.getLogger("one").warning("logged %s", "hunter2")
logging.getLogger("two").warning("misfit %d hunter2", "x")
warnings.warn("warned hunter2", stacklevel=1)
asyncio.run(main())
Untidy()
worker = threading.Thread(target=thread)
worker.start()
worker.join()
print(log_trouble())
if full:
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    logging.getLogger("one").warning("after")
"""


@pytest.mark.parametrize("disk", ["room", "full"])
def test_nothing_that_python_prints_reaches_the_terminal(disk: str, path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "always", "-c", _PRINTED, str(path), disk],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stderr == ""
    kept = path.read_text()
    assert "hunter2" not in kept
    if disk == "full":
        assert done.stdout.strip() == f"the log cannot be written: {path}: File too large"
        assert texts(path) == [f"6 records before this one lost: {done.stdout.strip()}", "after"]
        return
    assert done.stdout.strip() == ""
    for word in ("logged …", "misfit", "warned …", "task …", "tidying …", "thread …", "never retrieved"):
        assert word in kept
