"""Files of ours that are planted, blown up or broken, or a full disk: it goes on, spoils nothing, and says so."""

import json
import os
import resource
import signal
import stat
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.history.report.test_command import watched
from tests.running import ONE_SHAPE, Command, Running
from tests.tui.hand import Hand

TREASURE = "somebody's treasure"
GIGABYTES_3 = 3_000_000_000
SIZE = (160, 50)
NOT_UNDERSTOOD = b"\x1b[1114112u"
"""A key beyond all characters: it is logged at once, with a traceback."""


@pytest.fixture
def state(command: Command) -> Path:
    """Where the product keeps state and log."""
    return command.home / "state" / "watchdesk"


@pytest.fixture
def treasure(command: Command) -> Path:
    path = command.home / "treasure"
    path.write_text(TREASURE)
    path.chmod(0o644)
    return path


def is_untouched(treasure: Path) -> bool:
    return treasure.read_text() == TREASURE and stat.S_IMODE(treasure.stat().st_mode) == 0o644


def box_of(state: Path) -> Path:
    (place,) = (state / "blackbox").iterdir()
    return place


@ONE_SHAPE
async def test_a_pipe_in_place_of_a_segment_and_of_the_log_holds_up_no_report(
    sandbox: Running, command: Command, state: Path
) -> None:
    await watched(sandbox, command)
    pipe = box_of(state) / f"0000-00000000-{time.time_ns() // 1_000_000 - 60_000}.box"
    os.mkfifo(pipe)
    os.mkfifo(state / "watchdesk.log")
    done = command("report", "--since", "1h", sandbox=sandbox)  # which would wait for a writer for ever
    assert done.returncode == 0, done.stderr
    assert "agents delete accounts" in done.stdout
    said = json.loads(command("report", "--since", "1h", "--json", sandbox=sandbox).stdout)["notices"]
    assert f"black box: {pipe} is a named pipe, not a file; move it away" in said
    assert f"the log cannot be written: {state}/watchdesk.log is a named pipe, not a file; move it away" in said


@ONE_SHAPE
async def test_a_monitor_on_planted_files_comes_up_says_so_and_ends_when_it_is_asked_to(
    sandbox: Running, command: Command, state: Path, treasure: Path
) -> None:
    await watched(sandbox, command)
    place, (database,) = box_of(state), (state / "state").glob("*.db")
    os.mkfifo(place / "0000-00000000-1700000000000.box")
    (place / "notes.box").unlink()
    (place / "notes.box").symlink_to(treasure)
    os.mkfifo(state / "watchdesk.log")
    for path in (place / "box.lock", database.with_suffix(".lock"), database):
        path.unlink()
        path.symlink_to(treasure)
    hand = Hand(command, sandbox, "--observe", size=SIZE)
    try:
        hand.await_text("watching")
        hand.type(b"?")
        for words in ("the log cannot be written", "black box: a file was unreadable", "state not usable"):
            hand.await_text(words)
        os.kill(hand.process.pid, signal.SIGTERM)
        assert hand.ended() == 0
        assert b"Traceback" not in hand.raw
    finally:
        hand.dispose()
    assert is_untouched(treasure)
    assert stat.S_ISFIFO((state / "watchdesk.log").lstat().st_mode)
    page = command("status", sandbox=sandbox).stdout
    assert f"note: state not usable: {database} is a symbolic link, not a file; move it away" in page
    assert is_untouched(treasure)


@ONE_SHAPE
async def test_a_segment_blown_up_to_3_gb_costs_no_more_than_one_and_is_named(
    sandbox: Running, command: Command, state: Path
) -> None:
    await watched(sandbox, command)
    segment = min(box_of(state).glob("0*.box"))
    os.truncate(segment, GIGABYTES_3)
    began = time.monotonic()
    done = command("report", "--since", "1h", "--json", sandbox=sandbox)
    assert time.monotonic() - began < 15
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert any(f"{segment} is damaged" in notice for notice in report["notices"])
    assert report["looks"]  # what is readable of it is told


@ONE_SHAPE
def test_a_disk_that_fills_up_under_the_monitor_prints_nothing_and_is_said_until_it_has_room(
    sandbox: Running, command: Command, state: Path
) -> None:
    hand = Hand(command, sandbox, "--observe", size=SIZE)
    try:
        hand.await_text("watching")
        hand.type(b"7")  # the events in full
        hard = resource.prlimit(hand.process.pid, resource.RLIMIT_FSIZE)[1]
        resource.prlimit(hand.process.pid, resource.RLIMIT_FSIZE, (0, hard))
        hand.type(NOT_UNDERSTOOD)
        hand.await_text("the log cannot be written")
        resource.prlimit(hand.process.pid, resource.RLIMIT_FSIZE, (hard, hard))
        hand.type(NOT_UNDERSTOOD)
        hand.await_text("the log is written again")
        for words in (b"Traceback", b"Logging error", b"Call stack"):
            assert words not in hand.raw
        os.kill(hand.process.pid, signal.SIGTERM)
        assert hand.ended() == 0
    finally:
        hand.dispose()
    kept = (state / "watchdesk.log").read_text()
    assert "before this one lost" in kept


@ONE_SHAPE
async def test_state_that_one_command_set_aside_is_said_by_all_that_follow_until_it_is_moved_away(
    sandbox: Running, command: Command, state: Path
) -> None:
    await watched(sandbox, command)
    (database,) = (state / "state").glob("*.db")
    database.write_bytes(b"not a database at all" * 500)
    assert command("alerts", sandbox=sandbox).returncode != 2  # which reads the state
    (aside,) = (state / "state").glob("*.broken")
    assert (aside / database.name).exists()
    when = f"{datetime.fromtimestamp(aside.stat().st_mtime, UTC):%d %b %H:%M}"
    words = f"the state file was unreadable and was moved aside {when} as {aside}"
    gone = (
        "acknowledgements, silences and waiting actions in it are lost; delete or move that file to clear this message"
    )
    for _ in range(2):
        page = command("status", sandbox=sandbox).stdout
        assert words in page
        assert gone in page
    report = json.loads(command("report", "--since", "1h", "--json", sandbox=sandbox).stdout)
    assert any(words in notice and gone in notice for notice in report["notices"])
    # Its alert, which is pending where it was evaluated before this, goes with the next evaluation.
    hand = Hand(command, sandbox, "--observe", size=SIZE, WATCHDESK_ALERTS_EVALUATE_S="1")
    try:
        hand.await_text(f"was moved aside {when}")
        aside.rename(command.home / "seen")
        hand.await_gone("the state file was unreadable")
    finally:
        hand.dispose()
    assert "moved aside" not in command("status", sandbox=sandbox).stdout


@ONE_SHAPE
async def test_a_report_is_written_over_no_link_and_into_no_pipe(
    sandbox: Running, command: Command, treasure: Path
) -> None:
    await watched(sandbox, command)
    link, pipe = command.home / "link.md", command.home / "pipe.md"
    link.symlink_to(treasure)
    os.mkfifo(pipe)
    for path, what in ((link, "a symbolic link"), (pipe, "a named pipe")):
        done = command("report", "--since", "1h", "-o", str(path), "--force", sandbox=sandbox)
        assert done.returncode == 2
        assert f"not written: {path} is {what}, not a file; move it away, or choose another file" in done.stderr
    assert is_untouched(treasure)


@ONE_SHAPE
def test_a_session_that_is_a_link_is_not_used_and_said(sandbox: Running, command: Command, state: Path) -> None:
    key = {"SUPABASE_URL": sandbox.url, "SUPABASE_KEY": sandbox.publishable_key}
    signed = command("login", **key, SUPABASE_EMAIL=sandbox.info["user"], SUPABASE_PASSWORD=sandbox.info["password"])
    assert signed.returncode == 0, signed.stderr
    (session,) = (state / "sessions").glob("*.json")
    session.rename(command.home / "elsewhere")
    session.symlink_to(command.home / "elsewhere")
    done = command("logout", **key)
    assert done.returncode == 2
    assert f"stored session not used: {session} is a symbolic link, not a file; move it away" in done.stderr
    assert (command.home / "elsewhere").exists()


@ONE_SHAPE
def test_a_cache_that_is_a_link_is_said_and_its_target_left_alone(
    sandbox: Running, command: Command, treasure: Path
) -> None:
    assert "cache" not in command("status", sandbox=sandbox).stdout
    (database,) = (command.home / "cache" / "watchdesk").glob("*/cache.db")
    database.unlink()
    database.symlink_to(treasure)
    page = command("status", sandbox=sandbox).stdout
    assert f"note: cache in memory only: {database} is a symbolic link, not a file; move it away" in page
    assert is_untouched(treasure)
