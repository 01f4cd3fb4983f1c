"""The box on the disk: what goes, who writes, and what becomes of a clock or a disk that misbehaves."""

import os
import random
import stat
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

from core.domain.snapshot import Link
from core.history.blackbox import Box, MarkKind
from core.history.blackbox.settings import SEGMENT_MOST
from tests.clock import FakeClock
from tests.history.blackbox.conftest import Recorders
from tests.history.blackbox.pictures import DAY, HOUR_S, NOON, after, all_of, busy, event, files, kill, picture, record
from tests.running import ROOT


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


def test_a_file_dated_ahead_does_not_keep_what_is_old(recorders: Recorders, place: Path) -> None:
    recorder = recorders(days=2)
    record(recorder, [picture(0), picture(400 * 86400.0), *(picture(hour * HOUR_S) for hour in range(1, 100))])
    assert len(files(place)) <= 52
    assert min(int(file.name[:4]) for file in files(place)) == 1


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


def test_a_picture_that_cannot_be_encoded_is_lost_alone(recorders: Recorders, box: Box, clock: FakeClock) -> None:
    recorder = recorders()
    record(recorder, [busy(0), busy(1)])
    recorder.record(busy(2, link=Link(tries=2**70)))
    assert recorder.warning == "black box: snapshots are being lost: can't serialize ints < -2**63 or > 2**64 - 1"
    record(recorder, [busy(3), busy(4), picture(25, events=(event("\ud800"),)), busy(6)])  # and no time went by
    assert recorder.warning is None
    assert all_of(box) == [busy(0), busy(1), busy(3), busy(4), busy(6)]


_FULL = """
import resource, sys
from pathlib import Path
from core.history.blackbox import BlackboxRules, Recorder
from tests.history.blackbox.pictures import busy, event
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
    recorder.record(busy(number, events=(event("while it was full"),) if number > 60 else ()))
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
    assert [one.at for one in found[-38:]] == [busy(number).at for number in range(82, 120)]
    assert box.at(busy(60).at) is None
    assert box.marks(busy(60).at, NOON + DAY)[0].kinds == (MarkKind.EVENT, MarkKind.BEGAN)


_FULL_FROM_THE_START = """
import resource, sys
from pathlib import Path
from core.history.blackbox import BlackboxRules, Recorder
from tests.history.blackbox.pictures import picture
from tests.clock import FakeClock
clock = FakeClock()
resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
recorder = Recorder(Path(sys.argv[1]), BlackboxRules(), clock)
recorder.record(picture(0))
print(recorder.warning)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
clock.advance(5)
recorder.record(picture(5))
print(recorder.warning)
"""


def test_a_disk_that_is_full_from_the_start_is_said_and_not_taken_for_another_writer(place: Path, box: Box) -> None:
    program = [sys.executable, "-c", _FULL_FROM_THE_START, str(place)]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    paused, resumed = done.stdout.splitlines()
    assert "black box paused" in paused
    assert resumed == "None"
    assert all_of(box) == [picture(5)]


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


def test_a_file_blown_up_while_the_box_is_written_is_cut_down_and_named(
    recorders: Recorders, place: Path, box: Box
) -> None:
    recorder = recorders()
    record(recorder, [busy(0), busy(1, HOUR_S + 1), busy(2, 2 * HOUR_S + 2)])
    os.truncate(files(place)[1], 3_000_000_000)
    recorder._count()  # as at the beginning of each file
    recorder.record(busy(3, 2 * HOUR_S + 10))
    assert "moved aside" in str(recorder.warning)
    seen = [busy(0), busy(1, HOUR_S + 1), busy(2, 2 * HOUR_S + 2), busy(3, 2 * HOUR_S + 10)]
    assert [one.at for one in all_of(box)] == [one.at for one in seen]


def test_a_file_blown_up_is_cut_down_and_costs_no_other(recorders: Recorders, place: Path, box: Box) -> None:
    first = recorders()
    record(first, [busy(0), busy(1, HOUR_S + 1)])
    kill(first)
    newest = files(place)[-1]
    os.truncate(newest, 3_000_000_000)
    other = recorders()
    other.record(busy(2, HOUR_S + 2))
    other.record(busy(3, HOUR_S + 20))
    (aside,) = place.glob("*.broken")
    assert aside.stat().st_size == SEGMENT_MOST
    seen = [busy(0), busy(1, HOUR_S + 1), busy(2, HOUR_S + 2), busy(3, HOUR_S + 20)]
    assert [one.at for one in all_of(box)] == [one.at for one in seen]
