"""What was kept is found again: by its moment, step by step, by what happened, and where nobody looked."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from core.domain.snapshot import Link, LinkWord, Snapshot, State
from core.history.blackbox import ALIVE_S, GAP_S, Box, MarkKind
from core.history.blackbox.epoch import Spot
from core.history.blackbox.frame import HEADER
from core.history.blackbox.segment_index import read_index
from tests.history.blackbox.conftest import Recorders
from tests.history.blackbox.pictures import DAY, HOUR_S, NOON, after, alarm, all_of, busy, event, files, picture, record


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
    assert box.incident(NOON, 1) is None
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
    # Neither the start nor an event nor a note is an incident; the alert is a part of the first, which then grew worse.
    assert stops_in(box) == [10, 25]


def test_a_storm_is_one_incident_and_what_is_only_busy_none(recorders: Recorders, box: Box) -> None:
    def storm(at: float) -> list[Snapshot]:
        """A minute of alerts that come and go."""
        return [
            picture(at + 5 * n, state=State.CRITICAL, alerts=(alarm("firing" if n % 2 else "resolved"),))
            for n in range(12)
        ]

    quiet = [picture(seconds, state=State.ACTIVE if seconds % 40 else State.IDLE) for seconds in range(0, 1000, 20)]
    late = [picture(seconds, state=State.ACTIVE) for seconds in range(1080, 3000, 20)]
    record(recorders(), [*quiet, *storm(1000), *late, *storm(3000), picture(3600)])
    began = [NOON + after(1000), NOON + after(3000)]
    assert [one and one.at for one in (box.incident(NOON + after(3000), -n) for n in (1, 2))] == [began[0]] * 2
    assert [one and one.at for one in (box.incident(NOON + after(3030), -n) for n in (1, 2))] == [began[1], began[0]]
    assert [one and one.at for one in (box.incident(NOON + after(500), n) for n in (1, 2))] == began
    assert [one and one.at for one in (box.incident(NOON + after(1010), n) for n in (1,))] == began[1:]


def stops_in(box: Box) -> list[float]:
    """Every stop, which is the same from either side, in seconds after noon."""
    back, on = [], []
    found = box.incident(NOON + 90 * DAY, -1)
    while found is not None:
        back.append(found.at)
        found = box.incident(found.at, -1)
    found = box.incident(NOON - DAY, 1)
    while found is not None:
        on.append(found.at)
        found = box.incident(found.at, 1)
    assert on == back[::-1]
    assert [one and one.at for one in (box.incident(NOON - DAY, n) for n in range(1, len(on) + 1))] == on
    return [(at - NOON).total_seconds() for at in on]


WORDS = {
    "w": {"state": State.WARNING},
    "c": {"state": State.CRITICAL},
    "d": {"state": State.CRITICAL, "link": Link(word=LinkWord.OFFLINE)},
    "b": {"link": Link(word=LinkWord.BLIND)},
    "s": {"state": State.STOPPED},
    "o": {"link": Link(word=LinkWord.OFFLINE)},
    "S": {"state": State.STOPPED, "link": Link(word=LinkWord.OFFLINE)},
    "u": {"state": State.UNKNOWN},
    ".": {},
}


@pytest.mark.parametrize(
    ("course", "at"),
    [
        ("...wcd.......", [3, 4, 5]),  # each step down, to the project that does not answer
        ("...c.cd.....c", [3, 6]),
        ("...wwwcccccddd......", [3, 6, 11]),
        ("wdw.wdw.......", [0, 1]),  # the second time is no worse than what was just before
        ("...wd.wwwwwwd.......", [3, 4, 12]),
        ("...ws.sd.dSd.......", [3, 4, 7]),
        ("...dSd...", [3, 4]),  # an order while nothing answers
        ("...bd....", [3, 4]),  # only the second is an outage: what is down, not what cannot be reached from here
        ("...sc....", [3, 4]),
        ("...bc.bs.o..", [3, 4, 7, 9]),
        ("...ocs...", [3, 4, 5]),  # an outage of which no check knew
        ("...scsc.....", [3, 4]),
        ("...wb.......", [3, 4]),
        ("...d" + 2 * "wcwcwcwcwc" + ".", [3]),
    ],
)
def test_each_worsening_in_a_burst_is_a_stop(recorders: Recorders, box: Box, course: str, at: list[int]) -> None:
    """One letter every twenty seconds, a minute after the beginning."""
    record(recorders(), [picture(0), *(picture(60 + 20 * n, **WORDS[word]) for n, word in enumerate(course))])
    assert [(one - 60) / 20 for one in stops_in(box)] == at


def test_a_storm_of_a_day_is_one_stop_and_is_not_read_as_a_whole(
    recorders: Recorders, box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = "..." + 1000 * "wc" + "d"
    record(recorders(), [picture(60 + 20 * n, **WORDS[word]) for n, word in enumerate(course)])
    decoded: list[Spot] = []
    snapshot_of = Spot.snapshot
    monkeypatch.setattr(Spot, "snapshot", lambda spot: (decoded.append(spot), snapshot_of(spot))[1])
    last = box.incident(NOON + DAY, -1)
    assert last is not None
    assert last.at == NOON + after(60 + 20 * 2003)
    found = box.incident(last.at, -1)
    assert found is not None
    assert found.at == NOON + after(60 + 20 * 3)
    assert len(decoded) < 400


def test_the_beginning_of_a_recording_is_no_incident_but_one_that_is_going_on_then(
    recorders: Recorders, box: Box
) -> None:
    def started(at: float, **more: Any) -> list[Snapshot]:
        found = {"ready": False, **more}
        return [
            picture(at, state=State.UNKNOWN, ready=False),
            picture(at + 1, **found),
            picture(at + 5, alerts=(alarm("resolved"),), **found),
            picture(at + 9, alerts=(alarm("resolved"),), **more),
        ]

    recorder = recorders()
    record(recorder, started(0))
    record(recorder, [picture(60, state=State.CRITICAL, alerts=(alarm("resolved"),))])
    assert stops_in(box) == [60]
    recorder.close(NOON + after(65))
    recorder = recorders()
    record(recorder, started(100, state=State.CRITICAL))  # the same one
    recorder.close(NOON + after(120))
    assert stops_in(box) == [60]
    recorder = recorders()
    record(recorder, started(1000, state=State.CRITICAL))
    recorder.close(NOON + after(1030))
    record(recorders(), started(2000))
    assert stops_in(box) == [60, 1001]


def test_marks_of_full_files_are_those_of_their_frames(recorders: Recorders, place: Path, box: Box) -> None:
    recorder, events = recorders(), ()
    for number in range(60):
        events = (event(f"number {number}", 300.0 * number), *events)
        record(recorder, [picture(300.0 * number + at, events=events) for at in (0, 10, 20)])
    recorder.close(NOON + after(300.0 * 59 + 30))
    assert len(files(place)) == 5
    told = box.marks(NOON - DAY, NOON + DAY)
    for file in files(place)[:-1]:  # without its index, whose length its last bytes are
        data = file.read_bytes()
        file.write_bytes(data[: -int.from_bytes(data[-4:], "little")])
        assert read_index(file) is None
    assert Box(place).marks(NOON - DAY, NOON + DAY) == told
    assert len(told) == 60 + 1  # and the end
    assert all_of(box) == all_of(Box(place))


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


def test_a_picture_of_another_version_with_other_fields_is_still_one(recorders: Recorders, box: Box) -> None:
    class Later(Snapshot, frozen=True, kw_only=True):
        newer: int = 7

    fields = {name: getattr(picture(0), name) for name in Snapshot.__struct_fields__}
    recorders().record(Later(**fields))
    assert msgspec.structs.asdict(box.at(NOON) or picture(9)) == msgspec.structs.asdict(picture(0))


def test_pictures_that_cannot_be_read_are_passed_a_group_at_a_time_and_not_for_ever(
    recorders: Recorders, box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    foreign = {"notices": (7,)}  # as of a version whose records are others
    course = [busy(number, **foreign if number >= 118 else {}) for number in range(600)]
    course += [busy(number) for number in range(600, 605)]
    recorder = recorders()
    record(recorder, course[:600])
    recorder._leave()  # the next version begins a group of its own
    record(recorder, course[600:])
    decoded: list[Spot] = []
    snapshot_of = Spot.snapshot
    monkeypatch.setattr(Spot, "snapshot", lambda spot: (decoded.append(spot), snapshot_of(spot))[1])
    assert box.step(course[600].at, -1) == course[117]  # in the middle of a group
    assert box.step(course[117].at, 1) == course[600]
    assert box.step(course[300].at, 1) == course[600]
    assert len(decoded) < 50  # there are five groups
    record(recorder, [busy(number, **foreign) for number in range(605, 9000)])
    decoded.clear()
    assert box.step(busy(9000).at, -1) is None
    assert len(decoded) < 200
