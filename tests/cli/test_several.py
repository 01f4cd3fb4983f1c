"""`status` of several projects: a line each, the worst exit code, and none waits for another."""

import json
import socket
import subprocess
import time
from collections.abc import Iterator

import pytest
from rich.cells import set_cell_size

from tests.running import ONE_SHAPE, PROGRAM, Command, Running
from tests.running_projects import configure, three, well


@pytest.fixture
def silent() -> Iterator[str]:
    """Where a connection is taken up, and nothing ever answered."""
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        line.listen(64)
        yield f"http://127.0.0.1:{line.getsockname()[1]}"


def test_each_has_a_line_in_the_order_of_the_file_and_the_worst_exit_code_counts(
    sandbox: Running, command: Command
) -> None:
    configure(command, three(sandbox) | {"bad": {"url": "nonsense"}, "keyless": {"url": sandbox.url}})
    done = command("status", "--all")
    assert (done.returncode, done.stderr) == (4, "")
    head, *lines = done.stdout.splitlines()
    assert head.split()[:4] == ["STATE", "PROJECT", "LINK", "ALERTS"]
    assert [line.split()[1] for line in lines] == ["well", "dead", "wrong", "bad", "keyless"]
    assert lines[0].split()[:4] == ["IDLE", "well", "LIVE", "0"]
    assert "connection refused" in lines[1]
    assert "API key" in lines[2]
    assert lines[3].endswith("'nonsense' is not a URL; it looks like https://PROJECT.supabase.co")
    assert "has no key" in lines[4]
    assert lines[3].split()[2:7] == ["—"] * 5


@ONE_SHAPE
def test_as_json_each_is_what_it_is_alone_with_its_name_and_exit_code(sandbox: Running, command: Command) -> None:
    configure(command, three(sandbox))
    told = json.loads(command("status", "--all", "--json").stdout)
    assert (told["version"], told["exit_code"]) == (1, 4)
    one, dead, wrong = told["projects"]
    assert (one["name"], one["known"], one["exit_code"], one["state"], one["link"]) == ("well", True, 0, "idle", "LIVE")
    assert one["project"]["name"] == "well"
    assert (dead["name"], dead["exit_code"]) == ("dead", 4)
    assert {"name": "wrong", "known": False, "exit_code": 2}.items() <= wrong.items()


@ONE_SHAPE
def test_some_are_named_and_one_alone_has_its_page(sandbox: Running, command: Command) -> None:
    configure(command, three(sandbox))
    two = command("status", "--project", "well", "--project", "wrong")
    assert two.returncode == 2
    assert [line.split()[1] for line in two.stdout.splitlines()[1:]] == ["well", "wrong"]
    alone = command("status", "--project", "well")
    assert alone.returncode == 0
    assert alone.stdout.startswith("IDLE  nothing to do\nwell (")
    unknown = command("status", "--project", "well", "--project", "none")
    assert unknown.returncode == 2
    assert "no project 'none'" in unknown.stdout


@ONE_SHAPE
def test_one_that_never_answers_delays_no_other(sandbox: Running, command: Command, silent: str) -> None:
    hanging = {f"hangs{n}": {"url": silent, "key": f"sb_secret_{n}"} for n in range(4)}
    configure(command, hanging | {"well": well(sandbox)})
    began = time.monotonic()
    told = json.loads(command("status", "--all", "--json").stdout)
    took_s = time.monotonic() - began
    assert [one["exit_code"] for one in told["projects"]] == [4, 4, 4, 4, 0]
    assert took_s < 60.0
    well_s = told["projects"][-1]["at"]
    assert all(one["at"] >= well_s for one in told["projects"][:-1])


@ONE_SHAPE
def test_a_hostile_name_is_shown_cleaned(sandbox: Running, command: Command) -> None:
    configure(command, {"a\x1b[2J\u202e": well(sandbox), "ok": well(sandbox)})
    done = command("status", "--all")
    assert "\x1b" not in done.stdout
    assert "\u202e" not in done.stdout
    assert "hidden characters" in done.stdout


@ONE_SHAPE
def test_a_name_of_two_lines_or_of_wide_letters_breaks_no_column(sandbox: Running, command: Command) -> None:
    names = ("a\nb", "日本", "x" * 300, "ok")
    configure(command, {name: well(sandbox) for name in names})
    head, *lines = command("status", "--all").stdout.splitlines()
    assert len(lines) == len(names)
    at = head.index("LINK")
    assert [set_cell_size(line, at + 4)[-4:].strip() for line in lines] == ["—", "LIVE", "LIVE", "LIVE"]
    for words in (("status",), ("status", "--project", "none")):
        assert "a b" in command(*words).stderr


@ONE_SHAPE
def test_many_projects_fit_below_the_usual_limit_of_open_files(sandbox: Running, command: Command) -> None:
    configure(command, {f"p{n}": well(sandbox) for n in range(12)})
    limited = ("sh", "-c", 'ulimit -S -n 48; exec "$@"', "sh", *PROGRAM, "status", "--all")
    done = subprocess.run(limited, check=False, env=command.environment(), capture_output=True, text=True, timeout=60)
    assert [line.split()[2] for line in done.stdout.splitlines()[1:]] == ["LIVE"] * 12, done.stderr
