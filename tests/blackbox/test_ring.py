"""The box on the disk: what is found again, what goes, and what is found of a process that was killed."""

import multiprocessing
import os
import random
import resource
import stat
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from core.history.blackbox import ALIVE_S, GAP_S, Box, MarkKind
from core.history.blackbox.frame import HEADER, MAGIC
from core.history.blackbox.seal import sealed
from core.history.blackbox.segment import HEAD, VERSION
from core.snapshot import Snapshot, State
from core.state import NotKept
from tests.blackbox.conftest import Recorders
from tests.blackbox.pictures import NOON, alarm, busy, event, kill, picture, record
from tests.clock import FakeClock
from tests.running import ROOT

DAY = timedelta(days=1)
HOUR_S = 3600.0


def after(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


def files(place: Path) -> list[Path]:
    return sorted(place.glob("*-*.box"))


def all_of(box: Box) -> list[Snapshot]:
    return list(box.frames(NOON - 400 * DAY, NOON + 400 * DAY))


# Found again


def test_each_picture_is_found_by_its_moment_and_by_any_until_the_next(recorders: Recorders, box: Box) -> None:
    course = [busy(number) for number in range(400)]
    record(recorders(), course)
    assert all_of(box) == course
    assert box.span() == (course[0].at, course[-1].at)
    for one in course[::37]:
        assert box.at(one.at) == one
        assert box.at(one.at + after(4.9)) == one
    assert box.at(NOON - after(0.001)) is None
    assert list(box.frames(course[100].at, course[103].at)) == course[100:103]


def test_steps_go_from_picture_to_picture_and_stop_at_the_ends(recorders: Recorders, box: Box) -> None:
    course = [busy(number) for number in range(10)]
    record(recorders(), course)
    assert box.step(course[4].at, 1) == course[5]
    assert box.step(course[4].at, -1) == course[3]
    assert box.step(course[4].at + after(1), -1) == course[4]
    assert box.step(course[4].at, -3) == course[1]
    assert box.step(course[4].at, 100) == course[9]
    assert box.step(course[9].at, 1) is None
    assert box.step(NOON - DAY, 1) == course[0]
    assert box.step(NOON - DAY, -1) is None


def test_an_empty_box_has_nothing_and_says_so(box: Box) -> None:
    assert box.span() is None
    assert box.at(NOON) is None
    assert box.step(NOON, 1) is None
    assert box.mark(NOON, 1) is None
    assert box.marks(NOON, NOON + DAY) == box.looks(NOON, NOON + DAY) == box.notes(NOON, NOON + DAY) == ()
    assert all_of(box) == []


def test_marks_tell_what_happened_without_its_picture(recorders: Recorders, box: Box) -> None:
    first = event("one")
    record(
        recorders(),
        [
            picture(0),
            picture(5, events=(first,)),
            picture(10, events=(first,), state=State.WARNING),
            picture(15, events=(first,), state=State.WARNING, alerts=(alarm("pending"),)),
            picture(20, events=(first,), state=State.WARNING, alerts=(alarm("firing"),)),
            picture(25, events=(event("two"), first), state=State.CRITICAL, alerts=(alarm("resolved"),)),
        ],
    )
    box.note(NOON + after(12), "a look at the log", "ann")
    marks = box.marks(NOON, NOON + DAY)
    assert [((one.at - NOON).total_seconds(), *one.kinds) for one in marks] == [
        (0, MarkKind.BEGAN),
        (5, MarkKind.EVENT),
        (10, MarkKind.STATE),
        (12, MarkKind.NOTE),
        (20, MarkKind.ALERT),
        (25, MarkKind.EVENT, MarkKind.STATE, MarkKind.ALERT),
    ]
    assert box.mark(NOON + after(10), 1) == marks[3]
    assert box.mark(NOON + after(10), -1) == marks[1]
    assert box.mark(NOON + after(10), -9) == marks[0]
    assert box.mark(NOON + 90 * DAY, -1) == marks[-1]
    assert box.mark(NOON + after(25), 1) is None


def test_marks_of_full_files_are_those_of_their_frames(recorders: Recorders, place: Path, box: Box) -> None:
    recorder, events = recorders(), ()
    for number in range(60):
        events = (event(f"number {number}", 300.0 * number), *events)
        record(recorder, [picture(300.0 * number + at, events=events) for at in (0, 10, 20)])
    recorder.close(NOON + after(300.0 * 59 + 30))
    assert len(files(place)) == 5
    told = box.marks(NOON - DAY, NOON + DAY)
    for file in files(place)[:-1]:  # without its seal, whose length its last bytes are
        data = file.read_bytes()
        file.write_bytes(data[: -int.from_bytes(data[-4:], "little")])
        assert sealed(file) is None
    assert Box(place).marks(NOON - DAY, NOON + DAY) == told
    assert len(told) == 60 + 1  # and the end
    assert all_of(box) == all_of(Box(place))


# Looked, or not


def test_a_gap_is_told_from_nothing_new(recorders: Recorders, box: Box) -> None:
    recorder = recorders()
    record(recorder, [picture(seconds) for seconds in range(61)])  # nothing but time goes by
    record(recorder, [picture(seconds) for seconds in (600, 605)])
    assert box.at(NOON + after(58)) is not None
    assert box.at(NOON + after(60 + GAP_S)) is not None
    assert box.at(NOON + after(61 + GAP_S)) is None
    assert box.at(NOON + after(599)) is None
    looks = box.looks(NOON - DAY, NOON + DAY)
    assert (looks[0].since, looks[0].until) == (NOON, NOON + after(60))
    assert looks[1].since == NOON + after(600)
    assert [one.at for one in box.marks(NOON, NOON + DAY)] == [NOON, NOON + after(600)]


def test_what_says_nothing_new_costs_a_header_in_ten_seconds(recorders: Recorders, box: Box, place: Path) -> None:
    recorder = recorders()
    recorder.record(picture(0))
    before = files(place)[0].stat().st_size
    record(recorder, [picture(seconds) for seconds in range(1, 1001)])
    assert files(place)[0].stat().st_size - before == 1000 / ALIVE_S * HEADER.size
    shown = box.at(NOON + after(995))
    assert shown == picture(990)  # it was looked at then, and is as old as that


def test_after_its_end_nobody_looks(recorders: Recorders, box: Box) -> None:
    recorder = recorders()
    recorder.record(picture(0))
    recorder.close(NOON + after(3))
    assert box.at(NOON + after(3)) is not None
    assert box.at(NOON + after(3.1)) is None
    recorders().record(picture(5))
    assert [(one.since, one.until) for one in box.looks(NOON, NOON + DAY)] == [
        (NOON, NOON + after(3)),
        (NOON + after(5), NOON + after(5)),
    ]


def test_an_end_that_begins_a_file_has_its_picture_there(recorders: Recorders, place: Path, box: Box) -> None:
    recorder = recorders()
    recorder.record(picture(HOUR_S - 1))
    record(recorder, [picture(2 * HOUR_S - 10), picture(2 * HOUR_S - 2)])
    recorder.close(NOON + after(2 * HOUR_S))
    assert len(files(place)) == 2
    assert box.at(NOON + after(2 * HOUR_S)) == picture(2 * HOUR_S)


# Killed, torn, damaged


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
    assert "set aside" in other.warning
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
    box = Box(place, recorder.mend)
    assert box.at(NOON) is not None  # the group after the damage
    assert "set aside" in str(recorder.warning)
    recorder.record(busy(3, HOUR_S + 6))
    assert box.at(NOON + after(HOUR_S + 6)) == busy(3, HOUR_S + 6)


def test_what_is_no_file_of_ours_is_set_aside(recorders: Recorders, place: Path, box: Box) -> None:
    first = recorders()
    first.record(picture(0))
    kill(first)
    (file,) = files(place)
    file.write_bytes(b"something else entirely")
    other = recorders()
    other.record(picture(5))
    assert "set aside" in str(other.warning)
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


# Bounds


def test_the_size_holds_and_the_oldest_goes(recorders: Recorders, place: Path, box: Box) -> None:
    recorder = recorders(megabytes=2)
    dice = random.Random(1)
    noise = [dice.randbytes(400).hex() for _ in range(4012)]
    biggest = 0
    for number in range(4000):
        recorder.record(busy(number, notices=tuple(noise[number : number + 12])))
        if number % 50 == 0:
            biggest = max(biggest, sum(file.stat().st_size for file in place.iterdir()))
    assert 800_000 < biggest <= 2_000_000
    assert recorder.warning is None
    span = box.span()
    assert span is not None
    assert span[0] > NOON + after(60)
    assert span[1] == busy(3999).at
    assert box.at(span[1]) == busy(3999, notices=tuple(noise[3999:4011]))


def test_what_is_older_than_the_days_goes_and_its_notes_with_it(recorders: Recorders, place: Path, box: Box) -> None:
    recorder = recorders(days=2)
    box.note(NOON, "at the beginning", "ann")
    for hour in range(100):
        record(recorder, [picture(hour * HOUR_S), picture(hour * HOUR_S + 5)])
    span = box.span()
    assert span is not None
    assert timedelta(days=2) <= span[1] - span[0] <= timedelta(days=2, hours=3)
    assert box.notes(NOON - DAY, NOON + DAY) == ()


def test_a_clock_wrong_for_a_moment_costs_nothing(recorders: Recorders, box: Box) -> None:
    recorder = recorders(days=2)
    record(recorder, [picture(0), picture(5)])
    recorder.record(picture(300 * 86400))
    record(recorder, [picture(10), picture(15)])
    assert [box.at(NOON + after(seconds)) for seconds in (0, 10)] == [picture(0), picture(10)]


def test_a_clock_set_back_hides_only_what_was_looked_at_again(recorders: Recorders, box: Box) -> None:
    recorder = recorders()
    record(recorder, [busy(number, 10.0 * number) for number in range(60)])
    record(recorder, [busy(1000 + number, 300 + 10.0 * number) for number in range(10)])
    found = all_of(box)
    assert [one.at for one in found] == sorted({one.at for one in found})
    assert box.at(NOON + after(290)) == busy(29, 290)
    assert box.at(NOON + after(350)) == busy(1005, 350)
    assert box.at(NOON + after(500)) == busy(50, 500)
    assert box.step(NOON + after(300), 1) == busy(1001, 310)
    assert box.step(NOON + after(300), -1) == busy(29, 290)
    assert [(one.since, one.until) for one in box.looks(NOON, NOON + DAY)] == [(NOON, NOON + after(590))]


def test_files_are_nobody_elses(recorders: Recorders, place: Path, box: Box) -> None:
    before = os.umask(0)
    try:
        recorders().record(picture(0))
        box.note(NOON, "for us alone", "ann")
    finally:
        os.umask(before)
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in place.iterdir()} == {0o600}


# Others, and a disk that takes nothing


def test_one_writes_until_it_ends_and_then_the_other(recorders: Recorders, box: Box) -> None:
    one, other = recorders(), recorders()
    one.record(picture(0))
    other.record(picture(1, state_why="the other"))
    assert all_of(box) == [picture(0)]
    one.close(NOON + after(2))
    other.record(picture(5, state_why="the other"))
    one.record(picture(6, state_why="too late"))
    assert [seen.state_why for seen in all_of(box)] == ["", "the other"]


def test_a_deleted_box_is_begun_anew(recorders: Recorders, place: Path, box: Box) -> None:
    recorder = recorders()
    recorder.record(picture(0))
    for file in place.iterdir():
        file.unlink()
    place.rmdir()
    recorder.record(picture(5, state_why="anew"))
    assert [one.state_why for one in all_of(box)] == ["anew"]
    assert recorder.warning is None


_FULL = """
import resource, sys
from pathlib import Path
from core.history.blackbox import BlackboxRules, Recorder
from tests.blackbox.pictures import busy
from tests.clock import FakeClock
clock = FakeClock()
recorder = Recorder(Path(sys.argv[1]), BlackboxRules(), clock)
warnings = []
for number in range(120):
    if number == 40:  # from here on no file may grow: as a disk that has no more room
        size = max(file.stat().st_size for file in Path(sys.argv[1]).iterdir())
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100, resource.RLIM_INFINITY))
    if number == 80:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    recorder.record(busy(number))
    clock.advance(5)
    if recorder.warning != (warnings[-1] if warnings else None):
        warnings.append(recorder.warning)
print(*warnings, sep="\\n")
"""


def test_a_full_disk_pauses_it_once_and_it_goes_on_by_itself(place: Path, box: Box) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _FULL, str(place)], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    paused, resumed = done.stdout.splitlines()
    assert "black box paused" in paused
    assert resumed == "None"
    found = all_of(box)
    assert found[:40] == [busy(number) for number in range(40)]
    assert found[-38:] == [busy(number) for number in range(82, 120)]
    assert box.at(busy(60).at) is None


def test_a_place_that_cannot_be_made_is_said_and_tried_again(
    recorders: Recorders, place: Path, box: Box, clock: FakeClock
) -> None:
    place.parent.mkdir()
    place.write_text("a file where the directory should be")
    recorder = recorders()
    recorder.record(picture(0))
    warning = recorder.warning
    assert warning is not None
    assert "black box paused" in warning
    clock.advance(60)
    recorder.record(picture(60))
    assert recorder.warning == warning
    place.unlink()
    recorder.record(picture(61))  # not yet tried again
    clock.advance(60)
    recorder.record(picture(120))
    assert recorder.warning is None
    assert all_of(box) == [picture(120)]


# Notes


def test_a_note_keeps_its_moment_its_writing_and_its_words(box: Box) -> None:
    first = box.note(NOON, "rolled back \x1b[31mthe release", "operator ann@desk", now=NOON + DAY)
    second = box.note(NOON - DAY, "earlier", "bob", now=NOON + 2 * DAY)
    assert (first.at, first.written_at, first.text) == (NOON, NOON + DAY, "rolled back ␛[31mthe release")
    assert box.notes(NOON - 2 * DAY, NOON + DAY) == (second, first)
    assert box.notes(NOON, NOON + DAY) == (first,)


def _add(place: Path, who: int) -> None:
    for number in range(25):
        Box(place).note(NOON + after(number), f"{who}-{number}", str(who))


def test_notes_of_many_processes_are_all_there(place: Path, box: Box) -> None:
    processes = [multiprocessing.get_context("spawn").Process(target=_add, args=(place, who)) for who in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    found = {note.text for note in box.notes(NOON, NOON + DAY)}
    assert found == {f"{who}-{number}" for who in range(3) for number in range(25)}


def test_a_torn_note_is_cut_and_one_that_cannot_be_written_is_refused(place: Path, box: Box) -> None:
    first = box.note(NOON, "one", "ann", now=NOON)
    file = place / "notes.box"
    whole = file.read_bytes()
    box.note(NOON, "two", "ann", now=NOON)
    for end in range(len(whole), file.stat().st_size):
        file.write_bytes(file.read_bytes()[:end])
        assert box.notes(NOON, NOON + DAY) == (first,)
        box.note(NOON, "two", "ann", now=NOON)
        assert [note.text for note in box.notes(NOON, NOON + DAY)] == ["one", "two"]
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (file.stat().st_size + 5, before[1]))
    try:
        with pytest.raises(NotKept):
            box.note(NOON, "no room", "ann", now=NOON)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert [note.text for note in box.notes(NOON, NOON + DAY)] == ["one", "two"]


def test_a_picture_of_another_version_with_other_fields_is_still_one(recorders: Recorders, box: Box) -> None:
    class Later(Snapshot, frozen=True, kw_only=True):
        newer: int = 7

    fields = {name: getattr(picture(0), name) for name in Snapshot.__struct_fields__}
    recorders().record(Later(**fields))
    assert msgspec.structs.asdict(box.at(NOON) or picture(9)) == msgspec.structs.asdict(picture(0))
