"""The monitor keeps what it shows by itself, against a real project, and nothing of it disturbs the monitor."""

import asyncio
import json
import math
import os
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from core.backend.target import Target
from core.base.settings import Layers, SettingsError
from core.domain.snapshot import LinkWord, Snapshot
from core.history.blackbox import BlackboxRules, Box, MarkKind
from core.monitor import Config, Monitor, Places, read_config
from core.services.config import RefreshRules
from tests.running import ONE_SHAPE, Command, Running
from tests.tui.hand import Hand
from tests.until import until

LONG = timedelta(days=1)


def monitor_of(sandbox: Running, place: Path, **more: Any) -> Monitor:
    target = Target(name="probe", url=sandbox.url, key=sandbox.service_key)
    config = Config(target=target, refresh=RefreshRules(period_s=0.3), **more)
    return Monitor(config, places=Places.within(place))


async def test_what_was_published_is_given_back_as_it_was(sandbox: Running, tmp_path: Path) -> None:
    sandbox.completed(60)
    sandbox.stuck(2)
    monitor = monitor_of(sandbox, tmp_path)
    published: dict[datetime, Snapshot] = {}
    monitor.subscribe(lambda snapshot: published.setdefault(snapshot.at, snapshot))
    await monitor.start()
    await until(lambda: monitor.snapshot.ready)
    await until(lambda: len(list(monitor.box.frames(*day()))) > 8)
    await monitor.close()
    kept = list(monitor.box.frames(*day()))
    assert all(published[one.at] == one for one in kept)
    assert kept[-1].tasks.newest.value
    for one in published.values():
        shown = monitor.box.at(one.at)
        assert shown is not None
        assert shown.events[:1] == one.events[:1]  # nothing that happened is missing
    marks = monitor.box.marks(*day())
    assert marks[0].kinds == (MarkKind.BEGAN,)
    assert MarkKind.ENDED in marks[-1].kinds


def day() -> tuple[datetime, datetime]:
    return datetime.now(UTC) - LONG, datetime.now(UTC) + LONG


@ONE_SHAPE
async def test_a_state_that_lasted_for_an_instant_is_kept(sandbox: Running, tmp_path: Path) -> None:
    monitor = monitor_of(sandbox, tmp_path, observe=True)
    await monitor.start()
    await until(lambda: monitor.snapshot.ready)
    for number in range(30):  # faster than anybody writes
        monitor.parts.events.say("somebody", f"number {number}")
        monitor._publish()
    await monitor.close()
    newest = [one.events[0].text for one in monitor.box.frames(*day()) if one.events]
    assert [f"number {number}" for number in range(30) if f"number {number}" not in newest] == []


@ONE_SHAPE
async def test_of_pictures_at_which_nothing_happened_the_newest_wins(sandbox: Running, tmp_path: Path) -> None:
    monitor = monitor_of(sandbox, tmp_path)
    await monitor.start()
    await until(lambda: monitor.snapshot.ready)
    for number in range(30):
        monitor.parts.recording.offer(msgspec.structs.replace(monitor.snapshot, braked=f"number {number}"))
    await monitor.close()
    assert {one.braked for one in monitor.box.frames(*day())} - {""} == {"number 29"}


@ONE_SHAPE
async def test_a_note_is_kept_with_who_and_when(sandbox: Running, tmp_path: Path) -> None:
    monitor = monitor_of(sandbox, tmp_path, observe=True)
    note = await monitor.note("the disk was full", datetime.now(UTC) - timedelta(hours=1))
    assert monitor.box.notes(*day()) == (note,)
    assert note.who.startswith("operator ")
    assert note.written_at - note.at >= timedelta(minutes=59)
    await monitor.close()


@ONE_SHAPE
async def test_it_keeps_nothing_where_it_is_not_wanted_or_looks_once(sandbox: Running, tmp_path: Path) -> None:
    monitor = monitor_of(sandbox, tmp_path, blackbox=BlackboxRules(enabled=False))
    await monitor.start()
    await until(lambda: monitor.snapshot.ready)
    await monitor.close()
    once = monitor_of(sandbox, tmp_path)
    await once.refresh(everything=True)
    await once.check()
    await once.close()
    assert not (tmp_path / "blackbox").exists()


@ONE_SHAPE
async def test_of_two_monitors_one_keeps_and_the_other_takes_over(sandbox: Running, tmp_path: Path) -> None:
    first, second = monitor_of(sandbox, tmp_path), monitor_of(sandbox, tmp_path)
    await first.start()
    await until(lambda: first.snapshot.ready and first.box.span())
    await second.start()
    await until(lambda: second.snapshot.ready)
    second.parts.events.say("second", "only I saw this")
    second._publish()
    await first.close()
    ended = datetime.now(UTC)
    await until(lambda: any(one.at > ended for one in second.box.frames(*day())))
    await second.close()
    assert not any("black box" in notice for notice in second.snapshot.notices)
    assert any(event.who == "second" for one in second.box.frames(ended, day()[1]) for event in one.events)


@ONE_SHAPE
async def test_a_place_that_takes_nothing_is_one_warning_and_no_harm(sandbox: Running, tmp_path: Path) -> None:
    (tmp_path / "blackbox").write_text("in the way")
    monitor = monitor_of(sandbox, tmp_path)
    await monitor.start()
    await until(lambda: any("black box paused" in notice for notice in monitor.snapshot.notices))
    await until(lambda: monitor.snapshot.link.word is LinkWord.LIVE)
    (tmp_path / "blackbox").unlink()
    await until(lambda: any("records again" in event.text for event in monitor.snapshot.events))
    await monitor.close()
    assert sum("black box paused" in event.text for event in monitor.snapshot.events) == 1
    assert monitor.box.span() is not None


@ONE_SHAPE
async def test_its_end_is_quick_though_the_disk_hangs(sandbox: Running, tmp_path: Path) -> None:
    monitor = monitor_of(sandbox, tmp_path)
    await monitor.start()
    await until(lambda: monitor.snapshot.ready)
    released = asyncio.Event()
    loop = asyncio.get_running_loop()

    def hang() -> None:
        asyncio.run_coroutine_threadsafe(released.wait(), loop).result()

    monitor.parts.recording._thread.submit(hang)
    async with asyncio.timeout(3):
        await monitor.parts.recording.close()
    released.set()
    await monitor.close()


def test_the_settings_are_read_and_nonsense_is_refused() -> None:
    named = {"SUPABASE_URL": "https://probe.example", "SUPABASE_KEY": "sb_secret_x"}
    config = read_config(Layers(named=(named,), file={"blackbox": {"megabytes": 50, "days": 7, "enabled": False}}))
    assert config.blackbox == BlackboxRules(enabled=False, megabytes=50, days=7)
    for wrong in ({"megabytes": 1}, {"days": 0}, {"days": 3651}, {"days": math.nan}, {"size": 3}):
        with pytest.raises(SettingsError):
            read_config(Layers(named=(named,), file={"blackbox": wrong}))


def test_more_days_than_anybody_keeps_are_refused_in_one_sentence(command: Command) -> None:
    given = {"SUPABASE_URL": "https://probe.example", "SUPABASE_KEY": "sb_secret_x"}
    done = command("status", **given, WATCHDESK_BLACKBOX_DAYS="1000000")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "Error: WATCHDESK_BLACKBOX_DAYS is not usable: 1000000 is out of range; allowed: above 0 to 3,650\n"
    )


def box_of(command: Command) -> Box:
    (place,) = (command.home / "state" / "watchdesk" / "blackbox").iterdir()
    return Box(place)


@ONE_SHAPE
def test_a_monitor_killed_in_an_outage_replays_to_its_last_seconds(sandbox: Running, command: Command) -> None:
    hand = Hand(command, sandbox, "--observe", size=(120, 40))
    try:
        hand.await_text("watching")
        sandbox.fault("database_down", True)
        seen = hand.await_text("OFFLINE")
        assert "OFFLINE" in seen
        hand.read(2.5)  # it stays so for a while
        os.kill(hand.process.pid, signal.SIGKILL)
        killed = datetime.now(UTC)
        hand.process.wait()
    finally:
        hand.dispose()
        sandbox.fault("database_down", False)
    box = box_of(command)
    span = box.span()
    assert span is not None
    assert killed - span[1] < timedelta(seconds=15)
    last = box.at(killed)
    assert last is not None
    assert last.link.word is LinkWord.OFFLINE
    words = [one.link.word for one in box.frames(span[0], killed)]
    assert words.index(LinkWord.LIVE) < words.index(LinkWord.OFFLINE)
    assert box.at(killed + timedelta(seconds=40)) is None


@ONE_SHAPE
def test_a_command_that_looks_once_keeps_nothing(sandbox: Running, command: Command) -> None:
    done = command("status", "--json", sandbox=sandbox)
    assert json.loads(done.stdout)
    assert not (command.home / "state" / "watchdesk" / "blackbox").exists()
