"""Whatever it is started in, the program works or ends with a sentence and its code: no traceback, no hang."""

import errno
import json
import pwd
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from core.base.directories import cache_directory, config_directory, state_directory
from core.base.settings import SettingsError
from tests.running import ONE_SHAPE, PROGRAM, Command, Running
from tests.warm import Amiss
from tui.cli.error_boundary import ended

FULL = "watchdesk: the output could not be written (No space left on device); make room for it, or send it elsewhere\n"

LOOKS = [
    ("status",),
    ("status", "--json"),
    ("alerts",),
    ("logs", "--stats"),
    ("logs", "--watchdog"),
    ("heal", "--dry-run"),
    ("heal", "--yes", "--json"),
    ("orders",),
    ("silence", "--list"),
    ("sql", "indexes"),
    ("run", "--yes"),
    (),
    ("stop", "--reason", "test", "--yes"),
]
"""Commands that print something on stdout: of those that print it by the same road one."""


def within(
    command: Command, shell: str, *args: str, sandbox: Running | None = None, program: tuple[str, ...] = PROGRAM
) -> "subprocess.CompletedProcess[str]":
    """Run the program by a shell that does `shell` with it, `"$@"`."""
    return subprocess.run(
        ["/bin/sh", "-c", shell, "sh", *program, *args],
        cwd=command.home,
        env=command.environment(sandbox),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


# The start itself: whatever is imported for any command stands all of it. The rest is run from the start on.

IMPORTS = """
import importlib, os, pkgutil, sys
import core, tui
from core.backend.supabase_client import official
official()
for package in (core, tui):
    for one in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not one.name.endswith("__main__"):
            importlib.import_module(one.name)
os.write(3, b"all")
"""
FULL_OUT = Amiss(full=frozenset({1}))
FULL_ERR = Amiss(full=frozenset({2}))
FULL_BOTH = Amiss(full=frozenset({1, 2}))
CLOSED = {
    "<&-": Amiss(closed=frozenset({0})),
    ">&-": Amiss(closed=frozenset({1})),
    "2>&-": Amiss(closed=frozenset({2})),
    "<&- >&- 2>&-": Amiss(closed=frozenset({0, 1, 2})),
}
GONE = "mkdir gone && cd gone && rmdir ../gone &&"


@pytest.mark.parametrize(
    "shell", [f'{GONE} exec "$@" > /dev/full 2> /dev/full', f'{GONE} exec "$@" <&- >&- 2>&-'], ids=str
)
def test_whatever_a_command_may_import_is_imported_there(command: Command, shell: str) -> None:
    done = within(command, f"exec 3> told; {shell}", program=(sys.executable, "-c", IMPORTS))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (command.home / "told").read_text() == "all"


# Full, closed


@ONE_SHAPE
def test_a_full_stdout_is_said_in_one_sentence(sandbox: Running, command: Command) -> None:
    for args in LOOKS:
        sandbox.stuck(1)
        done = command.amiss(FULL_OUT, *args, sandbox=sandbox)
        assert done.returncode == 2, args
        assert done.stderr.endswith(FULL), args
        assert "Traceback" not in done.stderr, args


def test_a_full_stdout_is_said_where_help_or_a_version_was_asked_for(command: Command) -> None:
    for args in (("--version",), ("--help",), ("heal", "--help")):
        done = command.amiss(FULL_OUT, *args)
        assert (done.returncode, done.stderr) == (2, FULL), args


@ONE_SHAPE
def test_what_a_sandbox_or_a_server_says_on_a_full_stdout_ends_it(sandbox: Running, command: Command) -> None:
    for args in (("sandbox",), ("serve", "--port", "0")):
        done = command.amiss(FULL_OUT, *args, sandbox=sandbox)
        assert (done.returncode, done.stderr) == (2, FULL)


@ONE_SHAPE
def test_a_stderr_that_takes_nothing_changes_no_code(sandbox: Running, command: Command) -> None:
    done = command.amiss(FULL_ERR, "ack", "none", sandbox=sandbox)
    assert (done.returncode, done.stdout) == (2, "")
    done = within(command, 'exec "$@" > /dev/full 2> /dev/full', "status", sandbox=sandbox)
    assert done.returncode == 2
    assert command.amiss(FULL_BOTH, "status", sandbox=sandbox).returncode == 2


@ONE_SHAPE
def test_closed_streams_change_no_code(sandbox: Running, command: Command) -> None:
    sandbox.stuck(1)
    every = "<&- >&- 2>&-"
    for args, closings in {
        ("status",): tuple(CLOSED),
        ("status", "--json"): (every,),
        ("heal",): ("<&-", every),
        ("--help",): (every,),
        (): (">&-", every),
    }.items():
        usual = command(*args, sandbox=sandbox)
        for closed in closings:
            done = command.amiss(CLOSED[closed], *args, sandbox=sandbox)
            assert done.returncode == usual.returncode, (args, closed)
            assert "Traceback" not in done.stderr, (args, closed)
            assert bool(done.stdout) == (bool(usual.stdout) and 1 not in CLOSED[closed].closed), (args, closed)


@ONE_SHAPE
@pytest.mark.parametrize("closed", ["<&-", "<&- >&- 2>&-"])
def test_streams_closed_from_the_start_are_found_so(sandbox: Running, command: Command, closed: str) -> None:
    done = within(command, f'exec "$@" {closed}', "status", sandbox=sandbox)
    assert done.returncode == 0
    assert done.stderr == ""
    assert bool(done.stdout) == (1 not in CLOSED[closed].closed)


# Gone


@ONE_SHAPE
def test_a_deleted_working_directory_stops_nothing(sandbox: Running, command: Command) -> None:
    """Those that read nothing, read, write, and print SQL; what differs between others of a kind is not the start."""
    for args in (
        ("--version",),
        ("logs", "--stats"),
        ("heal", "--yes", "--json"),
        ("sql", "stats"),
        ("run", "--yes"),
        (),
    ):
        sandbox.reset()
        usual = command(*args, sandbox=sandbox)
        sandbox.reset()
        done = command.amiss(Amiss(gone=True), *args, sandbox=sandbox)
        assert (done.returncode, done.stderr) == (usual.returncode, usual.stderr), args


@ONE_SHAPE
def test_a_working_directory_deleted_before_the_start_stops_nothing(sandbox: Running, command: Command) -> None:
    for args in (("status",), ()):
        done = within(command, f'{GONE} exec "$@"', *args, sandbox=sandbox)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout


@pytest.mark.parametrize("args", [("sandbox", "--data", "here")], ids=" ".join)
def test_what_needs_the_working_directory_says_that_it_is_gone(command: Command, args: tuple[str, ...]) -> None:
    done = within(command, f'{GONE} exec "$@"', *args)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "watchdesk: the working directory was deleted; go to another one\n"


NOBODY = """
import json, os, pwd, runpy, sys, tempfile
import tui.cli
def unknown(*_): raise KeyError("uid not found")
pwd.getpwuid = pwd.getpwnam = unknown
for name in [name for name in os.environ if name.startswith("XDG_") or name in {"HOME", "USER", "LOGNAME"}]:
    del os.environ[name]
told = []
for args in json.loads(sys.argv[1]):
    files = [tempfile.TemporaryFile("w+", dir=".") for _ in "oe"]
    if os.fork() == 0:
        for fd, file in enumerate(files, 1):
            os.dup2(file.fileno(), fd)
        sys.argv = ["tui", *args]
        runpy.run_module("tui", run_name="__main__", alter_sys=True)
    code = os.waitstatus_to_exitcode(os.wait()[1])
    told.append([code, *(file.seek(0) or file.read() for file in files)])
print(json.dumps(told))
"""
"""The program as a user whom the system does not know, forked once for each command."""


@ONE_SHAPE
def test_without_a_home_it_says_what_to_set_and_makes_no_directory_of_that_name(
    sandbox: Running, command: Command
) -> None:
    each = (("status",), ("heal", "--yes"), ("logout",), ("demo",), ("serve",), ())
    done = within(command, 'exec "$@"', json.dumps(each), sandbox=sandbox, program=(sys.executable, "-c", NOBODY))
    assert (done.returncode, done.stderr) == (0, "")
    told = "there is no home directory to keep files in; set HOME, or XDG_CONFIG_HOME, to a full path"
    for args, said in zip(each, json.loads(done.stdout), strict=True):
        assert said == [2, "", f"Error: {told}\n"], args
    assert not (command.home / "~").exists()


@pytest.mark.parametrize("find", [config_directory, state_directory, cache_directory])
def test_a_home_that_depends_on_the_working_directory_is_none(
    find: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CONFIG", "STATE", "CACHE"):
        monkeypatch.delenv(f"XDG_{name}_HOME", raising=False)
    monkeypatch.setenv("HOME", "here")
    monkeypatch.setattr(pwd, "getpwuid", lambda _: {}["unknown"])
    with pytest.raises(SettingsError, match="set HOME, or XDG_"):
        find()


# Too little


@ONE_SHAPE
@pytest.mark.parametrize("kilobytes", [100_000, 250_000, 300_000, 600_000])
def test_with_little_address_space_it_works_or_says_so(sandbox: Running, command: Command, kilobytes: int) -> None:
    done = within(command, f'ulimit -v {kilobytes} && exec "$@"', "status", sandbox=sandbox)
    if done.returncode == 0:
        assert done.stdout.startswith("IDLE")
        assert done.stderr == ""
        return
    assert kilobytes < 300_000
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"watchdesk: {kilobytes >> 10} MB of address space are too few: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("error", ["MemoryError", "SystemError"])
def test_a_thread_that_dies_of_want_of_memory_is_waited_for_by_nobody(command: Command, error: str) -> None:
    code = f"""
import threading
from tui.cli.memory import end_with_threads
end_with_threads()
def die(): raise {error}
threading.Thread(target=die).start()
threading.Event().wait()
"""
    done = within(command, 'exec "$@"', program=(sys.executable, "-c", code))
    told = "watchdesk: there is not enough memory; raise ulimit -v, or end something else\n"
    assert (done.returncode, done.stderr) == (2, told)


# Unforeseen


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (MemoryError(), "there is not enough memory; allow it more (ulimit -v), or end something else"),
        (ZeroDivisionError(), "failed (ZeroDivisionError); see the log file"),
        (PermissionError(errno.EACCES, "Permission denied", "/etc/x"), "/etc/x: Permission denied; see the log file"),
        (SettingsError("it cannot be used"), "it cannot be used"),
    ],
)
def test_what_ends_a_command_unforeseen_is_one_sentence_and_its_traceback_is_in_the_log(
    error: Exception, told: str, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    def run() -> None:
        raise error

    assert ended(run) == 2
    assert capsys.readouterr().err == f"watchdesk: {told}\n"
    assert ("the command failed" in caplog.text) is not isinstance(error, SettingsError)


def test_a_command_ends_with_the_code_it_gives_and_130_when_it_is_interrupted() -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    def aborted() -> None:
        raise click.Abort

    assert [ended(run) for run in (lambda: 3, lambda: None, interrupted, aborted)] == [3, 0, 130, 130]
