"""`watchdesk report` as a person runs it, on what a real monitor of a real project left, on both shapes."""

import asyncio
import json
import os
import re
import stat
import time
from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest

from core.actions.emergency_stop import EMERGENCY_STOP
from core.backend.target import Target
from core.base.time_input import moment_of
from core.domain.actions import ResultPhase
from core.domain.snapshot import LinkWord, State
from core.monitor import Config, Monitor, Places
from tests.running import ONE_SHAPE, Command, Running
from tests.tui.conftest import utc

__all__ = ["utc"]

OFFLINE = "the project's log could not be read"


class Heard:
    """A condition that some picture of a monitor meets."""

    def __init__(self, monitor: Monitor, condition: Callable[[], bool]) -> None:
        self._met = asyncio.Event()
        monitor.subscribe(lambda _: self._met.set() if condition() else None)

    async def wait(self) -> None:
        await asyncio.wait_for(self._met.wait(), 30)


def counted(monitor: Monitor) -> int | None:
    """How many tasks are pending, as the picture has it; `None` where it does not."""
    counts = monitor.snapshot.tasks.counts
    return counts.value.of("pending") if counts.live and counts.value is not None else None


def is_live(monitor: Monitor) -> bool:
    """Whether all of it was read."""
    return monitor.snapshot.ready and monitor.snapshot.link.word is LinkWord.LIVE


async def watched(sandbox: Running, command: Command, reason: str = "agents delete accounts") -> None:
    """Somebody watches for a moment, stops the agents, and quits."""
    state = command.home / "state" / "watchdesk"
    within = Places.within(state)
    places = msgspec.structs.replace(within, cache=command.home / "cache" / "watchdesk")
    target = Target(name="probe", url=sandbox.url, key=sandbox.service_key)
    monitor = Monitor(Config(target=target), places=places)
    stopped = Heard(monitor, lambda: monitor.snapshot.state is State.STOPPED and counted(monitor) == 0)
    live = Heard(monitor, lambda: is_live(monitor) and counted(monitor) is not None)
    await monitor.start()
    await live.wait()
    assert (await monitor.run(EMERGENCY_STOP, reason=reason)).phase is ResultPhase.VERIFIED
    await stopped.wait()
    await monitor.note("the deploy of noon")
    await monitor.close()


async def test_what_was_seen_and_ordered_here_and_what_the_log_tells_of_others(
    sandbox: Running, command: Command
) -> None:
    sandbox.sql("INSERT INTO autonomous_tasks (description) VALUES ('one'), ('two')")
    await watched(sandbox, command)
    assert command("resume", "--yes", sandbox=sandbox).returncode == 0  # another process, which keeps no pictures
    told = json.dumps(
        {"order": "dry_run_off", "run": "b2", "by": "operator", "who": "operator sam@bastion-2", "host": "bastion-2"}
    )
    sandbox.sql(
        "INSERT INTO autonomous_execution_logs (execution_step, step_status, input_data, output_data)"
        " VALUES ('watchdog_healing', 'completed', %s, '{\"text\": \"dry-run is off, <b>seen</b>\"}')",
        told,
    )
    done = command("report", "--since", "1h", sandbox=sandbox)
    assert (done.returncode, done.stderr) == (0, "")
    timeline = done.stdout.partition("## Timeline")[2]
    rows = [line for line in timeline.splitlines() if line.startswith("| ")]
    words = [line for line in rows if re.match(r"\| [^|]+ \| `operator", line)]
    assert len(words) == 3
    assert "emergency stop: stopped (read back); 2 tasks rejected (agents delete accounts) |" in words[0]
    assert "resume: resumed (read back); " in words[1]
    assert "another host" not in words[0] + words[1]
    assert "`operator sam@bastion-2` (another host) | dry run off: dry-run is off, \\<b>seen\\</b> |" in words[2]
    assert "the deploy of noon" in done.stdout
    assert "**STOPPED**" in done.stdout
    assert "to be rejected 2 times" in done.stdout
    assert "```text" in done.stdout
    assert "Missing" not in done.stdout
    assert sandbox.service_key not in done.stdout


@ONE_SHAPE
async def test_a_file_is_written_once_and_never_over_another_unless_told(sandbox: Running, command: Command) -> None:
    await watched(sandbox, command)
    page, figure = command.home / "incident.md", command.home / "incident.svg"
    done = command("report", "--since", "1h", "-o", str(page), sandbox=sandbox)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", f"written: {page}\nwritten: {figure}\n")
    assert page.read_text().startswith("# Incident report: `probe`\n")
    assert "](incident.svg)" in page.read_text()
    assert figure.read_text().startswith("<svg ")
    mask = os.umask(0)
    os.umask(mask)
    assert [stat.S_IMODE(file.stat().st_mode) for file in (page, figure)] == [0o666 & ~mask] * 2
    page.write_text("mine")
    refused = command("report", "--since", "1h", "-o", str(page), sandbox=sandbox)
    assert (refused.returncode, page.read_text()) == (2, "mine")
    assert "is there already; add --force to overwrite it" in refused.stderr
    assert command("report", "--since", "1h", "-o", str(page), "--force", sandbox=sandbox).returncode == 0
    assert page.read_text().startswith("# Incident report")
    nowhere = command("report", "--since", "1h", "-o", str(command.home / "no" / "place.md"), sandbox=sandbox)
    assert nowhere.returncode == 2
    assert "was not written: No such file or directory" in nowhere.stderr


async def test_without_the_project_it_tells_what_was_seen_and_says_what_is_missing(
    lone_sandbox: Callable[..., Running], command: Command
) -> None:
    running = lone_sandbox()
    await watched(running, command)
    running.close()
    done = command("report", "--since", "1h", sandbox=running)
    assert done.returncode == 0
    assert OFFLINE in done.stderr
    assert f"**Missing:** {OFFLINE}" in done.stdout
    assert "emergency stop: stopped (read back)" in done.stdout
    assert "agents delete accounts" in done.stdout


@ONE_SHAPE
async def test_for_programs_it_is_one_line_of_json(sandbox: Running, command: Command) -> None:
    await watched(sandbox, command)
    done = command("report", "--since", "1h", "--json", sandbox=sandbox)
    report = json.loads(done.stdout)
    assert (done.returncode, report["version"], report["project"]) == (0, 1, "probe")
    stop = next(one for one in report["timeline"] if one["text"].startswith("emergency stop"))
    assert (stop["origin"], stop["here"], bool(stop["run"])) == ("operator", True, True)
    assert [one["state"] for one in report["moments"] if one["when"] == "during"] == ["stopped"]


@ONE_SHAPE
async def test_as_a_page_it_is_one_file_with_its_figure(sandbox: Running, command: Command) -> None:
    await watched(sandbox, command)
    page = command.home / "incident.html"
    done = command("report", "--since", "1h", "--format", "html", "-o", str(page), sandbox=sandbox)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", f"written: {page}\n")
    text = page.read_text()
    assert text.startswith("<!DOCTYPE html>\n")
    assert text.count("<svg ") == text.count("</svg>") == 1
    assert "emergency stop: stopped (read back)" in text
    assert "<script" not in text
    assert not (command.home / "incident.svg").exists()
    refused = command("report", "--since", "1h", "--format", "html", "-o", str(page), sandbox=sandbox)
    assert refused.returncode == 2


SECRET = 'p|ss*w_r"d\\_<ü'
"""A password with what Markdown and JSON write otherwise than it is."""


@ONE_SHAPE
async def test_a_secret_of_ours_that_lies_in_the_data_is_in_no_report(sandbox: Running, command: Command) -> None:
    sandbox.sql("INSERT INTO autonomous_tasks (description) VALUES (%s)", f"mail with {SECRET}")
    await watched(sandbox, command, f"somebody pasted {SECRET} or even sb_secret_{'x' * 20}")
    for words in ((), ("--json",), ("--format", "html")):
        done = command("report", "--since", "1h", *words, sandbox=sandbox, WATCHDESK_ALERTS_SMTP_PASSWORD=SECRET)
        assert done.returncode == 0
        assert "somebody pasted … or even sb_secret" in done.stdout
        assert not [part for part in ("ss\\*w", "ss*w", "xxxx", "&quot;d") if part in done.stdout]


@ONE_SHAPE
async def test_a_project_of_the_config_file_has_a_box_of_its_own(sandbox: Running, command: Command) -> None:
    await watched(sandbox, command)
    path = command.home / "config" / "watchdesk" / "config.toml"
    path.parent.mkdir(parents=True)
    path.write_text(
        f'[projects.here]\nurl = "{sandbox.url}"\nkey = "{sandbox.service_key}"\n'
        f'[projects.there]\nurl = "http://127.0.0.1:9"\nkey = "{sandbox.service_key}"\n'
    )
    assert "emergency stop" in command("--project", "here", "report", "--since", "1h").stdout
    other = command("--project", "there", "report", "--since", "1h")
    assert (other.returncode, other.stdout) == (4, "")
    assert "there is no black box recording of this project on this machine yet" in other.stderr


@ONE_SHAPE
async def test_a_window_of_which_nothing_was_kept_is_named_with_what_there_is(
    sandbox: Running, command: Command
) -> None:
    await watched(sandbox, command)
    window = ("--since", "2020-01-01", "--until", "2020-01-02")
    done = command("report", *window, sandbox=sandbox)
    assert (done.returncode, done.stderr) == (0, "")
    today = f"{datetime.now(UTC):%Y-%m-}"
    for said in ("nothing was recorded from 2020-01-01 00:00:00 UTC to 2020-01-02 00:00:00 UTC", f"has {today}"):
        assert said in done.stdout
    sandbox.fault("database_down", True)
    done = command("report", *window, sandbox=sandbox)
    assert (done.returncode, done.stdout) == (2, "")
    assert "nothing was recorded from 2020-01-01 00:00:00 UTC" in done.stderr
    assert "Traceback" not in done.stderr


WRONG = {
    "no since": ([], "--since"),
    "no time": (["--since", "dawnish"], "is no time"),
    "the wrong way round": (["--since", "1h", "--until", "2h"], "is not before"),
    "no such form": (["--since", "1h", "--format", "pdf"], "'pdf' is not one of 'md', 'html'"),
    "two forms": (["--since", "1h", "--json", "--format", "html"], "--json is a form of its own"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_use_is_two(case: str, command: Command) -> None:
    words, told = WRONG[case]
    done = command("report", *words, SUPABASE_URL="http://127.0.0.1:9", SUPABASE_KEY="sb_secret_x")
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr


NOW = datetime(2026, 3, 29, 9, 30, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("2h", datetime(2026, 3, 29, 7, 30, 15, tzinfo=UTC)),
        ("03:00", datetime(2026, 3, 29, 3, tzinfo=UTC)),
        ("3:05:09", datetime(2026, 3, 29, 3, 5, 9, tzinfo=UTC)),
        ("09:30:15", NOW),
        ("22:15", datetime(2026, 3, 28, 22, 15, tzinfo=UTC)),
        ("2026-03-01", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2026-03-01T03:00+01:00", datetime(2026, 3, 1, 2, tzinfo=UTC)),
        ("25:00", None),
        ("3:5", None),
        ("noon", None),
    ],
)
@pytest.mark.usefixtures("utc")
def test_a_moment_as_people_type_it(typed: str, meant: datetime | None) -> None:
    assert moment_of(typed, NOW) == meant


@pytest.mark.usefixtures("utc")
def test_the_last_time_it_was_that_oclock_also_when_the_clocks_are_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    berlin = ZoneInfo("Europe/Berlin")
    autumn = datetime(2026, 10, 25, 9, tzinfo=berlin)
    assert moment_of("02:30", autumn) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # the first of the two
    assert moment_of("23:00", autumn) == datetime(2026, 10, 24, 21, tzinfo=UTC)
    spring = datetime(2026, 3, 29, 9, tzinfo=berlin)
    assert moment_of("02:30", spring) == datetime(2026, 3, 29, 0, 30, tzinfo=UTC)  # there is none: rather too early


def test_the_command_is_named_among_the_others(command: Command) -> None:
    assert "Write the incident as Markdown or HTML" in command("--help").stdout
