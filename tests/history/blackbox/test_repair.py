"""What a killed process or a bad disk leaves: cut, set aside or left alone, and never given back as a picture."""

import contextlib
import os
import random
import stat
import time
import tracemalloc
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from core.history.blackbox import Box
from core.history.blackbox.frame import MAGIC, Kind
from core.history.blackbox.segment import HEAD, VERSION
from core.history.blackbox.settings import SEGMENT_MOST
from tests.history.blackbox.conftest import Recorders
from tests.history.blackbox.pictures import HOUR_S, NOON, after, all_of, busy, event, files, kill, picture, record


def test_a_last_frame_torn_anywhere_is_cut_and_all_before_it_is_there(
    recorders: Recorders, place: Path, box: Box
) -> None:
    course = [busy(number) for number in range(4)]
    recorder = recorders()
    record(recorder, course[:3])
    (file,) = files(place)
    whole = file.stat().st_size
    recorder.record(course[3])
    data = file.read_bytes()
    kill(recorder)
    for end in range(whole, len(data)):
        file.write_bytes(data[:end])
        assert all_of(Box(place)) == course[:3]
        other = recorders()
        other.record(busy(9))
        assert all_of(Box(place)) == [*course[:3], busy(9)]
        assert other.warning is None
        kill(other)


@pytest.mark.parametrize("torn", [0, 1, len(HEAD) - 1, len(HEAD), len(HEAD) + 5])
def test_a_file_torn_before_its_first_frame_is_none(recorders: Recorders, place: Path, box: Box, torn: int) -> None:
    first = recorders()
    first.record(picture(0))
    kill(first)
    (file,) = files(place)
    file.write_bytes(file.read_bytes()[:torn])
    other = recorders()
    other.record(picture(20))
    assert other.warning is None
    assert all_of(box) == [picture(20)]


def test_a_flipped_byte_is_never_given_back_as_a_picture(recorders: Recorders, place: Path) -> None:
    course = [busy(number) for number in range(250)]
    record(recorders(), course)
    (file,) = files(place)
    data, kept = file.read_bytes(), {one.at: one for one in course}
    for position in range(len(HEAD), len(data), 499):
        file.write_bytes(data[:position] + bytes([data[position] ^ 0x10]) + data[position + 1 :])
        found = all_of(Box(place))
        assert all(kept[one.at] == one for one in found)
        assert len(found) >= len(course) - 121  # the rest of one group at most


def test_a_damaged_file_is_set_aside_with_a_warning_and_what_is_readable_is_kept(
    recorders: Recorders, place: Path
) -> None:
    course = [busy(number) for number in range(250)]
    recorder = recorders()
    record(recorder, course)
    recorder.close(course[-1].at)
    (file,) = files(place)
    data = file.read_bytes()
    damaged = data[:2000] + b"\0" * 10 + data[2010:]
    file.write_bytes(damaged)
    other = recorders()
    other.record(busy(260))
    assert other.warning is not None
    assert "moved aside" in other.warning
    (aside,) = place.glob("*.broken")
    assert aside.read_bytes() == damaged
    assert len(all_of(Box(place))) > 120
    assert all_of(Box(place))[-1] == busy(260)


def test_an_older_damaged_file_is_set_aside_when_it_is_read(recorders: Recorders, place: Path) -> None:
    recorder = recorders()
    record(recorder, [busy(0), busy(1), busy(2, HOUR_S + 1)])
    old, _ = files(place)
    data = old.read_bytes()
    old.write_bytes(data[:60] + b"?" + data[61:] + data[len(HEAD) :])
    box = Box(place, recorder.repair)
    assert box.at(NOON) is not None  # the group after the damage
    assert "moved aside" in str(recorder.warning)
    recorder.record(busy(3, HOUR_S + 6))
    assert box.at(NOON + after(HOUR_S + 6)) == busy(3, HOUR_S + 6)


class Killed(BaseException):
    """The process ended there."""


@pytest.mark.parametrize("links", [True, False])
def test_a_kill_while_a_file_is_mended_loses_nothing_and_leaves_nothing(
    recorders: Recorders, place: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    recorder = recorders()
    record(recorder, [busy(number) for number in range(250)])
    recorder.close(busy(249).at)
    (file,) = files(place)
    data = file.read_bytes()
    damaged = data[:2000] + b"\0" * 10 + data[2010:]
    file.write_bytes(damaged)
    readable = all_of(Box(place))
    left, does = 0, {name: getattr(os, name) for name in ("replace", "link", "unlink")}

    def does_or_is_killed(name: str, *args: Any, **more: Any) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise Killed
        if name == "link" and not links:
            raise OSError("no links here")
        does[name](*args, **more)

    for name in does:
        monkeypatch.setattr(os, name, partial(does_or_is_killed, name))
    kills = 0
    while left <= 0:
        left = kills = kills + 1
        other = recorders()
        with contextlib.suppress(Killed):
            other.record(busy(260))
        kill(other)
        assert [one for one in all_of(Box(place)) if one.at < busy(260).at] == readable
    assert kills > 2
    assert [path.name for path in place.iterdir() if path.suffix not in {".box", ".lock"}] == [f"{file.name}.broken"]
    assert (place / f"{file.name}.broken").read_bytes() == damaged
    assert {stat.S_IMODE(path.stat().st_mode) for path in place.iterdir()} == {0o600}


def test_what_is_no_file_of_ours_is_set_aside(recorders: Recorders, place: Path, box: Box) -> None:
    first = recorders()
    first.record(picture(0))
    kill(first)
    (file,) = files(place)
    file.write_bytes(b"something else entirely")
    other = recorders()
    other.record(picture(5))
    assert "moved aside" in str(other.warning)
    assert all_of(box) == [picture(5)]


def test_a_file_of_a_later_version_is_left_alone_and_told(recorders: Recorders, place: Path, box: Box) -> None:
    first = recorders()
    first.record(picture(0))
    kill(first)
    (file,) = files(place)
    later = HEAD[:8] + (VERSION + 1).to_bytes(2, "little") + bytes(6) + b"what only a later one reads"
    file.write_bytes(later)
    other = recorders()
    other.record(picture(5))
    assert "later version" in str(other.warning)
    assert file.read_bytes() == later
    assert all_of(box) == [picture(5)]


def test_bytes_like_the_beginning_of_a_frame_deceive_nobody(recorders: Recorders, place: Path, box: Box) -> None:
    recorder = recorders()
    recorder.record(picture(0))
    (file,) = files(place)
    with file.open("ab") as end:
        end.write((MAGIC * 40 + b"\1\0\xff\xff\xff\x7f") * 20)
    assert all_of(box) == [picture(0)]


@pytest.mark.parametrize("reading", ["box", "recorder"])
def test_a_file_blown_up_costs_no_more_than_one_may_hold_and_is_named(
    recorders: Recorders, place: Path, reading: str
) -> None:
    recorder = recorders()
    record(recorder, [busy(number) for number in range(130)])
    recorder.close(busy(129).at)
    (file,) = files(place)
    os.truncate(file, 3_000_000_000)
    tracemalloc.start()
    began = time.monotonic()
    box = Box(place)
    if reading == "recorder":
        other = recorders()
        other.record(busy(200))
        assert f"moved aside as {file}.broken" in str(other.warning)
        assert file.stat().st_size < SEGMENT_MOST
        assert box.damage() == (f"black box: {file}.broken was damaged and moved aside",)
    else:
        assert box.span() is not None
        assert box.damage() == (f"black box: {file} is damaged: 131 frames of it are readable",)
    assert [one for one in all_of(box) if one.at < busy(129).at] == [busy(number) for number in range(129)]
    assert time.monotonic() - began < 10
    assert tracemalloc.get_traced_memory()[1] < 20 * SEGMENT_MOST
    tracemalloc.stop()


def test_what_only_looks_like_frames_is_given_up_in_the_end(recorders: Recorders, place: Path) -> None:
    place.mkdir(parents=True)
    header = MAGIC + bytes(4) + bytes([Kind.WHOLE, 0]) + (2_900_000).to_bytes(4, "little") + bytes(8)
    path = place / "0000-00000001-1700000000000.box"
    path.write_bytes(HEAD + header * (SEGMENT_MOST // len(header) - 1))
    began = time.monotonic()
    assert Box(place).span() is None
    assert time.monotonic() - began < 5


def test_a_picture_larger_than_a_frame_may_be_is_lost_alone(
    recorders: Recorders, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = recorders()
    recorder.record(busy(0))
    monkeypatch.setattr("core.history.blackbox.recorder._BODY_BYTES", 1000)
    noise = "".join(random.Random(1).choices("abcdefghijklmnopqrstuvwxyz0123456789", k=5000))
    recorder.record(busy(1, events=(event(noise, 1),)))
    assert "snapshots are being lost" in str(recorder.warning)
    monkeypatch.undo()
    recorder.record(busy(2))
    assert recorder.warning is None
    assert all_of(Box(place)) == [busy(0), busy(2)]
